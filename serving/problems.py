"""Errors over HTTP (RFC 9457), and the one place that maps domain errors to statuses.

A problem never contains what the client sent: not a text, not the name of a field nobody knows, not a header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from serving.errors import ClientGone, DeadlineExceeded, EngineFailure, NotReady, Overloaded, WrongResult
from student.errors import InputError, Problem, QuickstepError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:quickstep:problem:"
MAX_PROBLEM_BYTES = 2000
"""Error replies stay under 2 KB: errors that do not fit are counted instead of listed."""

_MAX_MESSAGE_CHARS = 300


@dataclass(frozen=True)
class Kind:
    """A problem type: its status and short name, which ends its `type` URI and labels its metric."""

    status: int
    slug: str
    title: str


MALFORMED = Kind(400, "malformed-json", "The body is not valid JSON")
NOT_FOUND = Kind(404, "not-found", "There is no such path")
METHOD_NOT_ALLOWED = Kind(405, "method-not-allowed", "The path does not take this method")
BODY_TIMEOUT = Kind(408, "body-timeout", "The body did not arrive in time")
BODY_TOO_LARGE = Kind(413, "body-too-large", "The body is too large")
UNSUPPORTED_MEDIA = Kind(415, "unsupported-media-type", "The body is not plain JSON")
INVALID_INPUT = Kind(422, "invalid-input", "The request does not fit its task")
QUEUE_ROWS = Kind(429, "queue-rows-full", "Too many rows wait")
QUEUE_TOKENS = Kind(429, "queue-tokens-full", "Too many tokens wait")
WAIT_TOO_LONG = Kind(429, "wait-too-long", "The queue is longer than the deadline allows")
HEADERS_TOO_LARGE = Kind(431, "headers-too-large", "The request's headers are too large")
MALFORMED_HTTP = Kind(400, "malformed-http", "The request is not valid HTTP")
HEADERS_TIMEOUT = Kind(408, "headers-timeout", "The headers did not arrive in time")
CLIENT_GONE = Kind(499, "client-gone", "The client closed the connection")
ENGINE_FAILURE = Kind(500, "engine-failure", "The engine failed on this request")
INTERNAL = Kind(500, "internal-error", "The server failed on this request")
WRONG_RESULT = Kind(502, "wrong-result", "The engine returned something that is no answer")
NOT_READY = Kind(503, "not-ready", "The server does not answer yet, or no longer")
TOO_MANY_CONNECTIONS = Kind(503, "too-many-connections", "The server has too many open connections")
DEADLINE = Kind(504, "deadline-exceeded", "No answer within the deadline")

KINDS: tuple[Kind, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Kind))

_OVERLOAD = {kind.slug: kind for kind in (QUEUE_ROWS, QUEUE_TOKENS, WAIT_TOO_LONG)}


class RequestRefused(QuickstepError):
    """A request refused for its form, before anybody looked at what it asks.

    Attributes:
        kind: the problem type.
        linger: whether a body is still arriving that is to be read and thrown away, so that the client gets
            to see the reply; the connection is closed afterwards.
        close: whether the connection cannot be used again.
    """

    def __init__(self, kind: Kind, detail: str, *, linger: bool = False, close: bool = False) -> None:
        super().__init__(detail)
        self.kind = kind
        self.linger = linger
        self.close = close or linger


def problem_body(kind: Kind, detail: str, errors: Sequence[Problem] = ()) -> bytes:
    """The JSON of a problem, under `MAX_PROBLEM_BYTES`."""
    content: dict[str, object] = {
        "type": TYPE_PREFIX + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": detail[:_MAX_MESSAGE_CHARS],
    }
    if not errors:
        return to_json(content)
    listed: list[dict[str, str]] = []
    content["errors"] = listed
    size = len(to_json(content)) + 64
    for problem in errors:
        entry = {"field": problem.field[:100], "message": problem.message[:_MAX_MESSAGE_CHARS]}
        size += len(to_json(entry)) + 1
        if size > MAX_PROBLEM_BYTES:
            content["detail"] = f"{len(errors)} problems; the first {len(listed)} are listed"
            break
        listed.append(entry)
    return to_json(content)


def problem_response(
    kind: Kind, detail: str, errors: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as a response."""
    return Response(problem_body(kind, detail, errors), kind.status, headers, MEDIA_TYPE)


def describe(error: QuickstepError) -> tuple[Kind, str, Sequence[Problem], dict[str, str]]:
    """Kind, detail, listed problems and extra headers of a domain error."""
    match error:
        case InputError():
            count = len(error.problems)
            return INVALID_INPUT, f"{count} problem{'s' if count != 1 else ''}", error.problems, {}
        case RequestRefused():
            return error.kind, str(error), (), {"connection": "close"} if error.close else {}
        case Overloaded():
            return _OVERLOAD[error.reason], str(error), (), {"retry-after": str(error.retry_after_s)}
        case DeadlineExceeded():
            return DEADLINE, str(error), (), {}
        case EngineFailure():
            return ENGINE_FAILURE, str(error), (), {}
        case WrongResult():
            return WRONG_RESULT, str(error), (), {}
        case NotReady():
            return NOT_READY, str(error), (), {"retry-after": "1"}
        case ClientGone():
            return CLIENT_GONE, "nobody waits for the answer", (), {}
        case _:
            return INTERNAL, "see the server's log", (), {}


def http_problem(request: Request, error: Exception) -> Response:
    """Answer Starlette's own errors: unknown paths and methods."""
    status = getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: Mapping[str, str] | None = getattr(error, "headers", None)
    if status == HTTPStatus.NOT_FOUND:
        return problem_response(NOT_FOUND, "see /docs for what there is", headers=headers)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem_response(METHOD_NOT_ALLOWED, "see the Allow header", headers=headers)
    return problem_response(INTERNAL, "see the server's log")
