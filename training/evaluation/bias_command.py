"""`quickstep bias`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from student.errors import DataError
from training.evaluation import arguments as flags
from training.evaluation.bias import bias_figures
from training.evaluation.bias_text import as_text
from training.evaluation.measured import open_measured
from training.evaluation.outputs import Draw, write_figures
from training.evaluation.rows import require_comparable
from training.evaluation.slicing import GOLD, add_slices
from training.evaluation.teacher import load_taught

RECORD = "_bias"
"""Stands among the groups of the JSON: what made them. No task can have this name."""

REFUSED = "refused: over a limit"


def bias(argv: list[str]) -> int:
    """Compare a student with its teacher and with gold."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    flags.check_rows(parser, arguments)
    draw: Draw | None = None
    if arguments.plots is not None:
        # Before the work: a package that is missing shall be told now.
        from training.evaluation.bias_plots import draw_bias as draw

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
    flags.require_tags(arguments, examples)
    other = None
    if arguments.against is not None:
        other = open_measured(arguments.against, arguments.against_precision)
        require_comparable(measured, other, examples, cut=flags.is_cut(arguments))
    students = [measured, other] if other is not None else [measured]
    answers = [one.answer(examples, rationales=False, progress=not arguments.quiet) for one in students]
    answered = [place for place in range(len(examples)) if all(rows[place].refusal is None for rows in answers)]
    if len(answered) < len(examples):
        left_out[REFUSED] = len(examples) - len(answered)
    if not answered:
        raise DataError(f"no row is answered by {' and '.join(one.name for one in students)}: all are over a limit")

    outcomes, *others = ([rows[place] for place in answered] for rows in answers)
    figures = bias_figures(measured.tasks, outcomes, slices, others[0] if others else None)
    sys.stdout.write(as_text(figures, left_out, other.name if other else None))
    teacher = "as it comes with the data" if arguments.teacher is None else str(arguments.teacher)
    record = flags.record(measured, arguments) | {"teacher": teacher, "left_out_rows": left_out}
    if other is not None:
        record["against"] = dict(other.made_by)
    write_figures(figures, {RECORD: record}, file=arguments.json, plots=arguments.plots, draw=draw)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quickstep bias",
        description="What a student took over from its teacher: accuracy of both, shift of their answers from the "
        "right ones, and whether the student errs where its teacher does, by label and by slice.",
        epilog="Rows need a right answer and the teacher's; the others are counted. Hard rows are got wrong by "
        "everyone: hold the figures against those of a student trained on gold labels (--against). See "
        "docs/evaluation.md.",
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
    flags.add_other(
        parser,
        "a second student, such as one trained on gold labels, asked the same rows: errors that it shares with the "
        "teacher too were not handed down",
    )
    flags.add_outputs(parser)
    return parser
