"""The sizes of T5 that are measured, and how long a student of each is trained."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.machine import ROOT
from training.presets import PRESETS, Preset

MODELS = ROOT / "runs" / "latency"
"""Where students and what systems make of them are kept, a folder each."""

_T5_VOCABULARY = 32128


@dataclass(frozen=True)
class Shape:
    """A size and its training, which only has to give the student opinions.

    Attributes:
        name: as in the results.
        preset: its sizes.
        steps: of training.
        learning_rate: of either optimizer.
        vocabulary: rows of the embedding; None for those of the demo student's tokenizer.
        batch_tokens: source tokens of a training step.
        light_training: leave the encoder as it was drawn, and use Adafactor, which keeps no copies of the weights,
            instead of AdamW. The decoder learns from an untrained encoder's states in minutes; trained whole, 70 steps
            (a quarter of an hour) did not take `large` past answering all rows alike.
    """

    name: str
    preset: Preset
    steps: int
    learning_rate: float
    vocabulary: int | None = _T5_VOCABULARY
    batch_tokens: int = 1024
    light_training: bool = False


_LARGE = Preset(vocab_size=32000, d_model=1024, d_ff=2816, d_kv=64, heads=16, layers=24, decoder_layers=24)

SHAPES = {
    shape.name: shape
    for shape in (
        Shape("tiny", PRESETS["tiny"], steps=120, learning_rate=2e-3, vocabulary=None),
        Shape("demo", PRESETS["demo"], steps=150, learning_rate=2e-3, vocabulary=None),
        Shape("small", PRESETS["small"], steps=150, learning_rate=5e-4),
        Shape("base", PRESETS["base"], steps=60, learning_rate=5e-4),
        Shape("large", _LARGE, steps=60, learning_rate=5e-4, batch_tokens=512, light_training=True),
    )
}
"""`small`, `base` and `large` are t5-v1_1's; `tiny` is for trying the script."""
