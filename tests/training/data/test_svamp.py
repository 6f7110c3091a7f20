from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from student.answers import conclusion, evaluate_equation
from student.errors import AnswerError
from student.task import find_task
from tests.training.data.real_data import real_dataset
from tests.training.data.release_files import write_release
from training.data import svamp
from training.data.loaded import Labels, Loaded
from training.data.release import read_release
from training.data.report import Rejected
from training.data.teacher_text import QUESTION_ECHOED

ROW: dict[str, Any] = {
    "input": "Luke scored 84 points in 2 rounds\nHow many per round?",
    "label": "( 84.0 / 2.0 )",
}
RIGHT = "84 / 2 is 42. The answer is (84 / 2).\n\nQ: Next"
WRONG = "84 - 2 is 82. The answer is (84 - 2).\n\nQ: Next"

NO_ARITHMETIC = "teacher's equation is not plain arithmetic"
NOT_CLOSED = "teacher's equation has a bracket that is not closed"
NO_CONCLUSION = "teacher states no conclusion"


def test_gold_equation_is_canonical_and_agreement_is_by_value(tmp_path: Path) -> None:
    output = "So it is. The answer is (126 / 3).\n\nQ:"

    loaded = svamp.load(write_release(tmp_path, "svamp", [ROW, ROW, ROW], [RIGHT, WRONG], [output]), "train")

    assert [example.label for example in loaded.examples] == ["84 / 2"] * 3
    assert [example.gold for example in loaded.examples] == ["84 / 2"] * 3
    assert [example.tags["teacher_agrees"] for example in loaded.examples] == ["yes", "no", "yes"]
    assert loaded.examples[1].rationale == "84 - 2 is 82. The answer is 84 - 2."
    assert loaded.examples[0].inputs == {"problem": ROW["input"]}
    assert loaded.examples[2].source == "svamp/train:2"
    assert {example.rationale_by for example in loaded.examples} == {"teacher"}
    assert loaded.report.teacher_agreement == pytest.approx(2 / 3)


def test_teacher_labels_are_canonical(tmp_path: Path) -> None:
    loaded = svamp.load(write_release(tmp_path, "svamp", [ROW], [WRONG]), "train", labels="teacher")

    assert (loaded.examples[0].label, loaded.examples[0].gold) == ("84 - 2", "84 / 2")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("It was some. The answer is (some - 8).\n\nQ:", NO_ARITHMETIC),
        ("It is. The answer is ((491 - 21", NOT_CLOSED),
        ("32 sacks were not harvested. 3", NO_CONCLUSION),
    ],
)
def test_unreadable_output_is_noted_or_dropped_by_reason(tmp_path: Path, output: str, reason: str) -> None:
    folder = write_release(tmp_path, "svamp", [ROW], [output])

    gold, teacher = svamp.load(folder, "train"), svamp.load(folder, "train", labels="teacher")

    assert (gold.examples[0].label, gold.examples[0].rationale) == ("84 / 2", None)
    assert list(gold.report.noted) == [f"no rationale: {reason}"]
    assert teacher.examples == []
    assert list(teacher.report.dropped) == [reason]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label": "( 84.0 / x )"}, "label is not plain arithmetic"),
        ({"label": "1 / 0"}, "label is not plain arithmetic"),
        ({"label": ""}, "label is empty"),
        ({"label": 42}, "label must be a text"),
        ({"input": ""}, "inputs.problem is empty"),
    ],
)
def test_unusable_row_is_dropped_by_reason(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    loaded = svamp.load(write_release(tmp_path, "svamp", [ROW | change, ROW], [WRONG, RIGHT]), "train")

    assert {name: tally.rows for name, tally in loaded.report.dropped.items()} == {reason: 1}
    assert loaded.examples[0].rationale == "84 / 2 is 42. The answer is 84 / 2."


@cache
def _real(split: str, labels: Labels = "gold") -> Loaded:
    return svamp.load(real_dataset("svamp"), split, labels=labels)


@pytest.mark.parametrize(
    ("split", "rows", "noted"),
    [
        (
            "train",
            800,
            {
                f"no rationale: {NO_CONCLUSION}": 11,
                # The README's 21 count `((415 - 309)`, which is cut and thus not closed here, and an equation
                # with `11,210`, which our grammar reads; its 2 without closing bracket are then 3.
                f"no rationale: {NO_ARITHMETIC}": 19,
                f"no rationale: {NOT_CLOSED}": 3,
                QUESTION_ECHOED: 1,
            },
        ),
        ("test", 100, {f"no rationale: {NO_ARITHMETIC}": 4}),
    ],
)
def test_real_rows_are_all_used_with_the_known_notes(split: str, rows: int, noted: dict[str, int]) -> None:
    report = _real(split).report

    assert (report.rows_read, report.rows_used) == (rows, rows)
    assert {reason: tally.rows for reason, tally in report.noted.items()} == noted


@pytest.mark.parametrize(("split", "agreement"), [("train", 0.7425), ("test", 0.76)])
def test_real_agreement_counts_whole_equations(split: str, agreement: float) -> None:
    assert _real(split).report.teacher_agreement == pytest.approx(agreement, abs=1e-4)


@pytest.mark.parametrize(
    ("split", "agreement", "no_arithmetic", "not_closed"), [("train", 0.733, 21, 2), ("test", 0.73, 4, 0)]
)
def test_real_agreement_is_as_published_by_the_published_definition(
    split: str, agreement: float, no_arithmetic: int, not_closed: int
) -> None:
    # What stands between the first and the last bracket, without thousands commas. It loses the end of
    # `(31 * 6) / 19`, so the loader does not use it; here it shows that rows are paired rightly.
    rows = read_release(real_dataset("svamp"), "svamp", split)
    counts = {"agree": 0, "no arithmetic": 0, "not closed": 0}
    for row in rows:
        assert not isinstance(row.fields, Rejected)
        _, words, answer = row.teacher_output.partition("Q:")[0].partition("The answer is")
        bracket = re.search(r"\(.*\)", answer, re.DOTALL)
        if bracket is None:
            counts["not closed"] += bool(words)
            continue
        try:
            value = evaluate_equation(bracket[0].replace(",", "?"))
        except AnswerError:
            counts["no arithmetic"] += 1
            continue
        counts["agree"] += math.isclose(value, evaluate_equation(row.fields["label"]), abs_tol=1e-4)

    assert counts["agree"] / len(rows) == pytest.approx(agreement, abs=0.002)
    assert (counts["no arithmetic"], counts["not closed"]) == (no_arithmetic, not_closed)


def test_real_outputs_that_end_before_a_next_question_are_16() -> None:
    rows = read_release(real_dataset("svamp"), "svamp", "train")

    assert sum("Q:" not in row.teacher_output for row in rows) == 16


def test_real_labels_keep_the_value_of_gold_and_rationales_conclude_with_an_equation() -> None:
    rows, task = read_release(real_dataset("svamp"), "svamp", "train"), find_task("svamp")
    for row, example in zip(rows, _real("train").examples, strict=True):
        assert not isinstance(row.fields, Rejected)
        assert evaluate_equation(example.label) == evaluate_equation(row.fields["label"])
        if example.rationale is not None:
            concluded = conclusion(task, example.rationale)
            assert concluded is not None
            evaluate_equation(concluded)
            assert "\n" not in example.rationale


def test_real_row_195_keeps_the_gold_equation_of_the_file() -> None:
    assert _real("train").examples[195].label == "4 - 2 + 3"


def test_real_train_rows_without_readable_answer_are_dropped_with_teacher_labels() -> None:
    report = _real("train", "teacher").report

    assert report.rows_used == 767
    assert {reason: tally.rows for reason, tally in report.dropped.items()} == {
        NO_CONCLUSION: 11,
        NO_ARITHMETIC: 19,
        NOT_CLOSED: 3,
    }
