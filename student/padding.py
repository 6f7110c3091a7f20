"""Sizes that batches are padded to, where shapes have to be few: the length buckets, and powers of two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from student.errors import QuickstepError

IntArray = npt.NDArray[np.int64]


def bucket(size: int, buckets: Sequence[int], what: str) -> int:
    """The smallest bucket that holds so many.

    Args:
        size: how many.
        buckets: ascending.
        what: names them in the error.

    Raises:
        QuickstepError: none does.
    """
    for limit in buckets:
        if size <= limit:
            return limit
    raise QuickstepError(f"{size} {what} in a batch, the largest bucket holds {buckets[-1]}")


def power_of_two(size: int) -> int:
    """The smallest power of two that is no less."""
    return 1 << (size - 1).bit_length()


def pad_rows(rows: Sequence[Sequence[int]], length: int, pad_token: int) -> tuple[IntArray, npt.NDArray[np.int32]]:
    """Rows of tokens as one array, and which of its tokens are theirs.

    Args:
        rows: token ids.
        length: columns, at least those of the longest row.
        pad_token: fills up.

    Returns:
        [rows, length] int64, and [rows, length] int32 with 1 for real tokens.
    """
    ids = np.full((len(rows), length), pad_token, dtype=np.int64)
    mask = np.zeros((len(rows), length), dtype=np.int32)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask
