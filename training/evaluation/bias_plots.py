"""The bias report as PNG, drawn from the same values that JSON holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.bias import by_repetition

_COLORS = {"gold": "0.6", "teacher": "#d95f02", "student": "#1f77b4"}
_MOST_SLICES = 20
_MOST_ANSWERS = 20


def draw_bias(folder: Path, figures: Mapping[str, Mapping[str, Any]]) -> list[Path]:
    """Draw `bias_<task>.png` for each task: answers, errors, and accuracy by slice.

    Args:
        folder: where they go; made if it is not there.
        figures: as `training.evaluation.bias.bias_figures` gives them.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in figures:
        if "/" not in name:
            files.append(folder / f"bias_{name}.png")
            bias_figure(name, figures).savefig(files[-1], dpi=120)
    return files


def bias_figure(name: str, figures: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Shares of answers, what the student does where the teacher errs, and both accuracies by slice.

    Args:
        name: of the task.
        figures: of all groups.
    """
    group = figures[name]
    slices = [part for part in figures if part.startswith(f"{name}/")]
    parts = slices if len(slices) <= _MOST_SLICES else by_repetition(figures, name)[:_MOST_SLICES]
    shown = [name, *parts]
    shift = group.get("label_shift")
    panels = 3 if shift else 2
    figure = Figure(figsize=(1 + 4.6 * panels, max(4.0, 1.6 + 0.34 * len(shown))), layout="constrained")
    axes = list(figure.subplots(1, panels))
    if shift:
        _draw_shift(axes[0], shift)
    _draw_errors(axes[-2], group["errors"], group["rows"])
    title = "accuracy by slice (rows)" if len(parts) == len(slices) else "accuracy where errors are repeated (rows)"
    _draw_slices(axes[-1], {part: figures[part] for part in shown}, title)
    figure.suptitle(f"{name}: student, teacher and gold over {group['rows']} rows", fontsize=11)
    return figure


def _draw_shift(axes: Axes, shift: Mapping[str, Any]) -> None:
    answers = shift["answers"][:_MOST_ANSWERS]
    for number, who in enumerate(("gold", "teacher", "student")):
        shares = [100 * count / sum(shift[who]) for count in shift[who][:_MOST_ANSWERS]]
        places = [place + (number - 1) * 0.27 for place in range(len(answers))]
        bars = axes.bar(places, shares, 0.27, color=_COLORS[who], label=who)
        if len(answers) <= 6:
            axes.bar_label(bars, fmt="%.0f", fontsize=7)
    axes.set_xticks(range(len(answers)), answers, rotation=30, ha="right", rotation_mode="anchor")
    axes.set(ylabel="% of answers")
    more = len(shift["answers"]) - len(answers)
    first = f"first {len(answers)} answers" if more else "answers"
    axes.set_title(f"{first}: student {shift['student_from_gold']:.3f} from gold (total variation)", fontsize=9)
    axes.margins(y=0.2)
    axes.legend(fontsize=8, ncols=3, loc="upper center")


def _draw_errors(axes: Axes, errors: Mapping[str, Any], rows: int) -> None:
    wrong, right = errors["teacher_wrong"], rows - errors["teacher_wrong"]
    names = [f"teacher wrong\n({wrong} rows)", f"teacher right\n({right} rows)"]
    layers = (
        ("repeats the error", (errors["repeated"], 0), "#b2182b"),
        ("wrong otherwise", (errors["otherwise_wrong"], errors["own_errors"]), "#f4a582"),
        ("right", (errors["student_right"], right - errors["own_errors"]), "#92c5de"),
    )
    base = [0.0, 0.0]
    for label, counts, color in layers:
        shares = [100 * count / max(1, whole) for count, whole in zip(counts, (wrong, right), strict=True)]
        bars = axes.bar(names, shares, 0.6, bottom=base, color=color, label=f"student {label}")
        axes.bar_label(bars, labels=[str(count) if count else "" for count in counts], label_type="center", fontsize=8)
        base = [low + share for low, share in zip(base, shares, strict=True)]
    chance = 100 * (errors["both_wrong"] + errors["own_errors"]) / rows
    axes.axhline(chance, color="black", linestyle="--", linewidth=1, label="student wrong, over all rows")
    kappa = "" if errors["kappa"] is None else f"kappa {errors['kappa']:.3f}"
    axes.set_title(f"errors: {kappa or 'one of the two never errs, or always'}", fontsize=9)
    axes.set(ylabel="% of rows", ylim=(0, 138))
    axes.set_yticks(range(0, 101, 20))
    axes.legend(fontsize=8, loc="upper center", ncols=2)


def _draw_slices(axes: Axes, figures: Mapping[str, Mapping[str, Any]], title: str) -> None:
    for shift, who in ((-0.15, "teacher"), (0.15, "student")):
        shares = [100 * group[f"{who}_accuracy"] for group in figures.values()]
        bounds = [[100 * bound for bound in group[f"{who}_accuracy_interval"]] for group in figures.values()]
        below = [share - low for share, (low, _) in zip(shares, bounds, strict=True)]
        above = [high - share for share, (_, high) in zip(shares, bounds, strict=True)]
        places = [number + shift for number in range(len(shares))]
        axes.errorbar(shares, places, xerr=(below, above), fmt="o", color=_COLORS[who], markersize=4, label=who)
    names = [f"{name.partition('/')[2] or 'all'} ({group['rows']})" for name, group in figures.items()]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -1.5)
    axes.set(xlabel="accuracy, %, with 95 % interval", xlim=(-2, 102))
    axes.set_title(title, fontsize=9)
    axes.grid(axis="x", color="0.9")
    axes.legend(fontsize=8, loc="upper center", ncols=2)
