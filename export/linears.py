"""How a graph's matrix products are computed: what a precision is made of."""

from __future__ import annotations

from typing import Protocol

from export.graph_builder import GraphBuilder
from export.t5_weights import FloatArray


class Linears(Protocol):
    """How matrix products are computed: what a precision is made of.

    Attributes:
        masked_heads: how the root's cross-attention reads its weights. False: a product for each head. True: one
            product of all heads with the whole matrix, of which each head's row keeps what is its own. That is heads
            times the arithmetic, which at one position is little beside reading the weights, and they are then an
            ordinary matrix: quantized by column and packed.
        masked_nodes: the same for the tree's. Of a few nodes, as choices that begin alike have, it is the faster way;
            of a hundred the arithmetic outweighs the reading.
    """

    masked_heads: bool
    masked_nodes: bool

    def linear(self, graph: GraphBuilder, x: str, weight: FloatArray, site: str) -> str:
        """`x @ weight`.

        Args:
            graph: where nodes go.
            x: [..., in], in the block's floating type.
            weight: [in, out].
            site: what is read, e.g. `encoder.0.dense.inner`; products that read the same value share it.
        """


class Float32:
    """Every product in float32."""

    masked_heads = False
    masked_nodes = False

    def linear(self, graph: GraphBuilder, x: str, weight: FloatArray, site: str) -> str:
        """`x @ weight`."""
        return graph.node("MatMul", x, graph.constant(weight))
