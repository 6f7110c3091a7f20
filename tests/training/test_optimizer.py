from __future__ import annotations

import copy

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from training.optimizer import JoinedOptimizer, make_optimizer


def small_t5() -> T5ForConditionalGeneration:
    torch.manual_seed(0)
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=32,
            d_model=16,
            d_ff=32,
            d_kv=8,
            num_heads=2,
            num_layers=1,
            decoder_start_token_id=0,
            dropout_rate=0.0,
        )
    )


def optimizer_of(model: torch.nn.Module, name: str) -> torch.optim.Optimizer:
    return make_optimizer(
        model, name, learning_rate=0.01, embedding_rate_factor=5, weight_decay=0.0, adam_betas=(0.9, 0.98)
    )


def step(model: T5ForConditionalGeneration, optimizer: torch.optim.Optimizer) -> None:
    model(input_ids=torch.tensor([[3, 4, 1]]), labels=torch.tensor([[5, 1]])).loss.backward()
    optimizer.step()
    optimizer.zero_grad()


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_every_parameter_is_stepped_exactly_once(name: str) -> None:
    model = small_t5()
    groups = optimizer_of(model, name).param_groups
    held = [id(parameter) for group in groups for parameter in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == {id(parameter) for parameter in model.parameters()}


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_embeddings_and_position_biases_learn_faster(name: str) -> None:
    model = small_t5()
    rates = {id(p): group["lr"] for group in optimizer_of(model, name).param_groups for p in group["params"]}
    attention = model.encoder.block[0].layer[0].SelfAttention
    assert rates[id(model.shared.weight)] == rates[id(attention.relative_attention_bias.weight)] == 0.05
    assert rates[id(attention.q.weight)] == rates[id(model.encoder.final_layer_norm.weight)] == 0.01


def test_muon_steps_matrices_orthogonally() -> None:
    model = small_t5()
    before = model.encoder.block[0].layer[0].SelfAttention.v.weight.detach().clone()
    step(model, optimizer_of(model, "muon"))
    change = before - model.encoder.block[0].layer[0].SelfAttention.v.weight.detach()
    values = torch.linalg.svdvals(change)
    # Muon's five Newton-Schulz steps bring singular values near each other, AdamW leaves them orders apart.
    assert float(values[0] / values[1]) < 2


def test_a_schedule_reaches_every_part() -> None:
    model = small_t5()
    optimizer = optimizer_of(model, "muon")
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.0 if step else 1.0)
    step(model, optimizer)
    scheduler.step()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    step(model, optimizer)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_a_saved_and_loaded_optimizer_goes_on_alike() -> None:
    model = small_t5()
    optimizer = optimizer_of(model, "muon")
    step(model, optimizer)
    other = small_t5()
    other.load_state_dict(model.state_dict())
    loaded = optimizer_of(other, "muon")
    loaded.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    step(model, optimizer)
    step(other, loaded)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_a_schedule_still_reaches_parts_that_were_loaded() -> None:
    model = small_t5()
    optimizer = optimizer_of(model, "muon")
    step(model, optimizer)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    before = [parameter.detach().clone() for parameter in model.parameters()]
    step(model, optimizer)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_a_closure_is_refused() -> None:
    optimizer = optimizer_of(small_t5(), "muon")
    assert isinstance(optimizer, JoinedOptimizer)
    with pytest.raises(ValueError, match="closure"):
        optimizer.step(lambda: 0.0)
