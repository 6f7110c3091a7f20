"""The student before training: from a hub name, a local directory in the hub's format, or from scratch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase, T5Config, T5ForConditionalGeneration

from student.errors import CheckpointError, DataError
from training.presets import PRESETS
from training.tokenizer import train_tokenizer


def from_preset(
    name: str, texts: Iterable[str], dropout_rate: float
) -> tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase]:
    """A student with fresh weights and a tokenizer trained on `texts`.

    Raises:
        DataError: there is no text to train a tokenizer on.
    """
    preset = PRESETS[name]
    lines = list(texts)
    if not lines:
        raise DataError("no texts to train a tokenizer on: the training split is empty")
    tokenizer = train_tokenizer(lines, preset.vocab_size)
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
    return T5ForConditionalGeneration(config), tokenizer


def from_pretrained(
    name_or_path: str, dropout_rate: float | None = None
) -> tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase]:
    """A student from a hub name or from a local directory in the hub's format.

    Raises:
        CheckpointError: it cannot be loaded, or is no T5.
    """
    overrides = {} if dropout_rate is None else {"dropout_rate": dropout_rate}
    try:
        tokenizer = AutoTokenizer.from_pretrained(name_or_path)
        model = T5ForConditionalGeneration.from_pretrained(name_or_path, **overrides)
    except (OSError, ValueError, KeyError) as error:
        kind = "directory" if Path(name_or_path).exists() else "hub name (or missing directory)"
        raise CheckpointError(
            f"model {name_or_path}: this {kind} cannot be loaded as a T5 student: {_first_line(error)}; "
            "a directory needs config.json, model.safetensors and tokenizer.json (or spiece.model)"
        ) from error
    if model.config.model_type not in ("t5", "mt5"):
        raise CheckpointError(f"model {name_or_path}: is a {model.config.model_type!r}, not a T5")
    return model, tokenizer


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
