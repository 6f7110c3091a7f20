"""A validation split for datasets that come without one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from student.errors import DataError
from training.data.example import Example


def split_validation(examples: Iterable[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Divide examples into training and validation rows by a digest of their source.

    Each row is decided on its own, so that dropping, adding or reordering others moves none: training on the
    teacher's labels, which has fewer rows, leaves the same rows for validation. The number of validation rows
    is therefore close to the share, not exactly it.

    Args:
        examples: rows with distinct sources.
        share: part for validation, at least 0 and below 1; 0 leaves all rows for training.
        seed: another seed gives another split.

    Returns:
        Training rows and validation rows, each in the given order.

    Raises:
        DataError: one of the two would be empty although the share asks for both.
        ValueError: `share` is out of range.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share: {share}; must be at least 0 and below 1")
    training: list[Example] = []
    validation: list[Example] = []
    for example in examples:
        (validation if _position(example.source, seed) < share else training).append(example)
    if share and not (training and validation):
        raise DataError(
            f"validation split: {len(training)} training and {len(validation)} validation rows at a share of "
            f"{share:g}; give more rows or another share"
        )
    return training, validation


def _position(source: str, seed: int) -> float:
    """Where a row stands between 0 and 1, evenly spread over rows."""
    digest = hashlib.sha256(f"{seed}/{source}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
