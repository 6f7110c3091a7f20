from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import measuring
from benchmarks.peers.measuring import Cell, Effort, best_threads, measure
from benchmarks.peers.system import Work
from benchmarks.peers.systems import Peer
from benchmarks.peers.worker import Trial
from tests.benchmarks import stand_in_systems as systems

ROWS = [np.array([number, 9, 1]) for number in range(4)]
QUICK = Effort(threads=(1, 2), warm_up_s=0.0, turn_s=0.0, rounds=2, cell_s=60.0)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "model", tmp_path, labels=(), calibration=())


def test_cells_have_whole_batches_of_their_length() -> None:
    batches = Cell(source_tokens=5, batch=3).batches(ROWS)
    assert [batch.tolist() for batch in batches] == [[[0, 9, 0, 9, 1], [1, 9, 1, 9, 1], [2, 9, 2, 9, 1]]]


@pytest.mark.parametrize(("call_s", "turns"), [(0.001, 3), (1.0, 3), (10.0, 3), (20.0, 1), (500.0, 1)])
def test_slow_systems_get_fewer_turns_but_one(call_s: float, turns: int) -> None:
    assert Effort((1,), warm_up_s=0.6, turn_s=1.0, rounds=3, cell_s=60.0).turns(call_s) == turns


def test_threads_with_the_shortest_call_are_chosen() -> None:
    trials = {1: Trial([0], 0.3, 1), 2: Trial([0], 0.2, 2), 4: Trial([0], 0.4, 3)}
    assert best_threads(trials) == (2, trials[2])


def test_systems_that_fail_are_left_out_and_named(work: Work, capsys: pytest.CaptureFixture[str]) -> None:
    peers = [
        Peer("a", "fp32", systems.cannot_be_built),
        Peer("b", "fp32", systems.dies_when_asked),
        Peer("c", "fp32", systems.faster_with_two_threads),
    ]
    cells = [Cell(3, 1), Cell(3, 2)]
    measured = measure(peers, work, ROWS, cells, QUICK, "stand-ins")
    assert measured.failures.keys() == {"a", "b"}
    assert "left out: a (1 thread): RuntimeError: no such library" in capsys.readouterr().out
    for cell in cells:
        assert measured.trials[cell].keys() == {"c"} == measured.times_ms[cell].keys()
        threads, trial = measured.trials[cell]["c"]
        assert threads in (1, 2) and trial.answers == [0, 1, 2, 3]
        assert len(measured.times_ms[cell]["c"]) == QUICK.rounds
    assert not measured.one_by_one


def test_system_that_dies_between_its_turns_is_left_out_and_the_others_go_on(work: Work) -> None:
    peers = [Peer("a", "fp32", systems.dies_later), Peer("b", "fp32", systems.first_token)]
    effort = replace(QUICK, rounds=9)
    measured = measure(peers, work, ROWS, [Cell(3, 1)], effort, "stand-ins")
    assert measured.failures.keys() == {"a"}
    assert "its process ended with status 3" in measured.failures["a"]
    assert len(measured.times_ms[Cell(3, 1)]["b"]) == effort.rounds


def test_systems_run_one_by_one_where_memory_is_short(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "available_bytes", lambda: 1)
    peers = [Peer("a", "fp32", systems.first_token), Peer("b", "fp32", systems.first_token)]
    measured = measure(peers, work, ROWS, [Cell(3, 1)], QUICK, "stand-ins")
    assert measured.one_by_one
    assert {name: len(times) for name, times in measured.times_ms[Cell(3, 1)].items()} == {"a": 2, "b": 2}
