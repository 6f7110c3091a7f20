"""The interface between the gateway and whatever runs the graphs.

The gateway validates and tokenises (`Preparer`), an engine answers prepared rows (`Engine`). Ownership of a
row is a future inside the engine; the caller gets its answers in the order of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from student.manifest import GoldenAnswer
from student.prediction import Explanation, Prediction
from student.question import PreparedQuestion, Question
from student.task import Task

Result = TypeVar("Result")
LaneName = Literal["labels", "rationales"]


class BundleFacts(Protocol):
    """What the gateway tells about the bundle it serves."""

    @property
    def label(self) -> str:
        """Name and short digest, `demo@0123456789ab`: stands in every answer."""

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks the student answers, by name."""


class ServedBundle(BundleFacts, Protocol):
    """What an engine that loads the bundle itself also reads."""

    @property
    def length_buckets(self) -> Sequence[int]:
        """Source lengths, ascending: rows that share a batch are of one bucket."""

    def golden(self) -> tuple[GoldenAnswer, ...]:
        """The bundle's golden answers."""


class Preparer(Protocol):
    """Validates and tokenises; part of the student that every engine needs in the gateway's process."""

    @property
    def bundle(self) -> BundleFacts:
        """The bundle that is served."""

    @property
    def precision(self) -> str:
        """How the label path computes."""

    def prepare(self, question: Question, *, rationale: bool = False) -> PreparedQuestion:
        """Validate and tokenise one question.

        Raises:
            student.errors.InputError: naming every problem.
        """


class Student(Preparer, Protocol):
    """A student that answers in this process, from any thread."""

    @property
    def bundle(self) -> ServedBundle:
        """The bundle that is served."""

    def warm_up(self) -> None:
        """Run once at every bucket's length."""

    def check_golden(self, golden: Sequence[GoldenAnswer], *, rationales: bool) -> list[str]:
        """Ask golden questions again: a line for each that is answered otherwise."""

    def predict(self, batch: Sequence[PreparedQuestion]) -> list[Prediction]:
        """One prediction for each row, in order."""

    def explain(self, batch: Sequence[PreparedQuestion]) -> list[Explanation]:
        """One explanation for each row, in order."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question on its way through the engine."""

    question: Question
    prepared: PreparedQuestion


@dataclass(frozen=True, slots=True)
class Served(Generic[Result]):
    """A row's result and where its time went, in seconds."""

    result: Result
    queue_s: float
    infer_s: float


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits in one lane."""

    rows: int
    tokens: int


class Engine(Protocol):
    """Runs prepared rows. All methods are called on the event loop's thread."""

    async def start(self) -> Preparer:
        """Load, warm up, and begin to answer; returns what prepares its rows.

        Raises:
            student.errors.BundleError: the bundle cannot be served.
            serving.errors.NotReady: the warm-up runs did not succeed.
        """

    async def stop(self) -> None:
        """Stop answering; rows that still wait fail with `NotReady`."""

    async def predict(self, rows: Sequence[Row], deadline: float) -> list[Served[Prediction]]:
        """Answer rows with labels until `deadline` (on the clock of `time.monotonic`).

        Cancelling the call gives the rows up: those not yet executed never are.

        Raises:
            serving.errors.ServingError: as soon as one row cannot be answered.
        """

    async def explain(self, rows: Sequence[Row], deadline: float) -> list[Served[Explanation]]:
        """Answer rows with labels and rationales; otherwise as `predict`."""

    @property
    def running(self) -> bool:
        """Whether rows are answered: started, and not stopped since by itself or by `stop`."""

    @property
    def trouble(self) -> str | None:
        """Why rows are not answered, for whoever asks /readyz; None while they are."""

    def depth(self, lane: LaneName) -> Depth:
        """What waits in a lane now."""
