"""`LoadReport`: what became of every row of a dataset. No row is lost without a reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from student.errors import DataError

EXAMPLES_PER_REASON = 3
"""How many row sources a reason keeps, for people to look up."""


@dataclass(frozen=True)
class Rejected:
    """Something that cannot be used; `reason` is the short phrase under which the report counts it."""

    reason: str


class UnusableRows(DataError):
    """Too much of a dataset cannot be used; `report` says what and why."""

    def __init__(self, message: str, report: LoadReport) -> None:
        self.report = report
        super().__init__(message)


@dataclass
class Tally:
    """How many rows share a reason, and the sources of the first few."""

    rows: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, source: str) -> None:
        """Count one row."""
        self.rows += 1
        if len(self.examples) < EXAMPLES_PER_REASON:
            self.examples.append(source)


@dataclass
class LoadReport:
    """Counts of one load.

    Attributes:
        name: what was loaded (`cqa/train`).
        rows_used: rows that became an `Example`.
        rows_with_rationale: rows used that have a rationale.
        dropped: rows that are not used, by reason; a row is dropped for one reason only.
        left_out: rows that are not used but have no fault: they lack the answer that is to be learned, as the
            dataset says of itself. They do not count as bad.
        noted: rows that are used although something was repaired or absent; a row may have several notes.
        teacher_compared: rows with gold answer and teacher output, whether used or dropped.
        teacher_agreed: those of them in which the teacher's answer means the same as gold.
    """

    name: str
    rows_used: int = 0
    rows_with_rationale: int = 0
    dropped: dict[str, Tally] = field(default_factory=dict)
    left_out: dict[str, Tally] = field(default_factory=dict)
    noted: dict[str, Tally] = field(default_factory=dict)
    teacher_compared: int = 0
    teacher_agreed: int = 0

    @property
    def rows_dropped(self) -> int:
        """Rows that cannot be used."""
        return sum(tally.rows for tally in self.dropped.values())

    @property
    def rows_left_out(self) -> int:
        """Rows without fault that are not used."""
        return sum(tally.rows for tally in self.left_out.values())

    @property
    def rows_read(self) -> int:
        """All rows: each was used, dropped or left out."""
        return self.rows_used + self.rows_dropped + self.rows_left_out

    @property
    def dropped_share(self) -> float:
        """Part of the rows that was dropped, 0 to 1; 0 if nothing was read."""
        return self.rows_dropped / self.rows_read if self.rows_read else 0.0

    @property
    def teacher_agreement(self) -> float | None:
        """Share of compared rows in which the teacher agrees with gold; None where nothing was compared.

        A teacher's output without a readable answer counts as disagreement.
        """
        return self.teacher_agreed / self.teacher_compared if self.teacher_compared else None

    def use(self, *, with_rationale: bool) -> None:
        """Count a row that became an example."""
        self.rows_used += 1
        self.rows_with_rationale += with_rationale

    def drop(self, reason: str, source: str) -> None:
        """Count a row that cannot be used."""
        self.dropped.setdefault(reason, Tally()).add(source)

    def leave_out(self, reason: str, source: str) -> None:
        """Count a row without fault that is not used."""
        self.left_out.setdefault(reason, Tally()).add(source)

    def note(self, reason: str, source: str) -> None:
        """Count something that was repaired in, or is absent from, a row that is used."""
        self.noted.setdefault(reason, Tally()).add(source)

    def compare_teacher(self, *, agrees: bool) -> None:
        """Count one comparison of the teacher's answer with gold."""
        self.teacher_compared += 1
        self.teacher_agreed += agrees

    def reasons(self) -> str:
        """Why rows were dropped, the most frequent reason first; empty where none was."""
        return "; ".join(
            f"{tally.rows} x {reason} (such as {', '.join(tally.examples)})"
            for reason, tally in _most_first(self.dropped)
        )

    def check(self, max_bad_share: float) -> None:
        """Refuse a dataset of which too much was dropped.

        Args:
            max_bad_share: largest allowed part of dropped rows, 0 to 1.

        Raises:
            UnusableRows: naming the share and the number of rows by reason, or that no row is left at all.
            ValueError: `max_bad_share` is no share.
        """
        if not 0 <= max_bad_share <= 1:
            raise ValueError(f"max_bad_share: {max_bad_share}; must be between 0 and 1")
        if self.rows_used and self.dropped_share <= max_bad_share:
            return
        allowed = f"at most {max_bad_share:.1%} allowed, and one row must be left" if self.rows_used else "none is left"
        raise UnusableRows(
            f"{self.name}: {self.rows_dropped} of {self.rows_read} rows cannot be used "
            f"({self.dropped_share:.1%}; {allowed}): {self.reasons() or 'no rows'}",
            self,
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values, to be saved beside what was trained on it."""
        return {
            "name": self.name,
            "rows_read": self.rows_read,
            "rows_used": self.rows_used,
            "rows_with_rationale": self.rows_with_rationale,
            "rows_dropped": self.rows_dropped,
            "dropped": _tallies_as_dict(self.dropped),
            "rows_left_out": self.rows_left_out,
            "left_out": _tallies_as_dict(self.left_out),
            "noted": _tallies_as_dict(self.noted),
            "teacher_compared": self.teacher_compared,
            "teacher_agreement": self.teacher_agreement,
        }

    def as_text(self) -> str:
        """The report as a table for people."""
        lines = [
            f"{self.name}: {self.rows_read:,} rows read, {self.rows_used:,} used "
            f"({self.rows_with_rationale:,} with a rationale), {self.rows_dropped:,} dropped "
            f"({self.dropped_share:.1%})"
        ]
        if self.teacher_agreement is not None:
            lines.append(f"teacher agrees with gold in {self.teacher_agreement:.1%} of {self.teacher_compared:,} rows")
        entries = [
            _entry(severity, reason, tally, self.rows_read)
            for severity, tallies in (("dropped", self.dropped), ("left out", self.left_out), ("noted", self.noted))
            for reason, tally in _most_first(tallies)
        ]
        if entries:
            table = [("severity", "rows", "share", "reason", "such as"), *entries]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            lines.extend(
                "  ".join(
                    cell.rjust(width) if heading in ("rows", "share") else cell.ljust(width)
                    for heading, cell, width in zip(table[0], entry, widths, strict=True)
                ).rstrip()
                for entry in table
            )
        return "\n".join(lines)


def _entry(severity: str, reason: str, tally: Tally, rows_read: int) -> tuple[str, ...]:
    return severity, f"{tally.rows:,}", f"{tally.rows / rows_read:.1%}", reason, ", ".join(tally.examples)


def _most_first(tallies: dict[str, Tally]) -> list[tuple[str, Tally]]:
    return sorted(tallies.items(), key=lambda item: (-item[1].rows, item[0]))


def _tallies_as_dict(tallies: dict[str, Tally]) -> dict[str, dict[str, Any]]:
    return {reason: {"rows": tally.rows, "examples": list(tally.examples)} for reason, tally in _most_first(tallies)}
