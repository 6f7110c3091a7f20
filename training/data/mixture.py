"""`load_mixture`: the rows of all sources of a recipe, what became of them, and what they have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from student.errors import DataError, QuickstepError
from student.task import Task, find_task
from training.config import SourceConfig, TrainConfig
from training.data.example import Example
from training.data.hub import Columns
from training.data.loaded import Labels
from training.data.overlap import Duplicates, Overlap, find_duplicates, find_overlap
from training.data.report import LoadReport, UnusableRows
from training.data.sources import DemoRows, Source, open_source
from training.data.splits import nested_subset

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cuts:
    """How rows are chosen, for all sources alike.

    Attributes:
        labels: whose answers are learned, where a source does not say otherwise.
        validation_share: part of the rows set aside for validation where a source has no such split.
        seed: of the validation split and of generated rows.
        max_bad_share: largest part of a source's rows that may be unusable.
        deduplicate: leave out training rows that repeat an earlier one or a validation row.
    """

    labels: Labels = "gold"
    validation_share: float = 0.1
    seed: int = 0
    max_bad_share: float = 1.0
    deduplicate: bool = False

    @classmethod
    def of(cls, config: TrainConfig) -> Cuts:
        """What a recipe says."""
        return cls(
            labels=config.labels,
            validation_share=config.validation_share,
            seed=config.data_seed,
            max_bad_share=config.max_bad_share,
            deduplicate=config.deduplicate,
        )


@dataclass
class Mixture:
    """The rows of all sources.

    Attributes:
        tasks: tasks by name.
        training: rows to train on, source by source.
        validation: rows to validate on, all with gold labels.
        sources: what became of the rows of each source.
        texts: the same as tables for people.
        duplicates: what training rows repeat each other or a validation row, whether they were left out or not.
        overlaps: by task, what validation and test rows have in common with the training rows.
        unchecked: sources with test rows that could not be read, with the reason.
    """

    tasks: dict[str, Task] = field(default_factory=dict)
    training: list[Example] = field(default_factory=list)
    validation: list[Example] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    duplicates: Duplicates = field(default_factory=Duplicates)
    overlaps: list[Overlap] = field(default_factory=list)
    unchecked: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values, to be saved beside what was trained on it."""
        return {
            "sources": self.sources,
            "duplicates": self.duplicates.as_dict(),
            "overlap": [overlap.as_dict() for overlap in self.overlaps],
            "test_rows_not_checked": self.unchecked,
        }

    @property
    def unvalidated(self) -> list[str]:
        """Names of the tasks that have no validation rows."""
        validated = {row.task for row in self.validation}
        return [name for name in self.tasks if name not in validated]

    def check_validation(self) -> None:
        """Refuse tasks that could not be validated: the best student is chosen by its accuracy on all.

        Raises:
            DataError: a task has no validation rows.
        """
        if self.unvalidated:
            raise DataError(
                f"{', '.join(self.unvalidated)}: no validation rows: none that may be validated on has a gold label, "
                "and teacher labels cannot say whether a student is right. Add a source with gold labels of that task, "
                "give a source a file of such rows as validation, or allow validation_rows"
            )


def load_mixture(
    entries: Sequence[SourceConfig], cuts: Cuts, tell: Callable[[Mixture], None] = lambda mixture: None
) -> Mixture:
    """Load all sources of a recipe.

    Of each source the training rows are those its loader gives, without duplicates if these are to be left out, of
    them its first `rows`, and of those its `fraction`; validation rows are never touched by either.

    Args:
        entries: the sources.
        cuts: how rows are chosen.
        tell: called after each source, also before the error where one is unusable.

    Raises:
        UnusableRows: too much of a source cannot be used.
        DataError: a source cannot be opened (all such are named, before any is loaded) or read, or two tasks have
            one name.
    """
    mixture = Mixture()
    parts: list[list[Example]] = []
    sources = _open_all(entries, cuts)
    for entry, source in zip(entries, sources, strict=True):
        _log.info("data: %s", entry.source)
        try:
            loaded = source.load("train")
        except UnusableRows as error:
            _add(mixture, entry, error.report)
            tell(mixture)
            raise
        if mixture.tasks.setdefault(source.task.name, source.task) != source.task:
            raise DataError(f"{entry.source}: there are two different tasks of the name {source.task.name!r}")
        _add(mixture, entry, loaded.report)
        held_out = source.load("validation").examples if entry.validation_rows else []
        validation = source.choose(held_out, entry.validation_rows)
        mixture.sources[-1] |= {"held_out_rows": len(held_out), "validation_rows": len(validation)}
        if len(held_out) > len(validation):
            mixture.texts.append(
                f"{entry.source}: {len(held_out):,} rows are held out of training, {len(validation):,} of them, drawn "
                "by data_seed, are validated on; raise validation_rows or lower validation_share to use the others"
            )
            _log.info("%s", mixture.texts[-1])
        if entry.validation_rows and not validation:
            _log.warning("%s: none of its rows has a gold label, so none is validated on", entry.source)
        tell(mixture)
        parts.append(loaded.examples)
        mixture.validation += validation
    _choose(mixture, entries, sources, parts, cuts)
    mixture.overlaps += _overlaps(mixture, sources)
    for overlap in mixture.overlaps:
        if (warning := overlap.warning()) is not None:
            _log.warning("%s", warning)
    tell(mixture)
    return mixture


def open_entry(entry: SourceConfig, cuts: Cuts) -> Source:
    """Open one source of a recipe; nothing is loaded yet.

    Raises:
        DataError: there is no such source, or a key does not belong to it.
    """
    named = bool(entry.columns or entry.label_names)
    return open_source(
        entry.source,
        task=find_task(entry.task) if entry.task is not None else None,
        labels=entry.labels or cuts.labels,
        demo_rows=DemoRows(train=entry.rows or 0, validation=entry.validation_rows),
        validation_share=cuts.validation_share if entry.validation_rows else 0,
        seed=cuts.seed,
        max_bad_share=cuts.max_bad_share,
        validation=Path(entry.validation) if entry.validation is not None else None,
        test=Path(entry.test) if entry.test is not None else None,
        columns=Columns(entry.columns, entry.label_names) if named else None,
    )


def _open_all(entries: Sequence[SourceConfig], cuts: Cuts) -> list[Source]:
    sources: list[Source] = []
    problems: list[QuickstepError] = []
    for entry in entries:
        try:
            sources.append(open_entry(entry, cuts))
        except QuickstepError as error:
            problems.append(error)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise DataError("; ".join(map(str, problems)))
    return sources


def _add(mixture: Mixture, entry: SourceConfig, report: LoadReport) -> None:
    mixture.sources.append({"source": entry.source, **report.as_dict()})
    mixture.texts.append(report.as_text())
    _log.info("%s", mixture.texts[-1])


def _choose(
    mixture: Mixture,
    entries: Sequence[SourceConfig],
    sources: Sequence[Source],
    parts: Sequence[list[Example]],
    cuts: Cuts,
) -> None:
    everything = [row for part in parts for row in part]
    distinct, mixture.duplicates = find_duplicates(everything, mixture.validation)
    # By identity: two sources may name their rows alike (files of one name in two folders).
    kept = {id(row) for row in (distinct if cuts.deduplicate else everything)}
    for entry, source, part, told in zip(entries, sources, parts, mixture.sources, strict=True):
        rows = [row for row in part if id(row) in kept]
        told["duplicates_left_out"] = len(part) - len(rows)
        rows = rows[: entry.rows]
        if entry.fraction is not None:
            rows = nested_subset(rows, entry.fraction, entry.subset_seed, source.identity)
            told |= {"fraction": entry.fraction, "subset_seed": entry.subset_seed}
        told["training_rows"] = len(rows)
        mixture.training += rows
    found = mixture.duplicates
    if found.repeated.rows or found.held_out.rows:
        _log.info(
            "%d training rows ask what an earlier one asks (%d with another label), %d what a validation row asks; %s",
            *(found.repeated.rows, found.with_other_label.rows, found.held_out.rows),
            "they are left out" if cuts.deduplicate else "deduplicate: true would leave them out",
        )


def _overlaps(mixture: Mixture, sources: Sequence[Source]) -> Iterator[Overlap]:
    test: list[Example] = []
    for source in sources:
        if source.has_test:
            try:
                loaded = source.load("test")
                loaded.report.check(max_bad_share=1)
            except DataError as error:
                if source.test is not None:
                    raise  # a file that the recipe names is meant to be there
                # Not what is trained on: test rows may well have come incomplete, or without their labels.
                mixture.unchecked[f"{source.kind}:{source.location}"] = str(error)
            else:
                test += loaded.examples
    premises = {source.task.name: source.premise for source in sources if source.premise is not None}
    for task in mixture.tasks:
        training, validation, tested = (
            [row for row in rows if row.task == task] for rows in (mixture.training, mixture.validation, test)
        )
        for name, held_out in (("validation", validation), ("test", tested)):
            if held_out:
                yield find_overlap(training, held_out, name, premises.get(task))
        # What is told of every release would not be read: here only what was found.
        chosen_by = find_overlap(validation, tested, "test", among="validation")
        if chosen_by.same.rows:
            yield chosen_by
