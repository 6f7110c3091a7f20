"""Figures for people: one line a group, and below each task what else is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.evaluation.labels import NO_LABEL, REFUSED

MOST_LABELS = 30
"""More than these are not told one by one."""

_MOST_COLUMNS = 10
_INDENT = "  "


def as_text(figures: Mapping[str, Mapping[str, Any]], against: str | None = None) -> str:
    """The report on all groups.

    Args:
        figures: as `training.evaluation.figures.all_figures` gives them.
        against: name of the student that they are compared with.
    """
    lines = []
    for name, group in figures.items():
        lines.append(_head(name, group))
        if "/" not in name:
            lines += [f"{_INDENT}{line}" for line in _details(group)]
        if "against" in group:
            lines.append(f"{_INDENT}{_comparison(group['against'], against or 'the other')}")
    return "\n".join(lines) + "\n"


def percent(share: float | None) -> str:
    """A share as people read it."""
    return "-" if share is None else f"{100 * share:.1f} %"


def interval(bounds: Sequence[float]) -> str:
    """The bounds of a share, in percent."""
    return f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}"


def table(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> list[str]:
    """Columns of a width each.

    Args:
        rows: cells, the head first; all of one length.
        left: columns that begin at the left; the others, numbers, end at the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _head(name: str, group: Mapping[str, Any]) -> str:
    agreement = group.get("rationale_agreement")
    conclusion = "" if agreement is None else f"   rationale agrees {agreement:7.2%}"
    bounds = f"({interval(group['accuracy_interval'])})"
    return f"{name:44} {group['rows']:6} rows   accuracy {group['accuracy']:7.2%} {bounds:15}{conclusion}".rstrip()


def _details(group: Mapping[str, Any]) -> Iterator[str]:
    if group["refused_rows"]:
        yield f"refused: {group['refused_rows']} rows, counted as wrong"
    if "labels" in group:
        yield from _labels(group["labels"])
        yield from _confusion(group["confusion"])
        yield f"macro F1: {percent(group['macro_f1'])}"
    if "exact" in group:
        parses = f"; reads as an equation: {percent(group['parses'])}" if "parses" in group else ""
        yield f"same text as the right answer: {percent(group['exact'])}{parses}"
    if "calibration" in group:
        found = group["calibration"]
        yield (
            f"calibration: ECE {found['expected_calibration_error']:.3f}, Brier {found['brier_score']:.3f}, "
            f"negative log likelihood {found['negative_log_likelihood']:.3f}; mean probability "
            f"{percent(found['mean_confidence'])}"
        )
    if "abstention" in group:
        yield _abstention(group["abstention"])
    if "rationales" in group:
        yield from _rationales(group["rationales"])


def _labels(labels: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if len(labels) > MOST_LABELS:
        yield f"figures by label: {len(labels)} labels, in --json"
        return
    head = ("label", "precision", "recall", "F1", "rows", "answered")
    yield from table(
        [
            head,
            *(
                (
                    label,
                    *(percent(found[key]) for key in ("precision", "recall", "f1")),
                    str(found["support"]),
                    str(found["answered"]),
                )
                for label, found in labels.items()
            ),
        ]
    )


def _confusion(confusion: Mapping[str, Any]) -> Iterator[str]:
    if len(confusion["gold"]) > _MOST_COLUMNS:
        yield "confusion matrix: in --json, and drawn by --plots"
        return
    answers = [answer if answer in (NO_LABEL, REFUSED) else f"-> {answer}" for answer in confusion["answers"]]
    rows = [(label, *map(str, counts)) for label, counts in zip(confusion["gold"], confusion["counts"], strict=True)]
    yield from table([("right answer", *answers), *rows])


def _abstention(found: Mapping[str, Any]) -> str:
    told = f"abstains below {found['threshold']:.3f}: answers {percent(found['coverage'])} of the rows"
    if found["selective_accuracy"] is None:
        return told
    bounds = interval(found["selective_accuracy_interval"])
    return f"{told}, of those right {percent(found['selective_accuracy'])} ({bounds})"


def _rationales(found: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"rationales: {percent(found['concludes'])} state an answer, {percent(found['concludes_rightly'])} the right "
        f"one; cut at the limit {percent(found['cut'])}, empty {percent(found['empty'])}"
    )
    words = f"{found['mean_words']:.1f} words"
    distinct = "" if found["distinct_3"] is None else f"; distinct-3 {found['distinct_3']:.3f}"
    if found["rouge_l"] is None:
        yield f"            {words}{distinct}; no teacher's rationales to compare with"
        return
    yield (
        f"            {words} (the teacher's {found['teacher_mean_words']:.1f}){distinct}; "
        f"ROUGE-L with the teacher's {found['rouge_l']:.3f} over {found['rows_with_teacher']} rows"
    )


def _comparison(found: Mapping[str, Any], other: str) -> str:
    low, high = found["difference_interval"]
    return (
        f"against {other}: {percent(found['other_accuracy'])} there; difference {100 * found['difference']:+.1f} "
        f"points ({100 * low:+.1f} to {100 * high:+.1f}); right only here {found['only_first_right']}, only there "
        f"{found['only_other_right']}, McNemar p = {found['mcnemar_p']:.3g}; same answer on {found['same_answers']} of "
        f"{found['rows']} rows"
    )
