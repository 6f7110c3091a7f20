"""How an endpoint is asked: its address, its key and what is in every request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from training.teacher.errors import TeacherError
from training.teacher.prompt import Form

DEFAULT_KEY_VARIABLE = "OPENAI_API_KEY"
"""Where the key is, if it is nowhere else; an endpoint that needs none is asked without."""


@dataclass(frozen=True)
class EndpointConfig:
    """How an endpoint is asked.

    Attributes:
        base_url: up to the version, such as `http://localhost:8000/v1`.
        model: as the endpoint knows it.
        form: messages or a plain text.
        temperature: 0 takes the likeliest words.
        max_tokens: of an answer, thinking included.
        deadline_s: of a whole request: connecting, waiting, and reading the last byte.
        api_key_env: the environment variable that holds the key.
        fields: what else is in the request; a value of None takes a field out (`temperature`, `max_tokens`).
    """

    base_url: str
    model: str
    form: Form = "chat"
    temperature: float = 0.0
    max_tokens: int = 512
    deadline_s: float = 120.0
    api_key_env: str = DEFAULT_KEY_VARIABLE
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if problem := _url_problem(self.base_url):
            raise TeacherError(
                f"--base-url {shown_url(self.base_url)}: {problem}; write it as http://localhost:8000/v1"
            )


def shown_url(url: str) -> str:
    """A URL without what may be secret in it: user, password, query."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return repr(url.rpartition("@")[2].partition("?")[0])
    scheme = f"{parts.scheme}://" if parts.scheme and parts.netloc else f"{parts.scheme}:" if parts.scheme else ""
    return f"{scheme}{host}{parts.path}"


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https"):
        return "has no http:// or https://"
    return None if host else "names no host"


def read_key(variable: str) -> str | None:
    """The key in an environment variable; None where the usual one is not set.

    Raises:
        TeacherError: the variable was named and is not set, or holds what no key is.
    """
    key = os.environ.get(variable, "").strip()
    if not key:
        if variable == DEFAULT_KEY_VARIABLE:
            return None
        raise TeacherError(f"--api-key-env {variable}: there is no such environment variable, or it is empty")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise TeacherError(f"environment variable {variable}: holds characters that no key has; set it again")
    return key
