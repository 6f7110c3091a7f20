from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from student.task import find_task
from tests.training.data.real_data import real_dataset
from tests.training.data.release_files import write_release
from training.data import anli
from training.data.report import Rejected
from training.data.sources import open_source

ROW: dict[str, Any] = {
    "uid": "1",
    "premise": " A dog runs.",
    "hypothesis": "A cat runs. ",
    "label": 1,
    "reason": "none",
}


def test_row_has_the_word_for_its_number_and_no_outer_spaces(tmp_path: Path) -> None:
    raw = "A dog is no cat. So the answer is contradiction.\n\nPremise: Next"
    loaded = anli.load(write_release(tmp_path, "anli1", [ROW], [raw], split="valid"), "valid")

    (example,) = loaded.examples
    assert example.inputs == {"premise": "A dog runs.", "hypothesis": "A cat runs."}
    assert (example.label, example.gold, example.source) == ("neutral", "neutral", "anli1/valid:0")
    assert example.rationale == "A dog is no cat. So the answer is contradiction."
    assert example.tags == {"teacher_agrees": "no"}


def test_row_with_teacher_labels_learns_the_teacher(tmp_path: Path) -> None:
    raws = ["A dog is no cat. So the answer is contradiction.", "Who knows?"]
    folder = write_release(tmp_path, "anli1", [ROW, ROW], raws, split="valid")

    loaded = anli.load(folder, "valid", labels="teacher")

    assert [(example.label, example.gold) for example in loaded.examples] == [("contradiction", "neutral")]
    assert {reason: tally.rows for reason, tally in loaded.report.dropped.items()} == {
        "teacher states no conclusion": 1
    }


@pytest.mark.parametrize("label", [3, -1, "neutral", True, None, 1.0])
def test_label_that_is_no_number_of_the_release_has_a_reason(label: object) -> None:
    read = anli.read_question(find_task("anli"), {**ROW, "label": label})

    assert read == Rejected("label must be a number from 0 to 2: entailment, neutral, contradiction")


def test_missing_field_has_a_reason() -> None:
    read = anli.read_question(find_task("anli"), {"premise": "A dog runs.", "label": 0})

    assert isinstance(read, Rejected) and read.reason.startswith("inputs.hypothesis is missing")


@pytest.mark.parametrize(("split", "agreement", "unreadable"), [("valid", 0.674, 1), ("test", 0.663, 0)])
def test_real_rows_are_all_used_and_the_teacher_agrees_as_known(split: str, agreement: float, unreadable: int) -> None:
    loaded = anli.load(real_dataset("anli1"), split)

    assert loaded.report.rows_used == loaded.report.rows_read == 1000
    assert loaded.report.rows_with_rationale == 1000 - unreadable
    assert loaded.report.teacher_agreement == pytest.approx(agreement, abs=0.002)


def test_real_test_rows_share_premises_with_training_rows_as_the_guide_tells() -> None:
    source = open_source(f"anli:{real_dataset('anli1')}")
    trained = {anli.premise(row) for row in source.load("train").examples}
    shared = [row for row in source.load("test").examples if anli.premise(row) in trained]

    guide = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    assert f"{len(shared)} have the premise of a row that is trained on" in guide
