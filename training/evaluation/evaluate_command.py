"""`quickstep evaluate`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from student.errors import DataError
from student.manifest import Precision
from training.data.example import Example
from training.evaluation import arguments as flags
from training.evaluation.figures import all_figures
from training.evaluation.measured import Measured, open_measured
from training.evaluation.outcome import Outcome
from training.evaluation.predictions import write_predictions
from training.evaluation.rows import load_rows, require_known
from training.evaluation.slicing import add_slices
from training.evaluation.text import as_text

RECORD = "_evaluation"
"""Stands among the groups of the JSON: what made them. No task can have this name."""


def evaluate(argv: list[str]) -> int:
    """Measure a checkpoint or a bundle."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    flags.check_rows(parser, arguments)
    if arguments.against_precision and arguments.against is None:
        parser.error("--against-precision is of the student given with --against")
    if arguments.plots is not None:
        # Before the work: a package that is missing shall be told now.
        from training.evaluation.plots import draw_evaluation

    measured = open_measured(arguments.student, arguments.precision)
    examples = load_rows(measured, flags.selection(arguments))
    examples = add_slices(examples, measured.tasks, arguments.slice_by, arguments.slice_words)
    other = None
    if arguments.against is not None:
        other = open_measured(arguments.against, arguments.against_precision)
        _require_comparable(measured, other, examples, cut=arguments.split != "test" or not arguments.data)
    _tell_long(measured, examples)
    progress = not arguments.quiet
    outcomes = measured.answer(examples, rationales=arguments.rationales, progress=progress)
    _tell_refused(measured, outcomes)
    others = None
    if other is not None:
        others = other.answer(examples, rationales=False, progress=progress)
        _tell_refused(other, others)

    figures = all_figures(measured, outcomes, flags.slice_names(arguments), others)
    sys.stdout.write(as_text(figures, other.name if other else None))
    record = flags.record(measured, arguments) | ({"against": dict(other.made_by)} if other else {})
    content = json.dumps({RECORD: record, **figures}, indent=2, ensure_ascii=False) + "\n"
    if arguments.predictions is not None:
        write_predictions(arguments.predictions, outcomes)
    if arguments.json is not None:
        arguments.json.write_text(content, encoding="utf-8")
    if arguments.plots is not None:
        draw_evaluation(arguments.plots, figures)
        (arguments.plots / "figures.json").write_text(content, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quickstep evaluate",
        description="How often a trained student is right, by task, label and slice; whether its probabilities are "
        "what they say; what its rationales are like. Shares come with 95 % Wilson intervals.",
        epilog="A checkpoint is answered by PyTorch, a bundle by the runtime that serves it: that needs neither torch "
        "nor transformers (pip install 'quickstep[evaluate]'). What the figures mean: docs/evaluation.md.",
    )
    flags.add_student(parser)
    flags.add_rows(parser, required=False)
    parser.add_argument("--rationales", action="store_true", help="write the rationales too and judge them")
    flags.add_slices(parser)
    parser.add_argument(
        "--against",
        type=Path,
        metavar="OTHER",
        help="a second checkpoint or bundle, asked the same rows: the difference in accuracy with its interval, and an "
        "exact McNemar test",
    )
    parser.add_argument("--against-precision", choices=get_args(Precision), help="of the other bundle's label path")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="write every row's answer as a JSON line")
    flags.add_outputs(parser)
    return parser


def _require_comparable(measured: Measured, other: Measured, examples: Sequence[Example], *, cut: bool) -> None:
    """Refuse a second student that is asked something else; say where it may know the rows.

    Raises:
        DataError: it lacks a task, or answers one otherwise.
    """
    require_known(other.tasks, examples)
    for name in dict.fromkeys(row.task for row in examples):
        if measured.tasks[name].answer != other.tasks[name].answer:
            raise DataError(
                f"--against {other.name}: answers task {name} with another answer space than {measured.name}; "
                "compare students of the same task"
            )
    if cut and measured.cuts != other.cuts:
        sys.stderr.write(
            f"{other.name}: cut its validation rows otherwise (share {other.cuts[0]:g}, seed {other.cuts[1]}) than "
            f"{measured.name} (share {measured.cuts[0]:g}, seed {measured.cuts[1]}): it may have been trained on some "
            "of these rows. Compare on --split test\n"
        )


def _tell_long(measured: Measured, examples: Sequence[Example]) -> None:
    """Say how many rows a server would refuse: a checkpoint answers them here, whatever their length."""
    if measured.source_tokens is None:
        return
    for name, task in measured.tasks.items():
        lengths = measured.source_tokens([row for row in examples if row.task == name])
        limit = task.limits.source_tokens
        if refused := sum(length > limit for length in lengths):
            sys.stderr.write(
                f"{name}: {refused} of {len(lengths)} rows are longer than limits.source_tokens ({limit}; the longest "
                f"has {max(lengths)}). They are counted here; a server would refuse them\n"
            )


def _tell_refused(measured: Measured, outcomes: Sequence[Outcome]) -> None:
    """Say how many rows a bundle refuses, with the first reason."""
    refused = [row for row in outcomes if row.refusal is not None]
    if refused:
        first = refused[0]
        sys.stderr.write(
            f"{measured.name}: {len(refused)} of {len(outcomes)} rows are refused and counted as wrong, the first of "
            f"them {first.example.source}: {first.refusal}\n"
        )
