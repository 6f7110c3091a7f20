from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from student.grouping import share_runs

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=7)


def cost(runs: Sequence[Sequence[int]], lengths: Sequence[int], run_tokens: int) -> int:
    return sum(run_tokens + len(run) * max(lengths[place] for place in run) for run in runs)


def all_partitions(places: list[int]) -> list[list[list[int]]]:
    if not places:
        return [[]]
    first, rest = places[0], places[1:]
    made = []
    for smaller in all_partitions(rest):
        made.append([[first], *smaller])
        made += [[*smaller[:i], [first, *smaller[i]], *smaller[i + 1 :]] for i in range(len(smaller))]
    return made


@given(LENGTHS, st.integers(0, 80))
def test_no_other_way_takes_fewer_tokens(lengths: list[int], run_tokens: int) -> None:
    runs = share_runs(lengths, run_tokens)
    assert sorted(place for run in runs for place in run) == list(range(len(lengths)))
    best = min(cost(other, lengths, run_tokens) for other in all_partitions(list(range(len(lengths)))))
    assert cost(runs, lengths, run_tokens) == best


@given(LENGTHS, st.integers(0, 80), st.integers(1, 4), st.integers(1, 120))
def test_runs_keep_their_bounds(lengths: list[int], run_tokens: int, max_rows: int, max_tokens: int) -> None:
    for run in share_runs(lengths, run_tokens, max_rows, max_tokens):
        assert len(run) <= max_rows
        assert len(run) == 1 or len(run) * max(lengths[place] for place in run) <= max_tokens


def test_nothing_needs_no_run() -> None:
    assert share_runs([], 40) == []
