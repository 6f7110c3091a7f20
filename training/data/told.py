"""`load_told`: load rows to answer, and say what became of the others."""

from __future__ import annotations

from collections.abc import Callable

from training.data.loaded import Labels, Loaded
from training.data.sources import Source, Split


def load_told(
    source: Source, split: Split, tell: Callable[[str], object], *, held_out_labels: Labels = "gold"
) -> Loaded:
    """Load one split as `Source.load` does, without letting rows that cannot be used vanish.

    Test rows are held to the source's `max_bad_share` like those that are trained and validated on.

    Args:
        source: where the rows are.
        split: which part.
        tell: gets the report as a table for people, where rows were dropped.
        held_out_labels: see `Source.load`.

    Raises:
        UnusableRows: more than the source's `max_bad_share` of the rows cannot be used, or all.
        DataError: see `Source.load`.
    """
    loaded = source.load(split, held_out_labels=held_out_labels)
    if split == "test":
        loaded.report.check(source.max_bad_share)
    if loaded.report.dropped:
        tell(loaded.report.as_text())
    return loaded
