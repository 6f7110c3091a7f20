from __future__ import annotations

import pytest

from student.errors import DataError
from training.processes import ALONE, Processes, join_processes


def test_a_process_that_torchrun_did_not_start_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_processes() == ALONE
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert join_processes() == ALONE


def test_one_process_does_everything_itself() -> None:
    assert ALONE.is_main
    assert ALONE.gather("here") == ["here"]
    assert ALONE.together(lambda: 1) == ALONE.from_main(lambda: 1) == 1
    ALONE.agree("digest", on="rows")
    ALONE.wait()


def test_errors_of_one_process_are_its_own() -> None:
    def fail() -> None:
        raise DataError("no rows")

    for call in (ALONE.together, ALONE.from_main):
        with pytest.raises(DataError, match=r"^no rows$"):
            call(fail)


def test_the_first_process_is_the_main_one() -> None:
    assert [Processes(count=3, index=index).is_main for index in range(3)] == [True, False, False]
