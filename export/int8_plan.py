"""What INT8 takes for a student: ranges alone where they do; else smoothing, and blocks that stay in float32.

Judged on calibration rows, by the share of clear answers that stay. Where INT8 everywhere keeps too few, outliers are
smoothed away (`export.smoothing`) if that keeps more. Where that is not enough, each block, the attention or the
feed-forward of a layer, is quantized alone and what that does to the probabilities is measured; the most sensitive
ones stay in float32, one after the other, until enough answers stay.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm, trange

from export.calibration import CalibrationRow, calibrate, channel_extents
from export.confidence import FloatArray
from export.half import spread
from export.int8 import Int8, Range
from export.label_graph import root_graph, tree_graph
from export.linears import Float32, Linears
from export.precision_parity import CLEAR_MARGIN
from export.smoothing import smoothed
from export.t5_weights import T5Weights
from export.weights import share_weights
from student.bundle import WEIGHTS
from student.label_path import LabelPath
from student.sessions import open_session

_log = logging.getLogger(__name__)

MAX_ROWS = 128
"""That are measured: each block takes a graph of its own."""


@dataclass(frozen=True)
class Int8Plan:
    """How a student is quantized.

    Attributes:
        weights: of the student, smoothed or as they were.
        linears: its products.
        smoothed: whether outliers were moved into the weights.
        islands: blocks that stay in float32.
    """

    weights: T5Weights
    linears: Int8
    smoothed: bool
    islands: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain values, for the report."""
        return {"smoothed": self.smoothed, "float32_blocks": list(self.islands)}


def plan_int8(
    weights: T5Weights, rows: Sequence[CalibrationRow], min_clear_agreement: float, *, progress: bool = True
) -> Int8Plan:
    """Find the fastest INT8 that keeps the answers of these rows.

    Args:
        weights: of the student.
        rows: real inputs, some of every task.
        min_clear_agreement: share of the rows with a clear answer that keep it.
        progress: show progress bars.

    Returns:
        A plan. Where even half of the blocks left out does not help, that: the gate says then what is missed.
    """
    ranges = calibrate(weights, rows, progress=progress)
    measured = spread(rows, MAX_ROWS)
    reference = _probabilities(weights, Float32(), measured)
    agreement = _agreement(reference, _probabilities(weights, Int8(ranges), measured))
    if agreement >= min_clear_agreement:
        return Int8Plan(weights, Int8(ranges), smoothed=False, islands=())
    even = smoothed(weights, channel_extents(weights, rows))
    even_ranges = calibrate(even, rows, progress=progress)
    even_agreement = _agreement(reference, _probabilities(even, Int8(even_ranges), measured))
    _log.info("int8: keeps %.1f %% of the clear answers, %.1f %% smoothed", 100 * agreement, 100 * even_agreement)
    better = even_agreement > agreement
    if better:
        weights, ranges, agreement = even, even_ranges, even_agreement
    islands: tuple[str, ...] = ()
    if agreement < min_clear_agreement:
        islands = _islands(weights, ranges, measured, reference, min_clear_agreement, progress=progress)
        _log.info("int8: %s stay in float32", ", ".join(islands))
    return Int8Plan(weights, Int8(ranges, keep=_sites(ranges, islands)), better, islands)


def _islands(
    weights: T5Weights,
    ranges: Mapping[str, Range],
    rows: Sequence[CalibrationRow],
    reference: Sequence[FloatArray],
    min_clear_agreement: float,
    *,
    progress: bool,
) -> tuple[str, ...]:
    blocks = sorted({_block(site) for site in ranges})
    costs: dict[str, float] = {}
    for block in tqdm(blocks, desc="int8: sensitivity", unit="block", disable=not progress):
        alone = Int8(ranges, keep=_sites(ranges, set(blocks) - {block}))
        costs[block] = _cost(reference, _probabilities(weights, alone, rows))
    order = sorted(blocks, key=lambda block: -costs[block])[: len(blocks) // 2]
    for number in trange(1, len(order) + 1, desc="int8: islands", unit="block", disable=not progress):
        found = _probabilities(weights, Int8(ranges, keep=_sites(ranges, order[:number])), rows)
        if _agreement(reference, found) >= min_clear_agreement:
            return tuple(order[:number])
    return tuple(order)


def _block(site: str) -> str:
    """`encoder.0.dense` of `encoder.0.dense.inner`."""
    return site.rpartition(".")[0]


def _sites(ranges: Mapping[str, Range], blocks: Iterable[str]) -> list[str]:
    wanted = set(blocks)
    return [site for site in ranges if _block(site) in wanted]


def _probabilities(weights: T5Weights, linears: Linears, rows: Sequence[CalibrationRow]) -> list[FloatArray]:
    """Of every row's answers, each row by itself."""
    deep = any(row.trie.nodes > 1 for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        graphs = {"root": root_graph(weights, linears)} | ({"tree": tree_graph(weights, linears)} if deep else {})
        share_weights(graphs, Path(folder), WEIGHTS)
        sessions = {name: open_session(Path(folder) / name, 0) for name in graphs}
        path = LabelPath(sessions["root"], sessions.get("tree"))
        found = []
        for row in rows:
            ids = np.array([row.input_ids], dtype=np.int64)
            (logits,) = path.edge_logits(ids, np.ones(ids.shape, dtype=np.int32), [row.trie])
            found.append(row.trie.probabilities(logits))
        return found


def _agreement(reference: Sequence[FloatArray], found: Sequence[FloatArray]) -> float:
    """Share of the clear answers that stay; 1 where none is clear."""
    kept = [
        bool(ours.argmax() == theirs.argmax())
        for theirs, ours in zip(reference, found, strict=True)
        if np.diff(np.sort(theirs)[-2:])[0] >= CLEAR_MARGIN
    ]
    return float(np.mean(kept)) if kept else 1.0


def _cost(reference: Sequence[FloatArray], found: Sequence[FloatArray]) -> float:
    """Mean over rows of the largest difference of a probability."""
    return float(np.mean([np.abs(ours - theirs).max() for theirs, ours in zip(reference, found, strict=True)]))
