"""When the next request may go out: a limit a minute, and pauses that all workers share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from training.teacher.errors import Stopped

_FIRST_SPACING_S = 0.1
_MAX_SPACING_S = 10.0
_NO_SPACING_S = 0.01
_FASTER = 0.8


class Pace:
    """Gives out turns, one at a time, in the order in which they were asked for.

    After a pause those who waited do not all go at once, which would bring the next refusal: their turns come a
    spacing apart, which doubles with every pause (but is never longer than it) and shrinks with every answer.

    Attributes:
        stopped: whether there are no more turns.

    Args:
        requests_per_minute: at most; None sets no limit.
        clock: seconds that only rise.
        sleep: waits so many seconds, or shorter once there are no more turns; tests give their own.
    """

    def __init__(
        self,
        requests_per_minute: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self._least_spacing_s = 60 / requests_per_minute if requests_per_minute else 0.0
        self._spacing_s = self._least_spacing_s
        self._clock = clock
        self._sleep = sleep or self._wait
        self._end = asyncio.Event()
        self._queue = asyncio.Lock()
        self._next_s = 0.0
        self._paused_until_s = 0.0

    @property
    def stopped(self) -> bool:
        """Whether there are no more turns."""
        return self._end.is_set()

    async def turn(self) -> None:
        """Wait for a turn.

        Raises:
            Stopped: there are no more.
        """
        async with self._queue:
            while not self.stopped:
                # Read again after every wait: a pause may have begun meanwhile.
                wait_s = self._next_s - self._clock()
                if wait_s <= 0:
                    self._next_s = self._clock() + self._spacing_s
                    return
                await self._sleep(wait_s)
        raise Stopped

    async def rest(self, seconds: float) -> None:
        """Wait without holding up anybody else's turn; shorter if there are no more turns."""
        await self._sleep(seconds)

    def pause(self, seconds: float) -> None:
        """Give no turns for so long, and fewer after that."""
        now = self._clock()
        if now >= self._paused_until_s:
            # Those who were on their way when a pause began are refused as well: that is one reason, not many.
            widened = min(_MAX_SPACING_S, seconds, max(_FIRST_SPACING_S, 2 * self._spacing_s))
            self._spacing_s = max(self._spacing_s, widened)
        self._paused_until_s = max(self._paused_until_s, now + seconds)
        self._next_s = max(self._next_s, self._paused_until_s)

    def answered(self) -> None:
        """An answer came: turns may come closer again."""
        faster = self._spacing_s * _FASTER
        self._spacing_s = max(self._least_spacing_s, faster if faster > _NO_SPACING_S else 0.0)

    def stop(self) -> None:
        """Give no more turns, and wake those who wait."""
        self._end.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._end.wait()
        except TimeoutError:
            pass
