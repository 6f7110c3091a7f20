"""`quickstep export`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any, get_args

from student.arguments import positive
from student.bundle import Precision


def export(argv: list[str]) -> int:
    """Compile a checkpoint into a bundle."""
    parser = argparse.ArgumentParser(
        prog="quickstep export",
        description="Compile a trained student into a bundle. The parity gate compares it with its PyTorch original "
        "on real rows; a bundle that answers otherwise is not written.",
    )
    parser.add_argument(
        "checkpoint",
        type=Path,
        nargs="?",
        help="run directory or student directory (default: the student finished last under runs/)",
    )
    parser.add_argument("--output", type=Path, help="bundle directory (default: bundles/<name>)")
    parser.add_argument("--name", help="name of the student (default: name of the run directory)")
    parser.add_argument(
        "--precisions",
        type=_precisions,
        default=("fp32",),
        metavar="LIST",
        help="of the label path, e.g. fp32,int8,fp16,bf16; fp32 is always among them, as the reference (default: fp32)",
    )
    parser.add_argument(
        "--max-rows",
        type=positive,
        default=300,
        help="rows, evenly over tasks, whose rationales the parity gate compares (default: %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="replace a bundle that is there already")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("export").setLevel(logging.INFO)

    # torch takes seconds to import: not for --help or wrong usage
    from export.compile import compile_bundle
    from training.checkpoint import STUDENT, latest_checkpoint, load_checkpoint
    from training.validation_rows import read_rows

    checkpoint = load_checkpoint(arguments.checkpoint or latest_checkpoint(Path("runs")))
    run = checkpoint.path.parent if checkpoint.path.name == STUDENT else checkpoint.path
    name = arguments.name or run.resolve().name
    bundle = compile_bundle(
        checkpoint,
        arguments.output or Path("bundles") / name,
        read_rows(checkpoint.path),
        name=name,
        precisions=arguments.precisions,
        max_text_rows=arguments.max_rows,
        force=arguments.force,
        progress=not arguments.quiet,
    )
    for precision in bundle.manifest.label:
        sys.stdout.write(f"parity, {precision}: {_told(bundle.manifest.parity[precision])}\n")
    sys.stdout.write(f"bundle: {bundle.path} ({bundle.label})\n")
    return 0


def _told(result: dict[str, Any]) -> str:
    """What the gate found, in a line."""
    probabilities = f"probabilities within {result['max_probability_difference']:.1e}"
    if "rationale" in result:
        rationale = result["rationale"]
        return f"{result['rows']} rows, {probabilities}, rationales {rationale['equal']}/{rationale['rows']} the same"
    label, clear = result["label"], result["clear_label"]
    return (
        f"{label['rows']} rows, {label['equal']} labels the same ({clear['equal']} of the {clear['rows']} clear ones), "
        f"{probabilities}, accuracy {result['accuracy']:.1%} (float32: {result['reference_accuracy']:.1%})"
        + (f"; computed by {result['computed_by']}" if "computed_by" in result else "")
    )


def _precisions(text: str) -> tuple[Precision, ...]:
    known = get_args(Precision)
    given = [part.strip() for part in text.split(",")]
    for part in given:
        if part not in known:
            raise argparse.ArgumentTypeError(f"{part!r} is no precision; known: {', '.join(known)}")
    return tuple(precision for precision in known if precision in given or precision == "fp32")
