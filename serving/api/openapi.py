"""The OpenAPI document: bodies, answers and problems, with examples made from the tasks' samples.

Routes read their bodies themselves (bounds first, one parse, one write), so FastAPI cannot derive this part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving import problems
from serving.api import models
from serving.problems import Kind
from student.task import Choices, ClosedLabels, FreeText, Task

_REF = "#/components/schemas/{model}"
_ANSWERING = (
    problems.MALFORMED,
    problems.BODY_TIMEOUT,
    problems.BODY_TOO_LARGE,
    problems.UNSUPPORTED_MEDIA,
    problems.INVALID_INPUT,
    problems.QUEUE_ROWS,
    problems.HEADERS_TOO_LARGE,
    problems.ENGINE_FAILURE,
    problems.WRONG_RESULT,
    problems.NOT_READY,
    problems.DEADLINE,
)
_BUNDLE = "demo@0123456789ab"
_ID = "5f0c6e0d1b9a4c7f8e2d3a4b5c6d7e8f"

_ANSWERS: dict[str, tuple[type[BaseModel], ...]] = {
    "/predict": (models.Answer, models.Answers),
    "/explain": (models.ExplainedAnswer, models.ExplainedAnswers),
    "/tasks": (models.TaskList,),
    "/livez": (models.Alive,),
    "/readyz": (models.Ready,),
}
_PROBLEMS: dict[str, tuple[Kind, ...]] = {
    "/predict": _ANSWERING,
    "/explain": _ANSWERING,
    "/tasks": (problems.NOT_READY,),
    "/readyz": (problems.NOT_READY,),
}


def build(app: FastAPI, tasks: Mapping[str, Task]) -> dict[str, Any]:
    """The document of an app; without examples while no student is loaded (`tasks` is empty)."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    used: list[type[BaseModel]] = [models.Ask, models.ProblemDocument]
    for answers in _ANSWERS.values():
        used.extend(answers)
    modes: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in used]
    _, schemas = models_json_schema(modes, ref_template=_REF)
    document["components"] = {"schemas": dict(sorted(schemas["$defs"].items()))}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"] = _responses(path, tasks)
            if path in ("/predict", "/explain"):
                operation["requestBody"] = {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": _ref(models.Ask),
                            "examples": request_examples(tasks.values()),
                        }
                    },
                }
    return document


def request_examples(tasks: Iterable[Task]) -> dict[str, Any]:
    """Requests that the server answers: each task's sample, and one with several instances."""
    examples: dict[str, Any] = {}
    for task in tasks:
        if task.sample is None:
            continue
        one: dict[str, Any] = {"inputs": dict(task.sample.inputs)}
        if task.sample.choices:
            one["choices"] = list(task.sample.choices)
        examples[task.name] = {"summary": task.description or task.name, "value": {"task": task.name, **one}}
        examples.setdefault(
            "several",
            {"summary": "Several questions at once", "value": {"task": task.name, "instances": [one, one]}},
        )
    return examples


def _responses(path: str, tasks: Mapping[str, Task]) -> dict[str, Any]:
    if path == "/metrics":
        return {"200": {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    answers = [_ref(model) for model in _ANSWERS[path]]
    content: dict[str, Any] = {"schema": answers[0] if len(answers) == 1 else {"anyOf": answers}}
    success: dict[str, Any] = {"description": "The answer", "content": {"application/json": content}}
    if path in ("/predict", "/explain"):
        content["examples"] = {
            name: {"value": _answer_example(tasks[name], explained=path == "/explain")}
            for name in request_examples(tasks.values())
            if name in tasks
        }
        success["headers"] = {
            "Server-Timing": {
                "description": "Milliseconds spent: tokenize, queue and infer.",
                "schema": {
                    "type": "string",
                    "examples": ["tokenize;dur=0.12, queue;dur=0.05, infer;dur=0.80"],
                },
            }
        }
    return {"200": success, **{str(kind.status): _problem(kind) for kind in _PROBLEMS.get(path, ())}}


def _answer_example(task: Task, *, explained: bool) -> dict[str, Any]:
    space = task.answer
    answers: list[str] = []
    if isinstance(space, ClosedLabels):
        answers = list(space.labels)
    elif isinstance(space, Choices) and task.sample is not None:
        answers = list(task.sample.choices)
    rest = 0.1 / max(1, len(answers) - 1)
    example: dict[str, Any] = {
        "answer": answers[0] if answers else "( 84.0 / 2.0 )",
        "probabilities": [
            {"answer": answer, "probability": 0.9 if position == 0 else round(rest, 4)}
            for position, answer in enumerate(answers)
        ]
        or None,
        "value": 42.0 if isinstance(space, FreeText) and space.parser == "equation" else None,
        "abstained": False,
        "prediction_id": _ID,
    }
    if explained:
        example["rationale"] = f"The student's reasons. {task.conclusion} {example['answer']}."
        example["rationale_agrees"] = True
    return {**example, "task": task.name, "bundle": _BUNDLE}


def _problem(kind: Kind) -> dict[str, Any]:
    value: dict[str, Any] = {
        "type": problems.TYPE_PREFIX + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": "1 problem" if kind is problems.INVALID_INPUT else "what to do about it",
    }
    if kind is problems.INVALID_INPUT:
        value["errors"] = [{"field": "inputs.question", "message": "is missing"}]
    response: dict[str, Any] = {
        "description": kind.title,
        "content": {problems.MEDIA_TYPE: {"schema": _ref(models.ProblemDocument), "example": value}},
    }
    if kind.status in (429, 503):
        response["headers"] = {
            "Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}
        }
    return response


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
