from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers.system import Work
from benchmarks.peers.worker import Try, Turn, Worker, WorkerFailed, in_own_process
from tests.benchmarks import stand_in_systems as systems

BATCHES = [np.array([[5, 1], [6, 1]]), np.array([[7, 1], [8, 1]])]


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "model", tmp_path, labels=(), calibration=())


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_worker_answers_in_another_process_and_is_gone_afterwards(work: Work) -> None:
    with Worker("stand-in", systems.first_token, work, threads=1) as worker:
        assert worker.pid != os.getpid() and _alive(worker.pid)
        trial = worker.trial(Try(BATCHES, limit_s=60))
        times_ms = worker.turn(Turn(BATCHES, warm_up_s=0.0, turn_s=0.0))
    assert trial.answers == [5, 6, 7, 8] and trial.call_s >= 0 and trial.resident_bytes > 1e6
    assert len(times_ms) == 1
    assert not _alive(worker.pid)


def test_trial_stops_at_its_limit_but_has_a_call_that_is_not_the_first(work: Work) -> None:
    with Worker("stand-in", systems.first_token, work, threads=1) as worker:
        assert worker.trial(Try([*BATCHES, *BATCHES], limit_s=0)).answers == [5, 6, 7, 8]
        assert worker.trial(Try(BATCHES[:1], limit_s=0)).answers == [5, 6]


def test_worker_that_cannot_be_built_says_why(work: Work) -> None:
    with pytest.raises(WorkerFailed, match=r"^stand-in \(2 threads\): RuntimeError: no such library$"):
        Worker("stand-in", systems.cannot_be_built, work, threads=2)


def test_worker_that_dies_when_it_is_built_names_its_log(work: Work) -> None:
    with pytest.raises(
        WorkerFailed, match=r"stand-in \(1 thread\): its process ended with status 4, see stand-in-1.log"
    ):
        Worker("stand-in", systems.prints_and_dies, work, threads=1)
    assert (work.folder / "logs" / "stand-in-1.log").read_text() == "native code says why"


def test_worker_that_dies_when_it_is_asked_is_told(work: Work) -> None:
    with Worker("stand-in", systems.dies_when_asked, work, threads=1) as worker:
        with pytest.raises(WorkerFailed, match="its process ended with status 3"):
            worker.trial(Try(BATCHES, limit_s=1))
        with pytest.raises(WorkerFailed, match="its process ended with status 3"):
            worker.turn(Turn(BATCHES, warm_up_s=0, turn_s=0))


def test_worker_ends_when_the_one_who_asks_is_interrupted(work: Work) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        Worker("stand-in", systems.first_token, work, threads=1) as worker,
    ):
        raise KeyboardInterrupt
    assert not _alive(worker.pid)


def test_function_in_its_own_process_returns_raises_or_dies() -> None:
    assert in_own_process(os.getpid) != os.getpid()
    with pytest.raises(FileNotFoundError):
        in_own_process(os.stat, "/no/such/file")
    with pytest.raises(WorkerFailed, match="_exit: its process died"):
        in_own_process(os._exit, 1)
