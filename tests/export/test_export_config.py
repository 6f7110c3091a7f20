from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export import cli
from export.confidence import Scored
from export.config import ExportConfig, load_export_config
from export.gate import TaskCalibration, _require_selective, at_most, check_selective_tasks, halves, pass_gate
from student.bundle import Bundle
from student.confidence import ALL_TASKS, Confidence
from student.errors import ExportError, ParityError
from student.question import Question
from student.runtime import OnnxStudent
from training.checkpoint import load_checkpoint
from training.scoring import TorchStudent
from training.validation_rows import read_rows


def test_configuration_is_read_and_flags_win(tmp_path: Path) -> None:
    file = tmp_path / "export.yaml"
    file.write_text(
        "precisions: [fp32, int8]\nmax_text_rows: 5\nselective_accuracy: {esnli: 0.9}\n"
        "thresholds: {every_precision: {min_clear_agreement: 0.9}}\n"
    )
    config = load_export_config(file, {"max_text_rows": 7})
    assert (config.precisions, config.max_text_rows) == (("fp32", "int8"), 7)
    assert config.selective_accuracy_of("esnli") == 0.9
    assert config.selective_accuracy_of("cqa") is None
    assert config.thresholds.every_precision.min_clear_agreement == 0.9
    assert config.thresholds.min_label_agreement == 1.0
    assert load_export_config(None, {}) == ExportConfig()
    assert load_export_config(None, {"precisions": ["int8"]}).precisions == ("fp32", "int8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("precisions: [int4]", "precisions.0"),
        ("precision: [fp32]", "precision: is no known key; did you mean precisions?"),
        ("selective_accuracy: {all: 1.5}", "selective_accuracy.all: .* less than or equal to 1; given 1.5"),
        ("thresholds: {max_difference: 1}", "thresholds.max_difference: is no known key"),
        ("- fp32", "must be a mapping; its keys are precisions, max_text_rows"),
        ("a: [", "is not YAML"),
    ],
)
def test_configuration_that_is_wrong_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "export.yaml"
    file.write_text(text)
    with pytest.raises(ExportError, match=message):
        load_export_config(file, {})


def test_configuration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be read"):
        load_export_config(tmp_path / "none.yaml", {})


def test_selective_accuracy_is_given_for_one_task_or_all() -> None:
    assert cli._by_task("0.9") == ("all", 0.9)
    assert cli._by_task("esnli=0.9") == ("esnli", 0.9)
    with pytest.raises(Exception, match="must be a share"):
        cli._by_task("esnli=high")


def _gate(tiny_run: Path, tiny_bundle: Bundle, config: ExportConfig) -> object:
    checkpoint = load_checkpoint(tiny_run)
    student = OnnxStudent(tiny_bundle, threads=1)
    rows = [
        (row, student.prepare(Question(row.task, row.inputs, row.choices), rationale=True))
        for row in read_rows(checkpoint.path)
    ]
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    return pass_gate(original, {"fp32": student}, rows, config, progress=False)


def test_task_without_probabilities_has_no_selective_accuracy(tiny_bundle: Bundle) -> None:
    config = ExportConfig(selective_accuracy={"demo-math": 0.9, "esnly": 0.9})
    with pytest.raises(ExportError, match=r"of demo-math, esnly: .* those are demo-nli, demo-choices"):
        check_selective_tasks(config, tiny_bundle.tasks)
    text_only = {"demo-math": tiny_bundle.tasks["demo-math"]}
    with pytest.raises(ExportError, match=r"of all: .* those are none"):
        check_selective_tasks(ExportConfig(selective_accuracy={"all": 0.9}), text_only)


def test_halves_share_no_row_and_hold_half_of_every_task(tiny_run: Path, tiny_bundle: Bundle) -> None:
    student = OnnxStudent(tiny_bundle, threads=1)
    rows = [
        (row, student.prepare(Question(row.task, row.inputs, row.choices)))
        for row in read_rows(load_checkpoint(tiny_run).path)
    ]
    fitting, judging = halves(rows)
    assert {id(row) for row, _ in fitting}.isdisjoint({id(row) for row, _ in judging})
    for half in (fitting, judging):
        assert {task: sum(row.task == task for row, _ in half) for task in tiny_bundle.tasks} == dict.fromkeys(
            tiny_bundle.tasks, 8
        )
    # By lot, not by position: an alternating file must not put one label in each half.
    assert [row for row, _ in fitting] != [row for row, _ in rows[::2]]
    assert halves(rows[:1]) == (rows[:1], [])


def test_thresholds_of_every_precision_hold_for_float32_too(tiny_run: Path, tiny_bundle: Bundle) -> None:
    thresholds = {"every_precision": {"max_calibration_error": 0.0}}
    config = ExportConfig.model_validate({"max_text_rows": 3, "thresholds": thresholds})
    with pytest.raises(ParityError, match="fp32: the expected calibration error is"):
        _gate(tiny_run, tiny_bundle, config)


def test_yaml_takes_what_the_flags_take(tmp_path: Path) -> None:
    (tmp_path / "export.yaml").write_text("precisions: fp32, int8\nselective_accuracy: 0.9\n")
    config = load_export_config(tmp_path / "export.yaml", {})
    assert config.precisions == ("fp32", "int8")
    assert config.selective_accuracy == {ALL_TASKS: 0.9}


@pytest.mark.parametrize(("successes", "trials", "share"), [(0, 1, 0.5), (7, 10, 0.9), (26, 27, 0.5), (5, 5, 0.3)])
def test_binomial_tail_is_that_of_the_trials(successes: int, trials: int, share: float) -> None:
    draws = np.random.default_rng(0).binomial(trials, share, 200_000)
    assert at_most(successes, trials, share) == pytest.approx(np.mean(draws <= successes), abs=5e-3)


@pytest.mark.parametrize(("right", "broken"), [(27, False), (25, False), (15, True)])
def test_selective_accuracy_that_other_rows_disprove_is_refused(right: int, broken: bool) -> None:
    rows = [Scored(np.array([0.9, 0.1]), right=int(number >= right)) for number in range(27)]
    found = TaskCalibration.of(Confidence(threshold=0.5), rows)
    _require_selective("int8", "tickets", found, None)
    if broken:
        with pytest.raises(ExportError, match=r"0.9 is asked for, and on rows .* 15 of 27 answered ones are right"):
            _require_selective("int8", "tickets", found, 0.9)
    else:
        _require_selective("int8", "tickets", found, 0.9)
