from __future__ import annotations

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from student.errors import CheckpointError
from training.sharding import fill


def _student(*, tied: bool) -> T5ForConditionalGeneration:
    config = T5Config(vocab_size=8, d_model=4, d_ff=4, d_kv=2, num_heads=2, num_layers=1, tie_word_embeddings=tied)
    return T5ForConditionalGeneration(config)


def _empty(*, tied: bool) -> T5ForConditionalGeneration:
    with torch.device("meta"):
        return _student(tied=tied)


@pytest.mark.parametrize("tied", [True, False])
def test_weights_that_are_there_once_fill_the_tied_ones_too(tied: bool) -> None:
    whole, plain = _student(tied=tied), _empty(tied=tied)
    fill(plain, dict(whole.named_parameters()))
    ours, theirs = plain.state_dict(), whole.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize(("tied", "name"), [(True, "shared.weight"), (False, "lm_head.weight")])
def test_missing_weights_are_refused(tied: bool, name: str) -> None:
    weights = dict(_student(tied=tied).named_parameters())
    del weights[name]
    with pytest.raises(CheckpointError, match=rf"lacks {name} \(1 in all\)"):
        fill(_empty(tied=tied), weights)


def test_weights_without_a_place_are_refused() -> None:
    weights = {**dict(_student(tied=True).named_parameters()), "adapter.weight": torch.zeros(1)}
    with pytest.raises(CheckpointError, match=r"has no place for adapter\.weight \(1 in all\)"):
        fill(_empty(tied=True), weights)
