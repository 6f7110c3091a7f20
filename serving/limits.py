"""What is checked before anybody looks at what a request asks: type, size and pace of its body.

Everything here works on the raw ASGI messages: a body is counted while it arrives, never after.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.errors import ClientGone
from serving.problems import (
    BODY_TIMEOUT,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA,
    RequestRefused,
)

_LINGER_S = 5.0
_JSON_TYPES = (b"application/json",)
_UTF8 = (b"utf-8", b"utf8", b"us-ascii")


def require_plain_json(scope: Scope, max_bytes: int) -> None:
    """Check the headers that describe the body.

    Raises:
        RequestRefused: another media type or character set, an encoded body, or one announced as too long.
    """
    media = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            media = value
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise RequestRefused(UNSUPPORTED_MEDIA, "send the body unencoded, without Content-Encoding", linger=True)
        elif name == b"content-length" and _length(value) > max_bytes:
            raise _too_large(max_bytes)
    if media != b"application/json" and not _is_json(media):
        raise RequestRefused(UNSUPPORTED_MEDIA, "send JSON in UTF-8 as Content-Type: application/json", linger=True)


async def read_body(receive: Receive, max_bytes: int, timeout_s: float) -> bytes:
    """Read a whole body of at most `max_bytes` within `timeout_s`.

    Raises:
        RequestRefused: too long (counted while it arrives) or too slow.
        ClientGone: the client left while sending.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone("the client left while sending its body")
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                if not message.get("more_body", False):
                    break
                chunks.append(chunk)
    except TimeoutError:
        raise RequestRefused(BODY_TIMEOUT, f"the body must arrive within {timeout_s:g} seconds", close=True) from None
    if not chunks:
        return chunk
    chunks.append(chunk)
    return b"".join(chunks)


class LeaveOnDisconnect:
    """Cancels the task inside when the client closes its connection; leaves with `ClientGone`.

    uvicorn lets a handler run on when its client is gone. What the client waited for is given up here, so
    that a queued row frees its room and never runs.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._watch = asyncio.create_task(self._wait())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.cancel()
        if self._gone:
            self._task.uncancel()
            if kind is asyncio.CancelledError:
                raise ClientGone("the client left before its answer was there") from None

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()


class LingeringResponse(Response):
    """A response to a body that is still arriving: sent at once, then the rest is read and thrown away.

    Closing at once would reset the connection, and the client would lose the reply. Bounded by `_LINGER_S`.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, then drain."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        try:
            async with asyncio.timeout(_LINGER_S):
                while (await receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _too_large(max_bytes: int) -> RequestRefused:
    return RequestRefused(BODY_TOO_LARGE, f"at most {max_bytes} bytes are read", linger=True)


def _length(value: bytes) -> int:
    # The parser has let only digits through; more than 18 of them need not be read.
    return int(value) if value.isdigit() and len(value) <= 18 else 1 << 62


def _is_json(media: bytes) -> bool:
    essence, _, parameters = media.partition(b";")
    if essence.strip().lower() not in _JSON_TYPES:
        return False
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip().lower() == b"charset" and value.strip().strip(b'"').lower() not in _UTF8:
            return False
    return True
