"""`quickstep experiment`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from training.experiment.plan import Plan, load_plan


def experiment(argv: list[str]) -> int:
    """Train and compare many runs of one recipe."""
    parser = argparse.ArgumentParser(
        prog="quickstep experiment",
        description="Train a recipe under every combination of methods, students, teachers, parts of the data, weights "
        "and seeds, and compare: tables and plots with intervals over seeds.",
        epilog="Runs that are done are not done again: after an interruption, the same command goes on.",
    )
    parser.add_argument("experiment", type=Path, help="YAML file; see docs/experiments.md")
    parser.add_argument("--output", type=Path, help="directory (default: runs/<name of the file>)")
    parser.add_argument("--test", action="store_true", help="also answer the test splits: once, when all is decided")
    parser.add_argument("--list", action="store_true", help="list the runs and train none")
    parser.add_argument("--keep-checkpoints", action="store_true", help="leave the trainer's checkpoints in the runs")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("training.experiment").setLevel(logging.INFO)
    plan = load_plan(arguments.experiment)
    if arguments.list:
        for run in plan.runs:
            sys.stdout.write(f"{run.name}\n")
        return 0
    output = arguments.output or Path("runs") / arguments.experiment.stem
    try:
        return _run(plan, output, arguments)
    except KeyboardInterrupt:
        sys.stderr.write(f"quickstep experiment: interrupted; the same command goes on with it ({output})\n")
        return 130


def _run(plan: Plan, output: Path, arguments: argparse.Namespace) -> int:
    from training.experiment.report import write_report  # torch and matplotlib take seconds to import
    from training.experiment.run import run_all

    results = run_all(
        plan,
        output,
        test=arguments.test,
        keep_checkpoints=arguments.keep_checkpoints,
        progress=not arguments.quiet,
    )
    sys.stdout.write(write_report(plan, results, output, test=arguments.test))
    sys.stdout.write(f"\nresults: {output}\n")
    return 0 if any(result.reason is None for result in results) else 1
