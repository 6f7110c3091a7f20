from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.run_directory import RunTaken, train_into, trained_earlier
from student.errors import CheckpointError
from tests.conftest import TINY
from training.checkpoint import STUDENT


def test_finished_run_is_not_trained_again(tiny_run: Path) -> None:
    with pytest.raises(RunTaken, match="--from-run"):
        train_into(TINY, tiny_run)


def test_interrupted_run_is_gone_on_with(tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    shutil.rmtree(run / STUDENT)
    trained = train_into(TINY, run)
    assert trained.how == "resumed" and trained.run == run
    assert (run / STUDENT).is_dir()


def test_earlier_run_is_found_by_either_of_its_folders(tiny_run: Path) -> None:
    for folder in (tiny_run, tiny_run / STUDENT):
        trained = trained_earlier(folder)
        assert trained.how == "earlier" and trained.run == tiny_run and trained.seconds > 0


def test_unfinished_run_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="quickstep train"):
        trained_earlier(tmp_path)
