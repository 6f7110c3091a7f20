from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving.fakes import Running

CANARY = "zqcanaryqz"

_texts = st.one_of(st.text(max_size=30), st.just(CANARY), st.just("\ud800"), st.just("a dog"))
_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _texts, st.just(2**63))
_anything = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(["premise", "hypothesis", "question", "problem", CANARY])
_inputs = st.dictionaries(_names, _texts, max_size=4) | _anything
_choices = st.lists(_texts, max_size=12) | _anything
_instance = st.fixed_dictionaries({}, optional={"inputs": _inputs, "choices": _choices, CANARY: _anything})
_request = st.fixed_dictionaries(
    {},
    optional={
        "task": st.sampled_from(["demo-nli", "cqa", "svamp", CANARY]) | _anything,
        "inputs": _inputs,
        "choices": _choices,
        "instances": st.lists(_instance, max_size=5) | _anything,
        CANARY: _anything,
    },
)
_encodings = st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-8-sig"])


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    if draw(st.integers(0, 5)) == 0:
        return draw(st.binary(max_size=200))
    escaped = draw(st.booleans())
    text = json.dumps(draw(_request | _anything), ensure_ascii=escaped)
    body = text.encode(draw(_encodings), errors="surrogatepass")
    for _ in range(draw(st.integers(0, 2))):
        cut = draw(st.integers(0, len(body)))
        body = body[:cut] + draw(st.binary(max_size=3)) + body[cut + draw(st.integers(0, 3)) :]
    return body


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=_bodies(), path=st.sampled_from(["/predict", "/explain"]))
def test_no_body_breaks_the_server_or_is_echoed(shared: Running, body: bytes, path: str) -> None:
    response = shared.client.post(path, content=body, headers={"content-type": "application/json"})
    assert response.status_code in (200, 400, 422)
    if response.status_code != 200:
        assert response.headers["content-type"] == "application/problem+json"
        assert CANARY not in response.text
        assert len(response.content) < 2048
    else:
        # Only choices may come back: they are the answers.
        assert CANARY not in response.text or CANARY in str(json.loads(body).get("choices", body))
