"""A row's answer does not depend on its batch companions, nor on the padding that they bring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from export.compile import compile_bundle
from export.config import ExportConfig
from serving.settings import DEMO_STUDENT
from student.prediction import Prediction
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from training.checkpoint import load_checkpoint
from training.data.sources import generate_rows
from training.validation_rows import read_rows

TASKS = ("demo-nli", "demo-choices")


def _questions(student: OnnxStudent, rows: int) -> list[PreparedQuestion]:
    examples = [row for task in TASKS for row in generate_rows(task, "validation", rows // len(TASKS), seed=3)]
    return [student.prepare(Question(row.task, row.inputs, row.choices)) for row in examples]


def _in_random_batches(student: OnnxStudent, questions: Sequence[PreparedQuestion]) -> list[Prediction]:
    random = np.random.default_rng(0)
    order = random.permutation(len(questions)).tolist()
    found: dict[int, Prediction] = {}
    while order:
        batch = [order.pop() for _ in range(min(len(order), int(random.integers(1, 33))))]
        found.update(zip(batch, student.predict([questions[i] for i in batch]), strict=True))
    return [found[i] for i in range(len(questions))]


def _gaps(alone: Sequence[Prediction], together: Sequence[Prediction]) -> list[float]:
    return [
        max(
            abs(a.probability - b.probability)
            for a, b in zip(x.probabilities or (), y.probabilities or (), strict=True)
        )
        for x, y in zip(alone, together, strict=True)
    ]


def test_trained_student_in_float32() -> None:
    student = OnnxStudent.load(DEMO_STUDENT)
    questions = _questions(student, 1000)
    alone = [student.predict([question])[0] for question in questions]
    together = _in_random_batches(student, questions)
    assert [one.answer for one in alone] == [one.answer for one in together]
    assert max(_gaps(alone, together)) <= 1e-5


@pytest.fixture(scope="module")
def int8_student(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> OnnxStudent:
    checkpoint = load_checkpoint(tiny_run)
    bundle = compile_bundle(
        checkpoint,
        tmp_path_factory.mktemp("int8") / "bundle",
        read_rows(checkpoint.path),
        name="tiny",
        config=ExportConfig(precisions=("fp32", "int8"), max_text_rows=3),
        progress=False,
    )
    return OnnxStudent(bundle, precision="int8")


def test_tiny_student_in_int8(int8_student: OnnxStudent) -> None:
    questions = _questions(int8_student, 1000)
    alone = [int8_student.predict([question])[0] for question in questions]
    together = _in_random_batches(int8_student, questions)
    gaps = np.array(_gaps(alone, together))
    assert np.mean(gaps <= 1e-3) >= 0.99
    for one, other in zip(alone, together, strict=True):
        second, best = sorted(item.probability for item in one.probabilities or ())[-2:]
        assert one.answer == other.answer or best - second < 0.05
