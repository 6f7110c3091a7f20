"""An experiment's results as tables: Markdown for people, CSV for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from training.experiment.results import Beaten, CellResult
from training.experiment.sources import TeacherResult

_COLUMNS = (
    *("task", "split", "student", "teacher", "method", "rationale_weight", "fraction", "training_rows", "rows"),
    *("answered", "seeds", "accuracy", "half_width", "parameters", "train_seconds", "reason"),
)


def markdown(cells: Sequence[CellResult], teachers: Sequence[TeacherResult], beaten: Sequence[Beaten]) -> str:
    """One table for each task and split: a row a method, a column a part of the data; the teacher's row last."""
    parts = []
    for task, split in dict.fromkeys((cell.task, cell.split) for cell in cells if cell.accuracy is not None):
        here = [cell for cell in cells if (cell.task, cell.split) == (task, split)]
        fractions = sorted({cell.cell.fraction for cell in here})
        lines = [
            f"## {task}, {split} ({_counts([cell.rows for cell in here])} rows)",
            "",
            f"| student | teacher | method | λ | {' | '.join(f'{_part(fraction)}' for fraction in fractions)} |",
            "|---|---|---|---|" + "---|" * len(fractions),
        ]
        by_row: dict[tuple[str, str, str, float], dict[float, CellResult]] = {}
        for cell in here:
            of = cell.cell
            by_row.setdefault((of.student, of.teacher, of.method, of.rationale_weight), {})[of.fraction] = cell
        for (student, teacher, method, weight), row in by_row.items():
            shown = " | ".join(_shown(row[fraction]) if fraction in row else "" for fraction in fractions)
            lines.append(f"| {student} | {teacher or '-'} | {method} | {weight:g} | {shown} |")
        lines += [
            f"| teacher | {one.teacher or '-'} | few-shot | - |{' |' * (len(fractions) - 1)} {one.accuracy:.1%} |"
            for one in teachers
            if (one.task, one.split) == (task, split)
        ]
        parts.append("\n".join(lines))
    missing = [cell for cell in cells if cell.accuracy is None]
    if missing:
        lines = ["## Not available", "", "| student | teacher | method | part | reason |", "|---|---|---|---|---|"]
        lines += [
            f"| {cell.cell.student} | {cell.cell.teacher or '-'} | {cell.cell.method} | {_part(cell.cell.fraction)} | "
            f"n/a: {(cell.reason or '').replace('|', '/')} |"
            for cell in missing
        ]
        parts.append("\n".join(lines))
    if beaten:
        lines = [
            "## Least that beats the teacher",
            "",
            "| task | split | student | parameters | method | λ | teacher | rows |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {one.task} | {one.split} | {one.student} | {one.parameters:,} | {one.method} | "
            f"{one.rationale_weight:g} | {one.teacher} {one.teacher_accuracy:.1%} | {_rows(one)} |"
            for one in beaten
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def as_csv(cells: Sequence[CellResult]) -> str:
    """Every cell as a line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for cell in cells:
        values = {**vars(cell.cell), **vars(cell)}
        writer.writerow("" if values[name] is None else values[name] for name in _COLUMNS)
    return text.getvalue()


def _shown(cell: CellResult) -> str:
    if cell.accuracy is None:
        return "n/a"
    interval = f" ± {100 * cell.half_width:.1f}" if cell.half_width is not None else ""
    return f"{100 * cell.accuracy:.1f}{interval}"


def _part(fraction: float | None) -> str:
    return f"{100 * (fraction or 0):g} %"


def _rows(one: Beaten) -> str:
    return "none" if one.training_rows is None else f"{one.training_rows:,} ({_part(one.fraction)})"


def _counts(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
