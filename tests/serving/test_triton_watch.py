"""What the engine notices when a real Triton, one of several, or a model's process is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from serving.engines.triton import TritonEngine
from serving.engines.triton_calls import prediction_calls
from serving.engines.triton_errors import failure_of
from serving.errors import DeadlineExceeded, EngineFailure, NotReady, ServingError
from serving.triton_server import TritonServer
from student.bundle import Bundle
from student.runtime import OnnxStudent
from tests.serving.real_triton import (
    MOST,
    QUESTIONS,
    assert_same,
    engine_at,
    free_port,
    needs_linux,
    rows_of,
    started_engine,
    triton_server,
)

_BOUND_S = 120.0
"""Seconds after which a test gives up; none asks how long anything took, since the cores may be busy."""


async def _until(condition: Callable[[], bool]) -> None:
    """Wait until it is true."""
    async with asyncio.timeout(_BOUND_S):
        while not condition():
            await asyncio.sleep(0.01)


def _count_turns(engine: TritonEngine) -> list[str]:
    """What its watch asks from now on, growing with each question of it."""
    watch, asked = engine._watch, list[str]()
    verify, probe = watch._verify, watch._probe

    def counted_verify(within_s: float) -> Awaitable[None]:
        asked.append("golden questions")
        return verify(within_s)

    def counted_probe() -> Awaitable[None]:
        asked.append("ready")
        return probe()

    watch._verify, watch._probe = counted_verify, counted_probe
    return asked


@asynccontextmanager
async def _engine_at_both(bundle: Bundle, target: str) -> AsyncIterator[TritonEngine]:
    engine = TritonEngine(lambda: bundle, target, None, MOST)
    try:
        await asyncio.wait_for(engine.start(), _BOUND_S)
        yield engine
    finally:
        await engine.stop()


@needs_linux
def test_address_where_nobody_listens_is_passed_over(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1])
    target = f"127.0.0.1:{triton.grpc_port},127.0.0.1:{free_port()}"

    async def ask() -> None:
        async with _engine_at_both(tiny_bundle, target) as engine:
            for _ in range(4):
                assert await engine.predict(rows, monotonic() + 10)

    asyncio.run(ask())


@needs_linux
def test_one_of_two_tritons_ends_and_nobody_notices(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1])

    async def ask(other: TritonServer) -> None:
        target = f"127.0.0.1:{triton.grpc_port},127.0.0.1:{other.grpc_port}"
        answered = 0
        many = asyncio.Event()

        async def client(engine: TritonEngine) -> None:
            nonlocal answered
            for _ in range(150):
                assert len(await engine.predict(rows, monotonic() + 10)) == 1
                answered += 1
                if answered == 100:
                    many.set()

        async with _engine_at_both(tiny_bundle, target) as engine:
            # The group ends with the first client that fails, the wait for many answers included.
            async with asyncio.timeout(_BOUND_S), asyncio.TaskGroup() as clients:
                for _ in range(4):
                    clients.create_task(client(engine))
                await many.wait()
                os.kill(other.pid, signal.SIGKILL)
            assert engine.running

    with triton_server(tmp_path, tiny_bundle) as other:
        other.wait_until_ready(120)
        asyncio.run(ask(other))


@needs_linux
def test_engine_survives_the_servers_end_and_its_standstill(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1])
    server = triton_server(tmp_path, tiny_bundle)

    async def ask() -> None:
        engine = engine_at(tiny_bundle, server.grpc_port)
        starting = asyncio.create_task(engine.start())
        await _until(lambda: "does not answer" in (engine.trouble or ""))
        server.start()
        await asyncio.wait_for(starting, _BOUND_S)
        (first,) = await engine.predict(rows, monotonic() + 10)

        asked = _count_turns(engine)
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(DeadlineExceeded):
            await engine.predict(rows, monotonic() + 0.3)
        await _until(lambda: not engine.running)
        # The first probe after the standstill gets no answer, where none was under way.
        assert len([one for one in asked if one == "ready"]) <= 1
        with pytest.raises(NotReady, match="does not answer"):
            await engine.predict(rows, monotonic() + 10)
        os.kill(server.pid, signal.SIGCONT)
        await _until(lambda: engine.running)
        (second,) = await engine.predict(rows, monotonic() + 10)
        assert_same(second.result, first.result)

        os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(_BOUND_S):
            with pytest.raises(NotReady):
                while True:
                    await engine.predict(rows, monotonic() + 10)
                    await asyncio.sleep(0.01)
        server.stop()
        server.start()
        await _until(lambda: engine.running)
        (third,) = await engine.predict(rows, monotonic() + 10)
        assert_same(third.result, first.result)
        await engine.stop()

    try:
        asyncio.run(ask())
    finally:
        server.stop()


def _model_process(server: TritonServer, role: str) -> int:
    """The process of a Python model."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == server.pid and f"/{role}/1/model.py" in command:
            return int(folder.name)
    raise AssertionError(f"no process of {role}")


@needs_linux
@pytest.mark.parametrize(("role", "ended_by"), [("label_root", signal.SIGKILL), ("text", signal.SIGSTOP)])
def test_model_whose_process_is_gone_is_noticed_until_triton_is_started_again(
    tiny_bundle: Bundle,
    tiny_student: OnnxStudent,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    role: str,
    ended_by: signal.Signals,
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1], rationale=True)

    async def ask(server: TritonServer) -> None:
        async with started_engine(tiny_bundle, server.grpc_port) as engine:
            await engine.explain(rows, monotonic() + 10)
            os.kill(_model_process(server, role), ended_by)
            with pytest.raises(NotReady, match=f"'{role}_0_0' is not healthy"):
                await engine.explain(rows, monotonic() + 10)
            # Triton still says that all models are ready.
            asked = _count_turns(engine)
            await _until(lambda: len(asked) > 3)
            assert engine.trouble is not None and "is not healthy" in engine.trouble
            assert [record.message for record in caplog.records if "not healthy" in record.message] == [
                f"{engine.trouble} (127.0.0.1:{server.grpc_port})"
            ]
            await asyncio.to_thread(server.stop)
            server.start()
            await _until(lambda: engine.running)
            await engine.explain(rows, monotonic() + 10)

    with triton_server(tmp_path, tiny_bundle) as server:
        server.wait_until_ready(120)
        asyncio.run(ask(server))


@needs_linux
def test_question_to_a_dead_model_goes_to_another_address(
    triton: TritonServer,
    tiny_bundle: Bundle,
    tiny_student: OnnxStudent,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1])

    async def ask(other: TritonServer) -> None:
        target = f"127.0.0.1:{triton.grpc_port},127.0.0.1:{other.grpc_port}"
        async with _engine_at_both(tiny_bundle, target) as engine:
            os.kill(_model_process(other, "label_root"), signal.SIGKILL)
            answered = 0
            for _ in range(6):
                # The watch asks meanwhile, so now and then the second try meets the dead one too.
                with suppress(NotReady):
                    answered += len(await engine.predict(rows, monotonic() + 20))
                assert engine.running
            assert answered >= 4
            assert sum("others are asked" in record.message for record in caplog.records) == 1

    with triton_server(tmp_path, tiny_bundle) as other:
        other.wait_until_ready(120)
        asyncio.run(ask(other))


@needs_linux
def test_request_that_a_model_fails_on_is_the_only_one(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1])
    (call,) = prediction_calls(tiny_bundle, [rows[0].prepared])
    no_token = np.full_like(call.feeds["edge_tokens"], 1 << 40)

    async def ask() -> None:
        async with started_engine(tiny_bundle, triton.grpc_port) as engine:
            asked = _count_turns(engine)
            with pytest.raises(EngineFailure, match=r"failed on this request \(INTERNAL\)"):
                await engine._infer(replace(call, feeds={**call.feeds, "edge_tokens": no_token}), monotonic() + 10)
            # The doubt is settled once a probe follows the golden questions; a second one follows where all is well.
            await _until(lambda: not engine.running or asked[-3:] == ["golden questions", "ready", "ready"])
            assert engine.running
            assert await engine.predict(rows, monotonic() + 10)

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        ("StatusCode.UNAVAILABLE", "Socket closed", NotReady),
        ("StatusCode.INTERNAL", "Stub process 'text_0_0' is not healthy.", NotReady),
        ("StatusCode.INTERNAL", "label_root: ValueError", EngineFailure),
        ("StatusCode.DEADLINE_EXCEEDED", "Deadline Exceeded", DeadlineExceeded),
    ],
)
def test_errors_are_told_apart(status: str, message: str, expected: type[ServingError]) -> None:
    assert type(failure_of(InferenceServerException(message, status))) is expected
