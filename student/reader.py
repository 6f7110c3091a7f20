"""`Reader`: what of a student needs no graph: questions to tokens, scores and tokens to answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from student.answers import concludes_in, equation_value
from student.bundle import TOKENIZER, Bundle
from student.confidence import Confidence
from student.errors import BundleError, TaskError
from student.manifest import GoldenAnswer, Precision
from student.prediction import Explanation, Prediction, choose
from student.question import PreparedQuestion, Question, QuestionPreparer

GOLDEN_TOLERANCE: dict[Precision, float] = {"fp32": 1e-3, "int8": 1e-3, "fp16": 1e-2, "bf16": 5e-2}
"""Largest difference of a golden answer's probability: another processor sums in another order, and then rounds."""

UNCALIBRATED = Confidence()
"""Probabilities as the student gives them."""


class Reader:
    """Reads questions and writes answers; all methods may be called from several threads.

    Args:
        bundle: a verified bundle.
        precision: of the label path whose scores are read.

    Raises:
        BundleError: the tokenizer cannot be loaded, or does not tell a task's labels apart.
    """

    def __init__(self, bundle: Bundle, precision: Precision) -> None:
        self.bundle = bundle
        self.precision = precision
        self._confidence = bundle.manifest.confidence.get(precision, {})
        self._tokenizer = load_tokenizer(bundle.path / TOKENIZER)
        try:
            self._preparer = QuestionPreparer(bundle.tasks, self._tokenizer, bundle.manifest.start_token)
        except TaskError as error:
            raise BundleError(f"bundle {bundle.path}: {error}") from None

    def prepare(self, question: Question, *, rationale: bool = False) -> PreparedQuestion:
        """Check and tokenise a question; see `student.question.QuestionPreparer.prepare`."""
        return self._preparer.prepare(question, rationale=rationale)

    def scored(self, question: PreparedQuestion, edge_logits: npt.NDArray[np.float32]) -> Prediction:
        """The answer to a question with an answer space.

        Args:
            question: that was scored.
            edge_logits: [edges] float32, of its space's trie.
        """
        assert question.space is not None
        return choose(question.space, edge_logits, self._confidence.get(question.task.name, UNCALIBRATED))

    def written(self, question: PreparedQuestion, token_ids: Sequence[int]) -> Prediction:
        """The answer to a question without an answer space: what the student wrote."""
        answer = self.text(token_ids)
        return Prediction(answer, None, equation_value(question.task, answer))

    def explained(self, question: PreparedQuestion, prediction: Prediction, token_ids: Sequence[int]) -> Explanation:
        """A prediction with the rationale that the student wrote."""
        rationale = self.text(token_ids)
        return Explanation(prediction, rationale, concludes_in(question.task, rationale, prediction.answer))

    def text(self, token_ids: Sequence[int]) -> str:
        """Tokens as text."""
        text: str = self._tokenizer.decode(list(token_ids), skip_special_tokens=True)
        return text.strip()


def golden_differences(
    expected: GoldenAnswer, found: Prediction | Explanation, precision: Precision, tolerance: float | None = None
) -> list[str]:
    """What an answer has otherwise than the golden one.

    Args:
        expected: the golden answer.
        found: the answer; its rationale is compared where it has one.
        precision: of the label path that answered.
        tolerance: largest difference of a probability; None takes `GOLDEN_TOLERANCE`.
    """
    prediction = found.prediction if isinstance(found, Explanation) else found
    if prediction.answer != expected.answer:
        return [f"answers {prediction.answer!r}, expected {expected.answer!r}"]
    given = [item.probability for item in prediction.probabilities or ()]
    wanted = expected.probabilities[precision] if expected.probabilities is not None else ()
    if len(given) != len(wanted):
        return [f"{len(given)} probabilities, expected {len(wanted)}"]
    allowed = GOLDEN_TOLERANCE[precision] if tolerance is None else tolerance
    differences = []
    gap = max((abs(a - b) for a, b in zip(given, wanted, strict=True)), default=0.0)
    if not gap <= allowed:
        differences.append(f"probabilities differ by {gap:.2e}, at most {allowed:.0e} is allowed")
    if isinstance(found, Explanation) and found.rationale != expected.rationale:
        differences.append("the rationale differs")
    return differences


def load_tokenizer(file: Path) -> Tokenizer:
    """A bundle's tokenizer, which neither pads nor cuts.

    Raises:
        BundleError: the file is none.
    """
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises Exception itself
        raise BundleError(f"bundle {file}: is no tokenizer ({error}); export again") from error
    # Padding and cutting are ours: whatever the training side left switched on must not act here.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
