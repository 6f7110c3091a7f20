"""`HttpClient`: one kept-alive connection, written on a socket.

`http.client` and `httpx` take a tenth of a millisecond and more to build a request and read headers. What is
measured here is the server: a request is built before the clock starts, and headers are read after it stopped.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from benchmarks.running_server import HOST
from student.errors import QuickstepError

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TIMEOUT_S = 60.0


class ConnectionBroken(QuickstepError):
    """The server closed the connection, or sent what is no HTTP response with a length."""


@dataclass(frozen=True)
class Reply:
    """A whole response.

    Attributes:
        headers: by name in lower case.
        seconds: from the first byte sent to the last byte received.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class HttpClient:
    """A client of a server on loopback; opens a connection where there is none, and keeps it as long as the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def post(self, path: str, content: object) -> Reply:
        """Send JSON and wait for the whole answer.

        Raises:
            ConnectionBroken: no whole response came.
        """
        body = json.dumps(content, ensure_ascii=False).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: {HOST}:{self._port}\r\ncontent-type: application/json\r\n"
        request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        connection = self._connected()
        try:
            started = time.perf_counter()
            connection.sendall(request)
            received, body_start, end = self._receive(connection)
            seconds = time.perf_counter() - started
        except OSError as error:
            self.close()
            raise ConnectionBroken(f"POST {path}: {error}") from error
        except BaseException:
            # What is still to come would be taken for the next answer.
            self.close()
            raise
        status, headers = _read_head(received[:body_start])
        if headers.get("connection") == "close":
            self.close()
        return Reply(status, headers, bytes(received[body_start:end]), seconds)

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection((HOST, self._port), timeout=_TIMEOUT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    @staticmethod
    def _receive(connection: socket.socket) -> tuple[bytearray, int, int]:
        received = bytearray()
        body_start = end = -1
        while end < 0 or len(received) < end:
            part = connection.recv(65536)
            if not part:
                raise ConnectionBroken("the server closed the connection before its answer was whole")
            received += part
            if end < 0 and (head_end := received.find(b"\r\n\r\n")) >= 0:
                length = _LENGTH.search(received, 0, head_end)
                if length is None:
                    raise ConnectionBroken("the answer has no content-length")
                body_start = head_end + 4
                end = body_start + int(length[1])
        return received, body_start, end


def _read_head(head: bytes | bytearray) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}
