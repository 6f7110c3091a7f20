from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from training.fused import FusedT5, fuse, plain_class


def _pair(**changes: Any) -> tuple[T5ForConditionalGeneration, T5ForConditionalGeneration]:
    torch.manual_seed(0)
    shape = {"vocab_size": 64, "d_model": 24, "d_ff": 40, "d_kv": 8, "num_heads": 3, "num_layers": 2}
    config = T5Config(
        **{**shape, "feed_forward_proj": "gated-gelu", "decoder_start_token_id": 0, "dropout_rate": 0.0, **changes}
    )
    plain = T5ForConditionalGeneration(config)
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    fused = copy.deepcopy(plain)
    fuse(fused)
    return plain, fused


def _batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    input_ids = torch.randint(2, 64, (4, 9), generator=generator)
    mask = torch.ones_like(input_ids)
    mask[1, 5:], mask[3, 1:] = 0, 0
    labels = torch.randint(1, 64, (4, 6), generator=generator)
    labels[0, 2:], labels[2, 5:] = -100, -100
    return {"input_ids": input_ids * mask, "attention_mask": mask, "labels": labels}


SHAPES: list[dict[str, Any]] = [
    {},
    {"tie_word_embeddings": False},
    {"feed_forward_proj": "relu"},
    {"num_decoder_layers": 1},
]


@pytest.mark.parametrize("changes", SHAPES, ids=["tied", "untied", "relu", "shallow decoder"])
def test_loss_and_gradients_are_the_librarys(changes: dict[str, Any]) -> None:
    plain, fused = _pair(**changes)
    expected, loss = plain(**_batch()).loss, fused(**_batch()).loss
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=1e-6)
    expected.backward()
    loss.backward()
    theirs, ours = dict(plain.named_parameters()), dict(fused.named_parameters())
    assert theirs.keys() == ours.keys()
    for name, parameter in theirs.items():
        torch.testing.assert_close(ours[name].grad, parameter.grad, rtol=1e-4, atol=1e-6)


def test_loss_in_bfloat16_is_the_librarys() -> None:
    plain, fused = _pair()
    with torch.autocast("cpu", torch.bfloat16), torch.inference_mode():
        torch.testing.assert_close(fused(**_batch()).loss, plain(**_batch()).loss, rtol=2e-2, atol=2e-2)


def test_dropout_is_drawn_alike() -> None:
    plain, fused = _pair(dropout_rate=0.3)
    torch.manual_seed(5)
    expected = plain.train()(**_batch()).loss
    torch.manual_seed(5)
    torch.testing.assert_close(fused.train()(**_batch()).loss, expected, rtol=1e-6, atol=1e-6)


def test_fused_student_writes_what_the_librarys_writes() -> None:
    plain, fused = _pair()
    batch = _batch()
    del batch["labels"]
    with torch.inference_mode():
        ids = [model.eval().generate(**batch, max_new_tokens=8, do_sample=False) for model in (plain, fused)]
    assert torch.equal(*ids)


def test_fused_student_is_saved_as_the_librarys(tmp_path: Path) -> None:
    plain, fused = _pair()
    assert isinstance(fused, FusedT5)
    plain_class(fused)
    fused.save_pretrained(tmp_path / "fused")
    plain.save_pretrained(tmp_path / "plain")
    assert (tmp_path / "fused" / "config.json").read_text() == (tmp_path / "plain" / "config.json").read_text()
    loaded = T5ForConditionalGeneration.from_pretrained(tmp_path / "fused")
    for name, weights in plain.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], weights), name


def test_calls_that_are_no_training_batch_get_logits() -> None:
    plain, fused = _pair()
    batch = _batch()
    encoded = plain.encoder(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    call = {"encoder_outputs": encoded, "attention_mask": batch["attention_mask"], "labels": batch["labels"]}
    torch.testing.assert_close(fused(**call).logits, plain(**call).logits, rtol=1e-4, atol=1e-5)
