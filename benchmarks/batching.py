"""What batches of unlike lengths cost: by length bucket, by what runs cost (as the server does), or all in one.

So many rows wait; each way divides them into runs of the label path, which are timed one after another. The student is
that of `benchmarks.load`; rows are its validation texts.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence

from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.peers.load_student import MODELS, PRESET, TASK, prepare_student, texts
from benchmarks.report import Row, header, table, write_results
from student.arguments import positive
from student.grouping import RUN_TOKENS, share_runs
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent

Runs = list[list[PreparedQuestion]]


def main(argv: list[str]) -> int:
    """Time, print, write."""
    made = parser("batching", __doc__ or "")
    made.add_argument("--steps", type=positive, default=150, help="of training (default: %(default)s)")
    made.add_argument("--waiting", type=positive, nargs="+", default=[2, 4, 8, 16, 32], help="default: 2 4 8 16 32")
    made.add_argument("--draws", type=positive, default=40, help="of waiting rows (default: %(default)s)")
    made.add_argument("--threads", type=positive, default=2, help="default: %(default)s")
    arguments = made.parse_args(argv)
    _, bundle = prepare_student(MODELS / f"{PRESET}-{arguments.steps}", arguments.steps, PRESET)
    student = OnnxStudent(bundle, arguments.threads, "int8")
    rows = [student.prepare(Question(TASK, {"text": text})) for text, _ in texts("validation", 300)]
    ways: dict[str, Callable[[Sequence[PreparedQuestion]], Runs]] = {
        "buckets": lambda waiting: _by_bucket(waiting, bundle.length_buckets),
        "cost": _by_cost,
        "one run": lambda waiting: [list(waiting)],
    }
    settings = {"steps": arguments.steps, "draws": arguments.draws, "threads": arguments.threads}
    head = header("batching", {**settings, "run_tokens": RUN_TOKENS})
    chance = random.Random(0)
    found: list[Row] = []
    for number in arguments.waiting:
        times: dict[str, list[float]] = {name: [] for name in ways}
        runs: dict[str, list[int]] = {name: [] for name in ways}
        for _ in tqdm(range(arguments.draws), desc=f"{number} waiting", unit="draw"):
            waiting = chance.sample(rows, number)
            for name, way in ways.items():
                parts = way(waiting)
                started = time.perf_counter()
                for part in parts:
                    student.predict(part)
                times[name].append((time.perf_counter() - started) * 1e3 / number)
                runs[name].append(len(parts))
        found += [
            {
                "waiting": number,
                "divided_by": name,
                "p50_ms_a_row": round(statistics.median(times[name]), 3),
                "runs": round(statistics.mean(runs[name]), 2),
            }
            for name in ways
        ]
    path = write_results(arguments.results, head, found)
    sys.stdout.write(f"{table(found)}{path.name} written\n")
    return 0


def _by_bucket(waiting: Sequence[PreparedQuestion], buckets: Sequence[int]) -> Runs:
    groups: dict[int, list[PreparedQuestion]] = {}
    for row in waiting:
        groups.setdefault(bisect_left(buckets, row.source_tokens), []).append(row)
    return list(groups.values())


def _by_cost(waiting: Sequence[PreparedQuestion]) -> Runs:
    runs = share_runs([row.source_tokens for row in waiting], RUN_TOKENS)
    return [[waiting[place] for place in run] for run in runs]


if __name__ == "__main__":
    run(main)
