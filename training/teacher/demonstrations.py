"""What a teacher is shown before a question: questions of the same task with reasoning and answer.

Those of built-in tasks are written for this purpose and taken from no dataset; a task of one's own brings them in its
YAML file. Answers are balanced, because few-shot prompts favour the answers that they show often (Zhao et al. 2021,
*Calibrate Before Use*).
"""

from __future__ import annotations

from importlib import resources

import yaml
from pydantic import TypeAdapter

from student.task import Demonstration, Task, builtin_names, find_task
from training.teacher.errors import TeacherError

_DEMONSTRATIONS = TypeAdapter(tuple[Demonstration, ...])


def demonstrations_of(task: Task) -> tuple[Demonstration, ...]:
    """The task's own demonstrations, or those that come with a built-in task.

    Raises:
        TeacherError: there are none.
    """
    if task.demonstrations:
        return task.demonstrations
    if task.name in builtin_names() and find_task(task.name) == task:
        return builtin_demonstrations(task.name)
    raise TeacherError(
        f"task {task.name!r}: has no demonstrations to show a teacher; write some into its YAML file (about ten: "
        "inputs, rationale, label), or ask without any: --zero-shot"
    )


def builtin_demonstrations(name: str) -> tuple[Demonstration, ...]:
    """The demonstrations of a built-in task."""
    file = resources.files("training.teacher") / "tasks" / f"{name}.yaml"
    return _DEMONSTRATIONS.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
