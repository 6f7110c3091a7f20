"""What Triton behind the gateway costs: the same questions to two gateways, one with its own engine, one with Triton.

Both serve one bundle. Every answer of either is compared first, rationales on some rows too; then the gateways are
asked in turns, one request at a time. Triton is the one of `quickstep triton --run`, with its Python backend.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.http_client import HttpClient
from benchmarks.machine import ROOT
from benchmarks.questions import request_content
from benchmarks.report import Row, header, percentile, table, write_results
from benchmarks.running_server import RunningServer, free_port
from export.triton import RepositorySettings, write_repository
from serving.triton_server import TritonServer
from student.arguments import positive
from student.bundle import Bundle
from student.errors import QuickstepError
from student.sessions import choose_precision
from training.data.example import Example
from training.data.sources import DemoRows, open_source

TARGET_MS = 2.5
"""By which the p50 of a label may be above that of the gateway's own engine."""

TOLERANCE = 1e-5
"""Of probabilities: a batch padded to its bucket sums in another order."""

_READY_WITHIN_S = 300.0
_BLOCK = 20
_SETTLE_S = 0.05
_REQUESTS_PER_RATIONALE = 5
"""A rationale takes that much longer than a label."""


def main(argv: list[str]) -> int:
    """Start, compare, time, write."""
    arguments = _arguments(argv)
    bundle = Bundle.open(arguments.bundle)
    examples = [row for spec in arguments.data for row in _test_rows(spec, arguments.rows)]
    settings = {
        "bundle": bundle.label,
        "rows_compared": len(examples),
        "requests": arguments.requests,
        "target_ms": TARGET_MS,
    }
    head = header("triton_overhead", settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        precision = choose_precision(bundle, None, "cpu")
        write_repository(bundle, folder / "models", RepositorySettings(precision))
        triton = TritonServer(folder / "models", free_port(), free_port(), folder / "triton.log")
        with triton:
            triton.wait_until_ready(_READY_WITHIN_S)
            target = ("--engine", "triton", "--triton-target", f"127.0.0.1:{triton.grpc_port}")
            with (
                RunningServer(bundle.path) as own,
                RunningServer(bundle.path, arguments=target) as before_triton,
                HttpClient(own.port) as local,
                HttpClient(before_triton.port) as remote,
            ):
                usable = _compare(local, remote, examples, arguments.explained)
                rows = _measure(local, remote, usable, arguments.requests)
    path = write_results(arguments.results, head, rows)
    sys.stdout.write(table(rows))
    for row in rows:
        if row["target_met"] is not None:
            verdict = "PASS" if row["target_met"] else "FAIL"
            sys.stdout.write(
                f"{verdict}  {row['task']}: {row['difference_ms']} ms above the own engine ({TARGET_MS})\n"
            )
    sys.stdout.write(f"{path.name} written\n")
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("triton_overhead", __doc__ or "")
    made.add_argument(
        "--bundle", type=Path, default=ROOT / "serving" / "demo-student", help="default: the demo student"
    )
    made.add_argument(
        "--data",
        nargs="+",
        default=["demo-nli", "demo-choices", "demo-math"],
        metavar="SOURCE",
        help="rows to ask, as for quickstep evaluate (default: those of the demo tasks)",
    )
    made.add_argument("--rows", type=positive, default=300, help="of each source, compared (default: %(default)s)")
    made.add_argument("--explained", type=positive, default=20, help="of them with rationale (default: %(default)s)")
    made.add_argument("--requests", type=positive, default=500, help="timed, by task (default: %(default)s)")
    return made.parse_args(argv)


def _test_rows(spec: str, rows: int) -> Sequence[Example]:
    return open_source(spec, demo_rows=DemoRows(1, 1, rows)).load("test").examples[:rows]


def _compare(
    local: HttpClient, remote: HttpClient, examples: Sequence[Example], explained: int
) -> dict[str, list[dict[str, object]]]:
    """Questions by task that both answer, and alike.

    Raises:
        QuickstepError: they answer otherwise.
    """
    usable: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in tqdm(examples, desc="compare", unit="row"):
        content = request_content(row.task, row.inputs, row.choices)
        paths = ["/predict", "/explain"] if len(usable[row.task]) < explained else ["/predict"]
        for path in paths:
            ours, theirs = local.post(path, content), remote.post(path, content)
            if ours.status == theirs.status == 422:
                break  # over a limit, for both
            if ours.status != 200 or theirs.status != 200 or not _same(ours.json(), theirs.json()):
                raise QuickstepError(
                    f"triton_overhead: {path} on {row.source}: status {ours.status} and {theirs.status}, or they differ"
                )
        else:
            usable[row.task].append(content)
    return usable


def _same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    keys = ("answer", "value", "abstained", "rationale", "rationale_agrees", "task", "bundle")
    if any(ours.get(key) != theirs.get(key) for key in keys):
        return False
    pairs = zip(ours["probabilities"] or (), theirs["probabilities"] or (), strict=True)
    return all(
        a["answer"] == b["answer"] and math.isclose(a["probability"], b["probability"], abs_tol=TOLERANCE)
        for a, b in pairs
    )


def _measure(
    local: HttpClient, remote: HttpClient, questions: dict[str, list[dict[str, object]]], requests: int
) -> list[Row]:
    made: list[Row] = []
    for task, contents in questions.items():
        labels = local.post("/predict", contents[0]).json()["probabilities"] is not None
        predicted = _times(local, remote, task, "/predict", contents, requests)
        explained = _times(local, remote, task, "/explain", contents, max(_BLOCK, requests // _REQUESTS_PER_RATIONALE))
        difference = round(predicted["triton_p50_ms"] - predicted["local_p50_ms"], 3)
        made.append(
            {
                "task": task,
                "rows_compared": len(contents),
                **predicted,
                "difference_ms": difference,
                "target_met": difference <= TARGET_MS if labels else None,
                **{f"explain_{name}": value for name, value in explained.items()},
            }
        )
    return made


def _times(
    local: HttpClient,
    remote: HttpClient,
    task: str,
    path: str,
    contents: Sequence[dict[str, object]],
    requests: int,
) -> dict[str, float]:
    times_ms: dict[str, list[float]] = {"local": [], "triton": []}
    for start in tqdm(range(0, requests, _BLOCK), desc=f"{path} {task}", unit="block"):
        for name, client in (("local", local), ("triton", remote)):
            time.sleep(_SETTLE_S)
            for number in range(start, start + _BLOCK):
                reply = client.post(path, contents[number % len(contents)])
                # The first of a block finds threads asleep and caches cold, of either.
                if number > start:
                    times_ms[name].append(reply.seconds * 1e3)
    return {
        f"{name}_p{percent}_ms": round(percentile(times_ms[name], percent), 3)
        for percent in (50, 99)
        for name in ("local", "triton")
    }


if __name__ == "__main__":
    run(main)
