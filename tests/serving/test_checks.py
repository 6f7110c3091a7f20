from __future__ import annotations

import pytest

from serving.engines.base import Row
from serving.engines.checks import check_explanation, check_prediction
from serving.errors import WrongResult
from student.prediction import AnswerProbability, Explanation, Prediction
from student.question import PreparedQuestion, Question
from tests.serving.fakes import NLI, TASKS

LABELS = ("entailment", "neutral", "contradiction")


def row(task: str, choices: tuple[str, ...] = ()) -> Row:
    return Row(Question(task, NLI, choices), PreparedQuestion(TASKS[task], (1,), (1,), None))


def prediction(answer: str, *probabilities: float, answers: tuple[str, ...] = LABELS) -> Prediction:
    pairs = zip(answers, probabilities, strict=True)
    return Prediction(answer, tuple(AnswerProbability(*pair) for pair in pairs), None)


def test_right_results_pass() -> None:
    check_prediction(row("demo-nli"), prediction("neutral", 0.1, 0.8, 0.1))
    check_prediction(row("svamp"), Prediction("( 1 + 2 )", None, 3.0))
    # Repeated choices and white space stand for one answer.
    chosen = prediction("a b", 0.6, 0.4, answers=("a b", "c"))
    check_prediction(row("cqa", (" a  b", "c", "a b")), chosen)
    check_explanation(row("cqa", ("a b", "c")), Explanation(chosen, "because", False))


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "neutral",
        prediction("neutral", 0.1, 0.8, float("nan")),
        prediction("neutral", 0.1, float("inf"), 0.1),
        prediction("neutral", -0.1, 1.0, 0.1),
        prediction("neutral", 0.1, 0.5, 0.1),
        prediction("entailment", 0.1, 0.8, 0.1),
        prediction("other", 0.1, 0.8, 0.1),
        prediction("neutral", 0.1, 0.9, answers=LABELS[:2]),
        prediction("neutral", 0.1, 0.8, 0.1, answers=("entailment", "neutral", "other")),
        Prediction("neutral", None, None),
        Prediction("neutral", prediction("neutral", 0.1, 0.8, 0.1).probabilities, float("nan")),
    ],
)
def test_wrong_label_results_are_refused(wrong: object) -> None:
    with pytest.raises(WrongResult) as refused:
        check_prediction(row("demo-nli"), wrong)
    assert "neutral" not in str(refused.value)


def test_free_text_must_be_text() -> None:
    for wrong in (Prediction("\ud800", None, None), prediction("x", 1.0, answers=("x",))):
        with pytest.raises(WrongResult):
            check_prediction(row("svamp"), wrong)
    with pytest.raises(WrongResult):
        check_explanation(row("svamp"), Explanation(Prediction("1", None, 1.0), "\udc00", False))
    with pytest.raises(WrongResult):
        check_explanation(row("svamp"), Prediction("1", None, 1.0))
