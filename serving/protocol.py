"""uvicorn's HTTP protocol with what it leaves out: time and size of headers, and errors as problem+json.

uvicorn waits for ever for the headers of a request, takes headers of any size, and answers malformed HTTP
in plain text. Bodies are the app's business (`serving.limits`), idle connections are uvicorn's
(`timeout_keep_alive`).

Not covered: one read (256 KiB) of headers is parsed before it is counted.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.problems import (
    HEADERS_TIMEOUT,
    HEADERS_TOO_LARGE,
    MALFORMED_HTTP,
    MEDIA_TYPE,
    TOO_MANY_CONNECTIONS,
    Kind,
    problem_body,
)

MAX_HEADER_BYTES = 64 * 1024

_LINGER_S = 1.0


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `bounded` makes the class that a server's configuration wants."""

    read_timeout_s = 10.0
    max_connections = 1024

    _in_headers = False
    _header_bytes = 0
    _field_bytes = 0
    _refused = False
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._refuse(TOO_MANY_CONNECTIONS, f"at most {self.max_connections} are open", "retry-after: 1\r\n")
        else:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and its timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, as long as headers stay within their bounds."""
        if self._refused:
            return
        begun_before = self._in_headers
        super().data_received(data)
        if self._refused:
            return
        if not self._in_headers:
            # The parser skips empty lines between requests, but uvicorn has stopped its keep-alive timer for them.
            if self._idle and self.timeout_keep_alive_task is None and self._header_timer is None:
                self._start_timer()
            return
        if self._header_timer is None:
            self._start_timer()
        # The chunk in which the headers began may hold the end of another body: it is not counted.
        if begun_before:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                self._refuse_headers()

    def on_message_begin(self) -> None:
        """Begin to count the headers."""
        self._in_headers = True
        self._header_bytes = self._field_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, or a trailer after a chunked body, as long as all of them are within their bounds."""
        self._field_bytes += len(name) + len(value)
        if self._refused:
            return
        if self._field_bytes > MAX_HEADER_BYTES:
            self._refuse_headers()
        else:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, if its headers are within their bounds."""
        self._stop_timer()
        self._in_headers = False
        if self._refused:
            return
        if len(self.url) + self._field_bytes > MAX_HEADER_BYTES:
            self._refuse_headers()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a piece of body on, unless its request was refused."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a body, unless its request was refused."""
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        if not self._refused:
            self._refuse(MALFORMED_HTTP, "send HTTP/1.1")

    def _start_timer(self) -> None:
        self._header_timer = self.loop.call_later(self.read_timeout_s, self._headers_late)

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _headers_late(self) -> None:
        self._header_timer = None
        if self._in_headers:
            self._refuse(HEADERS_TIMEOUT, f"headers must arrive within {self.read_timeout_s:g} seconds")
        elif self._idle:
            # Nothing was sent, or nothing but empty lines: there is no request to answer.
            self.transport.close()

    @property
    def _idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _refuse_headers(self) -> None:
        self._refuse(HEADERS_TOO_LARGE, f"at most {MAX_HEADER_BYTES} bytes of headers are read")

    def _refuse(self, kind: Kind, detail: str, extra: str = "") -> None:
        self._refused = True
        self._stop_timer()
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            # A whole request is being answered, and this one came after it: that answer is the last.
            cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if cycle is None or cycle.response_complete or not cycle.response_started:
            body = problem_body(kind, detail)
            head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n{extra}"
            self.transport.write(STATUS_LINE[kind.status] + head.encode() + b"connection: close\r\n\r\n" + body)
            self._close_gently()
        else:
            self.transport.close()

    def _close_gently(self) -> None:
        # Closing while bytes still arrive resets the connection and the client loses the reply: say that
        # this side is done, and throw away what comes until the client has closed or a moment has passed.
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.loop.call_later(_LINGER_S, self.transport.close)
        else:
            self.transport.close()


def bounded(read_timeout_s: float, max_connections: int) -> type[BoundedProtocol]:
    """The protocol class of a server with these bounds; uvicorn takes a class, not an object."""
    values = {"read_timeout_s": read_timeout_s, "max_connections": max_connections}
    return cast("type[BoundedProtocol]", type("ConfiguredProtocol", (BoundedProtocol,), values))
