"""What serving over HTTP adds to the student's own run time.

For each task the same questions are, in turns, posted to a server (one kept-alive connection, one request at a
time) and answered by the same student in this process. Turns are blocks: ONNX Runtime's threads spin for a while
after a run, and single turns would make each process slow down the other.

A loop of graph runs keeps core and caches warm; a server with one client is idle between two requests. So the graph
is timed a second time with an idle moment before each run: what lies between the two is no work of the server's.
"""

from __future__ import annotations

import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.http_client import HttpClient
from benchmarks.machine import ROOT, shown
from benchmarks.questions import differences, request_content
from benchmarks.report import Row, draw_bars, header, percentile, table, write_results
from benchmarks.running_server import RunningServer
from student.arguments import positive
from student.errors import QuickstepError
from student.manifest import GoldenAnswer
from student.prediction import Prediction
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent

TARGET_MS = 1.5
"""Overhead that a label may cost; free text is reported without a target."""

_BLOCK = 50
_SETTLE_S = 0.05
_IDLE_S = 0.001
_STAGE = re.compile(r"(\w+);dur=([\d.]+)")


class WrongAnswer(QuickstepError):
    """The server answers otherwise than the student in this process: there is nothing to be timed."""


@dataclass(frozen=True)
class Case:
    """A question in every form that is timed.

    Attributes:
        run_graph: the graph's own run: one label pass on ready tensors, or for free text the whole decoding.
    """

    question: Question
    prepared: PreparedQuestion
    expected: Prediction
    run_graph: Callable[[], object]

    @property
    def content(self) -> dict[str, object]:
        """The request's body."""
        return request_content(self.question.task, self.question.inputs, self.question.choices)


def main(argv: list[str]) -> int:
    """Measure the overhead.

    Returns:
        0, whether or not the target is met (timings depend on the machine; the results say it); 1 (by an error)
        if an answer over HTTP differs.
    """
    options = parser(
        "http_overhead",
        "POST /predict against the graph's own run time, for each task of a bundle, on its golden questions. "
        "Answers are compared with the student in this process first, and each timed one again.",
        f"Overhead = p50 over HTTP - p50 of the graph; the target for labels is {TARGET_MS} ms. "
        "Measure on a quiet machine: the header tells its load.",
    )
    options.add_argument(
        "--bundle", type=Path, default=ROOT / "serving" / "demo-student", help="default: serving/demo-student"
    )
    options.add_argument("--requests", type=positive, default=2000, help="timed ones by task (default: %(default)s)")
    options.add_argument("--warm-up", type=positive, default=300, help="discarded by task (default: %(default)s)")
    arguments = options.parse_args(argv)

    student = OnnxStudent.load(arguments.bundle)
    cases = _cases(student, student.bundle.golden())
    head = header(
        "http_overhead",
        {
            "bundle": student.bundle.label,
            "requests": arguments.requests,
            "warm_up": arguments.warm_up,
            "concurrency": 1,
            "threads": student.threads,
            "idle_ms": _IDLE_S * 1e3,
            "target_label_overhead_ms": TARGET_MS,
        },
    )
    rows: list[Row] = []
    with (
        RunningServer(arguments.bundle) as server,
        HttpClient(server.port) as client,
        tqdm(total=len(cases) * (arguments.warm_up + arguments.requests), desc="http_overhead", unit="request") as bar,
    ):
        for of_task in cases.values():
            for case in of_task:
                _require_same(client, case)
        for task, of_task in cases.items():
            bar.set_postfix_str(task)
            timer = _Timer(student, client, of_task)
            timer.measure(arguments.warm_up, bar)
            timer.forget()
            timer.measure(arguments.requests, bar)
            rows.append(timer.row(task))

    path = write_results(arguments.results, head, rows)
    _draw(path.with_suffix(".png"), rows)
    sys.stdout.write(f"{student.bundle.label}\n{table(rows)}")
    for row in rows:
        if row["target_met"] is not None:
            verdict = "PASS" if row["target_met"] else "FAIL"
            sys.stdout.write(
                f"{verdict}  {row['task']}: overhead {row['overhead_p50_ms']} ms, target {TARGET_MS} ms "
                f"({row['overhead_after_idle_p50_ms']} ms over a graph that idles between runs, as a server's does)\n"
            )
    sys.stdout.write(f"{shown(path)}\n")
    return 0


def _cases(student: OnnxStudent, golden: Sequence[GoldenAnswer]) -> dict[str, list[Case]]:
    cases: dict[str, list[Case]] = defaultdict(list)
    for entry in golden:
        question = Question(entry.task, entry.inputs, entry.choices)
        prepared = student.prepare(question)
        (expected,) = student.predict([prepared])
        cases[entry.task].append(Case(question, prepared, expected, _graph_run(student, prepared)))
    return cases


def _graph_run(student: OnnxStudent, prepared: PreparedQuestion) -> Callable[[], object]:
    if prepared.space is None:
        return lambda: student.answer_ids([prepared])
    # The runtime's own session, on arrays made beforehand: nothing public runs the graph and nothing else.
    input_ids, mask = student._pad([prepared.label_ids])
    trie = prepared.space.trie
    session, feeds = student._label.graph_run(input_ids, mask, [trie], deep=trie.nodes > 1)
    return lambda: session.run(["edge_logits"], feeds)


def _require_same(client: HttpClient, case: Case) -> dict[str, float]:
    """Ask over HTTP and compare; returns milliseconds: `http`, and the server's own `tokenize`, `queue`, `infer`."""
    reply = client.post("/predict", case.content)
    found = differences(reply, case.expected)
    if found:
        raise WrongAnswer(f"http_overhead: a {case.question.task} question: {'; '.join(found)}")
    stages = {name: float(ms) for name, ms in _STAGE.findall(reply.headers.get("server-timing", ""))}
    return {"http": reply.seconds * 1e3, **stages}


class _Timer:
    def __init__(self, student: OnnxStudent, client: HttpClient, cases: Sequence[Case]) -> None:
        self._student = student
        self._client = client
        self._cases = cases
        self._times_ms: dict[str, list[float]] = defaultdict(list)
        self._rounds = 0

    def forget(self) -> None:
        self._times_ms.clear()

    def measure(self, requests: int, bar: tqdm[object]) -> None:
        for start in range(0, requests, _BLOCK):
            numbers = range(start, min(start + _BLOCK, requests))
            turns = [self._http, self._graph, self._graph_after_idling, self._predict, self._prepare_and_predict]
            # Every other round backwards, so that none always comes after the same other.
            for turn in turns if self._rounds % 2 == 0 else reversed(turns):
                time.sleep(_SETTLE_S)
                for number in numbers:
                    turn(self._cases[number % len(self._cases)])
            self._rounds += 1
            bar.update(len(numbers))

    def row(self, task: str) -> Row:
        p50_ms = {name: round(percentile(times, 50), 4) for name, times in self._times_ms.items()}
        overhead_ms = round(p50_ms["http"] - p50_ms["graph"], 4)
        is_label = self._cases[0].prepared.space is not None
        return {
            "task": task,
            "kind": "label" if is_label else "free text",
            "requests": len(self._times_ms["http"]),
            "questions": len(self._cases),
            "source_tokens_p50": percentile([len(case.prepared.label_ids) for case in self._cases], 50),
            "http_p50_ms": p50_ms["http"],
            "http_p99_ms": round(percentile(self._times_ms["http"], 99), 4),
            "graph_p50_ms": p50_ms["graph"],
            "predict_p50_ms": p50_ms["predict"],
            "prepare_predict_p50_ms": p50_ms["prepare_predict"],
            "server_tokenize_p50_ms": p50_ms["tokenize"],
            "server_queue_p50_ms": p50_ms["queue"],
            "server_infer_p50_ms": p50_ms["infer"],
            "graph_after_idle_p50_ms": p50_ms["graph_after_idle"],
            "overhead_p50_ms": overhead_ms,
            "overhead_after_idle_p50_ms": round(p50_ms["http"] - p50_ms["graph_after_idle"], 4),
            "target_met": overhead_ms <= TARGET_MS if is_label else None,
        }

    def _http(self, case: Case) -> None:
        for name, ms in _require_same(self._client, case).items():
            self._times_ms[name].append(ms)

    def _graph(self, case: Case) -> None:
        self._time("graph", case.run_graph)

    def _graph_after_idling(self, case: Case) -> None:
        time.sleep(_IDLE_S)
        self._time("graph_after_idle", case.run_graph)

    def _predict(self, case: Case) -> None:
        self._time("predict", lambda: self._student.predict([case.prepared]))

    def _prepare_and_predict(self, case: Case) -> None:
        self._time("prepare_predict", lambda: self._student.predict([self._student.prepare(case.question)]))

    def _time(self, name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        self._times_ms[name].append((time.perf_counter() - started) * 1e3)


def _draw(path: Path, rows: Sequence[Row]) -> None:
    columns = {
        "graph": "graph_p50_ms",
        "graph after 1 ms idle": "graph_after_idle_p50_ms",
        "predict": "predict_p50_ms",
        "prepare + predict": "prepare_predict_p50_ms",
        "over HTTP": "http_p50_ms",
    }
    series = {name: [float(row[column] or 0) for row in rows] for name, column in columns.items()}
    draw_bars(path, [str(row["task"]) for row in rows], series, "p50, ms")


if __name__ == "__main__":
    run(main)
