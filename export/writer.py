"""`Writer`: a T5's blocks, written into a graph node by node; `export.label_graph` says what makes them cheap."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from export.graph_builder import GraphBuilder
from export.linears import Linears
from export.operators import Operators
from export.t5_weights import Attention, FeedForward, FloatArray, T5Weights
from student.label_trie import MASKED_DISTANCE


class _Residual:
    """The residual stream, in float32. A block's output is added by the norm that reads the sum."""

    def __init__(self, graph: GraphBuilder, operators: Operators, start: str, epsilon: float) -> None:
        self._graph = graph
        self._operators = operators
        self._value = start
        self._added: str | None = None
        self._epsilon = epsilon

    def add(self, value: str) -> None:
        assert self._added is None
        self._added = value

    def normed(self, scale: FloatArray, *, last: bool = False) -> str:
        """The norm of the stream: [..., d_model]. After the last one the stream itself is not wanted."""
        if self._added is None:
            return self._operators.norm(self._graph, self._value, scale, self._epsilon)
        normed, self._value = self._operators.sum_norm(
            self._graph, self._value, self._added, scale, self._epsilon, last=last
        )
        self._added = None
        return normed


class Writer:
    """Writes a T5's blocks into a graph."""

    def __init__(self, graph: GraphBuilder, weights: T5Weights, linears: Linears, operators: Operators) -> None:
        self._graph = graph
        self._weights = weights
        self._linears = linears
        self._operators = operators

    def encoder(self, ids: str, mask: str) -> str:
        """Hidden states: [batch, source, d_model].

        Args:
            ids: [batch, source] int64.
            mask: [batch, source] int32, 1 for real tokens.
        """
        weights = self._weights
        stream = self._stream(self._rows(weights.embedding, ids, "embedding"))
        attend = partial(self._self_attention, bias=partial(self._encoder_bias, ids), mask=mask)
        for number, layer in enumerate(weights.encoder):
            site = f"encoder.{number}"
            stream.add(attend(stream.normed(layer.attention_norm), layer.attention, site))
            stream.add(self._feed_forward(stream.normed(layer.dense_norm), layer.dense, site))
        return stream.normed(weights.encoder_norm, last=True)

    def root(self, hidden: str, mask: str, edge_tokens: str) -> str:
        """Logits of the edges that leave the root: [batch, edges].

        Args:
            hidden: what `encoder` gives.
            mask: as `encoder` takes it.
            edge_tokens: [batch, edges] int64.
        """
        weights, graph = self._weights, self._graph
        batch = graph.node("Shape", hidden, start=0, end=1)
        start, first_query = self._root_constants()
        stream = self._stream(self._repeated(start[None], batch))
        for number, layer in enumerate(weights.decoder):
            site = f"decoder.{number}"
            assert layer.cross is not None and layer.cross_norm is not None
            query: Callable[[], str] = partial(self._repeated, first_query, batch)
            if number > 0:
                stream.add(self._root_attention(stream.normed(layer.attention_norm), layer.attention, site))
                query = partial(self._root_folded_query, stream.normed(layer.cross_norm), layer.cross, site)
            stream.add(self._root_cross_attention(query, layer.cross, hidden, mask, site))
            stream.add(self._feed_forward(stream.normed(layer.dense_norm), layer.dense, site))
        position = stream.normed(weights.decoder_norm * np.float32(weights.output_scale), last=True)
        scores = self._operators.products(graph, position, self._rows(weights.output_rows, edge_tokens, "output"))
        return graph.node("Squeeze", scores, graph.constant(np.array([1])))

    def tree(self, hidden: str, mask: str, node_tokens: str, distances: str, edge_nodes: str, edge_tokens: str) -> str:
        """Logits of the edges of whole tries: [batch, edges].

        Args:
            hidden: what `encoder` gives.
            mask: as `encoder` takes it.
            node_tokens: [batch, nodes] int64.
            distances: [batch, nodes, nodes] int64, steps up to an ancestor, `MASKED_DISTANCE` to any other node.
            edge_nodes: [batch, edges] int64.
            edge_tokens: [batch, edges] int64.
        """
        weights, graph = self._weights, self._graph
        stream = self._stream(self._rows(weights.embedding, node_tokens, "embedding"))
        attend = partial(self._self_attention, bias=partial(self._tree_bias, distances), distances=distances)
        for number, layer in enumerate(weights.decoder):
            site = f"decoder.{number}"
            assert layer.cross is not None and layer.cross_norm is not None
            stream.add(attend(stream.normed(layer.attention_norm), layer.attention, site))
            normed = stream.normed(layer.cross_norm)
            stream.add(self._tree_cross_attention(normed, layer.cross, hidden, mask, site))
            stream.add(self._feed_forward(stream.normed(layer.dense_norm), layer.dense, site))
        positions = stream.normed(weights.decoder_norm * np.float32(weights.output_scale), last=True)
        # Every node times every edge's row, of which each edge needs one: still far less than a layer.
        scores = self._operators.products(graph, positions, self._rows(weights.output_rows, edge_tokens, "output"))
        axis = graph.constant(np.array([1]))
        own = graph.node("GatherElements", scores, graph.node("Unsqueeze", edge_nodes, axis), axis=1)
        return graph.node("Squeeze", own, axis)

    def _stream(self, start: str) -> _Residual:
        return _Residual(self._graph, self._operators, start, self._weights.epsilon)

    def _rows(self, table: FloatArray, ids: str, block: str) -> str:
        with self._graph.block(block):
            return self._graph.written(self._graph.node("Gather", self._graph.constant(table), ids, axis=0))

    def _repeated(self, rows: FloatArray, batch: str) -> str:
        """`rows` [r, d] for every row of the batch: [batch, r, d]."""
        shape = self._graph.node("Concat", batch, self._graph.constant(np.array(rows.shape)), axis=0)
        return self._graph.node("Expand", self._graph.constant(rows[None]), shape)

    def _encoder_bias(self, ids: str) -> str:
        """Position bias of this length: [1, heads, source, source], cut out of the one of the longest length."""
        graph = self._graph
        length = graph.node("Shape", ids, start=1, end=2)
        ends = graph.node("Concat", length, length, axis=0)
        starts, axes = graph.constant(np.array([0, 0])), graph.constant(np.array([2, 3]))
        return graph.node("Slice", graph.constant(self._longest_bias), starts, ends, axes)

    @cached_property
    def _longest_bias(self) -> FloatArray:
        """[1, heads, longest, longest]."""
        weights = self._weights
        places = np.arange(weights.longest)
        return weights.encoder_bias[None, :, places[None] - places[:, None] + weights.longest - 1]

    def _tree_bias(self, distances: str) -> str:
        """Position bias of the decoder's nodes: [batch, heads, nodes, nodes]."""
        weights, graph = self._weights, self._graph
        unseen = np.full((1, weights.heads), self._operators.unseen_bias, np.float32)
        by_distance = np.concatenate([weights.decoder_bias, unseen])
        assert len(by_distance) == MASKED_DISTANCE + 1
        rows = graph.node("Gather", graph.constant(by_distance), distances, axis=0)
        return graph.node("Transpose", rows, perm=[0, 3, 1, 2])

    def _self_attention(
        self,
        normed: str,
        attention: Attention,
        site: str,
        *,
        bias: Callable[[], str],
        mask: str = "",
        distances: str = "",
    ) -> str:
        graph = self._graph
        with graph.block(f"{site}.attention"):
            read = graph.read(normed)
            query, key, value = (
                self._linears.linear(graph, read, weight, f"{site}.attention.input")
                for weight in (attention.query, attention.key, attention.value)
            )
            context = self._operators.attention(
                graph, query, key, value, mask=mask, distances=distances, bias=bias(), heads=self._weights.heads
            )
            return graph.written(self._linears.linear(graph, context, attention.output, f"{site}.attention.context"))

    def _root_attention(self, normed: str, attention: Attention, site: str) -> str:
        graph = self._graph
        with graph.block(f"{site}.attention"):
            merged = attention.value @ attention.output
            return graph.written(self._linears.linear(graph, graph.read(normed), merged, f"{site}.attention.input"))

    def _root_cross_attention(
        self, query: Callable[[], str], cross: Attention, hidden: str, mask: str, site: str
    ) -> str:
        graph = self._graph
        with graph.block(f"{site}.cross"):
            pooled = self._operators.pooled(graph, query(), graph.read(hidden), mask)
            if self._linears.masked_heads:
                values = self._linears.linear(graph, pooled, cross.value, f"{site}.cross.pooled")
                own = graph.node("Mul", values, self._own_columns())
                context = graph.node("ReduceSum", own, graph.constant(np.array([1])), keepdims=1)
            else:
                context = self._unfolded(pooled, cross, one_position=True)
            return graph.written(self._linears.linear(graph, context, cross.output, f"{site}.cross.context"))

    def _root_folded_query(self, normed: str, cross: Attention, site: str) -> str:
        graph = self._graph
        query = self._linears.linear(graph, graph.read(normed), cross.query, f"{site}.cross.input")
        if self._linears.masked_heads:
            own = graph.node("Mul", query, self._own_columns())
            return self._linears.linear(graph, own, cross.key.T, f"{site}.cross.query")
        return self._folded(query, cross, one_position=True)

    def _tree_cross_attention(self, normed: str, cross: Attention, hidden: str, mask: str, site: str) -> str:
        graph = self._graph
        with graph.block(f"{site}.cross"):
            query = self._linears.linear(graph, graph.read(normed), cross.query, f"{site}.cross.input")
            masked = self._linears.masked_nodes
            folded = (
                self._folded_masked(query, cross, site) if masked else self._folded(query, cross, one_position=False)
            )
            pooled = self._operators.pooled(graph, folded, graph.read(hidden), mask)
            if masked:
                context = self._unfolded_masked(pooled, cross, site)
            else:
                context = self._unfolded(pooled, cross, one_position=False)
            return graph.written(self._linears.linear(graph, context, cross.output, f"{site}.cross.context"))

    def _folded_masked(self, query: str, cross: Attention, site: str) -> str:
        """W_k^T q for each head of each node: [batch, positions * heads, d_model]."""
        graph, weights = self._graph, self._weights
        own = graph.node("Mul", graph.node("Unsqueeze", query, graph.constant(np.array([2]))), self._own_columns())
        rows = graph.node("Reshape", own, graph.constant(np.array([0, -1, weights.heads * weights.d_kv])))
        return self._linears.linear(graph, rows, cross.key.T, f"{site}.cross.query")

    def _unfolded_masked(self, pooled: str, cross: Attention, site: str) -> str:
        """W_v applied to each head's weighted sum: [batch, positions, heads * d_kv]."""
        graph, weights = self._graph, self._weights
        values = self._linears.linear(graph, pooled, cross.value, f"{site}.cross.pooled")
        shape = graph.constant(np.array([0, -1, weights.heads, weights.heads * weights.d_kv]))
        own = graph.node("Mul", graph.node("Reshape", values, shape), self._own_columns())
        return graph.node("ReduceSum", own, graph.constant(np.array([2])), keepdims=0)

    def _own_columns(self) -> str:
        """1 where a column of the query belongs to the head: [heads, heads * d_kv]."""
        own = np.kron(np.eye(self._weights.heads, dtype=np.float32), np.ones((1, self._weights.d_kv), np.float32))
        return self._graph.constant(own)

    def _folded(self, query: str, cross: Attention, *, one_position: bool) -> str:
        """W_k^T q for each head: [batch, heads * positions, d_model]."""
        graph, weights = self._graph, self._weights
        if one_position:
            by_head = graph.node("Reshape", query, graph.constant(np.array([0, weights.heads, 1, weights.d_kv])))
        else:
            by_node = graph.node("Reshape", query, graph.constant(np.array([0, -1, weights.heads, weights.d_kv])))
            by_head = graph.node("Transpose", by_node, perm=[0, 2, 1, 3])
        folded = graph.node("MatMul", by_head, graph.constant(self._key_by_head(cross)))
        return graph.node("Reshape", folded, graph.constant(np.array([0, -1, weights.d_model])))

    def _unfolded(self, pooled: str, cross: Attention, *, one_position: bool) -> str:
        """W_v applied to each head's weighted sum: [batch, positions, heads * d_kv]."""
        graph, weights = self._graph, self._weights
        pooled = graph.node("Reshape", pooled, graph.constant(np.array([0, weights.heads, -1, weights.d_model])))
        value = cross.value.reshape(weights.d_model, weights.heads, weights.d_kv).transpose(1, 0, 2)
        context = graph.node("MatMul", pooled, graph.constant(value))
        if not one_position:
            context = graph.node("Transpose", context, perm=[0, 2, 1, 3])
        joined = graph.constant(np.array([0, 1 if one_position else -1, weights.heads * weights.d_kv]))
        return graph.node("Reshape", context, joined)

    def _key_by_head(self, cross: Attention) -> FloatArray:
        weights = self._weights
        return cross.key.T.reshape(weights.heads, weights.d_kv, weights.d_model)

    def _feed_forward(self, normed: str, dense: FeedForward, site: str) -> str:
        graph = self._graph
        with graph.block(f"{site}.dense"):
            linear = partial(self._linears.linear, graph, graph.read(normed), site=f"{site}.dense.input")
            inner = self._operators.activation(graph, self._weights.activation, linear(weight=dense.first))
            if dense.up is not None:
                inner = graph.node("Mul", inner, linear(weight=dense.up))
            return graph.written(self._linears.linear(graph, inner, dense.output, f"{site}.dense.inner"))

    def _root_constants(self) -> tuple[FloatArray, FloatArray]:
        """The root after the first layer's self-attention [d_model], and its folded query there [heads, d_model]."""
        weights, layer = self._weights, self._weights.decoder[0]
        assert layer.cross is not None and layer.cross_norm is not None
        start = weights.embedding[weights.start_token].astype(np.float64)
        value = _norm(start, layer.attention_norm, weights.epsilon) @ layer.attention.value @ layer.attention.output
        query = _norm(start + value, layer.cross_norm, weights.epsilon) @ layer.cross.query
        folded = np.einsum("hk,hkd->hd", query.reshape(weights.heads, weights.d_kv), self._key_by_head(layer.cross))
        return (start + value).astype(np.float32), folded.astype(np.float32)


def _norm(x: npt.NDArray[np.float64], scale: FloatArray, epsilon: float) -> npt.NDArray[np.float64]:
    normed: npt.NDArray[np.float64] = x / np.sqrt(np.mean(x * x) + epsilon) * scale
    return normed
