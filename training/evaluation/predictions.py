"""Answers as JSON lines: one row each, to be looked through or to be held against another student's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from student.errors import DataError
from training.data.json_lines import read_json_lines
from training.data.report import Rejected
from training.evaluation.outcome import Outcome

_EXPECTED = 'one JSON object a line with "task", "source" and "answer", as `quickstep evaluate --predictions` writes it'
_SHOWN = 3


def write_predictions(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write one line for each row, in order.

    Keys: task, source, answer (null where the row was refused, with the reason under `refusal`), probabilities by
    answer (null for free text), abstained, gold, correct, rationale and rationale_agrees (null unless written).
    """
    with path.open("w", encoding="utf-8") as stream:
        for row in outcomes:
            scores = None if row.probabilities is None else dict(zip(row.answers, row.probabilities, strict=True))
            content = {
                "task": row.example.task,
                "source": row.example.source,
                "answer": None if row.refusal is not None else row.answer,
                "probabilities": scores,
                "abstained": row.abstained,
                "gold": row.gold,
                "correct": row.correct,
                "rationale": row.rationale,
                "rationale_agrees": row.rationale_agrees,
            }
            if row.refusal is not None:
                content["refusal"] = row.refusal
            stream.write(json.dumps(content, ensure_ascii=False) + "\n")


def read_answers(path: Path) -> dict[tuple[str, str], str]:
    """Answers by task and source. Lines whose answer is null are left out.

    Raises:
        DataError: the file cannot be read, or lines of it hold no answer or one that another line holds too; all
            faults are counted, the first lines of each named.
    """
    answers: dict[tuple[str, str], str] = {}
    faults: dict[str, list[int]] = {}
    for line in read_json_lines(path, _EXPECTED):
        if isinstance(line.value, Rejected):
            faults.setdefault(line.value.reason, []).append(line.number)
            continue
        task, source, answer = (line.value.get(key) for key in ("task", "source", "answer"))
        if not isinstance(task, str) or not isinstance(source, str):
            faults.setdefault("task and source must be texts", []).append(line.number)
        elif (task, source) in answers:
            faults.setdefault("the row of an earlier line again", []).append(line.number)
        elif isinstance(answer, str):
            answers[task, source] = answer
        elif answer is not None:
            faults.setdefault("answer must be a text, or null", []).append(line.number)
    if faults:
        told = "; ".join(
            f"{len(lines)} x {reason} (line {', '.join(map(str, lines[:_SHOWN]))})" for reason, lines in faults.items()
        )
        raise DataError(f"{path}: {told}; expected {_EXPECTED}")
    return answers
