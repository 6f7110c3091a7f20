"""The student before training: from a hub name, a local directory in the hub's format, or from scratch."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase, T5Config, T5ForConditionalGeneration

from student.errors import CheckpointError
from training.presets import PRESETS


def from_preset(name: str, tokenizer: PreTrainedTokenizerBase, dropout_rate: float) -> T5ForConditionalGeneration:
    """A student with fresh weights for a tokenizer."""
    preset = PRESETS[name]
    config = T5Config(
        # A multiple of 8 keeps the embedding rows aligned; the spare rows are never used.
        vocab_size=-(-len(tokenizer) // 8) * 8,
        d_model=preset.d_model,
        d_ff=preset.d_ff,
        d_kv=preset.d_kv,
        num_heads=preset.heads,
        num_layers=preset.layers,
        num_decoder_layers=preset.decoder_layers,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=True,
        dropout_rate=dropout_rate,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    model = T5ForConditionalGeneration(config)
    _attend_to_equal_tokens(model)
    return model


def _attend_to_equal_tokens(model: T5ForConditionalGeneration) -> None:
    """Start the encoder's keys equal to its queries, so that a token attends to others like it.

    Attention weights that start with W_q W_k^T near a multiple of the identity, as trained ones are, speed up
    small transformers (Trockman and Kolter 2023, Mimetic Initialization of Self-Attention Layers). Comparing two
    sentences word by word, which all tasks with a premise or choices need, is what T5's own start is slowest to
    find. The factor gives equal tokens a logit of 4 (T5's own would give 1), others one near 0.
    """
    with torch.no_grad():
        for block in model.encoder.block:
            attention = block.layer[0].SelfAttention
            attention.q.weight.mul_(2.0)
            attention.k.weight.copy_(attention.q.weight)


def load_tokenizer(name_or_path: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a hub name or of a local directory in the hub's format."""
    return AutoTokenizer.from_pretrained(name_or_path)


def from_pretrained(
    name_or_path: str, dropout_rate: float | None = None
) -> tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase]:
    """A student from a hub name or from a local directory in the hub's format.

    Raises:
        CheckpointError: it cannot be loaded, is no T5, or lacks weights.
    """
    overrides = {} if dropout_rate is None else {"dropout_rate": dropout_rate}
    try:
        tokenizer = load_tokenizer(name_or_path)
        model, loading = T5ForConditionalGeneration.from_pretrained(name_or_path, output_loading_info=True, **overrides)
    except Exception as error:  # tokenizers and safetensors raise classes that share no base but Exception
        kind = "directory" if Path(name_or_path).exists() else "hub name (or missing directory)"
        raise CheckpointError(
            f"model {name_or_path}: this {kind} cannot be loaded as a T5 student: {_first_line(error)}; "
            "a directory needs config.json, model.safetensors and tokenizer.json (or spiece.model)"
        ) from error
    if model.config.model_type not in ("t5", "mt5"):
        raise CheckpointError(f"model {name_or_path}: is a {model.config.model_type!r}, not a T5")
    # transformers fills what is missing with random weights and only logs it.
    missing = sorted(loading["missing_keys"])
    if missing:
        raise CheckpointError(f"model {name_or_path}: lacks weights: {', '.join(missing[:3])} ({len(missing)} in all)")
    return model, tokenizer


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
