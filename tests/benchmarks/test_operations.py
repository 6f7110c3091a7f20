from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.operations import bytes_read, necessary_operations
from export.graph_builder import GraphBuilder
from training.presets import Preset

# d 4, inner 2 * 3 = 6, feed-forward 5, two encoder layers and two of the decoder.
SHAPE = Preset(vocab_size=9, d_model=4, d_ff=5, d_kv=3, heads=2, layers=2, decoder_layers=2)


def test_operations_are_those_counted_by_hand() -> None:
    counted = necessary_operations(SHAPE, source=7, batch=1, edges=3)
    # A token of an encoder layer: query, key, value 3 * (4 * 6), output 6 * 4; gate, up, down 3 * (4 * 5).
    assert counted.encoder_products == 2 * 7 * 2 * (72 + 24 + 60)
    # A layer's scores, and its sums: 2 heads * 7 * 7 * 3 = 294 each.
    assert counted.encoder_attention == 2 * 2 * (294 + 294)
    # Both decoder layers: scores and sums 2 heads * 7 * 4 each, unfold 4 * 6, output 6 * 4, feed-forward 60.
    # The second one: self-attention 4 * 4, query 4 * 6, fold 6 * 4. The scores of three edges: 3 * 4.
    assert counted.decoder == 2 * (2 * (56 + 56 + 24 + 24 + 60) + (16 + 24 + 24) + 12)
    assert counted.total == counted.encoder_products + counted.encoder_attention + counted.decoder


def test_operations_grow_with_the_batch() -> None:
    one, four = (necessary_operations(SHAPE, source=7, batch=batch, edges=3) for batch in (1, 4))
    assert four.total == 4 * one.total


def test_bytes_read_leave_out_tables(tmp_path: Path) -> None:
    graph = GraphBuilder()
    ids = graph.input("ids", "int64", ["n"])
    rows = graph.node("Gather", graph.constant(np.ones((100, 4), np.float32)), ids)
    graph.output(graph.node("MatMul", rows, graph.constant(np.ones((4, 6), np.float32))), "y", "float32", ["n", 6])
    path = tmp_path / "graph.onnx"
    path.write_bytes(graph.model("graph").SerializeToString())
    assert bytes_read(path) == 4 * 6 * 4
