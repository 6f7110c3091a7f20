"""Rows of a dataset of the Hugging Face hub, or of a local directory in one of the hub's formats.

    hub:<owner>/<name>            the dataset's only configuration
    hub:<owner>/<name>/<config>   one of several
    hub:<folder>                  what `save_to_disk` wrote, or Parquet, JSON lines or CSV files

The columns of the task's own names are read, others by a mapping (`columns` in a recipe). Labels given as
integers are named by the dataset's own `ClassLabel`, or by a list (`label_names`). No code of a dataset is ever
run: `datasets` 4 and later cannot, and we ask for nothing earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from student.errors import DataError
from student.task import Task
from training.data.hub_splits import open_splits
from training.data.loaded import Labels, Loaded
from training.data.rows import Row, assemble_rows

_ANSWERS = ("label", "teacher_label")
_OTHERS = ("rationale", "choices", "id")


@dataclass(frozen=True)
class Columns:
    """Which column is what.

    Attributes:
        names: columns by our names (a field of the task, `label`, `teacher_label`, `rationale`, `choices`, `id`);
            what is not named is read from the column of the same name, if there is one.
        label_names: the labels of integers, 0 first, where the dataset does not name them itself.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    label_names: Sequence[str] = ()


class HubDataset:
    """A dataset of the hub, opened: its splits by name."""

    def __init__(self, location: str, task: Task, columns: Columns, *, answered: bool = True) -> None:
        """Open a dataset; from the hub it is downloaded, unless it lies in the cache.

        Args:
            location: `<owner>/<name>`, `<owner>/<name>/<config>` or a folder.
            task: the task of all rows.
            columns: which column is what.
            answered: whether there must be a column of answers.

        Raises:
            DataError: the package is missing, the dataset cannot be had, or its columns do not fit (every problem
                is named).
        """
        self._name = Path(location).name if Path(location).is_dir() else location
        self._task = task
        self._splits = open_splits(location)
        split, dataset = next(iter(self._splits.items()))
        if "train" in self._splits:
            split, dataset = "train", self._splits["train"]
        self._columns = _read_columns(f"hub:{self._name}/{split}", task, columns, dataset.features, answered=answered)
        self.first_split = split
        """The one that is trained on: `train`, or what there is."""
        self._label_names = tuple(columns.label_names)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the dataset's splits."""
        return tuple(self._splits)

    def load(self, split: str, labels: Labels) -> Loaded:
        """Load one split.

        Raises:
            DataError: there is no such split, or it is empty.
        """
        return assemble_rows(f"hub:{self._name}/{split}", self._task, self.read(split), labels)

    def read(self, split: str) -> Iterator[Row]:
        """One split's rows as they stand there.

        Raises:
            DataError: there is no such split, or it is empty.
        """
        name = f"hub:{self._name}/{split}"
        if split not in self._splits:
            raise DataError(f"{name}: there is no such split; the dataset has {', '.join(self._splits)}")
        if not len(self._splits[split]):
            raise DataError(f"{name}: has no rows")
        return self._rows(name, self._splits[split])

    def _rows(self, name: str, dataset: Any) -> Iterator[Row]:
        named = {ours: self._names_of(dataset.features[theirs]) for ours, theirs in self._columns.items()}
        for number, found in enumerate(dataset.select_columns(sorted(set(self._columns.values())))):
            values = {ours: found[theirs] for ours, theirs in self._columns.items()}
            fields: dict[str, object] = {key: values[key] for key in _OTHERS if key in values}
            for key in _ANSWERS:
                if key in values:
                    fields[key] = _label(values[key], named[key])
            fields["inputs"] = {key: values[key] for key in self._task.fields if values[key] is not None}
            yield Row(f"{name}:{number}", fields)

    def _names_of(self, feature: Any) -> Sequence[str]:
        return self._label_names or getattr(feature, "names", ())


def _label(value: object, names: Sequence[str]) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    # -1 is how the hub writes that a row has no label.
    if value == -1:
        return None
    return names[value] if 0 <= value < len(names) else value


def _read_columns(
    name: str, task: Task, columns: Columns, features: Mapping[str, Any], *, answered: bool
) -> dict[str, str]:
    """Our names with the dataset's columns; those that are neither mapped nor there are left out."""
    known = (*task.fields, *_ANSWERS, *_OTHERS)
    found = {ours: theirs for ours in known if (theirs := columns.names.get(ours, ours)) in features}
    problems = [
        f"columns: {ours!r} is not known; known: {', '.join(known)}" for ours in columns.names if ours not in known
    ]
    problems += [
        f"columns: {ours} is to be {theirs!r}, which the dataset does not have"
        for ours, theirs in columns.names.items()
        if ours in known and theirs not in features
    ]
    problems += [
        f"columns: {ours} is a field of task {task.name!r} and also what we call something else; rename the field"
        for ours in task.fields
        if ours in (*_ANSWERS, *_OTHERS)
    ]
    needed = (*task.fields, *(("choices",) if task.takes_choices else ()))
    problems += [
        f"columns: {ours} has no column; say which it is"
        for ours in needed
        if ours not in found and ours not in columns.names
    ]
    if answered and not any(answer in found or answer in columns.names for answer in _ANSWERS):
        problems.append("columns: neither label nor teacher_label has a column; say which it is")
    if not task.takes_choices:
        found.pop("choices", None)
    for ours in _ANSWERS:
        feature = features[found[ours]] if ours in found else None
        integers = str(getattr(feature, "dtype", "")).startswith(("int", "uint"))
        if integers and not columns.label_names and not getattr(feature, "names", None):
            problems.append(f"label_names: the column {found[ours]!r} holds integers without names; list them, 0 first")
    if problems:
        raise DataError(f"{name}: {'; '.join(problems)}. The dataset has {', '.join(features)}")
    return found
