"""Load tests: what is recorded, how objectives are judged, and Locust itself against servers that answer or do not."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmarks import capacity, cost
from benchmarks.capacity import NEAR, highest
from benchmarks.load_record import REST, TOTAL, LoadRecord, Objective, Totals
from benchmarks.load_steps import Load, Step, run_step
from benchmarks.machine import ROOT
from student.errors import QuickstepError

TIMING = "tokenize;dur=0.50, queue;dur=1.00, infer;dur=2.00"


def _rows(record: LoadRecord) -> dict[str, Any]:
    return {str(row["request"]): row for row in record.rows()}


def test_stages_add_up_to_what_the_client_saw() -> None:
    ours, theirs = LoadRecord(), LoadRecord()
    ours.add("/predict", 5.0, TIMING)
    theirs.add("/predict", 7.0, TIMING.replace("1.00", "3.00"))
    theirs.add("/predict", 900.0, failed=True)
    ours.extend(json.loads(json.dumps(theirs.take())))
    assert theirs.rows() == [] and theirs.totals() == Totals(0, 0, 0.0, 0.0, 0.0, 0.0)
    row = _rows(ours)["/predict"]
    assert (row["requests"], row["failed"]) == (3, 1)
    assert [row[f"{stage}_p50_ms"] for stage in ("tokenize", "queue", "infer", "network")] == [0.5, 2.0, 2.0, 1.5]
    # A request that failed was waited for all the same.
    assert row["p50_ms"] == 7.0 and row["p99_ms"] > 800
    assert REST in ours.table() and TOTAL in ours.table()


def test_times_of_a_long_test_are_bounded_and_counts_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.load_record._MOST", 10)
    record, other = LoadRecord(), LoadRecord()
    for number in range(35):
        record.add("/predict", float(number))
        other.add("/predict", 100.0)
    assert record.totals().requests == 35 and record.totals().p50_ms > 20
    record.extend(other.take())
    assert record.totals() == replace(record.totals(), requests=70, failed=0, p50_ms=100.0, p99_ms=100.0)


@pytest.mark.parametrize(
    ("totals", "met"),
    [
        (Totals(10, 0, 1.0, 1.0, 1.0, 100.0), True),
        (Totals(10, 0, 1.0, 1.0, 1.0, 100.4), False),
        (Totals(10, 1, 1.0, 1.0, 1.0, 90.0), False),
        (Totals(0, 0, 0.0, 0.0, 0.0, 0.0), False),
    ],
)
def test_objective_is_judged_on_p99_and_failures(totals: Totals, met: bool) -> None:
    objective = Objective(100, 0.0)
    assert objective.met_by(totals) is met
    assert objective.verdict(totals).startswith("PASS" if met else "FAIL")


def test_failures_within_their_share_are_allowed() -> None:
    assert Objective(100, 0.1).met_by(Totals(10, 1, 1.0, 1.0, 1.0, 90.0))


def test_failure_is_slower_than_any_answer_however_quick_it_was() -> None:
    record = LoadRecord()
    for number in range(1000):
        record.add("/predict", 100.0)
        if number % 100 == 0:
            record.add("/predict", 1.0, failed=True)
    totals = record.totals()
    # 1 % failed and 99 % were answered: the slowest answer is the p99.
    assert (totals.failed, totals.p99_ms) == (10, 100.0)
    for _ in range(10):
        record.add("/predict", 1.0, failed=True)
    totals = record.totals()
    assert totals.p50_ms == 100.0 and totals.p99_ms == math.inf
    assert Objective(1e9, 0.9).verdict(totals).startswith("FAIL  p99 inf ms")
    assert Objective(math.inf, 0.9).met_by(totals)
    assert Totals.read(json.loads(json.dumps(totals.content()))) == totals
    assert totals.content()["p99_ms"] is None


def test_no_request_is_told_as_that() -> None:
    assert Objective(100, 0.0).verdict(LoadRecord().totals()) == "FAIL  no request was made\n"


def test_record_is_drawn_and_written(tmp_path: Path) -> None:
    record = LoadRecord()
    for number in range(200):
        record.add(f"/{number % 2}", float(number), TIMING)
    record.draw(tmp_path / "deep" / "load.png")
    record.write(tmp_path / "deep" / "load.json", met=None)
    assert (tmp_path / "deep" / "load.png").stat().st_size > 1000
    content = json.loads((tmp_path / "deep" / "load.json").read_text(encoding="utf-8"))
    assert content["requests"] == 200 and content["objective_met"] is None and len(content["rows"]) == 2


@pytest.mark.parametrize("limit", [0.5, 7.0, 20.0, 33.0, 1000.0])
def test_highest_rate_is_found_within_a_tenth(limit: float) -> None:
    asked: list[float] = []

    def holds(rate: float) -> bool:
        asked.append(rate)
        return rate <= limit

    found = highest(holds, start=20.0, least=0.2)
    assert found <= limit < NEAR * NEAR * found
    assert len(asked) < 25


def test_server_that_never_holds_is_given_up() -> None:
    assert highest(lambda rate: False, start=20.0, least=2.0) == 0.0


def _stand_in(limit: float) -> Callable[[Load, float], Step]:
    def step(load: Load, rate: float) -> Step:
        return Step(rate, Totals(round(10 * rate), 0, 10.0, 10.0, 5.0, 50.0 if rate <= limit else 500.0), load.users)

    return step


def test_capacity_writes_steps_and_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(capacity, "run_step", _stand_in(limit=100))
    assert capacity.main(["--results", str(tmp_path), "--p99-ms", "100"]) == 0
    content = json.loads((tmp_path / "capacity.json").read_text(encoding="utf-8"))
    found = content["header"]["settings"]["highest_rate"]
    assert found <= 100 < NEAR * found
    assert [row["holds"] for row in content["rows"]] == [row["rate"] <= 100 for row in content["rows"]]
    assert (tmp_path / "capacity.png").is_file()
    assert f"holds up to {found:.1f} requests/s" in capsys.readouterr().out

    monkeypatch.setattr(capacity, "run_step", _stand_in(limit=0))
    assert capacity.main(["--results", str(tmp_path)]) == 1
    assert "breaks even at" in capsys.readouterr().out


def test_rate_that_holds_at_the_second_try_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    def step(load: Load, rate: float) -> Step:
        seen.append(rate)
        good = rate <= 100 and seen.count(rate) > 1
        return Step(rate, Totals(round(10 * rate), 0, 10.0, 10.0, 5.0, 50.0 if good else 500.0), load.users)

    monkeypatch.setattr(capacity, "run_step", step)
    load = Load("http://127.0.0.1:9", seconds=1, users=4)
    assert capacity.search(load, Objective(100, 0.0), 20.0, tries=1).highest_rate == 0
    seen.clear()
    assert 90 < capacity.search(load, Objective(100, 0.0), 20.0, tries=2).highest_rate <= 100


@pytest.mark.parametrize("arguments", [["--p99-ms", "0"], ["--max-error-share", "2"], ["--start-rate", "nan"]])
def test_capacity_refuses_what_makes_no_sense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        capacity.main(arguments)
    assert ended.value.code == 2 and arguments[0] in capsys.readouterr().err


def test_rate_that_was_not_reached_does_not_hold() -> None:
    totals = Totals(500, 0, 10.0, 10.0, 1.0, 2.0)
    assert Step(50.0, totals, users=4).holds(Objective(100, 0.0))
    assert not Step(100.0, totals, users=4).holds(Objective(100, 0.0))
    assert Step(0.0, totals, users=4).answered_rate == 50.0


NONE = object()
"""Of a server that closes the connection instead of answering."""


class _Handler(BaseHTTPRequestHandler):
    """Answers like a server of one task, or keeps everybody waiting for `stall` seconds, once."""

    protocol_version = "HTTP/1.1"
    stall: float = 0.0
    answer: object = None
    stalled_until: float | None = None

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        self._send({"tasks": [{"task": "t", "labels": ["yes", "no"], "fields": ["text"]}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        kind = type(self)
        if kind.stall:
            if kind.stalled_until is None:
                kind.stalled_until = time.monotonic() + kind.stall
            time.sleep(max(0.0, kind.stalled_until - time.monotonic()))
        if kind.answer is NONE:
            self.close_connection = True
        else:
            self._send(kind.answer)

    def _send(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("server-timing", TIMING)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def _server(stall: float = 0.0, answer: object = None) -> Iterator[str]:
    said = {"answer": "yes"} if answer is None else answer
    handler = type("Handler", (_Handler,), {"stall": stall, "stalled_until": None, "answer": said})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({"task": "t", "inputs": {"text": "?"}}) + "\n", encoding="utf-8")
    return file


def _locust(host: str, questions: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "benchmarks" / "locustfile.py"), "--headless"]
    command += ["--host", host, "--users", "2", "--spawn-rate", "2", "--only-summary"]
    command += ["--mix", "predict=1", "--questions", str(questions), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(("p99_ms", "status", "said"), [("60000", 0, "PASS"), ("0.001", 1, "FAIL")])
def test_objective_is_the_exit_status(tmp_path: Path, questions: Path, p99_ms: str, status: int, said: str) -> None:
    files = [tmp_path / name for name in ("summary.json", "load.png")]
    with _server() as host:
        result = _locust(
            host, questions, "--run-time", "2s", "--p99-ms", p99_ms, "--summary", str(files[0]), "--plot", str(files[1])
        )
    assert result.returncode == status, result.stderr[-2000:]
    assert f"{said}  p99" in result.stdout and "tokenize" in result.stdout
    content = json.loads(files[0].read_text(encoding="utf-8"))
    assert content["requests"] > 2 and content["failed"] == 0 and content["objective_met"] is (status == 0)
    assert content["rows"][0]["infer_p50_ms"] == 2.0
    assert files[1].is_file()


def test_open_loop_sees_a_stall(questions: Path) -> None:
    # A closed loop of two users would have seen two slow requests among hundreds.
    with _server(stall=2.0) as host:
        load = Load(host, seconds=6, users=2, arguments=("--mix", "predict=1", "--questions", str(questions)))
        step = run_step(load, rate=40.0)
    assert step.totals.failed == 0 and step.totals.requests > 30
    assert step.totals.p99_ms > 1000


@pytest.mark.parametrize("options", [(), ("--arrival-rate", "20", "--processes", "2")])
def test_what_is_unanswered_at_the_end_has_failed(questions: Path, options: tuple[str, ...]) -> None:
    with _server(stall=60.0) as host:
        result = _locust(host, questions, "--run-time", "4s", "--p99-ms", "60000", *options)
    assert result.returncode == 1, result.stderr[-2000:]
    assert "(unanswered)" in result.stdout and "FAIL" in result.stdout


def test_response_that_is_no_answer_has_failed(questions: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    with _server(answer="nonsense") as host:
        result = _locust(host, questions, "--run-time", "3s", "--max-error-share", "0.5", "--summary", str(summary))
    assert result.returncode == 1 and "Traceback" not in result.stderr
    content = json.loads(summary.read_text(encoding="utf-8"))
    assert content["failed"] == content["requests"] > 0
    assert "no answer of Quickstep's" in result.stderr


def test_connection_that_breaks_is_told_as_what_it_is(questions: Path) -> None:
    with _server(answer=NONE) as host:
        result = _locust(host, questions, "--run-time", "3s", "--p99-ms", "60000", "--max-error-share", "1")
    # Quick as they were, and many as may fail: nobody got an answer within any time.
    assert result.returncode == 1 and "FAIL  p99 inf ms" in result.stdout
    assert "no response: " in result.stderr and "status 0" not in result.stderr


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"task": "other", "inputs": {"text": "?"}}, "the server has no task other, only t"),
        ({"task": "t", "inputs": {"txt": "?"}}, "questions of t lack text"),
    ],
)
def test_questions_that_the_server_cannot_answer_are_told_at_once(
    tmp_path: Path, question: dict[str, object], said: str
) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps(question) + "\n", encoding="utf-8")
    with _server() as host:
        result = _locust(host, file, "--run-time", "20s")
    assert result.returncode == 1
    assert said in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("host", "options", "said"),
    [
        ("http://127.0.0.1:abc", (), "no Quickstep server answers at http://127.0.0.1:abc"),
        ("http://127.0.0.1:9", ("--arrival-rate", "0"), "--arrival-rate: 0: must be a number above 0"),
    ],
)
def test_what_cannot_be_asked_at_all_is_refused(
    questions: Path, host: str, options: tuple[str, ...], said: str
) -> None:
    result = _locust(host, questions, "--run-time", "20s", *options)
    assert result.returncode != 0
    assert said in result.stderr and "Traceback" not in result.stderr


def test_workers_share_the_arrivals_and_report_to_the_master(tmp_path: Path, questions: Path) -> None:
    summary = tmp_path / "summary.json"
    with _server() as host:
        result = _locust(
            *(host, questions, "--processes", "2", "--run-time", "4s", "--arrival-rate", "50"),
            *("--p99-ms", "60000", "--summary", str(summary)),
        )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.count("PASS") == 1
    content = json.loads(summary.read_text(encoding="utf-8"))
    # Were the rate each worker's own, there would be twice as many.
    assert 0.7 < content["requests"] / (50 * content["due_seconds"]) < 1.4


@pytest.mark.parametrize("text", ["predict", "write=1", "predict=-1", "predict=0,batch=0"])
def test_mix_that_cannot_be_asked_is_refused(questions: Path, text: str) -> None:
    result = _locust("http://127.0.0.1:9", questions, "--mix", text)
    assert result.returncode == 2
    assert "--mix" in result.stderr and "explain" in result.stderr


def test_cost_is_prices_times_what_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"system": "quickstep", "rate_at_p99_100_ms": rate} for rate in (50.0, 100.0, None)]
    (tmp_path / "load.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    prices = ["--machine-hour", "0.36", "--prompt-price", "1", "--output-price", "2", "--results", str(tmp_path)]
    assert cost.main([*prices, "--load", str(tmp_path / "load.json"), "--utilisation", "0.5"]) == 0
    student, teacher = json.loads((tmp_path / "cost.json").read_text(encoding="utf-8"))["rows"]
    # 50 a second used: 180,000 an hour; a million takes 5.56 hours.
    assert student["cost_of_a_million"] == pytest.approx(2.0)
    assert teacher["cost_of_a_million"] == pytest.approx(1000 * 1 + 60 * 2)
    assert teacher["times_the_student"] == pytest.approx(560)
    with pytest.raises(QuickstepError, match=r"has no rate of quickstep within 50 ms"):
        cost.main([*prices, "--load", str(tmp_path / "load.json"), "--p99-ms", "50"])
    (tmp_path / "load.json").write_text(json.dumps({"rows": rows[2:]}), encoding="utf-8")
    with pytest.raises(QuickstepError, match=r"has no rate of quickstep within 100 ms"):
        cost.main([*prices, "--load", str(tmp_path / "load.json")])
