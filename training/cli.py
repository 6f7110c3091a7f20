"""`quickstep train` and `quickstep demo-data`."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import sys
import time
from pathlib import Path

from student.arguments import positive
from student.errors import CheckpointError
from training.config import ConfigError, TrainConfig, load_config
from training.launch import read_launch
from training.presets import PRESETS

_SECONDS_TO_SPEAK = 30
"""More than a process needs to come to the error that another has found; mostly it is ended long before."""


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def train(argv: list[str]) -> int:
    """Train a student by a recipe."""
    parser = argparse.ArgumentParser(
        prog="quickstep train",
        description="Train a student on labels and rationales: L = L_label + lambda * L_rationale.",
        epilog=f"Sizes to train from scratch (preset): {', '.join(PRESETS)}. Keys of a recipe: docs/training.md.",
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
    launch = read_launch()
    if launch.index:
        logging.disable(logging.WARNING)
    # Of the processes that torchrun starts on a machine, one says what all of them find.
    speaks = not launch.index_here
    output = arguments.output or Path("runs") / arguments.recipe.stem
    try:
        config = load_config(arguments.recipe, arguments.overrides)
        student = _run(config, output, resume=arguments.resume, progress=not arguments.quiet)
    except ConfigError:
        if speaks:
            raise
        return _leave_the_word()
    except KeyboardInterrupt:
        if any(output.glob("checkpoint-*")):
            if speaks:
                sys.stderr.write(f"quickstep train: interrupted; go on with the same command and --resume ({output})\n")
            return 130
        raise
    if student is None:
        return _leave_the_word()
    if not launch.index:
        metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
        for name, value in metrics.items():
            sys.stdout.write(f"{name:32} {value:.4f}\n")
        sys.stdout.write(f"student: {student}\n")
    return 0


def _leave_the_word() -> int:
    """Fail, but not before the process that says why: `torchrun` ends all others as soon as one has failed."""
    time.sleep(_SECONDS_TO_SPEAK)
    return 1


def _run(config: TrainConfig, output: Path, *, resume: bool, progress: bool) -> Path | None:
    """The student's directory; None where the main process says what is wrong."""
    # torch takes seconds to import: not for --help or a wrong recipe
    from training.processes import ToldByMain, leave_processes
    from training.run import train as run
    from training.run_directory import RECIPE

    try:
        student = run(config, output, resume=resume, progress=progress)
    except ToldByMain:
        return None
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        again = "with --resume" if (output / RECIPE).is_file() else "again"
        raise CheckpointError(
            f"{error.filename or output}: {error.strerror}; make room, and start the same command {again}"
        ) from error
    leave_processes()
    return student


def demo_data(argv: list[str]) -> int:
    """Write rows of the demo generator."""
    parser = argparse.ArgumentParser(
        prog="quickstep demo-data",
        description="Write rows of the demo student's generator as JSON lines, or print its shortcut baselines.",
    )
    parser.add_argument("task", choices=("demo-nli", "demo-choices", "demo-math"), help="which of the three tasks")
    parser.add_argument("--split", choices=("train", "validation", "test"), default="test", help="default: %(default)s")
    parser.add_argument("--rows", type=positive, default=20, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--baselines", action="store_true", help="print what guessing from a part of the input gives")
    arguments = parser.parse_args(argv)

    from training.data.demo.baselines import shortcut_accuracy
    from training.data.sources import generate_rows

    if arguments.baselines:
        accuracy = shortcut_accuracy(arguments.task)
        sys.stdout.write(f"{arguments.task}: {accuracy.view} only: {accuracy.share:.1%} of {accuracy.rows} test rows\n")
        return 0
    for row in generate_rows(arguments.task, arguments.split, arguments.rows, arguments.seed):
        content = {
            "inputs": dict(row.inputs),
            "choices": list(row.choices),
            "label": row.label,
            "rationale": row.rationale,
        }
        sys.stdout.write(json.dumps(content | {"tags": dict(row.tags)}) + "\n")
    return 0
