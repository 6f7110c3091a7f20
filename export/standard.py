"""The label path in operators of the ONNX standard alone, for TensorRT and ONNX Runtime on GPUs.

Each of ONNX Runtime's own operators is written out. A score that may not be seen is replaced, not added to: nothing can
overflow by it, in whatever type the block computes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto

from export.graph_builder import FLOAT32, GraphBuilder, Numbers
from export.int8 import Range, quantize_columns
from export.operators import ACTIVATION_NODES
from export.t5_weights import FloatArray
from student.label_trie import MASKED_DISTANCE

LAST = np.array([-1])
"""Axis of a norm."""


class Standard:
    """Operators of the ONNX standard.

    Args:
        numbers: the floating types of the graphs.
    """

    unseen_bias = 0.0
    """Nodes that may not be seen are told by their distances, not by a bias."""

    def __init__(self, numbers: Numbers = FLOAT32) -> None:
        self.numbers = numbers

    def norm(self, graph: GraphBuilder, x: str, scale: FloatArray, epsilon: float) -> str:
        """Written out: opset 21 has no such operator."""
        mean = graph.node("ReduceMean", graph.node("Pow", x, graph.constant(np.float32(2))), graph.constant(LAST))
        root = graph.node("Sqrt", graph.node("Add", mean, graph.constant(np.float32(epsilon))))
        return graph.node("Mul", graph.node("Div", x, root), graph.constant(scale))

    def sum_norm(
        self, graph: GraphBuilder, x: str, added: str, scale: FloatArray, epsilon: float, *, last: bool
    ) -> tuple[str, str]:
        """A sum and a norm."""
        total = graph.node("Add", x, added)
        return self.norm(graph, total, scale, epsilon), total

    def attention(
        self, graph: GraphBuilder, query: str, key: str, value: str, *, mask: str, distances: str, bias: str, heads: int
    ) -> str:
        """Scores, softmax and sum, by head."""
        by_head = graph.constant(np.array([0, 0, heads, -1]))
        query, key, value = (
            graph.node("Transpose", graph.node("Reshape", x, by_head), perm=order)
            for x, order in ((query, [0, 2, 1, 3]), (key, [0, 2, 3, 1]), (value, [0, 2, 1, 3]))
        )
        scores = graph.node("Add", graph.node("MatMul", query, key), bias)
        if mask:
            scores = self._masked(graph, scores, self._seen(graph, mask, [1, 2]))
        if distances:
            near = graph.node("Less", distances, graph.constant(np.array(MASKED_DISTANCE)))
            scores = self._masked(graph, scores, graph.node("Unsqueeze", near, graph.constant(np.array([1]))))
        context = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), value)
        joined = graph.constant(np.array([0, 0, -1]))
        return graph.node("Reshape", graph.node("Transpose", context, perm=[0, 2, 1, 3]), joined)

    def pooled(self, graph: GraphBuilder, query: str, hidden: str, mask: str) -> str:
        """Scores, softmax and sum: keys and values are the hidden states themselves."""
        scores = self.products(graph, query, hidden)
        scores = self._masked(graph, scores, self._seen(graph, mask, [1]))
        return graph.node("MatMul", graph.node("Softmax", scores, axis=-1), hidden)

    def _seen(self, graph: GraphBuilder, mask: str, axes: list[int]) -> str:
        return graph.node("Unsqueeze", graph.node("Cast", mask, to=TensorProto.BOOL), graph.constant(np.array(axes)))

    def _masked(self, graph: GraphBuilder, scores: str, seen: str) -> str:
        # Half of the lowest: the softmax takes the largest score off before it raises e to it.
        return graph.node("Where", seen, scores, graph.constant(np.float32(graph.lowest / 2)))

    def products(self, graph: GraphBuilder, x: str, rows: str) -> str:
        """A transposition and a product."""
        return graph.node("MatMul", x, graph.node("Transpose", rows, perm=[0, 2, 1]))

    def activation(self, graph: GraphBuilder, name: str, x: str) -> str:
        """One node, two for silu."""
        if name == "silu":
            return graph.node("Mul", x, graph.node("Sigmoid", x))
        operator, attributes = ACTIVATION_NODES[name]
        return graph.node(operator, x, **attributes)


class SymmetricInt8:
    """Products of 8-bit integers as quantization and dequantization around a product, which runtimes fuse with it.

    Inputs and weights are quantized, outputs are not: TensorRT's placement for explicit quantization, and no second
    rounding. TensorRT takes symmetric steps alone.

    Args:
        ranges: of what is read, by site, as `export.calibration` found them; a site without one stays in float32.
    """

    masked_heads = True
    masked_nodes = True

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        self._ranges = ranges

    def linear(self, graph: GraphBuilder, x: str, weight: FloatArray, site: str) -> str:
        """`x @ weight`."""
        if site not in self._ranges:
            return graph.node("MatMul", x, graph.constant(weight))
        steps, column_scale = quantize_columns(weight)
        read = (graph.constant(np.float32(symmetric_scale(self._ranges[site]))), graph.constant(np.int8(0)))
        columns = (graph.constant(column_scale), graph.constant(np.zeros(len(column_scale), np.int8)))
        return graph.node(
            "MatMul",
            graph.node("DequantizeLinear", graph.node("QuantizeLinear", x, *read), *read),
            graph.node("DequantizeLinear", graph.constant(steps), *columns, axis=1),
        )


def symmetric_scale(asymmetric: Range) -> float:
    """Size of a step when -127 to 127 steps hold what the range holds, and as much on the other side of 0."""
    return asymmetric.scale * max(asymmetric.zero_point, 255 - asymmetric.zero_point) / 127
