"""Our own label path, through the runtime's Python entry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.peers.system import Work, made_by_exporter, whole
from student.label_path import LabelPath
from student.label_trie import LabelTrie
from student.manifest import Precision
from student.sessions import open_session

ROOT_GRAPH, ENCODER_GRAPH, DECODER_GRAPH = "root.onnx", "encoder.onnx", "decoder.onnx"
"""What answers, and its two sides alone, which only the roofline runs."""


class Quickstep:
    """The label path in one precision."""

    def __init__(self, work: Work, threads: int, precision: Precision) -> None:
        folder = graphs_folder(work, precision)
        if not folder.exists():
            from benchmarks.peers.quickstep_export import export_graphs

            with whole(folder) as unfinished:
                export_graphs(work, unfinished, precision)
        self._trie = LabelTrie.build(work.labels, start_token=0)
        self._path = LabelPath(open_session(folder / ROOT_GRAPH, threads), None)

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of each row's most probable label."""
        mask = np.ones(input_ids.shape, dtype=np.int32)
        logits = self._path.edge_logits(input_ids, mask, [self._trie] * len(input_ids))
        return [int(self._trie.probabilities(row).argmax()) for row in logits]


def graphs_folder(work: Work, precision: str) -> Path:
    """Where the graphs of a precision lie, once its system was built."""
    return made_by_exporter(work.folder, f"graphs-{precision}")
