"""A system in a process of its own: two libraries' threads in one process slow each other down.

A worker builds its system, then does what it is asked, one request at a time, and is blocked on its pipe between them.
What it prints goes into a file. It ignores Ctrl-C, ends when its pipe is closed, and is killed when it is not needed.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import signal
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.machine import shown
from benchmarks.peers.system import System, Work
from student.errors import QuickstepError

ANSWERS_WITHIN_S = 3600.0
"""Large students take minutes to be converted and quantized; a worker that takes longer than this hangs."""

_LEAVES_WITHIN_S = 5.0

Build = Callable[[Work, int], System]
"""Makes a system with so many threads. It is sent to another process, so it must be a module's own function."""

Batches = Sequence[npt.NDArray[np.int64]]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class WorkerFailed(QuickstepError):
    """The system could not be built, could not answer, or its process died; the message says what of it."""


@dataclass(frozen=True)
class Trial:
    """Answers, and about how long they take.

    Attributes:
        answers: index of each row's label; fewer than the rows where time was up.
        call_s: median seconds of a call without the first.
        resident_bytes: memory of the process after it.
    """

    answers: list[int]
    call_s: float
    resident_bytes: int


@dataclass(frozen=True)
class Try:
    """Asks for a `Trial`: all batches once, at least two of them, and no more when `limit_s` is over.

    The first call is neither timed nor counted against the limit: some systems compile in it.
    """

    batches: Batches
    limit_s: float

    def on(self, system: System) -> Trial:
        """What the worker does."""
        answers, times_s = list(system.answer(self.batches[0])), list[float]()
        until = time.perf_counter() + self.limit_s
        for ids in self.batches[1:] or self.batches:
            if times_s and time.perf_counter() > until:
                break
            start = time.perf_counter()
            found = system.answer(ids)
            times_s.append(time.perf_counter() - start)
            if len(self.batches) > 1:
                answers.extend(found)
        return Trial(answers, statistics.median(times_s), _resident_bytes())


@dataclass(frozen=True)
class Turn:
    """Asks for the milliseconds of each call in a turn after its warm-up; each takes at least one call."""

    batches: Batches
    warm_up_s: float
    turn_s: float

    def on(self, system: System) -> list[float]:
        """What the worker does."""
        number, times_ms = 0, list[float]()
        for seconds, counts in ((self.warm_up_s, False), (self.turn_s, True)):
            first, until = number, time.perf_counter() + seconds
            while number == first or time.perf_counter() < until:
                ids = self.batches[number % len(self.batches)]
                start = time.perf_counter()
                system.answer(ids)
                if counts:
                    times_ms.append((time.perf_counter() - start) * 1e3)
                number += 1
        return times_ms


class Worker:
    """A system behind a pipe; use it as a context manager, or `close` it.

    Args:
        name: of the system, for messages.
        build: makes it, in the other process.
        work: the student.
        threads: of the system.

    Raises:
        WorkerFailed: the system cannot be built.
    """

    def __init__(self, name: str, build: Build, work: Work, threads: int) -> None:
        self._name = f"{name} ({threads} thread{'s' if threads > 1 else ''})"
        logs = work.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self._log = logs / f"{re.sub('[^a-z0-9]+', '-', name)}-{threads}.log"
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        # daemon: should this process end by an error that nobody thought of, the worker ends with it.
        self._process = context.Process(target=_serve, args=(other, self._log, build, work, threads), daemon=True)
        self._process.start()
        other.close()
        try:
            self._receive()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Id of its process."""
        assert self._process.pid is not None
        return self._process.pid

    def trial(self, request: Try) -> Trial:
        """Answers, and about how long they take.

        Raises:
            WorkerFailed: there are none.
        """
        reply = self._ask(request)
        assert isinstance(reply, Trial)
        return reply

    def turn(self, request: Turn) -> list[float]:
        """Milliseconds of each call.

        Raises:
            WorkerFailed: there are none.
        """
        reply: list[float] = self._ask(request)
        return reply

    def close(self) -> None:
        """End the process, which leaves by itself when its pipe is closed unless it is busy."""
        self._pipe.close()
        self._process.join(_LEAVES_WITHIN_S)
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, request: Try | Turn) -> Any:
        try:
            self._pipe.send(request)
        except OSError:
            raise WorkerFailed(self._death()) from None
        return self._receive()

    def _receive(self) -> Any:
        try:
            if not self._pipe.poll(ANSWERS_WITHIN_S):
                raise WorkerFailed(f"{self._name}: no answer within {ANSWERS_WITHIN_S:g} s, see {shown(self._log)}")
            reply = self._pipe.recv()
        except (EOFError, OSError):
            raise WorkerFailed(self._death()) from None
        if isinstance(reply, WorkerFailed):
            raise WorkerFailed(f"{self._name}: {reply}")
        return reply

    def _death(self) -> str:
        self._process.join(10)
        return f"{self._name}: its process ended with status {self._process.exitcode}, see {shown(self._log)}"


def in_own_process(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """What a function returns in a process of its own, whose memory and threads are gone afterwards.

    Raises:
        WorkerFailed: the process died.
    """
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(other, partial(function, *arguments, **named)), daemon=True)
    process.start()
    other.close()
    interrupted = True
    try:
        returned, value = pipe.recv()
        interrupted = False
    except EOFError:
        name = getattr(function, "__name__", "a function")
        raise WorkerFailed(f"{name}: its process died; is there memory enough?") from None
    finally:
        process.join(0 if interrupted else _LEAVES_WITHIN_S)
        process.kill()
        process.join()
    if not returned:
        raise value
    result: _T = value
    return result


def _call(pipe: Connection, work: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pipe.send((True, work()))
    except Exception as error:  # raised again where it can be handled
        error.add_note(traceback.format_exc())
        pipe.send((False, error))


def _serve(pipe: Connection, log: Path, build: Build, work: Work, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with log.open("wb") as stream:
        # Below Python's own streams, because what native code prints belongs there too.
        for descriptor in (sys.stdout.fileno(), sys.stderr.fileno()):
            os.dup2(stream.fileno(), descriptor)
        try:
            system = build(work, threads)
            pipe.send(None)
            while True:
                pipe.send(pipe.recv().on(system))
        except (EOFError, BrokenPipeError):  # nobody asks any more
            return
        except Exception as error:  # whatever a peer raises is told as its failure
            line = " ".join(str(error).split())[:300]
            pipe.send(WorkerFailed(f"{type(error).__name__}: {line}"))
            raise


def _resident_bytes() -> int:
    """Memory of this process: what it holds now; where the system does not tell, the most it held."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
