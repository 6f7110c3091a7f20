"""Choosing the bundle's length buckets: as few lengths as will do, with as little padding as they can."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

STEP = 8
"""Lengths are multiples of it, but for the longest: what matrix kernels like."""

MOST = 8
"""Buckets of a bundle. Each is a run at start, and on a GPU a captured graph and a profile."""


def choose_length_buckets(lengths: Sequence[int], longest: int) -> tuple[int, ...]:
    """The buckets with the least padding of these rows.

    Counted with them are a few made-up lengths, evenly spread over all orders of magnitude: what no row had, a client
    may send, and shall not be padded to the longest for it.

    Args:
        lengths: source tokens of real rows, none above `longest`.
        longest: the last bucket, whether a row is so long or not.

    Returns:
        Ascending, at most `MOST`.
    """
    candidates = [*range(STEP, longest, STEP), longest]
    counts, tokens = np.zeros(len(candidates), dtype=np.int64), np.zeros(len(candidates), dtype=np.int64)
    spread = [round(longest / 2 ** (half / 2)) for half in range(2 * int(math.log2(longest)))]
    for length in (*lengths, *spread):
        place = next(i for i, candidate in enumerate(candidates) if length <= candidate)
        counts[place] += 1
        tokens[place] += length
    counts_before, tokens_before = np.append(0, np.cumsum(counts)), np.append(0, np.cumsum(tokens))

    def padding(after: int, last: int) -> int:
        """Of the rows in candidates `after` to `last`, all padded to the last."""
        rows = counts_before[last + 1] - counts_before[after]
        return int(rows * candidates[last] - (tokens_before[last + 1] - tokens_before[after]))

    # best[i]: least padding of rows up to candidate i, with i the last of some buckets, and those buckets.
    best = {i: (padding(0, i), (candidates[i],)) for i in range(len(candidates))}
    for _ in range(MOST - 1):
        best = {
            i: min([best[i], *((best[j][0] + padding(j + 1, i), (*best[j][1], candidates[i])) for j in range(i))])
            for i in range(len(candidates))
        }
    return best[len(candidates) - 1][1]


def padding_share(lengths: Sequence[int], buckets: Sequence[int]) -> float:
    """Share of padding in rows that are padded to their bucket: what is wasted where shapes have to be fixed."""
    padded = sum(next(bucket for bucket in buckets if length <= bucket) for length in lengths)
    return 1 - sum(lengths) / padded
