"""The label path beside what a user would run instead: same weights, same rows, one run.

A T5 of each shape learns for some steps which of the demo tasks a text belongs to, on labels of which a share is drawn
by lot, so that its answers are neither saturated nor ties. Its labels have four tokens each, which is what `generate`
decodes. Every system answers the rows first: the share on which it gives the label of float32 PyTorch (one step,
constrained to the labels) stands in the results. Each system has a process of its own and the number of threads that
suits it; then they are timed in turns while all others wait.

Models and what systems make of them are kept under runs/latency/ and reused. A roofline says which share of the
machine's own rates our graphs reach.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.machine_rates import Rates, measure_rates
from benchmarks.peers.measuring import Cell, Effort, Measured, measure
from benchmarks.peers.questions import LABELS, source_rows
from benchmarks.peers.quickstep import graphs_folder
from benchmarks.peers.shapes import MODELS, SHAPES
from benchmarks.peers.system import LABEL_TOKENS, Work
from benchmarks.peers.systems import PEERS, Peer
from benchmarks.peers.worker import Trial, in_own_process
from benchmarks.report import Row, draw_bars, header, percentile, table, write_results
from benchmarks.roofline import (
    answer_row,
    answer_shares,
    decoder_row,
    draw_roofline,
    machine_rows,
    measure_sides,
    verdicts,
)
from student.arguments import positive
from student.errors import QuickstepError

REFERENCE = "hf-step"
OURS = "quickstep int8"
CHECKED_ROWS = 64
RESULT, ROOFLINE = "latency_cpu", "roofline_cpu"
_WARM_UP_S, _TURN_S = 0.4, 0.5
"""Short turns, and many: a machine that is shared is slower for seconds or minutes at a time, for all systems alike."""

_RATE_S, _SIDES_S = 2.0, 3.0


def main(argv: list[str]) -> int:
    """Measure, print, write; what is finished is written after each shape."""
    arguments = _arguments(argv)
    rates = [in_own_process(measure_rates, threads, _RATE_S) for threads in arguments.threads]
    head = header(
        "latency",
        {"rounds": arguments.rounds, "max_cell_seconds": arguments.max_cell_seconds, "label_tokens": LABEL_TOKENS},
    )
    students: dict[str, object] = {}
    rows: list[Row] = []
    roofline = list(machine_rows(rates))
    for shape in arguments.shapes:
        work, told = _student(shape, arguments.steps or SHAPES[shape].steps)
        measured = _measure(shape, work, arguments)
        students[shape] = {
            **told,
            "systems_one_by_one": measured.one_by_one,
            "cannot_run": measured.failures,
        }
        found = [_with_shares(row, rates) for row in _rows(shape, measured)]
        rows.extend(found)
        roofline.extend(_roofline(work, found, rates))
        _write(arguments.results, {**head, "students": students}, rows, roofline, rates)
    sys.stdout.write("\n".join([table(rows), table(ratios(rows)), *_tables(roofline)]))
    sys.stdout.writelines(verdicts(roofline))
    sys.stdout.write(f"{RESULT}.json, {ROOFLINE}.json and their .png written\n")
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("latency", __doc__ or "", result=RESULT)
    made.add_argument("--shapes", nargs="+", choices=SHAPES, default=["demo", "small", "base"])
    made.add_argument("--source-tokens", nargs="+", type=_source_tokens, default=[32, 128], metavar="N")
    made.add_argument("--batches", nargs="+", type=_batch, default=[1], metavar="N")
    made.add_argument("--steps", type=positive, help="of training (default: a number for each shape)")
    made.add_argument("--rounds", type=positive, default=9, help="turns of each system (default: %(default)s)")
    made.add_argument(
        "--max-cell-seconds",
        type=positive,
        default=60,
        help="of a system in a cell: slow ones get fewer turns, and answer fewer rows (default: %(default)s)",
    )
    made.add_argument("--threads", nargs="+", type=positive, default=[1, 2], metavar="N", help="tried (default: 1 2)")
    made.add_argument("--systems", nargs="+", choices=PEERS, metavar="NAME", help=f"only these of: {', '.join(PEERS)}")
    arguments = made.parse_args(argv)
    arguments.threads = list(dict.fromkeys(arguments.threads))
    return arguments


def _source_tokens(text: str) -> int:
    if not 2 <= positive(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text}: must be 2 to 256, which is what the graphs are made for")
    return int(text)


def _batch(text: str) -> int:
    if positive(text) > CHECKED_ROWS:
        raise argparse.ArgumentTypeError(f"{text}: must be at most {CHECKED_ROWS}, the number of rows")
    return int(text)


def _student(shape: str, steps: int) -> tuple[Work, dict[str, object]]:
    """A student of this shape, trained or found trained, and what to tell of it.

    Raises:
        QuickstepError: it answers all rows alike.
    """
    # Not at the top: every worker imports this module, and only those that need torch should have it.
    from benchmarks.peers.training import prepare_student

    folder = MODELS / f"{shape}-{steps}"
    opinion = in_own_process(prepare_student, shape, folder, steps)
    if opinion.labels_answered < 2:
        raise QuickstepError(f"latency: the {shape} student answers all rows alike; train it for more --steps")
    calibration = source_rows("validation", 2 * CHECKED_ROWS)[CHECKED_ROWS:]
    return Work(folder / "model", folder, LABELS, tuple(calibration)), {"steps": steps, **asdict(opinion)}


def _measure(shape: str, work: Work, arguments: argparse.Namespace) -> Measured:
    chosen = [PEERS[name] for name in PEERS if _wanted(name, arguments.systems)]
    cells = [Cell(length, batch) for length in arguments.source_tokens for batch in arguments.batches]
    effort = Effort(tuple(arguments.threads), _WARM_UP_S, _TURN_S, arguments.rounds, arguments.max_cell_seconds)
    measured = measure(chosen, work, source_rows("validation", CHECKED_ROWS), cells, effort, shape)
    if REFERENCE in measured.failures:
        raise QuickstepError(f"latency: nothing to compare answers with: {measured.failures[REFERENCE]}")
    return measured


def _wanted(name: str, systems: Sequence[str] | None) -> bool:
    return systems is None or name in systems or name == REFERENCE


def _rows(shape: str, measured: Measured) -> Iterator[Row]:
    for cell, times_ms in measured.times_ms.items():
        _, reference = measured.trials[cell][REFERENCE]
        for name, times in times_ms.items():
            threads, trial = measured.trials[cell][name]
            compared = min(len(trial.answers), len(reference.answers))
            yield {
                "system": PEERS[name].system,
                "precision": PEERS[name].precision,
                "shape": shape,
                "source_tokens": cell.source_tokens,
                "batch": cell.batch,
                "threads": threads,
                "p50_ms": round(statistics.median(times), 3),
                "p99_ms": round(percentile(times, 99), 3),
                "calls": len(times),
                "answers_equal": round(_equal(trial, reference, compared) / compared, 4),
                "answers_compared": compared,
            }


def _equal(trial: Trial, reference: Trial, compared: int) -> int:
    return sum(a == b for a, b in zip(trial.answers[:compared], reference.answers[:compared], strict=True))


def _with_shares(row: Row, rates: Sequence[Rates]) -> Row:
    if row["system"] != "quickstep":
        return row
    return {**row, **answer_shares(row, SHAPES[str(row["shape"])].preset, len(LABELS), rates)}


def _roofline(work: Work, rows: Sequence[Row], rates: Sequence[Rates]) -> Iterator[Row]:
    ours = [row for row in rows if row["system"] == "quickstep"]
    for row in tqdm(ours, desc="roofline", unit="graph"):
        folder = graphs_folder(work, str(row["precision"]))
        yield answer_row(row, folder)
        if row["batch"] == 1:
            source, threads = int(row["source_tokens"] or 0), int(row["threads"] or 0)
            first = [label[0] for label in LABELS]
            sides = in_own_process(measure_sides, folder, source, first, threads, _SIDES_S)
            yield decoder_row(row, folder, sides, rates)


def _write(
    folder: Path, head: dict[str, object], rows: Sequence[Row], roofline: Sequence[Row], rates: Sequence[Rates]
) -> None:
    path = write_results(folder, head, rows, RESULT)
    _draw(path.with_suffix(".png"), rows)
    path = write_results(folder, head, roofline, ROOFLINE)
    draw_roofline(path.with_suffix(".png"), [row for row in roofline if row["part"] == "answer"], rates)


def _tables(roofline: Sequence[Row]) -> Iterator[str]:
    for part in ("machine", "answer", "decoder"):
        rows = [row for row in roofline if row["part"] == part]
        if rows:
            yield table(rows)


def _name(row: Row) -> str:
    return next(peer.name for peer in PEERS.values() if _is(peer, row))


def _is(peer: Peer, row: Row) -> bool:
    return (peer.system, peer.precision) == (row["system"], row["precision"])


def _cell(row: Row) -> str:
    return f"{row['shape']}, {row['source_tokens']} tokens, batch {row['batch']}"


def ratios(rows: Sequence[Row]) -> list[Row]:
    """How many times our int8 time each system takes."""
    ours = {_cell(row): float(row["p50_ms"] or 0) for row in rows if _name(row) == OURS}
    made: dict[str, dict[str, str | float]] = {}
    for row in rows:
        if _cell(row) in ours:
            ratio = float(row["p50_ms"] or 0) / ours[_cell(row)]
            made.setdefault(_name(row), {"system": _name(row)})[_cell(row)] = ratio
    return list(made.values())


def _draw(path: Path, rows: Sequence[Row]) -> None:
    # Of several batches the smallest: a drawing of all would be metres wide.
    rows = [row for row in rows if row["batch"] == rows[0]["batch"]]
    made = [row for row in ratios(rows) if row["system"] != OURS]
    if not made:
        # One of an earlier run would be taken for this one's.
        path.unlink(missing_ok=True)
        sys.stdout.write(f"{path.name}: not drawn, there is nothing beside {OURS} to draw\n")
        return
    cells = list(dict.fromkeys(map(_cell, rows)))
    series = {cell: [float(row.get(cell) or "nan") for row in made] for cell in cells}
    draw_bars(path, [str(row["system"]) for row in made], series, f"p50, times that of {OURS}", logarithmic=True)


if __name__ == "__main__":
    run(main)
