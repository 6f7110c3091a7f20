from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers.integrations import INTEGRATION_TO_CALLBACK

from training.config import TRACKERS, ConfigError, TrainConfig
from training.processes import ALONE, Processes
from training.trainer_arguments import check_start, training_arguments


def _config(**changes: Any) -> TrainConfig:
    return TrainConfig.model_validate({"preset": "tiny", "data": [{"source": "demo-nli", "rows": 10}], **changes})


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_a_steps_examples_are_shared_by_processes_and_parts(parts: int, tmp_path: Path) -> None:
    config = _config(batch_size=32, gradient_accumulation=parts)
    arguments = training_arguments(config, tmp_path, Processes(count=4), progress=False)
    assert arguments.per_device_train_batch_size * 4 * arguments.gradient_accumulation_steps == 32


def test_examples_that_cannot_be_shared_are_refused_with_numbers_that_can() -> None:
    with pytest.raises(ConfigError, match=r"batch_size: 30 .* 4 processes .* multiple of 4 \(28 or 32\)"):
        check_start(_config(batch_size=30), Processes(count=4))
    with pytest.raises(ConfigError, match=r"multiple of 8 \(8\)"):
        check_start(_config(batch_size=6, gradient_accumulation=2), Processes(count=4))
    check_start(_config(batch_size=30), ALONE)


def test_problems_of_a_start_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(ConfigError) as caught:
        check_start(_config(fsdp=True, trackers=["flyte"]), ALONE)
    for problem in ("fsdp: shards a student over processes, and this is one", "ACCELERATE_USE_FSDP is set", "flyte"):
        assert problem in str(caught.value)


def test_trackers_are_the_trainers_own(tmp_path: Path) -> None:
    assert {*TRACKERS, "tensorboard"} == set(INTEGRATION_TO_CALLBACK)
    arguments = training_arguments(_config(trackers=["wandb"]), tmp_path, ALONE, progress=False)
    assert arguments.report_to == ["tensorboard", "wandb"]


def test_a_tracker_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.trainer_arguments.get_available_reporting_integrations", lambda: ["tensorboard"])
    with pytest.raises(ConfigError, match="trackers: wandb is not installed here"):
        check_start(_config(trackers=["wandb"]), ALONE)
