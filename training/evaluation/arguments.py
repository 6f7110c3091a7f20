"""Flags that `quickstep evaluate` and `quickstep bias` share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, get_args

from student.arguments import positive
from student.errors import DataError
from student.manifest import Precision
from training.data.example import Example
from training.data.source_spec import FORMS, takes_task
from training.evaluation.measured import Measured, is_bundle
from training.evaluation.rows import Selection
from training.evaluation.slicing import WordList, parse_word_list
from training.output_files import check_outputs, locations


def add_student(parser: argparse.ArgumentParser) -> None:
    """The student, and its precision."""
    parser.add_argument("student", type=Path, help="run directory, student directory, or bundle")
    parser.add_argument(
        "--precision",
        choices=get_args(Precision),
        help="of a bundle's label path (default: int8 where the bundle has it)",
    )


def add_rows(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Which rows."""
    default = "" if required else " (default: the validation rows of the run; a bundle keeps none)"
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        required=required,
        metavar="SOURCE",
        help=f"{', '.join(FORMS)}; may be repeated{default}",
    )
    parser.add_argument(
        "--task",
        help="task of jsonl, csv and hub sources: a built-in name or a YAML file (default: the student's only task)",
    )
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        help="part of the --data (default: test); of a jsonl or csv file test is the whole of it, rows trained on "
        "included; train and validation are those of the run, by its recorded recipe",
    )
    parser.add_argument("--rows", type=positive, default=1000, help="rows of each source at most (default: 1000)")


def add_slices(parser: argparse.ArgumentParser) -> None:
    """Which slices."""
    parser.add_argument("--slices", nargs="*", default=[], metavar="TAG", help="tags to report by, e.g. seen_template")
    parser.add_argument(
        "--slice-by",
        nargs="*",
        default=[],
        metavar="WHAT",
        help="report by length (quarters of the rows, by words), gold (the right label), or the value of an input "
        "field, which it names",
    )
    parser.add_argument(
        "--slice-words",
        action="append",
        default=[],
        type=_word_list,
        metavar="NAME=WORD,...",
        help="report rows in which one of the words occurs (NAME=yes) apart from the others (NAME=no); may be repeated",
    )


def add_other(parser: argparse.ArgumentParser, meaning: str) -> None:
    """A second student."""
    parser.add_argument("--against", type=Path, metavar="OTHER", help=meaning)
    parser.add_argument("--against-precision", choices=get_args(Precision), help="of the other bundle's label path")


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Where figures go."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument(
        "--plots", type=Path, metavar="DIR", help="draw them as PNG into this directory, with figures.json beside"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def check_rows(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End with status 2 where a flag would have no effect, or an output has no place."""
    if not arguments.data and (arguments.split or arguments.task):
        parser.error("--split and --task choose among --data; give --data, or leave them out for the validation rows")
    if arguments.task and not any(map(takes_task, arguments.data)):
        parser.error("--task is for jsonl, csv and hub sources; the others have a task of their own")
    if not arguments.data and is_bundle(arguments.student):
        parser.error("a bundle keeps no validation rows; say with --data what to measure it on")
    if arguments.against_precision and arguments.against is None:
        parser.error("--against-precision is of the student given with --against")
    outputs = {f"--{flag}": getattr(arguments, flag, None) for flag in ("json", "predictions")}
    read = [*locations(arguments.data), getattr(arguments, "teacher", None), arguments.student, arguments.against]
    check_outputs(parser, outputs, [path for path in read if path is not None])
    if arguments.plots is not None and arguments.plots.exists() and not arguments.plots.is_dir():
        parser.error(f"--plots {arguments.plots}: is no directory")


def selection(arguments: argparse.Namespace) -> Selection:
    """The rows that are asked for."""
    return Selection(tuple(arguments.data), arguments.task, arguments.split or "test", arguments.rows)


def is_cut(arguments: argparse.Namespace) -> bool:
    """Whether the rows are a part of those that the student's run cut into training and validation rows."""
    return not arguments.data or (arguments.split or "test") != "test"


def require_tags(arguments: argparse.Namespace, examples: Sequence[Example]) -> None:
    """Refuse --slices that no row has.

    Raises:
        DataError: naming all of them, and the tags that there are.
    """
    known = sorted({tag for row in examples for tag in row.tags})
    unknown = [tag for tag in dict.fromkeys(arguments.slices) if tag not in known]
    if unknown:
        raise DataError(
            f"--slices {' '.join(unknown)}: no row has {'such a tag' if len(unknown) == 1 else 'such tags'}; "
            f"{'there are ' + ', '.join(known) if known else 'these rows have none: leave --slices out'}. Rows are "
            "divided by length, gold or a field with --slice-by, by words with --slice-words"
        )


def slice_names(arguments: argparse.Namespace) -> list[str]:
    """All tags to report by, each once."""
    words: Sequence[WordList] = arguments.slice_words
    return list(dict.fromkeys([*arguments.slices, *arguments.slice_by, *(one.name for one in words)]))


def record(measured: Measured, arguments: argparse.Namespace) -> dict[str, Any]:
    """What made the figures."""
    return {
        "quickstep": metadata.version("quickstep"),
        "student": dict(measured.made_by),
        "data": arguments.data or "the validation rows of the run",
        "split": (arguments.split or "test") if arguments.data else "validation",
        "rows_at_most": arguments.rows,
    }


def _word_list(text: str) -> WordList:
    try:
        return parse_word_list(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
