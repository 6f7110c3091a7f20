"""A student for `benchmarks/latency.py`: a T5 that learned for some steps which of the demo tasks a text belongs to.

A share of its training labels is drawn by lot, so that it does not become certain of its answers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from benchmarks.peers.questions import END, LABELS, labelled_rows, source_rows
from benchmarks.peers.shapes import SHAPES, Shape
from benchmarks.peers.system import of_length, whole
from serving.settings import DEMO_STUDENT
from student.bundle import TOKENIZER

OPINION = "opinion.json"
"""Beside the model: what it thinks of rows that it was not trained on."""

_DRAWN_BY_LOT = 0.3
_LENGTHS = (16, 32, 64, 128)
_OPINION_LENGTH = 64
_OPINION_ROWS = 64
_SEED = 0


@dataclass(frozen=True)
class Opinion:
    """How decided a student is: it must neither give one label to all rows nor be certain of them, nor waver.

    Attributes:
        labels_answered: different labels given.
        mean_top_probability: of the label given, among the labels.
        median_margin: between the probabilities of the label given and the next.
        least_margin: the same, the smallest.
    """

    labels_answered: int
    mean_top_probability: float
    median_margin: float
    least_margin: float


def prepare_student(name: str, folder: Path, steps: int) -> Opinion:
    """The opinion of the student in `folder`/model, which is trained where there is none.

    Args:
        name: one of `SHAPES`.
        folder: of this student.
        steps: of training.
    """
    model = folder / "model"
    if not model.exists():
        with whole(model) as unfinished:
            train_student(SHAPES[name], unfinished, steps)
    told = folder / OPINION
    if not told.exists():
        told.write_text(json.dumps(asdict(_opinion(model))), encoding="utf-8")
    return Opinion(**json.loads(told.read_text(encoding="utf-8")))


def train_student(shape: Shape, target: Path, steps: int) -> None:
    """Train and write a student in the hub's format, with the demo student's tokenizer."""
    torch.manual_seed(_SEED)
    model = T5ForConditionalGeneration(_config(shape)).train()
    optimizer: torch.optim.Optimizer
    if shape.light_training:
        model.encoder.requires_grad_(requires_grad=False)
        learning = [weight for weight in model.parameters() if weight.requires_grad]
        # Steps in proportion to a weight's size suit no student from scratch: the floor of 1 makes them AdamW's.
        optimizer = torch.optim.Adafactor(learning, lr=shape.learning_rate, eps=(None, 1.0))
    else:
        optimizer = torch.optim.AdamW(model.parameters(), lr=shape.learning_rate)
    rows = labelled_rows("train", 4000)
    random = np.random.default_rng(_SEED)
    bar = tqdm(range(steps), desc=f"train {shape.name}", unit="step")
    for _ in bar:
        length = int(random.choice(_LENGTHS))
        chosen = [rows[i] for i in random.integers(0, len(rows), shape.batch_tokens // length)]
        input_ids = torch.tensor(np.stack([of_length(ids, length) for ids, _ in chosen]))
        lots = random.integers(0, len(LABELS), len(chosen))
        drawn = random.random(len(chosen)) < _DRAWN_BY_LOT
        labels = torch.tensor(
            [LABELS[lot if by_lot else task] for lot, by_lot, (_, task) in zip(lots, drawn, chosen, strict=True)]
        )
        loss = model(input_ids=input_ids, attention_mask=torch.ones_like(input_ids), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()  # type: ignore[no-untyped-call]
        bar.set_postfix(loss=f"{loss.item():.3f}")
    model.eval().save_pretrained(target)
    _tokenizer().save_pretrained(target)


def _config(shape: Shape) -> T5Config:
    sizes = shape.preset
    return T5Config(
        vocab_size=shape.vocabulary or _tokenizer().vocab_size,
        d_model=sizes.d_model,
        d_ff=sizes.d_ff,
        d_kv=sizes.d_kv,
        num_heads=sizes.heads,
        num_layers=sizes.layers,
        num_decoder_layers=sizes.decoder_layers,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=END,
        decoder_start_token_id=0,
    )


@torch.inference_mode()
def _opinion(folder: Path) -> Opinion:
    model = T5ForConditionalGeneration.from_pretrained(folder).eval()
    ids = torch.tensor(np.stack([of_length(row, _OPINION_LENGTH) for row in source_rows("validation", _OPINION_ROWS)]))
    first = [label[0] for label in LABELS]
    logits = []
    for part in torch.split(ids, 8):
        start = torch.zeros((len(part), 1), dtype=torch.int64)
        logits.append(model(input_ids=part, decoder_input_ids=start).logits[:, 0, first])
    best, label = torch.cat(logits).softmax(dim=-1).sort(dim=-1, descending=True)
    margins = best[:, 0] - best[:, 1]
    return Opinion(
        labels_answered=len(set(label[:, 0].tolist())),
        mean_top_probability=round(best[:, 0].mean().item(), 4),
        median_margin=round(margins.median().item(), 4),
        least_margin=round(margins.min().item(), 6),
    )


def _tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_file=str(DEMO_STUDENT / TOKENIZER), eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )
