"""The ledger: what a run asked, paid and got, counted from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from student.answers import same_answer
from student.task import Task
from training.data.report import Tally
from training.data.teacher_output import TeacherAnswer
from training.teacher.base import Identity
from training.teacher.prices import Spending
from training.teacher.rows import InputRow

_COST_DIGITS = 6


@dataclass
class Agreement:
    """How often the teacher's answers are the gold ones.

    Attributes:
        compared: rows with a gold answer and something from the teacher; what could not be read disagrees.
        agreed: those in which the label means the same as gold.
        agreed_by_own_words: those in which the teacher's own words do (see `TeacherAnswer.own_words`).
        gold_unreadable: rows whose gold label cannot be read; they are compared with nothing.
    """

    compared: int = 0
    agreed: int = 0
    agreed_by_own_words: int = 0
    gold_unreadable: int = 0

    def compare(self, task: Task, row: InputRow, answer: TeacherAnswer | None) -> None:
        """Count a row that the teacher answered, readably or not."""
        self.gold_unreadable += row.gold_problem is not None
        if row.gold is None:
            return
        self.compared += 1
        if answer is not None:
            self.agreed += same_answer(task, answer.label, row.gold)
            self.agreed_by_own_words += same_answer(task, answer.own_words, row.gold)

    @property
    def share(self) -> float | None:
        """Agreement of the labels, 0 to 1; None where nothing was compared."""
        return self.agreed / self.compared if self.compared else None

    @property
    def share_by_own_words(self) -> float | None:
        """Agreement of the teacher's own words, 0 to 1; None where nothing was compared."""
        return self.agreed_by_own_words / self.compared if self.compared else None


@dataclass
class Ledger:
    """Counts of an annotation.

    Attributes:
        task: its name.
        identity: of the run.
        spending: tokens and cost.
        samples: asked of each row.
        rows: of the input, as far as they were to be asked.
        rows_left_out: of the input, after those.
        labelled: rows with a label and a rationale.
        rejected: rows whose answers cannot be read, by reason.
        refused: rows that got no answer and will get none, by reason.
        unusable: rows that cannot be asked about, by reason.
        unanswered: rows without an answer yet.
        fewer_samples: labelled or rejected rows of which not every sample was answered.
        failed_tries: requests that failed, over all runs.
        noted: what was not as it should be but could be read, by reason; counted by sample.
        agreement: with gold.
    """

    task: Task
    identity: Identity
    spending: Spending
    samples: int
    rows: int = 0
    rows_left_out: int = 0
    labelled: int = 0
    rejected: dict[str, Tally] = field(default_factory=dict)
    refused: dict[str, Tally] = field(default_factory=dict)
    unusable: dict[str, Tally] = field(default_factory=dict)
    unanswered: int = 0
    fewer_samples: int = 0
    failed_tries: int = 0
    noted: dict[str, Tally] = field(default_factory=dict)
    agreement: Agreement = field(default_factory=Agreement)

    def as_dict(self) -> dict[str, object]:
        """The ledger as JSON-ready values."""
        spending = self.spending
        return {
            "task": self.task.name,
            "run": dict(self.identity),
            "samples": self.samples,
            "rows": self.rows,
            "rows_left_out": self.rows_left_out,
            "rows_labelled": self.labelled,
            "rows_rejected": count(self.rejected),
            "rows_refused": count(self.refused),
            "rows_unusable": count(self.unusable),
            "rows_not_answered": self.unanswered,
            "rows_with_fewer_samples": self.fewer_samples,
            "rejected": by_reason(self.rejected),
            "refused": by_reason(self.refused),
            "unusable": by_reason(self.unusable),
            "noted": by_reason(self.noted),
            "calls": spending.calls,
            "failed_tries": self.failed_tries,
            "prompt_tokens": spending.prompt_tokens,
            "output_tokens": spending.output_tokens,
            "calls_without_token_counts": spending.calls_without_tokens,
            "cost": None if spending.cost is None else round(spending.cost, _COST_DIGITS),
            "prices": None if spending.price is None else spending.price.model_dump(),
            "gold_compared": self.agreement.compared,
            "gold_agreement": _rounded(self.agreement.share),
            "gold_agreement_by_own_words": _rounded(self.agreement.share_by_own_words),
            "gold_unreadable": self.agreement.gold_unreadable,
        }

    def as_text(self) -> str:
        """The ledger for people."""
        spending, agreement = self.spending, self.agreement
        told = spending.calls - spending.calls_without_tokens
        lines = [
            f"{self.task.name}: {self.rows:,} rows, {self.labelled:,} labelled, {count(self.rejected):,} rejected, "
            f"{count(self.refused):,} refused, {count(self.unusable):,} unusable, {self.unanswered:,} not answered",
            f"{spending.calls:,} answers, {self.failed_tries:,} failed tries",
        ]
        if told:
            lines[-1] += f", {spending.prompt_tokens:,} tokens read, {spending.output_tokens:,} written"
        if spending.cost is not None:
            lines[-1] += f", cost {spending.cost:,.4f}"
        if spending.calls_without_tokens and (told or spending.price is not None):
            lines.append(f"{spending.calls_without_tokens:,} answers did not say how many tokens they took")
        if agreement.share is not None and agreement.share_by_own_words is not None:
            lines.append(
                f"agrees with gold in {agreement.share:.1%} of {agreement.compared:,} rows "
                f"({agreement.share_by_own_words:.1%} by its own words)"
            )
        if agreement.gold_unreadable:
            lines.append(f"{agreement.gold_unreadable:,} rows have a gold label that cannot be read")
        if self.fewer_samples:
            lines.append(f"{self.fewer_samples:,} rows have fewer samples than were asked for")
        for severity in ("rejected", "refused", "unusable", "noted"):
            for reason, tally in _most_first(getattr(self, severity)):
                lines.append(f"  {severity} {tally.rows:,} x {reason} (such as {', '.join(tally.examples)})")
        return "\n".join(lines)


def count(tallies: Mapping[str, Tally]) -> int:
    """All rows of some tallies."""
    return sum(tally.rows for tally in tallies.values())


def by_reason(tallies: Mapping[str, Tally]) -> dict[str, int]:
    """Rows by reason, the commonest first."""
    return {reason: tally.rows for reason, tally in _most_first(tallies)}


def _most_first(tallies: Mapping[str, Tally]) -> list[tuple[str, Tally]]:
    return sorted(tallies.items(), key=lambda item: (-item[1].rows, item[0]))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
