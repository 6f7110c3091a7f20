"""Checks of single rows that several loaders share. Each returns why a row is refused, or None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from student.errors import InputError
from student.task import Task
from training.data.report import Rejected


def request_problem(task: Task, inputs: Mapping[str, Any], choices: Sequence[str]) -> Rejected | None:
    """Why inputs and choices do not fit the task.

    A row has one reason: the first problem found. The position of a choice is left out of it, so that rows
    with the same fault are counted together.
    """
    try:
        task.validate_request(inputs, choices)
    except InputError as error:
        first = error.problems[0]
        field = "a choice" if first.field.startswith("choices.") else first.field
        return Rejected(f"{field} {first.message}")
    return None


def text_problem(field: str, value: object) -> Rejected | None:
    """Why a value is no text that can be learned."""
    if value is None:
        return Rejected(f"{field} is missing")
    if not isinstance(value, str):
        return Rejected(f"{field} must be a text")
    if not value.strip():
        return Rejected(f"{field} is empty")
    return None if is_unicode(value) else Rejected(f"{field} contains a lone surrogate")


def is_unicode(text: str) -> bool:
    r"""Whether a text can be encoded.

    JSON may write lone surrogates (`"\ud800"`), which no tokenizer takes.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_text_list(value: object) -> TypeGuard[list[str]]:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
