"""`BundleStudent`: a bundle's runtime, measured as a checkpoint is. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from student.errors import InputError
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from student.task import Task
from training.data.example import Example
from training.evaluation.outcome import Reply


class BundleStudent:
    """Answers rows as a server would: what is over a limit is refused.

    Args:
        student: a loaded bundle.
    """

    def __init__(self, student: OnnxStudent) -> None:
        self._student = student

    @property
    def tasks(self) -> Mapping[str, Task]:
        """What it answers, by name."""
        return self._student.bundle.tasks

    def replies(self, examples: Sequence[Example], *, rationales: bool = False) -> list[Reply]:
        """Answer a batch, with rationales if they are asked for; order is kept."""
        replies: dict[int, Reply] = {}
        prepared: dict[int, PreparedQuestion] = {}
        for i, row in enumerate(examples):
            try:
                question = Question(row.task, row.inputs, row.choices)
                prepared[i] = self._student.prepare(question, rationale=rationales)
            except InputError as error:
                replies[i] = Reply("", refusal=str(error))
        questions = list(prepared.values())
        written = self._rationales(questions) if rationales and questions else [(None, False)] * len(questions)
        predictions = self._student.predict(questions)
        for i, prediction, (rationale, cut) in zip(prepared, predictions, written, strict=True):
            scores = prediction.probabilities
            replies[i] = Reply(
                answer=prediction.answer,
                answers=tuple(score.answer for score in scores or ()),
                probabilities=None if scores is None else tuple(score.probability for score in scores),
                abstained=prediction.abstained,
                rationale=rationale,
                rationale_cut=cut,
            )
        return [replies[i] for i in range(len(examples))]

    def _rationales(self, questions: Sequence[PreparedQuestion]) -> list[tuple[str | None, bool]]:
        end = self._student.bundle.manifest.end_token
        return [(self._student.text(ids), ids[-1] != end) for ids in self._student.rationale_ids(questions)]
