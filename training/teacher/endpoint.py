"""A teacher behind an OpenAI-compatible endpoint: vLLM, SGLang, llama.cpp, Ollama, or a hosted one.

The maintained client library sends the requests; retrying is ours (`training.teacher.asking`), because retries must
keep a shared pace and be counted. What comes back is read here and not by the library, which takes a body of any
shape for an answer.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from time import time
from typing import Any

import openai

from training.teacher.base import Ask, Identity, Reply
from training.teacher.endpoint_config import EndpointConfig, read_key, shown_url
from training.teacher.errors import EndpointClosed, RowRefused, TeacherError, Throttled, TryAgain, Unreachable
from training.teacher.prompt import NEXT_QUESTION

_NO_KEY = "none"
_LONGEST_MESSAGE = 300
_MOST_TOKENS = 2**53
_OF_ONE_QUESTION = frozenset({400, 413, 415, 422})
_OF_THE_RUN = {
    402: "the account has no credit left; top it up and run the same command again",
    401: "the key is wrong or missing; put it into the environment variable {key} (--api-key-env names another)",
    403: "the key may not use this model; ask for access, or give another --model",
    404: "there is no such model or path; check --model and --base-url, which mostly ends in /v1",
}
_THROTTLED = frozenset({429, 503, 529})
_STREAM = b"data:"
_NO_CREDIT = "insufficient_quota"
_INVALID_URL = frozenset({"InvalidURL", "UnsupportedProtocol", "LocalProtocolError"})


class Endpoint:
    """Asks an endpoint.

    Args:
        config: how.
        prompt_digest: of the prompts that will be asked, for the identity.

    Raises:
        TeacherError: the key is not one that can be sent.
    """

    def __init__(self, config: EndpointConfig, prompt_digest: str) -> None:
        self._config = config
        self.name = f"endpoint {shown_url(config.base_url)}"
        self._key = read_key(config.api_key_env)
        request = {"temperature": config.temperature, "max_tokens": config.max_tokens, **config.fields}
        self._request = {name: value for name, value in request.items() if value is not None}
        self.identity: Identity = {
            "teacher": "endpoint",
            "model": config.model,
            "prompt": prompt_digest,
            "request": json.dumps(self._request, sort_keys=True),
        }
        try:
            self._client = openai.AsyncOpenAI(
                base_url=config.base_url,
                api_key=self._key or _NO_KEY,
                max_retries=0,
                timeout=config.deadline_s,
            )
        except Exception as error:  # the URL class of its HTTP library has an exception of its own
            raise TeacherError(f"--base-url {shown_url(config.base_url)}: {self._told(error)}") from None

    async def ask(self, ask: Ask) -> Reply:
        """Send one request and read its answer; see `training.teacher.base.Remote`."""
        try:
            # The library's own timeouts are of each read: a body that trickles would never end.
            async with asyncio.timeout(self._config.deadline_s):
                status, body = await self._send(ask)
        except TimeoutError:
            raise TryAgain(f"no whole answer within {self._config.deadline_s:g} s") from None
        except openai.APITimeoutError as error:
            raise TryAgain(f"no whole answer within {self._config.deadline_s:g} s ({self._told(error)})") from None
        except openai.APIConnectionError as error:
            raise self._connection_error(error) from None
        except openai.APIStatusError as error:
            # OpenAI tells of an empty account with the status of too many requests.
            status = 402 if error.code == _NO_CREDIT else error.status_code
            raise self._refused(status, self._clean(_message(error)), _retry_after_s(error.response.headers)) from None
        except openai.OpenAIError as error:
            raise TryAgain(self._told(error)) from None
        except UnicodeError as error:
            raise TeacherError(f"--base-url {shown_url(self._config.base_url)}: {self._told(error)}") from None
        return self._read(status, body)

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _send(self, ask: Ask) -> tuple[int, bytes]:
        extra = {name: value for name, value in self._request.items() if name not in ("temperature", "max_tokens")}
        options: dict[str, Any] = {
            name: self._request[name] for name in ("temperature", "max_tokens") if name in self._request
        }
        if self._config.form == "completion":
            response = await self._client.completions.with_raw_response.create(
                model=self._config.model,
                prompt=ask.prompt.text,
                stop=extra.pop("stop", [NEXT_QUESTION]),
                extra_body=extra,
                **options,
            )
        else:
            response = await self._client.chat.completions.with_raw_response.create(
                model=self._config.model,
                messages=[{"role": turn.role, "content": turn.content} for turn in ask.prompt.messages],  # type: ignore[misc]
                extra_body=extra,
                **options,
            )
        return response.status_code, response.content

    def _read(self, status: int, body: bytes) -> Reply:
        if body.lstrip().startswith(_STREAM):
            raise EndpointClosed(
                f"{self.name}: answers in a stream, which was not asked for; serve it with another server"
            )
        try:
            content = json.loads(body)
        except (JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise TryAgain(f"status {status} with a body that is not JSON, or ends too early") from None
        if not isinstance(content, dict):
            raise TryAgain(f"status {status} with a body that is no JSON object")
        failure = content.get("error")
        if failure:
            code = failure.get("code") if isinstance(failure, dict) else None
            message = failure.get("message") if isinstance(failure, dict) else failure
            told = f"status {status} with an error: {self._clean(str(message))}"
            raise self._refused(code if isinstance(code, int) and 400 <= code < 600 else 500, told)
        choices = content.get("choices")
        if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
            raise TryAgain(f"status {status} without an answer (its choices are empty)")
        finish = choices[0].get("finish_reason")
        if finish == "content_filter":
            raise RowRefused("the endpoint's content filter")
        text = self._text(choices[0])
        if text is None:
            raise TryAgain(f"status {status} with an answer that holds no text")
        usage = content.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        return Reply(
            text=text,
            finish=finish if isinstance(finish, str) else None,
            prompt_tokens=_count(usage.get("prompt_tokens")),
            output_tokens=_count(usage.get("completion_tokens")),
        )

    def _text(self, choice: Mapping[str, Any]) -> str | None:
        """The text of an answer; empty where the model wrote none (it thought up to its limit, or declined)."""
        if self._config.form == "completion":
            text = choice.get("text")
            return text if isinstance(text, str) else None
        message = choice.get("message")
        if not isinstance(message, dict):
            return None
        text = message.get("content")
        if isinstance(text, list):
            parts = [part.get("text") for part in text if isinstance(part, dict)]
            return "".join(part for part in parts if isinstance(part, str))
        if text is None:
            declined = message.get("refusal")
            return declined if isinstance(declined, str) else ""
        return text if isinstance(text, str) else None

    def _refused(self, status: int, message: str, retry_after_s: float | None = None) -> Exception:
        if status in _OF_THE_RUN:
            advice = _OF_THE_RUN[status].format(key=self._config.api_key_env)
            return EndpointClosed(f"{self.name}: status {status}: {message}; {advice}")
        if status in _OF_ONE_QUESTION:
            return RowRefused(f"status {status}: {message}")
        kind = Throttled if status in _THROTTLED else TryAgain
        return kind(f"status {status}: {message}", retry_after_s)

    def _connection_error(self, error: openai.APIConnectionError) -> Exception:
        causes = [type(cause).__name__ for cause in _chain(error)]
        if _INVALID_URL.intersection(causes):
            return TeacherError(f"--base-url {shown_url(self._config.base_url)}: {self._told(error)}")
        if "ConnectError" in causes:
            return Unreachable(self._told(error))
        return TryAgain(self._told(error))

    def _told(self, error: BaseException) -> str:
        """An error with its causes, in one line and without the key."""
        texts = [str(part) or type(part).__name__ for part in _chain(error)]
        return self._clean(": ".join(dict.fromkeys(text.rstrip(".") for text in texts)))

    def _clean(self, text: str) -> str:
        """One line, not too long; endpoints repeat the key that they refuse."""
        line = " ".join(text.split())
        if self._key:
            line = line.replace(self._key, "***")
        return line if len(line) <= _LONGEST_MESSAGE else f"{line[: _LONGEST_MESSAGE - 3]}..."


def _message(error: openai.APIStatusError) -> str:
    """What the endpoint itself says; the library puts its own words before it."""
    said = error.body.get("message") if isinstance(error.body, dict) else None
    return said if isinstance(said, str) and said.strip() else error.message


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        following = following.__cause__ or following.__context__
    return found


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for; None where it is missing or makes no sense. Never negative, never endless."""
    given = headers.get("retry-after-ms")
    factor = 1e-3
    if given is None:
        given, factor = headers.get("retry-after"), 1.0
    if given is None:
        return None
    try:
        seconds = float(given) * factor
    except ValueError:
        try:
            seconds = parsedate_to_datetime(given).timestamp() - time()
        except (ValueError, OverflowError):
            return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS else None
