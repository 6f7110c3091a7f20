"""What a load test saw: times of every request and of its stages, whether an objective was met, and drawings of it."""

from __future__ import annotations

import json
import math
import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from matplotlib.figure import Figure

from benchmarks.report import Row, percentile, table

STAGES = ("tokenize", "queue", "infer")
TOTAL, REST = "total", "network and rest"
_ANSWERED = "answered"
"""The total of requests that did not fail; in no table."""

_STAGE = re.compile(r"(\w+);dur=([\d.]+)")
_MOST = 200_000
"""Times kept of each kind of request; a longer test keeps the newest, so that a test of hours needs no more memory."""

Content = dict[str, Any]


class LoadRecord:
    """Milliseconds by kind of request and stage, and how many requests failed.

    Locust's own statistics round a time above 100 ms to tens, which an objective of 100 ms cannot be judged by.
    """

    def __init__(self) -> None:
        self._times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._requests: dict[str, int] = defaultdict(int)
        self._failed: dict[str, int] = defaultdict(int)
        self._span: list[float] = []
        self._due_span: list[float] = []

    def add(self, kind: str, total_ms: float, server_timing: str = "", *, failed: bool = False) -> None:
        """One request.

        Args:
            kind: of request.
            total_ms: from when it was due, or sent, to its last byte.
            server_timing: the header of that name.
            failed: it has no answer, or a wrong one.
        """
        now = time.time()
        due = now - total_ms / 1e3
        self._span = _wider(self._span, [due, now])
        self._due_span = _wider(self._due_span, [due])
        self._requests[kind] += 1
        self._failed[kind] += failed
        times = self._times[kind]
        told = {stage: float(ms) for stage, ms in _STAGE.findall(server_timing)}
        _keep(times[TOTAL], total_ms)
        if not failed:
            _keep(times[_ANSWERED], total_ms)
        if told and not failed:
            for stage in STAGES:
                _keep(times[stage], told.get(stage, 0.0))
            _keep(times[REST], max(0.0, total_ms - sum(told.values())))

    def take(self) -> Content:
        """All of it as JSON's types, to be sent on; nothing is left."""
        taken = {
            "span": list(self._span),
            "due_span": list(self._due_span),
            "requests": dict(self._requests),
            "failed": dict(self._failed),
            "times": {kind: dict(stages) for kind, stages in self._times.items()},
        }
        self.clear()
        return taken

    def clear(self) -> None:
        """Forget everything."""
        for held in (self._times, self._requests, self._failed):
            held.clear()
        self._span, self._due_span = [], []

    def extend(self, other: Mapping[str, Any]) -> None:
        """Add what somebody else took."""
        self._span = _wider(self._span, other["span"])
        self._due_span = _wider(self._due_span, other["due_span"])
        for held, name in ((self._requests, "requests"), (self._failed, "failed")):
            for kind, number in other[name].items():
                held[kind] += number
        for kind, stages in other["times"].items():
            for stage, times in stages.items():
                kept = self._times[kind][stage]
                kept.extend(times)
                del kept[:-_MOST]

    def totals(self) -> Totals:
        """Over all kinds of requests."""
        answered = [ms for stages in self._times.values() for ms in stages.get(_ANSWERED, [])]
        requests, failed = sum(self._requests.values()), sum(self._failed.values())
        p50, p99 = (_with_failures(answered, percent, requests, failed) for percent in (50, 99))
        return Totals(
            requests=requests,
            failed=failed,
            seconds=_length(self._span),
            due_seconds=_length(self._due_span),
            p50_ms=round(p50, 3),
            p99_ms=round(p99, 3),
        )

    def rows(self) -> list[Row]:
        """Requests, failures, p50 and p99 in milliseconds by kind, and p50 and p99 of its stages."""
        return [
            {
                "request": kind,
                "requests": self._requests[kind],
                "failed": self._failed[kind],
                "p50_ms": _percentile(stages[TOTAL], 50),
                "p99_ms": _percentile(stages[TOTAL], 99),
                **{
                    f"{stage.split()[0]}_p{percent}_ms": _percentile(stages.get(stage, []), percent)
                    for stage in (*STAGES, REST)
                    for percent in (50, 99)
                },
            }
            for kind, stages in sorted(self._times.items())
        ]

    def table(self) -> str:
        """Where the time went, for reading: a line for each kind of request and stage."""
        lines: list[Row] = [
            {
                "request": kind,
                "stage": stage,
                "p50_ms": _percentile(times, 50),
                "p99_ms": _percentile(times, 99),
            }
            for kind, stages in sorted(self._times.items())
            for stage, times in stages.items()
            if stage != _ANSWERED
        ]
        return f"\nwhere the time went (stages as the server says in Server-Timing):\n{table(lines)}" if lines else ""

    def draw(self, path: Path) -> None:
        """Draw how long which share of the requests took, a curve for each kind, as a PNG."""
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        shares = 1 - np.logspace(0, -4, 200)
        for kind, stages in sorted(self._times.items()):
            # Beyond the last request that there was, a curve would be an invention.
            within = shares[shares <= 1 - 1 / len(stages[TOTAL])]
            axes.plot(1 / (1 - within), np.quantile(stages[TOTAL], within), label=kind)
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 10, 100, 1000, 10000], ["0", "50", "90", "99", "99.9", "99.99"])
        axes.set_xlabel("percentile of the requests")
        axes.set_ylabel("ms")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)

    def write(self, path: Path, met: bool | None) -> None:
        """Write totals, rows and the verdict as JSON."""
        content = {**self.totals().content(), "objective_met": met, "rows": self.rows()}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Totals:
    """All requests of a load test.

    Attributes:
        requests: how many ended, well or not.
        failed: of them.
        seconds: from when the first was due to the last one's end. A test of some seconds may be shorter than it was
            meant to be: Locust counts its run time from before its first user.
        due_seconds: from when the first was due to when the last was.
        p50_ms: of all of them, 0 where there are none. One that failed counts as slower than any that was answered,
            since who refuses at once is not fast: infinite where more than half of them failed.
        p99_ms: the same; infinite where more than a hundredth failed.
    """

    requests: int
    failed: int
    seconds: float
    due_seconds: float
    p50_ms: float
    p99_ms: float

    def content(self) -> Row:
        """As JSON's types: what is infinite is null."""
        return {name: None if value == math.inf else value for name, value in vars(self).items()}

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        """Of what `content` made."""
        read: dict[str, Any] = {field.name: content[field.name] for field in fields(cls)}
        read.update({name: math.inf for name, value in read.items() if value is None})
        return cls(**read)


@dataclass(frozen=True)
class Objective:
    """What a service promises.

    Attributes:
        p99_ms: of all requests.
        max_error_share: from 0 to 1.
    """

    p99_ms: float
    max_error_share: float

    def met_by(self, totals: Totals) -> bool:
        """Whether there were requests and they kept it."""
        return (
            totals.requests > 0
            and totals.p99_ms <= self.p99_ms
            and totals.failed <= self.max_error_share * totals.requests
        )

    def verdict(self, totals: Totals) -> str:
        """A line that says so."""
        if not totals.requests:
            return "FAIL  no request was made\n"
        return (
            f"{'PASS' if self.met_by(totals) else 'FAIL'}  p99 {totals.p99_ms:.1f} ms (<= {self.p99_ms:g}), "
            f"{totals.failed} of {totals.requests} requests failed (<= {self.max_error_share:.2%})\n"
        )


def _wider(span: Sequence[float], other: Sequence[float]) -> list[float]:
    ends = [*span, *other]
    return [min(ends), max(ends)] if ends else []


def _length(span: Sequence[float]) -> float:
    return round(span[1] - span[0], 3) if span else 0.0


def _keep(times: list[float], ms: float) -> None:
    times.append(ms)
    if len(times) >= 2 * _MOST:
        del times[:-_MOST]


def _with_failures(answered: Sequence[float], percent: float, requests: int, failed: int) -> float:
    """A percentile of requests of which those that failed count as slower than any."""
    if not requests:
        return 0.0
    among_answered = percent * requests / (requests - failed) if failed < requests else math.inf
    return percentile(answered, among_answered) if among_answered <= 100 else math.inf


def _percentile(times: list[float], percent: int) -> float | None:
    return round(percentile(times, percent), 3) if times else None
