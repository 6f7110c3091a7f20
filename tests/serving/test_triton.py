"""The engine before a real Triton."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

import pytest
from tritonclient.grpc import InferenceServerClient
from tritonclient.utils import InferenceServerException

from export.triton import RepositorySettings, write_repository
from serving.engines.triton import TritonEngine
from serving.engines.triton_calls import prediction_calls
from serving.engines.triton_models import connect
from serving.errors import DeadlineExceeded, NotReady, Overloaded
from serving.triton_server import TritonServer
from student.bundle import Bundle
from student.errors import BundleError
from student.prediction import Explanation, Prediction
from student.runtime import OnnxStudent
from tests.deploy.test_deploy import TRITON_METRICS
from tests.serving.fakes import serving
from tests.serving.real_triton import (
    MOST,
    QUESTIONS,
    assert_same,
    engine_at,
    free_port,
    needs_linux,
    rows_of,
    started_engine,
)


@needs_linux
def test_answers_are_those_of_the_local_engine(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = rows_of(tiny_student, QUESTIONS * 3, rationale=True)

    async def ask() -> tuple[list[Prediction], list[Explanation]]:
        async with started_engine(tiny_bundle, triton.grpc_port) as engine:
            predictions = await engine.predict(rows, monotonic() + 60)
            explanations = await engine.explain(rows, monotonic() + 60)
            assert engine.depth("labels").rows == 0 == engine.depth("rationales").tokens
        return [one.result for one in predictions], [one.result for one in explanations]

    predictions, explanations = asyncio.run(ask())
    expected = tiny_student.explain([row.prepared for row in rows])
    for prediction, explanation, one in zip(predictions, explanations, expected, strict=True):
        assert_same(prediction, one.prediction)
        assert_same(explanation.prediction, one.prediction)
        assert explanation.rationale == one.rationale and explanation.rationale_agrees == one.rationale_agrees


@needs_linux
def test_repeated_request_is_answered_from_the_response_cache(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path
) -> None:
    write_repository(tiny_bundle, tmp_path / "models", RepositorySettings("fp32", threads=1, response_cache=True))
    ports = free_port(), free_port()
    rows = rows_of(tiny_student, QUESTIONS, rationale=True)

    async def ask(server: TritonServer) -> None:
        async with started_engine(tiny_bundle, server.grpc_port) as engine:
            first, again = [await engine.explain(rows, monotonic() + 20) for _ in range(2)]
        for one, other in zip(first, again, strict=True):
            assert_same(one.result.prediction, other.result.prediction)
            assert one.result.rationale == other.result.rationale

    with TritonServer(tmp_path / "models", *ports, tmp_path / "triton.log", response_cache=True) as server:
        server.wait_until_ready(120)
        asyncio.run(ask(server))
        for role in ("label_root", "label_tree", "text"):
            hits = _metric(server, f'nv_cache_num_hits_per_model{{model="{role}",version="1"}}')
            assert hits is not None and hits > 0
    # Without the flag there is none.
    assert _metric(triton, "nv_cache_num_hits_per_model") is None


def _metric(server: TritonServer, name: str) -> float | None:
    with urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)), None)


@needs_linux
def test_shared_memory_is_not_for_clients(triton: TritonServer) -> None:
    with InferenceServerClient(f"127.0.0.1:{triton.grpc_port}") as client:
        with pytest.raises(InferenceServerException, match="restricted"):
            client.get_system_shared_memory_status()
        with pytest.raises(InferenceServerException, match="restricted"):
            client.get_model_repository_index()


@needs_linux
def test_metrics_that_are_asked_for_exist(triton: TritonServer) -> None:
    with urlopen(f"http://127.0.0.1:{triton.metrics_port}/metrics", timeout=10) as response:
        told = set(re.findall(r"^# TYPE (\w+)", response.read().decode(), flags=re.MULTILINE))
    assert told >= TRITON_METRICS


@needs_linux
def test_past_deadlines_and_too_many_rows_are_refused(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1])

    async def ask() -> None:
        async with started_engine(tiny_bundle, triton.grpc_port) as engine:
            with pytest.raises(DeadlineExceeded):
                await engine.predict(rows, monotonic() - 1)
            with pytest.raises(Overloaded):
                await engine.predict(rows * (MOST["labels"] + 1), monotonic() + 10)
            assert engine.depth("labels").rows == 0

    asyncio.run(ask())


@needs_linux
def test_what_nobody_waits_for_any_more_is_not_run(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = rows_of(tiny_student, QUESTIONS[:1] * 32, rationale=True)

    def cancelled() -> int:
        with urlopen(f"http://127.0.0.1:{triton.metrics_port}/metrics", timeout=10) as response:
            found = re.findall(r'request_failure\{.*reason="CANCELED".*\} (\d+)', response.read().decode())
        return sum(map(int, found))

    async def ask() -> list[object]:
        answered: list[object] = []
        async with started_engine(tiny_bundle, triton.grpc_port) as engine:
            engine._most_rows = {"labels": 20_000, "rationales": 20_000}
            # On busy cores little may even be sent in a tenth of a second; of more time, more is.
            for patience_s in (0.1, 0.3, 1, 3):
                impatient = (engine.explain(rows, monotonic() + patience_s) for _ in range(200))
                answered += await asyncio.gather(*impatient, return_exceptions=True)
                # It has not suffered, though busy cores may have made it look away.
                async with asyncio.timeout(60):
                    while not engine.running:
                        await asyncio.sleep(0.05)
                assert len(await engine.explain(rows, monotonic() + 60)) == len(rows)
                if cancelled():
                    return answered
        return answered

    answered = asyncio.run(ask())
    late = [one for one in answered if isinstance(one, DeadlineExceeded)]
    assert late and all(isinstance(one, list | DeadlineExceeded | NotReady) for one in answered)
    assert cancelled() > 0


@needs_linux
def test_other_bundle_is_refused_with_both_digests(triton: TritonServer, tiny_bundle: Bundle) -> None:
    other = replace(tiny_bundle, digest="sha256:" + "0" * 64)

    async def ask() -> str | None:
        engine = engine_at(other, triton.grpc_port)
        starting = asyncio.create_task(engine.start())
        try:
            await asyncio.sleep(2)
            assert not starting.done() and not engine.running
            with pytest.raises(NotReady):
                await engine.predict([], monotonic() + 1)
            return engine.trouble
        finally:
            starting.cancel()
            await engine.stop()

    trouble = asyncio.run(ask())
    assert trouble is not None
    assert tiny_bundle.digest in trouble and other.digest in trouble


def test_rows_of_one_shape_share_a_call(tiny_bundle: Bundle, tiny_student: OnnxStudent) -> None:
    rows = [tiny_student.prepare(question) for question in QUESTIONS * 20]
    calls = prediction_calls(tiny_bundle, rows)
    assert sorted(place for call in calls for place in call.rows) == list(range(len(rows)))
    for call in calls:
        assert len(call.rows) <= 32
        assert call.feeds["input_ids"].shape == call.feeds["source_mask"].shape
        assert call.feeds["input_ids"].shape[1] in tiny_bundle.length_buckets
        assert {len(values) for values in call.feeds.values()} == {len(call.rows)}
    assert len(calls) < len(rows) / 2


def test_gateway_without_triton_is_alive_and_says_what_is_missing(tiny_bundle: Bundle) -> None:
    with serving(engine=engine_at(tiny_bundle, free_port()), wait=False) as running:
        client = running.client
        until = monotonic() + 20
        while "does not answer" not in client.get("/readyz").text and monotonic() < until:
            time.sleep(0.05)
        for response in (client.get("/readyz"), client.post("/predict", json={"task": "demo-nli", "inputs": {}})):
            assert response.status_code == 503
            assert "Triton does not answer" in response.json()["detail"]
            assert "127.0.0.1" not in response.text
        assert client.get("/livez").status_code == 200


def test_precision_that_the_bundle_has_not_is_not_waited_for(tiny_bundle: Bundle) -> None:
    engine = TritonEngine(lambda: tiny_bundle, f"127.0.0.1:{free_port()}", "int8", MOST)
    with pytest.raises(BundleError, match="has no int8 label path, only fp32; take one of these"):
        asyncio.run(engine.start())


def test_environments_proxy_is_not_asked_for_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as proxy, socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        async def ask() -> None:
            client = connect(f"127.0.0.1:{server.getsockname()[1]}")
            with suppress(InferenceServerException):
                await client.is_server_ready(client_timeout=1.0)
            await client.close()

        asyncio.run(ask())
        for listener in (proxy, server):
            listener.setblocking(False)
            with suppress(BlockingIOError):
                listener.accept()[0].close()
                asked.append(listener)
        assert asked == [server]
