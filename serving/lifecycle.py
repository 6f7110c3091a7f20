"""Whether the server answers: loading, ready, draining, or failed for good."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from serving.engines.base import Engine, Preparer
from serving.errors import NotReady
from student.errors import QuickstepError

logger = logging.getLogger(__name__)


@dataclass
class Lifecycle:
    """The state that `/readyz` tells and requests depend on.

    Attributes:
        engine: what answers.
        draining: SIGTERM came: what is there is finished, and nothing more should be sent here.
        failure: why the engine could not be started.
        settled: set once the engine has started or failed to.
    """

    engine: Engine
    draining: bool = False
    failure: Exception | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    _preparer: Preparer | None = None

    async def start(self) -> None:
        """Start the engine; a failure is kept for whoever runs the server."""
        try:
            self._preparer = await self.engine.start()
        except QuickstepError as error:
            self.failure = error
        except Exception as error:
            logger.exception("the student could not be loaded")
            self.failure = error
        finally:
            self.settled.set()

    @property
    def started(self) -> Preparer | None:
        """What prepares rows, once the engine has started."""
        return self._preparer

    @property
    def preparer(self) -> Preparer:
        """What prepares rows.

        Raises:
            NotReady: not started yet, or stopped.
        """
        if self._preparer is None or not self.engine.running:
            raise NotReady(self._reason())
        return self._preparer

    def require_ready(self) -> Preparer:
        """As `preparer`, but also refuses while draining: nothing more should be sent here.

        Raises:
            NotReady: with the reason.
        """
        if self.draining:
            raise NotReady("the server is shutting down")
        return self.preparer

    def _reason(self) -> str:
        if self.failure is not None:
            return "the student could not be loaded"
        return self.engine.trouble or "the student is being loaded"
