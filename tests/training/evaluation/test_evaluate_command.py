from __future__ import annotations

import json
from pathlib import Path

import pytest

from student import cli
from student.answers import conclusion, same_answer
from tests.training.small import recipe, write_source
from training.checkpoint import load_checkpoint
from training.data.example import Example
from training.evaluate import Outcome, answer_all, batched, summarise
from training.run import train
from training.scoring import TorchStudent
from training.validation_rows import read_rows


@pytest.fixture(scope="module")
def student(tiny_run: Path) -> TorchStudent:
    checkpoint = load_checkpoint(tiny_run)
    return TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)


@pytest.fixture(scope="module")
def rows(tiny_run: Path) -> list[Example]:
    return read_rows(tiny_run / "student")


def _outcome(task: str, correct: bool, agrees: bool | None = None, **tags: str) -> Outcome:
    return Outcome(Example(task, {}, "x", None, "s", tags=tags), "x", correct, None, agrees)


def test_figures_are_by_task_and_slice() -> None:
    outcomes = [
        _outcome("b", True, kind="new"),
        _outcome("b", False, kind="new"),
        _outcome("b", True, kind="old"),
        _outcome("a", False),
    ]
    assert summarise(outcomes, ["kind"]) == {
        "a": {"rows": 1, "accuracy": 0.0},
        "b": {"rows": 3, "accuracy": pytest.approx(2 / 3)},
        "b/kind=new": {"rows": 2, "accuracy": 0.5},
        "b/kind=old": {"rows": 1, "accuracy": 1.0},
    }
    assert list(summarise(outcomes)) == ["a", "b"]


def test_agreement_of_rationales_counts_those_that_were_written() -> None:
    outcomes = [_outcome("a", True, True), _outcome("a", True, False), _outcome("a", True, None)]
    assert summarise(outcomes)["a"]["rationale_agreement"] == 0.5


def test_no_outcomes_give_no_figures() -> None:
    assert summarise([]) == {}


def test_batches_are_consecutive_and_the_last_is_shorter() -> None:
    assert list(batched(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batched([], 2)) == []


def test_outcomes_keep_the_order_of_the_examples(student: TorchStudent, rows: list[Example]) -> None:
    outcomes = answer_all(student, rows, batch_size=5, progress=False)
    assert [outcome.example for outcome in outcomes] == rows
    for outcome, answered in zip(outcomes, student.answer(rows), strict=True):
        assert outcome.answer == answered.answer
        task = student.tasks[outcome.example.task]
        assert outcome.correct == same_answer(task, outcome.answer, outcome.example.label)
        assert outcome.rationale is None
        assert outcome.rationale_agrees is None


def test_gold_counts_where_it_is_known(student: TorchStudent, rows: list[Example]) -> None:
    row = rows[0]
    (answered,) = student.answer([row])
    wrong = next(label for label in answered.answers if label != answered.answer)
    relabelled = [
        Example(row.task, row.inputs, wrong, None, "t", gold=answered.answer),
        Example(row.task, row.inputs, answered.answer, None, "t", gold=wrong),
        Example(row.task, row.inputs, answered.answer, None, "t"),
    ]
    assert [outcome.correct for outcome in answer_all(student, relabelled, progress=False)] == [True, False, True]


def test_rationales_are_written_and_their_conclusion_checked(student: TorchStudent, rows: list[Example]) -> None:
    some = rows[::6]
    outcomes = answer_all(student, some, rationales=True, progress=False)
    for outcome, rationale in zip(outcomes, student.explain(some), strict=True):
        assert outcome.rationale == rationale
        task = student.tasks[outcome.example.task]
        concluded = conclusion(task, rationale)
        assert outcome.rationale_agrees is (concluded is not None and same_answer(task, concluded, outcome.answer))


def test_command_writes_the_figures_of_the_validation_rows(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    assert cli.main(["evaluate", str(tiny_run), "--quiet", "--json", str(file), "--slices", "seen_template"]) == 0
    figures = json.loads(file.read_text())
    assert figures["demo-nli"]["rows"] == 16
    assert {"demo-nli/seen_template=yes", "demo-nli/seen_template=no"} <= set(figures)
    metrics = json.loads((tiny_run / "metrics.json").read_text())
    assert figures["demo-nli"]["accuracy"] == metrics["accuracy_demo-nli"]
    assert f"accuracy {figures['demo-nli']['accuracy']:7.2%}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "test"], "give --data"),
        (["--task", "svamp"], "give --data"),
        (["--data", "demo-nli", "--task", "svamp"], "--task is for jsonl sources"),
        (["--json", "no-such-folder/figures.json"], "there is no directory no-such-folder"),
        (["--rows", "0"], "no whole number of at least 1"),
    ],
)
def test_command_refuses_flags_without_effect_before_it_works(
    tiny_run: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", str(tiny_run), *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_command_cuts_the_validation_rows_as_the_run_did(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    source = write_source(tmp_path / "data")
    config = recipe(source, validation_share=0.3, data_seed=7, steps=1)
    run = train(config, tmp_path / "run", progress=False)
    file = tmp_path / "figures.json"
    data = ["--data", source.source, "--task", str(source.task), "--split", "validation"]
    assert cli.main(["evaluate", str(run), "--quiet", *data, "--json", str(file)]) == 0
    assert json.loads(file.read_text())["mood"]["rows"] == len(read_rows(run)) == 15


def test_command_tells_of_dropped_rows(tmp_path: Path, tiny_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"inputs": {"problem": "1 and 1?"}, "label": "1 + 1"}\n{"label": 5}')
    data = ["--data", f"jsonl:{tmp_path}/rows.jsonl", "--task", "demo-math"]
    assert cli.main(["evaluate", str(tiny_run), "--quiet", *data]) == 0
    assert "dropped" in capsys.readouterr().err


def test_command_refuses_rows_of_a_task_that_was_not_learnt(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"inputs": {"problem": "1 and 1?"}, "label": "1 + 1"}))
    arguments = ["evaluate", str(tiny_run), "--quiet", "--data", f"jsonl:{tmp_path}/rows.jsonl", "--task", "svamp"]
    assert cli.main(arguments) == 1
    assert "does not know task svamp; it answers demo-nli, demo-choices, demo-math" in capsys.readouterr().err
