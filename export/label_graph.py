"""The label path as ONNX graphs: the encoder, and one decoder pass over the trie's nodes.

Two graphs, each whole: a second session's run and threads cost more than a shared encoder spares.

- `root_graph`: the decoder at one position, the trie's root. Answers that differ in their first token need no more;
- `tree_graph`: the decoder at all nodes of a trie at once, each seeing its ancestors.

`encoder_graph` is the encoder alone, for the rationale path.

What makes them cheap, exactly and not approximately (N decoder positions, source length S):

- Cross-attention does not project the hidden states h to keys and values. For head i,
  q_i . (W_k,i h) = (W_k,i^T q_i) . h, and sum_s a_s (W_v,i h_s) = W_v,i (sum_s a_s h_s): W_k is folded into the
  query and W_v is applied after the weighted sum. Then all heads attend to the same keys and values, h itself.
- Self-attention over the root alone is a linear map: its softmax is over one score. W_v W_o is one matrix.
- The root's token is always the start token, so the first layer's self-attention and folded cross query are constants.
- Only the rows of the output layer that belong to the nodes' children are read: no vocabulary projection.
- Where a runtime has one operator for several of the standard's, it is taken: see `export.operators`.
"""

from __future__ import annotations

import onnx

from export.graph_builder import GraphBuilder
from export.linears import Linears
from export.operators import Contrib, Operators
from export.t5_weights import T5Weights
from export.writer import Writer

CONTRIB = Contrib()


def encoder_graph(weights: T5Weights, linears: Linears, operators: Operators = CONTRIB) -> onnx.ModelProto:
    """Source tokens to hidden states, for the rationale path.

    Inputs: `input_ids` [batch, source] int64, `source_mask` [batch, source] int32 (1 for real tokens).
    Output: `hidden` [batch, source, d_model] float32.
    """
    graph = GraphBuilder(operators.numbers)
    hidden = Writer(graph, weights, linears, operators).encoder(*_source(graph))
    graph.output(hidden, "hidden", "float32", ["batch", "source", weights.d_model])
    return graph.model("encoder")


def root_graph(weights: T5Weights, linears: Linears, operators: Operators = CONTRIB) -> onnx.ModelProto:
    """Scores the edges that leave the root.

    Inputs: those of `encoder_graph`, and `edge_tokens` [batch, edges] int64.
    Output: `edge_logits` [batch, edges] float32.
    """
    graph = GraphBuilder(operators.numbers)
    ids, mask = _source(graph)
    edge_tokens = graph.input("edge_tokens", "int64", ["batch", "edges"])
    writer = Writer(graph, weights, linears, operators)
    logits = writer.root(writer.encoder(ids, mask), mask, edge_tokens)
    graph.output(logits, "edge_logits", "float32", ["batch", "edges"])
    return graph.model("label_root")


def tree_graph(weights: T5Weights, linears: Linears, operators: Operators = CONTRIB) -> onnx.ModelProto:
    """Scores the edges of whole tries.

    Inputs: those of `encoder_graph`, `node_tokens` [batch, nodes] int64, `node_distances` [batch, nodes, nodes] int64
    (steps from a node up to its ancestor, `MASKED_DISTANCE` to any other node), `edge_nodes` and `edge_tokens`
    [batch, edges] int64.
    Output: `edge_logits` [batch, edges] float32.
    """
    graph = GraphBuilder(operators.numbers)
    ids, mask = _source(graph)
    node_tokens = graph.input("node_tokens", "int64", ["batch", "nodes"])
    distances = graph.input("node_distances", "int64", ["batch", "nodes", "nodes"])
    edge_nodes = graph.input("edge_nodes", "int64", ["batch", "edges"])
    edge_tokens = graph.input("edge_tokens", "int64", ["batch", "edges"])
    writer = Writer(graph, weights, linears, operators)
    logits = writer.tree(writer.encoder(ids, mask), mask, node_tokens, distances, edge_nodes, edge_tokens)
    graph.output(logits, "edge_logits", "float32", ["batch", "edges"])
    return graph.model("label_tree")


def _source(graph: GraphBuilder) -> tuple[str, str]:
    return (
        graph.input("input_ids", "int64", ["batch", "source"]),
        graph.input("source_mask", "int32", ["batch", "source"]),
    )
