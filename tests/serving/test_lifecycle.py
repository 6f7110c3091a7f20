from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from student.errors import BundleError
from tests.serving.fakes import FakeStudent, serving
from tests.serving.test_overload import until

ROOT = Path(__file__).parents[2]

SERVE_A_FAKE = """
import sys, threading
from student.runtime import OnnxStudent
from tests.serving.fakes import FakeStudent
from serving.cli import main
student = FakeStudent()
OnnxStudent.load = lambda path, *settings: student
def obey():
    for line in sys.stdin:
        if line == "hold\\n":
            while student.entered.acquire(blocking=False): pass
            student.gate.clear()
        elif line == "entered\\n":
            student.entered.acquire()
        else:
            student.gate.set()
        print("done", flush=True)
threading.Thread(target=obey, daemon=True).start()
sys.exit(main(sys.argv[1:]))
"""


def test_student_that_answers_otherwise_than_at_export_is_not_served() -> None:
    student = FakeStudent()
    student.forgetful = True
    with serving(student, wait=False) as running:
        until(lambda: running.server.should_exit)
        assert isinstance(running.lifecycle.failure, BundleError)
        assert "1 golden answer(s) differ" in str(running.lifecycle.failure)


def test_not_ready_while_loading_then_ready() -> None:
    student = FakeStudent()
    student.gate.clear()
    with serving(student, wait=False) as running:
        waiting = running.client.get("/readyz")
        assert waiting.status_code == 503
        assert waiting.json()["type"] == "urn:quickstep:problem:not-ready"
        assert "loaded" in waiting.json()["detail"]
        assert running.client.get("/livez").status_code == 200
        assert running.predict("too early").status_code == 503
        assert running.client.get("/tasks").status_code == 503
        assert running.client.get("/openapi.json").status_code == 200
        student.gate.set()
        until(lambda: running.client.get("/readyz").status_code == 200)
        assert running.predict("now").status_code == 200
        # The warm-up put a question of each task through the engine, and one rationale.
        assert running.metric('quickstep_batch_rows_count{lane="rationales"}') == 1


def test_stop_while_loading_does_not_wait_for_the_warm_up() -> None:
    student = FakeStudent()
    student.gate.clear()
    with serving(student, wait=False) as running:
        student.entered.acquire()
        running.server.should_exit = True
        until(running.lifecycle.settled.is_set)
        assert running.lifecycle.started is None
        assert not student.gate.is_set()


def test_draining_is_told_and_answers_still_come() -> None:
    with serving(drain_delay_ms=600_000) as running:
        running.server.drain()
        refused = running.client.get("/readyz")
        assert (refused.status_code, refused.json()["detail"]) == (503, "the server is shutting down")
        answered = running.predict("still")
        assert (answered.status_code, answered.headers["connection"]) == (200, "close")


def test_sigterm_finishes_what_is_in_flight_and_exits_0() -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE_A_FAKE, "--port", "0", "--drain-delay-ms", "300"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    orders, replies = process.stdin, process.stdout

    def command(order: str) -> None:
        orders.write(f"{order}\n")
        orders.flush()
        assert replies.readline() == "done\n"

    try:
        ready = process.stdout.readline()
        assert ready.startswith("ready: http://127.0.0.1:") and "fake@0123456789ab" in ready and "cqa" in ready
        url = ready.split()[1]
        command("hold")
        body = {"task": "svamp", "inputs": {"problem": "1 + 2?"}}
        with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=url, timeout=20) as client:
            held = pool.submit(httpx.post, f"{url}/predict", json=body, timeout=20)
            command("entered")
            process.send_signal(signal.SIGTERM)
            until(lambda: client.get("/readyz").status_code == 503)
            command("go")
            assert held.result().status_code == 200
        assert process.wait(20) == 0
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


def run_cli(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from serving.cli import main; sys.exit(main(sys.argv[1:]))",
            *flags,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )


def test_bad_bundle_is_one_clear_error_and_exit_1(tmp_path: Path) -> None:
    done = run_cli("--bundle", str(tmp_path / "none"), "--port", "0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert str(tmp_path / "none") in done.stderr and len(done.stderr.splitlines()) == 1


def test_port_in_use_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run_cli("--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "Address already in use" in done.stderr and "--port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("fault", [BundleError("bundle x: changed"), ValueError("secret")])
def test_failed_load_is_told_and_ends_the_server(fault: Exception) -> None:
    class Broken(FakeStudent):
        def prepare(self, *arguments: object, **named: object) -> None:  # type: ignore[override]
            raise fault

    with serving(Broken(), wait=False) as running:
        until(lambda: running.server.should_exit)
        assert running.lifecycle.failure is fault
