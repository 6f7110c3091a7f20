from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export import cli
from export.agreement import Agreement
from export.confidence import Scored
from export.precision_parity import (
    PrecisionParity,
    PrecisionThresholds,
    closed_rows,
    compare_precision,
    mcnemar,
    right_answer,
    score,
)
from student.bundle import Bundle
from student.errors import BundleError
from student.question import Question
from student.runtime import OnnxStudent
from student.task import find_task
from training.checkpoint import load_checkpoint
from training.data.example import Example
from training.scoring import TorchStudent
from training.validation_rows import read_rows


def test_float32_agrees_with_itself(tiny_run: Path, tiny_student: OnnxStudent) -> None:
    checkpoint = load_checkpoint(tiny_run)
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    examples = read_rows(checkpoint.path)
    prepared = [(row, tiny_student.prepare(Question(row.task, row.inputs, row.choices))) for row in examples]
    rows = closed_rows(original, prepared, progress=False)
    found = compare_precision([row.reference for row in rows], score(tiny_student, rows))
    # 48 rows, of which a third have free-text answers.
    assert (found.label.rows, found.label.equal) == (32, 32)
    assert found.clear_label.equal == found.clear_label.rows <= 32
    assert found.max_probability_difference < 1e-5
    assert found.accuracy == found.reference_accuracy
    assert (found.turned_wrong, found.turned_right, found.mcnemar_p) == (0, 0, 1.0)
    assert found.calibration_error == pytest.approx(found.reference_calibration_error, abs=1e-6)
    assert found.failures(PrecisionThresholds()) == []


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            PrecisionParity(label=Agreement(200, 198), clear_label=Agreement(200, 198)),
            "198 of 200 clear answers stay, 99.5% are demanded",
        ),
        (
            PrecisionParity(
                label=Agreement(200, 177), turned_wrong=20, turned_right=3, mcnemar_p=mcnemar(20, 3), accuracy=0.8
            ),
            "20 answers turn wrong, 3 right; p = 4.9e-04",
        ),
    ],
)
def test_gate_tells_what_is_not_met(found: PrecisionParity, message: str) -> None:
    (failure,) = found.failures(PrecisionThresholds())
    assert message in failure


def test_gate_lets_a_better_student_pass() -> None:
    found = PrecisionParity(label=Agreement(200, 177), turned_wrong=3, turned_right=20, mcnemar_p=mcnemar(3, 20))
    assert found.failures(PrecisionThresholds()) == []


@pytest.mark.parametrize(
    ("wrong", "right", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (1, 0, 1.0), (6, 0, 2 / 64), (9, 1, 22 / 1024), (1, 9, 22 / 1024)],
)
def test_mcnemar_is_the_exact_binomial_test(wrong: int, right: int, p: float) -> None:
    assert mcnemar(wrong, right) == pytest.approx(p)


def test_differences_and_turned_answers_are_counted() -> None:
    def scored(*probabilities: float, right: int = 0) -> Scored:
        return Scored(np.array(probabilities), right)

    references = [scored(0.9, 0.1), scored(0.51, 0.49), scored(0.2, 0.8), scored(0.4, 0.6)]
    found = compare_precision(references, [scored(0.8, 0.2), scored(0.48, 0.52), scored(0.6, 0.4), scored(0.4, 0.6)])
    # The second row turns wrong, but was no clear answer; the third turns right, and was one.
    assert (found.label.equal, found.clear_label.rows, found.clear_label.equal) == (2, 3, 2)
    assert (found.turned_wrong, found.turned_right, found.accuracy, found.reference_accuracy) == (1, 1, 0.5, 0.5)
    assert found.max_probability_difference == pytest.approx(0.4)
    assert found.mean_probability_difference == pytest.approx((0.1 + 0.03 + 0.4 + 0.0) / 4)
    strict = PrecisionThresholds(min_clear_agreement=0.5, max_probability_difference=0.3, max_calibration_error=0.01)
    assert [failure.split(",")[0] for failure in found.failures(strict)] == [
        "probabilities differ by 4.00e-01",
        f"the expected calibration error is {found.calibration_error:.2e}",
    ]


def test_right_answer_is_the_gold_one_where_it_is_known() -> None:
    task = find_task("demo-nli")
    row = Example("demo-nli", {}, "neutral", None, "x:1", gold="contradiction")
    answers = ("entailment", "neutral", "contradiction")
    assert right_answer(task, answers, row) == 2
    assert right_answer(task, answers, replace(row, gold=None, label=" neutral ")) == 1
    assert right_answer(task, answers, replace(row, gold="?")) is None


def test_bundle_without_a_precision_says_how_to_make_it(tiny_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"has no int8 label path, only fp32; .*--precisions fp32,int8"):
        OnnxStudent(tiny_bundle, precision="int8")


@pytest.mark.parametrize(
    ("given", "meant"), [("int8", ("fp32", "int8")), ("fp32", ("fp32",)), ("int8, fp32", ("fp32", "int8"))]
)
def test_float32_is_always_among_the_precisions(given: str, meant: tuple[str, ...]) -> None:
    assert cli._precisions(given) == meant


def test_unknown_precision_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.export(["--precisions", "fp32,int4"])
    assert "'int4' is no precision; known: fp32, int8, fp16, bf16" in capsys.readouterr().err
