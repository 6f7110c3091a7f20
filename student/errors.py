"""Domain errors. They know nothing of HTTP; `serving` maps them to status codes.

QuickstepError
├── TaskError       a task definition (YAML) is wrong
├── InputError      one request or row does not fit its task; carries every problem found
├── AnswerError     a text cannot be read as an answer (an equation that does not parse)
├── DataError       a dataset is missing or too much of it is unusable
│   └── UnfitData   it is sound, but not what is asked of it needs (a teacher's labels, rationales)
├── CheckpointError a training checkpoint is missing or incomplete
├── BundleError     a bundle is missing, changed, incomplete or of an unknown format
├── ExportError     a checkpoint cannot be compiled
└── ParityError     a compiled student does not answer as its PyTorch original does
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class QuickstepError(Exception):
    """Base of every error that Quickstep raises on purpose."""


class TaskError(QuickstepError):
    """A task definition is wrong."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a request: where, and what to do about it.

    `message` never contains the text that came: requests may be private, and an error that echoes its input
    is a way to make a server send back whatever it was sent.
    """

    field: str
    message: str


class InputError(QuickstepError):
    """A request does not fit its task. `problems` lists everything found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in self.problems))


class AnswerError(QuickstepError):
    """A text cannot be read as an answer."""


class DataError(QuickstepError):
    """A dataset is missing, or too much of it is unusable."""


class UnfitData(DataError):
    """A dataset lacks what a method or a choice of labels needs."""


class CheckpointError(QuickstepError):
    """A training checkpoint is missing or incomplete."""


class BundleError(QuickstepError):
    """A bundle is missing, changed, incomplete or of an unknown format."""


class ExportError(QuickstepError):
    """A checkpoint cannot be compiled into a bundle."""


class ParityError(QuickstepError):
    """A compiled student does not answer as its PyTorch original does."""
