"""`quickstep bias`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from student.errors import DataError
from training.evaluation import arguments as flags
from training.evaluation.bias import bias_figures
from training.evaluation.bias_text import as_text
from training.evaluation.measured import open_measured
from training.evaluation.slicing import GOLD, add_slices
from training.evaluation.teacher import load_taught

RECORD = "_bias"
"""Stands among the groups of the JSON: what made them. No task can have this name."""

REFUSED = "refused by the student: over a limit"


def bias(argv: list[str]) -> int:
    """Compare a student with its teacher and with gold."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    flags.check_rows(parser, arguments)
    if arguments.plots is not None:
        # Before the work: a package that is missing shall be told now.
        from training.evaluation.bias_plots import draw_bias

    measured = open_measured(arguments.student, arguments.precision)
    taught = load_taught(measured, flags.selection(arguments), arguments.teacher)
    left_out = dict(taught.left_out)
    if not taught.examples:
        told = ", ".join(f"{rows} x {reason}" for reason, rows in left_out.items())
        raise DataError(
            f"no row has both a right answer and one of the teacher ({told}); name other --data or --teacher"
        )
    slices = list(dict.fromkeys([GOLD, *flags.slice_names(arguments)]))
    by = list(dict.fromkeys([GOLD, *arguments.slice_by]))
    examples = add_slices(taught.examples, measured.tasks, by, arguments.slice_words)
    outcomes = measured.answer(examples, rationales=False, progress=not arguments.quiet)
    answered = [row for row in outcomes if row.refusal is None]
    if len(answered) < len(outcomes):
        left_out[REFUSED] = len(outcomes) - len(answered)
    if not answered:
        raise DataError(f"{measured.name}: refuses all {len(outcomes)} rows, the first of them: {outcomes[0].refusal}")

    figures = bias_figures(measured.tasks, answered, slices)
    sys.stdout.write(as_text(figures, left_out))
    teacher = "as it comes with the data" if arguments.teacher is None else str(arguments.teacher)
    record = flags.record(measured, arguments) | {"teacher": teacher, "left_out_rows": left_out}
    content = json.dumps({RECORD: record, **figures}, indent=2, ensure_ascii=False) + "\n"
    if arguments.json is not None:
        arguments.json.write_text(content, encoding="utf-8")
    if arguments.plots is not None:
        draw_bias(arguments.plots, figures)
        (arguments.plots / "figures.json").write_text(content, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quickstep bias",
        description="What a student took over from its teacher: accuracy of both, shift of their answers from the "
        "right ones, and whether the student errs where its teacher does, by label and by slice.",
        epilog="Rows need a right answer and the teacher's; the others are counted. Hard rows are got wrong by "
        "everyone: hold the figures against those of a student trained on gold labels. See docs/evaluation.md.",
    )
    flags.add_student(parser)
    flags.add_rows(parser, required=True)
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="FILE",
        help="the teacher's answers as JSON lines with task, source and answer, as quickstep evaluate --predictions "
        "writes them (default: those that come with the data)",
    )
    flags.add_slices(parser)
    flags.add_outputs(parser)
    return parser
