"""95 % confidence intervals of shares."""

from __future__ import annotations

import math
from statistics import NormalDist

LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)

Interval = tuple[float, float]


def wilson_interval(successes: int, rows: int) -> Interval:
    """The score interval of a share (Wilson 1927), at 95 %.

    Unlike the share plus and minus its deviation, it stays within 0 and 1 and has a width where all rows succeed.

    Args:
        successes: 0 to `rows`.
        rows: at least 1.

    Raises:
        ValueError: a number is out of range.
    """
    if rows < 1 or not 0 <= successes <= rows:
        raise ValueError(f"{successes} of {rows}: must be 0 or more of at least as many, and of one row at least")
    share = successes / rows
    middle = share + Z**2 / (2 * rows)
    half = Z * math.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    divisor = 1 + Z**2 / rows
    low, high = (middle - half) / divisor, (middle + half) / divisor
    # At the ends the bound is the share itself; rounding must not put it beside it.
    return (0.0 if successes == 0 else low), (1.0 if successes == rows else high)


def share_with_interval(name: str, successes: int, rows: int) -> dict[str, float | Interval | None]:
    """`{name: share, name_interval: (low, high)}`; both None where there are no rows."""
    if not rows:
        return {name: None, f"{name}_interval": None}
    return {name: successes / rows, f"{name}_interval": wilson_interval(successes, rows)}
