"""Our own label path, through the runtime's Python entry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from transformers import T5ForConditionalGeneration

from benchmarks.peers.system import Work
from export.calibration import CalibrationRow, calibrate
from export.graphs import label_graphs
from export.int8 import Int8
from export.label_graph import Float32, Linears
from export.t5_weights import T5Weights
from export.weights import share_weights
from student.bundle import WEIGHTS, Precision
from student.label_path import LabelPath
from student.label_trie import MAX_DEPTH, LabelTrie
from student.runtime import open_session

LONGEST = 256
"""Source tokens that the graphs are made for."""


class Quickstep:
    """The label path in one precision."""

    name = "quickstep"

    def __init__(
        self, work: Work, threads: int, precision: Precision, calibration_rows: Sequence[npt.NDArray[np.int64]]
    ) -> None:
        self.precision: str = precision
        self._trie = LabelTrie.build(work.labels, start_token=0)
        folder = work.folder / f"quickstep-{precision}"
        if not folder.exists():
            rows = [CalibrationRow(tuple(row.tolist()), self._trie) for row in calibration_rows]
            _export(work, folder, precision, rows)
        self._path = LabelPath(open_session(folder / "root.onnx", threads), None)

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of each row's most probable label."""
        mask = np.ones(input_ids.shape, dtype=np.int32)
        logits = self._path.edge_logits(input_ids, mask, [self._trie] * len(input_ids))
        return [int(self._trie.probabilities(row).argmax()) for row in logits]


def _export(work: Work, folder: Path, precision: Precision, rows: Sequence[CalibrationRow]) -> None:
    model = T5ForConditionalGeneration.from_pretrained(work.model)
    weights = T5Weights.of(model, LONGEST, MAX_DEPTH)
    linears: Linears = Int8(calibrate(weights, rows)) if precision == "int8" else Float32()
    graphs = {f"{role}.onnx": graph for role, graph in label_graphs(weights, linears, tree=False).items()}
    folder.mkdir(parents=True)
    share_weights(graphs, folder, WEIGHTS)
