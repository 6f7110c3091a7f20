from __future__ import annotations

import pytest

from training.sampler import LengthGroupedSampler

LENGTHS = [((7 * number) % 50 + 1, (11 * number) % 37 + 1) for number in range(330)]


def batches(order: list[int], size: int) -> list[list[int]]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def test_every_row_comes_once() -> None:
    sampler = LengthGroupedSampler(LENGTHS, batch_size=4, seed=0)
    assert sorted(sampler) == list(range(330))
    assert len(sampler) == 330


@pytest.mark.parametrize("side", [0, 1], ids=["read", "written"])
def test_batches_hold_rows_of_similar_length(side: int) -> None:
    def padding(order: list[int]) -> int:
        lengths = [[LENGTHS[row][side] for row in batch] for batch in batches(order, 8)]
        return sum(max(batch) * len(batch) - sum(batch) for batch in lengths)

    assert padding(list(LengthGroupedSampler(LENGTHS, batch_size=8, seed=0))) < 0.6 * padding(list(range(330)))


def test_rows_that_write_alike_are_sorted_by_what_they_read() -> None:
    lengths = [(source, 4) for source, _ in LENGTHS]
    order = list(LengthGroupedSampler(lengths, batch_size=8, seed=0))
    padded = sum(max(LENGTHS[row][0] for row in batch) * len(batch) for batch in batches(order, 8))
    assert padded < 1.1 * sum(source for source, _ in lengths)


def test_long_batches_come_at_any_time() -> None:
    order = list(LengthGroupedSampler(LENGTHS, 4, 0))
    longest = [max(LENGTHS[row][0] for row in batch) for batch in batches(order, 4)]
    assert longest[:32] != sorted(longest[:32])
    assert longest[:32] != sorted(longest[:32], reverse=True)


def test_the_order_is_that_of_seed_and_epoch() -> None:
    first, again = (LengthGroupedSampler(LENGTHS, 4, seed=3) for _ in range(2))
    assert list(first) == list(again)
    assert list(LengthGroupedSampler(LENGTHS, 4, seed=4)) != list(again)
    first.set_epoch(1)
    assert list(first) != list(again)
    again.set_epoch(1)
    assert list(first) == list(again)


@pytest.mark.parametrize("rows", [1, 3, 4, 65])
def test_only_the_last_batch_may_be_short(rows: int) -> None:
    order = list(LengthGroupedSampler([(5, 2)] * rows, batch_size=4, seed=0))
    assert sorted(order) == list(range(rows))
