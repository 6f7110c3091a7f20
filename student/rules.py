"""`Ruled`: a model with rules between its fields, which tells all problems at once.

Pydantic checks what lies between fields only once each of them is right by itself, so that problems would come in two
rounds. Here a rule names the fields that it is about, and is held whenever these are right, whatever others are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ModelWrapValidatorHandler, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

_Model = TypeVar("_Model", bound=BaseModel)
_FIELDS = "fields_of_rule"


def rule(*fields: str) -> Callable[[Callable[[_Model], Iterable[str]]], Callable[[_Model], Iterable[str]]]:
    """Mark a method of a `Ruled` model as a rule, which gives the problems that it finds.

    Args:
        fields: all that it reads; where one of them is wrong by itself, the rule is not asked.
    """

    def mark(method: Callable[[_Model], Iterable[str]]) -> Callable[[_Model], Iterable[str]]:
        setattr(method, _FIELDS, fields)
        return method

    return mark


class Ruled(BaseModel):
    """A model that holds its rules together with its fields' own types."""

    @classmethod
    def completed(cls, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """The content with what other fields decide, before it is checked; it may hold anything."""
        return content

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, content: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        given = cls.completed(content) if isinstance(content, Mapping) else content
        try:
            made = handler(given)
        except ValidationError as error:
            details = error.errors(include_url=False)
            broken = [_told(problem, content) for problem in cls._rest(given, details)]
            if not broken:
                raise
            raise ValidationError.from_exception_data(cls.__name__, [*map(_again, details), *broken]) from None
        broken = [_told(problem, content) for problem in made._broken_rules(())]
        if broken:
            raise ValidationError.from_exception_data(cls.__name__, broken)
        return made

    @classmethod
    def _rest(cls, content: Any, details: Iterable[ErrorDetails]) -> Iterator[str]:
        """What the rules say of the fields that are right."""
        if not isinstance(content, Mapping):
            return
        wrong = {str(item["loc"][0]) for item in details if item["loc"]}
        # An unknown key is mostly a known one's, misspelt: nothing can be said of that one either.
        wrong |= {near for name in wrong - set(cls.model_fields) for near in get_close_matches(name, cls.model_fields)}
        right = {
            name: TypeAdapter(field.rebuild_annotation()).validate_python(content[name])
            for name, field in cls.model_fields.items()
            if name in content and name not in wrong
        }
        yield from cls.model_construct(**right)._broken_rules(wrong)

    def _broken_rules(self, wrong: Collection[str]) -> Iterator[str]:
        for kind in reversed(type(self).__mro__):
            for method in vars(kind).values():
                fields = getattr(method, _FIELDS, None)
                if fields is not None and not set(fields) & set(wrong):
                    yield from method(self)


def _told(problem: str, content: object) -> InitErrorDetails:
    # As a value, for a message that has braces in it is no template.
    return InitErrorDetails(type=PydanticCustomError("value_error", "{problem}", {"problem": problem}), input=content)


def _again(item: ErrorDetails) -> InitErrorDetails:
    """A problem that was found, to be told again."""
    if item["type"] == "value_error":
        told = _told(item["msg"].removeprefix("Value error, "), item["input"])
        return InitErrorDetails(type=told["type"], loc=item["loc"], input=item["input"])
    return InitErrorDetails(type=item["type"], loc=item["loc"], input=item["input"], ctx=item.get("ctx", {}))
