"""Systems for the tests of workers: another process imports them from here."""

from __future__ import annotations

import os
import time

import numpy as np
import numpy.typing as npt

from benchmarks.peers.system import Work


class FirstToken:
    """Answers each row with its first token, after so long."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        time.sleep(self._seconds)
        return [int(row[0]) for row in input_ids]


class Dies:
    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        os._exit(3)


class DiesLater:
    """Answers the calls of a trial of `tests.benchmarks.test_measuring`, and no more than one turn after that."""

    def __init__(self) -> None:
        self._calls = 0

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        self._calls += 1
        if self._calls > 5:
            os._exit(3)
        return [int(row[0]) for row in input_ids]


def first_token(work: Work, threads: int) -> FirstToken:
    return FirstToken()


def faster_with_two_threads(work: Work, threads: int) -> FirstToken:
    return FirstToken(0.05 / threads)


def cannot_be_built(work: Work, threads: int) -> FirstToken:
    raise RuntimeError("no such\n library")


def dies_when_asked(work: Work, threads: int) -> Dies:
    return Dies()


def dies_later(work: Work, threads: int) -> DiesLater:
    return DiesLater()


def prints_and_dies(work: Work, threads: int) -> Dies:
    os.write(2, b"native code says why")
    os._exit(4)
