from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pytest
from pydantic import ConfigDict, Field, ValidationError, field_validator

from student.rules import Ruled, rule
from student.validation import list_problems


class Range(Ruled):
    model_config = ConfigDict(frozen=True, extra="forbid")

    least: Annotated[int, Field(ge=0)] = 0
    most: int = 9
    name: str
    twice: bool = False

    @classmethod
    def completed(cls, content: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"most": 5, **content} if content.get("name") == "short" else content

    @field_validator("name")
    @classmethod
    def _lower(cls, name: str) -> str:
        if name != name.lower():
            raise ValueError("must be {small} letters")
        return name

    @rule("least", "most")
    def _not_empty(self) -> Iterator[str]:
        if self.least > self.most:
            yield f"least ({self.least}) is above most ({self.most})"

    @rule("name", "twice")
    def _named_twice(self) -> Iterator[str]:
        if self.twice and " " not in self.name:
            yield f"{{{self.name}}} is one word"
            yield "twice needs two"


class Ranges(Ruled):
    ranges: tuple[Range, ...]
    count: int = 0

    @rule("ranges", "count")
    def _counted(self) -> Iterator[str]:
        if self.count != len(self.ranges):
            yield f"count: {self.count} of {len(self.ranges)}"


def _problems(model: type[Ruled], content: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(content)
    return list_problems(caught.value)


def test_right_content_makes_a_model_with_what_other_fields_decide() -> None:
    assert Range.model_validate({"name": "short"}).most == 5
    assert Range(name="long", least=9).least == 9
    assert Range.model_validate(Range(name="long")) == Range(name="long")


def test_rules_are_held_whenever_their_fields_are_right() -> None:
    content = {"least": 4, "most": "3", "name": "a", "twice": True, "colour": "red"}
    assert _problems(Range, content) == [
        "colour: is no known key",
        "least (4) is above most (3)",
        "{a} is one word",
        "twice needs two",
    ]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ({"least": 7, "most": "x", "name": "a"}, ["most: should be a valid integer, unable to parse"]),
        ({"least": 7, "mots": 2, "name": "short"}, ["mots: is no known key"]),
        ({"name": "A", "twice": True}, ["name: must be {small} letters"]),
        ({"twice": True, "least": 10}, ["name: is missing", "least (10) is above most (9)"]),
        ("text", ["should be a valid dictionary"]),
    ],
)
def test_rule_is_not_held_where_one_of_its_fields_is_wrong_or_misspelt(content: object, problems: list[str]) -> None:
    found = _problems(Range, content)
    assert len(found) == len(problems)
    assert all(told.startswith(problem) for told, problem in zip(found, problems, strict=True))


def test_problems_of_models_within_are_told_by_their_place() -> None:
    content = {"ranges": [{"name": "a", "least": 10, "colour": 1}, {"name": "b"}], "count": 7, "size": 1}
    assert _problems(Ranges, content) == ["ranges.0.colour: is no known key", "ranges.0: least (10) is above most (9)"]
    assert _problems(Ranges, {"ranges": [{"name": "b"}], "count": 7}) == ["count: 7 of 1"]
