"""The bias report for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from training.evaluation.bias import by_repetition
from training.evaluation.text import MOST_LABELS, interval, percent, table

_INDENT = "  "
_SHOWN_ROWS = 3
_SHOWN_SLICES = 10


def as_text(figures: Mapping[str, Mapping[str, Any]], left_out: Mapping[str, int], against: str | None = None) -> str:
    """The report on all groups.

    Args:
        figures: as `training.evaluation.bias.bias_figures` gives them.
        left_out: rows that are not among them, by reason.
        against: name of the student that is held beside.
    """
    lines = [f"left out: {rows} rows: {reason}" for reason, rows in left_out.items()]
    for name, group in figures.items():
        if "/" in name:
            continue
        lines.append(f"{name}: {group['rows']} rows")
        lines += [f"{_INDENT}{line}" for line in _task(figures, name, group, against)]
    return "\n".join(lines) + "\n"


def _task(
    figures: Mapping[str, Mapping[str, Any]], name: str, group: Mapping[str, Any], against: str | None
) -> Iterator[str]:
    slices = [part for part in figures if part.startswith(f"{name}/")]
    head = ("accuracy", "rows", "teacher", "95 %", "student", "95 %")
    yield from table([head, *(_accuracy(part, figures[part]) for part in (name, *slices))])
    if "label_shift" in group:
        yield from _shift(group["label_shift"])
    yield from _errors(group["errors"], group["rows"])
    if "against" in group:
        yield from _errors(group["against"]["errors"], group["rows"], against or "the other")
    repeating = by_repetition(figures, name)
    if repeating:
        yield "where it repeats its teacher's errors, surest first:"
        head = ("slice", "rows", "repeated", "share", "95 %", "such as")
        rows = [_repetition(part, figures[part]) for part in repeating[:_SHOWN_SLICES]]
        yield from table([head, *rows], left=(0, 5))


def _accuracy(name: str, group: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        name.partition("/")[2] or "all",
        str(group["rows"]),
        percent(group["teacher_accuracy"]),
        interval(group["teacher_accuracy_interval"]),
        percent(group["student_accuracy"]),
        interval(group["student_accuracy_interval"]),
    )


def _shift(shift: Mapping[str, Any]) -> Iterator[str]:
    columns = [[percent(count / sum(shift[who])) for count in shift[who]] for who in ("gold", "teacher", "student")]
    if len(shift["answers"]) > MOST_LABELS:
        yield f"shares of answers: {len(shift['answers'])} answers, in --json"
    else:
        yield from table([("answers", "gold", "teacher", "student"), *zip(shift["answers"], *columns, strict=True)])
    yield (
        f"total variation distance: teacher from gold {shift['teacher_from_gold']:.3f}, student from gold "
        f"{shift['student_from_gold']:.3f}, student from teacher {shift['student_from_teacher']:.3f}"
    )


def _errors(errors: Mapping[str, Any], rows: int, who: str = "the student") -> Iterator[str]:
    wrong = errors["teacher_wrong"]
    told = f"of {wrong} rows that the teacher gets wrong {who}"
    share = f" ({percent(errors['repeated'] / wrong)})" if wrong else ""
    yield (
        f"{told} repeats {errors['repeated']}{share}, gets {errors['otherwise_wrong']} wrong otherwise and "
        f"{errors['student_right']} right; of the {rows - wrong} others it gets {errors['own_errors']} wrong"
    )
    times = "" if errors["times_chance"] is None else f", {errors['times_chance']:.2f} times as many"
    kappa = "not defined" if errors["kappa"] is None else f"{errors['kappa']:.3f}"
    yield (
        f"both wrong: {errors['both_wrong']} rows; {errors['both_wrong_by_chance']:.1f} if they erred independently"
        f"{times}; kappa of their errors {kappa}"
    )


def _repetition(name: str, group: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        name.partition("/")[2],
        str(group["rows"]),
        str(len(group["repeated_rows"])),
        percent(group["repeated_share"]),
        interval(group["repeated_share_interval"]),
        ", ".join(group["repeated_rows"][:_SHOWN_ROWS]),
    )
