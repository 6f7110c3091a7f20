"""The highest arrival rate at which a running server keeps its objective: `make capacity`.

Locust asks in an open loop (`benchmarks/locustfile.py`), step by step: the rate grows by a third until the objective
breaks, then the gap between the highest that held and the lowest that did not is halved, until both are within a tenth.
A rate that the load generator itself does not reach counts as broken: it would need a machine of its own.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.command import above_zero, parser, run, share
from benchmarks.load_record import Objective
from benchmarks.load_steps import Load, Step, run_step
from benchmarks.report import Row, header, table, write_results
from student.arguments import positive

GROWTH = 4 / 3
NEAR = 1.1
"""Bisection ends where the rate that broke is at most so many times the one that held."""

_LEAST_REQUESTS = 20
"""Of a step: of fewer a p99 says nothing."""


def main(argv: list[str]) -> int:
    """Search, print, write."""
    arguments = _arguments(argv)
    objective = Objective(arguments.p99_ms, arguments.max_error_share)
    found = search(
        Load(
            arguments.host.rstrip("/"),
            arguments.seconds,
            arguments.users,
            arguments=(
                "--mix",
                arguments.mix,
                *(("--questions", str(arguments.questions)) if arguments.questions else ()),
            ),
        ),
        objective,
        arguments.start_rate,
        arguments.tries,
    )
    settings = {
        "p99_ms": objective.p99_ms,
        "max_error_share": objective.max_error_share,
        "mix": arguments.mix,
        "seconds_a_step": arguments.seconds,
        "tries": arguments.tries,
        "highest_rate": found.highest_rate,
    }
    rows = step_rows(found.steps, objective)
    path = write_results(arguments.results, header("capacity", settings), rows)
    _draw(path.with_suffix(".png"), rows, objective)
    lowest = min(step.rate for step in found.steps)
    told = f"holds up to {found.highest_rate:.1f} requests/s" if found.highest_rate else f"breaks even at {lowest:g}"
    sys.stdout.write(f"{table(rows)}p99 <= {objective.p99_ms:g} ms {told}\n{path.name} and .png written\n")
    return 0 if found.highest_rate else 1


@dataclass(frozen=True)
class Capacity:
    """What a search found.

    Attributes:
        highest_rate: requests a second that held; 0 where none did.
        steps: all that were tried, in their order.
    """

    highest_rate: float
    steps: tuple[Step, ...]


def search(load: Load, objective: Objective, start_rate: float, tries: int) -> Capacity:
    """Find the highest rate that keeps an objective, and print each step as it ends.

    Args:
        load: what is asked.
        objective: what is to be kept.
        start_rate: the first rate.
        tries: of a rate at most; it holds as soon as one of them does. More than one forgives a machine that is shared
            a second in which it was somebody else's.

    Raises:
        QuickstepError: a step cannot be made.
    """
    steps: list[Step] = []

    def holds(rate: float) -> bool:
        return any(tried(rate) for _ in range(tries))

    def tried(rate: float) -> bool:
        step = run_step(load, rate)
        steps.append(step)
        kept, seen = step.holds(objective), step.totals
        sys.stdout.write(
            f"{rate:8.1f} requests/s: p50 {seen.p50_ms:.1f} ms, p99 {seen.p99_ms:.1f} ms, {seen.failed} of "
            f"{seen.requests} failed: {'holds' if kept else 'breaks'}\n"
        )
        sys.stdout.flush()
        return kept

    return Capacity(highest(holds, start_rate, _LEAST_REQUESTS / load.seconds), tuple(steps))


def step_rows(steps: Sequence[Step], objective: Objective) -> list[Row]:
    """What results tell of steps, by rate."""
    return [
        {
            "rate": round(step.rate, 2),
            "answered_rate": step.answered_rate,
            **step.totals.content(),
            "holds": step.holds(objective),
        }
        for step in sorted(steps, key=lambda step: step.rate)
    ]


def highest(holds: Callable[[float], bool], start: float, least: float) -> float:
    """The highest rate found to hold; 0 where even the least does not.

    Args:
        holds: tries a rate.
        start: the first rate.
        least: no rate below it is tried.
    """
    good, bad = 0.0, 0.0
    rate = start
    while not bad:
        if holds(rate):
            good, rate = rate, rate * GROWTH
        else:
            bad = rate
    while not good and bad / 2 >= least:
        if holds(bad / 2):
            good = bad / 2
        else:
            bad /= 2
    while good and bad > NEAR * good:
        middle = (good + bad) / 2
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("capacity", __doc__ or "")
    made.add_argument("--host", default="http://127.0.0.1:8000", help="default: %(default)s")
    made.add_argument("--p99-ms", type=above_zero, default=100.0, help="objective (default: %(default)s)")
    made.add_argument("--max-error-share", type=share, default=0.0, help="objective (default: %(default)s)")
    made.add_argument("--start-rate", type=above_zero, default=20.0, help="requests a second (default: %(default)s)")
    made.add_argument("--seconds", type=positive, default=15, help="of each step (default: %(default)s)")
    made.add_argument(
        "--users", type=positive, default=4, help="among which arrivals are shared (default: %(default)s)"
    )
    made.add_argument(
        "--tries", type=positive, default=1, help="of a rate before it counts as broken (default: %(default)s)"
    )
    made.add_argument("--mix", default="predict=1", help="shares of requests (default: %(default)s)")
    made.add_argument("--questions", type=Path, help="JSON lines (default: golden questions of the demo student)")
    return made.parse_args(argv)


def _ms(value: object) -> float:
    """What can be drawn: a percentile among failures is no number."""
    return float(value) if isinstance(value, int | float) else math.nan


def _draw(path: Path, rows: Sequence[Row], objective: Objective) -> None:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    rates = [float(row["rate"] or 0) for row in rows]
    for name in ("p50_ms", "p99_ms"):
        axes.plot(
            rates,
            [_ms(row[name]) for row in rows],
            "o-",
            label=name.replace("_", ", "),
        )
    axes.axhline(objective.p99_ms, color="grey", linestyle="--", label="objective")
    axes.set_yscale("log")
    axes.set_xlabel("requests a second, as offered")
    axes.set_ylabel("ms from when a request was due")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    run(main)
