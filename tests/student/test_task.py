from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from student.errors import InputError, TaskError
from student.task import (
    Task,
    builtin_names,
    find_task,
    load_task,
    merge_choices,
    normalise_answer,
    parse_task,
    render_choices,
)

CLOSED = {"kind": "closed", "labels": ["yes", "no"]}
CHOICES = {"kind": "choices", "min_choices": 2, "max_choices": 3}
SECRET = "zanzibar"


def _task(**changes: Any) -> Task:
    return Task.model_validate({"name": "t", "template": "ask: {text}", "answer": CLOSED} | changes)


def _choice_task() -> Task:
    return _task(template="ask: {text} of: {choices}", answer=CHOICES)


def _problems(task: Task, inputs: dict[str, Any], choices: tuple[Any, ...] = ()) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        task.validate_request(inputs, choices)
    assert SECRET not in str(caught.value)
    return {problem.field: problem.message for problem in caught.value.problems}


def test_sources_carry_the_two_prefixes() -> None:
    task = _task()
    assert task.label_source({"text": "a  b\n c "}) == "[label] ask: a b c"
    assert task.rationale_source({"text": "a b c"}) == "[rationale] ask: a b c"


def test_choices_are_lettered_as_given_with_repetitions() -> None:
    assert _choice_task().render({"text": "q"}, ("x ", "y", "x")) == "ask: q of: (a) x (b) y (c) x"


@pytest.mark.parametrize(("position", "letter"), [(0, "a"), (25, "z"), (26, "aa"), (51, "az"), (52, "ba")])
def test_letters_go_on_past_z(position: int, letter: str) -> None:
    assert render_choices(["x"] * (position + 1)).split()[-2] == f"({letter})"


@given(st.text())
def test_value_is_never_read_as_a_template(text: str) -> None:
    assert _task().render({"text": text}) == "ask: " + " ".join(text.split())


def test_doubled_braces_of_a_template_are_literal() -> None:
    assert _task(template="{{x}} {text}").render({"text": "{text}"}) == "{x} {text}"


def test_merging_keeps_first_places_and_ignores_white_space() -> None:
    assert merge_choices([" b ", "a", "b", "a  a", "a a"]) == ("b", "a", "a a")
    assert normalise_answer("\t a \n b ") == "a b"


def test_every_problem_of_the_inputs_is_told_at_once() -> None:
    task = _task(template="{first} {second} {third} {fourth}")
    problems = _problems(task, {"second": "  ", "third": 5, "fourth": "\ud800", SECRET: SECRET})
    assert set(problems) == {"inputs.first", "inputs.second", "inputs.third", "inputs.fourth", "inputs"}
    assert "is missing" in problems["inputs.first"]
    assert problems["inputs.second"] == "is empty"
    assert problems["inputs.third"] == "must be a text"
    assert "lone surrogate" in problems["inputs.fourth"]
    assert "1 unknown field(s)" in problems["inputs"]


@pytest.mark.parametrize(
    ("choices", "field", "message"),
    [
        ((), "choices", "0 given; task 't' takes 2 to 3"),
        ((SECRET,), "choices", "1 given"),
        ((SECRET, "b", "c", "d"), "choices", "4 given"),
        ((SECRET, f" {SECRET} "), "choices", "are all the same"),
        ((SECRET, " "), "choices.1", "is empty"),
        ((SECRET, None), "choices.1", "must be a text"),
        (("\udfff", SECRET), "choices.0", "lone surrogate"),
    ],
)
def test_choices_that_do_not_fit(choices: tuple[Any, ...], field: str, message: str) -> None:
    problems = _problems(_choice_task(), {"text": SECRET}, choices)
    assert set(problems) == {field}
    assert message in problems[field]


def test_choices_are_refused_where_the_task_takes_none() -> None:
    assert "takes none" in _problems(_task(), {"text": "x"}, (SECRET, "b"))["choices"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"template": "no field"}, "names no input field"),
        ({"template": "{text} {text}"}, "appears twice"),
        ({"template": "{text!r}"}, "plain field name"),
        ({"template": "{text:>9}"}, "plain field name"),
        ({"template": "{text.upper}"}, "plain field name"),
        ({"template": "{} {text}"}, "plain field name"),
        ({"template": "{text"}, "template: "),
        ({"template": "{text} {choices}"}, "answer.kind is not 'choices'"),
        ({"answer": CHOICES}, "must contain {choices}"),
        ({"template": "{choices}", "answer": CHOICES}, "names no input field"),
        ({"answer": {"kind": "closed", "labels": ["yes"]}}, "at least 2"),
        (
            {"answer": {"kind": "closed", "labels": [True, "no"]}},
            "labels.0: must be a text; YAML reads an unquoted yes",
        ),
        ({"answer": {"kind": "closed", "labels": ["no", 1]}}, "labels.1: must be a text; quote it: '1'"),
        ({"answer": {"kind": "closed", "labels": ["yes", " yes "]}}, "given more than once"),
        ({"answer": {"kind": "closed", "labels": ["yes", " "]}}, "is empty"),
        ({"answer": {"kind": "choices", "min_choices": 4, "max_choices": 3}}, "is above max_choices"),
        ({"answer": {"kind": "guess"}}, "answer"),
        ({"answer": {"kind": "text", "parser": "python"}}, "parser"),
        ({"prefixes": {"label": "x", "rationale": "x"}}, "must differ"),
        ({"limits": {"source_tokens": 7}}, "source_tokens"),
        ({"limits": {"label_tokens": "8"}}, "label_tokens"),
        ({"name": "Not A Name"}, "name"),
        ({"sample": {"inputs": {"other": "x"}}}, "sample: "),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_definition_is_refused_by_name(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    import yaml

    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"name": "t", "template": "{text}", "answer": CLOSED} | changes))
    with pytest.raises(TaskError, match=r"mine\.yaml") as caught:
        load_task(file)
    assert message in str(caught.value)


@pytest.mark.parametrize(("text", "message"), [("a: [", "is not YAML"), ("- a", "must be a mapping")])
def test_text_that_is_no_task_is_refused(text: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        parse_task(text, origin="here")


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TaskError, match=r"t\.yaml: is not UTF-8"):
        load_task(tmp_path / "t.yaml")


def test_missing_file_names_the_builtin_tasks(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"none\.yaml: cannot be read .*; built-in tasks: .*demo-nli"):
        find_task(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize("name", builtin_names())
def test_builtin_task_survives_the_bundle_form(name: str) -> None:
    task = find_task(name)
    assert task.name == name
    assert task.sample is not None or name.startswith("demo-")
    assert Task.model_validate_json(task.model_dump_json()) == task


def test_builtin_tasks_are_those_documented() -> None:
    assert builtin_names() == ("anli", "cqa", "demo-choices", "demo-math", "demo-nli", "esnli", "svamp")


DEMONSTRATION = {"inputs": {"text": "x"}, "rationale": "It is so.", "label": "yes"}


def test_demonstrations_are_for_teaching_and_not_stored() -> None:
    task = _task(demonstrations=[DEMONSTRATION])

    assert task.demonstrations[0].label == "yes"
    assert "demonstrations" not in task.model_dump() and "demonstrations" not in task.model_dump_json()
    assert Task.model_validate(task.model_dump(mode="json")) == _task()


@pytest.mark.parametrize(
    ("answer", "changes", "problem"),
    [
        (CLOSED, {"label": "maybe"}, "label: 'maybe' is none of the labels: yes, no"),
        (CLOSED, {"inputs": {"other": "x"}}, "inputs.text: is missing"),
        (CLOSED, {"choices": ["a", "b"]}, "choices: task 't' takes none"),
        (CLOSED, {"rationale": " "}, "rationale: is empty"),
        (CLOSED, {"rationale": "It is so. so the  answer is yes."}, "rationale: holds the conclusion words"),
        ({"kind": "text", "parser": "equation"}, {"label": "2 +"}, "label: equation: ends too early"),
    ],
)
def test_demonstration_that_does_not_fit_is_told_with_its_place(
    answer: dict[str, Any], changes: dict[str, Any], problem: str
) -> None:
    right = DEMONSTRATION | ({"label": "2 + 3"} if answer["kind"] == "text" else {})
    text = yaml.safe_dump(
        {"name": "t", "template": "ask: {text}", "answer": answer, "demonstrations": [right, right | changes]}
    )

    with pytest.raises(TaskError) as caught:
        parse_task(text, "t.yaml")

    assert f"demonstrations.1: {problem}" in str(caught.value) and "demonstrations.0" not in str(caught.value)


def test_demonstration_of_choices_answers_with_one_of_them() -> None:
    shown = {"inputs": {"text": "x"}, "choices": ["a", "b  c"], "rationale": "So.", "label": "b c"}
    template = {"template": "ask: {text} of: {choices}", "answer": CHOICES}

    assert _task(**template, demonstrations=[shown]).demonstrations[0].label == "b c"
    with pytest.raises(ValueError, match="label: 'd' is none of the choices"):
        _task(**template, demonstrations=[shown | {"label": "d"}])
