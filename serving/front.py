"""The outermost layer: counts and times requests, closes connections while draining, hides failures.

Pure ASGI: a layer that builds request objects and tasks of its own costs as much as the rest of the gateway.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Collection
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.lifecycle import Lifecycle
from serving.metrics import OTHER_ROUTE, Metrics
from serving.problems import INTERNAL, problem_response

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("serving.access")

_CLOSE = (b"connection", b"close")
_NO_STATUS = 0


class Front:
    """Wraps an ASGI app.

    Args:
        app: what is wrapped.
        lifecycle: tells whether the server is draining.
        metrics: where requests are counted.
        routes: paths that may stand in metrics and the access log.
        access_log: whether to log a line for each request.
    """

    def __init__(
        self, app: ASGIApp, lifecycle: Lifecycle, metrics: Metrics, routes: Collection[str], access_log: bool
    ) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._routes = frozenset(routes)
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        status = _NO_STATUS

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._lifecycle.draining:
                    message["headers"] = [pair for pair in message["headers"] if pair[0] != b"connection"] + [_CLOSE]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            _log(error)
            if status == _NO_STATUS:
                self._metrics.reject(INTERNAL.slug)
                await problem_response(INTERNAL, "see the server's log")(scope, receive, watch)
        finally:
            path = scope["path"]
            route = path if path in self._routes else OTHER_ROUTE
            seconds = perf_counter() - started
            self._metrics.observe_request(route, status, seconds)
            if self._access_log:
                access_logger.info("%s %s %d %.2f ms", scope["method"], route, status, seconds * 1e3)


def _log(error: Exception) -> None:
    # The message may quote the request; where it happened does not.
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    place = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    logger.error("unexpected %s at %s", type(error).__qualname__, place)
