"""A disk that fills up while a run writes; a limit on the size of files stands for it, which writers meet as such."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from student import cli
from student.errors import CheckpointError
from tests.training.small import recipe, write_source
from tests.training.torchrun import torchrun
from training.checkpoint import load_checkpoint
from training.config import SourceConfig
from training.run import train
from training.run_directory import write_whole
from training.whole_checkpoints import told_where_it_fails

WEIGHTS = 219_664
"""Bytes of the student's `model.safetensors`; its `optimizer.pt` takes twice as many, all else less."""


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file gets larger than `size` bytes: writing on fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _assert_same_student(ours: Path, theirs: Path) -> None:
    left, right = load_file(ours / "model.safetensors"), load_file(theirs / "model.safetensors")
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceConfig:
    return write_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def whole(source: SourceConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("whole") / "run"
    train(recipe(source), output, progress=False)
    return output


@pytest.mark.parametrize("room", [WEIGHTS // 2, WEIGHTS * 3 // 2], ids=["for no weights", "for no optimiser"])
def test_full_disk_at_a_checkpoint_leaves_the_last_one_and_the_student_whole(
    room: int, whole: Path, source: SourceConfig, tmp_path: Path
) -> None:
    assert (whole / "student" / "model.safetensors").stat().st_size == WEIGHTS
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    shutil.rmtree(run / "checkpoint-8")
    kept = {name: _files(run / name) for name in ("checkpoint-4", "student")}

    with (
        files_up_to(room),
        pytest.raises(CheckpointError, match=r"run/checkpoint-8: could not be written: .*GB are free"),
    ):
        train(recipe(source), run, resume=True, progress=False)
    assert {folder.name for folder in run.iterdir() if folder.is_dir()} == {"checkpoint-4", "student", "logs"}
    assert {name: _files(run / name) for name in kept} == kept

    _assert_same_student(train(recipe(source), run, resume=True, progress=False), whole / "student")


def test_full_disk_at_the_first_checkpoint_can_be_started_again(
    whole: Path, source: SourceConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with files_up_to(WEIGHTS // 2), pytest.raises(CheckpointError, match="checkpoint-4: could not be written"):
        train(recipe(source), run, progress=False)
    assert not list(run.glob("checkpoint-*"))
    _assert_same_student(train(recipe(source), run, resume=True, progress=False), whole / "student")


def test_full_disk_at_the_end_leaves_the_earlier_student_and_is_said_in_a_line(
    whole: Path, source: SourceConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    # Of an earlier end, and not this run's: its record is missing, so the run is not done.
    (run / "student" / "quickstep.json").unlink()
    earlier = _files(run / "student")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe(source).model_dump(mode="json")))
    command = ["train", str(tmp_path / "recipe.yaml"), "--output", str(run), "--resume", "--quiet"]

    with files_up_to(WEIGHTS // 2):
        assert cli.main(command) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("quickstep train:")]
    assert f"{run / 'student'}: could not be written" in line
    assert "Make room" in line and "--resume" in line
    assert _files(run / "student") == earlier
    assert {folder.name for folder in run.iterdir() if folder.is_dir()} == {
        "checkpoint-4",
        "checkpoint-8",
        "student",
        "logs",
    }

    assert cli.main(command) == 0
    _assert_same_student(load_checkpoint(run).path, whole / "student")


def test_resume_on_a_full_disk_changes_nothing_and_goes_on_when_there_is_room(
    whole: Path, source: SourceConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    for lost in ("checkpoint-8", "student"):
        shutil.rmtree(run / lost)
    before = _files(run)
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe(source).model_dump(mode="json")))
    command = ["train", str(tmp_path / "recipe.yaml"), "--output", str(run), "--resume", "--quiet"]

    with files_up_to(0):
        assert cli.main(command) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("quickstep train:")]
    assert line == (
        f"quickstep train: {run / 'data.json'}: File too large; make room, and start the same command with --resume"
    )
    assert _files(run) == before

    noted = {name: (run / name).stat().st_mtime_ns for name in ("recipe.yaml", "rows.sha256")}
    assert cli.main(command) == 0
    _assert_same_student(run / "student", whole / "student")
    assert {name: (run / name).stat().st_mtime_ns for name in noted} == noted


def test_full_disk_ends_two_processes_in_one_line_and_leaves_no_half_checkpoint(
    source: SourceConfig, tmp_path: Path
) -> None:
    """Of a sharded student: while the main process fails to write, the other gathers weights with it."""
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe(source, fsdp=True).model_dump(mode="json")))
    command = ("-m", "student.cli", "train", str(tmp_path / "recipe.yaml"), "--output", str(tmp_path / "run"))
    done = torchrun(*command, "--quiet", largest_file=WEIGHTS // 2048)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("quickstep train:")]
    assert f"{tmp_path / 'run' / 'checkpoint-4'}: could not be written: " in line
    assert "[rank" not in done.stderr
    assert not list((tmp_path / "run").glob("checkpoint-*")) and not (tmp_path / "run" / "unfinished").exists()


def test_earlier_student_of_a_run_killed_while_the_new_one_took_its_place_is_put_back(
    whole: Path, source: SourceConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    kept = _files(run / "student")
    (run / "unfinished").mkdir()
    shutil.copytree(run / "student", run / "unfinished" / "student")
    (run / "student").rename(run / "student.earlier")
    train(recipe(source), run, resume=True, progress=False)
    assert _files(run / "student") == kept
    assert not (run / "student.earlier").exists()


def test_full_disk_leaves_a_small_file_as_it_was(tmp_path: Path) -> None:
    write_whole(tmp_path / "rows.sha256", "before")
    with files_up_to(3), pytest.raises(OSError, match=r"File too large: .*rows\.sha256'"):
        write_whole(tmp_path / "rows.sha256", "after it")
    assert _files(tmp_path) == {"rows.sha256": b"before"}


def test_half_a_checkpoint_of_a_killed_run_is_not_gone_on_from(
    whole: Path, source: SourceConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    shutil.rmtree(run / "student")
    # What a process that is killed while it writes step 8 leaves.
    (run / "unfinished").mkdir()
    (run / "checkpoint-8").rename(run / "unfinished" / "checkpoint-8")
    (run / "unfinished" / "checkpoint-8" / "optimizer.pt").write_bytes(b"PK")
    _assert_same_student(train(recipe(source), run, resume=True, progress=False), whole / "student")
    assert not (run / "unfinished").exists()


def test_checkpoints_name_the_best_one_by_its_place(whole: Path) -> None:
    state = yaml.safe_load((whole / "checkpoint-8" / "trainer_state.json").read_text())
    assert state["best_model_checkpoint"] == str(whole / f"checkpoint-{state['best_global_step']}")


def test_no_more_than_two_checkpoints_are_kept_the_best_among_them(source: SourceConfig, tmp_path: Path) -> None:
    train(recipe(source, validate_every=2), tmp_path / "run", progress=False)
    kept = {folder.name for folder in (tmp_path / "run").glob("checkpoint-*")}
    state = yaml.safe_load((tmp_path / "run" / "checkpoint-8" / "trainer_state.json").read_text())
    assert kept <= {"checkpoint-6", "checkpoint-8", f"checkpoint-{state['best_global_step']}"}
    assert {"checkpoint-8", f"checkpoint-{state['best_global_step']}"} <= kept
    assert len(kept) == 2


def test_failure_names_the_room_that_is_left(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught, told_where_it_fails(tmp_path / "a" / "b", "all is well"):
        raise OSError(28, "No space left on device")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'a' / 'b'}: could not be written: [Errno 28] No space left on device; ")
    assert message.endswith("all is well")


def test_failure_gives_the_reason_of_the_system_that_a_writers_end_hides(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match=r"could not be written: \[Errno 28\] No space left"),
        told_where_it_fails(tmp_path, "all is well"),
    ):
        try:
            raise OSError(28, "No space left on device")
        finally:
            raise RuntimeError("unexpected pos 473024 vs 472912")


def test_failure_of_torchs_writer_which_gives_no_reason_says_what_it_mostly_is(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match=r"torch's writer failed, .* no more room \(basic_ios"),
        files_up_to(1000),
        told_where_it_fails(tmp_path, "all is well"),
    ):
        torch.save(torch.zeros(10_000), tmp_path / "optimizer.pt")


def test_a_device_out_of_memory_is_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises(torch.OutOfMemoryError), told_where_it_fails(tmp_path, "all is well"):
        raise torch.OutOfMemoryError("CUDA out of memory")
