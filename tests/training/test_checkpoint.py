from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from student.errors import CheckpointError
from training.checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint
from training.data.example import Example
from training.validation_rows import read_rows, write_rows


@pytest.fixture
def folder(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(tiny_run / "student", tmp_path / "student"))


def test_run_directory_and_student_directory_are_the_same_checkpoint(tiny_run: Path) -> None:
    run, student = load_checkpoint(tiny_run), load_checkpoint(tiny_run / "student")
    assert run.path == student.path == tiny_run / "student"
    assert list(run.tasks) == ["demo-nli", "demo-choices", "demo-math"]
    assert set(run.record["versions"]) == {"quickstep", "torch", "transformers", "tokenizers"}
    assert not run.model.training


def test_what_is_saved_is_loaded(tiny_run: Path, tmp_path: Path) -> None:
    before = load_checkpoint(tiny_run)
    save_checkpoint(tmp_path, before.model, before.tokenizer, before.tasks, {"steps": 7})
    after = load_checkpoint(tmp_path)
    assert after.record["steps"] == 7
    assert after.tasks == before.tasks
    assert after.tokenizer("A man sleeps.").input_ids == before.tokenizer("A man sleeps.").input_ids
    loaded = after.model.state_dict()
    assert all(torch.equal(weight, loaded[name]) for name, weight in before.model.state_dict().items())


def _edit(name: str, **changes: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(content | changes))

    return edit


def _cut(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return edit


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: shutil.rmtree(folder), r"has no quickstep\.json .*`quickstep train` makes one"),
        (lambda folder: (folder / "quickstep.json").unlink(), r"has no quickstep\.json"),
        (lambda folder: (folder / "quickstep.json").write_text("{"), r"quickstep\.json: is not JSON"),
        (lambda folder: (folder / "quickstep.json").write_text("[]"), r"is of another format than 1"),
        (_edit("quickstep.json", format=2), r"is of another format than 1; train again"),
        (_edit("quickstep.json", tasks=[{"name": "x"}]), r"its tasks are broken"),
        (_edit("quickstep.json", tasks=None), r"its tasks are broken"),
        (lambda folder: (folder / "model.safetensors").unlink(), r"cannot be loaded as a T5 student"),
        (_cut("model.safetensors"), r"cannot be loaded as a T5 student"),
        (_cut("tokenizer.json"), r"cannot be loaded as a T5 student"),
        (_cut("config.json"), r"cannot be loaded as a T5 student"),
        (_edit("config.json", d_ff=65), r"cannot be loaded as a T5 student"),
        (_edit("config.json", num_layers=3), r"lacks weights: encoder\.block\.2"),
        (_edit("config.json", model_type="bart"), r"is a 'bart', not a T5"),
    ],
)
def test_damaged_checkpoint_is_refused_by_name(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(folder)


def test_unfinished_run_is_no_checkpoint(tiny_run: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_run / "checkpoint-30", tmp_path / "checkpoint-30")
    with pytest.raises(CheckpointError, match="when it finishes"):
        load_checkpoint(tmp_path)


def test_latest_is_the_one_finished_last(tiny_run: Path, tmp_path: Path) -> None:
    for name, seconds in (("a", 3_000), ("b", 1_000), ("c", 2_000)):
        (tmp_path / name / "student").mkdir(parents=True)
        record = shutil.copy(tiny_run / "student" / "quickstep.json", tmp_path / name / "student")
        os.utime(record, (seconds, seconds))
    # One that has not finished.
    (tmp_path / "d" / "checkpoint-4").mkdir(parents=True)
    assert latest_checkpoint(tmp_path) == tmp_path / "a" / "student"


def test_no_finished_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no finished student under .*`quickstep train` makes one"):
        latest_checkpoint(tmp_path)


def test_validation_rows_survive(tmp_path: Path) -> None:
    rows = [
        Example("t", {"text": "a\u2028b\nc"}, "yes", None, "x:1", ("a", "b"), gold="no", tags={"kind": "new"}),
        Example("t", {"text": "ü"}, "no", "Because.", "x:2", rationale_by="human"),
    ]
    write_rows(tmp_path, rows)
    assert read_rows(tmp_path) == rows


def test_validation_rows_that_do_not_say_who_wrote_the_rationale_are_read(tmp_path: Path) -> None:
    row = Example("t", {"text": "ü"}, "no", "Because.", "x:2")
    write_rows(tmp_path, [row])
    file = tmp_path / "validation.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace(', "rationale_by": "unknown"', ""), encoding="utf-8")
    assert "rationale_by" not in file.read_text(encoding="utf-8")
    assert read_rows(tmp_path) == [row]


@pytest.mark.parametrize("content", ["{", "[]", '{"task": "t"}', '{"choices": 5}'])
def test_broken_validation_rows_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "validation.jsonl").write_text(content)
    with pytest.raises(CheckpointError, match=r"validation\.jsonl: is broken"):
        read_rows(tmp_path)


def test_missing_validation_rows_are_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot be read .*`quickstep train` writes it"):
        read_rows(tmp_path)
