"""A bundle's answers to rows whose right answer is known."""

from __future__ import annotations

from collections.abc import Sequence

from tqdm import tqdm

from student.answers import conclusion, same_answer
from student.errors import InputError
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from training.data.example import Example
from training.evaluate import Outcome, batched

BATCH_ROWS = 16
REFUSED = "(refused: over a limit)"
"""Stands in for the answer to a row that the student refuses; such a row counts as wrong."""


def answer_rows(student: OnnxStudent, examples: Sequence[Example], *, name: str) -> list[Outcome]:
    """Answer rows with rationales, in batches of rows of similar length; order is kept.

    Args:
        student: a loaded bundle.
        examples: rows of its tasks.
        name: what the progress bar says.
    """
    outcomes: dict[int, Outcome] = {}
    prepared: dict[int, PreparedQuestion] = {}
    for i, row in enumerate(examples):
        try:
            prepared[i] = student.prepare(Question(row.task, row.inputs, row.choices), rationale=True)
        except InputError:
            outcomes[i] = Outcome(row, REFUSED, correct=False)
    order = sorted(prepared, key=lambda i: prepared[i].source_tokens)
    with tqdm(total=len(order), desc=name, unit="row") as bar:
        for indices in batched(order, BATCH_ROWS):
            explanations = student.explain([prepared[i] for i in indices])
            for i, explanation in zip(indices, explanations, strict=True):
                row, answer = examples[i], explanation.prediction.answer
                outcomes[i] = judge(student, row, answer, explanation.rationale)
            bar.update(len(indices))
    return [outcomes[i] for i in range(len(examples))]


def judge(student: OnnxStudent, row: Example, answer: str, rationale: str) -> Outcome:
    """Hold an answer against the right one, and the rationale's conclusion against the answer."""
    task = student.bundle.tasks[row.task]
    concluded = conclusion(task, rationale)
    return Outcome(
        row,
        answer,
        correct=same_answer(task, answer, row.gold if row.gold is not None else row.label),
        rationale=rationale,
        rationale_agrees=concluded is not None and same_answer(task, concluded, answer),
    )
