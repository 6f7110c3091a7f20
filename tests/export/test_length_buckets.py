from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.length_buckets import MOST, STEP, choose_length_buckets, padding_share


@given(st.lists(st.integers(1, 200), max_size=60))
def test_buckets_ascend_and_end_in_the_longest(lengths: list[int]) -> None:
    buckets = choose_length_buckets(lengths, 200)
    assert list(buckets) == sorted(set(buckets)) and buckets[-1] == 200 and len(buckets) <= MOST
    assert all(bucket % STEP == 0 for bucket in buckets[:-1])


def test_no_other_choice_pads_less() -> None:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 96, 400).tolist()
    chosen = choose_length_buckets(lengths, 96)
    best = min(padding_share(lengths, (*others, 96)) for others in itertools.combinations(range(8, 96, 8), MOST - 1))
    # The made-up lengths are few beside 400 rows.
    assert padding_share(lengths, chosen) == pytest.approx(best, abs=0.005)


def test_lengths_that_no_row_had_are_not_padded_to_the_longest() -> None:
    buckets = choose_length_buckets([20] * 500, 1024)
    assert next(bucket for bucket in buckets if bucket >= 100) < 1024 / 4


def test_padding_share() -> None:
    assert padding_share([8, 4], (8, 16)) == pytest.approx(4 / 16)
    assert padding_share([8, 16], (8, 16)) == 0.0
