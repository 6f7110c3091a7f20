"""The same T5 in fewer operations: training spends much of its time beside the matrix products.

transformers composes T5's activation and norms of many elementwise steps, each of which reads and writes the whole
tensor and keeps a copy for the backward pass, and it projects padded target positions onto the vocabulary only to leave
them out of the loss. `benchmarks/training_throughput.py` measures what that costs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import T5ForConditionalGeneration
from transformers.activations import NewGELUActivation
from transformers.modeling_outputs import Seq2SeqLMOutput
from transformers.models.t5.modeling_t5 import T5LayerNorm


class FusedT5(T5ForConditionalGeneration):  # type: ignore[misc]
    """A T5 whose loss reads the vocabulary at real target positions only."""

    def forward(self, *args: Any, labels: torch.Tensor | None = None, **options: Any) -> Any:
        """The loss of a training batch, a scalar tensor, without logits; for any other call, the library's forward.

        Args:
            args: as the library's; a training batch has none.
            labels: int64 `[batch, target]`, -100 where padded.
            options: as the library's; a training batch is `input_ids` and `attention_mask`, int64 `[batch, source]`.
        """
        if labels is None or args or options.keys() != {"input_ids", "attention_mask"}:
            return super().forward(*args, labels=labels, **options)
        mask = options["attention_mask"]
        encoded = self.encoder(input_ids=options["input_ids"], attention_mask=mask).last_hidden_state
        decoded = self.decoder(
            input_ids=self._shift_right(labels),
            encoder_hidden_states=encoded,
            encoder_attention_mask=mask,
            use_cache=False,
        ).last_hidden_state
        real = labels >= 0
        states = decoded[real]
        if self.config.tie_word_embeddings:
            states = states * self.model_dim**-0.5
        # A share of a batch may have no target at all, whose mean would be no number.
        reduction = "mean" if len(states) else "sum"
        return Seq2SeqLMOutput(
            loss=functional.cross_entropy(self.lm_head(states).float(), labels[real], reduction=reduction)
        )


class _RMSNorm(nn.Module):
    """T5's norm in one operation, computed in float32."""

    def __init__(self, norm: T5LayerNorm) -> None:
        super().__init__()
        self.weight = norm.weight
        self._epsilon = norm.variance_epsilon

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        scaled = functional.rms_norm(states.float(), (states.shape[-1],), self.weight.float(), self._epsilon)
        # As the library's: weights of 16 bits (FSDP's `param_dtype`) want their own type, others leave it to autocast.
        return scaled.to(self.weight.dtype)


def fuse(model: T5ForConditionalGeneration) -> None:
    """Make a float32 T5 train in fewer operations. Names and values of its weights stay."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, T5LayerNorm):
                setattr(parent, name, _RMSNorm(child))
            elif isinstance(child, NewGELUActivation):
                setattr(parent, name, nn.GELU(approximate="tanh"))
    model.__class__ = FusedT5


def plain_class(model: T5ForConditionalGeneration) -> None:
    """Make a fused model one of the library's class again, whose name is saved with it."""
    model.__class__ = T5ForConditionalGeneration
