"""A label as somebody wrote it, brought to the form in which its task writes it."""

from __future__ import annotations

from collections.abc import Sequence

from student.errors import AnswerError
from student.task import ClosedLabels, FreeText, Task, merge_choices, normalise_answer
from training.data.equations import canonical_equation
from training.data.report import Rejected


def read_label(task: Task, label: str, choices: Sequence[str] = (), field: str = "label") -> str | Rejected:
    """The label in the task's form: one of its labels, one of the choices, a canonical equation, a text.

    White space does not count.

    Args:
        task: whose answer it is.
        label: as it was written.
        choices: of the row, where the task takes them.
        field: what reasons call it.
    """
    text = normalise_answer(label)
    if isinstance(task.answer, FreeText):
        if task.answer.parser == "none":
            return text
        try:
            return canonical_equation(text)
        except AnswerError:
            return Rejected(f"{field} is not plain arithmetic")
    if isinstance(task.answer, ClosedLabels):
        written = {normalise_answer(allowed): allowed for allowed in task.answer.labels}
        return written.get(text, Rejected(f"{field} is none of the task's labels"))
    return text if text in merge_choices(choices) else Rejected(f"{field} is none of the choices")
