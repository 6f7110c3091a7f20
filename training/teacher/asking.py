"""Asks a remote teacher many questions: several at a time, again where that may help, and never after the end.

Every answer is journaled as soon as it comes. Whatever ends the run (an error, Ctrl-C, a refusal of the endpoint),
no more is asked from then on, and the answers that are under way, which are paid for, are waited for.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from training.teacher.base import Ask, Refusal, Remote
from training.teacher.errors import EndpointClosed, RowRefused, Stopped, Throttled, TryAgain, Unreachable
from training.teacher.journal import Entry, Failure, Journal
from training.teacher.pace import Pace

_UNREACHABLE_AT_FIRST = 5
"""Failed connections after which an endpoint that never answered is taken to be away."""


@dataclass(frozen=True)
class Asking:
    """How a remote teacher is asked.

    Attributes:
        concurrency: requests under way at a time.
        requests_per_minute: at most; None sets no limit.
        tries: of one question, before it is left for another run; those that were throttled do not count.
        failures_in_a_row: failed requests, of whatever questions, that end the run.
        first_backoff_s: pause after the first failure; it doubles with each.
        longest_pause_s: of any pause, whatever the endpoint asks for.
    """

    concurrency: int = 8
    requests_per_minute: float | None = None
    tries: int = 6
    failures_in_a_row: int = 40
    first_backoff_s: float = 1.0
    longest_pause_s: float = 120.0

    def backoff_s(self, failed: int, retry_after_s: float | None, jitter: float) -> float:
        """How long to wait after so many failures: longer each time, and at least what the endpoint asks for.

        Args:
            failed: tries of this question that failed, at least 1.
            retry_after_s: what the endpoint asks for.
            jitter: 0 to 1, so that workers who failed together do not come back together.
        """
        growing = min(self.longest_pause_s, self.first_backoff_s * 2.0 ** min(failed - 1, 30))
        # `Retry-After: 0` asks for no pause, which would make of every failure two.
        return min(self.longest_pause_s, max(growing * (0.5 + jitter / 2), retry_after_s or 0.0))


class _Run:
    """One run over a list of questions; its workers share what is here."""

    def __init__(
        self, teacher: Remote, asks: Iterable[Ask], journal: Journal, asking: Asking, told: Callable[[Entry], None]
    ) -> None:
        self.teacher = teacher
        self.journal = journal
        self.asking = asking
        self.told = told
        self.pace = Pace(asking.requests_per_minute)
        self.remaining = iter(asks)
        self.errors: list[BaseException] = []
        self.failures_in_a_row = 0
        self.answered_once = False

    async def work(self) -> None:
        """Ask until nothing remains; the first error of any worker ends the run for all."""
        try:
            for ask in self.remaining:
                await self._settle(ask)
        except Stopped:
            pass
        except Exception as error:
            self.errors.append(error)
            self.pace.stop()

    async def _settle(self, ask: Ask) -> None:
        """Ask one question until it is answered, refused or given up, and write down which."""
        failed = throttled = 0
        try:
            while True:
                await self.pace.turn()
                try:
                    reply = await self.teacher.ask(ask)
                except RowRefused as refused:
                    self._heard()
                    return self._write(Entry(ask.key, ask.sample, Refusal(str(refused)), failed))
                except TryAgain as failure:
                    failed += 1
                    throttled += isinstance(failure, Throttled)
                    self._check(failure)
                    # Too many requests are no fault of this one: it waits its turn however often.
                    if failed - throttled >= self.asking.tries:
                        return self._write(Entry(ask.key, ask.sample, Failure(str(failure)), failed))
                    await self._back_off(failed, failure)
                    continue
                self._heard()
                self.pace.answered()
                written, failed = failed, 0
                return self._write(Entry(ask.key, ask.sample, reply, written))
        except BaseException:
            if failed:
                # The tries are part of what the run has cost, whatever ends it.
                self.journal.add([Entry(ask.key, ask.sample, Failure("the run ended"), failed)])
            raise

    async def _back_off(self, failed: int, failure: TryAgain) -> None:
        pause_s = self.asking.backoff_s(failed, failure.retry_after_s, random.random())
        if isinstance(failure, Throttled):
            self.pace.pause(pause_s)
        else:
            await self.pace.rest(pause_s)

    def _heard(self) -> None:
        self.failures_in_a_row, self.answered_once = 0, True

    def _check(self, failure: TryAgain) -> None:
        self.failures_in_a_row += 1
        unreachable = isinstance(failure, Unreachable) and not self.answered_once
        most = _UNREACHABLE_AT_FIRST if unreachable else self.asking.failures_in_a_row
        if self.failures_in_a_row < most or self.pace.stopped:
            return
        advice = "see that the server is up and --base-url right"
        if isinstance(failure, Throttled):
            advice = "it has too many requests: lower --concurrency or set --requests-per-minute"
        raise EndpointClosed(
            f"{self.teacher.name}: {self.failures_in_a_row} requests in a row failed, the last with: {failure}; "
            f"{advice}, then run the same command again: nothing is asked twice"
        )

    def _write(self, entry: Entry) -> None:
        self.journal.add([entry])
        self.told(entry)


def ask_remote(
    teacher: Remote, asks: Iterable[Ask], journal: Journal, asking: Asking, told: Callable[[Entry], None]
) -> None:
    """Ask all questions and journal what comes.

    The first Ctrl-C ends the asking and waits for what is under way; the second drops that too.

    Args:
        teacher: who is asked.
        asks: the questions, in the order in which they are asked.
        journal: open and locked.
        asking: how.
        told: hears of every entry, once it is on disk.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        TeacherError: the run cannot go on.
    """
    interrupted = asyncio.run(_ask_all(_Run(teacher, asks, journal, asking, told)))
    if interrupted:
        raise KeyboardInterrupt


async def _ask_all(run: _Run) -> bool:
    workers = [asyncio.create_task(run.work()) for _ in range(run.asking.concurrency)]
    interrupts: list[int] = []
    try:
        with _interrupts_heard(run, workers, interrupts):
            await asyncio.wait(workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
        await run.teacher.close()
    if run.errors:
        raise run.errors[0]
    return bool(interrupts)


@contextmanager
def _interrupts_heard(run: _Run, workers: Sequence[asyncio.Task[None]], interrupts: list[int]) -> Iterator[None]:
    def interrupt() -> None:
        interrupts.append(signal.SIGINT)
        run.pace.stop()
        if len(interrupts) == 1:
            sys.stderr.write(
                "\ninterrupted: answers under way are waited for, Ctrl-C again drops them; the same command goes on\n"
            )
            return
        for worker in workers:
            worker.cancel()

    # Signals reach the main thread alone; elsewhere somebody else must end the run.
    heard = threading.current_thread() is threading.main_thread()
    if heard:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if heard:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
