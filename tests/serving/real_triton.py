"""A real Triton for tests: the server of nvidia-pytriton's wheel, on loopback, and engines before it."""

from __future__ import annotations

import asyncio
import platform
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from export.triton import RepositorySettings, write_repository
from serving.engines.base import LaneName, Row
from serving.engines.triton import TritonEngine
from serving.triton_server import TritonServer
from student.bundle import Bundle
from student.prediction import Prediction
from student.question import Question
from student.runtime import OnnxStudent

MOST: dict[LaneName, int] = {"labels": 512, "rationales": 64}


QUESTIONS = (
    Question("demo-nli", {"premise": "A man sleeps.", "hypothesis": "He is awake."}),
    Question("demo-choices", {"question": "Where is milk kept?"}, ("fridge", "fridge door", "garage", "a zoo")),
    Question("demo-nli", {"premise": "A " + "very " * 20 + "tall man sleeps.", "hypothesis": "No."}),
    Question("demo-math", {"problem": "Anna has 12 apples and gives 5 away. How many are left?"}),
    Question("demo-choices", {"question": "?"}, ("a", "b")),
)


needs_linux = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="Triton's wheel is for Linux on x86_64"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def triton_server(folder: Path, bundle: Bundle) -> TritonServer:
    settings = RepositorySettings("fp32", threads=1)
    write_repository(bundle, folder / "models", settings)
    return TritonServer(folder / "models", free_port(), free_port(), folder / "triton.log")


def engine_at(bundle: Bundle, port: int) -> TritonEngine:
    return TritonEngine(lambda: bundle, f"127.0.0.1:{port}", None, MOST)


@asynccontextmanager
async def started_engine(bundle: Bundle, port: int) -> AsyncIterator[TritonEngine]:
    engine = engine_at(bundle, port)
    try:
        await asyncio.wait_for(engine.start(), 60)
        yield engine
    finally:
        await engine.stop()


def rows_of(student: OnnxStudent, questions: Sequence[Question], *, rationale: bool = False) -> list[Row]:
    return [Row(question, student.prepare(question, rationale=rationale)) for question in questions]


def assert_same(ours: Prediction, theirs: Prediction) -> None:
    assert ours.answer == theirs.answer and ours.value == theirs.value
    pairs = zip(ours.probabilities or (), theirs.probabilities or (), strict=True)
    for left, right in pairs:
        assert left.answer == right.answer
        assert left.probability == pytest.approx(right.probability, abs=1e-5)
