from __future__ import annotations

import pytest

from training.config import ConfigError
from training.launch import Launch, read_launch

STARTED = {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}


@pytest.mark.parametrize("environment", [{}, {"WORLD_SIZE": "1"}, {"WORLD_SIZE": ""}, {"RANK": "1"}], ids=str)
def test_a_process_that_nothing_says_to_be_one_of_several_is_alone(environment: dict[str, str]) -> None:
    assert read_launch(environment) == Launch(count=1, index=0, index_here=0)


def test_a_process_of_several_knows_its_place() -> None:
    assert read_launch(STARTED) == Launch(count=4, index=3, index_here=1)


def test_missing_variables_are_named_all_with_the_command_that_sets_them() -> None:
    with pytest.raises(ConfigError) as caught:
        read_launch({"WORLD_SIZE": "2", "RANK": "0"})
    assert "one of 2 processes, and LOCAL_RANK, MASTER_ADDR, MASTER_PORT are not set" in str(caught.value)
    assert "torchrun --nproc-per-node 2 -m student.cli train" in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE='two' is no whole number"),
        ({"WORLD_SIZE": "-2"}, "WORLD_SIZE='-2' is no whole number"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE=0 is no number of processes"),
        ({"RANK": "first"}, "RANK='first' is no whole number"),
        ({"RANK": "4"}, "RANK=4 is none of 4 processes"),
        ({"MASTER_ADDR": ""}, "MASTER_ADDR is not set"),
    ],
    ids=str,
)
def test_a_wrong_variable_is_refused(changed: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_launch({**STARTED, **changed})
