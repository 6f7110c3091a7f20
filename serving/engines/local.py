"""The engine in this process: a student, and a lane each for labels and rationales."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from serving.batching import QueueLimits
from serving.engines.base import Depth, LaneName, Preparer, Row, Served, Student
from serving.engines.checks import check_explanation, check_prediction
from serving.engines.lane import Lane
from serving.errors import NotReady, ServingError
from student.runtime import Explanation, Prediction, Question
from student.task import Choices, Task

_WARM_UP_S = 120.0
"""A warm-up run may take this long: a GPU engine may be compiled on its first run."""


@dataclass(frozen=True)
class LaneLimits:
    """Bounds of the two lanes."""

    labels: QueueLimits
    rationales: QueueLimits


class LocalEngine:
    """Runs a student in this process. Implements `serving.engines.base.Engine`.

    The lanes do not wait for each other: a rationale takes a decoding loop, a label usually one graph run.

    Args:
        load: loads the student; runs in a thread, since it may take seconds.
        limits: bounds of the two lanes.
        observe_batch: called with lane and rows of each batch that ran.
    """

    def __init__(
        self,
        load: Callable[[], Student],
        limits: LaneLimits,
        observe_batch: Callable[[LaneName, int], None] = lambda lane, rows: None,
    ) -> None:
        self._load = load
        self._limits = limits
        self._observe_batch = observe_batch
        self._labels: Lane[Prediction] | None = None
        self._rationales: Lane[Explanation] | None = None

    async def start(self) -> Preparer:
        """Load the student and put a question of each task through the lanes."""
        student = await asyncio.to_thread(self._load)
        self._labels = Lane(
            "labels",
            student.predict,
            check_prediction,
            self._limits.labels,
            lambda rows: self._observe_batch("labels", rows),
        )
        self._rationales = Lane(
            "rationales",
            student.explain,
            check_explanation,
            self._limits.rationales,
            lambda rows: self._observe_batch("rationales", rows),
        )
        try:
            await self._warm_up(student)
        except ServingError as error:
            await self.stop()
            raise NotReady(f"warm-up of {student.bundle.label}: {error}") from error
        return student

    async def _warm_up(self, student: Student) -> None:
        deadline = monotonic() + _WARM_UP_S
        questions = [_first_question(task) for task in student.bundle.tasks.values()]
        for question in questions:
            await self.predict([Row(question, student.prepare(question))], deadline)
        # One rationale is enough: its graphs are the same for all tasks.
        for question in questions[:1]:
            await self.explain([Row(question, student.prepare(question, rationale=True))], deadline)

    async def stop(self) -> None:
        """End both lanes."""
        for lane in (self._labels, self._rationales):
            if lane is not None:
                await lane.stop()

    async def predict(self, rows: Sequence[Row], deadline: float) -> list[Served[Prediction]]:
        """Answer rows with labels."""
        if self._labels is None:
            raise NotReady("the student is being loaded")
        return await self._labels.answer(rows, deadline)

    async def explain(self, rows: Sequence[Row], deadline: float) -> list[Served[Explanation]]:
        """Answer rows with labels and rationales."""
        if self._rationales is None:
            raise NotReady("the student is being loaded")
        return await self._rationales.answer(rows, deadline)

    @property
    def running(self) -> bool:
        """Whether both lanes answer."""
        return all(lane is not None and lane.running for lane in (self._labels, self._rationales))

    def depth(self, lane: LaneName) -> Depth:
        """What waits in a lane now."""
        found = self._labels if lane == "labels" else self._rationales
        return found.depth if found is not None else Depth(0, 0)


def _first_question(task: Task) -> Question:
    if task.sample is not None:
        return Question(task.name, task.sample.inputs, tuple(task.sample.choices))
    choices: tuple[str, ...] = ()
    if isinstance(task.answer, Choices):
        choices = tuple(f"choice {position + 1}" for position in range(task.answer.min_choices))
    return Question(task.name, dict.fromkeys(task.fields, "warm-up"), choices)
