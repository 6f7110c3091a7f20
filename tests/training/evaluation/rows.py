"""Tasks and outcomes written by hand."""

from __future__ import annotations

from student.task import Task, parse_task
from training.data.example import Example
from training.evaluation.outcome import Outcome, Reply

CLOSED: Task = parse_task(
    'name: mood\ntemplate: "text: {text}"\nanswer: {kind: closed, labels: [happy, sad, none]}', origin="test"
)
CHOICES: Task = parse_task(
    'name: where\ntemplate: "question: {question} choices: {choices}"\nanswer: {kind: choices}', origin="test"
)
TEXT: Task = parse_task(
    'name: sums\ntemplate: "problem: {problem}"\nanswer: {kind: text, parser: equation}\nconclusion: The answer is',
    origin="test",
)
TASKS = {task.name: task for task in (CLOSED, CHOICES, TEXT)}


def closed(gold: str, answer: str, probability: float = 0.8, *, teacher: str | None = None, **tags: str) -> Outcome:
    """An outcome of `mood`: what is not the answer's probability is shared by the other two labels."""
    row = Example("mood", {"text": "x"}, teacher or gold, None, f"{gold}-{answer}", gold=gold, tags=tags)
    labels = ("happy", "sad", "none")
    scores = tuple(probability if label == answer else (1 - probability) / 2 for label in labels)
    return Outcome.of(CLOSED, row, Reply(answer, labels, scores))


def refused(gold: str) -> Outcome:
    """A row of `mood` that got no answer."""
    return Outcome.of(CLOSED, Example("mood", {"text": "x"}, gold, None, "long"), Reply("", refusal="too long"))


def choice(gold: str, answer: str, choices: tuple[str, ...], *, teacher: str | None = None) -> Outcome:
    """An outcome of `where`."""
    row = Example("where", {"question": "x"}, teacher or gold, None, "s", choices=choices, gold=gold)
    probabilities = tuple(1.0 if option == answer else 0.0 for option in choices)
    return Outcome.of(CHOICES, row, Reply(answer, choices, probabilities))


def text(gold: str, answer: str, *, teacher: str | None = None, rationale: str | None = None) -> Outcome:
    """An outcome of `sums`."""
    row = Example("sums", {"problem": "x"}, teacher or gold, None, "s", gold=gold)
    return Outcome.of(TEXT, row, Reply(answer, rationale=rationale))
