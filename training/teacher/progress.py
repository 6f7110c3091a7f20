"""What people see of an annotation: one bar with rate, cost and time left, and the first refusals as lines."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from tqdm import tqdm

from training.teacher.base import Refusal, Reply
from training.teacher.journal import Entry, Failure
from training.teacher.prices import Spending

_TOLD_LINES = 5


class Progress:
    """Hears of every entry of the journal; use it in a `with`.

    Args:
        answers: that will be asked for in this run.
        known: answers that the journal has already.
        spending: tokens and cost of those; grows with each answer.
        bar: show the bar; refusals are told either way.
    """

    def __init__(self, answers: int, known: int, spending: Spending, *, bar: bool) -> None:
        self._all = answers + known
        self._spending = spending
        self._counts = {"refused": 0, "not answered": 0}
        self._bar: tqdm[Any] = tqdm(
            total=self._all, initial=known, desc="annotate", unit="answer", disable=not bar, file=sys.stderr
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.close()

    def told(self, entry: Entry) -> None:
        """Move the bar."""
        match entry.outcome:
            case Reply() as reply:
                self._spending.add(reply)
            case Refusal(reason):
                self._tell("refused", reason)
            case Failure(reason):
                self._tell("not answered", reason)
        self._bar.set_postfix_str(self.summary(), refresh=False)
        self._bar.update()

    def summary(self) -> str:
        """What stands at the bar: the cost so far and what all answers will cost, and what went wrong."""
        parts = []
        cost, estimate = self._spending.cost, self._spending.estimate(self._all)
        if cost is not None:
            parts.append(f"cost {cost:.4f}" + ("" if estimate is None else f" of about {estimate:.4f}"))
        parts += [f"{number} {what}" for what, number in self._counts.items() if number]
        return ", ".join(parts)

    def _tell(self, what: str, reason: str) -> None:
        self._counts[what] += 1
        if self._counts[what] <= _TOLD_LINES:
            more = "; further ones are only counted" if self._counts[what] == _TOLD_LINES else ""
            self._bar.write(f"{what}: {reason}{more}", file=sys.stderr)
