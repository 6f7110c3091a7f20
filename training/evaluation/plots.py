"""Figures as PNG, drawn from the same values that JSON holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from training.evaluation.text import percent

_MOST_NUMBERED = 20
"""Labels of a confusion matrix up to which its counts are written into it."""


def draw_evaluation(folder: Path, figures: Mapping[str, Mapping[str, Any]]) -> list[Path]:
    """Draw what each task has: `reliability_<task>.png` and `confusion_<task>.png`.

    Args:
        folder: where they go; made if it is not there.
        figures: as `training.evaluation.figures.all_figures` gives them.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, group in figures.items():
        if "/" in name:
            continue
        if "calibration" in group:
            files.append(folder / f"reliability_{name}.png")
            reliability_figure(name, group["calibration"]).savefig(files[-1], dpi=120)
        if "confusion" in group:
            files.append(folder / f"confusion_{name}.png")
            confusion_figure(name, group["confusion"]).savefig(files[-1], dpi=120)
    return files


def reliability_figure(name: str, calibration: Mapping[str, Any]) -> Figure:
    """Share of right answers over their probability, and below how many rows each bin has.

    Args:
        name: of the task.
        calibration: of the task's figures.
    """
    figure = Figure(figsize=(5, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = [one for one in calibration["bins"] if one["rows"]]
    left = [one["low"] for one in bins]
    width = [one["high"] - one["low"] for one in bins]
    upper.plot((0, 1), (0, 1), color="0.5", linewidth=1, linestyle="--", label="as sure as right")
    shares = [one["accuracy"] for one in bins]
    upper.bar(left, shares, width, align="edge", color="#9ecae1", edgecolor="white", label="share right")
    sure = [one["confidence"] for one in bins]
    below = [share - one["accuracy_interval"][0] for share, one in zip(shares, bins, strict=True)]
    above = [one["accuracy_interval"][1] - share for share, one in zip(shares, bins, strict=True)]
    told = "with 95 % interval, at their mean"
    upper.errorbar(sure, shares, (below, above), fmt="o", color="black", markersize=4, linewidth=1, label=told)
    upper.set(ylabel="share of right answers", ylim=(0, 1.04), xlim=(0, 1.01))
    error, brier = calibration["expected_calibration_error"], calibration["brier_score"]
    upper.set_title(f"{name}: ECE {error:.3f}, Brier {brier:.3f}, {calibration['rows']} rows", fontsize=10)
    bars = lower.bar(left, [one["rows"] for one in bins], width, align="edge", color="0.6", edgecolor="white")
    lower.bar_label(bars, fontsize=7)
    lower.margins(y=0.25)
    lower.set(xlabel="probability of the answer", ylabel="rows")
    figure.legend(loc="outside lower center", fontsize=8, ncols=3)
    return figure


def confusion_figure(name: str, confusion: Mapping[str, Any]) -> Figure:
    """Right answers down, given answers across; the shade is the share of the right answer's rows.

    Args:
        name: of the task.
        confusion: of the task's figures.
    """
    counts = np.array(confusion["counts"], dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    gold, answers = confusion["gold"], confusion["answers"]
    size = min(14.0, 2.6 + 0.75 * len(answers))
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(answers)), answers, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(gold)), gold)
    axes.set(xlabel="answer", ylabel="right answer")
    axes.set_title(f"{name}: {int(counts.sum())} rows", fontsize=10)
    if len(gold) <= _MOST_NUMBERED:
        for (row, column), share in np.ndenumerate(shares):
            text, color = f"{int(counts[row, column])}\n{percent(share)}", "white" if share > 0.5 else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=color)
    figure.colorbar(image, ax=axes, label="share of the right answer's rows", shrink=0.8)
    return figure
