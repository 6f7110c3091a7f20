from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export import cli
from export.agreement import Agreement
from export.precision_parity import (
    PrecisionParity,
    PrecisionThresholds,
    compare_precision,
    expected_calibration_error,
    mcnemar,
)
from student.bundle import Bundle
from student.errors import BundleError
from student.runtime import OnnxStudent
from training.checkpoint import load_checkpoint
from training.scoring import TorchStudent
from training.validation_rows import read_rows


def test_float32_agrees_with_itself(tiny_run: Path, tiny_student: OnnxStudent) -> None:
    checkpoint = load_checkpoint(tiny_run)
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    rows = read_rows(checkpoint.path)
    found = compare_precision(original, tiny_student, rows, batch_size=5)
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
        (PrecisionParity(), "no row with a closed answer space to judge it on"),
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


def test_calibration_error_is_the_mean_gap_over_bins() -> None:
    # Two bins: 0.95 sure and 1 of 2 right; 0.55 sure and all right.
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, False, True, True])
    assert expected_calibration_error(confidence, right) == pytest.approx((0.45 * 2 + 0.45 * 2) / 4)
    assert expected_calibration_error(np.array([1.0]), np.array([True])) == 0.0


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
