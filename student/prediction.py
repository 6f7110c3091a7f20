"""What a student answers: predictions, explanations, and how scores become one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from student.confidence import Confidence
from student.errors import QuickstepError
from student.question import AnswerSpace


@dataclass(frozen=True)
class AnswerProbability:
    """One answer of the answer space and its probability."""

    answer: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes:
        probabilities: in the order of the answer space; None for free text.
        value: the value of an equation that can be read, else None.
        abstained: the answer is less probable than the task's threshold: the best guess, not to be relied on.
        merged_choices: choices that were given more than once, each of which counted as one answer.
    """

    answer: str
    probabilities: tuple[AnswerProbability, ...] | None
    value: float | None
    abstained: bool = False
    merged_choices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """What a client is told; `merged_choices` only where there are any."""
        told: dict[str, object] = {
            "answer": self.answer,
            "probabilities": None
            if self.probabilities is None
            else [{"answer": entry.answer, "probability": entry.probability} for entry in self.probabilities],
            "value": self.value,
            "abstained": self.abstained,
        }
        return {**told, "merged_choices": list(self.merged_choices)} if self.merged_choices else told


@dataclass(frozen=True)
class Explanation:
    """An answer with the student's rationale.

    Attributes:
        rationale: written by itself, from the same question; nothing forces it to end in the answer.
        rationale_agrees: whether it does.
    """

    prediction: Prediction
    rationale: str
    rationale_agrees: bool


def choose(space: AnswerSpace, edge_logits: npt.NDArray[np.float32], confidence: Confidence) -> Prediction:
    """The most probable answer.

    Args:
        space: the answers.
        edge_logits: [edges] float32, of the space's trie.
        confidence: of the task.

    Raises:
        QuickstepError: the scores are not finite.
    """
    probabilities = space.trie.probabilities(edge_logits, confidence.temperature)
    if not math.isfinite(float(probabilities.sum())):
        raise QuickstepError("the label graph gave scores that are not finite")
    best = int(probabilities.argmax())
    return Prediction(
        answer=space.answers[best],
        probabilities=tuple(
            AnswerProbability(answer, float(probability))
            for answer, probability in zip(space.answers, probabilities, strict=True)
        ),
        value=None,
        abstained=confidence.abstains(float(probabilities[best])),
        merged_choices=space.repeated,
    )
