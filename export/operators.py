"""Which ONNX operators a graph is made of: a norm, an attention, a row of products, an activation.

`Contrib` takes ONNX Runtime's own operators, each of which does what several standard ones do; `export.standard` takes
those of the ONNX standard alone, which every runtime reads and which may compute in 16 bits. The graphs themselves
(`export.label_graph`) are the same in both.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from export.graph_builder import FLOAT32, MICROSOFT, GraphBuilder, Numbers
from export.t5_weights import FloatArray

ACTIVATION_NODES: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "gelu": ("Gelu", {}),
    "gelu_new": ("Gelu", {"approximate": "tanh"}),
}
"""Activations that are one node of the standard; `silu` is none before opset 24."""


class Operators(Protocol):
    """Writes the parts of a graph that runtimes have different operators for.

    Attributes:
        numbers: the floating types of the graphs.
        unseen_bias: position bias of a decoder node that may not be seen.
    """

    numbers: Numbers
    unseen_bias: float

    def norm(self, graph: GraphBuilder, x: str, scale: FloatArray, epsilon: float) -> str:
        """`x / sqrt(mean(x * x) + epsilon) * scale` over the last axis.

        Args:
            graph: where nodes go.
            x: [..., d_model].
            scale: [d_model].
            epsilon: added to the mean.
        """

    def sum_norm(
        self, graph: GraphBuilder, x: str, added: str, scale: FloatArray, epsilon: float, *, last: bool
    ) -> tuple[str, str]:
        """The norm of `x + added`, and that sum, which nobody wants after the last norm of a stack: it may be `""`."""

    def attention(
        self, graph: GraphBuilder, query: str, key: str, value: str, *, mask: str, distances: str, bias: str, heads: int
    ) -> str:
        """Self-attention without a scale: [batch, positions, heads * d_kv].

        Args:
            graph: where nodes go.
            query: [batch, positions, heads * d_kv], as `key` and `value` are.
            key: what it is compared with.
            value: what is summed.
            mask: [batch, positions] int32, 1 where a position may be seen; `""` for all.
            distances: [batch, positions, positions] int64, `MASKED_DISTANCE` where one may not be seen; `""` for all.
            bias: [1 or batch, heads, positions, positions], added to the scores.
            heads: how many.
        """

    def pooled(self, graph: GraphBuilder, query: str, hidden: str, mask: str) -> str:
        """The hidden states summed by a softmax over their products with each query: [batch, queries, d_model].

        Args:
            graph: where nodes go.
            query: [batch, queries, d_model].
            hidden: [batch, source, d_model].
            mask: [batch, source] int32, 1 for real tokens.
        """

    def products(self, graph: GraphBuilder, x: str, rows: str) -> str:
        """[batch, p, d] and [batch, r, d] -> their products [batch, p, r]."""

    def activation(self, graph: GraphBuilder, name: str, x: str) -> str:
        """One of `export.t5_weights.ACTIVATIONS`, element by element."""


class Contrib:
    """ONNX Runtime's own operators, in float32: the fewest nodes, each with a kernel for CPUs."""

    numbers = FLOAT32
    unseen_bias = -1e9
    """Far below any real score, and far from overflowing float32 when a mask is added to it."""

    def norm(self, graph: GraphBuilder, x: str, scale: FloatArray, epsilon: float) -> str:
        """One node."""
        return graph.node(
            "SimplifiedLayerNormalization", x, graph.constant(scale), axis=-1, epsilon=epsilon, stash_type=1
        )

    def sum_norm(
        self, graph: GraphBuilder, x: str, added: str, scale: FloatArray, epsilon: float, *, last: bool
    ) -> tuple[str, str]:
        """One node for the sum and its norm."""
        normed, *total = graph.nodes(
            "SkipSimplifiedLayerNormalization",
            x,
            added,
            graph.constant(scale),
            outputs=(True, False, False, not last),
            domain=MICROSOFT,
            epsilon=epsilon,
        )
        return normed, total[0] if total else ""

    def attention(
        self, graph: GraphBuilder, query: str, key: str, value: str, *, mask: str, distances: str, bias: str, heads: int
    ) -> str:
        """One node. Where distances say what may be seen, the bias has `unseen_bias` for the rest already."""
        return self._attend(graph, query, key, value, mask, bias, heads=heads)

    def pooled(self, graph: GraphBuilder, query: str, hidden: str, mask: str) -> str:
        """One node, with keys and values laid out by head: there is one."""
        keys = graph.node("Unsqueeze", hidden, graph.constant(np.array([1])))
        return self._attend(graph, query, keys, keys, mask, "", heads=1)

    def _attend(
        self, graph: GraphBuilder, query: str, key: str, value: str, mask: str, bias: str, *, heads: int
    ) -> str:
        # T5 does not divide by sqrt(d_kv): its initialisation does that.
        return graph.node(
            "MultiHeadAttention",
            *(query, key, value, "", mask, bias),
            domain=MICROSOFT,
            num_heads=heads,
            scale=1.0,
            mask_filter_value=self.unseen_bias,
        )

    def products(self, graph: GraphBuilder, x: str, rows: str) -> str:
        """One node."""
        return graph.node("FusedMatMul", x, rows, domain=MICROSOFT, transB=1)

    def activation(self, graph: GraphBuilder, name: str, x: str) -> str:
        """One node."""
        if name == "silu":
            return graph.node("QuickGelu", x, domain=MICROSOFT, alpha=1.0)
        operator, attributes = ACTIVATION_NODES[name]
        return graph.node(operator, x, **attributes)
