"""`POST /predict`, `POST /explain` and `GET /tasks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request, Response

from serving.api.models import ChoiceLimits, SampleQuestion, TaskFacts, TaskList, TokenLimits
from serving.engines.base import LaneName
from serving.limits import LeaveOnDisconnect, read_body, require_plain_json
from student.task import Choices, ClosedLabels, Task

if TYPE_CHECKING:
    from serving.app import Parts

router = APIRouter()


@router.post("/predict", summary="Answer with the label alone")
async def predict(request: Request) -> Response:
    """Answer one question, or several at once, with the label alone: the fast path."""
    return await _answer(request, "labels")


@router.post("/explain", summary="Answer with label and rationale")
async def explain(request: Request) -> Response:
    """Answer as `/predict` does, and write the student's reasons, token by token."""
    return await _answer(request, "rationales")


@router.get("/tasks", summary="What can be asked")
async def tasks(request: Request) -> Response:
    """List the student's tasks with their fields, answers, limits and a sample question."""
    bundle = parts(request).lifecycle.preparer.bundle
    listing = TaskList(tasks=[_facts(task) for task in bundle.tasks.values()], bundle=bundle.label)
    return Response(listing.model_dump_json(), media_type="application/json")


def parts(request: Request) -> Parts:
    """What the app is made of."""
    return cast("Parts", request.app.state.parts)


async def _answer(request: Request, lane: LaneName) -> Response:
    gateway, settings = parts(request).gateway, parts(request).settings
    # Headers are checked first: a body that will not be read is not waited for.
    require_plain_json(request.scope, settings.max_body_bytes)
    receive = request.receive
    body = await read_body(receive, settings.max_body_bytes, settings.read_timeout_ms / 1000)
    async with LeaveOnDisconnect(receive):
        content, timing = await gateway.answer(body, lane)
    return Response(content, headers={"server-timing": timing}, media_type="application/json")


def _facts(task: Task) -> TaskFacts:
    space = task.answer
    limits = task.limits
    sample = task.sample
    return TaskFacts(
        task=task.name,
        description=task.description,
        fields=list(task.fields),
        answer_kind=space.kind,
        labels=list(space.labels) if isinstance(space, ClosedLabels) else None,
        choices=ChoiceLimits(min_choices=space.min_choices, max_choices=space.max_choices)
        if isinstance(space, Choices)
        else None,
        limits=TokenLimits(
            source_tokens=limits.source_tokens,
            label_tokens=limits.label_tokens,
            rationale_tokens=limits.rationale_tokens,
        ),
        sample=SampleQuestion(inputs=dict(sample.inputs), choices=list(sample.choices) or None) if sample else None,
    )
