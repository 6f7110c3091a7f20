"""The label path beside what a user would run instead: same weights, same rows, one run.

A T5 of each shape learns for some steps which of the demo tasks a text belongs to, on labels of which a share is drawn
by lot, so that its answers are neither saturated nor ties. Its labels have four tokens each, which is what `generate`
decodes. Every system answers the rows first: the share on which it gives the label of float32 PyTorch (one step,
constrained to the labels) stands in the results. Then they are timed in turns, each with one thread and with two, of
which the better time counts.

Models and what systems make of them are kept under runs/latency/ and reused.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.machine import ROOT
from benchmarks.peers.system import LABEL_TOKENS, System, Work, of_length
from benchmarks.report import Row, draw_bars, header, percentile, table, write_results
from student.arguments import positive
from student.errors import QuickstepError

SHAPES = ("tiny", "demo", "small", "base")
"""Presets of training/presets.py; `small` and `base` are t5-v1_1's, `tiny` is for trying the script."""

MODELS = ROOT / "runs" / "latency"
REFERENCE = "hf-step"
OURS = "quickstep int8"
CHECKED_ROWS = 64
_WARM_UP_S = 0.6
"""At the start of a system's turn, uncounted. OpenMP's threads spin for 0.2 s after their last work, on cores that this
system needs, and memory that was idle for a while has to be brought back."""

_TURN_S = 1.0
"""Of a turn that counts."""

Rows = list[npt.NDArray[np.int64]]
"""One [source] array a row."""


def main(argv: list[str]) -> int:
    """Measure, print, write."""
    arguments = _arguments(argv)
    rows: list[Row] = []
    for shape in arguments.shapes:
        work, sources = _prepare(shape, arguments.steps)
        for length in arguments.source_tokens:
            for batch in arguments.batches:
                exact = [of_length(row, length) for row in sources]
                rows.extend(_measure(shape, work, exact, length, batch, arguments))
    settings = {"steps": arguments.steps, "rounds": arguments.rounds, "label_tokens": LABEL_TOKENS}
    path = write_results(arguments.results, header("latency", settings), rows)
    sys.stdout.write(table(rows) + "\n" + table(_ratios(rows)) + "\n")
    _draw(path.with_suffix(".png"), rows)
    sys.stdout.write(f"{path.name} and .png written\n")
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("latency", __doc__ or "")
    made.add_argument("--shapes", nargs="+", choices=SHAPES, default=["demo", "small", "base"])
    made.add_argument("--source-tokens", nargs="+", type=positive, default=[32, 128], metavar="N")
    made.add_argument("--batches", nargs="+", type=positive, default=[1], metavar="N")
    made.add_argument("--steps", type=positive, default=150, help="of training, for each shape (default: %(default)s)")
    made.add_argument("--rounds", type=positive, default=3, help="turns of each system (default: %(default)s)")
    made.add_argument("--systems", nargs="+", help="only these, by name (default: all that are installed)")
    return made.parse_args(argv)


def _prepare(shape: str, steps: int) -> tuple[Work, Rows]:
    """A student of this shape, trained or found trained, and tokenised rows that it was not trained on."""
    from benchmarks.peers.training import LABELS, sources, train_student

    folder = MODELS / f"{shape}-{steps}"
    model = folder / "model"
    if not model.exists():
        shutil.rmtree(folder, ignore_errors=True)
        train_student(shape, model, steps)
    return Work(model, folder, LABELS), sources("validation", 2 * CHECKED_ROWS)


def _measure(
    shape: str, work: Work, sources: Rows, length: int, batch: int, arguments: argparse.Namespace
) -> Iterator[Row]:
    checked, calibration = sources[:CHECKED_ROWS], sources[CHECKED_ROWS:]
    batches = [np.stack(checked[i : i + batch]) for i in range(0, len(checked) - batch + 1, batch)]
    systems: dict[tuple[str, int], System] = {}
    for name, make in _systems(work, calibration).items():
        if arguments.systems is None or name in arguments.systems or name == REFERENCE:
            for threads in (1, 2):
                try:
                    systems[name, threads] = make(threads)
                except Exception as error:  # a peer that cannot run this shape is told, and left out
                    sys.stdout.write(f"{name} cannot run {shape}: {type(error).__name__}: {str(error)[:120]}\n")
                    break
    answers = {key: [answer for ids in batches for answer in system.answer(ids)] for key, system in systems.items()}
    reference = answers[REFERENCE, 1]
    if len(set(reference)) < 2:
        raise QuickstepError(f"latency: the {shape} student answers all rows alike; train it for more --steps")
    times_ms: dict[tuple[str, int], list[float]] = {key: [] for key in systems}
    with tqdm(total=arguments.rounds * len(systems), desc=f"{shape} {length} x{batch}", unit="turn") as bar:
        for _ in range(arguments.rounds):
            for key, system in systems.items():
                times_ms[key].extend(_turn(system, batches))
                bar.update()
    for name in dict.fromkeys(name for name, _ in systems):
        threads = min((t for n, t in systems if n == name), key=lambda t: statistics.median(times_ms[name, t]))
        found = answers[name, threads]
        yield {
            "system": systems[name, threads].name,
            "precision": systems[name, threads].precision,
            "shape": shape,
            "source_tokens": length,
            "batch": batch,
            "threads": threads,
            "p50_ms": round(statistics.median(times_ms[name, threads]), 3),
            "p99_ms": round(percentile(times_ms[name, threads], 99), 3),
            "answers_equal": round(sum(a == b for a, b in zip(found, reference, strict=True)) / len(reference), 4),
        }


def _turn(system: System, batches: Sequence[npt.NDArray[np.int64]]) -> Iterator[float]:
    """Milliseconds of each call of one turn after its warm-up."""
    number = 0
    for seconds, counts in ((_WARM_UP_S, False), (_TURN_S, True)):
        first, until = number, time.perf_counter() + seconds
        while number < first + 2 or time.perf_counter() < until:
            start = time.perf_counter()
            system.answer(batches[number % len(batches)])
            if counts:
                yield (time.perf_counter() - start) * 1e3
            number += 1


def _systems(work: Work, calibration: Rows) -> dict[str, Callable[[int], System]]:
    from benchmarks.peers.huggingface import HfGenerate, HfStep
    from benchmarks.peers.optimum_ort import Optimum
    from benchmarks.peers.quickstep import Quickstep

    systems: dict[str, Callable[[int], System]] = {
        "quickstep fp32": lambda threads: Quickstep(work, threads, "fp32", calibration),
        "quickstep int8": lambda threads: Quickstep(work, threads, "int8", calibration),
        "hf-generate": lambda threads: HfGenerate(work, threads),
        "hf-step": lambda threads: HfStep(work, threads),
        "optimum": lambda threads: Optimum(work, threads),
    }
    try:
        from benchmarks.peers.ctranslate import CtGenerate, CtScore, CtStep
    except ImportError:
        sys.stdout.write("ctranslate2 is not installed (pip install -e '.[peers]'): left out\n")
        return systems
    return systems | {
        "ctranslate2-generate": lambda threads: CtGenerate(work, threads),
        "ctranslate2-step": lambda threads: CtStep(work, threads),
        "ctranslate2-score": lambda threads: CtScore(work, threads),
    }


def _label(row: Row) -> str:
    return f"{row['system']} {row['precision']}" if row["system"] == "quickstep" else str(row["system"])


def _cell(row: Row) -> str:
    return f"{row['shape']}, {row['source_tokens']} tokens, batch {row['batch']}"


def _ratios(rows: Sequence[Row]) -> list[Row]:
    """How many times our int8 time each system takes."""
    ours = {_cell(row): float(row["p50_ms"] or 0) for row in rows if _label(row) == OURS}
    made: dict[str, dict[str, str | float]] = {}
    for row in rows:
        if _cell(row) in ours:
            made.setdefault(_label(row), {"system": _label(row)})[_cell(row)] = (
                float(row["p50_ms"] or 0) / ours[_cell(row)]
            )
    return list(made.values())


def _draw(path: Path, rows: Sequence[Row]) -> None:
    cells = list(dict.fromkeys(map(_cell, rows)))
    names = list(dict.fromkeys(map(_label, rows)))
    found = {(_label(row), _cell(row)): float(row["p50_ms"] or 0) for row in rows}
    draw_bars(
        path, cells, {name: [found.get((name, cell), float("nan")) for cell in cells] for name in names}, "p50, ms"
    )


if __name__ == "__main__":
    run(main)
