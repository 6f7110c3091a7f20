"""Counting rows that agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Agreement:
    """A count of rows that agree."""

    rows: int = 0
    equal: int = 0

    def add(self, equal: bool) -> None:
        """Count one row."""
        self.rows += 1
        self.equal += equal

    @property
    def share(self) -> float:
        """Share of equal rows; 1 where there were none."""
        return self.equal / self.rows if self.rows else 1.0
