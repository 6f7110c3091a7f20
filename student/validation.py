"""What pydantic found wrong with a file of the user's, told as one line: where, what came, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

_MOST_CHARS = 60


def problems_of(error: ValidationError, keys: Iterable[str] = (), most: int | None = None) -> str:
    """The problems of a file in one line.

    Args:
        error: what pydantic raised.
        keys: the keys that the file may have at its top level.
        most: how many problems to tell; None tells all.
    """
    details = error.errors(include_url=False)
    # Where an entry is wrong, pydantic often adds that the list is then too short.
    failed = {item["loc"] for item in details}
    told = [
        item
        for item in details
        if not (item["type"] == "too_short" and any(_inside(loc, item["loc"]) for loc in failed))
    ]
    return "; ".join(_problem(item, tuple(keys)) for item in told[:most])


def yaml_problem(error: yaml.YAMLError) -> str:
    """What is wrong with a YAML text, in one line."""
    mark = getattr(error, "problem_mark", None)
    place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or type(error).__name__}{place}"


def _inside(inner: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _problem(item: ErrorDetails, keys: tuple[str, ...]) -> str:
    place = ".".join(str(part) for part in item["loc"])
    return f"{place}: {_message(item, keys)}" if place else _message(item, keys)


def _message(item: ErrorDetails, keys: tuple[str, ...]) -> str:
    context = item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden":
            return f"is no known key{_hint(str(item['loc'][-1]), keys) if len(item['loc']) == 1 else ''}"
        case "json_invalid":
            return f"is not JSON ({context['error']})"
        case "missing":
            return "is missing"
        case "too_short":
            return f"at least {context['min_length']} needed, {context['actual_length']} given"
        case "string_type" if isinstance(item["input"], bool):
            return f"must be a text; YAML reads an unquoted yes, no, true or false as {_shown(item['input'])}: quote it"
        case "string_type" if isinstance(item["input"], int | float):
            return f"must be a text; quote it: '{item['input']}'"
        case "value_error":
            return item["msg"].removeprefix("Value error, ")
        case _:
            message = item["msg"].removeprefix("Input ")
            return f"{message[:1].lower()}{message[1:]}; given {_shown(item['input'])}"


def _hint(key: str, keys: tuple[str, ...]) -> str:
    near = get_close_matches(key, keys, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"{meant or '; known: ' + ', '.join(keys)}" if keys else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 3]}..."
