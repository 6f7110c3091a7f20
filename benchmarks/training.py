"""Does learning rationales help? Students from scratch, by method and amount of data, over seeds.

Real text (esnli with its human explanations, cqa, svamp and anli with PaLM's rationales) and the demo tasks with a
teacher that is wrong in a quarter of the rows. Every experiment is one that `quickstep experiment` runs: its recipe
stands in `benchmarks/training_experiments.py`. The best step of a run is chosen on validation rows; test rows are
answered once, when the run is done. Accuracy stands beside the teacher's own.

Interrupted, the same command goes on. Experiments may be run one by one (`--experiments`), and their seeds (`--seeds`):
`--keep` leaves the rows of the others in the results. Each row names the commit that it was measured with.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import yaml
from matplotlib.figure import Figure

from benchmarks.command import parser, run
from benchmarks.dataset_folders import add_datasets, require_datasets
from benchmarks.machine import ROOT, describe_machine, shown
from benchmarks.report import Row, header, table, write_results
from benchmarks.training_experiments import EXPERIMENTS, WRONG_SHARE, Experiment
from student.errors import QuickstepError
from training.experiment.plan import load_plan
from training.experiment.report import write_report
from training.experiment.results import half_width
from training.experiment.run import RunResult, run_all
from training.experiment.sources import teacher_results

RUNS = ROOT / "runs" / "training"


def main(argv: list[str]) -> int:
    """Train what is not trained, print, write after each experiment."""
    arguments = _arguments(argv)
    rows, settings = _kept(arguments) if arguments.keep else ([], {})
    for name in arguments.experiments:
        experiment = EXPERIMENTS[name]
        measured = measure(name, experiment, arguments)
        settings[name] = {"dataset": experiment.dataset, **experiment.recipe}
        head = header("training", {"wrong_share_of_the_noisy_teacher": WRONG_SHARE, "experiments": settings})
        rows += [{**row, "commit": str(describe_machine()["git_commit"])} for row in measured]
        rows.sort(key=lambda row: list(EXPERIMENTS).index(str(row["experiment"])))
        path = write_results(arguments.results, head, rows)
    sys.stdout.write(f"{table(summary(rows))}\n{path.name} and .png written\n")
    draw(path.with_suffix(".png"), rows)
    return 0


def measure(name: str, experiment: Experiment, arguments: argparse.Namespace) -> list[Row]:
    """Run an experiment and flatten its runs and its teachers.

    Raises:
        QuickstepError: none of its runs gave a student.
    """
    file = _write(name, experiment, arguments)
    plan, output = load_plan(file), arguments.runs / name
    results = run_all(plan, output, test=True, progress=sys.stderr.isatty())
    sys.stdout.write(f"# {name}\n\n{write_report(plan, results, output, test=True)}\n")
    rows: list[Row] = [row for result in results for row in _rows(name, experiment, result)]
    for teacher in teacher_results(plan, test=True):
        rows.append(
            {
                **_start(name, experiment),
                "method": "teacher",
                "teacher": teacher.teacher,
                "split": teacher.split,
                "rows": teacher.rows,
                "accuracy_percent": round(100 * teacher.accuracy, 2),
            }
        )
    return rows


def summary(rows: Sequence[Row]) -> list[Row]:
    """Means over seeds on the test rows, with half of their 95 % interval (Student's t) where there are several."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row.get("split") == "test" and row["method"] != "teacher":
            groups.setdefault(tuple(row.get(key) for key in _CELL), []).append(row)
    made: list[Row] = []
    for key, of in groups.items():
        accuracies = [float(row["accuracy_percent"] or 0) for row in of]
        width = half_width(accuracies)
        made.append(
            {
                **dict(zip(_CELL, key, strict=True)),  # type: ignore[arg-type]
                "training_rows": round(statistics.fmean(float(row["training_rows"] or 0) for row in of)),
                "seeds": len(of),
                "accuracy_percent": round(statistics.fmean(accuracies), 1),
                "half_width": None if width is None else round(width, 1),
            }
        )
    return made


_CELL = ("experiment", "dataset", "method", "teacher", "size", "rationale_weight", "fraction")


def draw(path: Path, rows: Sequence[Row]) -> None:
    """Accuracy over training rows on the test split, a panel for each experiment with several parts of the data."""
    cells = summary(rows)
    swept = [
        name
        for name in dict.fromkeys(cell["experiment"] for cell in cells)
        if len({cell["fraction"] for cell in cells if cell["experiment"] == name}) > 1
    ]
    if not swept:
        return
    across = min(3, len(swept))
    figure = Figure(figsize=(4.2 * across, 3.3 * -(-len(swept) // across)), layout="constrained")
    panels = figure.subplots(-(-len(swept) // across), across, squeeze=False).ravel()
    for axes in panels[len(swept) :]:
        axes.set_axis_off()
    for axes, name in zip(panels, swept, strict=False):
        here = [cell for cell in cells if cell["experiment"] == name]
        for method in dict.fromkeys(cell["method"] for cell in here):
            line = [cell for cell in here if cell["method"] == method]
            axes.errorbar(
                [float(cell["training_rows"] or 0) for cell in line],
                [float(cell["accuracy_percent"] or 0) for cell in line],
                yerr=[float(cell["half_width"] or 0) for cell in line],
                marker="o",
                capsize=3,
                label=str(method),
            )
        places = sorted({int(cell["training_rows"] or 0) for cell in here})
        axes.set(title=str(name), xlabel="training rows", ylabel="test accuracy, %", xscale="log")
        axes.set_xticks(places, labels=[f"{place:,}" for place in places])
        axes.minorticks_off()
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)


def _write(name: str, experiment: Experiment, arguments: argparse.Namespace) -> Path:
    """The experiment and its recipe as files; rows that are made here are written beside them."""
    folder = arguments.runs / "data"
    if experiment.folder is not None:
        folder = arguments.datasets.resolve() / experiment.folder
    axes = experiment.axes(folder)
    seeds = {"seeds": arguments.seeds} if arguments.seeds else {}
    data = experiment.data(folder) or next(iter(axes["teachers"].values()))["data"]
    arguments.runs.mkdir(parents=True, exist_ok=True)
    recipe = arguments.runs / f"{name}-recipe.yaml"
    recipe.write_text(yaml.safe_dump({**experiment.recipe, "data": data}, sort_keys=False), encoding="utf-8")
    file: Path = arguments.runs / f"{name}.yaml"
    file.write_text(yaml.safe_dump({"recipe": recipe.name, **axes, **seeds}, sort_keys=False), encoding="utf-8")
    return file


def _rows(name: str, experiment: Experiment, result: RunResult) -> list[Row]:
    cell = result.run.cell
    start: dict[str, Any] = {
        **_start(name, experiment),
        "method": cell.method,
        "teacher": cell.teacher,
        "size": cell.student,
        "rationale_weight": cell.rationale_weight,
        "fraction": cell.fraction,
        "seed": result.run.seed,
    }
    if result.reason is not None:
        # The reason may name a folder of this machine.
        return [{**start, "split": None, "accuracy_percent": None}]
    return [
        {
            **start,
            "parameters": result.parameters,
            "training_rows": result.training_rows,
            "train_seconds": result.train_seconds,
            "split": one.split,
            "rows": one.rows,
            "answered": one.answered,
            "accuracy_percent": round(100 * one.accuracy, 2),
        }
        for one in result.measured
    ]


def _start(name: str, experiment: Experiment) -> dict[str, Any]:
    return {"experiment": name, "dataset": experiment.dataset}


def _kept(arguments: argparse.Namespace) -> tuple[list[Row], dict[str, Any]]:
    """What earlier results tell of experiments and seeds that are not run now.

    Raises:
        QuickstepError: there are none.
    """
    file = arguments.results / "training.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows, settings = content["rows"], content["header"]["settings"]["experiments"]
    except (OSError, ValueError, KeyError) as error:
        raise QuickstepError(f"training: {file.name} has nothing to keep ({error})") from None
    # Teachers have no seed and are measured with every one.
    seeds = (None, *arguments.seeds) if arguments.seeds else None
    kept = [
        row
        for row in rows
        if row["experiment"] not in arguments.experiments or (seeds is not None and row.get("seed") not in seeds)
    ]
    return kept, {name: recipe for name, recipe in settings.items() if any(row["experiment"] == name for row in kept)}


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("training", __doc__ or "")
    add_datasets(made, _folders(EXPERIMENTS))
    made.add_argument(
        "--experiments",
        nargs="+",
        choices=list(EXPERIMENTS),
        default=list(EXPERIMENTS),
        metavar="NAME",
        help=f"only these: {', '.join(EXPERIMENTS)}",
    )
    made.add_argument("--keep", action="store_true", help="what was measured of the others before stays in the results")
    made.add_argument(
        "--runs", type=Path, default=RUNS, metavar="DIR", help=f"where runs are kept (default: {shown(RUNS)})"
    )
    made.add_argument("--seeds", type=int, nargs="+", metavar="N", help="default: each experiment's own")
    arguments = made.parse_args(argv)
    require_datasets(made, arguments.datasets, _folders(arguments.experiments))
    return arguments


def _folders(names: Collection[str]) -> set[str]:
    """Datasets that experiments read; svamp's are compared with one that also learns from asdiv."""
    folders = {folder for name in names if (folder := EXPERIMENTS[name].folder) is not None}
    return folders | ({"asdiv"} if "svamp-methods" in names else set())


if __name__ == "__main__":
    run(main)
