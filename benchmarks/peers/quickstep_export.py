"""Makes the graphs that `benchmarks.peers.quickstep` runs. Apart from it: what answers needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
from transformers import T5ForConditionalGeneration

from benchmarks.peers.quickstep import DECODER_GRAPH, ENCODER_GRAPH, ROOT_GRAPH
from benchmarks.peers.system import Work
from export.calibration import CalibrationRow, calibrate
from export.graph_builder import GraphBuilder
from export.int8 import Int8
from export.label_graph import CONTRIB, encoder_graph, root_graph
from export.linears import Float32, Linears
from export.t5_weights import T5Weights
from export.weights import share_weights
from export.writer import Writer
from student.bundle import WEIGHTS
from student.label_trie import MAX_DEPTH, IntArray, LabelTrie
from student.manifest import Precision

LONGEST = 256
"""Source tokens that the graphs are made for."""


def export_graphs(work: Work, folder: Path, precision: Precision) -> None:
    """Write root graph, encoder and decoder, which share their weights.

    Args:
        work: the student.
        folder: where to write.
        precision: of the graphs.
    """
    model = T5ForConditionalGeneration.from_pretrained(work.model)
    weights = T5Weights.of(model, LONGEST, MAX_DEPTH)
    del model  # of a large student there is no room for more copies than needed
    linears: Linears = int8_linears(weights, work.labels, work.calibration) if precision == "int8" else Float32()
    graphs = {
        ROOT_GRAPH: root_graph(weights, linears),
        ENCODER_GRAPH: encoder_graph(weights, linears),
        DECODER_GRAPH: _decoder_graph(weights, linears),
    }
    share_weights(graphs, folder, WEIGHTS)


def int8_linears(weights: T5Weights, labels: Sequence[Sequence[int]], rows: Sequence[IntArray]) -> Linears:
    """INT8 with ranges from these rows.

    Args:
        weights: of the student.
        labels: token ids of each label.
        rows: tokenised, [source] int64 each.
    """
    trie = LabelTrie.build(labels, start_token=0)
    return Int8(calibrate(weights, [CalibrationRow(tuple(row.tolist()), trie) for row in rows]))


def _decoder_graph(weights: T5Weights, linears: Linears) -> onnx.ModelProto:
    """The root graph without its encoder.

    Inputs: `hidden` [batch, source, d_model] float32, `source_mask` [batch, source] int32, `edge_tokens` [batch, edges]
    int64. Output: `edge_logits` [batch, edges] float32.
    """
    graph = GraphBuilder()
    hidden = graph.input("hidden", "float32", ["batch", "source", weights.d_model])
    mask = graph.input("source_mask", "int32", ["batch", "source"])
    edge_tokens = graph.input("edge_tokens", "int64", ["batch", "edges"])
    logits = Writer(graph, weights, linears, CONTRIB).root(hidden, mask, edge_tokens)
    graph.output(logits, "edge_logits", "float32", ["batch", "edges"])
    return graph.model("decoder")
