"""The watch over Triton: whether it is there and serves the gateway's bundle.

It asks several times a second. While Triton does not answer, requests are refused at once instead of waiting for their
deadlines; when it does again, they are answered again.

Triton calls a model ready whose process has died. So after a request that it failed on, the watch asks the bundle's
golden questions: if they fail too, it is Triton and not the request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tritonclient.utils import InferenceServerException

from serving.engines.triton_errors import broken_model, failure_of, is_away
from serving.engines.triton_models import Unfit
from serving.errors import DeadlineExceeded, EngineFailure, Overloaded, ServingError

logger = logging.getLogger(__name__)

PROBE_S = 0.25
"""Seconds between two questions of the watch; a Triton that hangs is known after this and their patience."""

GOLDEN_S = 60.0
"""Seconds for the golden questions, which are asked before the gateway is ready."""

DOUBT_S = 5.0
"""Seconds for them while it is ready, after a failure."""

_MISSES_OF_SEVERAL = 2
"""Probes in a row that have to miss where Triton has several addresses."""


class TritonWatch:
    """Knows whether Triton answers, from its own questions and from what becomes of requests.

    Attributes:
        several: whether Triton has several addresses, which gRPC takes in turns.
        trouble: why rows are not answered; None while they are.

    Args:
        target: where Triton's gRPC listens.
        verify: checks within so many seconds that Triton serves the bundle and answers its golden questions; raises
            `Unfit` or `ServingError` otherwise.
        probe: asks whether all models are ready; raises `Unfit` where they are not.
    """

    def __init__(
        self, target: str, verify: Callable[[float], Awaitable[None]], probe: Callable[[], Awaitable[None]]
    ) -> None:
        self._target = target
        self._verify = verify
        self._probe = probe
        # A name may stand for several addresses too.
        self.several = "," in target or target.startswith("dns:")
        self.trouble: str | None = "the student is being loaded"
        self._found = asyncio.Event()
        self._missed = 0
        self._doubted = False
        self._answered = False
        self._told: str | None = None

    async def found(self) -> None:
        """Wait until Triton has served the bundle once."""
        await self._found.wait()

    def answered(self) -> None:
        """Note that a request was answered."""
        self._answered = True

    def failed(self, error: InferenceServerException) -> ServingError:
        """Note that a request failed for good; what that means for who sent it."""
        failure, broken = failure_of(error), broken_model(error)
        if is_away(error) or (broken is not None and not self.several):
            # The watch would find out too, but every request until then would try and fail.
            self._lose(str(failure))
        elif broken is not None:
            self._doubt(broken)
        elif isinstance(failure, EngineFailure):
            if self.trouble is None:
                logger.error("%s", failure)
            self._doubted = True
        return failure

    def may_ask_another(self, error: InferenceServerException) -> bool:
        """Whether another address may answer what one failed on; where it has a dead model, that is noted."""
        broken = broken_model(error)
        if not self.several or not (is_away(error) or broken):
            return False
        if broken is not None:
            self._doubt(broken)
        return True

    def _doubt(self, broken: str) -> None:
        """Note that one of several addresses fails; said once in the log."""
        self._doubted = True
        if broken != self._told and self.trouble is None:
            logger.warning("%s (one of %s; others are asked)", broken, self._target)
            self._told = broken

    async def run(self) -> None:
        """Find out, for ever, whether Triton serves the bundle."""
        while True:
            try:
                if self.trouble is not None:
                    await self._verify(GOLDEN_S)
                    self._find()
                elif self._doubted:
                    await self._settle()
                else:
                    await self._probe()
                self._missed = 0
            except (Unfit, ServingError) as error:
                # Addresses are asked in turns: one that misses says that one of them is gone, not that all are.
                self._missed += 1
                others = self.several and (self._answered or self._missed < _MISSES_OF_SEVERAL)
                if self.trouble is not None or not others:
                    self._lose(str(error))
            except Exception as error:
                logger.exception("the watch over Triton stumbled")
                self._lose(f"Triton: {type(error).__name__}")
            # What is answered while nothing is asked counts for the next question.
            self._answered = False
            await asyncio.sleep(PROBE_S)

    async def _settle(self) -> None:
        """Find out whether it was the request that failed, or Triton.

        Raises:
            Unfit: it was Triton.
            ServingError: likewise.
        """
        # Before the questions: what fails while they are under way, they may have passed already.
        self._doubted = False
        try:
            await self._verify(DOUBT_S)
        except Exception as error:
            self._doubted = True
            if not isinstance(error, Overloaded | DeadlineExceeded):
                raise
            # Busy is not broken, and one that hangs is found out by this.
            await self._probe()
        else:
            if not self._doubted:
                self._told = None

    def _find(self) -> None:
        if self.trouble is not None:
            logger.info("Triton at %s answers", self._target)
        self.trouble = None
        self._found.set()

    def _lose(self, trouble: str) -> None:
        """Note why rows are not answered; said once in the log, not with every probe."""
        if trouble != self.trouble:
            # Where it is stands here and not in what clients are told.
            logger.warning("%s (%s)", trouble, self._target)
        self.trouble = trouble
