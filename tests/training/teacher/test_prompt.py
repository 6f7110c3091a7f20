from __future__ import annotations

from typing import Any

import pytest

from student.answers import equation_value, same_answer
from student.task import Task, builtin_names, find_task, normalise_answer, parse_task
from tests.training.teacher.small import TASK_YAML, mood
from training.data.teacher_output import TeacherAnswer, read_output
from training.teacher.demonstrations import builtin_demonstrations, demonstrations_of
from training.teacher.errors import TeacherError
from training.teacher.prompt import PromptWriter

TWO_FIELDS = """
name: own
template: "{text} in {place} of {choices}"
answer: {kind: choices}
conclusion: I choose
"""


def test_chat_shows_the_demonstrations_as_turns() -> None:
    prompt = PromptWriter(mood(), "chat").write({"text": "It  rains."})

    assert [(message.role, message.content) for message in prompt.messages[1:]] == [
        ("assistant", "People like the sun. So the answer is good."),
        ("user", "My shoe is lost."),
        ("assistant", "Losing things is no fun. So the answer is bad."),
        ("user", "It rains."),
    ]
    first = prompt.messages[0].content
    assert first.endswith("\n\nThe sun shines.")
    assert "What is the writer's mood? The answer is one of: good, bad." in first
    assert '"So the answer is <label>."' in first and not prompt.text


def test_completion_is_one_text_that_ends_where_the_answer_begins() -> None:
    text = PromptWriter(mood(), "completion").write({"text": "It rains."}).text

    assert text.endswith("Q: My shoe is lost.\nA: Losing things is no fun. So the answer is bad.\n\nQ: It rains.\nA:")


def test_zero_shot_is_the_instruction_and_the_question() -> None:
    task = parse_task(TWO_FIELDS, "own")
    prompt = PromptWriter(task, "chat", zero_shot=True).write({"text": "Tea", "place": "town"}, ["cup", "pot", "cup"])

    (message,) = prompt.messages
    assert message.content.endswith("\n\ntext: Tea\nplace: town\nchoices: (a) cup (b) pot (c) cup")
    assert '"I choose (a) <choice>."' in message.content
    with pytest.raises(TeacherError, match=r"task 'own': has no demonstrations .* --zero-shot"):
        PromptWriter(task, "chat")


def _digest(text: str, **settings: Any) -> str:
    return PromptWriter(parse_task(text, "x"), settings.pop("form", "chat"), **settings).digest


def test_digest_is_of_everything_around_the_question() -> None:
    two = (
        TASK_YAML.replace("{text}", "{text} {more}")
        .replace('shines."}', 'shines.", more: x}')
        .replace('lost."}', 'lost.", more: x}')
    )
    digests = [
        _digest(TASK_YAML),
        _digest(TASK_YAML, form="completion"),
        _digest(TASK_YAML, zero_shot=True),
        _digest(TASK_YAML.replace("People like", "All like")),
        _digest(TASK_YAML.replace("mood?", "mood today?")),
        _digest(two),
        _digest(two.replace("{text} {more}", "{more} {text}")),
    ]

    assert len(set(digests)) == len(digests)
    assert _digest(TASK_YAML.replace("mood: {text}", "feeling: {text}")) == digests[0]


@pytest.mark.parametrize("name", builtin_names())
def test_builtin_demonstrations_are_about_ten_that_fit_and_read_back(name: str) -> None:
    task = find_task(name)
    shown = demonstrations_of(task)

    assert 8 <= len(shown) <= 12
    assert not [problem for one in shown for problem in task.demonstration_problems(one)]
    # The way a demonstration is written is the way that answers are read.
    writer = PromptWriter(task, "chat")
    prompt = writer.write(shown[0].inputs, shown[0].choices)
    answers = [message.content for message in prompt.messages if message.role == "assistant"]
    for one, answer in zip(shown, answers, strict=True):
        read = read_output(answer, task, one.inputs, one.choices)
        assert isinstance(read, TeacherAnswer) and not read.notes
        assert same_answer(task, read.label, normalise_answer(one.label))
        assert read.rationale.startswith(one.rationale)
    assert writer.demonstrated_characters is not None and 40 < writer.demonstrated_characters < 400


@pytest.mark.parametrize("name", builtin_names())
def test_builtin_demonstrations_favour_no_answer(name: str) -> None:
    task, shown = find_task(name), builtin_demonstrations(name)
    if task.takes_choices:
        places = [list(one.choices).index(one.label) for one in shown]
        counts = [places.count(place) for place in range(max(len(one.choices) for one in shown))]
    elif equation_value(task, shown[0].label) is not None:
        counts = [sum(sign in one.label for one in shown) for sign in "+-*/"]
        assert min(counts) >= 2
        return
    else:
        counts = [sum(one.label == label for one in shown) for label in task.answer.labels]  # type: ignore[union-attr]
    assert max(counts) - min(counts) <= 1 and len(shown) == len({str(one.inputs) for one in shown})


def test_own_demonstrations_come_before_those_of_a_builtin_name() -> None:
    own = parse_task(TASK_YAML.replace("name: mood", "name: esnli"), "own")

    assert demonstrations_of(own) == own.demonstrations
    bare: Task = own.model_copy(update={"demonstrations": ()})
    with pytest.raises(TeacherError, match="has no demonstrations"):
        demonstrations_of(bare)
