"""A student for `benchmarks/latency.py`: a T5 that learned for some steps which of the demo tasks a text belongs to.

A share of its training labels is drawn by lot, so that it does not become certain of its answers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from benchmarks.peers.system import LABEL_TOKENS, of_length
from serving.settings import DEMO_STUDENT
from student.bundle import TOKENIZER
from training.data.sources import Split, generate_rows
from training.presets import PRESETS

END = 1
LABELS = tuple((number, number + 10, number + 20, END) for number in (100, 101, 102))
"""Token ids that stand for the three tasks."""
assert all(len(label) == LABEL_TOKENS for label in LABELS)

_BATCH_TOKENS = 1024
_TASKS = ("demo-nli", "demo-choices", "demo-math")
_DRAWN_BY_LOT = 0.3
_LENGTHS = (16, 32, 64, 128)
_SEED = 0


def sources(split: Split, rows: int) -> list[npt.NDArray[np.int64]]:
    """Tokenised rows, `</s>` last."""
    return [ids for ids, _ in _rows(split, rows)]


def train_student(shape: str, target: Path, steps: int) -> None:
    """Train and write a student in the hub's format, with the demo student's tokenizer."""
    torch.manual_seed(_SEED)
    preset = PRESETS[shape]
    config = T5Config(
        vocab_size=32128 if shape != "demo" else _tokenizer().vocab_size,
        d_model=preset.d_model,
        d_ff=preset.d_ff,
        d_kv=preset.d_kv,
        num_heads=preset.heads,
        num_layers=preset.layers,
        num_decoder_layers=preset.decoder_layers,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=END,
        decoder_start_token_id=0,
    )
    model = T5ForConditionalGeneration(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3 if shape == "demo" else 5e-4)
    rows = _rows("train", 4000)
    random = np.random.default_rng(_SEED)
    for _ in tqdm(range(steps), desc=f"train {shape}", unit="step"):
        length = int(random.choice(_LENGTHS))
        chosen = [rows[i] for i in random.integers(0, len(rows), _BATCH_TOKENS // length)]
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
        optimizer.step()
    model.eval().save_pretrained(target)
    _tokenizer().save_pretrained(target)


def _tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_file=str(DEMO_STUDENT / TOKENIZER), eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


def _rows(split: Split, rows: int) -> list[tuple[npt.NDArray[np.int64], int]]:
    """Rows of the three tasks in turns, their text without prefix and template, each with its task's number."""
    tokenizer = _tokenizer()
    generated = [generate_rows(task, split, rows // len(_TASKS) + 1, _SEED) for task in _TASKS]
    made = []
    for number in range(rows):
        task = number % len(_TASKS)
        text = " ".join(next(generated[task]).inputs.values())
        made.append((np.array(tokenizer(text).input_ids), task))
    return made
