"""A small server that speaks OpenAI's protocol on a real socket, and misbehaves as it is told to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A whole answer, which is paid for."""

    text: str = "It is so. So the answer is (a)."
    finish: str | None = "stop"
    usage: Mapping[str, object] | None = field(default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 10})


@dataclass(frozen=True)
class Status:
    """A status of failure."""

    code: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)
    code_name: str | None = None


@dataclass(frozen=True)
class Body:
    """Status 200 with this body, whatever it is; `missing_bytes` are announced and never sent."""

    content: str
    missing_bytes: int = 0


@dataclass(frozen=True)
class Hang:
    """No answer at all, until the server ends."""


@dataclass(frozen=True)
class Trickle:
    """A body that comes byte by byte and never ends."""


@dataclass(frozen=True)
class Wait:
    """An answer that comes when the event is set."""

    event: threading.Event
    answer: Answer = field(default_factory=Answer)


Step = Answer | Status | Body | Hang | Trickle | Wait


class OpenAiServer:
    """Answers `/v1/chat/completions` and `/v1/completions`; use it in a `with`.

    Attributes:
        requests: bodies of all requests, in the order in which they came.
        asked: how often each question was asked.
        paid: how often each question was answered in whole.

    Args:
        step: what to do with a question that is asked for the n-th time (from 1).
    """

    def __init__(self, step: Callable[[str, int], Step] = lambda question, nth: Answer()) -> None:
        self.step = step
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.ending = threading.Event()
        self.lock = threading.Lock()
        ours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                ours.handle(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that goes away in the middle is what some of these tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> OpenAiServer:
        threading.Thread(target=self._server.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        question = question_of(body)
        with self.lock:
            self.requests.append(body)
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
            self.asked[question] += 1
            nth = self.asked[question]
        step = self.step(question, nth)
        match step:
            case Wait(event, answer):
                while not event.wait(0.02):
                    if self.ending.is_set():
                        return
                self._answer(request, body, question, answer)
            case Answer():
                self._answer(request, body, question, step)
            case Status(code, message, headers, code_name):
                _send(request, code, {"error": {"message": message, "code": code_name}}, headers)
            case Body(content, missing_bytes):
                _send_text(request, 200, content, {}, missing_bytes)
            case Hang():
                self.ending.wait()
            case Trickle():
                self._trickle(request)

    def _answer(self, request: BaseHTTPRequestHandler, body: dict[str, Any], question: str, answer: Answer) -> None:
        choice: dict[str, Any] = {"index": 0, "finish_reason": answer.finish}
        if "messages" in body:
            choice["message"] = {"role": "assistant", "content": answer.text}
        else:
            choice["text"] = answer.text
        with self.lock:
            self.paid[question] += 1
        _send(request, 200, {"id": "1", "object": "x", "choices": [choice], "usage": answer.usage}, {})

    def _trickle(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        while not self.ending.is_set():
            try:
                request.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.005)


def question_of(body: Mapping[str, Any]) -> str:
    """The question itself: the first line of what stands last in the prompt."""
    if "messages" in body:
        return str(body["messages"][-1]["content"].rpartition("\n\n")[2].partition("\n")[0])
    return str(body["prompt"].rpartition("Q: ")[2].partition("\n")[0])


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _send(request: BaseHTTPRequestHandler, code: int, content: object, headers: Mapping[str, str]) -> None:
    _send_text(request, code, json.dumps(content), headers, 0)


def _send_text(
    request: BaseHTTPRequestHandler, code: int, text: str, headers: Mapping[str, str], missing_bytes: int
) -> None:
    content = text.encode()
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(content) + missing_bytes))
    request.end_headers()
    request.wfile.write(content)
    if missing_bytes:
        request.close_connection = True
