"""How a source of rows is written, as one word: `cqa:<folder>`, `jsonl:<file>`, `hub:<owner>/<name>`, `demo-nli`.

This is the grammar alone: what the rows are is said by `training.data.sources`, and for a teacher by
`training.teacher.rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from student.errors import DataError
from training.data.releases import RELEASES


@dataclass(frozen=True)
class Kind:
    """A kind of source.

    Attributes:
        name: what stands before the colon.
        location: what stands after it, for people; empty where rows are generated and nothing stands there.
        task: name of the task that its rows are of; None: one must be given.
    """

    name: str
    location: str
    task: str | None

    @property
    def form(self) -> str:
        """How to write it."""
        return (
            " or ".join(f"{self.name}:{where}" for where in self.location.split(" or ")) if self.location else self.name
        )


OWN_FILES = ("jsonl", "csv")
HUB = "hub"
GENERATORS = {
    "demo-nli": "training.data.demo.nli",
    "demo-choices": "training.data.demo.choices",
    "demo-math": "training.data.demo.math_problems",
}
"""Modules that make rows, by the name of the source, which is the task's."""

KINDS: Mapping[str, Kind] = {
    **{name: Kind(name, "<folder>", release.task) for name, release in RELEASES.items()},
    **{name: Kind(name, "<file>", None) for name in OWN_FILES},
    HUB: Kind(HUB, "<owner>/<name> or <folder>", None),
    **{name: Kind(name, "", name) for name in GENERATORS},
}
FORMS = tuple(kind.form for kind in KINDS.values())


@dataclass(frozen=True)
class SourceSpec:
    """A source as it was written, taken apart."""

    kind: Kind
    location: str


def parse_source(spec: str) -> SourceSpec:
    """Take the specification of a source apart.

    Raises:
        DataError: there is no such kind of source, or its location is missing or out of place.
    """
    name, _, location = spec.partition(":")
    kind = KINDS.get(name)
    if kind is None:
        raise DataError(f"source {spec!r}: unknown; use one of {', '.join(FORMS)}")
    if bool(kind.location) != bool(location):
        raise DataError(f"source {spec!r}: must be written as {kind.form}")
    return SourceSpec(kind, location)


def kind_of(spec: str) -> str:
    """What stands before the colon, whether or not there is such a kind."""
    return spec.partition(":")[0]


def location_of(spec: str) -> str:
    """What stands after the colon; empty where there is none."""
    return spec.partition(":")[2]


def takes_task(spec: str) -> bool:
    """Whether a source's rows are of a task that must be given."""
    kind = KINDS.get(kind_of(spec))
    return kind is not None and kind.task is None


def is_generated(spec: str) -> bool:
    """Whether a source's rows are made by a generator."""
    kind = KINDS.get(kind_of(spec))
    return kind is not None and not kind.location


def task_problem(spec: str, *, given: bool) -> str | None:
    """What is wrong with a source of a known kind to which a task is given, or none; None where nothing is."""
    kind = KINDS.get(kind_of(spec))
    if kind is None or given == (kind.task is None):
        return None
    if given:
        return f"source {spec!r}: has its own task; leave the task out"
    return f"source {spec!r}: give its task as well, a built-in task's name or a YAML file"
