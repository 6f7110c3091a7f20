"""Two processes that `torchrun` starts train what one process trains.

Weights are held to 1e-6 of one process's after 8 steps, of which the last of an epoch is short (to 2e-3 with Muon,
which computes in bfloat16); losses of each step to the 4 digits to which the trainer rounds them. Dropout is off where
they are compared, as each process draws its own.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.training.small import recipe, rows, write_source
from tests.training.torchrun import torchrun
from training.checkpoint import load_checkpoint
from training.config import SourceConfig, TrainConfig
from training.run import train

CASES: dict[str, dict[str, Any]] = {
    "step-by-step": {},
    "standard": {"method": "standard", "rationale_weight": 0.0},
    "grouped": {"group_by_length": True, "rationale_weight": 0.5},
    "muon": {"optimizer": "muon"},
    "sharded": {"fsdp": True},
    "parts": {"gradient_accumulation": 2, "gradient_checkpointing": True},
    "sharded parts": {"fsdp": True, "gradient_accumulation": 2, "gradient_checkpointing": True},
}
RESUMED = [
    ("whole", "resumed", ["checkpoint-8", "student"]),
    ("sharded parts", "resumed sharded", ["checkpoint-8", "student"]),
    ("sharded", "resumed after its last step", ["student"]),
]
HOW = ("fsdp", "gradient_accumulation", "gradient_checkpointing")


def _config(source: SourceConfig, **changes: Any) -> TrainConfig:
    return recipe(source, **{"dropout_rate": 0.0, **changes})


def _weights(run: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(run / "student" / "model.safetensors"))


def _losses(run: Path, step: int = 8) -> list[float]:
    state = json.loads((run / f"checkpoint-{step}" / "trainer_state.json").read_text())
    return [entry["loss"] for entry in state["log_history"] if "loss" in entry]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceConfig:
    """41 rows to train on, few of them with a rationale: the last step of an epoch leaves one process without any."""
    content = rows()
    for number, row in enumerate(content):
        if number % 8:
            row.pop("rationale", None)
    return write_source(tmp_path_factory.mktemp("source"), content).model_copy(update={"rows": 41})


@pytest.fixture(scope="module")
def scaled(source: SourceConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of two processes, by name."""
    folder = tmp_path_factory.mktemp("scaled")
    plan = [(name, _config(source, **changes)) for name, changes in CASES.items()]
    plan.append(("whole", recipe(source)))
    runs = [{"recipe": config.model_dump(mode="json"), "output": str(folder / name)} for name, config in plan]
    for of, name, lost in RESUMED:
        recipe_of = next(run["recipe"] for run in runs if run["output"] == str(folder / of))
        runs.append({"recipe": recipe_of, "output": str(folder / name), "of": str(folder / of), "lost": lost})
    (folder / "plan.json").write_text(json.dumps(runs))
    done = torchrun("-m", "tests.training.scaled_runs", str(folder / "plan.json"))
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if line.startswith("[rank0]"))
    return folder


@pytest.fixture(scope="module")
def alone(source: SourceConfig, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs of one process that learn the same, by name."""
    folder = tmp_path_factory.mktemp("alone")
    runs: dict[str, Path] = {}
    for name, changes in CASES.items():
        learnt = {key: value for key, value in changes.items() if key not in HOW}
        if learnt or name == "step-by-step":
            train(_config(source, **learnt), folder / name, progress=False)
            runs[name] = folder / name
        else:
            runs[name] = folder / "step-by-step"
    return runs


@pytest.mark.parametrize("name", CASES)
def test_two_processes_learn_what_one_learns(name: str, scaled: Path, alone: dict[str, Path]) -> None:
    assert _losses(scaled / name) == pytest.approx(_losses(alone[name]), abs=2e-4)
    ours, theirs = _weights(scaled / name), _weights(alone[name])
    assert ours.keys() == theirs.keys()
    for weight in theirs:
        torch.testing.assert_close(ours[weight], theirs[weight], rtol=0, atol=2e-3 if name == "muon" else 1e-6)


@pytest.mark.parametrize("name", CASES)
def test_their_student_is_a_whole_one_with_the_same_figures(name: str, scaled: Path, alone: dict[str, Path]) -> None:
    ours, theirs = load_checkpoint(scaled / name), load_checkpoint(alone[name])
    assert ours.record["metrics"] == pytest.approx(theirs.record["metrics"], abs=2e-3 if name == "muon" else 1e-5)
    assert ours.record["best_step"] == theirs.record["best_step"]
    assert ours.record["data"] == theirs.record["data"]
    assert (ours.path / "config.json").read_text() == (theirs.path / "config.json").read_text()
    assert {file.name for file in ours.path.iterdir()} == {file.name for file in theirs.path.iterdir()}


@pytest.mark.parametrize(("of", "name", "lost"), RESUMED, ids=[name for _, name, _ in RESUMED])
def test_their_interrupted_run_ends_as_an_uninterrupted_one(of: str, name: str, lost: list[str], scaled: Path) -> None:
    ours, theirs = _weights(scaled / name), _weights(scaled / of)
    assert all(torch.equal(ours[weight], theirs[weight]) for weight in theirs)
    assert _losses(scaled / name) == _losses(scaled / of)


def test_each_process_draws_its_own_dropout(scaled: Path) -> None:
    states = [
        torch.load(scaled / "whole" / "checkpoint-8" / f"rng_state_{rank}.pth", weights_only=False) for rank in (0, 1)
    ]
    assert not torch.equal(states[0]["cpu"], states[1]["cpu"])


def test_one_process_goes_on_from_a_checkpoint_of_two(
    source: SourceConfig, scaled: Path, alone: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(scaled / "step-by-step", run)
    for lost in ("checkpoint-8", "student"):
        shutil.rmtree(run / lost)
    train(_config(source), run, resume=True, progress=False)
    ours, theirs = _weights(run), _weights(alone["step-by-step"])
    for weight in theirs:
        torch.testing.assert_close(ours[weight], theirs[weight], rtol=0, atol=1e-6)


def test_what_is_wrong_ends_all_processes_and_is_said_once(tmp_path: Path) -> None:
    content = [{**row, "label": "angry"} for row in rows()]
    (tmp_path / "recipe.yaml").write_text(
        yaml.safe_dump(_config(write_source(tmp_path, content)).model_dump(mode="json"))
    )
    done = torchrun("-m", "student.cli", "train", str(tmp_path / "recipe.yaml"), "--output", str(tmp_path / "run"))
    assert done.returncode == 1
    assert done.stderr.count("60 of 60 rows cannot be used") == 1
    assert done.stderr.count("quickstep train:") == 1
    assert "[rank" not in done.stderr
