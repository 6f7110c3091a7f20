from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.serving.fakes import NLI, FakePanic, Running, serving

JSON = {"content-type": "application/json"}
CANARY = "canary7f3a"


def post(running: Running, body: bytes | str, path: str = "/predict", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return running.client.post(path, content=body, headers={**JSON, **named})


def ask(**members: object) -> str:
    return json.dumps({"task": "demo-nli", "inputs": NLI} | members)


def require_problem(response: httpx.Response, status: int, slug: str) -> dict[str, object]:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    body: dict[str, object] = response.json()
    assert body["type"] == f"urn:quickstep:problem:{slug}"
    assert body["status"] == status
    assert body["title"] and body["detail"]
    assert len(response.content) < 2048
    assert CANARY not in response.text and CANARY not in str(response.headers)
    return body


INVALID = {
    "unknown task": (ask(task=CANARY), "task"),
    "task of a wrong type": (ask(task=[CANARY]), "task"),
    "no task": (json.dumps({"inputs": NLI}), "task"),
    "unknown field": (ask(inputs={**NLI, CANARY: "x"}), "inputs"),
    "unknown field of a wrong type": (ask(inputs={**NLI, CANARY: 3}), "inputs"),
    "missing field": (ask(inputs={"premise": CANARY}), "inputs.hypothesis"),
    "empty text": (ask(inputs={**NLI, "premise": " \n"}), "inputs.premise"),
    "text of a wrong type": (ask(inputs={**NLI, "premise": [CANARY]}), "inputs.premise"),
    "over-long text": (ask(inputs={**NLI, "premise": f"{CANARY} " * 300}), "inputs"),
    "inputs of a wrong type": (ask(inputs=CANARY), "inputs"),
    "too many fields": (ask(inputs={f"{CANARY}{n}": "x" for n in range(100)}), "inputs"),
    "unknown member": (ask(**{CANARY: 1}), "body"),
    "choices where none are taken": (ask(choices=[CANARY, "b"]), "choices"),
    "no choices": (ask(task="cqa", inputs={"question": CANARY}), "choices"),
    "one choice": (ask(task="cqa", inputs={"question": CANARY}, choices=[CANARY]), "choices"),
    "too many choices": (ask(task="cqa", inputs={"question": CANARY}, choices=[CANARY] * 11), "choices"),
    "choices of a wrong type": (ask(choices=[CANARY, 1]), "choices.1"),
    "far too many choices": (ask(choices=[0] * 1000), "choices"),
    "no inputs": (json.dumps({"task": "demo-nli"}), "inputs"),
    "inputs and instances": (ask(instances=[{"inputs": NLI}]), "instances"),
    "no instances": (json.dumps({"task": "demo-nli", "instances": []}), "instances"),
    "too many instances": (
        json.dumps({"task": "demo-nli", "instances": [{"inputs": NLI}] * 65}),
        "instances",
    ),
    "a wrong instance": (
        json.dumps({"task": "demo-nli", "instances": [{"inputs": NLI}, {"inputs": {CANARY: "x"}}]}),
        "instances.1.inputs.premise",
    ),
    "not an object": (json.dumps([CANARY]), "body"),
    "NaN": ('{"task": NaN, "inputs": {}}', "task"),
    "Infinity": ('{"task": "demo-nli", "inputs": {"premise": -Infinity}}', "inputs.premise"),
    "null": ("null", "body"),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_does_not_fit_the_task_is_422_and_names_the_field(shared: Running, name: str) -> None:
    body, field = INVALID[name]
    errors = require_problem(post(shared, body), 422, "invalid-input")["errors"]
    assert isinstance(errors, list)
    assert field in [error["field"] for error in errors]
    assert all(error["message"] for error in errors)


MALFORMED = {
    "empty": b"",
    "half": b'{"task": "' + CANARY.encode(),
    "no JSON": CANARY.encode(),
    "UTF-16": ask().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + ask().encode(),
    "no UTF-8": b'{"task": "\xff"}',
    "lone surrogate": b'{"task": "demo-nli", "inputs": {"premise": "\\ud800", "hypothesis": "x"}}',
    "deep": b'{"task":' + b"[" * 400_000,
    "long number": b'{"task":' + b"9" * 500_000 + b"}",
    "two documents": ask().encode() * 2,
    "control character": b'{"task": "\n"}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_json_is_400(shared: Running, name: str) -> None:
    require_problem(post(shared, MALFORMED[name]), 400, "malformed-json")


def test_duplicate_keys_are_read_as_the_last(shared: Running) -> None:
    assert post(shared, '{"task": "nope", ' + ask()[1:]).status_code == 200


def test_many_problems_are_listed_within_the_bound(shared: Running) -> None:
    instances = [{"inputs": {CANARY: "x"}, CANARY: 1, "choices": [1, 2, 3]} for _ in range(64)]
    for body in (ask(instances=instances), ask(**{f"{CANARY}{n}": n for n in range(5000)})):
        require_problem(post(shared, body), 422, "invalid-input")


@pytest.mark.parametrize("media", ["text/plain", f"text/{CANARY}", "application/json; charset=utf-16", "", "a/b;c"])
def test_other_media_types_are_415(shared: Running, media: str) -> None:
    require_problem(post(shared, ask(), content_type=media), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "media", ["application/json; charset=UTF-8", "Application/JSON", 'application/json;charset="utf-8"']
)
def test_spellings_of_json_are_taken(shared: Running, media: str) -> None:
    assert post(shared, ask(), content_type=media).status_code == 200


def test_encoded_bodies_are_415_unread(shared: Running) -> None:
    require_problem(post(shared, b"\x1f\x8b", content_encoding="gzip"), 415, "unsupported-media-type")


def test_announced_long_body_is_413(shared: Running) -> None:
    response = post(shared, b"x" * 20_000_000)
    require_problem(response, 413, "body-too-large")
    assert response.headers["connection"] == "close"


def test_streamed_long_body_is_413_counted_as_it_comes(shared: Running) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            yield CANARY.encode() * 1000

    require_problem(shared.client.post("/predict", content=chunks(), headers=JSON), 413, "body-too-large")


def test_body_in_one_byte_chunks_is_answered(shared: Running) -> None:
    body = (bytes([byte]) for byte in ask().encode())
    assert shared.client.post("/predict", content=body, headers=JSON).status_code == 200


def test_unknown_paths_and_methods_are_problems(shared: Running) -> None:
    require_problem(shared.client.get(f"/{CANARY}"), 404, "not-found")
    require_problem(shared.client.post("/predict/"), 404, "not-found")
    refused = shared.client.get("/predict")
    require_problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "POST"


def test_tokenizer_panic_is_a_problem_without_the_text(shared: Running, caplog: pytest.LogCaptureFixture) -> None:
    assert not issubclass(FakePanic, Exception)
    require_problem(shared.predict(f"tokenizer-panic {CANARY}"), 500, "engine-failure")
    require_problem(shared.predict(f"tokenizer-panic {CANARY}" + "x" * 3000), 500, "engine-failure")
    assert CANARY not in caplog.text
    assert shared.predict("after").status_code == 200


@pytest.mark.parametrize(
    ("word", "status", "slug"),
    [
        ("panic", 500, "engine-failure"),
        ("wrong-nan", 502, "wrong-result"),
        ("wrong-type", 502, "wrong-result"),
        ("too-few-rows", 502, "wrong-result"),
    ],
)
def test_engine_faults_are_problems(shared: Running, word: str, status: int, slug: str) -> None:
    for path in ("/predict", "/explain"):
        require_problem(shared.predict(f"{word} {CANARY}", path), status, slug)
    assert shared.predict("after").status_code == 200


def raw(running: Running, *pieces: bytes) -> bytes:
    """Send bytes as they are and read until the server closes."""
    with socket.create_connection(running.address, timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_malformed_http_is_a_problem_and_closes(shared: Running) -> None:
    for request in (
        b"NONSENSE\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        answer = raw(shared, request)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in answer and b"malformed-http" in answer


@pytest.mark.parametrize("split", [1, 8])
def test_long_headers_are_431(shared: Running, split: int) -> None:
    header = b"X-Long: " + CANARY.encode() * 8000
    piece = len(header) // split + 1
    parts = [header[start : start + piece] for start in range(0, len(header), piece)]
    answer = raw(shared, b"GET /livez HTTP/1.1\r\nHost: x\r\n", *parts, b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert CANARY.encode() not in answer


def test_trickling_headers_and_bodies_are_408() -> None:
    with serving(read_timeout_ms=50) as running:
        answer = raw(running, b"GET /livez HT")
        assert answer.startswith(b"HTTP/1.1 408 ") and b"headers-timeout" in answer
        head = b"POST /predict HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        answer = raw(running, head)
        assert answer.startswith(b"HTTP/1.1 408 ") and b"body-timeout" in answer
        assert raw(running) == b""
        assert running.predict("after").status_code == 200


def test_empty_lines_after_an_answer_do_not_keep_a_connection_open() -> None:
    with serving(read_timeout_ms=50) as running, socket.create_connection(running.address, timeout=20) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b'{"status":"alive"}'):
            answer += connection.recv(65536)
        connection.sendall(b"\r\n")
        assert connection.recv(65536) == b""


def test_a_request_after_empty_lines_is_answered() -> None:
    with serving(read_timeout_ms=200) as running:
        request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = raw(running, request + b"\r\n" + request[:-2] + b"Connection: close\r\n\r\n")
        assert answer.count(b"HTTP/1.1 200 ") == 2


def test_long_trailers_are_431(shared: Running) -> None:
    head = b"POST /predict HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    trailer = b"X-Trailer: " + b"x" * 1000 + b"\r\n"
    answer = raw(shared, head, trailer * 100)
    assert answer.startswith(b"HTTP/1.1 431 ") and b"headers-too-large" in answer


def test_connections_past_the_bound_are_503() -> None:
    with serving(max_connections=2) as running:
        assert running.client.get("/livez").status_code == 200
        with socket.create_connection(running.address):
            answer = raw(running)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"too-many-connections" in answer
        assert running.client.get("/livez").status_code == 200


def test_pipelined_requests_are_answered_in_order(shared: Running) -> None:
    body = ask().encode()
    head = b"POST /predict HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = raw(shared, (head + body) * 2 + b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 3
    assert answer.endswith(b'{"status":"alive"}')
