"""The label path: encoder and one decoder pass over the trie's nodes, as a torch module built from T5 weights.

What makes it cheap, exactly and not approximately (N decoder positions, source length S):

- Cross-attention does not project the encoder output h to keys and values. For head i,
  q_i . (W_k,i h) = (W_k,i^T q_i) . h, and sum_s a_s (W_v,i h_s) = W_v,i (sum_s a_s h_s): W_k is folded into the
  query and W_v is applied after the weighted sum. Cost a layer falls from 2 S d inner to
  2 N d inner + 2 N S d heads.
- All nodes of the trie are one decoder input. A node attends to its ancestors and itself (tree mask), and its
  relative position to them is the difference in depth, so each node sees what it would see in a decoding loop.
- Only the rows of the output layer that belong to the nodes' children are read: no vocabulary projection.

Weights are kept as [in, out], so that each linear layer is one MatMul without a transpose.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import T5Config, T5ForConditionalGeneration
from transformers.models.t5.modeling_t5 import (
    T5Attention,
    T5Block,
    T5DenseActDense,
    T5DenseGatedActDense,
    T5LayerNorm,
    T5Stack,
)

from student.errors import ExportError
from student.label_trie import MAX_DEPTH

MASKED = -1e9
"""Added to a masked score; far below any real one, and far from overflowing float32 when added twice."""

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "gelu_new": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
}


class LabelPath(nn.Module):
    """Scores a trie's edges in one pass.

    Args:
        model: a T5 or mT5 with its weights; nothing of it is changed.
        max_source_tokens: longest input that the exported graph will be given.

    Raises:
        ExportError: a T5 variant that the label path does not support, by name.
    """

    def __init__(self, model: T5ForConditionalGeneration, max_source_tokens: int) -> None:
        super().__init__()
        require_supported(model.config)
        config = model.config
        self.heads: int = config.num_heads
        self.head_size: int = config.d_kv
        self.max_source_tokens = max_source_tokens
        self.embedding = _frozen(model.shared.weight)
        self.output_scale = config.d_model**-0.5 if config.tie_word_embeddings else 1.0
        # With tied embeddings the two are one tensor, and stay one in the graph.
        self.output_rows = self.embedding if config.tie_word_embeddings else _frozen(model.lm_head.weight)

        encoder, decoder = model.encoder, model.decoder
        self.encoder_bias = nn.Buffer(_bias_by_offset(_first_attention(encoder), max_source_tokens))
        self.decoder_bias = nn.Buffer(_bias_by_distance(_first_attention(decoder), MAX_DEPTH + 1))
        self.encoder_layers = nn.ModuleList(_EncoderLayer(block, config) for block in encoder.block)
        self.decoder_layers = nn.ModuleList(_DecoderLayer(block, config) for block in decoder.block)
        self.encoder_norm = _Norm(encoder.final_layer_norm)
        self.decoder_norm = _Norm(decoder.final_layer_norm)
        self.eval()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        node_tokens: Tensor,
        node_depths: Tensor,
        ancestors: Tensor,
        edge_nodes: Tensor,
        edge_tokens: Tensor,
    ) -> Tensor:
        """Logit of each edge.

        Args:
            input_ids: [batch, source] int64.
            attention_mask: [batch, source] int64, 1 for real tokens.
            node_tokens: [batch, nodes] int64.
            node_depths: [batch, nodes] int64.
            ancestors: [batch, nodes, nodes] bool.
            edge_nodes: [batch, edges] int64.
            edge_tokens: [batch, edges] int64.

        Returns:
            [batch, edges] float32.
        """
        source_mask = (1.0 - attention_mask.to(self.embedding.dtype)) * MASKED
        hidden = self._encode(input_ids, source_mask)

        distance = (node_depths.unsqueeze(2) - node_depths.unsqueeze(1)).clamp(min=0)
        tree_bias = self.decoder_bias[distance].permute(0, 3, 1, 2)
        tree_bias = tree_bias + ((~ancestors).to(tree_bias.dtype) * MASKED).unsqueeze(1)
        nodes: Tensor = self.embedding[node_tokens]
        for layer in self.decoder_layers:
            nodes = layer(nodes, tree_bias, hidden, source_mask)
        nodes = self.decoder_norm(nodes) * self.output_scale

        parents = nodes.gather(1, edge_nodes.unsqueeze(2).expand(-1, -1, nodes.shape[2]))
        edge_logits: Tensor = (parents * self.output_rows[edge_tokens]).sum(dim=2)
        return edge_logits

    def _encode(self, input_ids: Tensor, source_mask: Tensor) -> Tensor:
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        offsets = positions.unsqueeze(0) - positions.unsqueeze(1) + (self.max_source_tokens - 1)
        bias = self.encoder_bias[offsets].permute(2, 0, 1).unsqueeze(0) + source_mask.unsqueeze(1).unsqueeze(1)
        hidden: Tensor = self.embedding[input_ids]
        for layer in self.encoder_layers:
            hidden = layer(hidden, bias)
        normed: Tensor = self.encoder_norm(hidden)
        return normed


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


class _Norm(nn.Module):
    """T5's root-mean-square norm, written in the pattern that ONNX Runtime fuses into one node."""

    def __init__(self, norm: T5LayerNorm) -> None:
        super().__init__()
        self.weight = _frozen(norm.weight)
        self.epsilon = float(norm.variance_epsilon)

    def forward(self, x: Tensor) -> Tensor:
        return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


class _SelfAttention(nn.Module):
    """Queries, keys and values in one matrix product."""

    def __init__(self, attention: T5Attention) -> None:
        super().__init__()
        self.heads, self.head_size = attention.n_heads, attention.key_value_proj_dim
        weights = [attention.q.weight, attention.k.weight, attention.v.weight]
        self.qkv = _frozen(torch.cat([weight.detach().t() for weight in weights], dim=1))
        self.output = _frozen(attention.o.weight.t())

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, length = x.shape[0], x.shape[1]
        split = (x @ self.qkv).view(batch, length, 3, self.heads, self.head_size).permute(2, 0, 3, 1, 4)
        query, key, value = split[0], split[1], split[2]
        # T5 does not divide by sqrt(d_kv): its initialisation does that.
        weights = torch.softmax(query @ key.transpose(2, 3) + bias, dim=-1)
        context = (weights @ value).transpose(1, 2).reshape(batch, length, self.heads * self.head_size)
        projected: Tensor = context @ self.output
        return projected


class _FoldedCrossAttention(nn.Module):
    """Attention to the encoder output without projecting it: W_k folded into the query, W_v applied last."""

    def __init__(self, attention: T5Attention) -> None:
        super().__init__()
        self.heads, self.head_size = attention.n_heads, attention.key_value_proj_dim
        d_model = attention.q.weight.shape[1]
        per_head = (self.heads, self.head_size, d_model)
        self.query = _frozen(attention.q.weight.t())
        self.key = _frozen(attention.k.weight.view(per_head))
        self.value = _frozen(attention.v.weight.view(per_head).transpose(1, 2))
        self.output = _frozen(attention.o.weight.t())

    def forward(self, x: Tensor, hidden: Tensor, source_mask: Tensor) -> Tensor:
        batch, nodes, d_model = x.shape
        query = (x @ self.query).view(batch, nodes, self.heads, self.head_size).transpose(1, 2)
        folded = (query @ self.key).reshape(batch, self.heads * nodes, d_model)
        scores = folded @ hidden.transpose(1, 2) + source_mask.unsqueeze(1)
        pooled = (torch.softmax(scores, dim=-1) @ hidden).view(batch, self.heads, nodes, d_model)
        context = (pooled @ self.value).transpose(1, 2).reshape(batch, nodes, self.heads * self.head_size)
        projected: Tensor = context @ self.output
        return projected


class _FeedForward(nn.Module):
    def __init__(self, dense: T5DenseActDense | T5DenseGatedActDense, config: T5Config) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.dense_act_fn]
        self.gated = bool(config.is_gated_act)
        self.first = _frozen((dense.wi_0 if self.gated else dense.wi).weight.t())
        if self.gated:
            self.up = _frozen(dense.wi_1.weight.t())
        self.output = _frozen(dense.wo.weight.t())

    def forward(self, x: Tensor) -> Tensor:
        inner = self.activation(x @ self.first)
        if self.gated:
            inner = inner * (x @ self.up)
        projected: Tensor = inner @ self.output
        return projected


class _EncoderLayer(nn.Module):
    def __init__(self, block: T5Block, config: T5Config) -> None:
        super().__init__()
        attention, dense = block.layer
        self.attention_norm = _Norm(attention.layer_norm)
        self.attention = _SelfAttention(attention.SelfAttention)
        self.dense_norm = _Norm(dense.layer_norm)
        self.dense = _FeedForward(dense.DenseReluDense, config)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), bias)
        output: Tensor = x + self.dense(self.dense_norm(x))
        return output


class _DecoderLayer(nn.Module):
    def __init__(self, block: T5Block, config: T5Config) -> None:
        super().__init__()
        attention, cross, dense = block.layer
        self.attention_norm = _Norm(attention.layer_norm)
        self.attention = _SelfAttention(attention.SelfAttention)
        self.cross_norm = _Norm(cross.layer_norm)
        self.cross = _FoldedCrossAttention(cross.EncDecAttention)
        self.dense_norm = _Norm(dense.layer_norm)
        self.dense = _FeedForward(dense.DenseReluDense, config)

    def forward(self, x: Tensor, tree_bias: Tensor, hidden: Tensor, source_mask: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), tree_bias)
        x = x + self.cross(self.cross_norm(x), hidden, source_mask)
        output: Tensor = x + self.dense(self.dense_norm(x))
        return output


def _first_attention(stack: T5Stack) -> T5Attention:
    """The attention that owns the stack's relative position bias; the other layers reuse it."""
    return stack.block[0].layer[0].SelfAttention


@torch.no_grad()
def _bias_by_offset(attention: T5Attention, length: int) -> Tensor:
    """Bias of key position minus query position from -(length-1) to length-1: [2*length-1, heads]."""
    return _bias(attention, torch.arange(-(length - 1), length), bidirectional=True)


@torch.no_grad()
def _bias_by_distance(attention: T5Attention, length: int) -> Tensor:
    """Bias of a key 0 to length-1 positions before the query: [length, heads]."""
    return _bias(attention, -torch.arange(length), bidirectional=False)


def _bias(attention: T5Attention, relative_position: Tensor, *, bidirectional: bool) -> Tensor:
    buckets = attention._relative_position_bucket(
        relative_position.to(attention.relative_attention_bias.weight.device),
        bidirectional=bidirectional,
        num_buckets=attention.relative_attention_num_buckets,
        max_distance=attention.relative_attention_max_distance,
    )
    bias: Tensor = attention.relative_attention_bias(buckets)
    return bias.detach().clone()


def _frozen(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().contiguous(), requires_grad=False)
