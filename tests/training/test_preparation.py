from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from export.compile import compile_bundle
from student.errors import DataError, ExportError, UnfitData
from tests.training.small import TASK, recipe, rows, write_source
from training.checkpoint import load_checkpoint
from training.data.example import Example
from training.methods import method_of
from training.preparation import prepare
from training.run import train
from training.scoring import ConcludingStudent, TorchStudent, student_for


def _examples() -> list[Example]:
    return [
        Example("mood", row["inputs"], row["label"], row.get("rationale"), f"rows.jsonl:{number}")
        for number, row in enumerate(rows(), start=1)
    ]


def _config(tmp_path: Path, **changes: Any) -> Any:
    return recipe(write_source(tmp_path), **changes)


def test_marks_are_for_training_rows_alone(tmp_path: Path) -> None:
    examples = _examples()
    examples[:20] = [
        replace(row, rationale=row.rationale and f"{row.inputs['text']} {row.rationale}") for row in examples[:20]
    ]
    config = _config(tmp_path, rationales={"max_copied": 0.0})
    prepared = prepare(config, {"mood": TASK}, examples[:40], examples[40:])
    assert 0 < sum(row.rationale is not None for row in prepared.examples) < 26
    assert prepared.validation == examples[40:]
    assert prepared.as_dict()["rationales"]["mood"]["left_out"] > 0
    assert "copied over 0" in prepared.as_text()


def test_marks_that_leave_nothing_to_learn_are_refused(tmp_path: Path) -> None:
    config = _config(tmp_path, rationales={"min_words": 50})
    with pytest.raises(UnfitData, match=r"marks leave out every rationale of mood \(all 26\), and method step-by-step"):
        prepare(config, {"mood": TASK}, _examples()[:40], _examples()[40:])


def test_how_often_the_answer_is_given_away_is_told(tmp_path: Path) -> None:
    prepared = prepare(_config(tmp_path, method="rationale-given"), {"mood": TASK}, _examples()[:40], _examples()[40:])
    assert prepared.as_dict()["answers_given_away"] == 1.0
    assert "in 100.0% of rows" in prepared.as_text()


def test_step_by_step_leaves_rows_in_their_order(tmp_path: Path) -> None:
    examples = _examples()
    prepared = prepare(_config(tmp_path), {"mood": TASK}, examples[:40], examples[40:])
    assert (prepared.examples, prepared.validation) == (examples[:40], examples[40:])
    assert prepared.as_dict()["dropped_for_method"] == {}


def test_rows_that_are_none_for_the_method_are_counted(tmp_path: Path) -> None:
    examples = _examples()
    prepared = prepare(_config(tmp_path, method="single-task"), {"mood": TASK}, examples[:40], examples[40:])
    counted = prepared.as_dict()["dropped_for_method"]["training"]
    assert counted == {
        "has no reasoning, which method single-task needs": {
            "rows": 14,
            "examples": ["rows.jsonl:1", "rows.jsonl:4", "rows.jsonl:7"],
        }
    }
    assert len(prepared.examples) == 26
    # Asked is every row: the student writes its rationale itself.
    assert prepared.validation == examples[40:]
    assert len(prepared.held_out) == 14


def test_validation_rows_that_all_lack_a_rationale_are_refused(tmp_path: Path) -> None:
    examples = _examples()
    bare = [replace(row, rationale=None) for row in examples[40:]]
    with pytest.raises(
        DataError,
        match="none of 20 validation rows is left: 20 x has no reasoning",
    ):
        prepare(_config(tmp_path, method="rationale-given"), {"mood": TASK}, examples[:40], bare)


def test_no_rationale_is_needed_at_a_weight_of_zero(tmp_path: Path) -> None:
    bare = [replace(row, rationale=None) for row in _examples()]
    prepare(_config(tmp_path, rationale_weight=0.0), {"mood": TASK}, bare[:40], bare[40:])
    with pytest.raises(DataError, match=r"method step-by-step needs rationales, but rows\.jsonl \(40 rows\) have none"):
        prepare(_config(tmp_path), {"mood": TASK}, bare[:40], bare[40:])


@pytest.mark.parametrize("method", ["step-by-step", "standard", "single-task", "rationale-given"])
def test_each_method_trains_answers_and_says_how(method: str, tmp_path: Path) -> None:
    student = train(_config(tmp_path, method=method, steps=2, validate_every=2), tmp_path / "run", progress=False)
    checkpoint = load_checkpoint(student)
    taught_by = method_of(checkpoint.record)
    assert taught_by.name == method
    answering = student_for(taught_by)
    assert answering is (ConcludingStudent if method == "single-task" else TorchStudent)
    assert 0 <= json.loads((tmp_path / "run" / "metrics.json").read_text())["accuracy"] <= 1
    report = json.loads((tmp_path / "run" / "data.json").read_text())
    assert report["rationales"]["mood"]["agree_with_label"] == 1.0
    expected = {"single-task", "rationale-given"}
    assert ("training" in report["dropped_for_method"]) is (method in expected)


def test_single_task_student_is_not_compiled(tmp_path: Path) -> None:
    config = _config(tmp_path, method="single-task", steps=2, validate_every=2)
    checkpoint = load_checkpoint(train(config, tmp_path / "run", progress=False))
    with pytest.raises(ExportError, match="trained by method single-task"):
        compile_bundle(checkpoint, tmp_path / "bundle", _examples(), name="mood")
    assert not (tmp_path / "bundle").exists()


def test_concluding_student_answers_with_what_its_rationale_ends_in(tmp_path: Path, monkeypatch: Any) -> None:
    config = _config(tmp_path, method="single-task", steps=2, validate_every=2)
    checkpoint = load_checkpoint(train(config, tmp_path / "run", progress=False))
    student = ConcludingStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    written = ["Who sings is happy. So the answer is happy.", "Who sings"]
    monkeypatch.setattr(student, "explain", lambda examples: written)
    assert [answered.answer for answered in student.answer(_examples()[:2])] == ["happy", ""]
