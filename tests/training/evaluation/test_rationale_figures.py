from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.evaluation.rows import TEXT, text
from training.evaluation.rationale_figures import (
    common_subsequence,
    distinct_runs,
    rationale_figures,
    rouge_l,
)

WORDS = st.lists(st.sampled_from("abcde"), max_size=70)


def _longest(left: list[str], right: list[str]) -> int:
    """The textbook's table."""
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            table[i + 1][j + 1] = table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(WORDS, WORDS)
def test_common_subsequence_is_that_of_the_textbook(left: list[str], right: list[str]) -> None:
    assert common_subsequence(left, right) == _longest(left, right)


@pytest.mark.parametrize(
    ("candidate", "reference", "expected"),
    [
        # Lin 2004, section 3.1: precision and recall 3/4, and 2/4.
        ("police kill the gunman", "police killed the gunman", 0.75),
        ("the gunman kill police", "police killed the gunman", 0.5),
        ("Gold is heavy.", "gold, IS heavy", 1.0),
        ("one two", "three", 0.0),
        ("", "three", 0.0),
        ("...", "three", 0.0),
        ("a b", "a x y b z z", 0.5),
    ],
)
def test_overlap_is_the_published_one(candidate: str, reference: str, expected: float) -> None:
    assert rouge_l(candidate, reference) == pytest.approx(expected)


@given(WORDS, WORDS)
def test_overlap_is_symmetric_and_a_share(left: list[str], right: list[str]) -> None:
    one, other = " ".join(left), " ".join(right)
    assert rouge_l(one, other) == rouge_l(other, one)
    assert 0 <= rouge_l(one, other) <= 1
    assert rouge_l(one, one) == (1.0 if left else 0.0)


def test_repetition_lowers_the_share_of_distinct_runs() -> None:
    assert distinct_runs("one two three four") == 1.0
    assert distinct_runs("go on go on go on") == 0.5  # four runs: go on go, on go on, and both again
    assert distinct_runs("one two") is None


def test_figures_are_those_worked_out_by_hand() -> None:
    outcomes = [
        text("5 - 2", "5 - 2", rationale="Take 2 away. The answer is 5 - 2."),
        text("5 - 2", "5 + 2", rationale="Take 2 away. The answer is 3."),
        text("5 - 2", "5 - 2", rationale="Take two and take two and"),
        text("5 - 2", "5 - 2", rationale=""),
        text("5 - 2", "5 - 2"),
    ]
    teacher = "Take 2 away. The answer is 5 - 2."
    outcomes[0] = replace(outcomes[0], example=replace(outcomes[0].example, rationale=teacher))
    outcomes[2] = replace(outcomes[2], rationale_cut=True)
    found = rationale_figures(TEXT, outcomes)
    assert found is not None
    assert found.rows == 4
    assert found.agrees == 0.25  # of the second the conclusion is right, but not its answer
    assert found.concludes == found.concludes_rightly == 0.5
    assert (found.rows_with_teacher, found.rouge_l, found.teacher_mean_words) == (1, 1.0, 9.0)
    assert found.mean_words == (9 + 7 + 6 + 0) / 4
    assert found.cut == found.empty == 0.25
    assert found.distinct_3 == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_rationales_that_nobody_asked_for_have_no_figures() -> None:
    assert rationale_figures(TEXT, [text("1 + 1", "1 + 1")]) is None


def test_without_a_teacher_there_is_no_overlap() -> None:
    found = rationale_figures(TEXT, [text("1 + 1", "1 + 1", rationale="So.")])
    assert found is not None
    assert (found.rouge_l, found.teacher_mean_words, found.distinct_3, found.rows_with_teacher) == (None, None, None, 0)
