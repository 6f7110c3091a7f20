"""Two real processes, of which one fails or has something else than the other: both end, and one says why."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.training.small import recipe, write_source
from tests.training.torchrun import torchrun

_HINT = "(the main process had no such problem: what differs on that one's machine?)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("differing")


@pytest.fixture(scope="module")
def done(folder: Path) -> subprocess.CompletedProcess[str]:
    for index, steps in enumerate((8, 6)):
        content = recipe(write_source(folder), steps=steps).model_dump(mode="json")
        (folder / f"recipe{index}.yaml").write_text(yaml.safe_dump(content))
    return torchrun("-m", "tests.training.differing_processes", str(folder))


@pytest.mark.parametrize(
    ("call", "main", "other"),
    [
        ("together", 0, 1),
        (
            "together, the other fails",
            f"DataError: process 1: no rows at 1 {_HINT}",
            "ToldByMain: process 1: no rows at 1",
        ),
        ("together, main fails", "DataError: no rows at 0", "ToldByMain: process 0: no rows at 0"),
        ("together, both fail", "DataError: no rows at 0", "ToldByMain: process 0: no rows at 0"),
        ("from main", 0, 0),
        ("from main, which fails", "DataError: no rows at 0", "ToldByMain: no rows at 0"),
        (
            "from main, whose disk is full",
            "OSError: [Errno 28] No space left on device: 'a file'",
            "ToldByMain: [Errno 28] No space left on device: 'a file'",
        ),
        ("agree", None, None),
        ("same student", None, None),
        ("same directory", None, None),
    ],
)
def test_call_gives_every_process_its_result_or_error(
    call: str, main: object, other: object, folder: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert [json.loads((folder / f"{index}.json").read_text())[call] for index in (0, 1)] == [main, other]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("agree, they differ", "processes 1 have other rows than process 0"),
        ("other weights", "processes 1 have other weights to begin with than process 0"),
        ("other directories", "is not the main process's run directory; --output has to name one place"),
    ],
)
def test_what_differs_is_refused_in_every_process(
    call: str, said: str, folder: Path, done: subprocess.CompletedProcess[str]
) -> None:
    main, other = (json.loads((folder / f"{index}.json").read_text())[call] for index in (0, 1))
    assert main.startswith("DataError: ") and said in main
    assert other.startswith("ToldByMain: ") and said in other


def test_no_mark_is_left_in_a_directory_that_was_looked_at(
    folder: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert not [*folder.rglob(".*")]


def test_processes_with_other_recipes_do_not_train(folder: Path, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1
    assert done.stderr.count("quickstep train:") == 1
    assert "quickstep train: processes 1 have other recipes than process 0" in done.stderr
    assert "[rank" not in done.stderr
    assert not (folder / "run").exists()
