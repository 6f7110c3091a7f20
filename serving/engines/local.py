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
from student.bundle import REBUILD
from student.errors import BundleError
from student.grouping import LOOP_TOKENS, RUN_TOKENS
from student.prediction import Explanation, Prediction
from student.question import Question

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
        observe_batch: called with lane and source tokens of each row of a batch that ran.
    """

    def __init__(
        self,
        load: Callable[[], Student],
        limits: LaneLimits,
        observe_batch: Callable[[LaneName, Sequence[int]], None] = lambda lane, tokens: None,
    ) -> None:
        self._load = load
        self._limits = limits
        self._observe_batch = observe_batch
        self._labels: Lane[Prediction] | None = None
        self._rationales: Lane[Explanation] | None = None

    async def start(self) -> Preparer:
        """Load the student, check it, run it at every length, and put a golden question of each task through."""
        student = await asyncio.to_thread(self._load_checked)
        self._labels = Lane(
            "labels",
            student.predict,
            check_prediction,
            self._limits.labels,
            RUN_TOKENS,
            lambda tokens: self._observe_batch("labels", tokens),
        )
        self._rationales = Lane(
            "rationales",
            student.explain,
            check_explanation,
            self._limits.rationales,
            LOOP_TOKENS,
            lambda tokens: self._observe_batch("rationales", tokens),
        )
        try:
            await self._warm_up(student)
        except ServingError as error:
            await self.stop()
            raise NotReady(f"warm-up of {student.bundle.label}: {error}") from error
        return student

    def _load_checked(self) -> Student:
        """The student, if it still answers as it did when it was exported.

        Digests tell that the files are whole, not that they make sense together on this machine. Rationales are left
        to `quickstep verify`: they would take the longest part of the start.
        """
        student = self._load()
        student.warm_up()
        differences = student.check_golden(student.bundle.golden(), rationales=False)
        if differences:
            raise BundleError(
                f"bundle {student.bundle.label}: {len(differences)} golden answer(s) differ from those recorded at "
                f"export, first: {differences[0]}; `quickstep verify` tells them all, {REBUILD}"
            )
        return student

    async def _warm_up(self, student: Student) -> None:
        deadline = monotonic() + _WARM_UP_S
        # Golden questions fit their tasks' limits; made-up ones need not.
        golden = student.bundle.golden()
        questions = {entry.task: Question(entry.task, entry.inputs, entry.choices) for entry in golden}
        for question in questions.values():
            await self.predict([Row(question, student.prepare(question))], deadline)
        # One rationale is enough: its graphs are the same for all tasks.
        for question in list(questions.values())[:1]:
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

    @property
    def trouble(self) -> str | None:
        """Why rows are not answered; None while they are."""
        if self.running:
            return None
        return "the student is being loaded" if self._labels is None else "the engine has stopped"

    def depth(self, lane: LaneName) -> Depth:
        """What waits in a lane now."""
        found = self._labels if lane == "labels" else self._rationales
        return found.depth if found is not None else Depth(0, 0)
