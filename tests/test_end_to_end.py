"""Train, export, serve, ask over a real socket, stop: each by its public entry."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from student.bundle import Bundle
from student.prediction import Prediction
from student.question import Question
from student.runtime import OnnxStudent

ROOT = Path(__file__).parents[1]
QUESTIONS = [
    Question("demo-nli", {"premise": "A man sleeps.", "hypothesis": "He is awake."}),
    Question("demo-choices", {"question": "Where is milk kept?"}, ("fridge", "garage", "a zoo")),
    Question("demo-math", {"problem": "Ann has 4 apples and buys 3 more. How many has she?"}),
]


@dataclass
class _Serving:
    process: subprocess.Popen[str]
    url: str


def _ready_line(stream: IO[str]) -> str:
    return next((line for line in stream if line.startswith("ready: ")), "the server ended without a ready line")


@pytest.fixture(scope="module")
def served(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Serving]:
    log = tmp_path_factory.mktemp("serving") / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUICKSTEP_")}
    # Port 0 takes a free one; the ready line tells which.
    command = [sys.executable, "-m", "student.cli", "serve", "--bundle", str(tiny_bundle.path), "--port", "0"]
    command += ["--threads", "1", "--deadline-ms", "60000", "--explain-deadline-ms", "60000"]
    with log.open("w") as errors:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert process.stdout is not None
            line = _ready_line(process.stdout)
            assert tiny_bundle.label in line, log.read_text()
            yield _Serving(process, line.split()[1])
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def client(served: _Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=120, trust_env=False) as client:
        yield client


def _body(question: Question) -> dict[str, Any]:
    body: dict[str, Any] = {"task": question.task, "inputs": dict(question.inputs)}
    if question.choices:
        body["choices"] = list(question.choices)
    return body


def _assert_same(answered: dict[str, Any], expected: Prediction) -> None:
    assert answered["answer"] == expected.answer
    assert answered["value"] == expected.value
    if expected.probabilities is None:
        assert answered["probabilities"] is None
        return
    assert [item["answer"] for item in answered["probabilities"]] == [item.answer for item in expected.probabilities]
    assert [item["probability"] for item in answered["probabilities"]] == pytest.approx(
        [item.probability for item in expected.probabilities], abs=1e-5
    )


def test_server_gets_ready(client: httpx.Client, tiny_bundle: Bundle) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "bundle": tiny_bundle.label, "precision": "fp32"}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.task)
def test_predict_answers_as_the_student_in_process(
    client: httpx.Client, tiny_student: OnnxStudent, question: Question
) -> None:
    response = client.post("/predict", json=_body(question))
    assert response.status_code == 200
    answered = response.json()
    assert answered["task"] == question.task
    assert answered["bundle"] == tiny_student.bundle.label
    _assert_same(answered, tiny_student.predict([tiny_student.prepare(question)])[0])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.task)
def test_explain_answers_and_gives_the_students_rationale(
    client: httpx.Client, tiny_student: OnnxStudent, question: Question
) -> None:
    response = client.post("/explain", json=_body(question))
    assert response.status_code == 200
    (expected,) = tiny_student.explain([tiny_student.prepare(question, rationale=True)])
    _assert_same(response.json(), expected.prediction)
    assert response.json()["rationale"] == expected.rationale


def test_several_questions_are_answered_in_order(client: httpx.Client, tiny_student: OnnxStudent) -> None:
    problems = [{"problem": f"{number} and 2?"} for number in range(5)]
    body = {"task": "demo-math", "instances": [{"inputs": inputs} for inputs in problems]}
    predictions = client.post("/predict", json=body).json()["predictions"]
    expected = tiny_student.predict([tiny_student.prepare(Question("demo-math", inputs)) for inputs in problems])
    assert len(predictions) == 5
    for answered, prediction in zip(predictions, expected, strict=True):
        _assert_same(answered, prediction)


def test_refusal_names_the_field_and_not_the_text(client: httpx.Client) -> None:
    response = client.post("/predict", json={"task": "demo-math", "inputs": {"problem": "zanzibar " * 500}})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "inputs"
    assert "zanzibar" not in response.text


def test_terminated_server_exits_with_0(served: _Serving, client: httpx.Client) -> None:
    """The last test: nothing is served after it."""
    assert client.get("/livez").status_code == 200
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=120) == 0
