from __future__ import annotations

import pytest

from training.data.example import Example
from training.evaluation.answering import batched
from training.evaluation.groups import group_places, summarise
from training.evaluation.outcome import Outcome


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


def test_slices_stand_in_the_order_of_their_numbers() -> None:
    rows = [_outcome("a", True, length=length).example for length in ("13+ words", "0-8 words", "9-12 words")]
    assert list(group_places(rows, ["length"])) == [
        "a",
        "a/length=0-8 words",
        "a/length=9-12 words",
        "a/length=13+ words",
    ]


def test_batches_are_consecutive_and_the_last_is_shorter() -> None:
    assert list(batched(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batched([], 2)) == []
