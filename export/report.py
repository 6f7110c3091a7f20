"""The parity report that lies in a bundle: JSON for programs, Markdown and a plot for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from export.confidence import FloatArray, confidences
from export.gate import GateResult, TaskCalibration
from student.bundle import PARITY
from student.confidence import Confidence
from student.manifest import Precision
from training.evaluation.calibration import reliability_bins

MARKDOWN = "parity.md"
PLOT = "parity.png"

Judged = tuple[FloatArray, npt.NDArray[np.bool_]]
"""Of each row the probability of its answer, and whether it is right."""


def write_report(folder: Path, result: GateResult, record: Mapping[str, Any], name: str) -> None:
    """Write `parity.json`, `parity.md` and, where a task has known answers, `parity.png`.

    Args:
        folder: of the bundle.
        result: of the gate.
        record: what the JSON holds: the result with thresholds and padding.
        name: of the student.
    """
    (folder / PARITY).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    closed = any(result.judged.values())
    about_closed = [_precisions(result, record), _confidence(result)] if closed else []
    parts = [_exact(result, name), *about_closed, _buckets(record)]
    (folder / MARKDOWN).write_text("\n".join(line for part in parts for line in part), encoding="utf-8")
    if closed:
        _plot(folder / PLOT, result)


def _exact(result: GateResult, name: str) -> list[str]:
    exact = result.against_pytorch
    return [
        f"# Parity of {name}",
        "",
        f"Validation rows, against the student in float32 PyTorch. On {exact.rows} rows, everything that the float32 "
        f"bundle answers: probabilities within {exact.max_probability_difference:.1e}, rationales "
        f"{exact.rationale.equal} of {exact.rationale.rows} the same token for token, free-text answers "
        f"{exact.free_text.equal} of {exact.free_text.rows}. Labels: {exact.constrained_one_branch.equal} of "
        f"{exact.constrained_one_branch.rows} as greedy decoding constrained to the answers where one trie node "
        f"branches, {exact.plain_generate.equal} of {exact.plain_generate.rows} as unconstrained `generate`.",
        "",
    ]


def _precisions(result: GateResult, record: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            precision,
            f"{found.label.equal}/{found.label.rows}",
            f"{found.clear_label.equal}/{found.clear_label.rows}",
            f"{found.max_probability_difference:.1e}",
            f"{found.mean_probability_difference:.1e}",
            f"{found.accuracy:.1%} (PyTorch {found.reference_accuracy:.1%})",
            f"{found.calibration_error:.3f} (PyTorch {found.reference_calibration_error:.3f})",
            f"{found.mcnemar_p:.2g}",
        )
        for precision, found in result.precisions.items()
    ]
    head = ("precision", "labels the same", "clear ones", "largest difference", "mean", "accuracy", "ECE", "p")
    return [
        "## Precisions",
        "",
        "The half of the rows that nothing was calibrated on; expected calibration error (ECE) without temperature.",
        "",
        *_table(head, rows),
        "",
        "Clear: best two probabilities 0.05 apart or more in PyTorch. p: McNemar's exact test of the accuracies.",
        "",
        *(line for precision in result.precisions for line in _notes(precision, record["precisions"][precision])),
    ]


def _notes(precision: Precision, record: Mapping[str, Any]) -> list[str]:
    """What was done to make a precision, and what computed it."""
    told = [f"computed by {record['computed_by']}"] if "computed_by" in record else []
    told += [f"{key.replace('_', ' ')}: {_plain(value)}" for key, value in record.get("plan", {}).items()]
    return [f"{precision}: {'; '.join(told)}.", ""] if told else []


def _plain(value: object) -> str:
    """A value of a plan, for people."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case list() | tuple() | set() | frozenset():
            return ", ".join(map(str, value)) or "none"
        case dict():
            return ", ".join(f"{key} {entry}" for key, entry in value.items()) or "none"
        case _:
            return str(value)


def _confidence(result: GateResult) -> list[str]:
    head = ("precision", "task", "temperature", "rows", "ECE", "ECE before", "threshold", "answered", "those right")
    rows = [
        _calibration_row(precision, task, found)
        for precision, by_task in result.calibration.items()
        for task, found in by_task.items()
    ]
    return [
        "## Confidence",
        "",
        "Fitted on one half of the rows, judged on the other.",
        "",
        *_table(head, rows),
        "",
        f"![reliability]({PLOT})",
        "",
    ]


def _buckets(record: Mapping[str, Any]) -> list[str]:
    padding = record["length_buckets"]
    return [
        "## Length buckets",
        "",
        f"{', '.join(map(str, padding['lengths']))} source tokens. Validation rows padded to their bucket: "
        f"{padding['padding_share']:.1%} of all tokens are padding; {padding['longest_share']:.1%} where all are "
        "padded to the longest.",
        "",
    ]


def _calibration_row(precision: str, task: str, found: TaskCalibration) -> tuple[str, ...]:
    threshold, selective = found.confidence.threshold, found.selective_accuracy
    return (
        precision,
        task,
        f"{found.confidence.temperature:.3f}",
        str(found.rows),
        _number(found.calibration_error, ".3f"),
        _number(found.raw_calibration_error, ".3f"),
        _number(threshold, ".3f"),
        _number(found.answered, ".1%"),
        _number(selective, ".1%"),
    )


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _plot(path: Path, result: GateResult) -> None:
    precisions = list(result.precisions)
    figure = Figure(figsize=(4.5 * len(precisions), 4), layout="constrained")
    for number, precision in enumerate(precisions, start=1):
        axes = figure.add_subplot(1, len(precisions), number)
        axes.plot((0, 1), (0, 1), color="0.8", linewidth=1)
        for label, marker, tempered in (("no temperature", "o", False), ("with temperature", "s", True)):
            _reliability(axes, _confidences(result, precision, tempered=tempered), label, marker)
        axes.set(xlabel="probability of the answer", ylabel="share of right answers", title=precision, ylim=(0, 1.02))
        axes.legend(loc="lower right")
    figure.savefig(path, dpi=100)


def _confidences(result: GateResult, precision: Precision, *, tempered: bool) -> Judged:
    best: list[float] = []
    right: list[bool] = []
    calibration = result.calibration[precision]
    for task, scored in result.judged[precision]:
        confidence = calibration[task].confidence if tempered and task in calibration else Confidence()
        one, hit = confidences([scored], confidence.temperature)
        best.append(float(one[0]))
        right.append(bool(hit[0]))
    return np.array(best), np.array(right)


def _reliability(axes: Axes, judged: Judged, label: str, marker: str) -> None:
    """Accuracy over confidence, a point for each bin, its area by its rows."""
    confidence, right = judged
    there = [one for one in reliability_bins(confidence, right) if one.rows]
    sizes = [20 + 200 * one.rows / len(confidence) for one in there]
    sure, hits = [one.confidence for one in there], [one.accuracy for one in there]
    axes.scatter(sure, hits, s=sizes, marker=marker, alpha=0.7, label=label)  # type: ignore[arg-type]
