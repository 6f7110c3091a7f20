from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

import pytest

from serving.batching import QueueLimits
from serving.engines.base import Row
from serving.engines.checks import check_prediction
from serving.engines.lane import Lane
from serving.errors import DeadlineExceeded, EngineFailure, NotReady, Overloaded, WrongResult
from student.grouping import RUN_TOKENS
from student.prediction import Prediction
from student.question import PreparedQuestion, Question
from tests.serving.fakes import FakePanic, FakeStudent

LIMITS = QueueLimits(max_batch_rows=8, max_batch_tokens=1000, max_queue_rows=8, max_queue_tokens=1000)


def row(student: FakeStudent, text: str) -> Row:
    question = Question("demo-nli", {"premise": text, "hypothesis": "so"})
    return Row(question, student.prepare(question))


def later() -> float:
    return monotonic() + 20


async def behind_a_held_run(student: FakeStudent, lane: Lane[Prediction]) -> asyncio.Task[object]:
    """Occupy the worker, so that what comes next queues."""
    student.gate.clear()
    task: asyncio.Task[object] = asyncio.ensure_future(lane.answer([row(student, "first")], later()))
    await asyncio.to_thread(student.entered.acquire)
    return task


Scenario = Callable[[FakeStudent, Lane[Prediction]], Awaitable[None]]


def with_lane(scenario: Scenario, student: FakeStudent | None = None) -> FakeStudent:
    student = student or FakeStudent()

    async def run() -> None:
        lane = Lane("labels", student.predict, check_prediction, LIMITS, RUN_TOKENS)
        try:
            await scenario(student, lane)
        finally:
            student.gate.set()
            await lane.stop()

    asyncio.run(run())
    return student


def test_a_worker_that_ends_leaves_nobody_waiting() -> None:
    async def run() -> None:
        student = FakeStudent()

        def broken(tokens: Sequence[int]) -> None:
            raise RuntimeError("metrics are broken")

        lane = Lane("labels", student.predict, check_prediction, LIMITS, RUN_TOKENS, broken)
        # The row in hand has its answer; the lane tells that it has ended, and takes no more.
        await lane.answer([row(student, "first")], later())
        while lane.running:
            await asyncio.sleep(0.001)
        with pytest.raises(NotReady):
            await lane.answer([row(student, "second")], later())
        await lane.stop()

    asyncio.run(run())


def test_answers_come_in_the_order_of_the_rows() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        rows = [row(student, text) for text in ("a", "b c d e f g h i j k l m n o", "c", "d")]
        served = await lane.answer(rows, later())
        alone = [(await lane.answer([one], later()))[0] for one in rows]
        assert [one.result for one in served] == [one.result for one in alone]

    with_lane(scenario)


def test_rows_that_queue_behind_a_run_share_the_next() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        others = [asyncio.ensure_future(lane.answer([row(student, text)], later())) for text in "abc"]
        await asyncio.sleep(0)
        student.gate.set()
        await asyncio.gather(first, *others)
        assert [len(batch) for batch in student.ran] == [1, 3]

    with_lane(scenario)


def test_rows_of_unlike_lengths_run_apart() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        texts = ["a", "a b c " * 20, "a b", "a b c " * 19]
        others = [asyncio.ensure_future(lane.answer([row(student, text)], later())) for text in texts]
        await asyncio.sleep(0)
        student.gate.set()
        await asyncio.gather(first, *others)
        assert [len(batch) for batch in student.ran] == [1, 2, 2]

    with_lane(scenario)


def test_only_the_guilty_row_fails_when_a_batch_panics(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        texts = ["good", "secret panic", "fine"]
        tasks = [asyncio.ensure_future(lane.answer([row(student, text)], later())) for text in texts]
        await asyncio.sleep(0)
        student.gate.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await first
        assert [type(outcome) for outcome in outcomes] == [list, EngineFailure, list]
        assert (await lane.answer([row(student, "after")], later()))[0].result.answer

    with caplog.at_level(logging.DEBUG):
        with_lane(scenario)
    assert "FakePanic" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("word", ["wrong-nan", "wrong-sum", "wrong-label", "too-few-rows"])
def test_wrong_result_is_never_an_answer(word: str) -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        with pytest.raises(WrongResult):
            await lane.answer([row(student, word)], later())
        assert await lane.answer([row(student, "after")], later())

    with_lane(scenario)


def test_wrong_result_fails_its_own_row_only() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        tasks = [asyncio.ensure_future(lane.answer([row(student, text)], later())) for text in ("a", "wrong-nan", "b")]
        await asyncio.sleep(0)
        student.gate.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await first
        assert [type(outcome) for outcome in outcomes] == [list, WrongResult, list]

    with_lane(scenario)


def test_expired_row_never_runs() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        with pytest.raises(DeadlineExceeded):
            await lane.answer([row(student, "late")], monotonic() + 0.01)
        assert lane.depth.rows == 0
        student.gate.set()
        await first
        await lane.answer([row(student, "after")], later())

    assert not any("late" in text for batch in with_lane(scenario).ran for text in batch)


def test_deadline_bounds_the_wait_for_a_run() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        student.gate.clear()
        with pytest.raises(DeadlineExceeded):
            await lane.answer([row(student, "slow")], monotonic() + 0.05)

    with_lane(scenario)


def test_cancelled_row_never_runs_and_frees_its_room() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        gone = asyncio.ensure_future(lane.answer([row(student, "gone")], later()))
        await asyncio.sleep(0)
        assert lane.depth.rows == 1
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert lane.depth.rows == 0
        student.gate.set()
        await first
        await lane.answer([row(student, "after")], later())

    assert not any("gone" in text for batch in with_lane(scenario).ran for text in batch)


def test_full_queue_refuses() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        waiting = asyncio.ensure_future(lane.answer([row(student, "x")] * 8, later()))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await lane.answer([row(student, "y")], later())
        student.gate.set()
        await asyncio.gather(first, waiting)

    with_lane(scenario)


def test_waiting_rows_fail_when_the_lane_stops() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        first = await behind_a_held_run(student, lane)
        waiting = asyncio.ensure_future(lane.answer([row(student, "x")], later()))
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(lane.stop())
        with pytest.raises(NotReady):
            await waiting
        student.gate.set()
        await asyncio.gather(first, stopping)
        with pytest.raises(NotReady):
            await lane.answer([row(student, "y")], later())

    with_lane(scenario)


def test_process_ending_exception_ends_the_lane_and_leaves_nobody_waiting() -> None:
    class Ending(FakeStudent):
        def predict(self, batch: Sequence[PreparedQuestion]) -> list[Prediction]:
            raise SystemExit(3)

    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        with pytest.raises(NotReady):
            await lane.answer([row(student, "x")], later())
        while lane.running:
            await asyncio.sleep(0.001)

    with_lane(scenario, Ending())


def test_panic_is_no_exception_and_the_thread_is_a_daemon() -> None:
    async def scenario(student: FakeStudent, lane: Lane[Prediction]) -> None:
        (worker,) = [thread for thread in threading.enumerate() if thread.name == "quickstep-labels"]
        assert worker.daemon

    with_lane(scenario)
    assert not issubclass(FakePanic, Exception)
