"""`quickstep train`, `quickstep evaluate` and `quickstep demo-data`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from student.arguments import positive
from student.errors import DataError
from student.task import Task, find_task
from training.config import load_config
from training.data.sources import takes_task
from training.presets import PRESETS

if TYPE_CHECKING:
    from training.checkpoint import Checkpoint
    from training.data.example import Example


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
    config = load_config(arguments.recipe, arguments.overrides)
    output = arguments.output or Path("runs") / arguments.recipe.stem

    from training.run import train as run  # torch takes seconds to import: not for --help or a wrong recipe

    try:
        student = run(config, output, resume=arguments.resume, progress=not arguments.quiet)
    except KeyboardInterrupt:
        if any(output.glob("checkpoint-*")):
            sys.stderr.write(f"quickstep train: interrupted; go on with the same command and --resume ({output})\n")
            return 130
        raise
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    for name, value in metrics.items():
        sys.stdout.write(f"{name:32} {value:.4f}\n")
    sys.stdout.write(f"student: {student}\n")
    return 0


def evaluate(argv: list[str]) -> int:
    """Measure a checkpoint on a data source."""
    parser = argparse.ArgumentParser(
        prog="quickstep evaluate",
        description="Accuracy of a trained student by task and slice, and whether its rationales end in its answer.",
    )
    parser.add_argument("checkpoint", type=Path, help="run directory or student directory")
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="SOURCE",
        help="cqa:<folder>, svamp:<folder>, jsonl:<file>, demo-nli, ... (docs/data.md has all); may be repeated "
        "(default: the validation rows of the run)",
    )
    parser.add_argument(
        "--task",
        help="task of the jsonl, csv and hub sources: a built-in name or a YAML file (default: the only one)",
    )
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        help="part of the --data (default: test); of a jsonl or csv file test is the whole of it, rows trained on "
        "included, and train and validation are cut as they were for the run",
    )
    parser.add_argument("--rows", type=positive, default=1000, help="rows of each source at most (default: 1000)")
    parser.add_argument("--rationales", action="store_true", help="write the rationales too and check their conclusion")
    parser.add_argument("--slices", nargs="*", default=[], metavar="TAG", help="tags to report by, e.g. seen_template")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args(argv)
    if not arguments.data and (arguments.split or arguments.task):
        parser.error("--split and --task choose among --data; give --data, or leave them out for the validation rows")
    if arguments.task and not any(map(takes_task, arguments.data)):
        parser.error("--task is for jsonl, csv and hub sources; the others have a task of their own")
    if arguments.json is not None and not arguments.json.parent.is_dir():
        parser.error(f"--json {arguments.json}: there is no directory {arguments.json.parent}")

    from training.checkpoint import load_checkpoint
    from training.data.sources import DemoRows, open_source
    from training.evaluate import answer_all, summarise
    from training.scoring import TorchStudent
    from training.validation_rows import read_rows

    checkpoint = load_checkpoint(arguments.checkpoint)
    config = checkpoint.record.get("config", {})
    examples = []
    for spec in arguments.data:
        source = open_source(
            spec,
            task=_task_of(spec, arguments.task, checkpoint.tasks),
            demo_rows=DemoRows(arguments.rows, arguments.rows, arguments.rows),
            # The cuts of the run itself: any other would put rows it was trained on among the validation rows.
            validation_share=config.get("validation_share", 0.1),
            seed=config.get("data_seed", 0),
        )
        loaded = source.load(arguments.split or "test")
        if loaded.report.dropped:
            sys.stderr.write(f"{loaded.report.as_text()}\n")
        examples += loaded.examples[: arguments.rows]
    if not arguments.data:
        examples = read_rows(checkpoint.path)[: arguments.rows]
    unknown = sorted({row.task for row in examples} - set(checkpoint.tasks))
    if unknown:
        raise DataError(
            f"this student does not know task {', '.join(unknown)}; it answers {', '.join(checkpoint.tasks)}"
        )
    _tell_refused(checkpoint, examples)
    outcomes = answer_all(
        TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks),
        examples,
        rationales=arguments.rationales,
        progress=not arguments.quiet,
    )
    summary = summarise(outcomes, arguments.slices)
    for name, figures in summary.items():
        agreement = figures.get("rationale_agreement")
        conclusion = "" if agreement is None else f"   rationale agrees {agreement:7.2%}"
        sys.stdout.write(f"{name:44} {figures['rows']:6} rows   accuracy {figures['accuracy']:7.2%}{conclusion}\n")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return 0


def _tell_refused(checkpoint: Checkpoint, examples: Sequence[Example]) -> None:
    """Say how many rows a server would refuse: they are answered here, whatever their length."""
    for name, task in checkpoint.tasks.items():
        sources = [task.label_source(row.inputs, row.choices) for row in examples if row.task == name]
        lengths = [len(ids) for ids in checkpoint.tokenizer(sources).input_ids] if sources else []
        limit = task.limits.source_tokens
        if refused := sum(length > limit for length in lengths):
            sys.stderr.write(
                f"{name}: {refused} of {len(lengths)} rows are longer than limits.source_tokens ({limit}; the longest "
                f"has {max(lengths)}). They are counted here; a server would refuse them\n"
            )


def _task_of(spec: str, given: str | None, known: Mapping[str, Task]) -> Task | None:
    """The task of own rows: the one that was given, or the student's only one. Other sources have theirs."""
    if not takes_task(spec):
        return None
    if given is not None:
        return known.get(given) or find_task(given)
    if len(known) > 1:
        raise DataError(f"{spec}: say which task its rows are of: --task {' or '.join(known)}, or a YAML file")
    return next(iter(known.values()))


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
