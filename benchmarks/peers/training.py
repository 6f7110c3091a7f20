"""A student for `benchmarks/latency.py`: a T5 that learned for some steps which operation a problem asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from benchmarks.peers.system import LABEL_TOKENS
from serving.settings import DEMO_STUDENT
from student.bundle import TOKENIZER
from student.task import find_task
from training.data.sources import Split, generate_rows
from training.presets import PRESETS

END = 1
LABELS = tuple((number, number + 10, number + 20, END) for number in (100, 101, 102))
"""Token ids that stand for addition, subtraction, and any other way to the answer."""
assert all(len(label) == LABEL_TOKENS for label in LABELS)

_BATCH_TOKENS = 1024
_LONGEST = 64
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
        chosen = [rows[i] for i in random.integers(0, len(rows), _BATCH_TOKENS // _LONGEST)]
        longest = max(len(ids) for ids, _ in chosen)
        input_ids = torch.tensor(np.stack([np.pad(ids, (0, longest - len(ids))) for ids, _ in chosen]))
        loss = model(
            input_ids=input_ids,
            attention_mask=(input_ids != 0).long(),
            labels=torch.tensor([LABELS[label] for _, label in chosen]),
        ).loss
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
    task, tokenizer = find_task("demo-math"), _tokenizer()
    return [
        (_encoded(task.label_source(row.inputs, row.choices), tokenizer), _operation(row.label))
        for row in generate_rows("demo-math", split, rows, _SEED)
    ]


def _operation(equation: str) -> int:
    signs = set(equation) & set("+-*/")
    return 0 if signs == {"+"} else 1 if signs == {"-"} else 2


def _encoded(text: str, tokenizer: PreTrainedTokenizerFast) -> npt.NDArray[np.int64]:
    ids = tokenizer(text).input_ids
    return np.array([*ids[: _LONGEST - 1], END] if len(ids) >= _LONGEST else ids)
