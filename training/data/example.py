"""`Example`: one training row, whatever dataset it came from; `Unanswered`: one that has no answer yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

RationaleBy = Literal["teacher", "human", "generator", "unknown"]
"""Who wrote a rationale: a teacher model, a person who knew the gold answer, a generator of demo rows."""


@dataclass(frozen=True)
class Example:
    """One row of a task.

    Attributes:
        task: name of the task the row belongs to.
        inputs: the task's input fields, by name.
        label: what the student learns to answer (gold, or the teacher's, as the loader was asked).
        rationale: the teacher's reasoning, without prompt debris; None where there is none.
        source: where the row comes from, precise enough to find it again (`cqa/train:17`).
        choices: the answers to choose from, for tasks that take them with each request.
        gold: the gold answer where it is known and differs in origin from `label`; used for evaluation.
        tags: facts for slicing results, such as `{"template": "nli-07", "seen_template": "no"}`.
        rationale_by: who wrote the rationale, where there is one. A person's explanation was written knowing gold: as
            an input it would give the answer away.
    """

    task: str
    inputs: Mapping[str, str]
    label: str
    rationale: str | None
    source: str
    choices: tuple[str, ...] = ()
    gold: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    rationale_by: RationaleBy = "unknown"

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))
        object.__setattr__(self, "tags", MappingProxyType(dict(self.tags)))


@dataclass(frozen=True)
class Unanswered:
    """A question without an answer, to be put to a teacher.

    Attributes:
        task: name of the task the question belongs to.
        inputs: the task's input fields, by name.
        source: where the row comes from, as for `Example`.
        choices: the answers to choose from, for tasks that take them.
    """

    task: str
    inputs: Mapping[str, str]
    source: str
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))
