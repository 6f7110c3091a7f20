"""The rows that a teacher is asked about, from any source that training takes and whose rows are not generated."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from student.errors import DataError
from student.task import Task, find_task, normalise_answer
from training.data import csv_rows, jsonl
from training.data.checks import text_problem
from training.data.hub import Columns, HubDataset
from training.data.labels import read_label
from training.data.releases import RELEASES
from training.data.report import Rejected
from training.data.rows import Row, read_inputs
from training.data.source_spec import HUB, KINDS, OWN_FILES, SourceSpec, is_generated, kind_of, parse_source


@dataclass(frozen=True)
class InputRow:
    """One row to be asked about.

    Attributes:
        key: names the row's question in the journal, by content: rows may be added before it and the answers stay
            its own. Of rows with the same question each has a key.
        source: where the row stands.
        inputs: the task's fields.
        choices: for tasks that take them, as they are lettered.
        gold: the gold answer in the task's form; None where there is none, or none that can be read.
        gold_problem: why a label that is there cannot be read.
        without_gold: why there is none, where the dataset says it.
        id: as the row came with it.
    """

    key: str
    source: str
    inputs: Mapping[str, str]
    choices: tuple[str, ...] = ()
    gold: str | None = None
    gold_problem: str | None = None
    without_gold: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class UnusableRow:
    """A row that cannot be asked about, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Rows:
    """All rows of an input, in its order.

    Attributes:
        task: of all rows.
        rows: each to be asked about, or why it cannot be.
        left_out: rows of the input after those.
    """

    task: Task
    rows: tuple[InputRow | UnusableRow, ...]
    left_out: int = 0

    def first(self, count: int | None) -> Rows:
        """Only the first rows; None takes all."""
        kept = self.rows[:count]
        return replace(self, rows=kept, left_out=self.left_out + len(self.rows) - len(kept))


def read_input(
    spec: str, *, task: Task | None = None, split: str | None = None, columns: Columns | None = None
) -> Rows:
    """Read the rows of a source, written as for training (`training.data.source_spec`); a path alone is JSON lines.

    Answers that a teacher gave before (`teacher_label`, `rationale`) are not looked at.

    Args:
        spec: where the rows are.
        task: of the rows; needed for own files and datasets of the hub. Releases have their own.
        split: of a release or a dataset of the hub; its first where none is given.
        columns: which column of a dataset of the hub is what.

    Raises:
        DataError: the rows cannot be read, or task, split or columns are missing or out of place.
    """
    source = _parse(spec)
    kind, release = source.kind.name, RELEASES.get(source.kind.name)
    own = find_task(release.task) if release is not None else None
    problems = []
    if source.kind.task is None and task is None:
        problems.append("say which task its rows are of: --task, a built-in task's name or a YAML file")
    if own is not None and task not in (None, own):
        problems.append(f"task {task.name if task else ''!r} is not its own ({own.name}); leave --task out")
    if split is not None and kind in OWN_FILES:
        problems.append(f"{kind} files have no splits; leave --split out")
    if split is not None and release is not None and split not in release.splits:
        problems.append(f"split {split!r} is not one of {', '.join(release.splits)}")
    if columns is not None and kind != HUB:
        problems.append("--column and --label-names are for hub sources; leave them out")
    asked = own or task
    if asked is None or problems:
        raise DataError(f"input {spec}: {'; '.join(problems)}")
    return _keyed(asked, _rows(source, asked, split, columns or Columns()))


def split_of(spec: str, split: str | None) -> str | None:
    """The split of a release that `read_input` takes: the one given, or its first; None for other sources."""
    release = RELEASES.get(_parse(spec).kind.name)
    return None if release is None else split or release.splits[0]


def input_files(spec: str) -> Path:
    """The file or folder that a specification names."""
    return Path(_parse(spec).location)


def _parse(spec: str) -> SourceSpec:
    # A path may have a colon in it.
    if kind_of(spec) not in KINDS and (":" not in spec or Path(spec).exists()):
        if Path(spec).suffix in (".csv", ".tsv"):
            raise DataError(f"input {spec}: a path alone is JSON lines; write csv:{spec} for a table")
        return SourceSpec(KINDS["jsonl"], spec)
    if is_generated(spec):
        raise DataError(f"input {spec}: its generator knows labels and rationales; a teacher is asked about other rows")
    return parse_source(spec)


def _rows(source: SourceSpec, task: Task, split: str | None, columns: Columns) -> Iterable[Row]:
    release, path = RELEASES.get(source.kind.name), Path(source.location)
    if release is not None:
        return release.ask(path, split or release.splits[0])
    if source.kind.name == HUB:
        dataset = HubDataset(source.location, task, columns, answered=False)
        return dataset.read(split or dataset.first_split)
    return csv_rows.read(path, task, answered=False) if source.kind.name == "csv" else jsonl.read(path, answered=False)


def _keyed(task: Task, found: Iterable[Row]) -> Rows:
    """Give each row its key: a digest of its question, numbered where the question comes again."""
    seen: Counter[str] = Counter()
    rows: list[InputRow | UnusableRow] = []
    for given in found:
        row = given.fields if isinstance(given.fields, Rejected) else _read_row(task, given, given.fields)
        if isinstance(row, Rejected):
            rows.append(UnusableRow(given.source, row.reason))
            continue
        content = json.dumps([sorted(row.inputs.items()), row.choices])
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        rows.append(replace(row, key=f"{digest}-{seen[digest]}"))
        seen[digest] += 1
    return Rows(task, tuple(rows))


def _read_row(task: Task, row: Row, fields: Mapping[str, object]) -> InputRow | Rejected:
    asked, label, name = read_inputs(task, fields), fields.get("label"), fields.get("id")
    if isinstance(asked, Rejected):
        return asked
    inputs, choices = asked
    gold = None if label is None else text_problem("label", label) or read_label(task, str(label), choices)
    return InputRow(
        key="",
        source=row.source,
        inputs=inputs,
        choices=tuple(normalise_answer(choice) for choice in choices),
        gold=gold if isinstance(gold, str) else None,
        gold_problem=gold.reason if isinstance(gold, Rejected) else None,
        without_gold=row.without_label,
        id=None if name is None else str(name),
    )
