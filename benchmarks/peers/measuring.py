"""Which number of threads suits a system, and then turns of all systems, one after another.

Each system lives in a process of its own (`benchmarks.peers.worker`) and all but one are blocked meanwhile. A trial
with nothing else alive chooses the threads. Then all chosen ones stay alive and take turns, so that a machine that is
slower for some seconds is slower for all; where they do not fit into memory together, each takes all its turns alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from benchmarks.peers.system import Rows, Work, of_length
from benchmarks.peers.systems import Peer
from benchmarks.peers.worker import Trial, Try, Turn, Worker, WorkerFailed

_SHARE_OF_MEMORY = 0.8
"""Of what is free, that systems alive at the same time may take."""


@dataclass(frozen=True)
class Cell:
    """A source length and a batch."""

    source_tokens: int
    batch: int

    def batches(self, rows: Rows) -> list[npt.NDArray[np.int64]]:
        """Whole batches of these rows, each [batch, source] int64."""
        exact = [of_length(row, self.source_tokens) for row in rows]
        return [np.stack(exact[i : i + self.batch]) for i in range(0, len(exact) - self.batch + 1, self.batch)]


@dataclass(frozen=True)
class Effort:
    """How long is measured.

    Attributes:
        threads: numbers of threads that are tried.
        warm_up_s: at the start of a turn, uncounted. The threads of the system before spin for a moment after their
            last work, and memory that was idle for a while has to be brought back.
        turn_s: of a turn that counts.
        rounds: turns of each system.
        cell_s: most seconds that a system's turns in a cell take together, and three times as many as its trial there;
            slow ones get fewer turns, at least one, and answer fewer rows.
    """

    threads: tuple[int, ...]
    warm_up_s: float
    turn_s: float
    rounds: int
    cell_s: float

    def turns(self, call_s: float) -> int:
        """Turns of a system whose call takes so long."""
        one = max(self.warm_up_s, call_s) + max(self.turn_s, call_s)
        return max(1, min(self.rounds, int(self.cell_s / one)))


@dataclass
class Measured:
    """What was found of a shape.

    Attributes:
        trials: of every system in every cell, with the threads chosen.
        times_ms: of every call that counts.
        failures: why a system is missing, by its name.
        one_by_one: the systems did not fit into memory together.
    """

    trials: dict[Cell, dict[str, tuple[int, Trial]]]
    times_ms: dict[Cell, dict[str, list[float]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    one_by_one: bool = False


def measure(
    peers: Sequence[Peer], work: Work, rows: Rows, cells: Sequence[Cell], effort: Effort, name: str
) -> Measured:
    """Try and time systems on one student.

    Args:
        peers: the systems.
        work: the student.
        rows: that are asked.
        cells: source lengths and batches.
        effort: how long.
        name: of the student, for progress bars.
    """
    measured = Measured({cell: {} for cell in cells})
    batches = {cell: cell.batches(rows) for cell in cells}
    with tqdm(total=len(peers) * len(effort.threads) * len(cells), desc=f"try {name}", unit="trial") as bar:
        for peer in peers:
            try:
                for cell, trial in _try(peer, work, batches, effort, bar).items():
                    measured.trials[cell][peer.name] = trial
            except WorkerFailed as error:
                _leave_out(measured, peer.name, error)
    available = available_bytes()
    needed = max(sum(trial.resident_bytes for _, trial in tried.values()) for tried in measured.trials.values())
    measured.one_by_one = needed > _SHARE_OF_MEMORY * available
    tried = [peer for peer in peers if peer.name not in measured.failures]
    groups = [[peer] for peer in tried] if measured.one_by_one else [tried]
    with _Pool(work) as pool, tqdm(total=len(tried) * len(cells), desc=f"time {name}", unit="system") as bar:
        for group in groups:
            for cell in cells:
                _take_turns(group, pool, measured, cell, Turn(batches[cell], effort.warm_up_s, effort.turn_s), effort)
                bar.update(len(group))
    return measured


def available_bytes() -> int:
    """Memory that new processes can have; all there is where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kibibytes = dict(line.split(":") for line in lines)["MemAvailable"].split()[0]
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(kibibytes) * 1024


def best_threads(trials: Mapping[int, Trial]) -> tuple[int, Trial]:
    """The number of threads with the shortest call, and its trial."""
    threads = min(trials, key=lambda number: trials[number].call_s)
    return threads, trials[threads]


def _try(
    peer: Peer,
    work: Work,
    batches: Mapping[Cell, Sequence[npt.NDArray[np.int64]]],
    effort: Effort,
    bar: tqdm[object],
) -> dict[Cell, tuple[int, Trial]]:
    trials: dict[Cell, dict[int, Trial]] = {cell: {} for cell in batches}
    # The first start converts the student where that was not done, which takes more memory than the system itself.
    Worker(peer.name, peer.build, work, effort.threads[0]).close()
    for threads in effort.threads:
        with Worker(peer.name, peer.build, work, threads) as worker:
            for cell, asked in batches.items():
                trials[cell][threads] = worker.trial(Try(asked, effort.cell_s / 3))
                bar.update()
    return {cell: best_threads(found) for cell, found in trials.items()}


def _take_turns(peers: Sequence[Peer], pool: _Pool, measured: Measured, cell: Cell, turn: Turn, effort: Effort) -> None:
    chosen = {peer: measured.trials[cell][peer.name] for peer in peers if peer.name not in measured.failures}
    pool.keep({(peer, threads) for peer, (threads, _) in chosen.items()})
    times_ms = measured.times_ms.setdefault(cell, {})
    for number in range(effort.rounds):
        for peer, (threads, trial) in chosen.items():
            if number >= effort.turns(trial.call_s) or peer.name in measured.failures:
                continue
            try:
                found = pool.worker(peer, threads).turn(turn)
            except WorkerFailed as error:
                _leave_out(measured, peer.name, error)
            else:
                times_ms.setdefault(peer.name, []).extend(found)


def _leave_out(measured: Measured, name: str, error: WorkerFailed) -> None:
    measured.failures[name] = str(error)
    tqdm.write(f"left out: {error}", file=sys.stdout)


class _Pool:
    """Workers that are alive; use it as a context manager."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._workers: dict[tuple[Peer, int], Worker] = {}

    def keep(self, wanted: set[tuple[Peer, int]]) -> None:
        """End all others."""
        for key in set(self._workers) - wanted:
            self._workers.pop(key).close()

    def worker(self, peer: Peer, threads: int) -> Worker:
        """This system, started where it is not alive."""
        if (peer, threads) not in self._workers:
            self._workers[peer, threads] = Worker(peer.name, peer.build, self._work, threads)
        return self._workers[peer, threads]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.keep(set())
