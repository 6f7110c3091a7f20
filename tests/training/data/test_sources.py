from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from student.errors import DataError
from student.task import find_task
from tests.training.data.release_files import write_release
from training.data.example import Example
from training.data.hub import Columns
from training.data.loaded import Labels
from training.data.sources import DemoRows, open_source


@pytest.fixture
def svamp_folder(tmp_path: Path) -> Path:
    rows: list[dict[str, Any] | bytes] = [{"input": f"Problem {row}?", "label": f"{row} + 1"} for row in range(100)]
    readable, unreadable = "It is so. The answer is (5 + 1).\n\nQ:", "It goes on."
    write_release(tmp_path, "svamp", rows, [readable, unreadable] * 50)
    return write_release(tmp_path, "svamp", rows[:3], [readable] * 3, split="test")


def test_train_and_validation_are_the_two_parts_of_the_train_rows(svamp_folder: Path) -> None:
    source = open_source(f"svamp:{svamp_folder}", validation_share=0.2)

    training, validation = (source.load(split) for split in ("train", "validation"))

    sources = [example.source for example in (*training.examples, *validation.examples)]
    assert sorted(sources) == sorted(f"svamp/train:{row}" for row in range(100))
    assert 5 < len(validation.examples) < 40
    assert training.report.rows_used == 100


def test_test_split_is_the_file_of_the_release(svamp_folder: Path) -> None:
    loaded = open_source(f"svamp:{svamp_folder}").load("test")

    assert [example.source for example in loaded.examples] == [f"svamp/test:{row}" for row in range(3)]


def test_train_rows_of_anli_are_those_of_the_valid_file(tmp_path: Path) -> None:
    rows = [
        {"premise": f"Dog {number // 2} runs.", "hypothesis": f"An animal moves {number} times.", "label": 0}
        for number in range(40)
    ]
    output = "Running is moving. So the answer is entailment."
    write_release(tmp_path, "anli1", rows, [output] * 40, split="valid")
    write_release(tmp_path, "anli1", rows[:3], [output] * 3, split="test")
    source = open_source(f"anli:{tmp_path}", validation_share=0.25)

    parts = {split: source.load(split).examples for split in ("train", "validation", "test")}

    both = sorted(int(example.source.removeprefix("anli1/valid:")) for example in parts["train"] + parts["validation"])
    assert both == list(range(40)) and parts["validation"]
    assert not {row.inputs["premise"] for row in parts["train"]} & {
        row.inputs["premise"] for row in parts["validation"]
    }
    assert [example.source for example in parts["test"]] == [f"anli1/test:{row}" for row in range(3)]
    assert source.premise is not None
    assert len({source.premise(row) for row in parts["test"]}) == 2
    assert source.has_test


def test_teacher_labels_are_for_training_only_and_move_no_row_between_splits(svamp_folder: Path) -> None:
    gold = open_source(f"svamp:{svamp_folder}", validation_share=0.2)
    teacher = open_source(f"svamp:{svamp_folder}", validation_share=0.2, labels="teacher")

    assert teacher.load("validation").examples == gold.load("validation").examples
    learned = teacher.load("train").examples
    assert {example.label for example in learned} == {"5 + 1"}
    assert {example.source for example in learned} < {example.source for example in gold.load("train").examples}


@pytest.mark.parametrize("labels", ["gold", "teacher"])
def test_own_file_is_read_once_for_both_of_its_parts(tmp_path: Path, labels: Labels) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"inputs": {"problem": f"Problem {row}?"}, "label": "1", "teacher_label": "2"} for row in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    source = open_source(f"jsonl:{path}", task=find_task("svamp"), labels=labels, validation_share=0.25)

    training = source.load("train").examples
    path.unlink()
    validation = source.load("validation").examples

    assert {row.label for row in training} == {"1" if labels == "gold" else "2"}
    assert {row.label for row in validation} == {"1"} and len(training) + len(validation) == 40


def test_validation_share_of_zero_trains_on_all_and_has_no_validation(svamp_folder: Path) -> None:
    source = open_source(f"svamp:{svamp_folder}", validation_share=0)

    assert len(source.load("train").examples) == 100
    with pytest.raises(DataError, match="no validation rows at a validation share of 0"):
        source.load("validation")


def test_jsonl_source_has_its_task_and_whole_file_as_test(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"inputs": {"problem": f"Problem {row}?"}, "label": str(row)} for row in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    source = open_source(f"jsonl:{path}", task=find_task("svamp"), validation_share=0.25)

    parts = [source.load(split).examples for split in ("train", "validation")]
    assert sum(map(len, parts)) == 40
    assert len(source.load("test").examples) == 40


def test_reasons_are_named_when_no_row_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"label": "5"}\n{"label": "6"}\n', encoding="utf-8")

    with pytest.raises(DataError, match="2 x inputs must be an object with the task's fields"):
        open_source(f"jsonl:{path}", task=find_task("svamp")).load("train")


def test_demo_source_generates_each_split(monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(split: str, rows: int, seed: int) -> Iterator[Example]:
        for row in range(rows):
            yield Example("demo-nli", {"x": "y"}, "neutral", "Because.", f"demo-nli/{split}/{seed}:{row}")

    module = ModuleType("training.data.demo.nli")
    monkeypatch.setattr(module, "generate", generate, raising=False)
    monkeypatch.setitem(sys.modules, "training.data.demo.nli", module)

    loaded = open_source("demo-nli", demo_rows=DemoRows(train=5, validation=2), seed=7).load("validation")

    assert [example.source for example in loaded.examples] == [
        "demo-nli/validation/7:0",
        "demo-nli/validation/7:1",
    ]
    assert (loaded.report.name, loaded.report.rows_with_rationale) == ("demo-nli/validation", 2)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("snli:/data", "unknown; use one of cqa:<folder>, svamp:<folder>, anli:<folder>, esnli:<folder>"),
        ("cqa", "must be written as cqa:<folder>"),
        ("cqa:", "must be written as cqa:<folder>"),
        ("jsonl", "must be written as jsonl:<file>"),
        ("demo-nli:/data", "must be written as demo-nli"),
        ("csv", "must be written as csv:<file>"),
        ("hub:", "must be written as hub:<owner>/<name> or hub:<folder>"),
        ("csv:rows.csv", "give its task as well"),
        ("hub:a/b", "give its task as well"),
        ("jsonl:rows.jsonl", "give its task as well, a built-in task's name or a YAML file"),
    ],
)
def test_wrong_specification_is_refused_with_what_is_allowed(spec: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem.replace("[", r"\[")):
        open_source(spec)


def test_task_beside_a_source_that_knows_its_own_is_refused() -> None:
    with pytest.raises(DataError, match="has its own task; leave the task out"):
        open_source("cqa:data", task=find_task("svamp"))


def test_teacher_labels_are_refused_where_there_is_no_teacher() -> None:
    with pytest.raises(DataError, match="no teacher labels of its own"):
        open_source("demo-math", labels="teacher")


def test_keys_of_other_kinds_of_source_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="validation is a file for jsonl and csv sources"):
        open_source("cqa:data", validation=tmp_path)
    with pytest.raises(DataError, match="test is a file for jsonl and csv sources"):
        open_source("cqa:data", test=tmp_path)
    with pytest.raises(DataError, match="columns and label_names are for hub sources"):
        open_source("cqa:data", columns=Columns())


def test_csv_source_is_cut_like_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("problem,label\n" + "".join(f"Problem {row}?,{row}\n" for row in range(60)))

    source = open_source(f"csv:{path}", task=find_task("svamp"), validation_share=0.25)

    training, validation, test = (source.load(split).examples for split in ("train", "validation", "test"))
    assert {row.source for row in training} | {row.source for row in validation} == {row.source for row in test}
    assert len(training) + len(validation) == len(test) == 60


def test_own_test_rows_are_those_of_the_file_that_is_named(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("rows.csv", "test.csv")]
    for path in paths:
        path.write_text("problem,label\n" + "".join(f"Problem {row} of {path.stem}?,{row}\n" for row in range(40)))

    source = open_source(f"csv:{paths[0]}", task=find_task("svamp"), test=paths[1])

    assert source.has_test
    assert {row.inputs["problem"] for row in source.load("test").examples} == {
        f"Problem {row} of test?" for row in range(40)
    }
    trained = [*source.load("train").examples, *source.load("validation").examples]
    assert len(trained) == 40 and all("of rows" in row.inputs["problem"] for row in trained)


def test_test_rows_are_at_hand_where_a_release_has_their_file(svamp_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}")

    assert open_source(f"svamp:{svamp_folder}").has_test
    assert not open_source(f"cqa:{svamp_folder}").has_test
    assert not open_source(f"asdiv:{svamp_folder}").has_test
    assert not open_source(f"jsonl:{tmp_path}/rows.jsonl", task=find_task("svamp")).has_test
    assert not open_source("demo-math").has_test


@pytest.mark.parametrize("share", [-0.5, 1.0])
def test_validation_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(DataError, match="at least 0 and below 1"):
        open_source("cqa:data", validation_share=share)
