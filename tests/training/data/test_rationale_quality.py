from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from student.task import find_task
from training.data.example import Example
from training.data.rationale_quality import RationaleFilter, filter_rationales, score

CQA, SVAMP = find_task("cqa"), find_task("svamp")
ROW = Example(
    task="cqa",
    inputs={"question": "Where would you keep cold milk at home?"},
    choices=("garage", "fridge"),
    label="fridge",
    rationale="Cold milk stays fresh where it is cold. So the answer is fridge.",
    source="cqa/train:1",
)


def test_scores_of_a_plain_rationale() -> None:
    scores = score(CQA, ROW)
    assert (scores.agrees, scores.words, scores.repetition, scores.copied) == (True, 8, 0.0, 0.0)


@pytest.mark.parametrize("ending", ["So the answer is garage.", "", "So the answer is fridge or garage."])
def test_rationale_agrees_only_where_it_ends_in_the_label(ending: str) -> None:
    assert not score(CQA, replace(ROW, rationale=f"It is cold. {ending}")).agrees


def test_equations_agree_by_value() -> None:
    row = Example("svamp", {"problem": "?"}, "84 / 2", "It is half. The answer is 21 * 2.", "svamp/train:1")
    assert score(SVAMP, row).agrees
    assert not score(SVAMP, replace(row, rationale="It is half. The answer is 84 - 2.")).agrees


def test_repetition_counts_runs_of_three_words_that_came_before() -> None:
    # Five runs, of which `it is cold` comes twice.
    assert score(CQA, replace(ROW, rationale="It is cold it is cold now")).repetition == pytest.approx(1 / 5)


def test_copied_counts_runs_of_three_words_of_the_question() -> None:
    # Three runs, of which `you keep cold` and `keep cold milk` stand in the question.
    assert score(CQA, replace(ROW, rationale="You keep cold milk there")).copied == pytest.approx(2 / 3)


def test_rationale_of_fewer_than_three_words_neither_repeats_nor_copies() -> None:
    scores = score(CQA, replace(ROW, rationale="Cold. So the answer is fridge."))
    assert (scores.words, scores.repetition, scores.copied) == (1, 0.0, 0.0)


def test_a_row_without_rationale_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="cqa/train:1: has no rationale"):
        score(CQA, replace(ROW, rationale=None))


def _rows() -> list[Example]:
    return [
        ROW,
        replace(ROW, rationale="It is a cold place. So the answer is garage.", source="cqa/train:2"),
        replace(ROW, rationale=None, source="cqa/train:3"),
        replace(ROW, rationale="Cold. So the answer is garage.", source="cqa/train:4"),
    ]


def test_without_marks_all_rationales_stay_and_are_scored() -> None:
    rows, reports = filter_rationales(_rows(), {"cqa": CQA}, RationaleFilter())
    assert rows == _rows()
    figures = reports["cqa"].as_dict()
    assert (figures["rows"], figures["rationales"], figures["left_out"]) == (4, 3, 0)
    assert figures["agree_with_label"] == pytest.approx(1 / 3)
    assert figures["words"][1] == 5


def test_rows_whose_rationale_misses_a_mark_stay_without_it() -> None:
    rows, reports = filter_rationales(_rows(), {"cqa": CQA}, RationaleFilter(agree=True, min_words=2))
    assert [row.rationale is not None for row in rows] == [True, False, False, False]
    assert [row.label for row in rows] == ["fridge"] * 4
    figures = reports["cqa"].as_dict()
    assert figures["left_out"] == 2
    assert {reason: entry["rows"] for reason, entry in figures["reasons"].items()} == {
        "end in another answer than the label": 2,
        "under 2 words": 1,
    }
    assert figures["reasons"]["under 2 words"]["examples"] == ["cqa/train:4"]
    assert "2 left out" in reports["cqa"].as_text()


@pytest.mark.parametrize(
    ("marks", "rationale", "kept"),
    [
        ({"min_words": 3}, "one two three", True),
        ({"min_words": 4}, "one two three", False),
        ({"max_words": 3}, "one two three", True),
        ({"max_words": 2}, "one two three", False),
        ({"max_repetition": 0.2}, "It is cold it is cold now", True),
        ({"max_repetition": 0.19}, "It is cold it is cold now", False),
        ({"max_copied": 0.67}, "You keep cold milk there", True),
        ({"max_copied": 0.66}, "You keep cold milk there", False),
    ],
)
def test_marks_are_inclusive(marks: dict[str, float], rationale: str, kept: bool) -> None:
    rows, _ = filter_rationales([replace(ROW, rationale=rationale)], {"cqa": CQA}, RationaleFilter(**marks))
    assert (rows[0].rationale is not None) is kept


def test_report_of_rows_without_rationales_says_so() -> None:
    _, reports = filter_rationales([replace(ROW, rationale=None)], {"cqa": CQA}, RationaleFilter(agree=True))
    assert reports["cqa"].as_text() == "none in 1 rows"
    assert reports["cqa"].as_dict() == {"rows": 1, "rationales": 0, "left_out": 0, "reasons": {}}


def test_unknown_mark_is_refused() -> None:
    with pytest.raises(ValidationError, match="max_length"):
        RationaleFilter(max_length=3)  # type: ignore[call-arg]
