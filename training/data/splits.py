"""A validation split for datasets that come without one, and nested parts of training and validation rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from student.errors import DataError
from training.data.example import Example


def split_validation(
    examples: Iterable[Example], share: float, seed: int, group: Callable[[Example], str] | None = None
) -> tuple[list[Example], list[Example]]:
    """Divide examples into training and validation rows by a digest of their source, or of their group.

    Each row is decided on its own, so that dropping, adding or reordering others moves none. The number of
    validation rows is therefore close to the share, not exactly it.

    Args:
        examples: rows with distinct sources.
        share: part for validation, at least 0 and below 1; 0 leaves all rows for training.
        seed: another seed gives another split.
        group: what rows must share to stay together (a premise that several rows have, or the question itself);
            None: each is on its own, and decided by its source.

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
        key = example.source if group is None else group(example)
        (validation if _position(key, seed) < share else training).append(example)
    if share and not (training and validation):
        raise DataError(
            f"validation split: {len(training)} training and {len(validation)} validation rows at a share of "
            f"{share:g}; give more rows or another share"
        )
    return training, validation


def nested_subset(
    examples: Sequence[Example], fraction: float, seed: int, identity: Callable[[Example], str] | None = None
) -> list[Example]:
    """The rows of a fraction, such that those of a smaller fraction are among those of a larger one.

    Rows are ranked by a digest of their source, or of their identity, and the first so many are taken; of rows
    with equal digests the earlier goes first. Leaving rows out (those whose teacher could not be read) changes no
    other row's rank against the rest.

    Args:
        examples: rows with distinct sources.
        fraction: above 0, at most 1; the number of rows is rounded, and at least 1.
        seed: another seed gives other subsets.
        identity: what a row is ranked by, such as its question; None: its source.

    Returns:
        The rows, in the given order.

    Raises:
        ValueError: `fraction` is out of range.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction: {fraction}; must be above 0 and at most 1")
    # Apart from the validation split's digest: rows low in that one are gone, so that its ranks are not even.
    ranks = [_position(f"subset/{row.source if identity is None else identity(row)}", seed) for row in examples]
    ranked = sorted(range(len(examples)), key=ranks.__getitem__)
    return [examples[place] for place in sorted(ranked[: max(1, round(fraction * len(ranked)))])]


def nested_choice(
    examples: Sequence[Example], most: int, seed: int, identity: Callable[[Example], str] | None = None
) -> list[Example]:
    """At most so many rows to validate on, such that those of a smaller number are among those of a larger one.

    A file's first rows may all be of one label or one origin; these are drawn by a digest of their source, or of
    their identity, and so are the same however the file is sorted.

    Args:
        examples: rows with distinct sources.
        most: how many, at least 0.
        seed: another seed draws other rows.
        identity: what a row is drawn by, such as its question; None: its source.

    Returns:
        The rows, in the given order.

    Raises:
        ValueError: `most` is negative.
    """
    if most < 0:
        raise ValueError(f"most: {most}; must be at least 0")

    def rank(place: int) -> tuple[float, str, str]:
        row = examples[place]
        # Of rows that ask the same, what they hold decides, not which comes first.
        key = row.source if identity is None else identity(row)
        return _position(f"validation/{key}", seed), row.label, row.rationale or ""

    return [examples[place] for place in sorted(sorted(range(len(examples)), key=rank)[:most])]


def _position(key: str, seed: int) -> float:
    """Where a row stands between 0 and 1, evenly spread over rows."""
    digest = hashlib.sha256(f"{seed}/{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
