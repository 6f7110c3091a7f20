"""What clients see when Triton is killed under load, and when it hangs.

A gateway before `quickstep triton`'s server, and clients that ask one question after another and check each answer
against what the bundle's golden answers say. Triton is killed with SIGKILL and started again; then it is stopped with
SIGSTOP for ten seconds. Told is how long clients waited, what they got, and how long after Triton was ready again the
first answer came. Everything must be an answer that is right, 503 or 504.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.command import above_zero, parser, run
from benchmarks.http_client import ConnectionBroken, HttpClient
from benchmarks.machine import ROOT
from benchmarks.questions import request_content
from benchmarks.report import Row, header, table, write_results
from benchmarks.running_server import RunningServer, free_port
from export.triton import RepositorySettings, write_repository
from serving.settings import Settings
from serving.triton_server import TritonServer
from student.arguments import positive
from student.bundle import Bundle
from student.errors import QuickstepError
from student.sessions import choose_precision

RECOVERY_TARGET_S = 2.0
BREAKER_TARGET_S = 1.0
_READY_WITHIN_S = 300.0
_STEADY_S = 3.0
_SLACK_S = 0.5
"""On a busy machine, above a request's deadline."""

_PAUSE_S = 0.01
"""After a refusal: a client that is told at once that there is no answer does not ask again at once."""


@dataclass(frozen=True)
class Seen:
    """One request as its client saw it: when it was sent and ended, and what came; status 0 for no response."""

    sent: float
    ended: float
    status: int
    right: bool


@dataclass
class Clients:
    """Threads that ask until they are told to stop."""

    port: int
    questions: Sequence[tuple[dict[str, object], str]]
    seen: list[Seen] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, number: int) -> None:
        """Start so many."""
        self._threads = [threading.Thread(target=self._ask, args=(first,)) for first in range(number)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each end its request, and wait for it."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def between(self, start: float, end: float) -> list[Seen]:
        """Requests that were under way or sent then."""
        return [one for one in list(self.seen) if one.ended >= start and one.sent <= end]

    def _ask(self, number: int) -> None:
        with HttpClient(self.port) as client:
            while not self._stop.is_set():
                content, answer = self.questions[number % len(self.questions)]
                number += 1
                sent, status, right = time.monotonic(), 0, False
                try:
                    reply = client.post("/predict", content)
                    status, right = reply.status, reply.status != 200 or reply.json()["answer"] == answer
                except (ConnectionBroken, OSError):
                    client.close()
                self.seen.append(Seen(sent, time.monotonic(), status, right))
                if status != 200:
                    time.sleep(_PAUSE_S)


def main(argv: list[str]) -> int:
    """Break, mend, print, write.

    Returns:
        0 if clients saw nothing but right answers, 503 and 504, all in time.
    """
    arguments = _arguments(argv)
    bundle = Bundle.open(arguments.bundle)
    questions = [
        (request_content(one.task, one.inputs, one.choices), one.answer)
        for one in bundle.golden()
        if one.probabilities is not None
    ]
    deadline_s = Settings.model_fields["deadline_ms"].default / 1e3
    settings = {
        "bundle": bundle.label,
        "clients": arguments.clients,
        "deadline_s": deadline_s,
        "stopped_s": arguments.stopped_s,
    }
    head = header("triton_failures", settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_repository(bundle, folder / "models", RepositorySettings(choose_precision(bundle, None, "cpu")))
        triton = TritonServer(folder / "models", free_port(), free_port(), folder / "triton.log")
        with triton:
            triton.wait_until_ready(_READY_WITHIN_S)
            target = ("--engine", "triton", "--triton-target", f"127.0.0.1:{triton.grpc_port}")
            with RunningServer(bundle.path, arguments=target) as gateway:
                clients = Clients(gateway.port, questions)
                clients.start(arguments.clients)
                try:
                    memory = psutil.Process(gateway.pid).memory_info
                    rows = [
                        _killed(triton, clients, deadline_s),
                        _stopped(triton, clients, deadline_s, arguments.stopped_s, lambda: memory().rss),
                    ]
                finally:
                    clients.stop()
    path = write_results(arguments.results, head, rows)
    sys.stdout.write(table(rows))
    failures = [row for row in rows if not row["kept"]]
    sys.stdout.write(f"{'FAIL' if failures else 'PASS'}  {path.name} written\n")
    return 1 if failures else 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("triton_failures", __doc__ or "")
    made.add_argument(
        "--bundle", type=Path, default=ROOT / "serving" / "demo-student", help="default: the demo student"
    )
    made.add_argument("--clients", type=positive, default=8, help="that ask at once (default: %(default)s)")
    made.add_argument("--stopped-s", type=above_zero, default=10.0, help="how long Triton hangs (default: %(default)s)")
    return made.parse_args(argv)


def _killed(triton: TritonServer, clients: Clients, deadline_s: float) -> Row:
    time.sleep(_STEADY_S)
    killed = time.monotonic()
    os.kill(triton.pid, signal.SIGKILL)
    time.sleep(_STEADY_S)
    triton.stop()
    triton.start()
    triton.wait_until_ready(_READY_WITHIN_S)
    ready = time.monotonic()
    recovered = _first_answer(clients, ready)
    time.sleep(_STEADY_S)
    refused = _first_refusal(clients, killed)
    return _told("SIGKILL", clients, killed, recovered, deadline_s) | {
        "refuses_at_once_after_s": round(refused - killed, 3),
        "answers_after_ready_s": round(max(0.0, recovered - ready), 3),
        "memory_growth_mb": None,
    }


def _stopped(
    triton: TritonServer, clients: Clients, deadline_s: float, stopped_s: float, memory: Callable[[], int]
) -> Row:
    before, most = memory(), 0
    stopped = time.monotonic()
    os.kill(triton.pid, signal.SIGSTOP)
    try:
        while time.monotonic() < stopped + stopped_s:
            most = max(most, memory())
            time.sleep(0.1)
    finally:
        os.kill(triton.pid, signal.SIGCONT)
    ready = time.monotonic()
    recovered = _first_answer(clients, ready)
    time.sleep(_STEADY_S)
    refused = _first_refusal(clients, stopped)
    return _told("SIGSTOP", clients, stopped, recovered, deadline_s) | {
        "refuses_at_once_after_s": round(refused - stopped, 3),
        "answers_after_ready_s": round(recovered - ready, 3),
        "memory_growth_mb": round((most - before) / 1e6, 1),
    }


def _told(event: str, clients: Clients, start: float, end: float, deadline_s: float) -> dict[str, Any]:
    seen = clients.between(start, end)
    status = Counter(one.status for one in seen)
    wrong = sum(not one.right for one in seen)
    longest_s = max(one.ended - one.sent for one in seen)
    return {
        "event": event,
        "requests": len(seen),
        **{f"status_{code}": status.pop(code, 0) for code in (200, 503, 504)},
        "other": sum(status.values()),
        "wrong": wrong,
        "longest_s": round(longest_s, 3),
        "kept": not wrong and not sum(status.values()) and longest_s <= deadline_s + _SLACK_S,
    }


def _first_refusal(clients: Clients, after: float) -> float:
    """When the first 503 was sent that came at once: from then on nobody waits for a deadline."""
    refused = [one.sent for one in clients.between(after, time.monotonic()) if one.status == 503 and one.sent > after]
    if not refused:
        raise QuickstepError("triton_failures: Triton was away and nobody was refused")
    return min(refused)


def _first_answer(clients: Clients, after: float) -> float:
    """When the first answer came after that; waits for it.

    Raises:
        QuickstepError: none came.
    """
    until = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until:
        answered = [one.ended for one in clients.between(after, time.monotonic()) if one.status == 200]
        if answered:
            return min(answered)
        time.sleep(0.02)
    raise QuickstepError(f"triton_failures: no answer within {_READY_WITHIN_S:.0f} s after Triton was ready again")


if __name__ == "__main__":
    run(main)
