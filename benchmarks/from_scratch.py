"""How fast a fresh student learns, by optimiser and by how its encoder's attention starts.

Every arm trains the demo preset on the same rows of one demo task in the same order, labels alone, and is judged on
the same validation rows: teacher-forced, a row counts as right if every token of its label is the likeliest.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from matplotlib.figure import Figure
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration, get_cosine_schedule_with_warmup, set_seed

from benchmarks.command import parser, run
from benchmarks.machine import shown
from benchmarks.report import Cell, Row, header, table, write_results
from student.arguments import positive
from training.data.sources import DemoRows, open_source
from training.model import from_preset
from training.objective import MultitaskCollator, MultitaskDataset, StepByStepTrainer
from training.objective import Row as TokenRow
from training.optimizer import make_optimizer
from training.sampler import LengthGroupedSampler
from training.tokenizer import train_tokenizer

TASKS = ("demo-nli", "demo-choices", "demo-math")
_BATCH = 64
_VALIDATION_ROWS = 400
_WARM_UP = 100


@dataclass(frozen=True)
class Arm:
    """One way to train.

    Attributes:
        equal_keys: start with the encoder's keys equal to its queries; else by T5's own start.
    """

    optimizer: str
    learning_rate: float
    embedding_rate_factor: float
    equal_keys: bool

    def __str__(self) -> str:
        return f"{self.optimizer}, {'keys as queries' if self.equal_keys else 'start of T5'}"


ARMS = tuple(
    Arm(optimizer, learning_rate=1.25e-3, embedding_rate_factor=3, equal_keys=equal_keys)
    for optimizer in ("adamw", "muon")
    for equal_keys in (False, True)
)


def main(argv: list[str]) -> int:
    """Train every arm.

    Returns:
        0.
    """
    options = parser(
        "from_scratch",
        "Train a fresh demo student on one demo task with AdamW and with Muon, from T5's own start and with keys that "
        "start as queries, and follow its validation loss.",
    )
    options.add_argument("--task", choices=TASKS, default="demo-nli", help="default: %(default)s")
    options.add_argument("--steps", type=positive, default=800, help="default: %(default)s")
    options.add_argument("--rows", type=positive, default=40_000, help="training rows (default: %(default)s)")
    options.add_argument("--every", type=positive, default=100, help="steps between validations (default: %(default)s)")
    arguments = options.parse_args(argv)

    source = open_source(
        arguments.task,
        task=None,
        labels="gold",
        demo_rows=DemoRows(train=arguments.rows, validation=_VALIDATION_ROWS),
        validation_share=0.1,
        seed=0,
    )
    tasks = {source.task.name: source.task}
    examples, held_out = source.load("train").examples, source.load("validation").examples
    texts = [text for row in examples for text in (source.task.label_source(row.inputs, row.choices), row.label)]
    tokenizer = train_tokenizer(texts, 2000)
    dataset, validation = (MultitaskDataset(rows, tasks, tokenizer, rationales=False) for rows in (examples, held_out))
    head = header(
        "from_scratch",
        {
            "task": arguments.task,
            "preset": "demo",
            "steps": arguments.steps,
            "batch_size": _BATCH,
            "rows": arguments.rows,
            "validation_rows": _VALIDATION_ROWS,
            "learning_rate": ARMS[0].learning_rate,
            "embedding_rate_factor": ARMS[0].embedding_rate_factor,
            "seed": 0,
        },
    )
    rows: list[Row] = []
    with tqdm(total=len(ARMS) * arguments.steps, desc="from_scratch", unit="step") as bar:
        for arm in ARMS:
            bar.set_postfix_str(str(arm))
            rows += _train(arm, tokenizer, dataset, validation, arguments.steps, arguments.every, bar)
    path = write_results(arguments.results, head, rows)
    _draw(path.with_suffix(".png"), rows)
    last = [row for row in rows if row["step"] == arguments.steps]
    sys.stdout.write(f"{arguments.task}\n{table(last)}{shown(path)}\n")
    return 0


def _train(
    arm: Arm,
    tokenizer: PreTrainedTokenizerBase,
    dataset: MultitaskDataset,
    validation: MultitaskDataset,
    steps: int,
    every: int,
    bar: tqdm[object],
) -> Iterator[Row]:
    set_seed(0)
    model = from_preset("demo", tokenizer, dropout_rate=0.0)
    if not arm.equal_keys:
        _start_as_t5(model)
    optimizer = make_optimizer(
        model,
        arm.optimizer,
        learning_rate=arm.learning_rate,
        embedding_rate_factor=arm.embedding_rate_factor,
        weight_decay=0.01,
        adam_betas=(0.9, 0.98),
    )
    schedule = get_cosine_schedule_with_warmup(optimizer, min(_WARM_UP, steps // 4), steps)
    collator = MultitaskCollator(tokenizer.pad_token_id)
    batches = _batches(dataset)
    train_s = 0.0
    for step in range(1, steps + 1):
        started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16):
            loss, _ = StepByStepTrainer.multitask_loss(model, collator(next(batches)), 0.0)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        train_s += time.perf_counter() - started
        bar.update(1)
        if step % every == 0 or step == steps:
            validation_loss, accuracy = _judge(model, collator, validation)
            yield {
                "optimizer": arm.optimizer,
                "start": "keys as queries" if arm.equal_keys else "T5",
                "step": step,
                "validation_loss": round(validation_loss, 4),
                "validation_accuracy_percent": round(100 * accuracy, 1),
                "train_s": round(train_s, 1),
            }


def _start_as_t5(model: T5ForConditionalGeneration) -> None:
    """Draw the encoder's queries and keys as T5 does."""
    for block in model.encoder.block:
        model._init_weights(block.layer[0].SelfAttention)


def _batches(dataset: MultitaskDataset) -> Iterator[list[TokenRow]]:
    sampler = LengthGroupedSampler(dataset.token_counts(), _BATCH, seed=0)
    epoch = 0
    while True:
        sampler.set_epoch(epoch)
        order = list(sampler)
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            yield [dataset[number] for number in order[start : start + _BATCH]]
        epoch += 1


@torch.inference_mode()
def _judge(
    model: T5ForConditionalGeneration, collator: MultitaskCollator, validation: MultitaskDataset
) -> tuple[float, float]:
    """Mean loss of a label token, and the part of the rows all of whose label tokens are the likeliest."""
    model.eval()
    loss, tokens, right = 0.0, 0, 0
    for start in range(0, len(validation), 100):
        batch = collator([validation[i] for i in range(start, min(start + 100, len(validation)))])
        outputs = model(**{name: batch[name] for name in ("input_ids", "attention_mask", "labels")})
        counted = batch["labels"] >= 0
        loss += float(outputs.loss) * int(counted.sum())
        tokens += int(counted.sum())
        right += int(((outputs.logits.argmax(-1) == batch["labels"]) | ~counted).all(dim=1).sum())
    model.train()
    return loss / tokens, right / len(validation)


def _draw(path: Path, rows: Sequence[Row]) -> None:
    curves: dict[str, list[tuple[Cell, Cell]]] = defaultdict(list)
    for row in rows:
        curves[f"{row['optimizer']}, start: {row['start']}"].append((row["step"], row["validation_loss"]))
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("validation loss")
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    run(main)
