"""A teacher that is wrong in a known share of a demo task's rows: labels and rationales of rows with gold beside them.

Where it is wrong it argues for its answer as it does where it is right, so that nothing but the answer tells: it takes
the label and the reasoning of another row with another answer (of a problem in words with its own numbers in them, as
one who sees a multiplication where there is a division), and among choices a wrong one throughout.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from student.answers import same_answer
from student.task import find_task
from training.data.example import Example
from training.data.sources import Split, generate_rows

TASKS = ("demo-nli", "demo-choices", "demo-math")

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TRIES = 1000


@dataclass(frozen=True)
class Answer:
    """What a teacher says of a row."""

    label: str
    rationale: str


def write_taught(path: Path, task: str, rows: int, wrong: float, seed: int) -> None:
    """Write training rows of a demo task with gold labels and what the teacher says of them.

    Args:
        path: JSON lines in the layout of `jsonl:`.
        task: one of `TASKS`.
        rows: how many.
        wrong: share of the rows, 0 to 1, whose teacher is wrong; the same rows for the same seed.
        seed: of rows and errors.
    """
    examples = list(generate_rows(task, "train", rows, seed))
    chance = random.Random(seed)
    lines = []
    for row in examples:
        answer = Answer(row.label, row.rationale or "")
        if chance.random() < wrong:
            answer = wrong_answer(row, examples, chance)
        lines.append({**_asked(row), "teacher_label": answer.label, "rationale": answer.rationale})
    _write(path, lines)


def write_gold(path: Path, task: str, split: Split, rows: int, seed: int) -> None:
    """Write rows of a demo task with gold labels alone, to validate and report on."""
    _write(path, [_asked(row) for row in generate_rows(task, split, rows, seed)])


def wrong_answer(row: Example, others: Sequence[Example], chance: random.Random) -> Answer:
    """An answer to a row that is not its gold one, with reasoning that ends in it.

    Args:
        row: of a demo task, with its rationale.
        others: rows of the same task, whose reasoning is borrowed.
        chance: what decides.

    Raises:
        ValueError: none of a thousand of the others has another answer.
    """
    task, rationale = find_task(row.task), row.rationale or ""
    if row.choices:
        label = chance.choice([choice for choice in row.choices if choice != row.label])
        return Answer(label, _exchanged(rationale, row.label, label))
    for _ in range(_TRIES):
        other = chance.choice(others)
        answer = Answer(other.label, other.rationale or "")
        if row.task == "demo-math":
            answer = _with_numbers(answer, _NUMBER.findall(row.label))
        if answer.label and not same_answer(task, answer.label, row.label):
            return answer
    raise ValueError(f"{row.source}: no other row has another answer")


def _with_numbers(answer: Answer, numbers: Sequence[str]) -> Answer:
    """An answer about other numbers, in the places of its own; an empty one where they are not as many."""
    own = _NUMBER.findall(answer.label)
    if len(own) != len(numbers) or len(set(own)) != len(own):
        return Answer("", "")
    places = dict(zip(own, numbers, strict=True))
    label, rationale = (
        _NUMBER.sub(lambda found: places.get(found[0], found[0]), text) for text in (answer.label, answer.rationale)
    )
    return Answer(label, rationale)


def _exchanged(text: str, one: str, two: str) -> str:
    """Two phrases in each other's places, with the article that they want."""

    def other(found: re.Match[str]) -> str:
        phrase = two if found[2] == one else one
        return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}" if found[1] else phrase

    return re.sub(rf"\b(an? )?({re.escape(one)}|{re.escape(two)})\b", other, text)


def _asked(row: Example) -> dict[str, object]:
    asked: dict[str, object] = {"inputs": dict(row.inputs), "label": row.label}
    if row.choices:
        asked["choices"] = list(row.choices)
    return asked


def _write(path: Path, lines: Sequence[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
