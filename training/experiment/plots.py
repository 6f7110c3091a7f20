"""The paper's three kinds of figure: accuracy over data, over size, and the least of both that beats the teacher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.experiment.results import Beaten, CellResult
from training.experiment.sources import TeacherResult

_MARKERS = "osD^vP*X"


def plot_over_data(path: Path, cells: Sequence[CellResult], teachers: Sequence[TeacherResult], split: str) -> None:
    """Accuracy over training rows: a panel for each task and student, a line for each method, the teacher dashed."""
    _plot(
        path,
        [cell for cell in cells if cell.split == split],
        teachers,
        panel=lambda cell: f"{cell.task}, {cell.cell.student}",
        across=lambda cell: cell.training_rows,
        label="training rows",
    )


def plot_over_size(path: Path, cells: Sequence[CellResult], teachers: Sequence[TeacherResult], split: str) -> None:
    """Accuracy over parameters, with all of the data: a panel for each task."""
    most = max((cell.cell.fraction for cell in cells), default=1.0)
    _plot(
        path,
        [cell for cell in cells if cell.split == split and cell.cell.fraction == most],
        teachers,
        panel=lambda cell: cell.task,
        across=lambda cell: cell.parameters,
        label="parameters",
    )


def plot_least(path: Path, beaten: Sequence[Beaten], split: str) -> None:
    """Training rows over parameters of what beats the teacher: a panel for each task; what never does stands on top."""
    here = [one for one in beaten if one.split == split]
    tasks = list(dict.fromkeys(one.task for one in here))
    figure = Figure(figsize=(max(5.0, 4.5 * len(tasks)), 3.6), layout="constrained")
    panels = figure.subplots(1, max(1, len(tasks)), squeeze=False)[0]
    for axes, task in zip(panels, tasks, strict=False):
        rows = [one for one in here if one.task == task]
        top = 1.5 * max((one.training_rows or 1 for one in rows), default=1)
        for line, marker in zip(dict.fromkeys(map(_least_line, rows)), _MARKERS * 9, strict=False):
            of = sorted((one for one in rows if _least_line(one) == line), key=lambda one: one.parameters)
            heights = [one.training_rows if one.training_rows is not None else top for one in of]
            axes.plot([one.parameters for one in of], heights, marker=marker, label=line)
        counts = sorted({one.training_rows for one in rows if one.training_rows is not None})
        if any(one.training_rows is None for one in rows):
            axes.axhline(top, linestyle=":", color="0.6")
            axes.set_yticks([*counts, top], labels=[*(f"{count:,}" for count in counts), "never"])
        axes.set(title=task, xlabel="parameters", ylabel="rows that beat the teacher", xscale="log")
        axes.legend()
    figure.savefig(path, dpi=120)


def _least_line(one: Beaten) -> str:
    weight = f"λ {one.rationale_weight:g}" if one.rationale_weight else ""
    return ", ".join(part for part in (one.method, one.teacher, weight) if part)


def _plot(
    path: Path,
    cells: Sequence[CellResult],
    teachers: Sequence[TeacherResult],
    *,
    panel: Callable[[CellResult], str],
    across: Callable[[CellResult], int],
    label: str,
) -> None:
    there = [cell for cell in cells if cell.accuracy is not None]
    names = list(dict.fromkeys(panel(cell) for cell in there))
    figure = Figure(figsize=(max(5.0, 4.5 * len(names)), 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, max(1, len(names)), squeeze=False)[0], names, strict=False):
        here = [cell for cell in there if panel(cell) == name]
        lines: dict[str, list[CellResult]] = {}
        for cell in here:
            lines.setdefault(_line(cell, here), []).append(cell)
        for (line, of), marker in zip(lines.items(), _MARKERS * 9, strict=False):
            _draw_line(axes, sorted(of, key=across), across, line, marker)
        for teacher in teachers:
            if (teacher.task, teacher.split) == (here[0].task, here[0].split):
                label_of = f"teacher {teacher.teacher}".strip()
                axes.axhline(100 * teacher.accuracy, linestyle="--", color="0.4", label=label_of)
        axes.set(title=name, xlabel=label, ylabel=f"{here[0].split} accuracy, %", xscale="log")
        places = sorted({across(cell) for cell in here})
        axes.set_xticks(places, labels=[f"{place:,}" for place in places])
        axes.minorticks_off()
        # Two seeds may give an interval of hundreds of points: what lies outside of 0 to 100 % means nothing.
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, -2), min(high, 102))
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)


def _draw_line(
    axes: Axes, cells: Sequence[CellResult], across: Callable[[CellResult], int], label: str, marker: str
) -> None:
    # A single seed has no interval: no bar, not one of no width.
    known = all(cell.half_width is not None for cell in cells)
    axes.errorbar(
        [across(cell) for cell in cells],
        [100 * (cell.accuracy or 0) for cell in cells],
        yerr=[100 * (cell.half_width or 0) for cell in cells] if known else None,
        marker=marker,
        capsize=3,
        label=label,
    )


def _line(cell: CellResult, here: Sequence[CellResult]) -> str:
    """What tells a line from the others of its panel: the method, and teacher and weight where they differ."""
    same = [other.cell for other in here if other.cell.method == cell.cell.method]
    parts = [cell.cell.method]
    if len({other.teacher for other in same}) > 1:
        parts.append(cell.cell.teacher)
    if len({other.rationale_weight for other in same}) > 1:
        parts.append(f"λ {cell.cell.rationale_weight:g}")
    return ", ".join(parts)
