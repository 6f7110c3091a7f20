"""Self-consistency: several answers to one question, and the one that most of them come to.

Wang et al. 2022, *Self-Consistency Improves Chain of Thought Reasoning in Language Models*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from student.answers import same_answer
from student.task import Task
from training.data.report import Rejected
from training.data.teacher_output import TeacherAnswer


@dataclass(frozen=True)
class Majority:
    """What the samples of a question come to.

    Attributes:
        answers: those of the majority, in the order in which they came; the first one's rationale is the row's.
        samples: all that were answered, those that could not be read among them.
    """

    answers: tuple[TeacherAnswer, ...]
    samples: int

    @property
    def votes(self) -> str:
        """How many of the samples agree, such as `3/5`."""
        return f"{len(self.answers)}/{self.samples}"


def majority(task: Task, samples: Sequence[TeacherAnswer | Rejected]) -> Majority | Rejected:
    """The answer that most samples give; of answers with equally many, the one that came first.

    Answers are the same as `student.answers.same_answer` sees it: `2 + 3` and `3 + 2` are.

    Args:
        task: of the question.
        samples: at least one, in their order.
    """
    groups: list[list[TeacherAnswer]] = []
    for sample in samples:
        if isinstance(sample, Rejected):
            continue
        for group in groups:
            if same_answer(task, group[0].label, sample.label):
                group.append(sample)
                break
        else:
            groups.append([sample])
    if not groups:
        return _commonest([sample for sample in samples if isinstance(sample, Rejected)])
    largest = max(groups, key=len)
    return Majority(tuple(largest), len(samples))


def _commonest(rejected: Sequence[Rejected]) -> Rejected:
    reasons = [sample.reason for sample in rejected]
    return Rejected(max(reasons, key=reasons.count))
