from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import T5ForConditionalGeneration, TrainingArguments, set_seed

from training.fused import fuse
from training.model import from_preset
from training.objective import MultitaskCollator, Row, StepByStepTrainer
from training.sampler import LengthGroupedSampler, StepShares
from training.tokenizer import train_tokenizer


def _row(source: int, target: int, rationale: int | None) -> Row:
    return Row(
        input_ids=[5] * source + [1],
        labels=[6] * target + [1],
        rationale_input_ids=None if rationale is None else [7] * source + [1],
        rationale_labels=None if rationale is None else [8] * rationale + [1],
    )


ROWS = [_row(3, 1, None), _row(9, 4, 12), _row(2, 1, None), _row(5, 7, 3), _row(4, 2, None), _row(6, 1, None)]
"""Shares of them differ much in tokens, and some have no rationale at all."""


@pytest.fixture
def model() -> T5ForConditionalGeneration:
    set_seed(0)
    model = from_preset("tiny", train_tokenizer(["a b c d e f g"], vocab_size=200), dropout_rate=0.0)
    fuse(model)
    return model


def _trainer(model: T5ForConditionalGeneration, folder: Path, **arguments: Any) -> StepByStepTrainer:
    return StepByStepTrainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(folder), use_cpu=True, report_to=[], max_steps=1, max_grad_norm=0, **arguments
        ),
        train_dataset=ROWS,
        data_collator=MultitaskCollator(0),
        rationale_weight=0.7,
        validate=lambda _: {},
    )


def _gradients(trainer: StepByStepTrainer, batches: list[list[Row]]) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss and the gradients of the micro-batches of one step."""
    model = trainer.model
    trainer.create_optimizer()
    trainer.current_gradient_accumulation_steps = len(batches)
    collated = [MultitaskCollator(0)(rows) for rows in batches]
    samples, counts = trainer.get_batch_samples(iter(collated), len(collated), torch.device("cpu"))
    loss = sum(float(trainer.training_step(model, batch, counts)) for batch in samples)
    return loss, {name: parameter.grad.clone() for name, parameter in model.named_parameters()}


@pytest.mark.parametrize(
    "parts",
    [[ROWS[:3], ROWS[3:]], [ROWS[:1], ROWS[1:2], ROWS[2:]], [ROWS, []]],
    ids=["two", "of other sizes", "one of them empty"],
)
def test_loss_and_gradients_of_parts_are_the_whole_batchs(
    parts: list[list[Row]], model: T5ForConditionalGeneration, tmp_path: Path
) -> None:
    loss, gradients = _gradients(_trainer(model, tmp_path), [ROWS])
    model.zero_grad()
    ours, of_parts = _gradients(_trainer(model, tmp_path, gradient_accumulation_steps=len(parts)), parts)
    assert ours == pytest.approx(loss, rel=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(of_parts[name], gradient, rtol=1e-4, atol=1e-6)


def _loss(model: T5ForConditionalGeneration, rows: list[Row]) -> float:
    with torch.no_grad():
        return float(StepByStepTrainer.multitask_loss(model, MultitaskCollator(0)(rows), 0.7)[0])


def test_the_mean_of_parts_is_not_the_mean_of_the_batch(model: T5ForConditionalGeneration) -> None:
    """What the weights are for."""
    assert abs((_loss(model, ROWS[:3]) + _loss(model, ROWS[3:])) / 2 - _loss(model, ROWS)) > 0.1


def test_a_step_without_any_rationale_has_the_label_loss(model: T5ForConditionalGeneration, tmp_path: Path) -> None:
    bare = [row for row in ROWS if row["rationale_labels"] is None]
    loss, _ = _gradients(_trainer(model, tmp_path, gradient_accumulation_steps=2), [bare[:1], bare[1:]])
    assert loss == pytest.approx(_loss(model, bare), rel=1e-6)


def _shares(rows: int, batch: int, micro_batches: int, processes: int) -> list[list[list[int]]]:
    """What each process gets."""
    order = LengthGroupedSampler([(number % 7 + 1, number % 5 + 1) for number in range(rows)], batch, seed=0)
    return [
        list(StepShares(order, batch, micro_batches=micro_batches, processes=processes, process=process))
        for process in range(processes)
    ]


@pytest.mark.parametrize("rows", [24, 25, 31, 3])
def test_shares_of_a_step_are_the_rows_that_one_process_takes(rows: int) -> None:
    ((whole),) = _shares(rows, 8, 1, 1)
    shares = _shares(rows, 8, 2, 2)
    assert {len(of_one) for of_one in shares} == {2 * len(whole)}
    for step, expected in enumerate(whole):
        taken = [row for of_one in shares for part in of_one[2 * step : 2 * step + 2] for row in part]
        assert sorted(taken) == sorted(expected)


def test_shares_of_a_whole_step_are_equally_large() -> None:
    shares = _shares(24, 8, 2, 2)
    assert {len(part) for of_one in shares for part in of_one} == {2}


def test_shares_have_the_length_that_they_say_and_another_order_in_each_epoch() -> None:
    order = LengthGroupedSampler([(number % 7, 1) for number in range(25)], 8, seed=0)
    shares = StepShares(order, 8, micro_batches=2, processes=2, process=1)
    first = list(shares)
    assert len(first) == len(shares) == 8
    shares.set_epoch(1)
    assert list(shares) != first


def test_no_rows_are_a_batch_that_teaches_nothing(model: T5ForConditionalGeneration) -> None:
    batch = MultitaskCollator(0)([])
    loss, _ = StepByStepTrainer.multitask_loss(model, batch, 1.0)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0
    assert all(not parameter.grad.any() for parameter in model.parameters())
