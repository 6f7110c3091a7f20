"""`Reply` and `Outcome`: what a student says to a row, and how it compares with the right answer."""

from __future__ import annotations

from dataclasses import dataclass

from student.answers import concludes_in, same_answer
from student.task import Task
from training.data.example import Example


@dataclass(frozen=True)
class Reply:
    """What a student says to one row.

    Attributes:
        answer: its answer; empty where it refuses the row.
        answers: the answer space of the row; empty for free text.
        probabilities: one for each of `answers`, or None for free text.
        abstained: the answer is a guess below the task's threshold.
        refusal: why the row got no answer; None where it got one.
        rationale: None where none was asked for.
        rationale_cut: the rationale ended at the token limit, not where the student ended it.
    """

    answer: str
    answers: tuple[str, ...] = ()
    probabilities: tuple[float, ...] | None = None
    abstained: bool = False
    refusal: str | None = None
    rationale: str | None = None
    rationale_cut: bool = False


@dataclass(frozen=True)
class Outcome:
    """One answered row.

    Attributes:
        correct: the answer means the same as the gold answer (the label, where no gold is known).
        rationale: the student's rationale, if it was asked for.
        rationale_agrees: the rationale ends in the same answer; None if no rationale was asked for.
        rationale_cut: see `Reply`.
        answers: see `Reply`.
        probabilities: see `Reply`.
        abstained: see `Reply`.
        refusal: see `Reply`; a refused row is not correct.
    """

    example: Example
    answer: str
    correct: bool
    rationale: str | None = None
    rationale_agrees: bool | None = None
    rationale_cut: bool = False
    answers: tuple[str, ...] = ()
    probabilities: tuple[float, ...] | None = None
    abstained: bool = False
    refusal: str | None = None

    @classmethod
    def of(cls, task: Task, example: Example, reply: Reply) -> Outcome:
        """Hold a reply against the right answer, and its rationale's conclusion against its own answer."""
        agrees = None if reply.rationale is None else concludes_in(task, reply.rationale, reply.answer)
        return cls(
            example=example,
            answer=reply.answer,
            correct=reply.refusal is None and same_answer(task, reply.answer, right_answer(example)),
            rationale=reply.rationale,
            rationale_agrees=agrees,
            rationale_cut=reply.rationale_cut,
            answers=reply.answers,
            probabilities=reply.probabilities,
            abstained=reply.abstained,
            refusal=reply.refusal,
        )

    @property
    def gold(self) -> str:
        """The right answer."""
        return right_answer(self.example)


def right_answer(example: Example) -> str:
    """The gold answer, or the label where no gold of another origin is known."""
    return example.label if example.gold is None else example.gold
