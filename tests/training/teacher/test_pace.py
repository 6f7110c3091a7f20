from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise

import pytest

from training.teacher.errors import Stopped
from training.teacher.pace import Pace


class Time:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.during_sleep: list[Callable[[], None]] = []

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.during_sleep:
            self.during_sleep.pop(0)()
        await asyncio.sleep(0)


def run(turns: Callable[[Pace, Time], Coroutine[None, None, None]], per_minute: float | None = None) -> None:
    async def with_time() -> None:
        time = Time()
        await turns(Pace(per_minute, clock=lambda: time.now, sleep=time.sleep), time)

    asyncio.run(with_time())


def test_turns_keep_the_limit_a_minute() -> None:
    async def turns(pace: Pace, time: Time) -> None:
        taken = []
        for _ in range(4):
            await pace.turn()
            taken.append(time.now)
        assert taken == [100, 110, 120, 130]

    run(turns, per_minute=6)


def test_without_a_limit_nobody_waits() -> None:
    async def turns(pace: Pace, time: Time) -> None:
        for _ in range(100):
            await pace.turn()
        assert time.now == 100

    run(turns)


def test_those_who_waited_for_a_pause_do_not_go_all_at_once() -> None:
    async def turns(pace: Pace, time: Time) -> None:
        pace.pause(5)
        taken: list[float] = []

        async def worker() -> None:
            await pace.turn()
            taken.append(time.now)

        await asyncio.gather(*(worker() for _ in range(5)))
        assert taken[0] == pytest.approx(105)
        assert all(later - earlier >= 0.09 for earlier, later in pairwise(taken))

    run(turns)


def test_pause_that_begins_while_somebody_waits_holds_him_too() -> None:
    async def turns(pace: Pace, time: Time) -> None:
        await pace.turn()
        time.during_sleep.append(lambda: pace.pause(50))
        await pace.turn()
        assert time.now >= 160

    run(turns, per_minute=6)


def test_refusals_of_one_pause_widen_the_spacing_once_and_answers_narrow_it() -> None:
    async def turns(pace: Pace, time: Time) -> None:
        async def spacing() -> float:
            await pace.turn()
            before = time.now
            await pace.turn()
            return time.now - before

        for _ in range(50):
            pace.pause(5)
        once = await spacing()
        assert once == pytest.approx(0.1)
        pace.pause(5)
        assert await spacing() == pytest.approx(0.2)
        for _ in range(100):
            pace.answered()
        # The turn that was given last keeps its distance; those after it have none.
        await pace.turn()
        assert await spacing() == 0

    run(turns)


def test_spacing_is_never_longer_than_the_pause() -> None:
    async def turns(pace: Pace, time: Time) -> None:
        for _ in range(20):
            pace.pause(0.03)
            await pace.turn()
        before = time.now
        await pace.turn()
        assert time.now - before == pytest.approx(0.03)

    run(turns)


def test_longer_pause_is_not_made_shorter_by_a_short_one() -> None:
    async def turns(pace: Pace, time: Time) -> None:
        pace.pause(50)
        pace.pause(0)
        await pace.turn()
        assert time.now == pytest.approx(150)

    run(turns)


def test_nobody_who_waits_gets_a_turn_after_the_end() -> None:
    async def turns() -> None:
        pace = Pace(requests_per_minute=1)
        await pace.turn()
        waiting = [asyncio.create_task(pace.turn()) for _ in range(5)]
        resting = asyncio.create_task(pace.rest(3600))
        await asyncio.sleep(0)
        pace.stop()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        await resting
        assert [type(end) for end in ended] == [Stopped] * 5

    asyncio.run(turns())
