from __future__ import annotations

import errno
from pathlib import Path

import pytest
import yaml

from student import cli
from tests.training.small import TASK_YAML


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


def test_processes_beside_the_first_leave_the_word_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.yaml").write_text("preset: huge\ndata: [{source: demo-nli, rows: 1}]")
    monkeypatch.setattr("training.cli._SECONDS_TO_SPEAK", 0)
    said = []
    for rank in ("0", "1"):
        started = {"WORLD_SIZE": "2", "RANK": rank, "LOCAL_RANK": rank, "MASTER_ADDR": "localhost"}
        for name, value in {**started, "MASTER_PORT": "29500"}.items():
            monkeypatch.setenv(name, value)
        assert cli.main(["train", str(tmp_path / "recipe.yaml"), "--output", str(tmp_path / "run")]) == 1
        said.append(capsys.readouterr().err)
    assert "preset: 'huge' is unknown" in said[0]
    assert said[1] == ""


def test_full_disk_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.yaml").write_text("preset: tiny\ndata: [{source: demo-nli, rows: 1}]")

    def full(config: object, output: Path, **_: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(output / "data.json"))

    monkeypatch.setattr("training.run.train", full)
    assert cli.main(["train", str(tmp_path / "recipe.yaml"), "--output", str(tmp_path / "run")]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith(
        f"quickstep train: {tmp_path / 'run' / 'data.json'}: No space left on device; make room"
    )


def test_processes_that_cannot_find_each_other_are_told_how_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.yaml").write_text("preset: tiny\ndata: [{source: demo-nli, rows: 1}]")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert cli.main(["train", str(tmp_path / "recipe.yaml"), "--output", str(tmp_path / "run")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "RANK, LOCAL_RANK, MASTER_ADDR, MASTER_PORT are not set" in line and "torchrun" in line
