"""The rows that a teacher is asked about, from JSON lines or from the paper's release."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from student.errors import DataError
from student.task import Task, find_task, normalise_answer
from training.data import anli, cqa, svamp
from training.data.checks import text_problem
from training.data.distilled import Question
from training.data.json_lines import read_json_lines
from training.data.labels import read_label
from training.data.release import read_rows
from training.data.report import Rejected
from training.data.rows import read_inputs

_EXPECTED = 'one JSON object a line: {"inputs": {...}, "label": "..." (optional), "choices": [...] (optional)}'


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
        id: as the row came with it.
    """

    key: str
    source: str
    inputs: Mapping[str, str]
    choices: tuple[str, ...] = ()
    gold: str | None = None
    gold_problem: str | None = None
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


@dataclass(frozen=True)
class _Release:
    """A dataset of the paper's release: what its files begin with, its splits, and how its rows are read."""

    dataset: str
    splits: tuple[str, ...]
    read: Callable[[Task, Mapping[str, Any]], Question | Rejected]
    id_field: str | None = None


_RELEASES = {
    "cqa": _Release("cqa", ("train", "test"), cqa.read_question, "id"),
    "svamp": _Release("svamp", ("train", "test"), svamp.read_question),
    "anli": _Release(anli.DATASET, ("valid", "test"), anli.read_question, "uid"),
}


def read_input(spec: str, *, task: Task | None = None, split: str | None = None) -> Rows:
    """Read the rows of `<file>.jsonl`, `cqa:<folder>`, `svamp:<folder>` or `anli:<folder>`.

    Args:
        spec: where the rows are.
        task: of the rows; needed for JSON lines. Those of the release have their own.
        split: of the release; its first where none is given.

    Raises:
        DataError: the rows cannot be read, or task or split are missing or out of place.
    """
    kind, separator, location = spec.partition(":")
    release = _RELEASES.get(kind) if separator else None
    if release is None:
        return _read_lines(Path(spec.removeprefix("jsonl:")), task, split)
    own = find_task(kind)
    problems = []
    if task is not None and task != own:
        problems.append(f"task {task.name!r} is not its own ({own.name}); leave --task out")
    if split is not None and split not in release.splits:
        problems.append(f"split {split!r} is not one of {', '.join(release.splits)}")
    if not location:
        problems.append(f"must be written as {kind}:<folder>")
    if problems:
        raise DataError(f"input {spec}: {'; '.join(problems)}")
    found = [
        (row.source, row.fields if isinstance(row.fields, Rejected) else _released(own, release, row.fields))
        for row in read_rows(Path(location), release.dataset, split or release.splits[0])
    ]
    return _keyed(own, found)


def split_of(spec: str, split: str | None) -> str | None:
    """The split that `read_input` takes: the one given, or the release's first; None for JSON lines."""
    kind, separator, _ = spec.partition(":")
    release = _RELEASES.get(kind) if separator else None
    return None if release is None else split or release.splits[0]


def input_files(spec: str) -> Path:
    """The file or folder that a specification names."""
    kind, separator, location = spec.partition(":")
    return Path(location if separator and (kind in _RELEASES or kind == "jsonl") else spec)


def _read_lines(path: Path, task: Task | None, split: str | None) -> Rows:
    problems = []
    if task is None:
        problems.append("say which task its rows are of: --task, a built-in task's name or a YAML file")
    if split is not None:
        problems.append("JSON lines have no splits; leave --split out")
    if task is None or problems:
        raise DataError(f"input {path}: {'; '.join(problems)}")
    found = [
        (f"{path.name}:{line.number}", line.value if isinstance(line.value, Rejected) else _read_row(task, line.value))
        for line in read_json_lines(path, _EXPECTED)
    ]
    return _keyed(task, found)


def _keyed(task: Task, found: list[tuple[str, InputRow | Rejected]]) -> Rows:
    """Give each row its source and key: a digest of its question, numbered where the question comes again."""
    seen: Counter[str] = Counter()
    rows: list[InputRow | UnusableRow] = []
    for source, row in found:
        if isinstance(row, Rejected):
            rows.append(UnusableRow(source, row.reason))
            continue
        content = json.dumps([sorted(row.inputs.items()), row.choices])
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        rows.append(replace(row, source=source, key=f"{digest}-{seen[digest]}"))
        seen[digest] += 1
    return Rows(task, tuple(rows))


def _released(task: Task, release: _Release, fields: Mapping[str, Any]) -> InputRow | Rejected:
    question = release.read(task, fields)
    if isinstance(question, Rejected):
        return question
    return InputRow(
        key="",
        source="",
        inputs=question.inputs,
        choices=question.choices,
        gold=question.gold,
        id=_id(fields.get(release.id_field) if release.id_field else None),
    )


def _read_row(task: Task, row: Mapping[str, Any]) -> InputRow | Rejected:
    asked, label = read_inputs(task, row), row.get("label")
    if isinstance(asked, Rejected):
        return asked
    inputs, choices = asked
    gold = None if label is None else text_problem("label", label) or read_label(task, str(label), choices)
    return InputRow(
        key="",
        source="",
        inputs=inputs,
        choices=tuple(normalise_answer(choice) for choice in choices),
        gold=gold if isinstance(gold, str) else None,
        gold_problem=gold.reason if isinstance(gold, Rejected) else None,
        id=_id(row.get("id")),
    )


def _id(value: object) -> str | None:
    return None if value is None else str(value)
