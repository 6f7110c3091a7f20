"""How good rationales are, as numbers, and which of them a student should not learn from.

The paper trains on whatever the teacher wrote and leaves open what better rationales would give. Here every training
rationale is scored before anything is trained, and a recipe can leave out those below its marks. A row whose rationale
is left out goes on training the label: that is gold's (or the teacher's), whatever its explanation is worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field

from student.answers import conclusion, same_answer
from student.rules import Ruled, rule
from student.task import Task
from training.data.example import Example
from training.data.rationales import reasoning
from training.data.report import Tally

_GRAM = 3
"""Words that are looked for together: three in a row seldom come again by chance."""

_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Scores:
    """What can be said of one rationale without knowing more than its row.

    Attributes:
        agrees: it ends in the label that the row teaches.
        words: of its reasoning, the concluding sentence left out.
        repetition: share of the reasoning's runs of three words that stand in it before, 0 to 1.
        copied: share of the reasoning's runs of three words that stand in the question, 0 to 1.
    """

    agrees: bool
    words: int
    repetition: float
    copied: float


def score(task: Task, example: Example) -> Scores:
    """Score the rationale of an example.

    Raises:
        ValueError: the example has none.
    """
    if example.rationale is None:
        raise ValueError(f"{example.source}: has no rationale to score")
    stated = conclusion(task, example.rationale)
    words = reasoning(task, example.rationale).casefold().split()
    grams = _grams(words)
    asked = set(_grams(task.render(example.inputs, example.choices).casefold().split()))
    return Scores(
        agrees=stated is not None and same_answer(task, stated, example.label),
        words=len(words),
        repetition=1 - len(set(grams)) / len(grams) if grams else 0.0,
        copied=sum(gram in asked for gram in grams) / len(grams) if grams else 0.0,
    )


class RationaleFilter(Ruled):
    """Which rationales are learnt. What is absent leaves none out.

    Attributes:
        agree: only those that end in the label that their row teaches.
        min_words: of the reasoning.
        max_words: of the reasoning.
        max_repetition: see `Scores.repetition`.
        max_copied: see `Scores.copied`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    agree: bool = False
    min_words: Annotated[int, Field(ge=1)] | None = None
    max_words: Annotated[int, Field(ge=1)] | None = None
    max_repetition: Annotated[float, Field(ge=0, le=1)] | None = None
    max_copied: Annotated[float, Field(ge=0, le=1)] | None = None

    @rule("min_words", "max_words")
    def _something_passes(self) -> Iterator[str]:
        if self.min_words is not None and self.max_words is not None and self.min_words > self.max_words:
            yield f"min_words ({self.min_words}) is above max_words ({self.max_words})"

    def refusals(self, scores: Scores) -> list[str]:
        """Every mark that a rationale misses; none if it is learnt."""
        missed = []
        if self.agree and not scores.agrees:
            missed.append("end in another answer than the label")
        if self.min_words is not None and scores.words < self.min_words:
            missed.append(f"under {self.min_words} words")
        if self.max_words is not None and scores.words > self.max_words:
            missed.append(f"over {self.max_words} words")
        if self.max_repetition is not None and scores.repetition > self.max_repetition:
            missed.append(f"repetition over {self.max_repetition:g}")
        if self.max_copied is not None and scores.copied > self.max_copied:
            missed.append(f"copied over {self.max_copied:g}")
        return missed


@dataclass
class RationaleReport:
    """What the rationales of the training rows are like, and how many are left out.

    Attributes:
        rows: training rows.
        scored: the scores of each rationale, in the order of the rows.
        left_out: rationales that are not learnt, by the mark they miss; one may miss several.
        rationales_left_out: how many rationales these are.
    """

    rows: int = 0
    scored: list[Scores] = field(default_factory=list)
    left_out: dict[str, Tally] = field(default_factory=dict)
    rationales_left_out: int = 0

    @property
    def none_left(self) -> bool:
        """Whether there were rationales and the marks left out all of them."""
        return 0 < len(self.scored) == self.rationales_left_out

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready figures; quantiles are those of 5, 50 and 95 %."""
        figures: dict[str, Any] = {"rows": self.rows, "rationales": len(self.scored)}
        if self.scored:
            figures["agree_with_label"] = sum(scores.agrees for scores in self.scored) / len(self.scored)
            for name in ("words", "repetition", "copied"):
                values = [getattr(scores, name) for scores in self.scored]
                figures[name] = [round(float(value), 4) for value in np.quantile(values, _QUANTILES)]
        figures["left_out"] = self.rationales_left_out
        figures["reasons"] = {
            reason: {"rows": tally.rows, "examples": list(tally.examples)}
            for reason, tally in sorted(self.left_out.items())
        }
        return figures

    def as_text(self) -> str:
        """One line for people."""
        if not self.scored:
            return f"none in {self.rows:,} rows"
        figures = self.as_dict()
        parts = [
            f"{len(self.scored):,} in {self.rows:,} rows, {figures['agree_with_label']:.1%} end in the label",
            "words {:.0f} ({:.0f} to {:.0f})".format(*(figures["words"][place] for place in (1, 0, 2))),
            f"95th percentiles: repetition {figures['repetition'][2]:.0%}, copied {figures['copied'][2]:.0%}",
        ]
        if self.rationales_left_out:
            reasons = ", ".join(f"{tally.rows:,} {reason}" for reason, tally in sorted(self.left_out.items()))
            parts.append(f"{self.rationales_left_out:,} left out ({reasons})")
        return "; ".join(parts)


def filter_rationales(
    examples: Sequence[Example], tasks: Mapping[str, Task], marks: RationaleFilter
) -> tuple[list[Example], dict[str, RationaleReport]]:
    """Score every rationale and leave out those that miss a mark.

    Returns:
        The same rows in the same order, without the rationales that were left out; and a report for each task.
    """
    reports: dict[str, RationaleReport] = {}
    kept = []
    for example in examples:
        report = reports.setdefault(example.task, RationaleReport())
        report.rows += 1
        if example.rationale is not None:
            scores = score(tasks[example.task], example)
            report.scored.append(scores)
            refusals = marks.refusals(scores)
            for reason in refusals:
                report.left_out.setdefault(reason, Tally()).add(example.source)
            if refusals:
                report.rationales_left_out += 1
                example = replace(example, rationale=None)
        kept.append(example)
    return kept, reports


def _grams(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[place : place + _GRAM]) for place in range(len(words) - _GRAM + 1)]
