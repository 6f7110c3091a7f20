"""Is this result an answer to this row? A wrong result becomes an error, never a label."""

from __future__ import annotations

import math
from functools import lru_cache

from serving.engines.base import Row
from serving.errors import WrongResult
from student.prediction import Explanation, Prediction
from student.task import Choices, ClosedLabels, normalise_answer

SUM_TOLERANCE = 1e-3
"""How far probabilities may be from adding up to 1 (float arithmetic over up to 1,000 labels)."""


def check_prediction(row: Row, prediction: object) -> None:
    """Check a prediction against its row.

    Raises:
        WrongResult: it is no `Prediction`, its answer is outside the answer space, or a number is not a
            finite probability; the message names the check, never the text.
    """
    if not isinstance(prediction, Prediction):
        raise WrongResult("the engine returned something that is no prediction")
    if prediction.value is not None and not math.isfinite(prediction.value):
        raise WrongResult("the engine returned a value that is not finite")
    space = row.prepared.task.answer
    if isinstance(space, Choices):
        _check_closed(prediction, frozenset(map(normalise_answer, row.question.choices)))
    elif isinstance(space, ClosedLabels):
        _check_closed(prediction, _label_set(space.labels))
    else:
        _check_text(prediction.answer)
        if prediction.probabilities is not None:
            raise WrongResult("the engine returned probabilities for free text")


def check_explanation(row: Row, explanation: object) -> None:
    """Check an explanation against its row: its prediction, and that its rationale is text.

    Raises:
        WrongResult: as for `check_prediction`, or the rationale is no text.
    """
    if not isinstance(explanation, Explanation):
        raise WrongResult("the engine returned something that is no explanation")
    check_prediction(row, explanation.prediction)
    _check_text(explanation.rationale)


@lru_cache(maxsize=64)
def _label_set(labels: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(normalise_answer, labels))


def _check_closed(prediction: Prediction, allowed: frozenset[str]) -> None:
    probabilities = prediction.probabilities
    if probabilities is None:
        raise WrongResult("the engine returned no probabilities for a closed answer space")
    named = {normalise_answer(entry.answer): entry.probability for entry in probabilities}
    if named.keys() != allowed:
        raise WrongResult("the engine returned probabilities for other answers than the task's")
    if not all(0.0 <= probability <= 1.0 + SUM_TOLERANCE for probability in named.values()):
        raise WrongResult("the engine returned a probability that is not between 0 and 1")
    if abs(math.fsum(entry.probability for entry in probabilities) - 1.0) > SUM_TOLERANCE:
        raise WrongResult("the engine returned probabilities that do not add up to 1")
    chosen = named.get(normalise_answer(prediction.answer))
    if chosen is None:
        raise WrongResult("the engine returned an answer outside the answer space")
    if chosen < max(named.values()) - SUM_TOLERANCE:
        raise WrongResult("the engine returned an answer that is not the most probable")


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise WrongResult("the engine returned something that is no text")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise WrongResult("the engine returned text that is not valid Unicode") from None
