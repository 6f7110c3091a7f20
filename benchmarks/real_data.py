"""Real data end to end: a student trained on cqa and svamp with PaLM's rationales, served, asked every test row.

A student of this size that is trained from scratch for minutes knows little, and cqa is near chance: what is shown
is that every row gets through, and that the server answers as the PyTorch student does. Accuracy stands beside
chance and beside the teacher's agreement with gold.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.dataset_folders import add_datasets, require_datasets
from benchmarks.http_client import HttpClient, Reply
from benchmarks.machine import ROOT, shown
from benchmarks.questions import request_content
from benchmarks.report import Row, draw_bars, header, percentile, table, write_results
from benchmarks.run_directory import Trained, train_into, trained_earlier
from benchmarks.running_server import RunningServer
from export.cli import export
from student.arguments import positive
from student.errors import ExportError, InputError
from student.question import Question
from student.runtime import OnnxStudent
from student.task import FreeText, merge_choices
from training.checkpoint import load_checkpoint
from training.config import SourceConfig, TrainConfig
from training.data.example import Example
from training.data.loaded import Loaded
from training.data.sources import open_source
from training.evaluation.answering import batched
from training.evaluation.outcome import Outcome
from training.evaluation.outcome import Reply as StudentReply
from training.scoring import TorchStudent

DATASETS = ("cqa", "svamp")
_INVALID_INPUT = 422
_TORCH_BATCH_ROWS = 16
_PARITY_ROWS = 60


@dataclass(frozen=True)
class Served:
    """What the server said to one row.

    Attributes:
        predict: the reply of /predict.
        explain: the reply of /explain.
        refusal_due: whether the student itself refuses the row (over a limit), on /predict and on /explain.
    """

    example: Example
    predict: Reply
    explain: Reply
    refusal_due: tuple[bool, bool]

    @property
    def answer(self) -> str | None:
        """The answer of /predict; None if it was refused or failed."""
        return str(self.predict.json()["answer"]) if self.predict.status == 200 else None

    @property
    def refused(self) -> int:
        """How many of the two replies are refusals that were due."""
        return sum(
            due and reply.status == _INVALID_INPUT
            for due, reply in zip(self.refusal_due, (self.predict, self.explain), strict=True)
        )

    @property
    def unanswered(self) -> int:
        """How many of the two replies are neither an answer nor a refusal that was due."""
        return sum(reply.status != 200 for reply in (self.predict, self.explain)) - self.refused


def main(argv: list[str]) -> int:
    """Train, export, serve and ask.

    Returns:
        0 if every row of the files was answered (or refused because it is over a limit) as the PyTorch student answers
        it, else 1; the results are written either way.
    """
    options = parser(
        "real_data",
        "Train a small student from scratch on cqa and svamp with the teacher's rationales, serve it, and send every "
        "test row to /predict and /explain. Each served label is compared with the PyTorch student's.",
        "The data are never copied: results hold figures and row numbers only.",
    )
    add_datasets(options, DATASETS)
    options.add_argument("--steps", type=positive, default=300, help="optimiser steps (default: %(default)s)")
    options.add_argument(
        "--rows", type=positive, metavar="N", help="training rows of each dataset at most (default: all)"
    )
    options.add_argument(
        "--output",
        type=Path,
        default=ROOT / "runs" / "real-data",
        metavar="DIR",
        help="run directory; the bundle is written into it too (default: runs/real-data)",
    )
    options.add_argument(
        "--from-run",
        type=Path,
        metavar="DIR",
        help="serve this finished run; --steps, --rows and --output are then not used",
    )
    arguments = options.parse_args(argv)
    require_datasets(options, arguments.datasets, DATASETS)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)

    tests = {name: open_source(f"{name}:{arguments.datasets / name}").load("test") for name in DATASETS}
    settings: dict[str, object] = {}
    head = header("real_data", settings)
    trained = _trained(arguments)
    student = _exported(trained.run)
    checkpoint = load_checkpoint(trained.run)
    settings |= {"bundle": student.bundle.label, **trained.settings}
    examples = [row for loaded in tests.values() for row in loaded.examples]
    served = _serve(student, examples)
    original = TorchStudent(checkpoint.model.float(), checkpoint.tokenizer, checkpoint.tasks)
    reference = _torch_answers(original, [one.example for one in served if one.answer is not None])

    rows = [
        _row(student, tests[name], [one for one in served if one.example.task == name], reference) for name in tests
    ]
    bad = [*_bad_rows(served, reference)]
    path = write_results(arguments.results, {**head, "settings": settings}, [*rows, *bad])
    _draw(path.with_suffix(".png"), rows)
    sys.stdout.write(f"{student.bundle.label}\n{table(rows)}")
    if bad:
        sys.stdout.write(f"{table(bad)}")
    lost = sum(loaded.report.rows_dropped for loaded in tests.values())
    refused = sum(one.refused for one in served)
    sys.stdout.write(
        f"FAIL  {len(bad)} rows unanswered or different, {lost} never sent\n"
        if bad or lost
        else f"PASS  {len(served)} rows answered as by PyTorch; {refused} replies refused as over a token limit\n"
    )
    sys.stdout.write(f"{shown(path)}\n")
    return 1 if bad or lost else 0


def recipe_of(datasets: Path, steps: int, rows: int | None) -> TrainConfig:
    """The recipe of the run: preset `mini`, gold labels, the teacher's rationales."""
    return TrainConfig(
        preset="mini",
        data=tuple(
            SourceConfig(source=f"{name}:{datasets.absolute() / name}", rows=rows, validation_rows=100)
            for name in DATASETS
        ),
        rationale_weight=0.5,
        steps=steps,
        batch_size=32,
        optimizer="muon",
        learning_rate=1e-3,
        embedding_rate_factor=3,
        adam_beta2=0.98,
        validate_every=max(1, steps // 2),
        bf16=True,
        group_by_length=True,
    )


def _trained(arguments: argparse.Namespace) -> Trained:
    if arguments.from_run is not None:
        return trained_earlier(arguments.from_run)
    return train_into(recipe_of(arguments.datasets, arguments.steps, arguments.rows), arguments.output)


def _exported(run_directory: Path) -> OnnxStudent:
    bundle = run_directory / "bundle"
    arguments = [str(run_directory), "--output", str(bundle), "--name", "real-data", "--force"]
    status = export([*arguments, "--max-rows", str(_PARITY_ROWS)])
    if status != 0:
        raise ExportError(f"real_data: export ended with status {status}")
    return OnnxStudent.load(bundle)


def _serve(student: OnnxStudent, examples: Sequence[Example]) -> list[Served]:
    served = []
    with (
        RunningServer(student.bundle.path) as server,
        HttpClient(server.port) as client,
        tqdm(total=2 * len(examples), desc="over HTTP", unit="request") as bar,
    ):
        for row in examples:
            content = request_content(row.task, row.inputs, row.choices)
            replies = (client.post("/predict", content), client.post("/explain", content))
            due = (_refusal_due(student, row, rationale=False), _refusal_due(student, row, rationale=True))
            served.append(Served(row, *replies, due))
            bar.update(2)
    return served


def _refusal_due(student: OnnxStudent, row: Example, *, rationale: bool) -> bool:
    try:
        student.prepare(Question(row.task, row.inputs, row.choices), rationale=rationale)
    except InputError:
        return True
    return False


def _torch_answers(original: TorchStudent, examples: Sequence[Example]) -> dict[str, str]:
    """The PyTorch student's answers, by the rows' sources."""
    order = sorted(range(len(examples)), key=lambda i: sum(map(len, examples[i].inputs.values())))
    answers: dict[str, str] = {}
    with tqdm(total=len(examples), desc="in PyTorch", unit="row") as bar:
        for indices in batched(order, _TORCH_BATCH_ROWS):
            rows = [examples[i] for i in indices]
            answers |= {row.source: answered.answer for row, answered in zip(rows, original.answer(rows), strict=True)}
            bar.update(len(rows))
    return answers


def _row(student: OnnxStudent, loaded: Loaded, served: Sequence[Served], reference: dict[str, str]) -> Row:
    outcomes = [_outcome(student, one) for one in served]
    explained = [outcome for outcome in outcomes if outcome.rationale_agrees is not None]
    right = sum(outcome.correct for outcome in outcomes)
    agreement = loaded.report.teacher_agreement
    task = student.bundle.tasks[served[0].example.task]
    chance = [1 / len(merge_choices(one.example.choices)) for one in served if one.example.choices]
    return {
        "task": task.name,
        "test_rows": loaded.report.rows_read,
        "rows_dropped_by_loader": loaded.report.rows_dropped,
        "rows_sent": len(served),
        "predict_answered": sum(one.predict.status == 200 for one in served),
        "explain_answered": sum(one.explain.status == 200 for one in served),
        "replies_refused_over_limit": sum(one.refused for one in served),
        "replies_unanswered": sum(one.unanswered for one in served),
        "rows_compared_with_torch": sum(one.example.source in reference for one in served),
        "rows_differing_from_torch": sum(_differs(one, reference) for one in served),
        "accuracy_percent": round(100 * right / len(served), 2),
        "chance_percent": 0.0 if isinstance(task.answer, FreeText) else round(100 * sum(chance) / len(chance), 2),
        "teacher_agreement_percent": None if agreement is None else round(100 * agreement, 2),
        "rationale_agreement_percent": round(
            100 * sum(bool(outcome.rationale_agrees) for outcome in explained) / max(1, len(explained)), 2
        ),
        "predict_p50_ms": _p50_ms([one.predict for one in served]),
        "explain_p50_ms": _p50_ms([one.explain for one in served]),
    }


def _outcome(student: OnnxStudent, one: Served) -> Outcome:
    """How right a row's answer is; one that was not answered is wrong."""
    if one.answer is None:
        return Outcome(one.example, "", correct=False)
    rationale = str(one.explain.json()["rationale"]) if one.explain.status == 200 else None
    task = student.bundle.tasks[one.example.task]
    return Outcome.of(task, one.example, StudentReply(one.answer, rationale=rationale))


def _differs(one: Served, reference: dict[str, str]) -> bool:
    """Whether /predict, /explain and PyTorch do not all say the same, as far as they answered."""
    answers = {one.answer} if one.answer is not None else set()
    if one.explain.status == 200:
        answers.add(one.explain.json()["answer"])
    if one.example.source in reference:
        answers.add(reference[one.example.source])
    return len(answers) > 1


def _bad_rows(served: Sequence[Served], reference: dict[str, str]) -> Iterator[Row]:
    """Rows that were not answered or differ, by where they come from: their text is not ours to publish."""
    for one in served:
        if one.unanswered or _differs(one, reference):
            yield {
                "source": one.example.source,
                "predict_status": one.predict.status,
                "explain_status": one.explain.status,
                "differs": _differs(one, reference),
            }


def _p50_ms(replies: Sequence[Reply]) -> float | None:
    times = [reply.seconds * 1e3 for reply in replies if reply.status == 200]
    return round(percentile(times, 50), 2) if times else None


def _draw(path: Path, rows: Sequence[Row]) -> None:
    columns = {
        "student": "accuracy_percent",
        "chance": "chance_percent",
        "teacher agrees with gold": "teacher_agreement_percent",
        "rationale ends in the answer": "rationale_agreement_percent",
    }
    series = {
        name: [float("nan") if row[column] is None else float(cast("float", row[column])) for row in rows]
        for name, column in columns.items()
    }
    draw_bars(path, [str(row["task"]) for row in rows], series, "% of test rows")


if __name__ == "__main__":
    run(main)
