from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.evaluation.rows import CHOICES, CLOSED, TASKS, TEXT, choice, closed, text
from training.evaluation.bias import (
    bias_figures,
    by_repetition,
    cohens_kappa,
    error_overlap,
    label_shift,
    total_variation,
)
from training.evaluation.bias_text import as_text

# Gold, teacher, student: the teacher is wrong on four rows.
TRIPLES = [
    ("happy", "sad", "sad"),  # repeated
    ("happy", "sad", "sad"),  # repeated
    ("happy", "sad", "none"),  # wrong otherwise
    ("sad", "none", "sad"),  # the student is right
    ("sad", "sad", "happy"),  # an error of its own
    *[("sad", "sad", "sad")] * 5,
]
LABELS = st.sampled_from(("happy", "sad", "none"))


def test_overlap_is_the_one_counted_by_hand() -> None:
    found = error_overlap(CLOSED, [closed(gold, answer, teacher=teacher) for gold, teacher, answer in TRIPLES])
    assert (found.teacher_wrong, found.repeated, found.otherwise_wrong, found.student_right) == (4, 2, 1, 1)
    assert (found.own_errors, found.both_wrong) == (1, 3)
    assert found.both_wrong_by_chance == pytest.approx(4 * 4 / 10)
    assert found.times_chance == pytest.approx(3 / 1.6)
    # Observed 0.8; expected 0.4 * 0.4 + 0.6 * 0.6 = 0.52.
    assert found.kappa == pytest.approx((0.8 - 0.52) / 0.48)


def test_equations_of_one_value_are_the_same_error() -> None:
    rows = [text("5 - 2", "2 + 5", teacher="5 + 2"), text("5 - 2", "5 * 2", teacher="5 + 2"), text("1", "1")]
    found = error_overlap(TEXT, rows)
    assert (found.repeated, found.otherwise_wrong) == (1, 1)


def test_a_student_or_teacher_without_errors_leaves_nothing_to_agree_on() -> None:
    found = error_overlap(CLOSED, [closed("sad", "sad", teacher="happy"), closed("sad", "sad")])
    assert (found.both_wrong_by_chance, found.times_chance, found.kappa) == (0.0, None, None)


@pytest.mark.parametrize(
    ("both", "first", "second", "rows", "expected"),
    [(20, 5, 10, 50, 0.4), (10, 0, 0, 20, 1.0), (0, 10, 10, 20, -1.0), (25, 25, 25, 100, 0.0), (0, 0, 5, 20, None)],
)
def test_kappa_is_the_textbooks(both: int, first: int, second: int, rows: int, expected: float | None) -> None:
    found = cohens_kappa(both, first, second, rows)
    assert found == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.tuples(LABELS, LABELS, LABELS), min_size=1, max_size=30), st.randoms())
def test_rows_are_divided_without_rest_and_order_does_not_matter(
    triples: list[tuple[str, str, str]], random: object
) -> None:
    outcomes = [closed(gold, answer, teacher=teacher) for gold, teacher, answer in triples]
    found = error_overlap(CLOSED, outcomes)
    assert found.repeated + found.otherwise_wrong + found.student_right == found.teacher_wrong
    assert found.both_wrong + found.own_errors == sum(not row.correct for row in outcomes)
    assert found.kappa is None or -1 <= found.kappa <= 1
    shuffled = list(outcomes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert error_overlap(CLOSED, shuffled) == found
    assert label_shift(CLOSED, shuffled) == label_shift(CLOSED, outcomes)


def test_shift_counts_labels() -> None:
    shift = label_shift(CLOSED, [closed(gold, answer, teacher=teacher) for gold, teacher, answer in TRIPLES])
    assert shift is not None
    assert shift.answers == ("happy", "sad", "none")
    assert (shift.gold, shift.teacher, shift.student) == ((3, 7, 0), (0, 9, 1), (1, 8, 1))
    assert shift.teacher_from_gold == pytest.approx(0.3)
    assert shift.student_from_gold == pytest.approx(0.2)
    assert shift.student_from_teacher == pytest.approx(0.1)


def test_shift_of_choices_is_by_their_place() -> None:
    rows = [choice("a", "b", ("a", "b", "c"), teacher="b"), choice("x", "x", ("y", "x", "y"), teacher="y")]
    shift = label_shift(CHOICES, rows)
    assert shift is not None
    assert shift.answers == ("choice 1", "choice 2", "choice 3")
    assert (shift.gold, shift.teacher, shift.student) == ((1, 1, 0), (1, 1, 0), (0, 2, 0))


def test_shift_counts_answers_that_are_none_of_the_labels_apart() -> None:
    shift = label_shift(CLOSED, [closed("happy", "sad"), closed("happy", ""), closed("sad", "whatever it says")])
    assert shift is not None
    assert shift.answers == ("happy", "sad", "none", "(no label)")
    assert (shift.gold, shift.teacher, shift.student) == ((2, 1, 0, 0), (2, 1, 0, 0), (0, 1, 0, 2))
    assert shift.student_from_gold == pytest.approx(2 / 3)


def test_shift_counts_choices_that_a_row_does_not_have_apart() -> None:
    shift = label_shift(CHOICES, [choice("zoo", "", ("zoo", "park")), choice("zoo", "zoo", ("zoo", "park"))])
    assert shift is not None
    assert shift.answers == ("choice 1", "choice 2", "(no label)")
    assert (shift.gold, shift.student) == ((2, 0, 0), (1, 0, 1))


def test_free_text_has_no_shift() -> None:
    assert label_shift(TEXT, [text("1", "2")]) is None


COUNTS = st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any)


@given(COUNTS, COUNTS)
def test_total_variation_is_a_distance(left: list[int], right: list[int]) -> None:
    assert 0 <= total_variation(left, right) <= 1 + 1e-12
    assert total_variation(left, right) == pytest.approx(total_variation(right, left))
    assert total_variation(left, [3 * count for count in left]) == pytest.approx(0, abs=1e-12)


def test_slices_that_repeat_errors_are_ranked_by_what_is_sure() -> None:
    few = [closed("sad", "happy", teacher="happy", size="few")] * 2
    many = [closed("sad", "happy", teacher="happy", size="many")] * 30 + [closed("sad", "sad", size="many")] * 10
    none = [closed("sad", "sad", size="none")]
    figures = bias_figures(TASKS, [*few, *many, *none], ["size"])
    assert by_repetition(figures, "mood") == ["mood/size=many", "mood/size=few"]
    assert figures["mood/size=few"]["repeated_share"] == 1.0
    assert figures["mood/size=few"]["repeated_rows"] == ["sad-happy"] * 2
    assert figures["mood/size=none"]["repeated_rows"] == []


def test_figures_are_plain_json_and_text_tells_them() -> None:
    outcomes = [closed(gold, answer, teacher=teacher, kind="k") for gold, teacher, answer in TRIPLES]
    figures = bias_figures(TASKS, outcomes, ["kind"])
    assert json.loads(json.dumps(figures))["mood"]["errors"]["repeated"] == 2
    assert (figures["mood"]["teacher_accuracy"], figures["mood"]["student_accuracy"]) == (0.6, 0.6)
    told = as_text(figures, {"no answer of the teacher": 7})
    assert "left out: 7 rows: no answer of the teacher" in told
    assert "of 4 rows that the teacher gets wrong the student repeats 2 (50.0 %), gets 1 wrong otherwise" in told
    assert "both wrong: 3 rows; 1.6 if they erred independently, 1.88 times as many" in told
    assert "kind=k" in told
