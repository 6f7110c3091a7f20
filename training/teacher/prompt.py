"""What a teacher reads: an instruction, demonstrations with reasoning and answer, and the question.

Few-shot chain of thought as in the paper (Hsieh et al. 2023, section 3.1, after Wei et al. 2022). Without
demonstrations the instruction stands alone (Kojima et al. 2022).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from student.task import (
    ClosedLabels,
    Demonstration,
    FreeText,
    Task,
    choice_letter,
    normalise_answer,
)
from training.data.teacher_text import question_text
from training.teacher.demonstrations import demonstrations_of

Form = Literal["chat", "completion"]
"""Messages for a model that was tuned to follow them, or one text to be gone on with."""

NEXT_QUESTION = "\nQ:"
"""Where a model that goes on with a text begins to invent a question."""


@dataclass(frozen=True)
class Message:
    """One turn of a chat."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class Prompt:
    """What is sent for one question: messages, or a text where there are none."""

    messages: tuple[Message, ...] = ()
    text: str = ""

    @property
    def characters(self) -> int:
        """Length of all that is sent."""
        return len(self.text) + sum(len(message.content) for message in self.messages)

    def shown(self) -> str:
        """The prompt for people."""
        return self.text or "\n\n".join(f"[{message.role}]\n{message.content}" for message in self.messages)


class PromptWriter:
    """Writes the prompts of a task.

    Args:
        task: whose questions are asked.
        form: how the prompt is sent.
        zero_shot: show no demonstrations.

    Raises:
        TeacherError: the task has no demonstrations, and they are to be shown.
    """

    def __init__(self, task: Task, form: Form, *, zero_shot: bool = False) -> None:
        self.task = task
        self.form = form
        self.demonstrations = () if zero_shot else demonstrations_of(task)
        self._shown = [
            (question_text(task, shown.inputs, shown.choices), _demonstrated(task, shown))
            for shown in self.demonstrations
        ]

    def write(self, inputs: Mapping[str, str], choices: Sequence[str] = ()) -> Prompt:
        """The prompt of one question; its fields stand in the order of the task's template."""
        instruction = _instruction(self.task)
        turns = [*self._shown, (question_text(self.task, inputs, choices), "")]
        if self.form == "completion":
            blocks = [f"Q: {question}\nA: {answer}".rstrip() for question, answer in turns]
            return Prompt(text="\n\n".join([instruction, *blocks]))
        # The instruction stands in the first turn: many chat templates refuse a system message.
        messages: list[Message] = []
        for number, (question, answer) in enumerate(turns):
            messages.append(Message("user", question if number else f"{instruction}\n\n{question}"))
            if answer:
                messages.append(Message("assistant", answer))
        return Prompt(messages=tuple(messages))

    @property
    def digest(self) -> str:
        """SHA-256 of the prompt around a question: wording, demonstrations, order of the fields, form."""
        named = self.write({name: f"<{name}>" for name in self.task.fields}, ("<first>", "<second>"))
        content = [self.form, named.text, [[message.role, message.content] for message in named.messages]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def demonstrated_characters(self) -> float | None:
        """Mean length of the demonstrations' outputs: about what an answer will be. None without demonstrations."""
        if not self._shown:
            return None
        return sum(len(answer) for _, answer in self._shown) / len(self._shown)


def _instruction(task: Task) -> str:
    if isinstance(task.answer, ClosedLabels):
        allowed, form = f"The answer is one of: {', '.join(task.answer.labels)}.", "<label>"
    elif isinstance(task.answer, FreeText):
        equation = task.answer.parser == "equation"
        allowed = "The answer is an equation of numbers, + - * / and brackets, without its value." if equation else ""
        form = "<equation>" if equation else "<answer>"
    else:
        allowed, form = "The answer is one of the choices, with its letter.", "(a) <choice>"
    parts = [
        task.description,
        allowed,
        "First give your reasoning in one to three sentences. Then end with one sentence of the form "
        f'"{task.conclusion} {form}."',
    ]
    return " ".join(part for part in parts if part)


def _demonstrated(task: Task, shown: Demonstration) -> str:
    label = normalise_answer(shown.label)
    if task.takes_choices:
        position = [normalise_answer(choice) for choice in shown.choices].index(label)
        label = f"({choice_letter(position)}) {label}"
    return f"{normalise_answer(shown.rationale)} {task.conclusion} {label}."
