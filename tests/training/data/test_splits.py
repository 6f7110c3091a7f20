from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student.errors import DataError
from training.data.example import Example
from training.data.splits import nested_choice, nested_subset, split_validation


def _examples(count: int) -> list[Example]:
    return [Example("svamp", {"problem": "p"}, "1", None, f"svamp/train:{row}") for row in range(count)]


SUBSET_OF_30 = (11, 20, 22)


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


def test_rows_of_a_group_stay_together() -> None:
    training, validation = split_validation(_examples(900), 0.3, seed=0, group=_hundred)

    assert {_hundred(row) for row in training}.isdisjoint({_hundred(row) for row in validation})
    assert len(training) + len(validation) == 900


def _hundred(example: Example) -> str:
    return str(int(example.source.partition(":")[2]) // 3)


def test_smaller_subsets_are_part_of_larger_ones_and_keep_the_order() -> None:
    rows = _examples(400)

    quarter, half, all_rows = (_sources(nested_subset(rows, fraction, seed=0)) for fraction in (0.25, 0.5, 1))

    assert (len(quarter), len(half), all_rows) == (100, 200, _sources(rows))
    assert set(quarter) < set(half)
    assert half == [source for source in _sources(rows) if source in set(half)]


def test_other_seed_gives_another_subset_and_the_same_seed_the_same() -> None:
    first, again, other = (_sources(nested_subset(_examples(400), 0.25, seed)) for seed in (0, 0, 1))

    assert first == again
    assert 60 > len(set(first) & set(other)) > 5


def test_subset_does_not_depend_on_the_python_process() -> None:
    assert _sources(nested_subset(_examples(30), 0.1, seed=0)) == [f"svamp/train:{row}" for row in SUBSET_OF_30]


@given(st.sets(st.integers(0, 39), max_size=39), st.integers(0, 5))
def test_rows_that_are_dropped_leave_the_ranks_of_others(dropped: set[int], seed: int) -> None:
    everything = _examples(40)
    some = [example for row, example in enumerate(everything) if row not in dropped]

    taken = _sources(nested_subset(some, 0.5, seed))

    left = set(_sources(some))
    larger = [_sources(nested_subset(everything, rows / 40, seed)) for rows in range(1, 41)]
    assert taken in [[source for source in sources if source in left] for sources in larger]


def test_subset_by_identity_takes_the_same_rows_whatever_their_sources() -> None:
    rows = _examples(100)
    renamed = [Example("svamp", {"problem": "p"}, "1", None, f"other:{number}") for number in range(100)]

    def number(example: Example) -> str:
        return example.source.rpartition(":")[2]

    taken, also = ([number(row) for row in nested_subset(some, 0.3, 0, number)] for some in (rows, renamed))

    assert taken == also and len(taken) == 30
    assert _sources(nested_subset(rows, 0.3, 0)) != _sources(nested_subset(rows, 0.3, 0, number))


def test_subset_of_few_rows_has_one_at_least() -> None:
    assert len(nested_subset(_examples(3), 0.01, seed=0)) == 1
    assert nested_subset([], 0.5, seed=0) == []


@pytest.mark.parametrize("fraction", [0, -0.1, 1.1])
def test_fraction_out_of_range_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        nested_subset(_examples(2), fraction, seed=0)


def test_choice_is_nested_keeps_the_order_and_does_not_depend_on_it() -> None:
    rows = _examples(100)
    few, more = (_sources(nested_choice(rows, most, seed=3)) for most in (7, 30))

    assert (len(few), len(more)) == (7, 30) and set(few) < set(more)
    assert few == [source for source in _sources(rows) if source in few]
    assert set(few) == set(_sources(nested_choice(rows[::-1], 7, seed=3)))
    assert few != _sources(nested_choice(rows, 7, seed=4))
    assert few != _sources(rows[:7])


def test_choice_of_more_than_there_are_takes_all_as_they_are() -> None:
    rows = _examples(5)

    assert nested_choice(rows, 5, seed=0) == nested_choice(rows, 99, seed=0) == rows
    assert nested_choice(rows, 0, seed=0) == []


def test_choice_among_rows_that_ask_the_same_is_made_by_what_they_hold() -> None:
    rows = [Example("svamp", {"problem": "p"}, str(label), None, f"a:{label}") for label in range(9)]

    taken, turned = (nested_choice(some, 3, 0, lambda row: row.inputs["problem"]) for some in (rows, rows[::-1]))

    assert {row.label for row in taken} == {row.label for row in turned}


def test_negative_number_of_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="must be at least 0"):
        nested_choice(_examples(2), -1, seed=0)
