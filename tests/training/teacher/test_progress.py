from __future__ import annotations

import pytest

from tests.training.teacher.small import PRICE
from training.teacher.base import Refusal, Reply
from training.teacher.journal import Entry, Failure
from training.teacher.prices import Spending
from training.teacher.progress import Progress


def test_bar_tells_cost_so_far_and_of_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    earlier = Spending(PRICE)
    for _ in range(2):
        earlier.add(Reply("", "stop", 1000, 500))
    with Progress(8, 2, earlier, bar=True) as progress:
        assert progress.summary() == "cost 0.0040 of about 0.0200"
        progress.told(Entry("a", 0, Reply("", "stop", 4000, 500)))
        assert progress.summary() == "cost 0.0090 of about 0.0300"
    shown = capsys.readouterr().err
    assert "annotate" in shown and "3/10" in shown


def test_without_prices_no_cost_is_told() -> None:
    with Progress(2, 0, Spending(None), bar=False) as progress:
        progress.told(Entry("a", 0, Reply("", "stop", 4000, 500)))
        assert progress.summary() == ""


def test_first_refusals_are_told_in_full_and_all_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(20, 0, Spending(None), bar=False) as progress:
        for number in range(10):
            progress.told(Entry(str(number), 0, Refusal(f"status 400: why {number}")))
        progress.told(Entry("x", 0, Failure("status 500"), 6))
        assert progress.summary() == "10 refused, 1 not answered"
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "refused: status 400: why 0"
    assert lines[4] == "refused: status 400: why 4; further ones are only counted"
    assert lines[5:] == ["not answered: status 500"]
