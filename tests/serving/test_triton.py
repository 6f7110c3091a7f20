"""The engine before a real Triton: the server of nvidia-pytriton's wheel, on loopback."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient
from tritonclient.utils import InferenceServerException

from export.triton import RepositorySettings, write_repository
from serving import triton_wheel
from serving.engines.base import LaneName, Row
from serving.engines.triton import TritonEngine
from serving.engines.triton_calls import prediction_calls
from serving.engines.triton_errors import failure_of
from serving.engines.triton_models import connect
from serving.errors import DeadlineExceeded, EngineFailure, NotReady, Overloaded, ServingError
from serving.triton_server import TritonServer
from serving.triton_wheel import NoTriton, unpacked_triton
from student.bundle import Bundle
from student.cli import main
from student.errors import BundleError
from student.prediction import Explanation, Prediction
from student.question import Question
from student.runtime import OnnxStudent
from tests.deploy.test_deploy import TRITON_METRICS
from tests.serving.fakes import serving

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server(folder: Path, bundle: Bundle) -> TritonServer:
    settings = RepositorySettings("fp32", threads=1)
    write_repository(bundle, folder / "models", settings)
    return TritonServer(folder / "models", _free_port(), _free_port(), folder / "triton.log")


@pytest.fixture(scope="module")
def triton(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    try:
        unpacked_triton()
    except NoTriton as error:
        pytest.skip(str(error))
    with _server(tmp_path_factory.mktemp("triton"), tiny_bundle) as server:
        server.wait_until_ready(120)
        yield server


def _engine(bundle: Bundle, port: int) -> TritonEngine:
    return TritonEngine(lambda: bundle, f"127.0.0.1:{port}", None, MOST)


@asynccontextmanager
async def _started(bundle: Bundle, port: int) -> AsyncIterator[TritonEngine]:
    engine = _engine(bundle, port)
    try:
        await asyncio.wait_for(engine.start(), 60)
        yield engine
    finally:
        await engine.stop()


def _rows(student: OnnxStudent, questions: Sequence[Question], *, rationale: bool = False) -> list[Row]:
    return [Row(question, student.prepare(question, rationale=rationale)) for question in questions]


def _assert_same(ours: Prediction, theirs: Prediction) -> None:
    assert ours.answer == theirs.answer and ours.value == theirs.value
    pairs = zip(ours.probabilities or (), theirs.probabilities or (), strict=True)
    for left, right in pairs:
        assert left.answer == right.answer
        assert left.probability == pytest.approx(right.probability, abs=1e-5)


@needs_linux
def test_answers_are_those_of_the_local_engine(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = _rows(tiny_student, QUESTIONS * 3, rationale=True)

    async def ask() -> tuple[list[Prediction], list[Explanation]]:
        async with _started(tiny_bundle, triton.grpc_port) as engine:
            predictions = await engine.predict(rows, monotonic() + 60)
            explanations = await engine.explain(rows, monotonic() + 60)
            assert engine.depth("labels").rows == 0 == engine.depth("rationales").tokens
        return [one.result for one in predictions], [one.result for one in explanations]

    predictions, explanations = asyncio.run(ask())
    expected = tiny_student.explain([row.prepared for row in rows])
    for prediction, explanation, one in zip(predictions, explanations, expected, strict=True):
        _assert_same(prediction, one.prediction)
        _assert_same(explanation.prediction, one.prediction)
        assert explanation.rationale == one.rationale and explanation.rationale_agrees == one.rationale_agrees


@needs_linux
def test_address_where_nobody_listens_is_passed_over(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = _rows(tiny_student, QUESTIONS[:1])
    target = f"127.0.0.1:{triton.grpc_port},127.0.0.1:{_free_port()}"

    async def ask() -> None:
        engine = TritonEngine(lambda: tiny_bundle, target, None, MOST)
        await asyncio.wait_for(engine.start(), 60)
        for _ in range(4):
            assert await engine.predict(rows, monotonic() + 10)
        await engine.stop()

    asyncio.run(ask())


@needs_linux
def test_one_of_two_tritons_ends_and_nobody_notices(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path
) -> None:
    rows = _rows(tiny_student, QUESTIONS[:1])

    async def ask(other: TritonServer) -> None:
        engine = TritonEngine(
            lambda: tiny_bundle, f"127.0.0.1:{triton.grpc_port},127.0.0.1:{other.grpc_port}", None, MOST
        )
        await asyncio.wait_for(engine.start(), 60)
        answered = 0

        async def client() -> None:
            nonlocal answered
            for _ in range(150):
                assert len(await engine.predict(rows, monotonic() + 10)) == 1
                answered += 1

        clients = [asyncio.create_task(client()) for _ in range(4)]
        while answered < 100:
            await asyncio.sleep(0.005)
        os.kill(other.pid, signal.SIGKILL)
        await asyncio.gather(*clients)
        assert engine.running
        await engine.stop()

    with _server(tmp_path, tiny_bundle) as other:
        other.wait_until_ready(120)
        asyncio.run(ask(other))


@needs_linux
def test_repeated_request_is_answered_from_the_response_cache(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path
) -> None:
    write_repository(tiny_bundle, tmp_path / "models", RepositorySettings("fp32", threads=1, response_cache=True))
    ports = _free_port(), _free_port()
    rows = _rows(tiny_student, QUESTIONS, rationale=True)

    async def ask(server: TritonServer) -> None:
        async with _started(tiny_bundle, server.grpc_port) as engine:
            first, again = [await engine.explain(rows, monotonic() + 20) for _ in range(2)]
        for one, other in zip(first, again, strict=True):
            _assert_same(one.result.prediction, other.result.prediction)
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
    rows = _rows(tiny_student, QUESTIONS[:1])

    async def ask() -> None:
        async with _started(tiny_bundle, triton.grpc_port) as engine:
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
    rows = _rows(tiny_student, QUESTIONS[:1] * 32, rationale=True)

    async def ask() -> Sequence[object]:
        async with _started(tiny_bundle, triton.grpc_port) as engine:
            engine._most_rows = {"labels": 20_000, "rationales": 20_000}
            impatient = (engine.explain(rows, monotonic() + 0.1) for _ in range(200))
            answered = await asyncio.gather(*impatient, return_exceptions=True)
            # It has not suffered, though busy cores may have made it look away.
            async with asyncio.timeout(60):
                while not engine.running:
                    await asyncio.sleep(0.05)
            assert len(await engine.explain(rows, monotonic() + 60)) == len(rows)
            return answered

    answered = asyncio.run(ask())
    late = [one for one in answered if isinstance(one, DeadlineExceeded)]
    assert late and all(isinstance(one, list | DeadlineExceeded | NotReady) for one in answered)
    with urlopen(f"http://127.0.0.1:{triton.metrics_port}/metrics", timeout=10) as response:
        found = re.findall(r'request_failure\{.*reason="CANCELED".*\} (\d+)', response.read().decode())
    assert sum(map(int, found)) > 0


@needs_linux
def test_other_bundle_is_refused_with_both_digests(triton: TritonServer, tiny_bundle: Bundle) -> None:
    other = replace(tiny_bundle, digest="sha256:" + "0" * 64)

    async def ask() -> str | None:
        engine = _engine(other, triton.grpc_port)
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


@needs_linux
def test_engine_survives_the_servers_end_and_its_standstill(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path
) -> None:
    rows = _rows(tiny_student, QUESTIONS[:1])
    server = _server(tmp_path, tiny_bundle)

    async def ready(engine: TritonEngine, within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not engine.running:
                await asyncio.sleep(0.02)

    async def ask() -> None:
        engine = _engine(tiny_bundle, server.grpc_port)
        starting = asyncio.create_task(engine.start())
        await asyncio.sleep(0.5)
        assert engine.trouble is not None and "does not answer" in engine.trouble
        server.start()
        await asyncio.wait_for(starting, 120)
        (first,) = await engine.predict(rows, monotonic() + 10)

        os.kill(server.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await engine.predict(rows, monotonic() + 0.3)
        while engine.running:
            await asyncio.sleep(0.02)
        assert time.monotonic() - stopped < 10
        with pytest.raises(NotReady, match="does not answer"):
            await engine.predict(rows, monotonic() + 10)
        os.kill(server.pid, signal.SIGCONT)
        await ready(engine, 30)
        (second,) = await engine.predict(rows, monotonic() + 10)
        _assert_same(second.result, first.result)

        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(NotReady):
            while True:
                await engine.predict(rows, monotonic() + 10)
                await asyncio.sleep(0.01)
        server.stop()
        server.start()
        await ready(engine, 120)
        (third,) = await engine.predict(rows, monotonic() + 10)
        _assert_same(third.result, first.result)
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
    rows = _rows(tiny_student, QUESTIONS[:1], rationale=True)

    async def ask(server: TritonServer) -> None:
        async with _started(tiny_bundle, server.grpc_port) as engine:
            await engine.explain(rows, monotonic() + 10)
            os.kill(_model_process(server, role), ended_by)
            with pytest.raises(NotReady, match=f"'{role}_0_0' is not healthy"):
                await engine.explain(rows, monotonic() + 10)
            # Triton still says that all models are ready.
            await asyncio.sleep(3)
            assert engine.trouble is not None and "is not healthy" in engine.trouble
            assert [record.message for record in caplog.records if "not healthy" in record.message] == [
                f"{engine.trouble} (127.0.0.1:{server.grpc_port})"
            ]
            await asyncio.to_thread(server.stop)
            server.start()
            async with asyncio.timeout(60):
                while not engine.running:
                    await asyncio.sleep(0.05)
            await engine.explain(rows, monotonic() + 10)

    with _server(tmp_path, tiny_bundle) as server:
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
    rows = _rows(tiny_student, QUESTIONS[:1])

    async def ask(other: TritonServer) -> None:
        target = f"127.0.0.1:{triton.grpc_port},127.0.0.1:{other.grpc_port}"
        engine = TritonEngine(lambda: tiny_bundle, target, None, MOST)
        await asyncio.wait_for(engine.start(), 60)
        os.kill(_model_process(other, "label_root"), signal.SIGKILL)
        answered = 0
        for _ in range(6):
            # The watch asks meanwhile, so now and then the second try meets the dead one too.
            with suppress(NotReady):
                answered += len(await engine.predict(rows, monotonic() + 20))
            assert engine.running
        assert answered >= 4
        assert sum("others are asked" in record.message for record in caplog.records) == 1
        await engine.stop()

    with _server(tmp_path, tiny_bundle) as other:
        other.wait_until_ready(120)
        asyncio.run(ask(other))


@needs_linux
def test_request_that_a_model_fails_on_is_the_only_one(
    triton: TritonServer, tiny_bundle: Bundle, tiny_student: OnnxStudent
) -> None:
    rows = _rows(tiny_student, QUESTIONS[:1])
    (call,) = prediction_calls(tiny_bundle, [rows[0].prepared])
    no_token = np.full_like(call.feeds["edge_tokens"], 1 << 40)

    async def ask() -> None:
        async with _started(tiny_bundle, triton.grpc_port) as engine:
            with pytest.raises(EngineFailure, match=r"failed on this request \(INTERNAL\)"):
                await engine._infer(replace(call, feeds={**call.feeds, "edge_tokens": no_token}), monotonic() + 10)
            for _ in range(10):
                assert engine.running
                await asyncio.sleep(0.1)
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
    with serving(engine=_engine(tiny_bundle, _free_port()), wait=False) as running:
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
    engine = TritonEngine(lambda: tiny_bundle, f"127.0.0.1:{_free_port()}", "int8", MOST)
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


def test_command_writes_a_repository(tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path / "models")]) == 0
    assert "label_root, label_tree, text of tiny@" in capsys.readouterr().out
    assert (tmp_path / "models" / "text" / "1" / "model.py").is_file()
    assert main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path), "--precision", "int8"]) == 1
    assert "has no int8 label path" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--grpc-port", "65536"], "no whole number from 1 to 65535"),
        (["--metrics-port", "8001"], "are both 8001"),
        (["--threads", "-3"], "no whole number from 0 to 1024"),
        (["--threads", "100000"], "no whole number from 0 to 1024"),
        (["--instances", "1000000"], "no whole number from 1 to 64"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    arguments: list[str], said: str, tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path / "models"), *arguments])
    assert ended.value.code == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_port_that_is_taken_is_told_before_anything_is_written(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ["--repository", str(tmp_path / "models"), "--run", "--grpc-port", str(port)]
        assert main(["triton", str(tiny_bundle.path), *arguments, "--metrics-port", str(_free_port())]) == 1
    error = capsys.readouterr().err
    assert f"--grpc-port: port {port}" in error and "take another port" in error and "--metrics-port" not in error
    assert not (tmp_path / "models").exists()


def test_repository_that_cannot_be_written_is_told(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path / "file" / "models")]) == 1
    assert "file/models: cannot be written (Not a directory)" in capsys.readouterr().err


@needs_linux
@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_command_that_is_ended_leaves_nothing_behind(
    triton: TritonServer, tiny_bundle: Bundle, tmp_path: Path, ended_by: signal.Signals
) -> None:
    (tmp_path / "temporary").mkdir()
    ports = _free_port(), _free_port()
    command = [sys.executable, "-m", "student.cli", "triton", str(tiny_bundle.path), "--threads", "1", "--run"]
    command += ["--repository", str(tmp_path / "models"), "--grpc-port", str(ports[0]), "--metrics-port", str(ports[1])]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        while b"ready: " not in (line := running.stdout.readline()):
            assert line, "it ended"
        running.send_signal(ended_by)
        try:
            assert running.wait(30) == 0
        finally:
            running.kill()
    assert not list((tmp_path / "temporary").glob("quickstep-*"))
    assert not [name for name in _commands() if str(tmp_path) in name]


@needs_linux
def test_killed_server_leaves_no_processes_once_it_is_stopped(
    triton: TritonServer, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    server = _server(tmp_path, tiny_bundle)
    with server:
        server.wait_until_ready(120)
        assert [name for name in _commands() if str(tmp_path) in name and "model.py" in name]
        os.kill(server.pid, signal.SIGKILL)
    assert not [name for name in _commands() if str(tmp_path) in name]
    assert not list(Path("/dev/shm").glob(f"{server._shared}*"))


def _commands() -> Iterator[str]:
    """Command lines of all processes that run."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (folder / "cmdline").read_text()


def test_missing_client_is_told_with_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "serving.engines.triton", None)
    assert main(["serve", "--engine", "triton", "--port", "0"]) == 1
    assert "pip install 'quickstep[serve,triton]'" in capsys.readouterr().err


@needs_linux
def test_wheel_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICKSTEP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(triton_wheel, "WHEEL", "iniconfig==0.0.0.dev0")
    with pytest.raises(NoTriton, match="cannot be fetched"):
        unpacked_triton()
    assert not list((tmp_path / "cache").glob("triton-*"))
    (tmp_path / "file").touch()
    monkeypatch.setenv("QUICKSTEP_CACHE", str(tmp_path / "file"))
    with pytest.raises(NoTriton, match="set QUICKSTEP_CACHE to a folder that can be written"):
        unpacked_triton()
    (tmp_path / "partial" / f"triton-{triton_wheel.TRITON_VERSION}").mkdir(parents=True)
    monkeypatch.setenv("QUICKSTEP_CACHE", str(tmp_path / "partial"))
    with pytest.raises(NoTriton, match=r"no whole Triton .*remove it"):
        unpacked_triton()
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(NoTriton, match="for Linux on x86_64 only, this is linux on riscv64"):
        unpacked_triton()
