"""What clients see when Triton is killed under load, and when it hangs.

A gateway before the server of `quickstep triton`, and clients that ask at their own beat and check each answer
against the bundle's golden ones. Triton is killed with SIGKILL and started again; then it is stopped with SIGSTOP.
Meanwhile `/readyz` is asked fifty times a second: it tells when the gateway began to refuse and when it was back.
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
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.command import above_zero, parser, run
from benchmarks.http_client import ConnectionBroken, HttpClient
from benchmarks.machine import ROOT
from benchmarks.questions import request_content
from benchmarks.report import Row, header, table, write_results
from benchmarks.running_server import HOST, RunningServer, answers, free_port
from export.triton import RepositorySettings, write_repository
from serving.settings import Settings
from serving.triton_server import TritonServer
from student.arguments import positive
from student.bundle import Bundle
from student.errors import QuickstepError
from student.sessions import choose_precision

REFUSES_WITHIN_S = 1.0
RECOVERS_WITHIN_S = 2.0
GROWS_BY_MB = 64.0
"""Of memory, with as many requests waiting as the gateway admits: their texts, tensors and connections."""

_READY_WITHIN_S = 300.0
_STEADY_S = 3.0
_SLACK_S = 0.5
"""On a busy machine, above a request's deadline."""

_POLL_S = 0.02
_FAR_S = 120.0


@dataclass(frozen=True)
class Seen:
    """One request as its client saw it: when it was sent and ended, and what came; status 0 for no response."""

    sent: float
    ended: float
    status: int
    right: bool


@dataclass
class Clients:
    """Threads that each ask once in a beat, and one that asks `/readyz` all the time.

    Attributes:
        seen: requests that ended.
        readiness: times and whether the gateway said that it was ready.
    """

    port: int
    questions: Sequence[tuple[dict[str, object], str]]
    beat_s: float
    seen: list[Seen] = field(default_factory=list)
    readiness: list[tuple[float, bool]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, number: int) -> None:
        """Start so many, spread over a beat."""
        self._threads = [
            threading.Thread(target=self._ask, args=(place, place * self.beat_s / number)) for place in range(number)
        ]
        self._threads.append(threading.Thread(target=self._watch))
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

    def wait_for(self, ready: bool, after: float, within_s: float) -> float:
        """When the gateway first said that it was ready, or that it was not, after a moment.

        Raises:
            QuickstepError: it did not in time.
        """
        until = after + within_s
        while time.monotonic() < until:
            for moment, said in list(self.readiness):
                if moment >= after and said is ready:
                    return moment
            time.sleep(_POLL_S)
        raise QuickstepError(f"triton_failures: /readyz did not say {'yes' if ready else 'no'} within {within_s:g} s")

    def _watch(self) -> None:
        while not self._stop.is_set():
            ready = answers(self.port, "/readyz")
            self.readiness.append((time.monotonic(), ready))
            time.sleep(_POLL_S)

    def _ask(self, number: int, delay_s: float) -> None:
        due = time.monotonic() + delay_s
        with HttpClient(self.port) as client:
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                content, answer = self.questions[number % len(self.questions)]
                number += 1
                due = max(due + self.beat_s, time.monotonic())
                self.seen.append(_asked(client, content, answer))


def _asked(client: HttpClient, content: dict[str, object], answer: str) -> Seen:
    sent, status, right = time.monotonic(), 0, False
    try:
        reply = client.post("/predict", content)
        status, right = reply.status, reply.status != 200 or reply.json()["answer"] == answer
    except (ConnectionBroken, OSError):
        client.close()
    except (ValueError, KeyError, TypeError):
        right = False
    return Seen(sent, time.monotonic(), status, right)


def main(argv: list[str]) -> int:
    """Break, mend, print, write.

    Returns:
        0 if everything was kept: right answers, 503 and 504 alone, in time, and the targets.
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
        "rate": arguments.rate,
        "deadline_s": deadline_s,
        "stopped_s": arguments.stopped_s,
        "targets": {
            "refuses_within_s": REFUSES_WITHIN_S,
            "recovers_within_s": RECOVERS_WITHIN_S,
            "grows_by_mb": GROWS_BY_MB,
        },
    }
    head = header("triton_failures", settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_repository(bundle, folder / "models", RepositorySettings(choose_precision(bundle, None, "cpu")))
        triton = TritonServer(folder / "models", free_port(), free_port(), folder / "triton.log")
        with triton:
            triton.wait_until_ready(_READY_WITHIN_S)
            target = ("--engine", "triton", "--triton-target", f"{HOST}:{triton.grpc_port}")
            with RunningServer(bundle.path, arguments=target) as gateway:
                clients = Clients(gateway.port, questions, arguments.clients / arguments.rate)
                clients.start(arguments.clients)
                try:
                    time.sleep(_STEADY_S)
                    rows = [
                        _killed(triton, clients, gateway.pid, deadline_s),
                        _stopped(triton, clients, gateway.pid, deadline_s, arguments.stopped_s),
                    ]
                finally:
                    clients.stop()
    path = write_results(arguments.results, head, rows)
    sys.stdout.write(table(rows))
    kept = all(row["kept"] for row in rows)
    sys.stdout.write(f"{'PASS' if kept else 'FAIL'}  {path.name} written\n")
    return 0 if kept else 1


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("triton_failures", __doc__ or "")
    made.add_argument(
        "--bundle", type=Path, default=ROOT / "serving" / "demo-student", help="default: the demo student"
    )
    made.add_argument("--clients", type=positive, default=200, help="default: %(default)s")
    made.add_argument(
        "--rate", type=above_zero, default=80.0, help="requests a second of all together (default: %(default)s)"
    )
    made.add_argument("--stopped-s", type=above_zero, default=10.0, help="how long Triton hangs (default: %(default)s)")
    return made.parse_args(argv)


def _killed(triton: TritonServer, clients: Clients, gateway: int, deadline_s: float) -> Row:
    before = _memory_mb(gateway)
    killed = time.monotonic()
    os.kill(triton.pid, signal.SIGKILL)
    refused = clients.wait_for(False, killed, _FAR_S)
    time.sleep(_STEADY_S)
    grown = _memory_mb(gateway) - before
    triton.stop()
    triton.start()
    triton.wait_until_ready(_READY_WITHIN_S)
    return _told("SIGKILL", clients, (killed, refused, time.monotonic()), grown, deadline_s)


def _stopped(triton: TritonServer, clients: Clients, gateway: int, deadline_s: float, stopped_s: float) -> Row:
    before, grown = _memory_mb(gateway), 0.0
    stopped = time.monotonic()
    os.kill(triton.pid, signal.SIGSTOP)
    try:
        refused = clients.wait_for(False, stopped, _FAR_S)
        while time.monotonic() < stopped + stopped_s:
            grown = max(grown, _memory_mb(gateway) - before)
            time.sleep(0.1)
    finally:
        os.kill(triton.pid, signal.SIGCONT)
    return _told("SIGSTOP", clients, (stopped, refused, time.monotonic()), grown, deadline_s)


def _told(event: str, clients: Clients, moments: tuple[float, float, float], grown_mb: float, deadline_s: float) -> Row:
    broken, refused, mended = moments
    recovered = clients.wait_for(True, mended, _FAR_S)
    time.sleep(_STEADY_S)
    seen = clients.between(broken, time.monotonic())
    status = Counter(one.status for one in seen)
    wrong = sum(not one.right for one in seen)
    longest_s = max(one.ended - one.sent for one in seen)
    codes = {f"status_{code}": status.pop(code, 0) for code in (200, 503, 504)}
    other = sum(status.values())
    return {
        "event": event,
        "requests": len(seen),
        **codes,
        "other": other,
        "wrong": wrong,
        "longest_s": round(longest_s, 3),
        "refuses_after_s": round(refused - broken, 3),
        "recovers_after_s": round(recovered - mended, 3),
        "memory_growth_mb": round(grown_mb, 1),
        "kept": not wrong
        and not other
        and longest_s <= deadline_s + _SLACK_S
        and refused - broken <= REFUSES_WITHIN_S
        and recovered - mended <= RECOVERS_WITHIN_S
        and grown_mb <= GROWS_BY_MB,
    }


def _memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    run(main)
