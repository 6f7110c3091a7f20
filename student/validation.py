"""Files of the user's, read and found wrong: each problem in one line, with where, what came and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from student.errors import QuickstepError

_MOST_CHARS = 60


def problems_of(error: ValidationError, keys: Iterable[str] = (), most: int | None = None) -> str:
    """The problems of a file in one line.

    Args:
        error: what pydantic raised.
        keys: the keys that the file may have at its top level.
        most: how many problems to tell; None tells all.
    """
    return "; ".join(list_problems(error, keys)[:most])


def list_problems(error: ValidationError, keys: Iterable[str] = ()) -> list[str]:
    """The problems of a file one by one, as `problems_of` joins them."""
    details = error.errors(include_url=False)
    # Where an entry is wrong, pydantic often adds that the list is then too short.
    failed = {item["loc"] for item in details}
    told = [
        item
        for item in details
        if not (item["type"] == "too_short" and any(_inside(loc, item["loc"]) for loc in failed))
    ]
    return [_problem(item, tuple(keys)) for item in told]


def read_yaml(path: Path, name: str, failure: Callable[[str], QuickstepError], hint: str = "") -> Any:
    """The content of a YAML file.

    Args:
        path: the file.
        name: what to call it in errors, such as `recipe`.
        failure: makes the error that is raised.
        hint: what to do where it cannot be read.

    Raises:
        QuickstepError: what `failure` makes: the file cannot be read, is not UTF-8 or not YAML, or gives a key twice.
    """
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise failure(f"{name} {path}: cannot be read ({error.strerror}){hint and f'; {hint}'}") from None
    except UnicodeDecodeError as error:
        raise failure(f"{name} {path}: is not UTF-8: {error.reason} at byte {error.start}") from None
    except yaml.YAMLError as error:
        raise failure(f"{name} {path}: is not YAML: {yaml_problem(error)}") from None


class _OnceOnly(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping: YAML would take the last and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            # A merge (`<<`) may well come more than once.
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(text: str) -> Any:
    """What a YAML text holds; a key that is given twice is an error, as `yaml.YAMLError`."""
    return yaml.load(text, Loader=_OnceOnly)


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
