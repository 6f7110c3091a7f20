"""How fast training is, beside a plain `Seq2SeqTrainer`, and what learning rationales costs.

Both train the same model from the same weights on the same rows, each row once, in the same precision, labels alone
and labels with rationales. First the two losses of the same batches are compared, afterwards the losses on rows that
neither was trained on. Systems are timed in turns, the first steps of each turn left out.
"""

from __future__ import annotations

import copy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    PreTrainedTokenizerBase,
    Seq2SeqTrainingArguments,
    T5ForConditionalGeneration,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_callback import PrinterCallback

from benchmarks.command import parser, run
from benchmarks.machine import shown
from benchmarks.peers.plain_trainer import PlainCollator, PlainTrainer, plain_loss, plain_rows
from benchmarks.report import Row, header, table, write_results
from student.arguments import positive
from student.errors import QuickstepError
from student.task import Task
from training.data.example import Example
from training.data.sources import DemoRows, open_source
from training.fused import fuse
from training.model import from_preset
from training.objective import MultitaskCollator, MultitaskDataset, StepByStepTrainer
from training.presets import PRESETS
from training.tokenizer import train_tokenizer

TARGET = 1.3
"""By which ours is to be faster than the plain trainer."""

LOSS_TOLERANCE = 1e-4
"""Between the two losses of one batch, in nats: the sums run in another order."""

_WARM_UP_STEPS = 3
_HELD_OUT_ROWS = 200
_RATIONALE_WEIGHT = 1.0
_METHODS = {"standard": False, "step-by-step": True}


class LossError(QuickstepError):
    """The two systems do not compute the same loss, so that their times say nothing."""


class _Clock(TrainerCallback):  # type: ignore[misc]
    """Seconds of each step after the first ones."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._last = 0.0

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        now = time.perf_counter()
        if self._last:
            self.seconds.append(now - self._last)
        self._last = now


class Bench:
    """What both systems train: a fresh model, its tokenizer, rows."""

    def __init__(self, preset: str, batch_size: int, task: Task, examples: Sequence[Example]) -> None:
        self.batch_size = batch_size
        self.tasks = {task.name: task}
        self.examples, self.held_out = list(examples[_HELD_OUT_ROWS:]), list(examples[:_HELD_OUT_ROWS])
        texts = [
            text
            for row in examples
            for text in (task.label_source(row.inputs, row.choices), row.label, row.rationale or "")
        ]
        self.tokenizer: PreTrainedTokenizerBase = train_tokenizer(texts, PRESETS[preset].vocab_size)
        set_seed(0)
        self._model = from_preset(preset, self.tokenizer, dropout_rate=0.0)

    def model(self) -> T5ForConditionalGeneration:
        """A copy of the fresh model."""
        return copy.deepcopy(self._model)

    def ours(self, folder: Path, *, rationales: bool) -> Trainer:
        """Quickstep's trainer: batches grouped by length, fused operations."""
        dataset = MultitaskDataset(self.examples, self.tasks, self.tokenizer, rationales=rationales)
        model = self.model()
        fuse(model)
        return StepByStepTrainer(
            model=model,
            args=TrainingArguments(**self._arguments(folder)),
            train_dataset=dataset,
            data_collator=MultitaskCollator(self.tokenizer.pad_token_id),
            rationale_weight=_RATIONALE_WEIGHT if rationales else 0.0,
            group_by=dataset.token_counts(),
            validate=lambda model: {},
        )

    def plain(self, folder: Path, *, rationales: bool) -> Trainer:
        """The library's trainer."""
        return PlainTrainer(
            model=self.model(),
            args=Seq2SeqTrainingArguments(**self._arguments(folder)),
            train_dataset=plain_rows(self.examples, self.tasks, self.tokenizer, rationales=rationales),
            data_collator=PlainCollator(self.tokenizer),
            rationale_weight=_RATIONALE_WEIGHT if rationales else 0.0,
        )

    def loss(self, model: T5ForConditionalGeneration, *, rationales: bool) -> float:
        """Mean loss of batches of rows that are not trained on."""
        dataset = MultitaskDataset(self.held_out, self.tasks, self.tokenizer, rationales=rationales)
        collate = MultitaskCollator(self.tokenizer.pad_token_id)
        model.eval()
        losses = []
        with torch.inference_mode():
            for batch in _batches(dataset, self.batch_size):
                inputs = {name: tensor.to(model.device) for name, tensor in collate(batch).items()}
                losses.append(float(StepByStepTrainer.multitask_loss(model, inputs, _RATIONALE_WEIGHT)[0]))
        return statistics.fmean(losses)

    def difference(self, *, rationales: bool, fuse: Callable[[T5ForConditionalGeneration], None] = fuse) -> float:
        """Largest difference of the two systems' losses of a batch, before training, on the CPU."""
        ours = MultitaskDataset(self.held_out, self.tasks, self.tokenizer, rationales=rationales)
        theirs = plain_rows(self.held_out, self.tasks, self.tokenizer, rationales=rationales)
        collate_ours, collate_theirs = MultitaskCollator(self.tokenizer.pad_token_id), PlainCollator(self.tokenizer)
        fused, plain = self.model().eval(), self.model().eval()
        fuse(fused)
        with torch.inference_mode():
            return max(
                abs(
                    float(StepByStepTrainer.multitask_loss(fused, collate_ours(left), _RATIONALE_WEIGHT)[0])
                    - float(plain_loss(plain, collate_theirs(right), _RATIONALE_WEIGHT))
                )
                for left, right in zip(_batches(ours, self.batch_size), _batches(theirs, self.batch_size), strict=True)
            )

    def _arguments(self, folder: Path) -> dict[str, Any]:
        return {
            "output_dir": str(folder),
            "num_train_epochs": 1,
            "per_device_train_batch_size": self.batch_size,
            "learning_rate": 1e-3,
            "lr_scheduler_type": "cosine",
            "warmup_steps": 10,
            "save_strategy": "no",
            "report_to": [],
            "disable_tqdm": True,
            "logging_strategy": "no",
            "remove_unused_columns": False,
            "dataloader_drop_last": True,
            "use_cpu": not torch.accelerator.is_available(),
            "seed": 0,
        }


def main(argv: list[str]) -> int:
    """Compare the losses, time, write."""
    options = parser("training_throughput", "Time training beside a plain Seq2SeqTrainer of the same model and rows.")
    options.add_argument(
        "--data", default="demo-nli", help="source: cqa:<folder>, jsonl:<file>, ... (default: %(default)s)"
    )
    options.add_argument("--preset", choices=PRESETS, default="mini", help="default: %(default)s")
    options.add_argument("--rows", type=positive, default=1160, help="of the source (default: %(default)s)")
    options.add_argument("--batch-size", type=positive, default=32, help="default: %(default)s")
    options.add_argument("--turns", type=positive, default=3, help="of each system (default: %(default)s)")
    arguments = options.parse_args(argv)
    source = open_source(arguments.data, demo_rows=DemoRows(train=arguments.rows), validation_share=0.0)
    examples = source.load("train").examples[: arguments.rows]
    if len(examples) < _HELD_OUT_ROWS + (_WARM_UP_STEPS + 2) * arguments.batch_size:
        options.error(
            f"--rows {arguments.rows}: {len(examples)} rows are too few to time {arguments.batch_size} a step"
        )
    bench = Bench(arguments.preset, arguments.batch_size, source.task, examples)
    head = header(
        "training_throughput",
        {
            "data": source.task.name,
            "preset": arguments.preset,
            "parameters": bench.model().num_parameters(),
            "rows": len(bench.examples),
            "batch_size": arguments.batch_size,
            "turns": arguments.turns,
            "threads": torch.get_num_threads(),
            "target": TARGET,
        },
    )
    rows = [
        row for method, rationales in _METHODS.items() for row in _compare(bench, method, rationales, arguments.turns)
    ]
    by_key = {(str(row["method"]), str(row["system"])): float(str(row["rows_per_s"])) for row in rows}
    price = by_key["standard", "quickstep"] / by_key["step-by-step", "quickstep"]
    rows.append({"method": "step-by-step over standard", "system": "quickstep", "time_ratio": round(price, 2)})
    path = write_results(arguments.results, head, rows, f"training_throughput_{source.task.name}")
    sys.stdout.write(f"{table(rows)}{shown(path)}\n")
    return 0


def _compare(bench: Bench, method: str, rationales: bool, turns: int) -> Iterator[Row]:
    difference = bench.difference(rationales=rationales)
    if difference > LOSS_TOLERANCE:
        raise LossError(f"{method}: the losses of one batch differ by {difference:.2g} ({LOSS_TOLERANCE:g} allowed)")
    rates: dict[str, list[float]] = {"plain Seq2SeqTrainer": [], "quickstep": []}
    losses: dict[str, float] = {}
    systems = [("plain Seq2SeqTrainer", bench.plain), ("quickstep", bench.ours)]
    for turn in range(turns):
        # In turns: whoever goes first finds the machine otherwise than the second.
        for system, make in systems if turn % 2 == 0 else systems[::-1]:
            with tempfile.TemporaryDirectory() as name:
                trainer, clock = make(Path(name), rationales=rationales), _Clock()
                trainer.add_callback(clock)
                trainer.remove_callback(PrinterCallback)
                trainer.train()
            steps = clock.seconds[_WARM_UP_STEPS:]
            rates[system].append(bench.batch_size * len(steps) / sum(steps))
            losses[system] = bench.loss(trainer.model, rationales=rationales)
    for system, measured in rates.items():
        yield {
            "method": method,
            "system": system,
            "rows_per_s": round(statistics.median(measured), 2),
            "ratio": round(statistics.median(measured) / statistics.median(rates["plain Seq2SeqTrainer"]), 2),
            "loss_difference": round(difference, 7),
            "held_out_loss": round(losses[system], 4),
        }


def _batches(rows: Any, size: int) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield [rows[number] for number in range(start, min(start + size, len(rows)))]


if __name__ == "__main__":
    run(main)
