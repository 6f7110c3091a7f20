"""A Locust user that asks in a closed or an open loop, and the options and events that go with it.

Closed loop: asks again as soon as answered. Open loop: requests come so many a second, whoever waits, and are timed
from the moment when they were due, so that a server that stalls is seen to stall. A locustfile defines a `LoadUser` and
calls `listen`; both of ours do.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import gevent
from gevent.pool import Group
from locust import FastHttpUser, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

from benchmarks.command import above_zero, share
from benchmarks.load_record import LoadRecord, Objective

_STRAGGLERS_S = 10.0
"""How long what is under way at the end is waited for; what is unanswered then has failed."""

_FINISH, _FINISHED = "quickstep_finish", "quickstep_finished"
_workers_finished: set[str] = set()

UNANSWERED = "(unanswered)"

record = LoadRecord()
"""Of this process; a master's holds that of its workers."""


class LoadUser(FastHttpUser):  # type: ignore[misc]  # Locust is not typed for mypy here
    """Somebody who asks."""

    abstract = True
    wait_time = constant(0)
    concurrency = 2000
    """Connections of a user: in an open loop that many requests may be under way."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._under_way: dict[gevent.Greenlet, float] = {}
        self._asking = Group()
        self._stopping = False

    @task  # type: ignore[untyped-decorator]
    def run_load(self) -> None:
        """One request; in an open loop all of them, until Locust stops the user."""
        if self.environment.parsed_options.arrival_rate > 0:
            self._arrive()
        else:
            # In a greenlet of its own: the user may be stopped, the request is waited for.
            self._spawn(None).join()

    def ask(self, due: float | None) -> None:
        """Send one request and see whether it is answered well.

        Args:
            due: `time.perf_counter()` at which it was to be sent; None in a closed loop.
        """
        raise NotImplementedError

    def post(self, path: str, kind: str, content: object, due: float | None) -> Any:
        """Send JSON; use what comes as a context manager and say `failure` there if the answer is no good."""
        return _Timed(self.client.post(path, json=content, name=kind, catch_response=True), kind, due)

    def on_stop(self) -> None:
        """Wait for what is still under way: a request that was sent counts."""
        self._stopping = True
        self._asking.join(timeout=_STRAGGLERS_S)
        unanswered = list(self._under_way.values())
        self._asking.kill()
        for due in unanswered:
            total_ms = (perf_counter() - due) * 1e3
            record.add(UNANSWERED, total_ms, failed=True)
            events.request.fire(
                request_type="POST",
                name=UNANSWERED,
                response_time=total_ms,
                response_length=0,
                exception=TimeoutError("not answered when the test ended"),
                context={},
            )

    def _arrive(self) -> None:
        period = self._users() / self.environment.parsed_options.arrival_rate
        # gevent's clock stands still while Locust starts up: by it, all first arrivals would be due at once.
        gevent.get_hub().loop.update_now()
        # Every user has its own beat; together they are as irregular as real arrivals of that many sources.
        due = perf_counter() + random.random() * period
        while not self._stopping:
            gevent.sleep(max(0.0, due - perf_counter()))
            self._spawn(due)
            due += period

    def _spawn(self, due: float | None) -> Any:
        greenlet = self._asking.spawn(self.ask, due)
        self._under_way[greenlet] = perf_counter() if due is None else due
        greenlet.rawlink(lambda ended: self._under_way.pop(ended, None))
        return greenlet

    def _users(self) -> int:
        """Over all workers; one that was started by itself knows its own only, and the master tells it."""
        runner, options = self.environment.runner, self.environment.parsed_options
        users: int = options.arriving_users if isinstance(runner, WorkerRunner) else runner.target_user_count
        return max(1, users)


class _Timed:
    """Locust's response context, timed from when the request was due, and put on record."""

    def __init__(self, context: Any, kind: str, due: float | None) -> None:
        self._context = context
        self._kind = kind
        self._failed = False
        if due is not None:
            context.request_meta["response_time"] = (perf_counter() - due) * 1e3

    def __enter__(self) -> Any:
        self.response = self._context.__enter__()
        return self

    def failure(self, problem: str) -> None:
        """The answer is no good."""
        self._failed = True
        self._context.failure(problem)

    def __exit__(self, *raised: Any) -> Any:
        failed = self._failed or raised[0] is not None
        timing = (self.response.headers or {}).get("server-timing", "")
        record.add(self._kind, self._context.request_meta["response_time"], timing, failed=failed)
        return self._context.__exit__(*raised)


def listen() -> None:
    """Add options and the report at the end to Locust's own."""
    for event, listener in (
        (events.init_command_line_parser, _add_options),
        (events.init, _connect),
        (events.test_start, _start),
        (events.test_stopping, _let_workers_finish),
        (events.report_to_master, _send),
        (events.worker_report, _collect),
        (events.quitting, _tell),
    ):
        event.add_listener(listener)


def _add_options(parser: Any) -> None:
    parser.add_argument(
        "--arrival-rate",
        type=above_zero,
        default=0.0,
        metavar="R",
        help="open loop: requests a second over all users, which then only share them (without it: a closed loop)",
    )
    parser.add_argument(
        "--p99-ms", type=above_zero, metavar="MS", help="objective: exit status 1 if the p99 is above, or any fails"
    )
    parser.add_argument(
        "--max-error-share",
        type=share,
        metavar="S",
        help="objective: exit status 1 if a larger share of the requests fails (with --p99-ms: 0)",
    )
    # Texts, not paths: a master sends its options to its workers, and paths cannot be sent.
    for name, told in (
        ("--summary", "write requests, p50, p99 and stages as JSON"),
        ("--plot", "draw percentiles of each kind of request as PNG"),
    ):
        parser.add_argument(name, metavar="FILE", help=told, include_in_web_ui=False)


def _start(environment: Any, **_: object) -> None:
    record.clear()
    # The master's options travel to its workers as the users start.
    if not isinstance(environment.runner, WorkerRunner):
        environment.parsed_options.arriving_users = environment.runner.target_user_count


def _connect(environment: Any, **_: object) -> None:
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        runner.register_message(_FINISH, _finish, concurrent=True)
    elif isinstance(runner, MasterRunner):
        runner.register_message(_FINISHED, _finished)


def _let_workers_finish(environment: Any, **_: object) -> None:
    """Wait for what workers still have under way, and for their last report.

    At the end of its run time Locust's master gives them half a second, which is less than a slow server takes.
    """
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        workers = len(runner.clients.all)
        _workers_finished.clear()
        runner.send_message(_FINISH)
        with gevent.Timeout(2 * _STRAGGLERS_S, False):
            while len(_workers_finished) < workers:
                gevent.sleep(0.05)


def _finish(environment: Any, msg: Any, **_: object) -> None:
    environment.runner.stop()
    environment.runner.send_message(_FINISHED, record.take())


def _finished(environment: Any, msg: Any, **_: object) -> None:
    record.extend(msg.data)
    _workers_finished.add(msg.node_id)


def _send(client_id: str, data: dict[str, Any], **_: object) -> None:
    data["quickstep"] = record.take()


def _collect(client_id: str, data: dict[str, Any], **_: object) -> None:
    if "quickstep" in data:
        record.extend(data["quickstep"])


def _tell(environment: Any, **_: object) -> None:
    options = environment.parsed_options
    if isinstance(environment.runner, WorkerRunner) or environment.runner is None:
        return
    totals = record.totals()
    # With Locust's --json, what stands on stdout is its JSON alone.
    stream = sys.stderr if options.json else sys.stdout
    stream.write(record.table() or "no request was made; a longer --run-time, or what Locust says above, may help\n")
    met = None
    if options.p99_ms is not None or options.max_error_share is not None:
        objective = Objective(math.inf if options.p99_ms is None else options.p99_ms, options.max_error_share or 0.0)
        met = objective.met_by(totals)
        environment.process_exit_code = 0 if met else 1
        stream.write(objective.verdict(totals))
    elif not totals.requests:
        environment.process_exit_code = 1
    if options.summary:
        record.write(Path(options.summary), met)
    if options.plot and totals.requests:
        record.draw(Path(options.plot))
    stream.flush()
