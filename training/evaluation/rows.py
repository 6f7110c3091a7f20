"""The rows that a student is measured on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from student.errors import DataError
from student.task import ClosedLabels, Task, find_task, normalise_answer
from training.data.example import Example
from training.data.loaded import Labels
from training.data.report import Rejected
from training.data.source_spec import takes_task
from training.data.sources import DemoRows, Source, Split, open_source
from training.data.told import load_told
from training.evaluation.measured import Measured
from training.evaluation.outcome import right_answer
from training.validation_rows import read_rows


@dataclass(frozen=True)
class Selection:
    """Which rows are asked for.

    Attributes:
        sources: as `quickstep evaluate --data` takes them; none: the validation rows kept beside a checkpoint.
        task: of jsonl sources; None for the student's only one.
        split: part of each source.
        rows: of each source at most.
    """

    sources: tuple[str, ...]
    task: str | None
    split: Split
    rows: int


def load_rows(measured: Measured, selection: Selection) -> list[Example]:
    """Load what a selection asks for; dropped rows are told on stderr.

    Raises:
        DataError: rows cannot be read, are of a task the student does not know or have right answers unknown to it,
            or none are asked for and the student is a bundle.
        CheckpointError: the validation rows beside the checkpoint cannot be read.
    """
    examples: list[Example] = []
    for spec in selection.sources:
        examples += gold_rows(measured, spec, selection)
    if not selection.sources:
        if measured.folder is None:
            raise DataError(
                f"{measured.name}: a bundle keeps no validation rows; say what to measure it on with --data"
            )
        examples = read_rows(measured.folder)[: selection.rows]
    require_known(measured.tasks, examples)
    return examples


def gold_rows(measured: Measured, spec: str, selection: Selection) -> list[Example]:
    """Rows of one source with their right answers; dropped ones are told on stderr."""
    source = open_rows(measured, spec, selection)
    loaded = load_told(source, selection.split, lambda report: sys.stderr.write(f"{report}\n"))
    return _asked(measured, source.task, loaded.examples[: selection.rows])


def _asked(measured: Measured, task: Task, examples: Sequence[Example]) -> list[Example]:
    """Rows as a student of its method is asked them; those that are none for it are told on stderr."""
    rows = [measured.method.row_to_ask(task, row) for row in examples]
    if refused := [row for row in rows if isinstance(row, Rejected)]:
        sys.stderr.write(f"{task.name}: {len(refused)} of {len(rows)} rows are not asked: {refused[0].reason}\n")
    return [row for row in rows if not isinstance(row, Rejected)]


def open_rows(measured: Measured, spec: str, selection: Selection, labels: Labels = "gold") -> Source:
    """The source of a specification, cut as the student's run cut it.

    Raises:
        DataError: there is no such source, its task is not clear, it has no such labels, or the run's record does not
            say which of its rows are the split.
    """
    cut = measured.cuts.of(spec, selection.split)
    return open_source(
        spec,
        task=_task_of(spec, selection.task, measured),
        labels=labels,
        demo_rows=DemoRows(selection.rows, selection.rows, selection.rows),
        validation_share=cut.share,
        seed=cut.seed,
        max_bad_share=cut.max_bad_share,
        validation=cut.validation,
        test=cut.test,
        columns=cut.columns,
    )


def require_known(tasks: Mapping[str, Task], examples: Sequence[Example]) -> None:
    """Refuse rows that this student cannot be measured on.

    Raises:
        DataError: there are no rows, or a row's task or right answer is unknown to the student.
    """
    if not examples:
        raise DataError("there are no rows to measure on; give --data that has some")
    unknown = sorted({row.task for row in examples} - set(tasks))
    if unknown:
        raise DataError(f"this student does not know task {', '.join(unknown)}; it answers {', '.join(tasks)}")
    problems = []
    for name, task in tasks.items():
        if isinstance(task.answer, ClosedLabels):
            known = {normalise_answer(label) for label in task.answer.labels}
            given = {normalise_answer(right_answer(row)) for row in examples if row.task == name}
            if strange := sorted(given - known):
                problems.append(
                    f"{name}: {len(strange)} right answers of the rows are none of the student's labels "
                    f"({', '.join(strange[:3])}; it answers {', '.join(task.answer.labels)})"
                )
    if problems:
        raise DataError("; ".join(problems))


def require_comparable(measured: Measured, other: Measured, examples: Sequence[Example], *, cut: bool) -> None:
    """Refuse a second student that is asked something else; say where it may know the rows.

    Args:
        measured: the first student.
        other: the second.
        examples: rows that both are asked.
        cut: the rows were cut from those that runs are trained on.

    Raises:
        DataError: it lacks a task, or answers one otherwise.
    """
    require_known(other.tasks, examples)
    for name in dict.fromkeys(row.task for row in examples):
        if set(measured.tasks[name].fields) != set(other.tasks[name].fields):
            raise DataError(
                f"--against {other.name}: reads {', '.join(other.tasks[name].fields)} of task {name}, {measured.name} "
                f"reads {', '.join(measured.tasks[name].fields)} (methods {other.method.name} and "
                f"{measured.method.name}), so that they cannot be asked the same; evaluate each by itself"
            )
        if measured.tasks[name].answer != other.tasks[name].answer:
            raise DataError(
                f"--against {other.name}: answers task {name} with another answer space than {measured.name}; "
                "compare students of the same task"
            )
    if cut and (told := measured.cuts.differ_from(other.cuts)):
        sys.stderr.write(
            f"{other.name}: cut its validation rows otherwise than {measured.name} ({'; '.join(told)}): it may have "
            "been trained on some of these rows. Compare on --split test\n"
        )


def _task_of(spec: str, given: str | None, measured: Measured) -> Task | None:
    """The task of own rows: the one that was given, or the student's only one. Other sources have theirs."""
    if not takes_task(spec):
        return None
    known = {name: measured.method.plain_task(task) for name, task in measured.tasks.items()}
    if given is not None:
        return known.get(given) or find_task(given)
    if len(known) > 1:
        raise DataError(f"{spec}: say which task its rows are of: --task {' or '.join(known)}, or a YAML file")
    return next(iter(known.values()))
