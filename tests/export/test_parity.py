from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import T5ForConditionalGeneration

from export.agreement import Agreement
from export.parity import ParityResult, Thresholds, compare, require
from student.bundle import Bundle
from student.errors import ParityError
from student.runtime import OnnxStudent
from training.checkpoint import Checkpoint, load_checkpoint
from training.data.example import Example
from training.scoring import TorchStudent
from training.validation_rows import read_rows


@pytest.fixture
def checkpoint(tiny_run: Path) -> Checkpoint:
    """Loaded anew for each test, which may change its weights."""
    return load_checkpoint(tiny_run)


@pytest.fixture
def rows(tiny_run: Path) -> list[Example]:
    return read_rows(tiny_run / "student")


def _compare(checkpoint: Checkpoint, student: OnnxStudent, rows: list[Example]) -> ParityResult:
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    return compare(original, student, rows, progress=False)


def test_gate_passes_on_the_students_own_bundle(
    checkpoint: Checkpoint, tiny_student: OnnxStudent, rows: list[Example]
) -> None:
    result = _compare(checkpoint, tiny_student, rows)

    require(result.failures(Thresholds()), result.differing)
    assert result.rows == 48
    assert result.max_probability_difference < 1e-5
    assert (result.rationale.rows, result.rationale.equal) == (48, 48)
    assert (result.free_text.rows, result.free_text.equal) == (16, 16)
    assert result.plain_generate.rows == 32
    assert result.constrained_one_branch.rows + result.constrained_more_branches.rows <= 32
    # A gate over no rows would pass everything.
    assert result.label.rows > 24
    assert result.constrained_one_branch.rows > 0
    assert result.differing == []


def test_what_the_gate_found_is_in_the_bundle(tiny_bundle: Bundle) -> None:
    parity = tiny_bundle.parity()
    assert parity["thresholds"]["max_probability_difference"] == 1e-4
    assert parity["against_pytorch"]["rows"] == 48
    # Half of the rows with closed answers.
    assert parity["precisions"]["fp32"]["label"] == {"rows": 16, "equal": 16}
    assert parity["length_buckets"]["lengths"] == list(tiny_bundle.length_buckets)
    assert 0 < parity["length_buckets"]["padding_share"] < parity["length_buckets"]["longest_share"] < 1
    report = (tiny_bundle.path / "parity.md").read_text()
    assert "| fp32 | 16/16 |" in report and "| fp32 | demo-nli | 1.000 | 8 |" in report
    assert (tiny_bundle.path / "parity.png").read_bytes().startswith(b"\x89PNG")


def _scale_a_decoder_matrix(model: T5ForConditionalGeneration) -> None:
    model.decoder.block[0].layer[1].EncDecAttention.v.weight *= 1.05


def _scale_an_encoder_matrix(model: T5ForConditionalGeneration) -> None:
    model.encoder.block[1].layer[0].SelfAttention.o.weight *= 1.05


def _shift_position_bias(model: T5ForConditionalGeneration) -> None:
    model.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight[1] += 0.3


def _scale_a_norm(model: T5ForConditionalGeneration) -> None:
    model.decoder.final_layer_norm.weight[:4] *= 1.2


def _break(model: T5ForConditionalGeneration) -> None:
    model.decoder.final_layer_norm.weight.fill_(math.nan)


@pytest.mark.parametrize(
    "perturb",
    [_scale_a_decoder_matrix, _scale_an_encoder_matrix, _shift_position_bias, _scale_a_norm],
)
def test_gate_fails_when_the_originals_weights_are_others(
    checkpoint: Checkpoint,
    tiny_student: OnnxStudent,
    rows: list[Example],
    perturb: Callable[[T5ForConditionalGeneration], None],
) -> None:
    with torch.no_grad():
        perturb(checkpoint.model)
    result = _compare(checkpoint, tiny_student, rows)
    with pytest.raises(ParityError, match=r"no bundle is written: label probabilities differ by .*, at most 1e-04"):
        require(result.failures(Thresholds()), result.differing)


def test_gate_fails_when_the_originals_scores_are_not_finite(
    checkpoint: Checkpoint, tiny_student: OnnxStudent, rows: list[Example]
) -> None:
    with torch.no_grad():
        _break(checkpoint.model)
    with pytest.raises(ParityError, match="the PyTorch student's own probabilities are not finite"):
        _compare(checkpoint, tiny_student, [row for row in rows if row.task == "demo-nli"])


def test_gate_fails_and_names_rows_when_the_written_text_is_another(
    checkpoint: Checkpoint, tiny_student: OnnxStudent, rows: list[Example]
) -> None:
    with torch.no_grad():
        checkpoint.model.shared.weight.mul_(0.5)
        checkpoint.model.decoder.final_layer_norm.weight.neg_()
    math_rows = [row for row in rows if row.task == "demo-math"]
    result = _compare(checkpoint, tiny_student, math_rows)
    with pytest.raises(ParityError) as caught:
        require(result.failures(Thresholds()), result.differing)
    assert "free-text answers: " in str(caught.value)
    assert "rationales: " in str(caught.value)
    assert f"{math_rows[0].source} (generated tokens)" in str(caught.value)
    assert result.max_probability_difference == 0.0


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (ParityResult(max_probability_difference=1.01e-4), "label probabilities differ by 1.01e-04"),
        (ParityResult(max_probability_difference=math.nan), "label probabilities differ by nan"),
        (ParityResult(label=Agreement(3, 2)), "labels against tree scoring: 2 of 3 rows agree, 100.0% are demanded"),
        (ParityResult(constrained_one_branch=Agreement(3, 0)), "labels against constrained generate: 0 of 3"),
        (ParityResult(free_text=Agreement(1000, 999)), "free-text answers: 999 of 1000"),
        (ParityResult(rationale=Agreement(1, 0)), "rationales: 0 of 1"),
    ],
)
def test_each_demand_is_told_on_its_own(result: ParityResult, message: str) -> None:
    (failure,) = result.failures(Thresholds())
    assert failure.startswith(message)


def test_what_is_only_reported_does_not_fail() -> None:
    result = ParityResult(plain_generate=Agreement(3, 0), constrained_more_branches=Agreement(3, 0))
    assert result.failures(Thresholds()) == []


def test_thresholds_can_be_loosened() -> None:
    result = ParityResult(max_probability_difference=5e-4, rationale=Agreement(100, 99))
    assert len(result.failures(Thresholds())) == 2
    assert result.failures(Thresholds(max_probability_difference=1e-3, min_text_agreement=0.99)) == []
