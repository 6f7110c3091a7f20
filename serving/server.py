"""The process around the app: its socket, its signals, its end."""

from __future__ import annotations

import contextlib
import logging
import math
import signal
import socket
import threading
from collections.abc import Generator
from time import monotonic
from types import FrameType

import uvicorn
from fastapi import FastAPI

from serving.app import Parts
from serving.errors import ServingError
from serving.protocol import bounded
from serving.settings import Settings

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_BACKLOG = 2048


class CannotListen(ServingError):
    """The address cannot be listened on."""


def bind(host: str, port: int) -> socket.socket:
    """Bind a TCP socket before anything slow happens.

    Raises:
        CannotListen: the port is in use or not allowed, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"cannot listen on host {host}: {error.strerror}; set --host") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror}; set another --port or --host") from None
    return bound


def url_of(bound: socket.socket) -> str:
    """The URL under which a bound socket is reached."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn's server, with another way to end.

    On SIGTERM or SIGINT `/readyz` turns 503 at once and responses close their connections. After
    `drain_delay_ms`, in which a load balancer can notice, the port closes; what is in flight is finished.
    A second signal skips the delay.
    """

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        parts: Parts = app.state.parts
        self._lifecycle = parts.lifecycle
        self._drain_delay_s = settings.drain_delay_ms / 1000
        self._close_at = math.inf
        longest_ms = max(settings.deadline_ms, settings.explain_deadline_ms) + settings.read_timeout_ms
        super().__init__(
            uvicorn.Config(
                app,
                http=bounded(settings.read_timeout_ms / 1000, settings.max_connections),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=settings.keep_alive_s,
                timeout_graceful_shutdown=math.ceil(longest_ms / 1000) + 1,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handle signals while serving; uvicorn's own raises them again afterwards, and the exit is not 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or end at once when asked again."""
        if self._lifecycle.draining:
            self.should_exit = True
            return
        self.drain()

    def drain(self) -> None:
        """Turn `/readyz` to 503, and close the port after the delay."""
        self._lifecycle.draining = True
        self._close_at = monotonic() + self._drain_delay_s

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether it is time to close."""
        if monotonic() >= self._close_at or self._lifecycle.failure is not None:
            self.should_exit = True
        return await super().on_tick(counter)
