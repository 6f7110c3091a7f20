"""How results are told: one JSON file with header and flat rows, the same rows as a table, percentiles, bars.

benchmarks/results/<name>.json
  header    script, date, machine, settings of the run
  rows      flat objects, units in their keys (`p50_ms`, `size_mb`)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.machine import ROOT, describe_machine

RESULTS = ROOT / "benchmarks" / "results"

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]


def header(name: str, settings: Mapping[str, object]) -> dict[str, object]:
    """What stands before the rows of `benchmarks/<name>.py`.

    Args:
        name: of the script, without its ending.
        settings: what this run was asked to do; no absolute paths (see `benchmarks.machine.shown`).
    """
    return {
        "script": f"benchmarks/{name}.py",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "settings": dict(settings),
    }


def write_results(folder: Path, head: Mapping[str, object], rows: Sequence[Row], name: str | None = None) -> Path:
    """Write header and rows to `<folder>/<name>.json`; without a name, that of the script.

    Raises:
        ValueError: a number is not finite.
    """
    path = folder / f"{name or Path(str(head['script'])).stem}.json"
    content = json.dumps({"header": head, "rows": list(rows)}, indent=1, ensure_ascii=False, allow_nan=False)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(content + "\n", encoding="utf-8")
    return path


def percentile(values: Sequence[float], percent: float) -> float:
    """A percentile, linear between neighbours.

    Args:
        values: at least one number, in any order.
        percent: 0 to 100.

    Raises:
        ValueError: there are no values, or `percent` is out of range.
    """
    if not values:
        raise ValueError("percentile: of no values")
    return float(np.percentile(values, percent))


def table(rows: Sequence[Row]) -> str:
    """Rows as a table with a head line; numbers to the right, columns in the order of their first appearance."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, *([_text(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    to_right = [any(isinstance(row.get(column), int | float) for row in rows) for column in columns]
    return "".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, to_right, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def draw_bars(
    path: Path, groups: Sequence[str], series: Mapping[str, Sequence[float]], unit: str, *, logarithmic: bool = False
) -> None:
    """Draw grouped bars as a PNG.

    Args:
        path: PNG file to write.
        groups: names along the x axis.
        series: values by name, one for each group; a NaN leaves its place empty.
        unit: what the y axis counts.
        logarithmic: the y axis, for values of several orders of magnitude.
    """
    figure = Figure(figsize=(2.5 + 1.8 * len(groups), 3.5), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(series)
    for number, (name, values) in enumerate(series.items()):
        places = [group + (number - (len(series) - 1) / 2) * width for group in range(len(groups))]
        bars = axes.bar(places, values, width, label=name)
        axes.bar_label(bars, labels=["" if np.isnan(value) else f"{value:.3g}" for value in values], fontsize=7)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel(unit)
    if logarithmic:
        axes.set_yscale("log")
    axes.margins(y=0.12)
    figure.legend(loc="outside right upper", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _text(value: Cell) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.2f}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)
