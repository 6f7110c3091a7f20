from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration, TrainingArguments

from student.task import Limits
from tests.training.small import TASK
from training.data.example import Example
from training.model import from_preset
from training.objective import (
    IGNORED,
    MultitaskCollator,
    MultitaskDataset,
    Row,
    StepByStepTrainer,
    pad_rows,
)
from training.tokenizer import train_tokenizer

EXAMPLES = [
    Example("mood", {"text": "Ann laughs."}, "happy", "Who laughs is happy. So the answer is happy.", "t:1"),
    Example("mood", {"text": "Ben cries and cries and cries."}, "sad", None, "t:2"),
    Example("mood", {"text": "Cleo sings."}, "happy", "So the answer is happy.", "t:3"),
]


@pytest.fixture(scope="module")
def student() -> tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase]:
    torch.manual_seed(0)
    texts = [text for row in EXAMPLES for text in (TASK.label_source(row.inputs), row.label, row.rationale or "")]
    tokenizer = train_tokenizer(texts, vocab_size=200)
    return from_preset("tiny", tokenizer, dropout_rate=0.0), tokenizer


def test_a_fresh_students_encoder_attends_to_equal_tokens() -> None:
    tokenizer = train_tokenizer([f"{a}{b}" for a in "abcdefgh" for b in "ijklmnop"], vocab_size=200)
    model = from_preset("tiny", tokenizer, dropout_rate=0.0)
    with torch.inference_mode():
        vectors = model.shared.weight / model.shared.weight.pow(2).mean(dim=1, keepdim=True).sqrt()
        for block in model.encoder.block:
            attention = block.layer[0].SelfAttention
            query, key = (
                layer(vectors).view(len(vectors), attention.n_heads, -1).transpose(0, 1)
                for layer in (attention.q, attention.k)
            )
            logits = query @ key.transpose(1, 2)
            different = logits[:, ~torch.eye(len(vectors), dtype=torch.bool)]
            assert 3 < float(logits.diagonal(dim1=1, dim2=2).mean()) < 5
            assert abs(float(different.mean())) < 0.5


def _rows(tokenizer: PreTrainedTokenizerBase, examples: list[Example], *, rationales: bool = True) -> list[Row]:
    dataset = MultitaskDataset(examples, {"mood": TASK}, tokenizer, rationales=rationales)
    return [dataset[i] for i in range(len(dataset))]


def _by_hand(model: T5ForConditionalGeneration, pairs: list[tuple[list[int], list[int]]]) -> float:
    """Mean cross-entropy over all target tokens, each row on its own: no padding anywhere."""
    total, tokens = 0.0, 0
    for source, target in pairs:
        fed = torch.tensor([[model.config.decoder_start_token_id, *target[:-1]]])
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([source]), decoder_input_ids=fed).logits[0]
        log_probabilities = functional.log_softmax(logits.double(), dim=-1)
        total -= sum(float(log_probabilities[step, token]) for step, token in enumerate(target))
        tokens += len(target)
    return total / tokens


def _loss(model: T5ForConditionalGeneration, rows: list[Row], weight: float) -> float:
    batch = MultitaskCollator(0)(rows)
    with torch.inference_mode():
        return float(StepByStepTrainer.multitask_loss(model, batch, weight)[0])


def _label_pairs(rows: list[Row]) -> list[tuple[list[int], list[int]]]:
    return [(row["input_ids"], row["labels"]) for row in rows]


def _rationale_pairs(rows: list[Row]) -> list[tuple[list[int], list[int]]]:
    return [
        (row["rationale_input_ids"], row["rationale_labels"])
        for row in rows
        if row["rationale_input_ids"] is not None and row["rationale_labels"] is not None
    ]


@pytest.mark.parametrize("weight", [1.0, 0.5, 3.0])
def test_loss_is_label_loss_plus_weighted_rationale_loss(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase], weight: float
) -> None:
    model, tokenizer = student
    rows = _rows(tokenizer, EXAMPLES)
    expected = _by_hand(model, _label_pairs(rows)) + weight * _by_hand(model, _rationale_pairs(rows))
    assert _loss(model, rows, weight) == pytest.approx(expected, rel=1e-5)


def test_zero_weight_trains_labels_alone_and_skips_the_rationale_pass(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase],
) -> None:
    model, tokenizer = student
    rows = _rows(tokenizer, EXAMPLES)
    passes = []
    hook = model.register_forward_hook(lambda *_: passes.append(1))
    try:
        loss = _loss(model, rows, 0.0)
    finally:
        hook.remove()
    assert len(passes) == 1
    assert loss == pytest.approx(_by_hand(model, _label_pairs(rows)), rel=1e-5)


def test_batch_without_rationales_has_the_label_loss(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase],
) -> None:
    model, tokenizer = student
    rows = _rows(tokenizer, EXAMPLES[1:2])
    batch = MultitaskCollator(0)(rows)
    assert set(batch) == {"input_ids", "attention_mask", "labels"}
    assert _loss(model, rows, 1.0) == pytest.approx(_by_hand(model, _label_pairs(rows)), rel=1e-5)


def test_padding_does_not_change_the_loss(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase],
) -> None:
    model, tokenizer = student
    batch = MultitaskCollator(0)(_rows(tokenizer, EXAMPLES))
    wider = {
        name: functional.pad(tensor, (0, 5), value=IGNORED if name.endswith("labels") else 0)
        for name, tensor in batch.items()
    }
    with torch.inference_mode():
        losses = [float(StepByStepTrainer.multitask_loss(model, part, 1.0)[0]) for part in (batch, wider)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_rows_carry_the_prefixes_and_end_tokens(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase],
) -> None:
    _, tokenizer = student
    first, second, _ = _rows(tokenizer, EXAMPLES)
    assert tokenizer.decode(first["input_ids"]) == "[label] text: Ann laughs.</s>"
    assert tokenizer.decode(first["labels"]) == "happy</s>"
    assert tokenizer.decode(first["rationale_input_ids"]) == "[rationale] text: Ann laughs.</s>"
    assert tokenizer.decode(first["rationale_labels"]) == f"{EXAMPLES[0].rationale}</s>"
    assert second["rationale_input_ids"] is None
    assert second["rationale_labels"] is None


def test_rationales_stay_with_their_rows_past_one_tokenised_part(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.objective._TOKENIZE_ROWS", 2)
    _, tokenizer = student
    examples = EXAMPLES * 3
    for example, row in zip(examples, _rows(tokenizer, examples), strict=True):
        if example.rationale is None:
            assert row["rationale_labels"] is None
        else:
            assert tokenizer.decode(row["rationale_labels"]) == f"{example.rationale}</s>"
        assert tokenizer.decode(row["input_ids"]) == f"{TASK.label_source(example.inputs)}</s>"


def test_cutting_keeps_the_end_token_and_is_counted(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase],
) -> None:
    _, tokenizer = student
    task = TASK.model_copy(update={"limits": Limits(source_tokens=10, label_tokens=8, rationale_tokens=6)})
    dataset = MultitaskDataset(EXAMPLES, {"mood": task}, tokenizer)
    whole = _rows(tokenizer, EXAMPLES)
    sources = [max(len(row["input_ids"]), len(row["rationale_input_ids"] or [])) for row in whole]
    cut = dataset.cuts["mood", "source_tokens"]
    assert (cut.limit, cut.rows, cut.longest) == (10, sum(length > 10 for length in sources), max(sources))
    assert cut.longest_row == EXAMPLES[sources.index(max(sources))].source
    cut = dataset.cuts["mood", "rationale_tokens"]
    assert (cut.limit, cut.rows) == (6, sum(len(row["rationale_labels"] or []) > 6 for row in whole))
    assert cut.rows == 2
    assert dataset[0]["rationale_labels"] == [*(whole[0]["rationale_labels"] or [])[:5], tokenizer.eos_token_id]
    assert dataset[1]["input_ids"] == [*whole[1]["input_ids"][:9], tokenizer.eos_token_id]
    assert all(len(dataset[i]["rationale_input_ids"] or []) <= 10 for i in range(3))


def test_mask_follows_lengths_not_ids() -> None:
    """The padding token's id may stand in the middle of a source."""
    row = Row(input_ids=[5, 0, 1], labels=[6, 1], rationale_input_ids=None, rationale_labels=None)
    longer = Row(input_ids=[5, 5, 5, 1], labels=[1], rationale_input_ids=[7, 1], rationale_labels=[8, 9, 1])
    batch = MultitaskCollator(0)([row, longer])
    assert batch["input_ids"].tolist() == [[5, 0, 1, 0], [5, 5, 5, 1]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert batch["labels"].tolist() == [[6, 1], [1, IGNORED]]
    assert batch["rationale_input_ids"].tolist() == [[7, 1]]
    assert batch["rationale_labels"].tolist() == [[8, 9, 1]]
    assert all(tensor.dtype == torch.int64 for tensor in batch.values())


def test_rows_are_padded_to_the_longest() -> None:
    assert pad_rows([[1], [2, 3], []], -1).tolist() == [[1, -1], [2, 3], [-1, -1]]


def test_trainers_loss_of_a_whole_batch_is_the_objective(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase], tmp_path: Path
) -> None:
    model, tokenizer = student
    trainer = StepByStepTrainer(
        model=model,
        args=TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[]),
        rationale_weight=0.5,
        validate=lambda _: {"score": 0.5},
    )
    rows = _rows(tokenizer, EXAMPLES)
    batch = MultitaskCollator(0)(rows)
    samples, counts = trainer.get_batch_samples(iter([batch]), 1, torch.device("cpu"))
    with torch.no_grad():
        (loss,) = (float(trainer.compute_loss(model, one, num_items_in_batch=counts)) for one in samples)
    assert loss == _loss(model, rows, 0.5)
    assert trainer.evaluate() == {"eval_score": 0.5}


def test_a_rationale_that_ends_in_the_label_keeps_its_end_where_it_is_cut(
    student: tuple[T5ForConditionalGeneration, PreTrainedTokenizerBase],
) -> None:
    _, tokenizer = student
    task = TASK.model_copy(update={"limits": Limits(source_tokens=64, label_tokens=8, rationale_tokens=24)})
    reason = "Who laughs is happy and sings and laughs and sings. So the answer is happy."
    row = Example("mood", {"text": "Ann laughs."}, "happy", reason, "t:1")
    dataset = MultitaskDataset([row], {"mood": task}, tokenizer, rationale_first=True)
    written = tokenizer.decode(dataset[0]["labels"], skip_special_tokens=True)
    assert len(dataset[0]["labels"]) <= 24
    assert written.startswith("Who laughs") and written.endswith("So the answer is happy.")
    assert dataset[0]["labels"][-1] == tokenizer.eos_token_id
    assert dataset.cuts["mood", "rationale_tokens"].rows == 1
    assert tokenizer.decode(dataset[0]["input_ids"]).startswith("[rationale]")
