"""Training curves as a picture: where people look first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def plot_curves(history: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw training loss and validation accuracy over steps.

    Args:
        history: the trainer's log entries.
        path: PNG file to write.
    """
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    losses = [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]
    loss_axes.plot(*zip(*losses, strict=True) if losses else ((), ()))
    loss_axes.set(xlabel="step", ylabel="training loss", yscale="log")
    names = sorted({name for entry in history for name in entry if name.startswith("eval_accuracy")})
    for name in names:
        points = [(entry["step"], entry[name]) for entry in history if name in entry]
        accuracy_axes.plot(
            *zip(*points, strict=True), label=name.removeprefix("eval_accuracy_").replace("eval_accuracy", "mean")
        )
    accuracy_axes.set(xlabel="step", ylabel="validation accuracy", ylim=(0, 1))
    if names:
        accuracy_axes.legend()
    figure.savefig(path, dpi=120)
