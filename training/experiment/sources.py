"""The sources of an experiment's runs: whether they are there, what they have to test on, and who taught them."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from student.errors import DataError
from training.config import SourceConfig, TrainConfig
from training.data.example import Example
from training.data.mixture import Cuts, open_entry
from training.data.overlap import Key, question_key
from training.data.report import UnusableRows
from training.data.source_spec import is_generated, location_of
from training.data.sources import Source, Split
from training.experiment.plan import Plan, Run

_ASKED_WHOLE = ("cqa", "svamp", "anli")
"""Releases whose teacher was asked every row: an output that cannot be read is the teacher's error."""


@dataclass(frozen=True)
class TeacherResult:
    """How often a teacher agrees with gold on the rows that students are measured on.

    Of the paper's releases every row was asked, and an output that cannot be read counts as wrong. Of one's own files
    the rows with a teacher's label are counted: which others it was asked they do not say.

    Attributes:
        teacher: its name in the experiment; empty where there is no such axis.
        rows: that it was asked.
    """

    teacher: str
    task: str
    split: str
    rows: int
    accuracy: float


def check_sources(plan: Plan) -> None:
    """Load every source once, so that what is missing or broken is told before hours of training.

    Raises:
        DataError: naming every source that cannot be read, or of which too much is unusable.
    """
    problems = []
    for entry, config in _entries(plan.runs):
        try:
            open_entry(entry, Cuts.of(config)).load("train")
        except UnusableRows as error:
            # Rows that only a teacher has labelled are for those who learn from it.
            if error.report.rows_dropped and not _only_without_gold(entry, config):
                problems.append(str(error))
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError("; ".join(problems))
    _check_validation(plan)


def _check_validation(plan: Plan) -> None:
    """Refuse to compare students on different questions."""
    asked: dict[str, frozenset[Key]] = {}
    checked = set()
    for run in plan.runs:
        sources = tuple((entry.source, entry.task, entry.validation) for entry in run.config.data)
        if sources in checked:
            continue
        checked.add(sources)
        keys: dict[str, set[Key]] = {}
        for entry in run.config.data:
            for row in load_validation(entry, run.config):
                keys.setdefault(row.task, set()).add(question_key(row))
        for task, found in keys.items():
            if asked.setdefault(task, frozenset(found)) != found:
                raise DataError(
                    f"{run.name}: its validation rows of task {task} ask other questions than those of "
                    f"{plan.runs[0].name}, so that the two cannot be compared; give all of them one file as validation"
                )


def _only_without_gold(entry: SourceConfig, config: TrainConfig) -> bool:
    taught = entry.model_copy(update={"labels": "teacher"})
    try:
        open_entry(taught, Cuts.of(config)).load("train")
    except DataError:
        return False
    return True


def has_test(source: Source) -> bool:
    """Whether a source has test rows apart from those that are trained on; of one's own files test is the whole."""
    return source.has_test or is_generated(source.kind)


def any_test(plan: Plan) -> bool:
    """Whether any source of an experiment has test rows."""
    return any(has_test(open_entry(entry, Cuts.of(config))) for entry, config in _entries(plan.runs))


def load_validation(entry: SourceConfig, config: TrainConfig) -> list[Example]:
    """The validation rows of a source, with gold labels, whatever the run learns from."""
    if not entry.validation_rows:
        return []
    source = open_entry(_for_gold(entry), Cuts.of(config))
    try:
        loaded = source.load("validation")
    except UnusableRows as error:
        if error.report.rows_used or entry.validation is not None:
            raise
        return []  # rows that only a teacher has labelled: another source is validated on
    return source.choose(loaded.examples, entry.validation_rows)


def load_test(entry: SourceConfig, config: TrainConfig) -> list[Example]:
    """The test rows of a source, none where it has none.

    Raises:
        UnusableRows: too much of them cannot be used.
    """
    source = open_entry(_for_gold(entry), Cuts.of(config))
    if not has_test(source):
        return []
    loaded = source.load("test")
    loaded.report.check(config.max_bad_share)
    return loaded.examples


def teacher_results(plan: Plan, *, test: bool) -> list[TeacherResult]:
    """Each teacher's own accuracy by task, over all sources of the task that have its answers."""
    found: dict[tuple[str, str, str], list[bool]] = {}
    for name in dict.fromkeys(run.cell.teacher for run in plan.runs):
        for entry, config in _entries(run for run in plan.runs if run.cell.teacher == name):
            source = open_entry(entry, Cuts.of(config))
            for split, rows in _parts(entry, config, test=test):
                answers = [row.tags.get("teacher_agrees") for row in rows]
                if any(answers):
                    asked = answers if source.kind in _ASKED_WHOLE else [answer for answer in answers if answer]
                    agreed = found.setdefault((name, source.task.name, split), [])
                    agreed += [answer == "yes" for answer in asked]
    return [
        TeacherResult(name, task, split, len(agreed), sum(agreed) / len(agreed))
        for (name, task, split), agreed in found.items()
    ]


def _parts(entry: SourceConfig, config: TrainConfig, *, test: bool) -> Iterator[tuple[Split, list[Example]]]:
    yield "validation", load_validation(entry, config)
    if test:
        yield "test", load_test(entry, config)


def data_digest(config: TrainConfig) -> str:
    """A digest of every file that a recipe's sources are read from; generated rows and hub names have none."""
    digest = hashlib.sha256()
    for entry in config.data:
        for name in (location_of(entry.source), entry.task, entry.validation, entry.test):
            path = Path(name) if name else None
            if path is not None and path.exists():
                for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                    if file.is_file():
                        digest.update(file_digest(file))
    return f"sha256:{digest.hexdigest()}"


@functools.cache
def file_digest(path: Path) -> bytes:
    """Of a file's content; read once in a process."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _entries(runs: Iterable[Run]) -> list[tuple[SourceConfig, TrainConfig]]:
    """Every source of the runs once, with a recipe that names it; whose labels are learnt does not matter here."""
    found: dict[tuple[str, str | None], tuple[SourceConfig, TrainConfig]] = {}
    for run in runs:
        for entry in run.config.data:
            found.setdefault((entry.source, entry.task), (_for_gold(entry), run.config))
    return list(found.values())


def _for_gold(entry: SourceConfig) -> SourceConfig:
    return entry.model_copy(update={"labels": "gold"})
