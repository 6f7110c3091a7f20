"""From a request body to questions; every problem named, nothing echoed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from serving.api.models import Ask, Instance
from serving.problems import MALFORMED, RequestRefused
from student.errors import InputError, Problem
from student.question import Question
from student.task import Task

_MAX_LISTED = 100
_KNOWN_FIELDS = frozenset({*Ask.model_fields, *Instance.model_fields})
_ONE_OR_MANY = "give either inputs (one question) or instances (several)"


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed request: its questions, and whether it was written with `instances`."""

    task: str
    questions: Sequence[Question]
    many: bool
    chars: int


def parse(body: bytes, tasks: Mapping[str, Task], max_instances: int) -> Asked:
    """Parse a body.

    Raises:
        RequestRefused: it is not JSON.
        InputError: it has another shape than a request, or asks too much at once.
    """
    try:
        ask = Ask.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error, tasks) from None
    if ask.task not in tasks:
        raise InputError([Problem("task", f"is not one of this student's: {', '.join(tasks)}")])
    if ask.instances is None:
        if ask.inputs is None:
            raise InputError([Problem("inputs", f"is missing; {_ONE_OR_MANY}")])
        question = Question(ask.task, ask.inputs, tuple(ask.choices or ()))
        return Asked(ask.task, (question,), False, _chars(question))
    if ask.inputs is not None or ask.choices is not None:
        raise InputError([Problem("instances", f"given together with inputs or choices; {_ONE_OR_MANY}")])
    if not 1 <= len(ask.instances) <= max_instances:
        raise InputError([Problem("instances", f"{len(ask.instances)} given; 1 to {max_instances} are taken at once")])
    questions = [Question(ask.task, one.inputs, tuple(one.choices or ())) for one in ask.instances]
    return Asked(ask.task, questions, True, sum(map(_chars, questions)))


def _chars(question: Question) -> int:
    return sum(map(len, question.inputs.values())) + sum(map(len, question.choices))


def _refusal(error: ValidationError, tasks: Mapping[str, Task]) -> InputError | RequestRefused:
    count = error.error_count()
    if count > _MAX_LISTED:
        return InputError([Problem("body", f"{count} problems, too many to list; see /docs for what is taken")])
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        # The reason is one of the parser's fixed sentences and a position.
        reason = details[0].get("ctx", {}).get("error", "")
        return RequestRefused(MALFORMED, f"{reason}; send one JSON object in UTF-8".lstrip("; "))
    inputs = frozenset(name for task in tasks.values() for name in task.fields)
    return InputError(dict.fromkeys(_problem(detail, inputs) for detail in details))


def _problem(detail: ErrorDetails, inputs: frozenset[str]) -> Problem:
    location = detail["loc"]
    known: list[str] = []
    for part in location:
        # Unknown keys are the client's text: the path ends before them.
        if isinstance(part, str) and part not in (inputs if known[-1:] == ["inputs"] else _KNOWN_FIELDS):
            break
        known.append(str(part))
    return Problem(".".join(known) or "body", _message(detail, whole=len(known) == len(location)))


def _message(detail: ErrorDetails, *, whole: bool) -> str:
    """What is wrong; `whole` says that the problem's field is the very place and not one above it."""
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            members = Instance.model_fields if "instances" in detail["loc"] else Ask.model_fields
            return f"has an unknown member; taken are {', '.join(members)}"
        case "string_type":
            return "must be a text" if whole else "must contain texts only"
        case "dict_type" | "model_type":
            return "must be an object"
        case "list_type":
            return "must be a list"
        case "too_long":
            return f"is too long; at most {detail.get('ctx', {}).get('max_length')} are taken"
        case _:
            return "is not what is taken; see /docs"


def placed(error: InputError, position: int) -> InputError:
    """The error of one of several questions, its fields named within `instances`."""
    return InputError(Problem(f"instances.{position}.{problem.field}", problem.message) for problem in error.problems)
