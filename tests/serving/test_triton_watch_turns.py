"""What the watch over Triton asks and concludes, turn by turn, without a Triton."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from tritonclient.utils import InferenceServerException

from serving.engines import triton_watch
from serving.engines.triton_models import Unfit
from serving.engines.triton_watch import TritonWatch
from serving.errors import DeadlineExceeded

_BOUND_S = 20.0
"""Seconds after which a test gives up."""

_FAILED = InferenceServerException("label_root: ValueError", "StatusCode.INTERNAL")
_BROKEN = InferenceServerException("Stub process 'text_0_0' is not healthy.", "StatusCode.INTERNAL")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns follow each other without waiting."""
    monkeypatch.setattr(triton_watch, "PROBE_S", 0.0)


@asynccontextmanager
async def _running(watch: TritonWatch) -> AsyncIterator[None]:
    watching = asyncio.create_task(watch.run())
    try:
        async with asyncio.timeout(_BOUND_S):
            yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


class _Script:
    """Stands in for Triton before a watch: takes a step with each check, and at the end says no more."""

    def __init__(self, target: str, *steps: Callable[[TritonWatch], None]) -> None:
        self.asked: list[str] = []
        self.watch = TritonWatch(target, self._verify, self._probe)
        self._steps = list(steps)
        self.over = asyncio.Event()

    async def _verify(self, within_s: float) -> None:
        self.asked.append("golden questions")
        if self._steps:
            self._steps.pop(0)(self.watch)

    async def _probe(self) -> None:
        self.asked.append("ready")
        if not self._steps:
            self.over.set()
            await asyncio.Event().wait()


def _fails(watch: TritonWatch) -> None:
    watch.failed(_FAILED)


def _is_late(watch: TritonWatch) -> None:
    raise DeadlineExceeded("no answer within the deadline")


def _meets_the_dead(watch: TritonWatch) -> None:
    assert watch.may_ask_another(_BROKEN)


def _passes(watch: TritonWatch) -> None:
    pass


def test_golden_questions_are_asked_again_where_a_request_fails_meanwhile() -> None:
    async def ask() -> None:
        triton = _Script("a:1", _fails, _fails, _passes)
        async with _running(triton.watch):
            await triton.over.wait()
        assert triton.asked == ["golden questions"] * 3 + ["ready"]

    asyncio.run(ask())


def test_golden_questions_are_asked_until_they_are_answered_in_time() -> None:
    async def ask() -> None:
        triton = _Script("a:1", _fails, _is_late, _is_late, _passes)
        async with _running(triton.watch):
            await triton.over.wait()
        late = ["golden questions", "ready"]
        assert triton.asked == ["golden questions", *late, *late, "golden questions", "ready"]
        assert triton.watch.trouble is None

    asyncio.run(ask())


def test_dead_model_at_one_of_several_addresses_is_told_once_until_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> None:
        # Golden questions meet it too, and are answered at the other address.
        triton = _Script("a:1,b:1", _fails, _meets_the_dead, _meets_the_dead, _meets_the_dead, _passes)
        async with _running(triton.watch):
            await triton.over.wait()
            assert triton.asked == ["golden questions"] * 5 + ["ready"]
            told = [record.message for record in caplog.records if "others are asked" in record.message]
            assert len(told) == 1
            _meets_the_dead(triton.watch)
        assert [record.message for record in caplog.records if "others are asked" in record.message] == told * 2

    asyncio.run(ask())


def test_answers_between_two_missed_probes_say_that_another_address_is_there() -> None:
    missed = 0

    async def verify(within_s: float) -> None:
        pass

    async def probe() -> None:
        nonlocal missed
        missed += 1
        raise Unfit("Triton does not answer")

    async def ask() -> None:
        watch = TritonWatch("a:1,b:1", verify, probe)
        async with _running(watch):
            await watch.found()
            while missed < 10:
                # Turns are taken: the watch asks and sleeps, and while it sleeps a request is answered.
                watch.answered()
                await asyncio.sleep(0)
                assert watch.trouble is None
            answered_until = missed
            while watch.trouble is None:
                await asyncio.sleep(0)
            assert missed <= answered_until + 2

    asyncio.run(ask())
