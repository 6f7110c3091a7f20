"""Rows of one's own task as a table: CSV, or tab-separated where the file ends in `.tsv`.

    text,label,rationale,id
    "I was charged twice, again.",billing,"A wrong charge is ... So the answer is billing.",17

The columns are the task's fields and, as far as they are there, `label`, `teacher_label`, `rationale` and `id`.
Tasks with choices have a column for each, `choice_1`, `choice_2`, ... (an empty cell is no choice), or one
column `choices` with a JSON list. The header stands in the first line. An empty cell is a value that is
missing.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from student.errors import DataError
from student.task import Task
from training.data.loaded import Labels, Loaded
from training.data.report import Rejected
from training.data.rows import Row, assemble_rows

COLUMNS = ("label", "teacher_label", "rationale", "id")
_CHOICE = re.compile(r"choice_([1-9][0-9]*)", re.ASCII)
_MAX_CELL_CHARS = 1_000_000


def load(path: Path, task: Task, *, labels: Labels = "gold") -> Loaded:
    """Load a table of the user's own rows.

    Args:
        path: the file, in UTF-8, with or without a byte order mark; a row's source is `<file name>:<line>`, the
            line on which the row begins.
        task: the task that all rows belong to.
        labels: whose answers become the labels (see `training.data.rows.assemble_rows`).

    Raises:
        DataError: the file cannot be read, its header does not fit the task (every problem is named), or it has
            no rows. What is wrong with single rows is in the report.
    """
    return assemble_rows(path.name, task, read(path, task), labels)


def read(path: Path, task: Task, *, answered: bool = True) -> Iterator[Row]:
    """The table's rows as they stand there.

    Args:
        path: the file.
        task: the task that all rows belong to.
        answered: whether the header must name a column of answers.

    Raises:
        DataError: see `load`.
    """
    records = _records(path)
    if not records:
        raise DataError(f"{path}: is empty; expected a header line with {_expected(task, answered=answered)}")
    (_, names), *body = records
    header = _read_header(path, task, names, answered=answered)
    if not body:
        raise DataError(f"{path}: has a header but no rows")
    return _rows(path.name, header, body)


@dataclass(frozen=True)
class _Header:
    """What each column is: `unknown` ones are not read."""

    names: tuple[str, ...]
    fields: tuple[str, ...]
    choices: tuple[str, ...]
    unknown: tuple[str, ...]


def _records(path: Path) -> list[tuple[int, list[str]]]:
    """Each record with the 1-based line on which it begins; blank lines are none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); expected a table with a header line") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DataError(f"{path}: is not UTF-8: {error.reason} in line {line}; save it as UTF-8") from None
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    # Cells may hold line ends, so the lines keep theirs; only these three end a line, as in Python's own files.
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)
    before = csv.field_size_limit(_MAX_CELL_CHARS)
    records = []
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begins = 1
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                records.append((begins, record))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}: the record that begins in line {begins} is no CSV: {error}") from None
    finally:
        csv.field_size_limit(before)
    return records


def _read_header(path: Path, task: Task, names: Sequence[str], *, answered: bool) -> _Header:
    names = [name.strip() for name in names]
    choices = sorted((name for name in names if _CHOICE.fullmatch(name)), key=lambda name: int(name[7:]))
    problems = [f"{name} is a column more than once" for name in dict.fromkeys(names) if names.count(name) > 1 and name]
    problems += [
        f"{field} is a field of task {task.name!r} and also what this format calls something else; use jsonl"
        for field in task.fields
        if field in (*COLUMNS, "choices")
    ]
    problems += [f"{field} is missing, a field of task {task.name!r}" for field in task.fields if field not in names]
    if answered and not {"label", "teacher_label"} & set(names):
        problems.append("neither label nor teacher_label is there")
    if "choices" in names and choices:
        problems.append(f"both choices and {choices[0]} are there; keep one of the two ways")
    given = "choices" in names or bool(choices)
    if given != task.takes_choices:
        problems.append(
            f"task {task.name!r} takes no choices"
            if given
            else f"task {task.name!r} takes choices: add choice_1, choice_2, ... or choices with a JSON list"
        )
    if choices and (gap := [number for number in range(1, len(choices) + 1) if f"choice_{number}" not in choices]):
        problems.append(f"choice_{gap[0]} is missing: choices are counted from 1 without gaps")
    if problems:
        raise DataError(
            f"{path}: the header does not fit: {'; '.join(problems)}. Given: {', '.join(names)}; "
            f"expected {_expected(task, answered=answered)}"
        )
    known = {*task.fields, *COLUMNS, "choices", *choices}
    unknown = tuple(name for name in names if name not in known)
    return _Header(tuple(names), task.fields, tuple(choices), unknown)


def _expected(task: Task, *, answered: bool) -> str:
    columns = [*task.fields, *(["choice_1, choice_2, ... (or choices)"] if task.takes_choices else [])]
    if answered:
        return f"{', '.join(columns)}, label or teacher_label, and optionally rationale and id"
    return f"{', '.join(columns)}, and optionally label and id"


def _rows(name: str, header: _Header, body: Sequence[tuple[int, list[str]]]) -> Iterator[Row]:
    notes = (f"unknown columns, not read: {', '.join(header.unknown)}",) if header.unknown else ()
    for line, cells in body:
        yield Row(f"{name}:{line}", _fields(header, cells), notes)


def _fields(header: _Header, cells: Sequence[str]) -> dict[str, object] | Rejected:
    if len(cells) != len(header.names):
        return Rejected(f"row has {'fewer' if len(cells) < len(header.names) else 'more'} cells than the header")
    by_name = {name: cell for name, cell in zip(header.names, cells, strict=True) if cell.strip()}
    fields: dict[str, object] = {name: by_name[name] for name in COLUMNS if name in by_name}
    fields["inputs"] = {name: by_name[name] for name in header.fields if name in by_name}
    if header.choices:
        fields["choices"] = [by_name[name] for name in header.choices if name in by_name]
    elif "choices" in by_name:
        try:
            fields["choices"] = json.loads(by_name["choices"])
        except (ValueError, RecursionError):
            return Rejected("choices must be a JSON list of texts")
    return fields
