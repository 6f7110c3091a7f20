"""The ways to teach a student that the paper compares, each as what it does to the rows.

| method | reads | learns to write | answers by |
|---|---|---|---|
| `step-by-step` | the question, twice, told apart by the prefix | the label; the rationale | its label |
| `standard` | the question | the label | its label |
| `single-task` | the question | the rationale, which ends in the label | the end of its rationale |
| `rationale-given` | the question and the teacher's reasoning | the label | its label |

With `labels: gold`, `standard` is standard fine-tuning, with `labels: teacher` standard distillation (Hsieh et al.
2023, section 4). `single-task` is the paper's ablation that treats rationale and label as one target. `rationale-given`
is its PINTO-style baseline (after Wang et al. 2022): the student needs the teacher wherever it answers. The sentence
that states the teacher's answer is taken out, but reasoning mostly gives it away before: how often it does is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from student.errors import CheckpointError, DataError, ExportError, UnfitData
from student.task import MAX_SOURCE_TOKENS, Task
from training.data.example import Example
from training.data.rationales import concluded, reasoning
from training.data.report import Rejected

RATIONALE_FIELD = "rationale"
"""The input field in which a `rationale-given` student reads the teacher's reasoning."""

_KNEW_GOLD = ("human", "generator")
"""Who explained the right answer: read as an input, such a rationale would stand in for a teacher that is not there."""

_READ = f" {RATIONALE_FIELD}: {{{RATIONALE_FIELD}}}"


@dataclass(frozen=True)
class Method:
    """One way to teach.

    Attributes:
        name: as in a recipe.
        learns_rationale: rationales are a second task, weighed by lambda.
        writes_rationale_first: the one target is the rationale, ended by the label.
        reads_rationale: the teacher's reasoning is part of the question.
    """

    name: str
    learns_rationale: bool = False
    writes_rationale_first: bool = False
    reads_rationale: bool = False

    @property
    def needs_rationales(self) -> bool:
        """Whether a task without any rationale cannot be taught so."""
        return self.learns_rationale or self.needs_every_rationale

    @property
    def needs_every_rationale(self) -> bool:
        """Whether a row without rationale is no row for it."""
        return self.writes_rationale_first or self.reads_rationale

    @property
    def answers_in_one_pass(self) -> bool:
        """Whether the label path serves the student."""
        return not self.writes_rationale_first

    def task_for(self, task: Task) -> Task:
        """The task as a student of this method is asked it.

        Raises:
            DataError: the task has a field of the name that the method needs.
        """
        if not self.reads_rationale:
            return task
        if RATIONALE_FIELD in task.fields:
            raise DataError(
                f"task {task.name}: has a field {RATIONALE_FIELD!r} of its own, which method {self.name} adds; "
                "rename it in the task's YAML and rows"
            )
        tokens = task.limits.source_tokens + task.limits.rationale_tokens
        if tokens > MAX_SOURCE_TOKENS:
            raise DataError(
                f"task {task.name}: limits.source_tokens and rationale_tokens are {tokens} together, which method "
                f"{self.name} has to read; at most {MAX_SOURCE_TOKENS}"
            )
        limits = {**task.limits.model_dump(), "source_tokens": tokens}
        content = task.model_dump() | {
            "template": f"{task.template}{_READ}",
            "limits": limits,
            "sample": None,
        }
        return Task.model_validate(content)

    def plain_task(self, task: Task) -> Task:
        """The task without what the method added: `task_for` turned back, but for the sample."""
        if not self.reads_rationale:
            return task
        limits = {**task.limits.model_dump(), "source_tokens": task.limits.source_tokens - task.limits.rationale_tokens}
        return Task.model_validate(
            task.model_dump() | {"template": task.template.removesuffix(_READ), "limits": limits}
        )

    def row_to_learn(self, task: Task, example: Example) -> Example | Rejected:
        """A row as a student of this method learns it, or why it is none.

        Args:
            task: the row's task, as it is without the method.
            example: the row as loaded.
        """
        if self.learns_rationale:
            return example
        if not self.needs_every_rationale:
            return replace(example, rationale=None)
        reasoned = reasoning(task, example.rationale or "")
        if not reasoned:
            return Rejected(f"has no reasoning, which method {self.name} needs")
        if self.writes_rationale_first:
            return replace(example, rationale=concluded(task, reasoned, example.label))
        if example.rationale_by in _KNEW_GOLD:
            return Rejected(_not_a_teachers(self, example))
        return replace(self._given(example, reasoned), rationale=None)

    def row_to_ask(self, task: Task, example: Example) -> Example | Rejected:
        """A row as a student of this method is asked it, or why it cannot be: the teacher gave it nothing to read.

        The rationale stays where it is: the student does not see it, but its own may be held against it.

        Args:
            task: the row's task, as it is without the method.
            example: the row as loaded.
        """
        if not self.reads_rationale:
            return example
        reasoned = reasoning(task, example.rationale or "")
        if reasoned and example.rationale_by in _KNEW_GOLD:
            return Rejected(_not_a_teachers(self, example))
        return self._given(example, reasoned) if reasoned else Rejected(f"has no reasoning, which {self.name} reads")

    @staticmethod
    def _given(example: Example, reasoned: str) -> Example:
        return replace(example, inputs={**example.inputs, RATIONALE_FIELD: reasoned})


DEFAULT_METHOD = "step-by-step"


def _not_a_teachers(method: Method, example: Example) -> str:
    return f"has a rationale by a {example.rationale_by}, who knew gold; method {method.name} reads a teacher's alone"


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(DEFAULT_METHOD, learns_rationale=True),
        Method("standard"),
        Method("single-task", writes_rationale_first=True),
        Method("rationale-given", reads_rationale=True),
    )
}


def method_of(record: Mapping[str, object]) -> Method:
    """The method that a checkpoint's record names; `step-by-step` for records older than methods.

    Raises:
        CheckpointError: this version knows no such method.
    """
    config = record.get("config")
    name = config.get("method", DEFAULT_METHOD) if isinstance(config, dict) else DEFAULT_METHOD
    if name not in METHODS:
        raise CheckpointError(f"checkpoint: was trained by method {name!r}; this version knows {', '.join(METHODS)}")
    return METHODS[name]


def require_rationales(method: Method, examples: Sequence[Example]) -> None:
    """Refuse tasks that have no rationale at all where the method needs them.

    Raises:
        UnfitData: naming every such source with its row count.
    """
    if not method.needs_rationales:
        return
    rows: dict[str, dict[str, int]] = {}
    explained = set()
    for example in examples:
        sources = rows.setdefault(example.task, {})
        name = example.source.rpartition(":")[0]
        sources[name] = sources.get(name, 0) + 1
        if example.rationale is not None:
            explained.add(example.task)
    missing = [
        f"{source} ({count:,} rows)"
        for task, sources in rows.items()
        if task not in explained
        for source, count in sources.items()
    ]
    if missing:
        raise UnfitData(
            f"method {method.name} needs rationales, but {', '.join(missing)} have none; have a teacher write them "
            "(`quickstep annotate`), or use method: standard"
        )


def require_label_path(record: Mapping[str, object], path: Path) -> None:
    """Refuse to compile a student that has no label to answer in one pass.

    Raises:
        ExportError: saying how to train one that has.
    """
    method = method_of(record)
    if not method.answers_in_one_pass:
        raise ExportError(
            f"checkpoint {path}: was trained by method {method.name} and answers at the end of its rationale, so there "
            "is no label path to compile; train with method: step-by-step, which answers in one pass"
        )
