"""A T5's weights as plain arrays, in the layout that the graphs read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import T5Config, T5ForConditionalGeneration
from transformers.models.t5.modeling_t5 import T5Attention, T5DenseActDense, T5DenseGatedActDense

from student.errors import ExportError

FloatArray = npt.NDArray[np.float32]

ACTIVATIONS = ("relu", "gelu", "gelu_new", "silu")


@dataclass(frozen=True)
class Attention:
    """Weights of an attention, heads beside each other.

    Attributes:
        query: [d_model, heads * d_kv].
        key: [d_model, heads * d_kv].
        value: [d_model, heads * d_kv].
        output: [heads * d_kv, d_model].
    """

    query: FloatArray
    key: FloatArray
    value: FloatArray
    output: FloatArray


@dataclass(frozen=True)
class FeedForward:
    """Weights of a feed-forward block.

    Attributes:
        first: [d_model, d_ff], read by the activation function.
        up: [d_model, d_ff], multiplied to it; None where the block is not gated.
        output: [d_ff, d_model].
    """

    first: FloatArray
    up: FloatArray | None
    output: FloatArray


@dataclass(frozen=True)
class Layer:
    """One layer; the norms are [d_model], each read before the block it is named after.

    Attributes:
        cross: attention to the encoder output; None in the encoder.
    """

    attention_norm: FloatArray
    attention: Attention
    cross_norm: FloatArray | None
    cross: Attention | None
    dense_norm: FloatArray
    dense: FeedForward


@dataclass(frozen=True)
class T5Weights:
    """All that the label path reads.

    Attributes:
        embedding: [vocabulary, d_model].
        output_rows: [vocabulary, d_model], the rows of the output layer; the embedding itself where they are tied.
        output_scale: what the decoder's output is multiplied with before it meets `output_rows`.
        encoder_bias: [heads, 2 * longest - 1], by key position minus query position, from -(longest - 1).
        decoder_bias: [distances, heads], by query position minus key position, from 0.
        encoder_norm: [d_model], after the last layer.
        decoder_norm: [d_model], after the last layer.
        epsilon: of all norms.
        activation: one of `ACTIVATIONS`.
        start_token: id that the decoder starts with.
    """

    embedding: FloatArray
    output_rows: FloatArray
    output_scale: float
    encoder_bias: FloatArray
    decoder_bias: FloatArray
    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    encoder_norm: FloatArray
    decoder_norm: FloatArray
    heads: int
    d_kv: int
    epsilon: float
    activation: str
    start_token: int

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        width: int = self.embedding.shape[1]
        return width

    @property
    def longest(self) -> int:
        """Most source positions that `encoder_bias` covers."""
        offsets: int = self.encoder_bias.shape[1]
        return (offsets + 1) // 2

    @classmethod
    def of(cls, model: T5ForConditionalGeneration, longest_source: int, distances: int) -> T5Weights:
        """Read a model; nothing of it is changed.

        Args:
            model: a T5 or mT5.
            longest_source: most source positions.
            distances: depths of the decoder's positions that are told apart.

        Raises:
            ExportError: a T5 variant that the label path does not support, by name.
        """
        config = model.config
        require_supported(config)
        encoder, decoder = model.encoder, model.decoder
        embedding = _array(model.shared.weight)
        tied = config.tie_word_embeddings
        offsets = torch.arange(-(longest_source - 1), longest_source)
        return cls(
            embedding=embedding,
            output_rows=embedding if tied else _array(model.lm_head.weight),
            output_scale=config.d_model**-0.5 if tied else 1.0,
            encoder_bias=_position_bias(encoder.block[0].layer[0].SelfAttention, offsets, bidirectional=True).T.copy(),
            decoder_bias=_position_bias(
                decoder.block[0].layer[0].SelfAttention, -torch.arange(distances), bidirectional=False
            ),
            encoder=tuple(_layer(block.layer) for block in encoder.block),
            decoder=tuple(_layer(block.layer) for block in decoder.block),
            encoder_norm=_array(encoder.final_layer_norm.weight),
            decoder_norm=_array(decoder.final_layer_norm.weight),
            heads=config.num_heads,
            d_kv=config.d_kv,
            epsilon=float(config.layer_norm_epsilon),
            activation=config.dense_act_fn,
            start_token=config.decoder_start_token_id,
        )


def require_supported(config: T5Config) -> None:
    """Refuse what the label path cannot compute exactly.

    Raises:
        ExportError: naming each unsupported feature.
    """
    problems = []
    if config.model_type not in ("t5", "mt5"):
        problems.append(f"model_type {config.model_type!r} (supported: t5, mt5)")
    if config.dense_act_fn not in ACTIVATIONS:
        problems.append(f"activation {config.dense_act_fn!r} (supported: {', '.join(ACTIVATIONS)})")
    if problems:
        raise ExportError(f"the label path does not support this T5 variant: {'; '.join(problems)}")


def _layer(parts: Sequence[Any]) -> Layer:
    attention, *cross, dense = parts
    return Layer(
        attention_norm=_array(attention.layer_norm.weight),
        attention=_attention(attention.SelfAttention),
        cross_norm=_array(cross[0].layer_norm.weight) if cross else None,
        cross=_attention(cross[0].EncDecAttention) if cross else None,
        dense_norm=_array(dense.layer_norm.weight),
        dense=_feed_forward(dense.DenseReluDense),
    )


def _attention(attention: T5Attention) -> Attention:
    return Attention(*(_transposed(part.weight) for part in (attention.q, attention.k, attention.v, attention.o)))


def _feed_forward(dense: T5DenseActDense | T5DenseGatedActDense) -> FeedForward:
    if isinstance(dense, T5DenseGatedActDense):
        return FeedForward(_transposed(dense.wi_0.weight), _transposed(dense.wi_1.weight), _transposed(dense.wo.weight))
    return FeedForward(_transposed(dense.wi.weight), None, _transposed(dense.wo.weight))


@torch.no_grad()
def _position_bias(attention: T5Attention, relative_position: Tensor, *, bidirectional: bool) -> FloatArray:
    """Bias of key position minus query position: [positions, heads]. The other layers of a stack reuse the first's."""
    buckets = attention._relative_position_bucket(
        relative_position.to(attention.relative_attention_bias.weight.device),
        bidirectional=bidirectional,
        num_buckets=attention.relative_attention_num_buckets,
        max_distance=attention.relative_attention_max_distance,
    )
    return _array(attention.relative_attention_bias(buckets))


def _array(weight: Tensor) -> FloatArray:
    array: FloatArray = weight.detach().float().cpu().numpy()
    return np.array(array, dtype=np.float32, order="C")


def _transposed(weight: Tensor) -> FloatArray:
    """[out, in] -> [in, out], so that a linear layer is one product without a transpose."""
    return _array(weight.detach().t())
