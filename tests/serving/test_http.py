from __future__ import annotations

import re

import pytest

from serving.api import models
from tests.serving.fakes import NLI, TASKS, Running
from tests.serving.test_overload import until

CQA = {"inputs": {"question": "Where is milk kept?"}, "choices": ["shelf", "fridge"]}


def test_predict_answers_one_question(shared: Running) -> None:
    response = shared.client.post("/predict", json={"task": "demo-nli", "inputs": NLI})
    assert response.status_code == 200
    body = response.json()
    answer = models.Answer.model_validate(body)
    assert body.keys() == models.Answer.model_fields.keys() - {"merged_choices"}
    assert answer.probabilities is not None
    assert answer.answer == max(answer.probabilities, key=lambda entry: entry.probability).answer
    assert answer.task == "demo-nli" and answer.bundle == "fake@0123456789ab" and answer.value is None


def test_predict_takes_choices_where_the_task_does(shared: Running) -> None:
    body = shared.client.post("/predict", json={"task": "cqa", **CQA}).json()
    assert {entry["answer"] for entry in body["probabilities"]} == {"shelf", "fridge"}


def test_free_text_has_no_probabilities_but_a_value(shared: Running) -> None:
    body = shared.client.post("/predict", json={"task": "svamp", "inputs": {"problem": "1 + 2?"}}).json()
    assert body["probabilities"] is None
    assert body["value"] == 3.0


def test_explain_adds_the_rationale(shared: Running) -> None:
    body = shared.client.post("/explain", json={"task": "demo-nli", "inputs": NLI}).json()
    models.ExplainedAnswer.model_validate(body)
    assert body["rationale"] == f"because {body['answer']}"
    assert body["rationale_agrees"] is True
    assert 'quickstep_rationales_total{agrees="true"}' in shared.client.get("/metrics").text


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_many_are_answered_in_order_as_each_alone(shared: Running, path: str) -> None:
    instances = [{"inputs": {"premise": f"{word} dog", "hypothesis": "so"}} for word in "abcdefgh"]
    body = shared.client.post(path, json={"task": "demo-nli", "instances": instances}).json()
    (models.Answers if path == "/predict" else models.ExplainedAnswers).model_validate(body)
    alone = [shared.client.post(path, json={"task": "demo-nli", **one}).json() for one in instances]
    assert [one["answer"] for one in body["predictions"]] == [one["answer"] for one in alone]
    assert len({one["prediction_id"] for one in [*body["predictions"], *alone]}) == 16


def test_server_timing_tells_the_stages(shared: Running) -> None:
    header = shared.predict("a dog").headers["server-timing"]
    assert re.fullmatch(r"tokenize;dur=[\d.]+, queue;dur=[\d.]+, infer;dur=[\d.]+", header)


def test_long_text_is_tokenised_in_a_thread_with_the_same_answer(shared: Running) -> None:
    # One word of 3,000 characters is few tokens to the fake student.
    assert shared.predict("x" * 3000).status_code == 200


def test_tasks_lists_what_a_client_needs(shared: Running) -> None:
    listing = models.TaskList.model_validate_json(shared.client.get("/tasks").content)
    facts = {task.task: task for task in listing.tasks}
    assert facts.keys() == TASKS.keys()
    assert facts["demo-nli"].labels == ["entailment", "neutral", "contradiction"]
    assert facts["cqa"].choices == models.ChoiceLimits(min_choices=2, max_choices=10)
    assert facts["svamp"].answer_kind == "text"


def test_samples_and_examples_are_answered(shared: Running) -> None:
    document = shared.client.get("/openapi.json").json()
    for path in ("/predict", "/explain"):
        examples = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert {"cqa", "several"} <= examples.keys()
        for example in examples.values():
            assert shared.client.post(path, json=example["value"]).status_code == 200
        answers = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["examples"]
        model = models.Answer if path == "/predict" else models.ExplainedAnswer
        for example in answers.values():
            model.model_validate(example["value"])


def test_openapi_documents_every_problem(shared: Running) -> None:
    document = shared.client.get("/openapi.json").json()
    responses = document["paths"]["/predict"]["post"]["responses"]
    assert responses.keys() >= {"400", "408", "413", "415", "422", "429", "431", "500", "502", "503", "504"}
    for status, response in responses.items():
        if status != "200":
            schema = response["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ProblemDocument"}
    references = re.findall(r"#/components/schemas/(\w+)", str(document))
    assert set(references) <= document["components"]["schemas"].keys()


def test_health_and_metrics_answer(shared: Running) -> None:
    assert shared.client.get("/livez").json() == {"status": "alive"}
    for path in ("/livez", "/readyz"):
        probed = shared.client.head(path)
        assert (probed.status_code, probed.content) == (200, b"")
    assert shared.client.get("/readyz").json() == {
        "status": "ready",
        "bundle": "fake@0123456789ab",
        "precision": "fp32",
    }
    assert shared.client.get("/docs").status_code == 200


def test_merged_choices_are_told_where_there_are_any(shared: Running) -> None:
    body = {"task": "demo-choices", "inputs": {"question": "where?"}, "choices": ["zoo", "park", " zoo"]}
    answer = shared.client.post("/predict", json=body).json()
    assert answer["merged_choices"] == ["zoo"]
    assert [candidate["answer"] for candidate in answer["probabilities"]] == ["zoo", "park"]
    assert shared.client.post("/explain", json=body).json()["merged_choices"] == ["zoo"]

    once = shared.client.post("/predict", json={**body, "choices": ["zoo", "park"]}).json()
    assert "merged_choices" not in once


def test_abstention_is_told_and_counted(own: Running) -> None:
    assert own.predict("a dog").json()["abstained"] is False
    unsure = own.predict("an unsure dog").json()
    assert unsure["abstained"] is True and unsure["answer"] in ("entailment", "neutral", "contradiction")
    body = {"task": "demo-nli", "inputs": {"premise": "unsure", "hypothesis": "x"}}
    assert own.client.post("/explain", json=body).json()["abstained"] is True
    assert own.metric('quickstep_abstained_total{task="demo-nli"}') == 2


def test_metrics_tell_tokens_and_padding(own: Running) -> None:
    text, padding = (f'quickstep_batch_tokens_total{{kind="{kind}",lane="labels"}}' for kind in ("text", "padding"))
    before = own.metric(text)
    # Two rows of one bucket, one of them a word shorter than the other.
    instances = [{"inputs": {"premise": premise, "hypothesis": "x"}} for premise in ("a dog runs", "a dog")]
    assert own.client.post("/predict", json={"task": "demo-nli", "instances": instances}).status_code == 200
    until(lambda: own.metric(padding) == 1)
    tokens = [len(TASKS["demo-nli"].label_source(one["inputs"], ()).split()) for one in instances]
    assert own.metric(text) - before == sum(tokens)


def test_metrics_count_requests_stages_and_rejections(own: Running) -> None:
    own.predict("a dog")
    own.client.post("/predict", content=b"{", headers={"content-type": "application/json"})
    own.client.get("/secret-path")
    assert own.metric('quickstep_requests_total{route="/predict",status="200"}') == 1
    assert own.metric('quickstep_rejected_total{reason="malformed-json"}') == 1
    assert own.metric('quickstep_requests_total{route="other",status="404"}') == 1
    assert own.metric('quickstep_infer_seconds_count{lane="labels"}') == 1
    # One of each task in the warm-up, and one since.
    assert own.metric('quickstep_batch_rows_count{lane="labels"}') == len(TASKS) + 1
    assert "secret-path" not in own.client.get("/metrics").text
