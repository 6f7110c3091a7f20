"""Sizes of students that are trained from scratch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A T5 size to train from scratch; v1.1 shapes (gated GELU), embeddings tied.

    Untied T5 starts with an output layer whose logits have a deviation of sqrt(d_model), which costs a
    student that is trained from scratch most of its first steps; tied embeddings are scaled and do not.

    Attributes:
        vocab_size: upper bound of the tokenizer's pieces.
        layers: encoder layers.
        decoder_layers: decoder layers.
    """

    vocab_size: int
    d_model: int
    d_ff: int
    d_kv: int
    heads: int
    layers: int
    decoder_layers: int


PRESETS: dict[str, Preset] = {
    "tiny": Preset(vocab_size=400, d_model=32, d_ff=64, d_kv=16, heads=2, layers=2, decoder_layers=2),
    "demo": Preset(vocab_size=2000, d_model=128, d_ff=256, d_kv=32, heads=4, layers=3, decoder_layers=2),
    "mini": Preset(vocab_size=8000, d_model=256, d_ff=512, d_kv=32, heads=8, layers=4, decoder_layers=4),
    "small": Preset(vocab_size=32000, d_model=512, d_ff=1024, d_kv=64, heads=6, layers=8, decoder_layers=8),
    "base": Preset(vocab_size=32000, d_model=768, d_ff=2048, d_kv=64, heads=12, layers=12, decoder_layers=12),
}
"""`small` and `base` have the shapes of t5-v1_1-small and t5-v1_1-base."""
