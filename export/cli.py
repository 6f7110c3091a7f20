"""`quickstep export`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from student.arguments import positive


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
        "--max-rows",
        type=positive,
        default=300,
        help="rows for the parity gate, evenly over tasks (default: %(default)s)",
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
    rows = read_rows(checkpoint.path)
    share = max(1, arguments.max_rows // len(checkpoint.tasks))
    chosen = [row for task in checkpoint.tasks for row in [row for row in rows if row.task == task][:share]]
    bundle = compile_bundle(
        checkpoint,
        arguments.output or Path("bundles") / name,
        chosen,
        name=name,
        force=arguments.force,
        progress=not arguments.quiet,
    )
    result = bundle.manifest.parity["result"]
    sys.stdout.write(
        f"parity: {result['rows']} rows, probabilities within {result['max_probability_difference']:.1e}, "
        f"rationales {result['rationale']['equal']}/{result['rationale']['rows']} token for token\n"
        f"bundle: {bundle.path} ({bundle.label})\n"
    )
    return 0
