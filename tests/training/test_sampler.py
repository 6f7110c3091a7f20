from __future__ import annotations

import pytest

from training.sampler import LengthGroupedSampler

LENGTHS = [(7 * number) % 50 + 1 for number in range(330)]


def batches(order: list[int], size: int) -> list[list[int]]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def test_every_row_comes_once() -> None:
    sampler = LengthGroupedSampler(LENGTHS, batch_size=4, seed=0)
    assert sorted(sampler) == list(range(330))
    assert len(sampler) == 330


def test_batches_hold_rows_of_similar_length() -> None:
    def padding(order: list[int]) -> int:
        return sum(max(LENGTHS[row] for row in batch) * len(batch) for batch in batches(order, 8)) - sum(LENGTHS)

    assert padding(list(LengthGroupedSampler(LENGTHS, batch_size=8, seed=0))) < 0.3 * padding(list(range(330)))


def test_long_batches_come_at_any_time() -> None:
    longest = [max(LENGTHS[row] for row in batch) for batch in batches(list(LengthGroupedSampler(LENGTHS, 4, 0)), 4)]
    assert longest[:16] != sorted(longest[:16])
    assert longest[:16] != sorted(longest[:16], reverse=True)


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
    order = list(LengthGroupedSampler([5] * rows, batch_size=4, seed=0))
    assert sorted(order) == list(range(rows))
