"""One request from its body to the bytes of its answer: parse, tokenise, ask the engine, write."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, perf_counter

from pydantic_core import to_json

from serving.api.parsing import Asked, parse, placed
from serving.engines.base import LaneName, Preparer, Row, Served
from serving.engines.lane import PROCESS_ENDING
from serving.errors import DeadlineExceeded, EngineFailure
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.settings import Settings
from student.errors import InputError, Problem, QuickstepError
from student.prediction import Explanation, Prediction
from student.question import PreparedQuestion, Question

logger = logging.getLogger(__name__)

INLINE_CHARS = 2000
"""Longer questions are tokenised in a thread. Up to here it takes less time than changing threads would."""


class Gateway:
    """Answers bodies with bytes.

    Args:
        lifecycle: the engine and whether it answers.
        settings: deadlines and bounds.
        metrics: where time and rejections are counted.
    """

    def __init__(self, lifecycle: Lifecycle, settings: Settings, metrics: Metrics) -> None:
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._max_instances = settings.max_instances
        self._deadline_s: dict[LaneName, float] = {
            "labels": settings.deadline_ms / 1000,
            "rationales": settings.explain_deadline_ms / 1000,
        }
        # One thread: long texts wait for each other, not short ones for long ones.
        self._tokenizer_thread = ThreadPoolExecutor(1, thread_name_prefix="quickstep-tokenize")

    async def answer(self, body: bytes, lane: LaneName) -> tuple[bytes, str]:
        """Answer one request.

        Returns:
            The response's JSON, and the value of its Server-Timing header.

        Raises:
            QuickstepError: whatever keeps the request from being answered.
        """
        deadline = monotonic() + self._deadline_s[lane]
        preparer = self._lifecycle.preparer
        started = perf_counter()
        asked = parse(body, preparer.bundle.tasks, self._max_instances)
        if asked.chars <= INLINE_CHARS:
            rows = _prepare(preparer, asked, lane)
        else:
            rows = await self._prepare_elsewhere(preparer, asked, lane, deadline)
        tokenize_s = perf_counter() - started
        engine = self._lifecycle.engine
        served: Sequence[Served[Prediction] | Served[Explanation]]
        if lane == "labels":
            served = await engine.predict(rows, deadline)
        else:
            served = await engine.explain(rows, deadline)
        queue_s = max(one.queue_s for one in served)
        infer_s = max(one.infer_s for one in served)
        self._metrics.observe_stages(lane, tokenize_s, queue_s, infer_s)
        for one in served:
            if isinstance(one.result, Explanation):
                self._metrics.observe_rationale(one.result.rationale_agrees)
            if _prediction(one.result).abstained:
                self._metrics.observe_abstention(asked.task)
        stages = (("tokenize", tokenize_s), ("queue", queue_s), ("infer", infer_s))
        timing = ", ".join([f"{name};dur={seconds * 1e3:.2f}" for name, seconds in stages])
        return _write(asked, served, preparer.bundle.label), timing

    def stop(self) -> None:
        """End the tokenizer's thread."""
        self._tokenizer_thread.shutdown(wait=False, cancel_futures=True)

    async def _prepare_elsewhere(self, preparer: Preparer, asked: Asked, lane: LaneName, deadline: float) -> list[Row]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(deadline - monotonic()):
                return await loop.run_in_executor(self._tokenizer_thread, _prepare, preparer, asked, lane)
        except TimeoutError:
            raise DeadlineExceeded("the text was not tokenised within the deadline") from None


def _prepare(preparer: Preparer, asked: Asked, lane: LaneName) -> list[Row]:
    rationale = lane == "rationales"
    rows: list[Row] = []
    problems: list[Problem] = []
    for position, question in enumerate(asked.questions):
        try:
            rows.append(Row(question, _prepare_one(preparer, question, rationale)))
        except InputError as error:
            problems.extend((placed(error, position) if asked.many else error).problems)
    if problems:
        raise InputError(problems)
    return rows


def _prepare_one(preparer: Preparer, question: Question, rationale: bool) -> PreparedQuestion:
    try:
        return preparer.prepare(question, rationale=rationale)
    except QuickstepError:
        raise
    except PROCESS_ENDING:
        raise
    except BaseException as error:
        # A native tokenizer panics with a BaseException; its message may quote the text.
        logger.error("tokenizer: %s", type(error).__qualname__)
        raise EngineFailure("the tokenizer failed on this text") from None


def _write(asked: Asked, served: Sequence[Served[Prediction] | Served[Explanation]], bundle: str) -> bytes:
    answers = [_answer(one.result) for one in served]
    context = {"task": asked.task, "bundle": bundle}
    if asked.many:
        return to_json({"predictions": answers, **context})
    return to_json({**answers[0], **context})


def _prediction(result: Prediction | Explanation) -> Prediction:
    return result if isinstance(result, Prediction) else result.prediction


def _answer(result: Prediction | Explanation) -> dict[str, object]:
    answer = _prediction(result).as_json()
    if isinstance(result, Explanation):
        answer["rationale"] = result.rationale
        answer["rationale_agrees"] = result.rationale_agrees
    # 128 random bits: unique without a counter, and nobody guesses another client's.
    answer["prediction_id"] = os.urandom(16).hex()
    return answer
