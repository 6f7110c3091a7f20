from __future__ import annotations

import asyncio
import json
import threading
from email.utils import formatdate
from time import time
from typing import Any

import pytest

from tests.training.teacher.openai_server import (
    Answer,
    Body,
    Hang,
    OpenAiServer,
    Status,
    Step,
    Trickle,
    unused_port,
)
from tests.training.teacher.small import endpoint, mood
from training.teacher.base import Ask, Reply
from training.teacher.endpoint import Endpoint
from training.teacher.errors import EndpointClosed, RowRefused, TeacherError, Throttled, TryAgain, Unreachable
from training.teacher.prompt import PromptWriter


def ask(teacher: Endpoint, form: Any = "chat") -> Reply:
    async def once() -> Reply:
        try:
            return await teacher.ask(Ask("k", 0, 0, PromptWriter(mood(), form).write({"text": "Rain."})))
        finally:
            await teacher.close()

    return asyncio.run(once())


def ask_step(step: Step, **settings: Any) -> Reply:
    with OpenAiServer(lambda question, nth: step) as server:
        return ask(endpoint(server.base_url, **settings), settings.get("form", "chat"))


def test_chat_sends_messages_and_reads_text_and_tokens() -> None:
    with OpenAiServer(lambda question, nth: Answer("So it is.", "length")) as server:
        reply = ask(endpoint(server.base_url, temperature=0.5, max_tokens=9))

    assert reply == Reply("So it is.", "length", 100, 10) and reply.cut
    (request,) = server.requests
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("m", 0.5, 9)
    assert [message["role"] for message in request["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    assert server.asked == {"Rain.": 1}


def test_completion_sends_one_text_that_stops_at_the_next_question() -> None:
    with OpenAiServer(lambda question, nth: Answer(" So it is.")) as server:
        reply = ask(endpoint(server.base_url, form="completion"), "completion")

    assert reply.text == " So it is."
    (request,) = server.requests
    assert request["stop"] == ["\nQ:"] and request["prompt"].endswith("Q: Rain.\nA:")


def test_other_fields_are_sent_and_none_takes_one_out() -> None:
    fields = {"max_tokens": None, "max_completion_tokens": 7, "top_p": 0.9}
    with OpenAiServer() as server:
        ask(endpoint(server.base_url, fields=fields))

    (request,) = server.requests
    assert (request["max_completion_tokens"], request["top_p"]) == (7, 0.9)
    assert "max_tokens" not in request


def test_key_is_sent_and_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with (
        OpenAiServer(lambda question, nth: Status(401, "wrong key: sk-secret")) as server,
        pytest.raises(EndpointClosed) as caught,
    ):
        ask(endpoint(server.base_url, api_key_env="MY_KEY"))

    assert server.headers[0]["authorization"] == "Bearer sk-secret"
    assert "wrong key: ***" in str(caught.value) and "sk-secret" not in str(caught.value)
    assert "environment variable MY_KEY" in str(caught.value)


def test_variable_that_was_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(TeacherError, match="--api-key-env MY_KEY: there is no such environment variable"):
        endpoint("http://127.0.0.1:1/v1", api_key_env="MY_KEY")
    with OpenAiServer() as server:
        ask(endpoint(server.base_url))
    assert server.paid == {"Rain.": 1}


def test_key_that_cannot_be_sent_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk\u2011x")
    with pytest.raises(TeacherError, match="environment variable MY_KEY") as caught:
        endpoint("http://127.0.0.1:1/v1", api_key_env="MY_KEY")
    assert "sk\u2011x" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (401, EndpointClosed, "environment variable OPENAI_API_KEY"),
        (402, EndpointClosed, "no credit left"),
        (403, EndpointClosed, "may not use this model"),
        (404, EndpointClosed, "check --model and --base-url"),
        (400, RowRefused, "status 400"),
        (413, RowRefused, "status 413"),
        (422, RowRefused, "status 422"),
        (429, Throttled, "status 429"),
        (503, Throttled, "status 503"),
        (500, TryAgain, "status 500"),
        (408, TryAgain, "status 408"),
    ],
)
def test_status_says_who_is_at_fault(status: int, kind: type[Exception], advice: str) -> None:
    with pytest.raises(kind, match=advice) as caught:
        ask_step(Status(status, "here is why"))
    assert type(caught.value) is kind and "here is why" in str(caught.value)


def test_empty_account_is_no_throttling() -> None:
    with pytest.raises(EndpointClosed, match="no credit left"):
        ask_step(Status(429, "You exceeded your current quota", code_name="insufficient_quota"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": formatdate(0, usegmt=True)}, None),
    ],
)
def test_retry_after_is_read_and_nonsense_is_none(headers: dict[str, str], seconds: float | None) -> None:
    with pytest.raises(Throttled) as caught:
        ask_step(Status(429, headers=headers))
    assert caught.value.retry_after_s == seconds


def test_retry_after_as_a_date_is_seconds_from_now() -> None:
    with pytest.raises(Throttled) as caught:
        ask_step(Status(429, headers={"Retry-After": formatdate(time() + 3600, usegmt=True)}))
    assert caught.value.retry_after_s == pytest.approx(3600, abs=600)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "not JSON, or ends too early"),
        ('{"choices": [', "not JSON, or ends too early"),
        ("[" * 100_000, "not JSON, or ends too early"),
        ("[]", "no JSON object"),
        ("{}", "choices are empty"),
        ('{"choices": []}', "choices are empty"),
        ('{"choices": null}', "choices are empty"),
        ('{"choices": ["x"]}', "choices are empty"),
        ('{"choices": [{"message": null}]}', "holds no text"),
        ('{"choices": [{"message": {"content": 5}}]}', "holds no text"),
        ('{"error": {"message": "overloaded"}}', "status 200 with an error: overloaded"),
        ('{"error": "overloaded"}', "status 200 with an error: overloaded"),
    ],
)
def test_body_that_is_no_answer_may_be_one_next_time(body: str, told: str) -> None:
    with pytest.raises(TryAgain, match=told):
        ask_step(Body(body))


def test_error_in_a_whole_body_counts_as_its_own_status() -> None:
    with pytest.raises(EndpointClosed, match="no such model"):
        ask_step(Body('{"error": {"message": "no such model", "code": 404}}'))
    with pytest.raises(Throttled):
        ask_step(Body('{"error": {"message": "slowly", "code": 429}}'))


def test_stream_that_was_not_asked_for_is_told() -> None:
    with pytest.raises(EndpointClosed, match="answers in a stream"):
        ask_step(Body('data: {"choices": []}\n\ndata: [DONE]\n\n'))


def test_truncated_body_may_be_whole_next_time() -> None:
    with pytest.raises(TryAgain, match=r"Connection error: .*body"):
        ask_step(Body('{"choices": [', missing_bytes=50))


@pytest.mark.parametrize("step", [Hang(), Trickle()])
def test_deadline_is_of_the_whole_request(step: Step) -> None:
    with pytest.raises(TryAgain, match=r"no whole answer within 0\.3 s"):
        ask_step(step, deadline_s=0.3)


def test_nothing_listening_is_unreachable_with_its_cause() -> None:
    with pytest.raises(Unreachable, match=r"Connection error: .*connection attempts failed"):
        ask(endpoint(f"http://127.0.0.1:{unused_port()}/v1"))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": None}, ""),
        ({"content": None, "refusal": "I will not."}, "I will not."),
        ({"content": [{"type": "text", "text": "So "}, {"type": "text", "text": "it is."}]}, "So it is."),
        ({"content": "\ud800"}, "\ud800"),
    ],
)
def test_unusual_answers_are_answers(message: dict[str, Any], text: str) -> None:
    assert ask_step(Body(json.dumps({"choices": [{"message": message}]}))) == Reply(text)


def test_content_filter_refuses_the_row() -> None:
    with pytest.raises(RowRefused, match="content filter"):
        ask_step(Answer("", finish="content_filter"))


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": -1, "completion_tokens": True}, {"prompt_tokens": 1.5, "completion_tokens": 10**400}],
)
def test_token_counts_that_make_no_sense_are_unknown(usage: dict[str, object] | None) -> None:
    reply = ask_step(Answer(usage=usage))
    assert (reply.prompt_tokens, reply.output_tokens) == (None, None)


@pytest.mark.parametrize("host", ["exa mple", "ex\x01ample", "a" * 300, "xn--\u2028"])
def test_host_that_cannot_be_right_names_the_option(host: str) -> None:
    with pytest.raises((TeacherError, Unreachable)) as caught:
        ask(endpoint(f"http://{host}/v1"))
    assert isinstance(caught.value, Unreachable) or "--base-url" in str(caught.value)


def test_identity_holds_what_decides_answers_and_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings: list[dict[str, Any]] = [{}, {"temperature": 1.0}, {"max_tokens": 5}, {"fields": {"seed": 1}}]
    made = [endpoint("http://host/v1", **given).identity for given in settings]

    assert len({json.dumps(dict(identity), sort_keys=True) for identity in made}) == len(settings)
    assert endpoint("http://other/v1").identity == made[0]
    assert "secret" not in str(made) and "host" not in str(made)


def test_requests_under_way_at_a_time_do_not_wait_for_each_other() -> None:
    """Both must have come in before either is answered."""
    both = threading.Barrier(2, timeout=20)

    def step(question: str, nth: int) -> Step:
        both.wait()
        return Answer()

    async def two(teacher: Endpoint) -> None:
        prompt = PromptWriter(mood(), "chat").write({"text": "Rain."})
        await asyncio.gather(*(teacher.ask(Ask("k", 0, sample, prompt)) for sample in range(2)))
        await teacher.close()

    with OpenAiServer(step) as server:
        asyncio.run(two(endpoint(server.base_url)))
    assert server.paid == {"Rain.": 2}
