from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.evaluation.rows import CLOSED, closed, refused
from training.evaluation.labels import NO_LABEL, REFUSED, Confusion, confusion_matrix, label_figures, macro_f1
from training.evaluation.outcome import Outcome

LABELS = ("happy", "sad", "none")
ANSWERED = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40)


def _matrix(outcomes: list[Outcome]) -> Confusion:
    return confusion_matrix(LABELS, outcomes)


def test_counts_are_by_gold_and_answer() -> None:
    outcomes = [closed("happy", "happy"), closed("happy", "sad"), closed("sad", "sad"), closed("sad", "sad")]
    confusion = _matrix(outcomes)
    assert confusion.gold == confusion.answers == LABELS
    assert confusion.counts == ((1, 1, 0), (0, 2, 0), (0, 0, 0))


def test_figures_of_labels_are_those_worked_out_by_hand() -> None:
    outcomes = [closed("happy", "happy"), closed("happy", "sad"), closed("sad", "sad"), closed("sad", "sad")]
    figures = label_figures(_matrix(outcomes))
    assert (figures["happy"].precision, figures["happy"].recall) == (1.0, 0.5)
    assert figures["happy"].f1 == pytest.approx(2 / 3)
    assert figures["sad"].precision == pytest.approx(2 / 3)
    assert figures["sad"].recall == 1.0
    assert figures["sad"].f1 == pytest.approx(0.8)
    assert (figures["sad"].support, figures["sad"].answered) == (2, 3)
    assert macro_f1(figures) == pytest.approx((2 / 3 + 0.8) / 2)


def test_a_label_that_does_not_occur_has_no_figures() -> None:
    figures = label_figures(_matrix([closed("happy", "happy")]))
    assert (figures["none"].precision, figures["none"].recall, figures["none"].f1) == (None, None, None)


def test_a_label_that_is_never_right_has_an_f1_of_zero() -> None:
    figures = label_figures(_matrix([closed("happy", "sad")]))
    assert (figures["happy"].precision, figures["happy"].recall, figures["happy"].f1) == (None, 0.0, 0.0)
    assert (figures["sad"].precision, figures["sad"].recall, figures["sad"].f1) == (0.0, None, 0.0)


def test_refused_rows_have_a_column_and_count_against_recall() -> None:
    confusion = _matrix([closed("happy", "happy"), refused("happy")])
    assert confusion.answers == (*LABELS, REFUSED)
    assert confusion.counts[0] == (1, 0, 0, 1)
    assert label_figures(confusion)["happy"].recall == 0.5


def test_answers_that_are_no_label_have_a_column() -> None:
    confusion = _matrix([closed("happy", "happy"), closed("happy", ""), refused("happy")])
    assert confusion.answers == (*LABELS, NO_LABEL, REFUSED)
    assert confusion.counts[0] == (1, 0, 0, 1, 1)


def test_white_space_in_a_gold_label_does_not_matter() -> None:
    assert _matrix([closed("happy ", "happy")]).counts[0][0] == 1


@given(ANSWERED, st.randoms())
def test_order_of_rows_does_not_matter(pairs: list[tuple[str, str]], random: object) -> None:
    outcomes = [closed(gold, answer) for gold, answer in pairs]
    shuffled = list(outcomes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _matrix(shuffled) == _matrix(outcomes)


@given(ANSWERED)
def test_every_row_is_counted_once(pairs: list[tuple[str, str]]) -> None:
    outcomes = [closed(gold, answer) for gold, answer in pairs]
    confusion = _matrix(outcomes)
    assert sum(map(sum, confusion.counts)) == len(outcomes)
    assert sum(confusion.counts[i][i] for i in range(3)) == sum(row.correct for row in outcomes)
    figures = label_figures(confusion)
    assert sum(one.support for one in figures.values()) == len(outcomes)
    assert sum(one.answered for one in figures.values()) == len(outcomes)
    assert 0 <= macro_f1(figures) <= 1
    assert set(figures) == set(CLOSED.answer.labels)  # type: ignore[union-attr]
