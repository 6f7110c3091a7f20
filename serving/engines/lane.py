"""One lane: a queue, the worker thread that empties it, and the futures of those who wait."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from time import monotonic, perf_counter
from typing import Generic

from serving.batching import BatchQueue, Item, QueueLimits
from serving.engines.base import Depth, LaneName, Result, Row, Served
from serving.errors import DeadlineExceeded, EngineFailure, NotReady, ServingError, WrongResult
from student.errors import QuickstepError
from student.question import PreparedQuestion
from student.task import FreeText

logger = logging.getLogger(__name__)

PROCESS_ENDING = (KeyboardInterrupt, SystemExit)
"""What is never a row's failure. Everything else may be one: a native panic is a BaseException."""

_JOIN_S = 5.0


class _Waiting(Generic[Result]):
    """A row and the future of whoever waits for it. Outcomes are values, so that none goes unretrieved."""

    __slots__ = ("future", "row")

    def __init__(self, row: Row, future: asyncio.Future[Served[Result] | ServingError]) -> None:
        self.row = row
        self.future = future


_Outcome = tuple["_Waiting[Result]", "Served[Result] | ServingError"]


class Lane(Generic[Result]):
    """Answers rows in batches on a thread of its own.

    Args:
        name: the lane's name in threads, logs and metrics.
        run: the graph run: prepared rows in, one result a row out, in order.
        check: raises `WrongResult` for a result that cannot be the row's.
        limits: bounds of batches and queue.
        run_tokens: what a run costs besides its tokens (`student.grouping`).
        observe_batch: called with the source tokens of each row of a batch that ran.
    """

    def __init__(
        self,
        name: LaneName,
        run: Callable[[Sequence[PreparedQuestion]], Sequence[Result]],
        check: Callable[[Row, object], None],
        limits: QueueLimits,
        run_tokens: int,
        observe_batch: Callable[[Sequence[int]], None] = lambda tokens: None,
    ) -> None:
        self.name = name
        self._run = run
        self._check = check
        self._observe_batch = observe_batch
        self._queue: BatchQueue[_Waiting[Result]] = BatchQueue(limits, run_tokens)
        self._loop = asyncio.get_running_loop()
        self._stopped = False
        # A daemon: an engine that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=f"quickstep-{name}", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> Depth:
        """What waits."""
        return Depth(self._queue.rows, self._queue.tokens)

    @property
    def running(self) -> bool:
        """Whether rows are answered."""
        return not self._stopped

    async def answer(self, rows: Sequence[Row], deadline: float) -> list[Served[Result]]:
        """Queue rows and wait for their results, in the order of the rows.

        Raises:
            Overloaded: no room.
            DeadlineExceeded: not all came in time.
            EngineFailure: a row made the engine raise.
            WrongResult: a row's result cannot be right.
            NotReady: the lane has stopped.
        """
        if self._stopped:
            raise NotReady("the engine has stopped")
        items = [
            Item(
                _Waiting(row, self._loop.create_future()),
                row.prepared.source_tokens,
                self._group(row),
                deadline,
            )
            for row in rows
        ]
        self._queue.put(items)
        results: list[Served[Result]] = []
        try:
            async with asyncio.timeout(deadline - monotonic()):
                for item in items:
                    outcome = await item.payload.future
                    if isinstance(outcome, ServingError):
                        raise outcome
                    results.append(outcome)
        except TimeoutError:
            raise DeadlineExceeded("no answer within the deadline") from None
        finally:
            if len(results) < len(items):
                self._queue.abandon(items)
        return results

    async def stop(self) -> None:
        """End the worker; rows that wait fail with `NotReady`."""
        self._fail_waiting()
        await asyncio.to_thread(self._thread.join, _JOIN_S)

    @staticmethod
    def _group(row: Row) -> bool:
        # A decoding loop lasts as long as its longest answer: closed labels do not wait inside one.
        return isinstance(row.prepared.task.answer, FreeText)

    def _fail_waiting(self) -> None:
        self._stopped = True
        stopped = NotReady("the engine has stopped")
        _deliver([(item.payload, stopped) for item in self._queue.close()])

    def _work(self) -> None:
        try:
            while (batch := self._queue.take()) is not None:
                self._answer_batch(batch)
        except BaseException as error:
            # Whatever ends the worker, nobody may wait for it, and /readyz must know.
            logger.critical("lane %s ends: %s", self.name, type(error).__qualname__)
            self._call_loop(self._fail_waiting)

    def _answer_batch(self, batch: list[Item[_Waiting[Result]]]) -> None:
        started_queue, started = monotonic(), perf_counter()
        outcomes: list[_Outcome[Result]]
        try:
            results = list(self._run([item.payload.row.prepared for item in batch]))
        except PROCESS_ENDING:
            self._fail(batch, NotReady("the engine has stopped"))
            raise
        except BaseException as error:
            self._log_failure(error, len(batch))
            if len(batch) == 1:
                self._fail(batch, _failure(error))
            else:
                self._answer_singly(batch)
            return
        infer_s = perf_counter() - started
        self._queue.finish(batch, infer_s)
        if len(results) != len(batch):
            logger.error("lane %s: %d results for %d rows", self.name, len(results), len(batch))
            self._fail(batch, WrongResult("the engine returned another number of results than rows"))
            return
        outcomes = []
        for item, result in zip(batch, results, strict=True):
            waiting = item.payload
            try:
                self._check(waiting.row, result)
            except WrongResult as error:
                logger.error("lane %s: %s", self.name, error)
                outcomes.append((waiting, error))
            except Exception as error:
                # A result so wrong that its check stumbles over it: a text where a number belongs.
                logger.error("lane %s: check of a result: %s", self.name, type(error).__qualname__)
                outcomes.append((waiting, WrongResult("the engine returned something that cannot be checked")))
            else:
                outcomes.append((waiting, Served(result, started_queue - item.enqueued, infer_s)))
        self._call_loop(_deliver, outcomes)
        self._observe_batch([item.tokens for item in batch])

    def _answer_singly(self, batch: list[Item[_Waiting[Result]]]) -> None:
        for number, item in enumerate(batch):
            try:
                if self._queue.claim(item):
                    self._answer_batch([item])
            except PROCESS_ENDING:
                self._fail(batch[number + 1 :], NotReady("the engine has stopped"))
                raise

    def _fail(self, batch: list[Item[_Waiting[Result]]], error: ServingError) -> None:
        self._queue.finish(batch, None)
        self._call_loop(_deliver, [(item.payload, error) for item in batch])

    def _log_failure(self, error: BaseException, rows: int) -> None:
        # The message is left out: it may quote the request.
        frames = traceback.extract_tb(error.__traceback__)[1:]
        place = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames)) or "the engine"
        logger.error("lane %s: %s with %d row(s) at %s", self.name, type(error).__qualname__, rows, place)

    def _call_loop(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            logger.debug("lane %s: the event loop is closed; nobody waits", self.name)


def _deliver(outcomes: list[_Outcome[Result]]) -> None:
    for waiting, outcome in outcomes:
        if not waiting.future.done():
            waiting.future.set_result(outcome)


def _failure(error: BaseException) -> ServingError:
    # The student raises on purpose for scores that are not numbers; anything else broke inside.
    if isinstance(error, QuickstepError):
        return WrongResult("the engine gave no valid answer for this row")
    return EngineFailure("the engine failed on this row")
