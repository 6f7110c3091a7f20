"""What a label answer has to compute and to read: the numerators of the roofline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx

from training.presets import Preset


@dataclass(frozen=True)
class Operations:
    """Multiplications and additions, each counted as one.

    Attributes:
        encoder_products: of activations with weights, in the encoder.
        encoder_attention: of activations with each other there: scores, and sums weighted by them.
        decoder: all of the decoder at one position, the trie's root.
    """

    encoder_products: int
    encoder_attention: int
    decoder: int

    @property
    def total(self) -> int:
        """Of an answer."""
        return self.encoder_products + self.encoder_attention + self.decoder


def necessary_operations(shape: Preset, source: int, batch: int, edges: int) -> Operations:
    """The matrix products that an answer needs, after all that algebra can spare (docs/label-path.md).

    Norms, softmaxes, activation functions and sums are left out: they are few beside the products. So is the surplus of
    an INT8 graph, whose root multiplies every head's query with the whole key matrix: a graph that does more than is
    necessary has the lower share of the machine's rate for it.

    With d = d_model, i = heads * d_kv, f = d_ff, S = source, in multiply-adds of a row:

    - encoder layer: S * (4 d i + 3 d f) for query, key, value, output and a gated feed-forward; 2 S S i for attention;
    - decoder layer at the root: d d for self-attention (one matrix), d i for the query, i d to fold it, 2 S d heads for
      scores and weighted sum of the hidden states, d i to unfold, i d for the output, 3 d f for the feed-forward. In
      the first layer, self-attention, query and fold are constants;
    - edges * d for the scores.

    Args:
        shape: sizes; the feed-forward is gated.
        source: tokens of a row.
        batch: rows.
        edges: answers that leave the root, of each row.
    """
    d, inner = shape.d_model, shape.heads * shape.d_kv
    feed_forward = 3 * d * shape.d_ff
    from_hidden = 2 * source * d * shape.heads + 2 * d * inner + feed_forward
    to_query = d * d + 2 * d * inner
    decoder = shape.decoder_layers * from_hidden + (shape.decoder_layers - 1) * to_query + edges * d
    return Operations(
        encoder_products=2 * batch * source * shape.layers * (4 * d * inner + feed_forward),
        encoder_attention=2 * batch * shape.layers * 2 * source * source * inner,
        decoder=2 * batch * decoder,
    )


def bytes_read(graph: Path) -> int:
    """Bytes of the constants that a run of a graph reads whole, without tables, of which it gathers or slices a part.

    Args:
        graph: an ONNX file; its external weights are not opened.
    """
    model = onnx.load(graph, load_external_data=False)
    tables = {node.input[0] for node in model.graph.node if node.op_type in ("Gather", "Slice")}
    return sum(_bytes(tensor) for tensor in model.graph.initializer if tensor.name not in tables)


def _bytes(tensor: onnx.TensorProto) -> int:
    elements = 1
    for size in tensor.dims:
        elements *= size
    return elements * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
