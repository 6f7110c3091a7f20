"""The engine behind NVIDIA Triton: rows go there as tensors, scores and tokens come back.

The gateway keeps what needs no graph: it checks, tokenises, pads to the bundle's length buckets (Triton batches
requests of one shape), and turns scores into answers. `student.triton_backend` names models and tensors.

Whether Triton is there and serves the gateway's bundle is known from a watch (`serving.engines.triton_watch`), which
asks it through this engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from serving.engines.base import Depth, LaneName, Preparer, Result, Row, Served
from serving.engines.checks import check_explanation, check_prediction
from serving.engines.triton_calls import Call, one_token_call, prediction_calls, rationale_calls
from serving.engines.triton_models import Unfit, connect, require_ready, served_precision
from serving.engines.triton_watch import TritonWatch
from serving.errors import DeadlineExceeded, EngineFailure, NotReady, Overloaded, WrongResult
from student.bundle import Bundle
from student.errors import BundleError
from student.manifest import Precision
from student.prediction import Explanation, Prediction
from student.question import PreparedQuestion, Question
from student.reader import Reader, golden_differences
from student.triton_backend import INPUTS, OUTPUTS, roles_of

Array = npt.NDArray[Any]


@dataclass
class _UnderWay:
    rows: int = 0
    tokens: int = 0


class TritonEngine:
    """Sends rows to Triton. Implements `serving.engines.base.Engine`.

    Args:
        open_bundle: opens and verifies the gateway's own bundle; runs in a thread.
        target: where Triton's gRPC listens: `host:port`, or several with commas, which gRPC takes in turns.
        precision: that Triton must compute in; None takes the one it has.
        most_rows: that may be under way, by lane.
        observe_batch: called with lane and source tokens of each row of a request that was answered.
    """

    def __init__(
        self,
        open_bundle: Callable[[], Bundle],
        target: str,
        precision: Precision | None,
        most_rows: dict[LaneName, int],
        observe_batch: Callable[[LaneName, Sequence[int]], None] = lambda lane, tokens: None,
    ) -> None:
        self._open_bundle = open_bundle
        self._target = target
        self._precision = precision
        self._most_rows = most_rows
        self._observe_batch = observe_batch
        self._under_way: dict[LaneName, _UnderWay] = {"labels": _UnderWay(), "rationales": _UnderWay()}
        self._client: InferenceServerClient | None = None
        self._bundle: Bundle | None = None
        self._reader: Reader | None = None
        self._watch = TritonWatch(target, self._verify, self._probe)
        self._watching: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str | None:
        """Why rows are not answered; None while they are."""
        return self._watch.trouble

    @property
    def running(self) -> bool:
        """Whether rows are answered."""
        return self.trouble is None

    def depth(self, lane: LaneName) -> Depth:
        """What is under way."""
        return Depth(self._under_way[lane].rows, self._under_way[lane].tokens)

    async def start(self) -> Preparer:
        """Open the bundle, and wait for a Triton that serves it.

        Raises:
            BundleError: the bundle cannot be opened, or has not the precision that is wanted.
        """
        bundle = await asyncio.to_thread(self._open_bundle)
        if self._precision not in (None, *bundle.manifest.label):
            # Waiting would not help: no Triton that serves this bundle has it.
            raise BundleError(
                f"bundle {bundle.path}: has no {self._precision} label path, only {', '.join(bundle.manifest.label)}; "
                f"take one of these, or export again with --precisions fp32,{self._precision}"
            )
        self._bundle, self._client = bundle, connect(self._target)
        self._watching = asyncio.create_task(self._watch.run())
        await self._watch.found()
        assert self._reader is not None
        return self._reader

    async def stop(self) -> None:
        """Stop asking and answering."""
        self._watch.trouble = "the engine has stopped"
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        if self._client is not None:
            await self._client.close()

    async def predict(self, rows: Sequence[Row], deadline: float) -> list[Served[Prediction]]:
        """Answer rows with labels."""
        return await self._answer("labels", rows, self._predict, check_prediction, deadline)

    async def explain(self, rows: Sequence[Row], deadline: float) -> list[Served[Explanation]]:
        """Answer rows with labels and rationales."""
        return await self._answer("rationales", rows, self._explain, check_explanation, deadline)

    async def _answer(
        self,
        lane: LaneName,
        rows: Sequence[Row],
        run: Callable[[Reader, Sequence[PreparedQuestion], float], Awaitable[list[Result]]],
        check: Callable[[Row, object], None],
        deadline: float,
    ) -> list[Served[Result]]:
        if self._reader is None or self.trouble is not None:
            raise NotReady(self.trouble or "the student is being loaded")
        tokens = [row.prepared.source_tokens for row in rows]
        under_way, most = self._under_way[lane], self._most_rows[lane]
        if under_way.rows + len(rows) > most:
            raise Overloaded("queue-rows-full", f"{under_way.rows} rows are under way, at most {most} may be", 1)
        under_way.rows, under_way.tokens = under_way.rows + len(rows), under_way.tokens + sum(tokens)
        started = perf_counter()
        try:
            async with asyncio.timeout(deadline - monotonic()):
                results = await run(self._reader, [row.prepared for row in rows], deadline)
        except TimeoutError:
            raise DeadlineExceeded("no answer within the deadline") from None
        finally:
            under_way.rows, under_way.tokens = under_way.rows - len(rows), under_way.tokens - sum(tokens)
        seconds = perf_counter() - started
        for row, result in zip(rows, results, strict=True):
            check(row, result)
        self._observe_batch(lane, tokens)
        # Triton does not tell with a response how long the request waited there: all of it counts as the run.
        return [Served(result, 0.0, seconds) for result in results]

    async def _predict(self, reader: Reader, rows: Sequence[PreparedQuestion], deadline: float) -> list[Prediction]:
        calls = prediction_calls(reader.bundle, rows)
        found: dict[int, Prediction] = {}
        for call, output in zip(calls, await self._all(calls, deadline), strict=True):
            for place, values in zip(call.rows, output, strict=True):
                row = rows[place]
                if row.space is None:
                    found[place] = reader.written(row, _until_end(values, reader.bundle.manifest.end_token))
                else:
                    found[place] = reader.scored(row, values[: row.space.trie.edges])
        return [found[place] for place in range(len(rows))]

    async def _explain(self, reader: Reader, rows: Sequence[PreparedQuestion], deadline: float) -> list[Explanation]:
        calls = rationale_calls(reader.bundle, rows)
        predictions, outputs = await _together(self._predict(reader, rows, deadline), self._all(calls, deadline))
        written = {
            place: _until_end(values, reader.bundle.manifest.end_token)
            for call, output in zip(calls, outputs, strict=True)
            for place, values in zip(call.rows, output, strict=True)
        }
        return [
            reader.explained(row, prediction, written[place])
            for place, (row, prediction) in enumerate(zip(rows, predictions, strict=True))
        ]

    async def _all(self, calls: Sequence[Call], deadline: float) -> list[Array]:
        """The output of each call."""
        if len(calls) == 1:
            return [await self._infer(calls[0], deadline)]
        return list(await _together(*(self._infer(call, deadline) for call in calls)))

    async def _infer(self, call: Call, deadline: float) -> Array:
        """What Triton answers: an array with as many rows as the call has.

        Raises:
            ServingError: it does not answer, not in time, or not with that.
        """
        assert self._client is not None
        left_s = deadline - monotonic()
        if left_s <= 0:
            raise DeadlineExceeded("no answer within the deadline")
        output = OUTPUTS[call.role]
        try:
            result = await self._infer_at_one(call, left_s)
        except InferenceServerException as error:
            # An answer depends on nothing but its question, so asking twice does no harm. gRPC takes another address,
            # if there is one: it has noticed that this one is gone, or takes them in turns.
            left_s = deadline - monotonic()
            if left_s <= 0 or not self._watch.may_ask_another(error):
                raise self._watch.failed(error) from None
            try:
                result = await self._infer_at_one(call, left_s)
            except InferenceServerException as again:
                raise self._watch.failed(again) from None
        self._watch.answered()
        found: Array | None = result.as_numpy(output)
        if found is None or len(found) != len(call.rows):
            raise WrongResult("Triton returned another number of rows than it was asked")
        return found

    async def _infer_at_one(self, call: Call, left_s: float) -> Any:
        assert self._client is not None
        return await self._client.infer(
            call.role,
            [_input(name, call.feeds[name]) for name in INPUTS[call.role]],
            outputs=[InferRequestedOutput(OUTPUTS[call.role])],
            # Triton does not run what nobody waits for any more.
            client_timeout=left_s,
        )

    async def _probe(self) -> None:
        """Ask whether all models are ready.

        Raises:
            Unfit: they are not, or nobody answers.
        """
        assert self._client is not None and self._reader is not None
        for role in roles_of(self._reader.bundle, self._reader.precision):
            await require_ready(self._client, role)

    async def _verify(self, within_s: float) -> None:
        """Check that Triton's models are this bundle's, and that they answer its golden questions.

        Raises:
            Unfit: they are not or do not, or nobody answers.
            ServingError: a golden question gets no answer.
        """
        assert self._client is not None and self._bundle is not None
        bundle = self._bundle
        precision = await served_precision(self._client, bundle, self._precision)
        if self._reader is None or self._reader.precision != precision:
            reader = await asyncio.to_thread(Reader, bundle, precision)
        else:
            reader = self._reader
        golden = bundle.golden()
        rows = [reader.prepare(Question(one.task, one.inputs, one.choices)) for one in golden]
        until = monotonic() + within_s
        try:
            # One by one where addresses take turns, since the second try of one is then at another.
            together = [[row] for row in rows] if self._watch.several else [rows]
            answers = [answer for part in together for answer in await self._predict(reader, part, until)]
            # No golden question may be of free text, and rationales need this model too.
            await self._infer(one_token_call(bundle, rows[0]), until)
        except EngineFailure as error:
            raise Unfit(f"Triton fails on golden questions of {bundle.label}: {error}; its log says why") from None
        differences = [
            difference
            for one, answer in zip(golden, answers, strict=True)
            for difference in golden_differences(one, answer, precision)
        ]
        if differences:
            raise Unfit(
                f"Triton: {len(differences)} golden answer(s) of {bundle.label} differ from those "
                f"recorded at export, first: {differences[0]}"
            )
        self._reader = reader


def _until_end(token_ids: Array, end_token: int) -> list[int]:
    """A text's tokens without what fills the batch up."""
    ids: list[int] = token_ids.tolist()
    return ids[: ids.index(end_token)] if end_token in ids else ids


def _input(name: str, values: Array) -> InferInput:
    tensor = InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    tensor.set_data_from_numpy(np.ascontiguousarray(values))
    return tensor


async def _together(*awaited: Awaitable[Any]) -> list[Any]:
    """All results; the first failure takes the others with it, so that nothing runs that nobody waits for."""
    tasks = [asyncio.ensure_future(one) for one in awaited]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
