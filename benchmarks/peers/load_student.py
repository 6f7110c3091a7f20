"""A student for `benchmarks/load.py`: t5-v1_1-small's shape and vocabulary, trained for some steps on a made task.

The task asks which of the demo tasks a text belongs to. A share of the training labels is drawn by lot, so that answers
are neither certain nor ties. Labels have three to five tokens, as usual ones have with T5's own tokenizer, and their
first tokens differ.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.peers.system import made_by_exporter, whole
from serving.settings import DEMO_STUDENT
from student.bundle import TOKENIZER, Bundle
from training.data.sources import Split, generate_rows

MODELS = ROOT / "runs" / "load"
TASK = "kind-of-text"
PRESET = "small"
LABELS = {"demo-nli": "premise hypothesis", "demo-choices": "question choices", "demo-math": "number problem"}
"""Of a text, by the task that it was made for."""

_VOCABULARY = 32128
"""Rows of t5-v1_1's embedding; the tokenizer is the demo student's and uses the first of them."""

_ROWS, _VALIDATION_ROWS, _BATCH, _SEED = 6_000, 300, 12, 0
_DRAWN_BY_LOT = 0.3
_LEARNING_RATE = 5e-4
_YAML = f"""\
name: {TASK}
description: Which of the demo tasks does the text belong to?
template: "kind: {{text}}"
answer:
  kind: closed
  labels: [{", ".join(LABELS.values())}]
"""


def texts(split: Split, rows: int) -> Iterator[tuple[str, str]]:
    """Texts of the demo tasks in turns, each with its label."""
    generated = {task: generate_rows(task, split, rows // len(LABELS) + 1, _SEED) for task in LABELS}
    for number in range(rows):
        task = list(LABELS)[number % len(LABELS)]
        yield " ".join(next(generated[task]).inputs.values()), LABELS[task]


def prepare_student(folder: Path, steps: int, preset: str = PRESET) -> tuple[Path, Bundle]:
    """The checkpoint in the hub's format, and the bundle of it; made where they are not there.

    Args:
        folder: of this student.
        steps: of training.
        preset: its size (`training.presets.PRESETS`).
    """
    from export.compile import compile_bundle
    from export.config import ExportConfig
    from training.checkpoint import RECORD, STUDENT, load_checkpoint
    from training.config import SourceConfig, TrainConfig
    from training.run import train
    from training.validation_rows import read_rows

    fresh, data, run = (folder / name for name in ("fresh", "data", "run"))
    bundle = made_by_exporter(folder, "bundle")
    if not fresh.exists():
        with whole(fresh) as unfinished:
            _write_fresh(unfinished, preset)
    if not data.exists():
        with whole(data) as unfinished:
            _write_data(unfinished)
    recipe = TrainConfig(
        pretrained=str(fresh),
        data=(
            SourceConfig(
                source=f"jsonl:{data / 'train.jsonl'}", task=str(data / "task.yaml"), validation_rows=_VALIDATION_ROWS
            ),
        ),
        rationale_weight=0.5,
        steps=steps,
        batch_size=_BATCH,
        learning_rate=_LEARNING_RATE,
        validate_every=steps,
    )
    student = run / STUDENT
    if not (student / RECORD).is_file():
        train(recipe, run, resume=(run / "recipe.yaml").is_file())
    if not bundle.exists():
        checkpoint = load_checkpoint(run)
        rows = read_rows(checkpoint.path)
        # No rationale is asked for under load: a few are enough for the gate to see that they are written.
        config = ExportConfig(precisions=("fp32", "int8"), max_text_rows=10)
        compile_bundle(checkpoint, bundle, rows, name=preset, config=config)
    return student, Bundle.open(bundle)


def _write_data(folder: Path) -> None:
    (folder / "task.yaml").write_text(_YAML, encoding="utf-8")
    chance = random.Random(_SEED)
    labels = list(LABELS.values())
    with (folder / "train.jsonl").open("w", encoding="utf-8") as stream:
        for text, label in texts("train", _ROWS):
            taught = chance.choice(labels) if chance.random() < _DRAWN_BY_LOT else label
            row = {"inputs": {"text": text}, "label": taught, "rationale": f"So the answer is {taught}."}
            stream.write(json.dumps(row) + "\n")


def _write_fresh(folder: Path, preset: str) -> None:
    from transformers import PreTrainedTokenizerFast, set_seed

    from training.model import from_preset

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(DEMO_STUDENT / TOKENIZER), pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    set_seed(0)
    model = from_preset(preset, tokenizer, dropout_rate=0.0)
    model.resize_token_embeddings(_VOCABULARY)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
