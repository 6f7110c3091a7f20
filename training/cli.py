"""`quickstep train`, `quickstep evaluate` and `quickstep demo-data`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from training.config import load_config
from training.model import PRESETS


def train(argv: list[str]) -> int:
    """Train a student by a recipe."""
    parser = argparse.ArgumentParser(
        prog="quickstep train",
        description="Train a student on labels and rationales: L = L_label + lambda * L_rationale.",
        epilog=f"Sizes to train from scratch (preset): {', '.join(PRESETS)}. Keys of a recipe: see docs/training.md.",
    )
    parser.add_argument("recipe", type=Path, help="YAML file: model, data and hyperparameters; see recipes/")
    parser.add_argument("--output", type=Path, help="run directory (default: runs/<name of the recipe>)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in the run directory")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="replace a key of the recipe"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("training").setLevel(logging.INFO)
    config = load_config(arguments.recipe, arguments.overrides)
    output = arguments.output or Path("runs") / arguments.recipe.stem

    from training.run import train as run  # torch takes seconds to import: not for --help or a wrong recipe

    student = run(config, output, resume=arguments.resume, progress=not arguments.quiet)
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    for name, value in metrics.items():
        sys.stdout.write(f"{name:32} {value:.4f}\n")
    sys.stdout.write(f"student: {student}\n")
    return 0
