from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student.errors import DataError
from training.data.example import Example
from training.data.splits import split_validation


def _examples(count: int) -> list[Example]:
    return [Example("svamp", {"problem": "p"}, "1", None, f"svamp/train:{row}") for row in range(count)]


def _sources(examples: list[Example]) -> list[str]:
    return [example.source for example in examples]


def test_split_is_the_same_each_time_and_another_with_another_seed() -> None:
    first, again, other = (_sources(split_validation(_examples(500), 0.2, seed)[1]) for seed in (0, 0, 1))

    assert first == again
    assert first != other


def test_split_does_not_depend_on_the_python_process() -> None:
    assert _sources(split_validation(_examples(30), 0.2, seed=0)[1]) == [
        f"svamp/train:{row}" for row in (3, 5, 8, 17, 18, 19)
    ]


def test_share_is_kept_closely() -> None:
    training, validation = split_validation(_examples(10_000), 0.1, seed=0)

    assert len(training) + len(validation) == 10_000
    assert len(validation) == pytest.approx(1_000, abs=100)


@given(st.sets(st.integers(0, 199)), st.integers(0, 5))
def test_rows_that_are_dropped_move_no_other_row(dropped: set[int], seed: int) -> None:
    everything = _examples(1_000)
    some = [example for row, example in enumerate(everything) if row not in dropped]

    _, validation = split_validation(everything, 0.3, seed)
    some_training, some_validation = split_validation(some, 0.3, seed)

    kept = set(_sources(some))
    assert _sources(some_validation) == [source for source in _sources(validation) if source in kept]
    assert sorted(_sources(some_training) + _sources(some_validation)) == sorted(kept)


def test_share_of_zero_leaves_all_rows_for_training() -> None:
    training, validation = split_validation(_examples(3), 0, seed=0)

    assert (len(training), validation) == (3, [])


def test_split_with_an_empty_part_is_refused() -> None:
    with pytest.raises(DataError, match=r"2 training and 0 validation rows at a share of 0\.0001"):
        split_validation(_examples(2), 0.0001, seed=0)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="below 1"):
        split_validation(_examples(2), share, seed=0)
