"""How the students of `benchmarks/latency.py` are trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from transformers import T5ForConditionalGeneration

from benchmarks.peers.shapes import SHAPES
from benchmarks.peers.training import train_student


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(T5ForConditionalGeneration.from_pretrained(folder).state_dict())


def test_light_training_leaves_the_encoder_as_it_was_drawn(tmp_path: Path) -> None:
    shape = replace(SHAPES["tiny"], light_training=True, batch_tokens=256)
    train_student(shape, tmp_path / "drawn", steps=0)
    train_student(shape, tmp_path / "trained", steps=1)
    drawn, trained = _weights(tmp_path / "drawn"), _weights(tmp_path / "trained")
    changed = {name for name in drawn if not torch.equal(drawn[name], trained[name])}
    assert changed and all(name.startswith("decoder.") for name in changed)
