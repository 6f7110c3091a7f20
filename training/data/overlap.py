"""Questions that come more than once: among training rows, and in training and held-out rows alike.

Two rows are *the same* if their inputs and choices are, in Unicode's compatibility form (NFKC), ignoring case
and white space. They are *near* if the runs of five words of their inputs are: the Jaccard similarity of the two
sets (size of the intersection over that of the union) is at least `NEAR`. Runs do not cross input fields, a field
of fewer words is one run, and choices do not count. That finds copies with a word changed in the middle of a text
of twenty words, or two in forty; in shorter ones a changed word touches most runs, and rewordings it does not find
at all. What it finds need not be a leak: a premise with another hypothesis is near, and so are two sums about
other numbers. It is for people to look at.

Pairs are found exactly, not by sampling: with the runs of each row in order of rarity, two sets that are alike
enough share one of their first few (prefix filtering: Bayardo et al. 2007, *Scaling Up All Pairs Similarity
Search*), so only rows that share a rare run are compared.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from training.data.example import Example
from training.data.report import EXAMPLES_PER_REASON

NEAR = 0.5
"""Jaccard similarity from which two rows are near."""
RUN_WORDS = 5

Key = tuple[str, ...]
_Runs = frozenset[tuple[str, ...]]


def question_key(example: Example) -> Key:
    """What two rows share if they ask the same."""
    inputs = [f"{name}={_folded(text)}" for name, text in sorted(example.inputs.items())]
    return (example.task, *inputs, *map(_folded, example.choices))


def question_text(example: Example) -> str:
    """`question_key` as one text, different for different keys: what validation cuts and subsets take a digest of."""
    return json.dumps(["question", *question_key(example)])


@dataclass
class Pairs:
    """How many rows have a like one among others, and the first few with theirs."""

    rows: int = 0
    examples: list[dict[str, str]] = field(default_factory=list)

    def add(self, row: Example, like: Example, **facts: str) -> None:
        """Count one row."""
        self.rows += 1
        if len(self.examples) < EXAMPLES_PER_REASON:
            self.examples.append({"row": row.source, "like": like.source, **facts})

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {"rows": self.rows, "examples": self.examples}


@dataclass
class Duplicates:
    """Rows that repeat an earlier one.

    Attributes:
        repeated: all of them.
        with_other_label: those of them whose label is not that of the earlier row.
        held_out: further rows that repeat one of the validation rows.
    """

    repeated: Pairs = field(default_factory=Pairs)
    with_other_label: Pairs = field(default_factory=Pairs)
    held_out: Pairs = field(default_factory=Pairs)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {name: getattr(self, name).as_dict() for name in ("repeated", "with_other_label", "held_out")}


def find_duplicates(examples: Iterable[Example], held_out: Iterable[Example]) -> tuple[list[Example], Duplicates]:
    """Training rows without those that ask what an earlier one or a held-out row asks.

    Returns:
        The rows that are left, in the given order, and what was found.
    """
    validated: dict[Key, Example] = {}
    for row in held_out:
        validated.setdefault(question_key(row), row)
    first: dict[Key, Example] = {}
    found = Duplicates()
    kept = []
    for row in examples:
        key = question_key(row)
        earlier = first.setdefault(key, row)
        if earlier is not row:
            found.repeated.add(row, earlier)
            if earlier.label != row.label:
                found.with_other_label.add(row, earlier, label=row.label, like_label=earlier.label)
        elif key in validated:
            found.held_out.add(row, validated[key])
        else:
            kept.append(row)
    return kept, found


@dataclass
class Overlap:
    """Held-out rows whose question is also among others: the training rows, or for test rows those of validation.

    Attributes:
        task: the rows' task.
        held_out: what they are (`validation` or `test`).
        among: what they were looked for among (`training` or `validation`).
        rows: how many rows were held out.
        same: those whose question one of the others asks.
        near: further ones, which one nearly asks.
        grouped: those that share their group, such as a premise, with one, whatever they ask; None for tasks whose
            rows have no groups.
    """

    task: str
    held_out: str
    rows: int
    same: Pairs = field(default_factory=Pairs)
    near: Pairs = field(default_factory=Pairs)
    grouped: Pairs | None = None
    among: str = "training"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        counts = {"task": self.task, "held_out": self.held_out, "among": self.among, "rows": self.rows}
        grouped = {} if self.grouped is None else {"same_premise": self.grouped.as_dict()}
        return {**counts, "same": self.same.as_dict(), "near": self.near.as_dict(), "near_from": NEAR, **grouped}

    def warning(self) -> str | None:
        """One line for people, or None where nothing was found."""
        told = []
        if self.same.rows:
            then = "they test memory" if self.among == "training" else "the best step is chosen by them"
            told.append(f"{self.same.rows:,} ask what a {self.among} row asks ({_first(self.same)}), so that {then}")
        if self.near.rows:
            told.append(f"{self.near.rows:,} ask nearly that ({_first(self.near)}): look at them")
        if self.grouped is not None and self.grouped.rows:
            told.append(f"{self.grouped.rows:,} have the premise of a {self.among} row ({_first(self.grouped)})")
        return f"{self.task}: of {self.rows:,} {self.held_out} rows {'; '.join(told)}" if told else None


def _first(pairs: Pairs) -> str:
    return f"first {pairs.examples[0]['row']}, like {pairs.examples[0]['like']}"


def find_overlap(
    training: Sequence[Example],
    held_out: Sequence[Example],
    name: str,
    group: Callable[[Example], str] | None = None,
    among: str = "training",
) -> Overlap:
    """Look for each held-out row among the training rows, or others.

    Args:
        training: rows of one task.
        held_out: rows of the same task.
        name: what the held-out rows are.
        group: what rows of one premise have in common; None where there are no premises.
        among: what the others are, if not training rows.
    """
    task = held_out[0].task if held_out else ""
    found = Overlap(task, name, len(held_out), among=among)
    asked = {question_key(row): row for row in reversed(training)}
    rest = []
    for row in held_out:
        like = asked.get(question_key(row))
        if like is None:
            rest.append(row)
        else:
            found.same.add(row, like)
    for row, like, similarity in _near_pairs(training, rest):
        found.near.add(row, like, similarity=f"{similarity:.2f}")
    if group is not None:
        found.grouped = Pairs()
        groups = {group(row): row for row in reversed(training)}
        for row in held_out:
            if (like := groups.get(group(row))) is not None:
                found.grouped.add(row, like)
    return found


def _near_pairs(training: Sequence[Example], held_out: Sequence[Example]) -> list[tuple[Example, Example, float]]:
    """For each held-out row that has any, the nearest training row."""
    ours, theirs = [_runs(row) for row in training], [_runs(row) for row in held_out]
    frequency = Counter(run for runs in (*ours, *theirs) for run in runs)

    def prefix(runs: _Runs) -> list[tuple[str, ...]]:
        rarest = sorted(runs, key=lambda run: (frequency[run], run))
        # Two alike sets share at least this many runs, so one of them comes before the last ones of either.
        shared = math.ceil(NEAR * len(runs) - 1e-9)
        return rarest[: len(runs) - shared + 1]

    index: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, runs in enumerate(ours):
        for run in prefix(runs):
            index[run].append(number)
    pairs = []
    for row, runs in zip(held_out, theirs, strict=True):
        candidates = {number for run in prefix(runs) for number in index.get(run, ())}
        # On equal terms the first row, so that the report is the same each time.
        nearest = max(candidates, key=lambda number: (_jaccard(runs, ours[number]), -number), default=None)
        if nearest is not None and (similarity := _jaccard(runs, ours[nearest])) >= NEAR:
            pairs.append((row, training[nearest], similarity))
    return pairs


def _runs(row: Example) -> _Runs:
    runs: set[tuple[str, ...]] = set()
    for name, text in row.inputs.items():
        words = _folded(text).split()
        starts = range(max(1, len(words) - RUN_WORDS + 1))
        runs.update((name, *words[start : start + RUN_WORDS]) for start in starts)
    return frozenset(runs)


def _jaccard(left: _Runs, right: _Runs) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def _folded(text: str) -> str:
    # Once more: casefolding may leave a text that has a shorter compatibility form.
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())
