"""Which phrasing templates and words a split may use.

The test split shows whether a student learned to read rather than to recognise: whole templates and a share of
the words never occur in training. Items are ranked by a digest of their own, and the lowest share is held out: adding
items moves only those whose rank comes to lie on the other side of a border.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Split = Literal["train", "validation", "test"]

T = TypeVar("T")


@dataclass(frozen=True)
class Pool(Generic[T]):
    """Items divided by use: `seen` may occur everywhere, the others only in the split they are named for."""

    seen: tuple[T, ...]
    validation: tuple[T, ...]
    test: tuple[T, ...]

    def new(self, split: Split) -> tuple[T, ...]:
        """The held-out items of a split; empty for train."""
        return {"train": (), "validation": self.validation, "test": self.test}[split]


def held_out(items: Iterable[T], share: float, salt: str) -> Pool[T]:
    """Divide items into a seen pool and two held-out pools.

    Args:
        items: templates or words; `str(item)` identifies each.
        share: part of the items that is held out (at least two items); a third of it goes to
            validation, the rest to test.
        salt: separates pools that contain equal items.

    Returns:
        The pool, each part in the order of `items`.
    """
    ordered = list(items)
    ranked = sorted(ordered, key=lambda item: hashlib.sha256(f"{salt}/{item}".encode()).digest())
    count = max(2, round(len(ordered) * share))
    validation_count = max(1, count // 3)
    validation = {str(item) for item in ranked[:validation_count]}
    test = {str(item) for item in ranked[validation_count:count]}
    return Pool(
        seen=tuple(item for item in ordered if str(item) not in validation | test),
        validation=tuple(item for item in ordered if str(item) in validation),
        test=tuple(item for item in ordered if str(item) in test),
    )
