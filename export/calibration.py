"""Ranges of activations, from real rows."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tqdm import tqdm

from export.graph_builder import GraphBuilder
from export.int8 import Range
from export.label_graph import root_graph, tree_graph
from export.t5_weights import FloatArray, T5Weights
from export.weights import share_weights
from student.bundle import WEIGHTS
from student.errors import ExportError
from student.label_trie import LabelTrie, TrieBatch

Feeds = dict[str, npt.NDArray[np.generic]]

BINS = 2048
"""Of an activation's histogram."""

CLIPS = np.linspace(1.0, 0.4, 61)
"""Shares of the observed range, among which the one with the least rounding and clipping error is chosen."""


@dataclass(frozen=True)
class CalibrationRow:
    """A tokenised input and its answer space."""

    input_ids: tuple[int, ...]
    trie: LabelTrie

    def feeds(self, *, deep: bool) -> Feeds:
        """Inputs of the root graph, or of the tree graph: the row alone, without padding."""
        ids = np.array([self.input_ids], dtype=np.int64)
        tries = TrieBatch.pack([self.trie]).feeds()
        source: Feeds = {"input_ids": ids, "source_mask": np.ones(ids.shape, dtype=np.int32)}
        return source | (tries if deep else {"edge_tokens": tries["edge_tokens"]})


class Recorder:
    """Products in float32, with what each reads as a further output, named by its site."""

    masked_heads = True
    masked_nodes = True

    def linear(self, graph: GraphBuilder, x: str, weight: FloatArray, site: str) -> str:
        """`x @ weight`."""
        graph.output(x, site, "float32", None)
        return graph.node("MatMul", x, graph.constant(weight))


def calibrate(weights: T5Weights, rows: Sequence[CalibrationRow], *, progress: bool = True) -> dict[str, Range]:
    """Choose the range of everything that a product reads.

    Rows run one by one, without padding, twice: for the extremes, and for the distribution between them. The
    range chosen is the one with the least mean squared error after rounding and clipping.

    Args:
        weights: of the student, in float32.
        rows: real inputs, some of every task.
        progress: show a progress bar.

    Returns:
        Range by site.
    """
    with tempfile.TemporaryDirectory() as folder:
        recording = _Recording(weights, Path(folder))
        extremes: dict[str, tuple[float, float]] = {}
        counts: dict[str, npt.NDArray[np.int64]] = {}
        with tqdm(total=2 * len(rows), desc="calibration", unit="row", disable=not progress) as bar:
            for row in rows:
                for site, values in recording.activations(row):
                    low, high = extremes.get(site, (0.0, 0.0))
                    # Not by min() and max() of Python, which pass a nan over.
                    extremes[site] = (float(np.minimum(low, values.min())), float(np.maximum(high, values.max())))
                bar.update()
            for site, (low, high) in extremes.items():
                if not math.isfinite(high - low):
                    raise ExportError(
                        f"{site}: the student's own values are not finite on validation rows; train again"
                    )
            for row in rows:
                for site, values in recording.activations(row):
                    found, _ = np.histogram(values, bins=BINS, range=extremes[site])
                    counts[site] = counts.get(site, 0) + found
                bar.update()
    return {site: _least_error(*extremes[site], counts[site]) for site in extremes}


def channel_extents(weights: T5Weights, rows: Sequence[CalibrationRow]) -> dict[str, FloatArray]:
    """The largest absolute value of each channel of everything that a product reads: [in] float32 by site."""
    extents: dict[str, FloatArray] = {}
    with tempfile.TemporaryDirectory() as folder:
        recording = _Recording(weights, Path(folder))
        for row in rows:
            for site, values in recording.activations(row):
                largest = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
                extents[site] = np.maximum(extents.get(site, largest), largest)
    return extents


def _least_error(low: float, high: float, counts: npt.NDArray[np.int64]) -> Range:
    edges = np.linspace(low, high, BINS + 1)
    values = (edges[1:] + edges[:-1]) / 2
    return min((Range.between(share * low, share * high) for share in CLIPS), key=lambda r: _error(r, values, counts))


def _error(chosen: Range, values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> float:
    steps = np.clip(np.rint(values / chosen.scale) + chosen.zero_point, 0, 255)
    return float(np.sum(counts * ((steps - chosen.zero_point) * chosen.scale - values) ** 2))


class _Recording:
    def __init__(self, weights: T5Weights, folder: Path) -> None:
        graphs = {"root": root_graph(weights, Recorder()), "tree": tree_graph(weights, Recorder())}
        share_weights(graphs, folder, WEIGHTS)
        self._sessions = {
            name: ort.InferenceSession(str(folder / name), providers=["CPUExecutionProvider"]) for name in graphs
        }

    def activations(self, row: CalibrationRow) -> Iterator[tuple[str, FloatArray]]:
        yield from self._run("root", row.feeds(deep=False))
        if row.trie.nodes > 1:
            # The encoder's sites come a second time, with the same values: no range is moved by that.
            yield from self._run("tree", row.feeds(deep=True))

    def _run(self, name: str, feeds: Feeds) -> Iterator[tuple[str, FloatArray]]:
        session = self._sessions[name]
        sites = [output.name for output in session.get_outputs() if output.name != "edge_logits"]
        return zip(sites, session.run(sites, feeds), strict=True)
