"""A bounded queue that hands out batches of rows that belong together.

The event loop puts rows in and gives them up; one worker thread takes batches out. There is no batching
delay: an idle worker takes what is there at once, and batches form from what queues while it is busy. The
oldest row is in every batch, so no row waits for more batches than there are rows before it. Which rows go with it is
decided by what the runs cost that all of them would take (`student.grouping`).
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic
from typing import Generic, TypeVar

from serving.errors import Overloaded
from student.grouping import RUN_TOKENS, share_runs

Payload = TypeVar("Payload")

_LOOK_AHEAD = 8
"""A batch is put together from the first `_LOOK_AHEAD * max_batch_rows` rows: bounds time under the lock."""

_CANDIDATES = 32
"""Rows among which a batch is chosen at most, for the same reason."""

_SMOOTHING = 0.2


@dataclass(frozen=True)
class QueueLimits:
    """Bounds of one lane.

    Attributes:
        max_batch_rows: rows of one graph run.
        max_batch_tokens: `rows x longest` tokens of one graph run; a longer row runs alone.
        max_queue_rows: rows that may wait.
        max_queue_tokens: tokens that may wait; an empty queue takes any request.
    """

    max_batch_rows: int
    max_batch_tokens: int
    max_queue_rows: int
    max_queue_tokens: int


class State(Enum):
    """Where an item is; changes only under the queue's lock."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    ABANDONED = auto()


class Item(Generic[Payload]):
    """A row in the queue: what to run, how long it is, and until when it is wanted."""

    __slots__ = ("deadline", "enqueued", "group", "payload", "state", "tokens")

    def __init__(self, payload: Payload, tokens: int, group: Hashable, deadline: float) -> None:
        self.payload = payload
        self.tokens = tokens
        self.group = group
        self.deadline = deadline
        self.enqueued = 0.0
        self.state = State.WAITING


class BatchQueue(Generic[Payload]):
    """The queue of one lane; safe between one event loop and one worker thread.

    An item whose deadline passed is dropped when its turn comes; telling whoever waits for it is the business
    of the waiter's own timer.

    Args:
        limits: the lane's bounds.
        run_tokens: what a run costs besides its tokens.
        clock: seconds, comparable with the items' deadlines.
    """

    def __init__(
        self, limits: QueueLimits, run_tokens: int = RUN_TOKENS, clock: Callable[[], float] = monotonic
    ) -> None:
        self._limits = limits
        self._run_tokens = run_tokens
        self._clock = clock
        self._items: deque[Item[Payload]] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._rows = 0
        self._tokens = 0
        self._token_s = 0.0
        self._closed = False

    @property
    def rows(self) -> int:
        """Rows that wait."""
        return self._rows

    @property
    def tokens(self) -> int:
        """Tokens that wait."""
        return self._tokens

    def put(self, items: Sequence[Item[Payload]]) -> None:
        """Admit all items or none.

        Raises:
            Overloaded: no room, or the wait would outlast the first item's deadline.
        """
        rows, tokens = len(items), sum(item.tokens for item in items)
        with self._changed:
            now = self._clock()
            self._require_room(rows, tokens, items[0].deadline - now)
            for item in items:
                item.enqueued = now
            self._items.extend(items)
            self._rows += rows
            self._tokens += tokens
            self._changed.notify()

    def take(self) -> list[Item[Payload]] | None:
        """Wait for work and take the next batch, its items marked as running; None once closed."""
        with self._changed:
            while True:
                if self._closed:
                    return None
                while self._items:
                    batch = self._next_batch()
                    if batch:
                        return batch
                self._changed.wait()

    def claim(self, item: Item[Payload]) -> bool:
        """Whether a running item is still wanted, before it is run once more by itself."""
        with self._changed:
            return item.state is State.RUNNING and self._clock() < item.deadline

    def finish(self, items: Sequence[Item[Payload]], seconds: float | None) -> None:
        """Mark a batch as done; `seconds`, if it succeeded, feeds the estimate of waits."""
        with self._changed:
            for item in items:
                if item.state is State.RUNNING:
                    item.state = State.DONE
            if seconds is None:
                return
            measured = seconds / max(1, sum(item.tokens for item in items))
            weight = _SMOOTHING if self._token_s else 1.0
            self._token_s += weight * (measured - self._token_s)

    def abandon(self, items: Sequence[Item[Payload]]) -> None:
        """Give items up: those that wait free their room and never run, results of the others are dropped."""
        with self._changed:
            waiting = False
            for item in items:
                if item.state is State.WAITING:
                    waiting = True
                    self._leave(item)
                if item.state is not State.DONE:
                    item.state = State.ABANDONED
            if waiting:
                self._items = deque(item for item in self._items if item.state is State.WAITING)

    def close(self) -> list[Item[Payload]]:
        """Let the worker end; returns the items that will never run."""
        with self._changed:
            self._closed = True
            left = list(self._items)
            self._items.clear()
            self._rows = self._tokens = 0
            for item in left:
                item.state = State.DONE
            self._changed.notify_all()
            return left

    def _require_room(self, rows: int, tokens: int, patience_s: float) -> None:
        limits = self._limits
        wait_s = self._token_s * self._tokens
        retry_after_s = max(1, math.ceil(wait_s))
        if self._rows + rows > limits.max_queue_rows:
            raise Overloaded(
                "queue-rows-full",
                f"{self._rows} rows wait; at most {limits.max_queue_rows} may",
                retry_after_s,
            )
        if self._rows and self._tokens + tokens > limits.max_queue_tokens:
            raise Overloaded(
                "queue-tokens-full",
                f"{self._tokens} tokens wait; at most {limits.max_queue_tokens} may",
                retry_after_s,
            )
        # Rows that would expire in the queue only push out rows that could still be answered.
        if wait_s > patience_s > 0:
            raise Overloaded("wait-too-long", "the queue is longer than the deadline allows", retry_after_s)

    def _next_batch(self) -> list[Item[Payload]]:
        limits, now = self._limits, self._clock()
        seen: list[Item[Payload]] = []
        for _ in range(min(len(self._items), _LOOK_AHEAD * limits.max_batch_rows)):
            item = self._items.popleft()
            if item.deadline <= now:
                item.state = State.DONE
                self._leave(item)
            else:
                seen.append(item)
        # The first of all that wait leads, and only rows that may share a run with it are considered.
        candidates = [item for item in seen if item.group == seen[0].group][: max(_CANDIDATES, limits.max_batch_rows)]
        runs = share_runs(
            [item.tokens for item in candidates], self._run_tokens, limits.max_batch_rows, limits.max_batch_tokens
        )
        batch = [candidates[place] for run in runs if 0 in run for place in sorted(run)]
        for item in batch:
            item.state = State.RUNNING
            self._leave(item)
        self._items.extendleft(item for item in reversed(seen) if item.state is State.WAITING)
        return batch

    def _leave(self, item: Item[Payload]) -> None:
        self._rows -= 1
        self._tokens -= item.tokens
