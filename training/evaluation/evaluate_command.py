"""`quickstep evaluate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.data.example import Example
from training.evaluation import arguments as flags
from training.evaluation.figures import all_figures
from training.evaluation.measured import Measured, open_measured
from training.evaluation.outcome import Outcome
from training.evaluation.outputs import Draw, write_figures
from training.evaluation.predictions import write_predictions
from training.evaluation.rows import load_rows, require_comparable
from training.evaluation.slicing import add_slices
from training.evaluation.text import as_text

RECORD = "_evaluation"
"""Stands among the groups of the JSON: what made them. No task can have this name."""


def evaluate(argv: list[str]) -> int:
    """Measure a checkpoint or a bundle."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    flags.check_rows(parser, arguments)
    draw: Draw | None = None
    if arguments.plots is not None:
        # Before the work: a package that is missing shall be told now.
        from training.evaluation.plots import draw_evaluation as draw

    measured = open_measured(arguments.student, arguments.precision)
    if arguments.rationales and not measured.writes_rationales:
        parser.error(
            f"--rationales: {measured.name} was taught none (method {measured.method.name}, rationale_weight "
            f"{measured.config.get('rationale_weight', 0):g}); leave the flag out"
        )
    examples = load_rows(measured, flags.selection(arguments))
    examples = add_slices(examples, measured.tasks, arguments.slice_by, arguments.slice_words)
    flags.require_tags(arguments, examples)
    other = None
    if arguments.against is not None:
        other = open_measured(arguments.against, arguments.against_precision)
        require_comparable(measured, other, examples, cut=flags.is_cut(arguments))
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
    if arguments.predictions is not None:
        write_predictions(arguments.predictions, outcomes)
    write_figures(figures, {RECORD: record}, file=arguments.json, plots=arguments.plots, draw=draw)
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
    flags.add_other(
        parser,
        "a second checkpoint or bundle, asked the same rows: the difference in accuracy with its interval, and an "
        "exact McNemar test",
    )
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="write every row's answer as a JSON line")
    flags.add_outputs(parser)
    return parser


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
