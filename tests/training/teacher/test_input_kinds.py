"""Every kind of source, asked about through the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from student import cli
from student.task import find_task
from tests.training.data.release_files import write_release
from tests.training.teacher.openai_server import Answer, OpenAiServer
from tests.training.teacher.small import TASK_YAML, ledger, said, write_rows, written
from training.data.sources import open_source

MOOD: list[dict[str, Any]] = [
    {"inputs": {"text": "Rain, again."}, "label": "bad", "id": "a"},
    {"inputs": {"text": "Home at last."}},
    {"inputs": {"text": "It is Monday."}, "teacher_label": "good", "rationale": "Said before."},
]
"""A row with gold, one without, and one that a teacher has answered."""
ASDIV = (
    "<ProblemSet>"
    '<Problem ID="p1"><Body>7 apples, then 2.</Body><Question>How many?</Question><Answer>9 (apples)</Answer>'
    "<Formula>7+2=9</Formula></Problem>"
    '<Problem ID="p2"><Body>Tom has 3.</Body><Question>Who?</Question><Answer>Tom</Answer>'
    "<Formula>Tom</Formula></Problem>"
    "</ProblemSet>"
)


def _jsonl(folder: Path) -> str:
    return f"jsonl:{write_rows(folder, MOOD)}"


def _csv(folder: Path) -> str:
    path = folder / "rows.csv"
    path.write_text(
        "text,label,id,teacher_label,rationale\n"
        '"Rain, again.",bad,a,,\nHome at last.,,,,\nIt is Monday.,,,good,Said before.\n'
    )
    return f"csv:{path}"


def _tsv_without_answers(folder: Path) -> str:
    path = folder / "rows.tsv"
    path.write_text("text\tid\nRain, again.\ta\nHome at last.\t\nIt is Monday.\t\n")
    return f"csv:{path}"


def _saved(folder: Path, columns: dict[str, list[Any]]) -> str:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed: pip install 'quickstep[data]'")
    datasets.disable_progress_bars()
    datasets.DatasetDict({"train": datasets.Dataset.from_dict(columns)}).save_to_disk(str(folder / "saved"))
    datasets.enable_progress_bars()
    return f"hub:{folder / 'saved'}"


def _hub(folder: Path) -> str:
    return _saved(
        folder,
        {
            "text": [row["inputs"]["text"] for row in MOOD],
            "label": ["bad", None, None],
            "id": ["a", None, None],
            "teacher_label": [None, None, "good"],
            "rationale": [None, None, "Said before."],
        },
    )


def _annotate(folder: Path, source: str, *options: str) -> int:
    return cli.main(["annotate", source, "--output", str(folder / "out.jsonl"), "--quiet", *options])


def _recorded(folder: Path, texts: list[str]) -> list[str]:
    path = folder / "recorded.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return ["--recorded", str(path)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mood.yaml").write_text(TASK_YAML)
    return tmp_path


@pytest.mark.parametrize("write", [_jsonl, _csv, _hub])
def test_own_rows_come_out_alike_whatever_kind_of_file_they_are_in(folder: Path, write: Callable[[Path], str]) -> None:
    options = ["--task", str(folder / "mood.yaml"), *_recorded(folder, [said("bad"), said("good"), said("bad")])]

    assert _annotate(folder, write(folder), *options) == 0

    told = "It is written so. So the answer is"
    assert written(folder) == [
        {"id": "a", **_row(0), "label": "bad", "teacher_label": "bad", "rationale": f"{told} bad."},
        {**_row(1), "teacher_label": "good", "rationale": f"{told} good."},
        {**_row(2), "teacher_label": "bad", "rationale": f"{told} bad."},
    ]
    assert ledger(folder)["gold_agreement"] == 1.0
    learned = open_source(f"jsonl:{folder / 'out.jsonl'}", task=find_task(str(folder / "mood.yaml")), labels="teacher")
    assert learned.load("test", held_out_labels="teacher").report.rows_used == 3


def _row(number: int) -> dict[str, Any]:
    return {"inputs": MOOD[number]["inputs"]}


@pytest.mark.parametrize("write", [_jsonl, _csv, _tsv_without_answers, _hub])
def test_endpoint_is_asked_every_row_of_own_files(folder: Path, write: Callable[[Path], str]) -> None:
    with OpenAiServer(lambda question, nth: Answer(said("good"))) as server:
        options = ["--task", str(folder / "mood.yaml"), "--base-url", server.base_url, "--model", "m"]
        assert _annotate(folder, write(folder), *options) == 0
        assert set(server.asked) == {"Rain, again.", "Home at last.", "It is Monday."}

    assert [row["teacher_label"] for row in written(folder)] == ["good"] * 3


def test_rows_of_the_same_question_are_not_asked_again_when_their_file_changes_its_kind(folder: Path) -> None:
    with OpenAiServer(lambda question, nth: Answer(said("good"))) as server:
        options = ["--task", str(folder / "mood.yaml"), "--base-url", server.base_url, "--model", "m"]
        assert _annotate(folder, _jsonl(folder), *options) == _annotate(folder, _csv(folder), *options) == 0
        assert server.asked.total() == 3


def test_columns_of_a_hub_dataset_may_have_other_names_and_labels_be_numbers(folder: Path) -> None:
    source = _saved(folder, {"body": ["Rain.", "Sun."], "mood": [1, -1]})
    options = ["--task", str(folder / "mood.yaml"), *_recorded(folder, [said("bad"), said("good")])]

    assert (
        _annotate(
            folder,
            source,
            *options,
            "--column",
            "text=body",
            "--column",
            "label=mood",
            "--label-names",
            *(
                "good",
                "bad",
            ),
        )
        == 0
    )

    assert [(row["inputs"], row.get("label")) for row in written(folder)] == [
        ({"text": "Rain."}, "bad"),
        ({"text": "Sun."}, None),
    ]


def test_problems_of_asdiv_are_asked_also_where_they_have_no_gold(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ASDiv.xml").write_text(ASDIV)
    recorded = _recorded(folder, ["Add them. The answer is (7 + 2).", "It is 3. The answer is (3)."])

    assert _annotate(folder, f"asdiv:{folder}", *recorded) == 0

    assert [(row["id"], row.get("label"), row["teacher_label"]) for row in written(folder)] == [
        ("p1", "7 + 2", "7 + 2"),
        ("p2", None, "3"),
    ]
    told = capsys.readouterr().out
    assert "no gold: formula is not plain arithmetic" in told and "cannot be read" not in told
    with OpenAiServer(lambda question, nth: Answer("Add. The answer is (1 + 1).")) as server:
        options = ["--base-url", server.base_url, "--model", "m", "--output", str(folder / "other.jsonl")]
        assert _annotate(folder, f"asdiv:{folder / 'ASDiv.xml'}", *options) == 0
        assert server.asked.total() == 2


def test_esnli_is_asked_by_the_names_of_its_files(folder: Path) -> None:
    row = {"premise": "A man sleeps .", "hypothesis": "He rests .", "label": "entailment", "explanations": ["x"]}
    (folder / "esnli_test.json").write_text(json.dumps(row) + "\n")

    recorded = _recorded(folder, ["Sleep is rest. So the answer is neutral."])
    assert _annotate(folder, f"esnli:{folder}", "--split", "test", *recorded) == 0

    (line,) = written(folder)
    assert (line["label"], line["teacher_label"]) == ("entailment", "neutral")
    assert line["inputs"] == {"premise": "A man sleeps.", "hypothesis": "He rests."}


@pytest.mark.parametrize(
    ("dataset", "row", "gold", "output"),
    [
        ("cqa", {"question": "Where?", "choices": list("abcde"), "answer": "b", "id": "1"}, "b", "(b) b"),
        ("svamp", {"input": "1 and 2?", "label": "( 1.0 + 2.0 )"}, "1 + 2", "(1 + 2)"),
    ],
)
def test_releases_are_asked_through_the_same_table(
    folder: Path, dataset: str, row: dict[str, Any], gold: str, output: str
) -> None:
    write_release(folder, dataset, [row])

    recorded = _recorded(folder, [f"There. {find_task(dataset).conclusion} {output}."])
    assert _annotate(folder, f"{dataset}:{folder}", *recorded) == 0

    (line,) = written(folder)
    assert (line["label"], line["teacher_label"], line.get("id")) == (gold, gold, row.get("id"))


@pytest.mark.parametrize(
    ("source", "options", "problems"),
    [
        ("csv:rows.csv", ["--split", "test"], ["say which task", "csv files have no splits"]),
        ("snli:rows", [], ["source 'snli:rows': unknown; use one of cqa:<folder>", "csv:<file>"]),
        ("csv:", [], ["must be written as csv:<file>"]),
        ("hub:", [], ["must be written as hub:<owner>/<name> or hub:<folder>"]),
        ("demo-nli", [], ["its generator knows labels and rationales"]),
        ("asdiv:x", ["--split", "test", "--task", "cqa"], ["not one of train", "leave --task out"]),
        ("rows.jsonl", ["--column", "text=body", "--task", "cqa"], ["--column and --label-names are for hub sources"]),
        ("hub:x", ["--column", "text"], ["--column text: must have the form NAME=COLUMN"]),
        ("hub:x", ["--column", "text=a", "--column", "text=b"], ["text is 'a' already"]),
    ],
)
def test_wrong_source_is_told_with_all_its_problems(
    folder: Path, source: str, options: list[str], problems: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _annotate(folder, source, *options, *_recorded(folder, ["x"])) == 1
    told = capsys.readouterr().err
    assert all(problem in told for problem in problems) and told.count("\n") == 1


def test_path_with_a_colon_is_a_path_where_it_is_there(folder: Path) -> None:
    write_rows(folder, MOOD).rename(folder / "2024:rows")
    options = ["--task", str(folder / "mood.yaml"), *_recorded(folder, [said("bad")] * 3)]

    assert _annotate(folder, str(folder / "2024:rows"), *options) == 0
    assert len(written(folder)) == 3


def test_header_of_a_table_to_be_asked_about_needs_fields_but_no_answers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rows.csv").write_text("body\nRain.\n")
    options = ["--task", str(folder / "mood.yaml"), *_recorded(folder, ["x"])]

    assert _annotate(folder, f"csv:{folder / 'rows.csv'}", *options) == 1
    assert "text is missing, a field of task 'mood'. Given: body; expected text, and optionally label and id" in (
        capsys.readouterr().err
    )
