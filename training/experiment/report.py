"""What an experiment leaves for people and programs.

results.json   every run, every cell, the teachers, and what made them
results.md     tables, means with 95 % intervals over seeds
results.csv    every cell
accuracy_over_data.png, accuracy_over_size.png, beats_teacher.png
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from training.experiment.plan import Plan
from training.experiment.plots import plot_least, plot_over_data, plot_over_size
from training.experiment.results import CellResult, least_that_beats, summarise_cells
from training.experiment.run import RunResult, experiment_rows
from training.experiment.sources import teacher_results
from training.experiment.tables import as_csv, markdown
from training.run_directory import write_json


def write_report(plan: Plan, results: Sequence[RunResult], output: Path, *, test: bool) -> str:
    """Write results, tables and plots into the experiment's directory.

    Args:
        plan: the experiment.
        results: of its runs.
        output: where to.
        test: plots show the test splits; otherwise validation.

    Returns:
        The tables in Markdown.
    """
    cells = summarise_cells(results)
    teachers = teacher_results(plan, test=test)
    beaten = least_that_beats(cells, teachers)
    versions = {name: metadata.version(name) for name in ("quickstep", "torch", "transformers", "tokenizers")}
    write_json(
        output / "results.json",
        {
            "experiment": plan.config.model_dump(mode="json"),
            "versions": versions,
            "runs": experiment_rows(results),
            "cells": [_flat(cell) for cell in cells],
            "teachers": [asdict(teacher) for teacher in teachers],
            "least_that_beats_the_teacher": [asdict(one) for one in beaten],
        },
    )
    tables = markdown(cells, teachers, beaten)
    (output / "results.md").write_text(tables, encoding="utf-8")
    (output / "results.csv").write_text(as_csv(cells), encoding="utf-8")
    split = "test" if test else "validation"
    plot_over_data(output / "accuracy_over_data.png", cells, teachers, split)
    plot_over_size(output / "accuracy_over_size.png", cells, teachers, split)
    plot_least(output / "beats_teacher.png", beaten, split)
    return tables


def _flat(cell: CellResult) -> dict[str, Any]:
    content = asdict(cell)
    return {**content.pop("cell"), **content}
