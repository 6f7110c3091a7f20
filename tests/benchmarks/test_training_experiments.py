"""`benchmarks/training.py` from end to end, with counts too small to mean anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import training, training_experiments
from benchmarks.training_experiments import EXPERIMENTS
from student.errors import QuickstepError
from tests.training.data.release_files import write_release
from training.experiment.plan import load_plan

TINY: Mapping[str, Any] = {
    "preset": "tiny",
    "steps": 2,
    "validate_every": 2,
    "batch_size": 8,
    "labels": "teacher",
    "threads": 1,
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the experiments with few rows and a tiny student."""
    for name in ("_VALIDATION_ROWS", "_TEST_ROWS"):
        monkeypatch.setattr(training_experiments, name, 12)
    data = training_experiments._taught("demo-nli", 40)
    noisy = replace(EXPERIMENTS["demo-nli"], recipe=TINY, data=data)
    monkeypatch.setitem(EXPERIMENTS, "demo-nli", noisy)
    monkeypatch.setitem(
        EXPERIMENTS, "esnli-methods", replace(EXPERIMENTS["esnli-methods"], recipe={**TINY, "labels": "gold"})
    )


def _rows(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "training.json").read_text())["rows"]
    return rows


def test_runs_teachers_and_figure_are_written(small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--experiments", "demo-nli", "--seeds", "0", "1", "--runs", str(tmp_path / "runs")]

    assert training.main([*arguments, "--results", str(tmp_path)]) == 0

    rows = _rows(tmp_path)
    students = [row for row in rows if row["method"] != "teacher" and row["split"] == "test"]
    assert {(row["method"], row["fraction"], row["seed"]) for row in students} == {
        (method, part, seed) for method in ("standard", "step-by-step") for part in (0.25, 0.5, 1.0) for seed in (0, 1)
    }
    assert {row["training_rows"] for row in students} == {10, 20, 40}
    assert all(row["rows"] == 12 and 0 <= row["accuracy_percent"] <= 100 for row in students)
    assert (tmp_path / "training.png").is_file()
    assert "half_width" in capsys.readouterr().out
    assert str(tmp_path) not in (tmp_path / "training.json").read_text()


def test_other_experiments_are_kept(small: None, tmp_path: Path) -> None:
    arguments = ["--experiments", "demo-nli", "--seeds", "0", "--runs", str(tmp_path / "runs")]
    with pytest.raises(QuickstepError, match=r"training\.json has nothing to keep"):
        training.main([*arguments, "--results", str(tmp_path), "--keep"])
    training.main([*arguments, "--results", str(tmp_path)])
    content = json.loads((tmp_path / "training.json").read_text())
    content["rows"].append({**content["rows"][0], "experiment": "cqa", "dataset": "cqa"})
    content["header"]["settings"]["experiments"]["cqa"] = {"dataset": "cqa"}
    (tmp_path / "training.json").write_text(json.dumps(content))

    training.main([*arguments, "--results", str(tmp_path), "--keep"])

    assert [row["experiment"] for row in _rows(tmp_path)].count("cqa") == 1
    assert len(_rows(tmp_path)) == len(content["rows"])
    training.main([*arguments[:3], "1", *arguments[4:], "--results", str(tmp_path), "--keep"])
    assert {row["seed"] for row in _rows(tmp_path) if row["experiment"] == "demo-nli"} == {0, 1}
    assert all(row["commit"] for row in _rows(tmp_path))
    header = json.loads((tmp_path / "training.json").read_text())["header"]
    assert set(header["settings"]["experiments"]) == {"cqa", "demo-nli"}


def test_methods_that_want_a_teacher_read_not_available_where_there_is_none(small: None, tmp_path: Path) -> None:
    _write_esnli(_folders(tmp_path / "data") / "esnli")
    arguments = ["--experiments", "esnli-methods", "--runs", str(tmp_path / "runs")]

    training.main([*arguments, "--results", str(tmp_path), "--datasets", str(tmp_path / "data")])

    accuracy = {row["method"]: row["accuracy_percent"] for row in _rows(tmp_path) if row["split"] in (None, "test")}
    assert accuracy.pop("single-task") is not None and accuracy.pop("step-by-step-agreeing") is not None
    assert accuracy == {"standard-distillation": None, "step-by-step-teacher-labels": None, "rationale-given": None}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_is_one_that_the_command_takes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_experiments, "write_gold", lambda path, *rest: path.touch())
    monkeypatch.setattr(training_experiments, "write_taught", lambda path, *rest: path.touch())
    options = training._arguments(
        ["--experiments", name, "--runs", str(tmp_path), "--datasets", str(_folders(tmp_path / "data"))]
    )

    plan = load_plan(training._write(name, EXPERIMENTS[name], options))

    assert len(plan.runs) >= 5
    assert {run.seed for run in plan.runs} in ({0}, {0, 1, 2})


def test_datasets_that_are_not_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, problem in (
        (["--datasets", str(tmp_path)], "holds no anli1/, asdiv/, cqa/, esnli/, svamp/"),
        (["--experiments", "cqa"], "say where the datasets are"),
    ):
        with pytest.raises(SystemExit):
            training.main(options)
        assert problem in capsys.readouterr().err


def _write_esnli(folder: Path) -> None:
    labels = ("entailment", "neutral", "contradiction")
    for split, count in (("valid", 40), ("test", 9)):
        content = [
            {
                "premise": f"Person {row} of {split} sits .",
                "hypothesis": "Somebody sits .",
                "label": labels[row % 3],
                "explanations": ["sitting is sitting"],
            }
            for row in range(count)
        ]
        write_release(folder, "esnli", content, split=split)


def _folders(folder: Path) -> Path:
    for name in ("esnli", "cqa", "svamp", "anli1", "asdiv"):
        (folder / name).mkdir(parents=True)
    return folder
