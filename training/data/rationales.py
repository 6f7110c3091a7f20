"""A rationale in its two parts: the reasoning, and the sentence that states the answer."""

from __future__ import annotations

import re

from student.task import Task, normalise_answer


def reasoning(task: Task, rationale: str) -> str:
    """What a rationale says before it states its answer; all of it where it states none.

    As for `student.answers.conclusion`, the last occurrence of the task's conclusion words counts.
    """
    places = [match.start() for match in re.finditer(re.escape(task.conclusion), rationale, re.IGNORECASE)]
    return normalise_answer(rationale[: places[-1]] if places else rationale)


def concluded(task: Task, reasoned: str, answer: str) -> str:
    """Reasoning and the sentence that states an answer, in the task's words."""
    return normalise_answer(f"{reasoned} {task.conclusion} {answer}.")
