from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from student import cli
from tests.training.small import TASK_YAML, recipe, rows, write_source
from training.run import train


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    train(recipe(write_source(folder), steps=1), folder / "run", progress=False)
    return folder / "run"


def test_evaluate_takes_the_only_task_of_a_student(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(run), "--data", f"jsonl:{run.parent}/rows.jsonl", "--quiet"]) == 0
    assert "mood" in capsys.readouterr().out


def test_evaluate_takes_a_task_of_the_student_by_its_name(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = f"jsonl:{run.parent}/rows.jsonl"
    assert cli.main(["evaluate", str(run), "--data", source, "--task", "mood", "--quiet"]) == 0
    assert "60 rows" in capsys.readouterr().out


def test_evaluate_tells_of_rows_that_a_server_would_refuse(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = rows()[0]
    row["inputs"]["text"] *= 50
    (tmp_path / "long.jsonl").write_text(json.dumps(row))
    assert cli.main(["evaluate", str(run), "--data", f"jsonl:{tmp_path}/long.jsonl", "--quiet"]) == 0
    told = capsys.readouterr().err
    assert "mood: 1 of 1 rows are longer than limits.source_tokens (64;" in told and "refuse" in told


@pytest.mark.parametrize(("with_checkpoint", "told"), [(True, "go on with the same command and --resume"), (False, "")])
def test_interrupted_training_says_how_to_go_on(
    with_checkpoint: bool,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "mood.yaml").write_text(TASK_YAML)
    content = {"preset": "tiny", "data": [{"source": "jsonl:rows.jsonl", "task": "mood.yaml"}]}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(content))

    def interrupted(config: object, output: Path, **_: object) -> Path:
        if with_checkpoint:
            (output / "checkpoint-4").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr("training.run.train", interrupted)
    assert cli.main(["train", str(tmp_path / "recipe.yaml"), "--output", str(tmp_path / "run")]) == 130
    complaint = capsys.readouterr().err
    assert "interrupted" in complaint and told in complaint
    assert ("--resume" in complaint) is with_checkpoint
