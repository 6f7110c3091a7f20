"""How near our graphs come to what the machine can do. `benchmarks/latency.py` measures, this says what it means.

An encoder multiplies matrices: its roof is the rate of large products. A decoder at one position multiplies vectors
with matrices: its roof is the rate at which its weights can be read once. Both roofs are the machine's own, measured.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.machine_rates import Rates
from benchmarks.operations import bytes_read, necessary_operations
from benchmarks.peers.quickstep import DECODER_GRAPH, ENCODER_GRAPH, ROOT_GRAPH
from benchmarks.report import Row
from student.sessions import open_session
from training.presets import Preset

DECODER_OVER_READ = 1.5
DECODER_OVER_ENCODER = 0.15
SHARE_OF_PEAK = {1: 0.65, 8: 0.75}
TARGET_SHAPE, TARGET_SOURCE = "base", 128
"""Targets: the decoder's time over that of reading its weights, everywhere; in INT8 at 128 source tokens its time over
the encoder's, and the share of the machine's rate by batch, the latter at `base`."""

_AT_LEAST = 5


@dataclass(frozen=True)
class Sides:
    """Medians of the two sides of an answer, each a graph of its own, run in turns as an answer runs them."""

    encoder_ms: float
    decoder_ms: float


def measure_sides(folder: Path, source: int, labels: Sequence[int], threads: int, seconds: float) -> Sides:
    """Time encoder and decoder of one row.

    Args:
        folder: where the graphs lie.
        source: tokens of the row; which ones does not matter to the time.
        labels: tokens of the root's edges.
        threads: of each graph.
        seconds: in all.
    """
    encoder, decoder = (open_session(folder / name, threads) for name in (ENCODER_GRAPH, DECODER_GRAPH))
    mask = np.ones((1, source), np.int32)
    feeds = {"input_ids": np.full((1, source), labels[0], np.int64), "source_mask": mask}
    edges = np.array([labels], np.int64)
    encoder_ms: list[float] = []
    decoder_ms: list[float] = []
    warm = False
    until = time.perf_counter() + seconds
    while len(decoder_ms) < _AT_LEAST or time.perf_counter() < until:
        started = time.perf_counter()
        (hidden,) = encoder.run(["hidden"], feeds)
        between = time.perf_counter()
        decoder.run(["edge_logits"], {"hidden": hidden, "source_mask": mask, "edge_tokens": edges})
        ended = time.perf_counter()
        if warm:
            encoder_ms.append((between - started) * 1e3)
            decoder_ms.append((ended - between) * 1e3)
        warm = True
    return Sides(statistics.median(encoder_ms), statistics.median(decoder_ms))


def machine_rows(rates: Sequence[Rates]) -> Iterator[Row]:
    """What the machine can do, a row for each number of threads."""
    for one in rates:
        yield {
            "part": "machine",
            "threads": one.threads,
            "fp32_gop_per_s": one.giga_ops["fp32"],
            "int8_gop_per_s": one.giga_ops["int8"],
            "read_gb_per_s": one.read_gb_per_s,
        }


def answer_shares(row: Row, shape: Preset, edges: int, rates: Sequence[Rates]) -> Mapping[str, float]:
    """`giga_operations` that an answer needs, and `share_of_peak` that they reach in the time measured.

    The peak is the machine's rate in the row's precision with the number of threads that has most. In an INT8 graph
    attention multiplies float32 all the same: the share is of a peak that it could not have.

    Args:
        row: of the latencies.
        shape: sizes of the student.
        edges: answers.
        rates: of the machine.
    """
    source, batch = int(row["source_tokens"] or 0), int(row["batch"] or 0)
    giga_operations = necessary_operations(shape, source, batch, edges).total / 1e9
    peak = max(one.giga_ops[str(row["precision"])] for one in rates)
    reached = giga_operations / (float(row["p50_ms"] or 0) / 1e3)
    return {"giga_operations": round(giga_operations, 4), "share_of_peak": round(reached / peak, 4)}


def answer_row(row: Row, folder: Path) -> Row:
    """A point under the roof: what an answer does for each byte that it reads, and how fast.

    Args:
        row: of the latencies, with `answer_shares`.
        folder: where the graphs lie.
    """
    operations, read = float(row["giga_operations"] or 0), bytes_read(folder / ROOT_GRAPH)
    return {
        "part": "answer",
        **{key: row[key] for key in ("precision", "shape", "source_tokens", "batch", "threads", "p50_ms")},
        "giga_operations": operations,
        "read_mb": round(read / 1e6, 3),
        "operations_per_byte": round(operations * 1e9 / read, 2),
        "gop_per_s": round(operations / (float(row["p50_ms"] or 0) / 1e3), 2),
        "share_of_peak": row["share_of_peak"],
    }


def decoder_row(row: Row, folder: Path, sides: Sides, rates: Sequence[Rates]) -> Row:
    """The decoder's time beside that of reading its weights once, and beside the encoder's.

    Args:
        row: of the latencies, of one row a batch.
        folder: where the graphs lie.
        sides: measured with the row's threads.
        rates: of the machine.
    """
    read = bytes_read(folder / DECODER_GRAPH)
    (rate,) = [one.read_gb_per_s for one in rates if one.threads == row["threads"]]
    read_ms = read / (rate * 1e9) * 1e3
    return {
        "part": "decoder",
        **{key: row[key] for key in ("precision", "shape", "source_tokens", "batch", "threads")},
        "encoder_ms": round(sides.encoder_ms, 4),
        "decoder_ms": round(sides.decoder_ms, 4),
        "read_mb": round(read / 1e6, 3),
        "read_ms": round(read_ms, 4),
        "decoder_over_read": round(sides.decoder_ms / read_ms, 3),
        "decoder_over_encoder": round(sides.decoder_ms / sides.encoder_ms, 3),
    }


def verdicts(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each target that these rows can be held against: PASS or FAIL, and what was found.

    Args:
        rows: of `answer_row` and `decoder_row`.
    """
    for row in rows:
        limits: list[tuple[str, float, bool]] = []
        aimed = row.get("precision") == "int8" and row.get("source_tokens") == TARGET_SOURCE
        if row["part"] == "decoder":
            limits.append(("decoder_over_read", DECODER_OVER_READ, False))
            if aimed:
                limits.append(("decoder_over_encoder", DECODER_OVER_ENCODER, False))
        elif aimed and row["shape"] == TARGET_SHAPE and row["batch"] in SHARE_OF_PEAK:
            limits.append(("share_of_peak", SHARE_OF_PEAK[int(row["batch"] or 0)], True))
        for column, limit, at_least in limits:
            found = float(row[column] or 0)
            met = found >= limit if at_least else found <= limit
            where = f"{row['shape']} {row['precision']}, {row['source_tokens']} tokens, batch {row['batch']}"
            told = f"{column} {found:.3g}, target at {'least' if at_least else 'most'} {limit:g}"
            yield f"{'PASS' if met else 'FAIL'}  {where}: {told}\n"


def draw_roofline(path: Path, rows: Sequence[Row], rates: Sequence[Rates]) -> None:
    """Draw the roofs of each precision, and the answers under them, as a PNG.

    Args:
        path: PNG file to write.
        rows: of `answer_row`.
        rates: of the machine.
    """
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    intensity = [float(row["operations_per_byte"] or 0) for row in rows]
    span = np.geomspace(min([1.0, *intensity]), 2 * max([1e3, *intensity]), 200)
    read = max(one.read_gb_per_s for one in rates)
    for colour, precision in (("C0", "fp32"), ("C1", "int8")):
        peak = max(one.giga_ops[precision] for one in rates)
        axes.loglog(span, np.minimum(peak, read * span), color=colour, label=f"{precision}: {peak:.0f} GOP/s")
        for row, across in zip(rows, intensity, strict=True):
            if row["precision"] == precision:
                height = float(row["gop_per_s"] or 0)
                axes.plot(across, height, "o", color=colour, markersize=4)
                told = f"{row['shape']}, {row['source_tokens']} x{row['batch']}"
                axes.annotate(told, (across, height), (3, -8), textcoords="offset points", fontsize=6)
    axes.set_xlabel(f"operations for each byte of weights (memory: {read:.1f} GB/s)")
    axes.set_ylabel("10^9 operations a second")
    axes.legend(loc="lower right", fontsize=8)
    figure.savefig(path, dpi=120)
