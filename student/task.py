"""`Task`: what is asked, how the question is written for the student, and what may be answered.

A task is a YAML file. The same definition renders training rows, requests to the server and parity checks, so
the three cannot drift apart. The two prefixes tell the student's two tasks apart (Hsieh et al. 2023, section
3.2: "[label]" and "[rationale]" are prepended to the input).
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError, field_validator

from student.errors import AnswerError, InputError, Problem, TaskError
from student.rules import Ruled, rule
from student.validation import load_yaml, problems_of, yaml_problem

CHOICES_FIELD = "choices"
"""The template placeholder that stands for the rendered choices; not a free input field."""

MAX_SOURCE_TOKENS = 4096

_FORMATTER = string.Formatter()


class _Frozen(Ruled):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ClosedLabels(_Frozen):
    """The answer is one of a fixed set of labels."""

    kind: Literal["closed"] = "closed"
    labels: Annotated[tuple[str, ...], Field(min_length=2, max_length=1000, strict=False)]

    @rule("labels")
    def _labels_distinct(self) -> Iterator[str]:
        yield from _repeated(self.labels, "labels")


class Choices(_Frozen):
    """The answer is one of the choices that come with each request."""

    kind: Literal["choices"] = "choices"
    min_choices: Annotated[int, Field(ge=2, le=64)] = 2
    max_choices: Annotated[int, Field(ge=2, le=64)] = 10

    @rule("min_choices", "max_choices")
    def _range_not_empty(self) -> Iterator[str]:
        if self.min_choices > self.max_choices:
            yield f"min_choices ({self.min_choices}) is above max_choices ({self.max_choices})"


class FreeText(_Frozen):
    """The answer is whatever the student writes; `parser` says how to read a value from it."""

    kind: Literal["text"] = "text"
    parser: Literal["none", "equation"] = "none"


AnswerSpace = Annotated[ClosedLabels | Choices | FreeText, Field(discriminator="kind")]


class Limits(_Frozen):
    """How long texts may be, in tokens of the student's tokenizer, `</s>` included."""

    source_tokens: Annotated[int, Field(ge=8, le=MAX_SOURCE_TOKENS)] = 256
    label_tokens: Annotated[int, Field(ge=2, le=128)] = 32
    rationale_tokens: Annotated[int, Field(ge=2, le=1024)] = 128


class Prefixes(_Frozen):
    """What is put before the rendered input to say which of the two outputs is wanted."""

    label: Annotated[str, Field(min_length=1)] = "[label]"
    rationale: Annotated[str, Field(min_length=1)] = "[rationale]"

    @rule("label", "rationale")
    def _differ(self) -> Iterator[str]:
        if self.label == self.rationale:
            yield "label and rationale prefixes must differ"


class Sample(_Frozen):
    """One question to show in documentation and to try first."""

    inputs: dict[str, str]
    choices: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Demonstration(Sample):
    """A question with its answer and the reasoning that leads there, to be shown to a teacher.

    Attributes:
        rationale: the reasoning, without the concluding sentence: that is written from the label.
        label: the answer.
    """

    rationale: Annotated[str, Field(min_length=1)]
    label: Annotated[str, Field(min_length=1)]


class Task(_Frozen):
    """A task: input template, prefixes, answer space and limits.

    Attributes:
        name: how requests and datasets refer to the task.
        description: one sentence for people.
        template: the input with `{field}` placeholders; tasks with choices also place `{choices}`.
        answer: the answer space.
        conclusion: the words after which a rationale states its answer.
        prefixes: the label and rationale prefixes.
        limits: token limits.
        sample: a question that shows the task.
        demonstrations: what a teacher is shown before a question. They are no part of what a student is: neither a
            checkpoint nor a bundle stores them.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    description: str = ""
    template: Annotated[str, Field(min_length=1, max_length=4096)]
    answer: AnswerSpace
    conclusion: Annotated[str, Field(min_length=1)] = "So the answer is"
    prefixes: Prefixes = Prefixes()
    limits: Limits = Limits()
    sample: Sample | None = None
    demonstrations: Annotated[tuple[Demonstration, ...], Field(strict=False, exclude=True)] = ()

    @field_validator("template")
    @classmethod
    def _template_is_one(cls, template: str) -> str:
        _placeholders(template)
        return template

    @rule("template", "answer")
    def _template_fits(self) -> Iterator[str]:
        placed = CHOICES_FIELD in _placeholders(self.template)
        if not self.fields:
            yield "template: names no input field; write at least one as {field}"
        if self.takes_choices and not placed:
            yield "template: must contain {choices}, because the task takes choices"
        if not self.takes_choices and placed:
            yield "template: contains {choices}, but answer.kind is not 'choices'"

    @rule("name", "template", "answer", "sample")
    def _sample_fits(self) -> Iterator[str]:
        if self.sample is not None and self.fields:
            try:
                self.validate_request(self.sample.inputs, self.sample.choices)
            except InputError as error:
                yield f"sample: {error}"

    @rule("name", "template", "answer", "conclusion", "demonstrations")
    def _demonstrations_fit(self) -> Iterator[str]:
        for position, shown in enumerate(self.demonstrations):
            for problem in self.demonstration_problems(shown):
                yield f"demonstrations.{position}: {problem}"

    def demonstration_problems(self, shown: Demonstration) -> list[str]:
        """What is wrong with a demonstration of this task: its fields, its choices, its label, its rationale."""
        try:
            self.validate_request(shown.inputs, shown.choices)
        except InputError as error:
            return [str(error)]
        problems = [
            f"{problem.field}: {problem.message}"
            for problem in (*_text_problems("label", shown.label), *_text_problems("rationale", shown.rationale))
        ]
        problem = self._label_problem(normalise_answer(shown.label), shown.choices)
        if problem is not None:
            problems.append(problem)
        if normalise_answer(self.conclusion).casefold() in normalise_answer(shown.rationale).casefold():
            problems.append(
                f"rationale: holds the conclusion words ({self.conclusion!r}); leave that sentence out, it is written "
                "from the label"
            )
        return problems

    def _label_problem(self, label: str, choices: Sequence[str]) -> str | None:
        if isinstance(self.answer, ClosedLabels):
            known = label in map(normalise_answer, self.answer.labels)
            return None if known else f"label: {label!r} is none of the labels: {_listing(self.answer.labels)}"
        if isinstance(self.answer, Choices):
            return None if label in merge_choices(choices) else f"label: {label!r} is none of the choices"
        if self.answer.parser == "equation":
            from student.answers import evaluate_equation  # which reads answers of tasks, and so needs this module

            try:
                evaluate_equation(label)
            except AnswerError as error:
                return f"label: {error}"
        return None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the input fields, in the order of the template."""
        return tuple(name for name in _placeholders(self.template) if name != CHOICES_FIELD)

    @property
    def takes_choices(self) -> bool:
        """Whether each request brings its own choices."""
        return isinstance(self.answer, Choices)

    def validate_request(self, inputs: Mapping[str, str], choices: Sequence[str] = ()) -> None:
        """Check that inputs and choices fit the task.

        Raises:
            InputError: naming every missing, unknown or empty field and every problem of the choices.
        """
        problems = [*self._input_problems(inputs), *self._choice_problems(choices)]
        if problems:
            raise InputError(problems)

    def _input_problems(self, inputs: Mapping[str, str]) -> list[Problem]:
        expected = f"task {self.name!r} takes {_listing(self.fields)}"
        problems = [Problem(f"inputs.{name}", f"is missing; {expected}") for name in self.fields if name not in inputs]
        # The name of an unknown field is the sender's own text: only its number is told.
        unknown = sum(1 for name in inputs if name not in self.fields)
        if unknown:
            problems.append(Problem("inputs", f"has {unknown} unknown field(s); {expected}"))
        for name in self.fields:
            if name in inputs:
                problems.extend(_text_problems(f"inputs.{name}", inputs[name]))
        return problems

    def _choice_problems(self, choices: Sequence[str]) -> list[Problem]:
        if not isinstance(self.answer, Choices):
            if choices:
                return [Problem("choices", f"task {self.name!r} takes none; leave the field out")]
            return []
        low, high = self.answer.min_choices, self.answer.max_choices
        problems = [
            problem
            for position, choice in enumerate(choices)
            for problem in _text_problems(f"choices.{position}", choice)
        ]
        if not low <= len(choices) <= high:
            problems.append(Problem("choices", f"{len(choices)} given; task {self.name!r} takes {low} to {high}"))
        elif not problems and len(merge_choices(choices)) < 2:
            problems.append(Problem("choices", "are all the same; give at least two different ones"))
        return problems

    def render(self, inputs: Mapping[str, str], choices: Sequence[str] = ()) -> str:
        """Write the question as the student reads it, without a prefix.

        Values are put in as they are, except that runs of white space become one space: T5's tokenizers do
        not tell them apart, and neither should ours.
        """
        values = {name: " ".join(inputs[name].split()) for name in self.fields}
        if self.takes_choices:
            values[CHOICES_FIELD] = render_choices(choices)
        # Literal pieces and values are joined directly: a value that contains braces stays what it is.
        return "".join(
            literal + (values[name] if name is not None else "")
            for literal, name, _, _ in _FORMATTER.parse(self.template)
        )

    def label_source(self, inputs: Mapping[str, str], choices: Sequence[str] = ()) -> str:
        """The student's input when the label is wanted."""
        return f"{self.prefixes.label} {self.render(inputs, choices)}"

    def rationale_source(self, inputs: Mapping[str, str], choices: Sequence[str] = ()) -> str:
        """The student's input when the rationale is wanted."""
        return f"{self.prefixes.rationale} {self.render(inputs, choices)}"


def normalise_answer(text: str) -> str:
    """The form in which two answers are the same: outer and repeated white space does not count."""
    return " ".join(text.split())


def merge_choices(choices: Sequence[str]) -> tuple[str, ...]:
    """Choices without repetitions, in the order of their first appearance, normalised.

    Real data repeat choices (122 of 9,741 cqa training rows); both stand for the same answer.
    """
    return tuple(dict.fromkeys(normalise_answer(choice) for choice in choices))


def repeated_choices(choices: Sequence[str]) -> tuple[str, ...]:
    """Those of `merge_choices` that were given more than once, in the same order."""
    counts = Counter(normalise_answer(choice) for choice in choices)
    return tuple(choice for choice, count in counts.items() if count > 1)


def render_choices(choices: Sequence[str]) -> str:
    """Write choices as `(a) first (b) second`; past `z` the letters go on as `(aa)`, `(ab)`."""
    return " ".join(
        f"({choice_letter(position)}) {normalise_answer(choice)}" for position, choice in enumerate(choices)
    )


def choice_letter(position: int) -> str:
    """The letter of a choice by its position from 0: `a`, ..., `z`, `aa`, `ab`, ..."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def load_task(path: Path) -> Task:
    """Read a task from a YAML file.

    Raises:
        TaskError: the file is missing, is not YAML, or does not describe a task; every problem is named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TaskError(
            f"task file {path}: cannot be read ({error.strerror}); built-in tasks: {', '.join(builtin_names())}"
        ) from None
    except UnicodeDecodeError as error:
        raise TaskError(f"task file {path}: is not UTF-8: {error.reason} at byte {error.start}") from None
    return parse_task(text, origin=str(path))


def parse_task(text: str, origin: str) -> Task:
    """Read a task from YAML text; `origin` names it in errors.

    Raises:
        TaskError: the text is not YAML or does not describe a task; every problem is named.
    """
    try:
        data: Any = load_yaml(text)
    except yaml.YAMLError as error:
        raise TaskError(f"task file {origin}: is not YAML: {yaml_problem(error)}") from None
    if not isinstance(data, dict):
        raise TaskError(f"task file {origin}: must be a mapping with name, template and answer")
    try:
        return Task.model_validate(data)
    except ValidationError as error:
        raise TaskError(f"task file {origin}: {problems_of(error, Task.model_fields)}") from None


def builtin_names() -> tuple[str, ...]:
    """Names of the tasks that come with Quickstep."""
    folder = resources.files("student") / "tasks"
    return tuple(sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")))


def find_task(name_or_path: str) -> Task:
    """A built-in task by name, or a task of one's own by the path of its YAML file.

    Raises:
        TaskError: there is no such task, or its file is wrong.
    """
    if name_or_path in builtin_names():
        file = resources.files("student") / "tasks" / f"{name_or_path}.yaml"
        return parse_task(file.read_text(encoding="utf-8"), origin=name_or_path)
    return load_task(Path(name_or_path))


def _listing(names: Sequence[str]) -> str:
    return ", ".join(names)


def _repeated(values: Sequence[str], what: str) -> Iterator[str]:
    normalised = [normalise_answer(value) for value in values]
    if not all(normalised):
        yield f"{what}: one of them is empty"
    repeated = sorted({value for value in normalised if value and normalised.count(value) > 1})
    if repeated:
        yield f"{what}: {', '.join(map(repr, repeated))} given more than once"


def _text_problems(field: str, text: object) -> list[Problem]:
    if not isinstance(text, str):
        return [Problem(field, "must be a text")]
    if not text.strip():
        return [Problem(field, "is empty")]
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return [Problem(field, "contains a lone surrogate, which is no character; send valid Unicode")]
    return []


def _placeholders(template: str) -> tuple[str, ...]:
    names: list[str] = []
    try:
        parts = list(_FORMATTER.parse(template))
    except ValueError as error:
        raise ValueError(str(error)) from None
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"{{{name}}} must be a plain field name")
        if name in names:
            raise ValueError(f"{{{name}}} appears twice")
        names.append(name)
    return tuple(names)
