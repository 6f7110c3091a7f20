from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from student.answers import conclusion, same_answer
from student.bundle import Bundle
from student.confidence import Confidence
from student.question import Question
from student.runtime import OnnxStudent
from training.checkpoint import load_checkpoint
from training.data.example import Example
from training.evaluation.answering import answer_all
from training.evaluation.bundle_student import BundleStudent
from training.scoring import TorchStudent
from training.validation_rows import read_rows


@pytest.fixture(scope="module")
def student(tiny_run: Path) -> TorchStudent:
    checkpoint = load_checkpoint(tiny_run)
    return TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)


@pytest.fixture(scope="module")
def rows(tiny_run: Path) -> list[Example]:
    return read_rows(tiny_run / "student")


def test_outcomes_keep_the_order_of_the_examples(student: TorchStudent, rows: list[Example]) -> None:
    outcomes = answer_all(student, rows, batch_size=5, progress=False)
    assert [outcome.example for outcome in outcomes] == rows
    for outcome, answered in zip(outcomes, student.answer(rows), strict=True):
        assert outcome.answer == answered.answer
        task = student.tasks[outcome.example.task]
        assert outcome.correct == same_answer(task, outcome.answer, outcome.example.label)
        assert outcome.rationale is None
        assert outcome.rationale_agrees is None
        assert outcome.answers == answered.answers


def test_gold_counts_where_it_is_known(student: TorchStudent, rows: list[Example]) -> None:
    row = rows[0]
    (answered,) = student.answer([row])
    wrong = next(label for label in answered.answers if label != answered.answer)
    relabelled = [
        Example(row.task, row.inputs, wrong, None, "t", gold=answered.answer),
        Example(row.task, row.inputs, answered.answer, None, "t", gold=wrong),
        Example(row.task, row.inputs, answered.answer, None, "t"),
    ]
    assert [outcome.correct for outcome in answer_all(student, relabelled, progress=False)] == [True, False, True]


def test_rationales_are_written_and_their_conclusion_checked(student: TorchStudent, rows: list[Example]) -> None:
    some = rows[::6]
    outcomes = answer_all(student, some, rationales=True, progress=False)
    for outcome, rationale, ids in zip(outcomes, student.explain(some), student.rationale_ids(some), strict=True):
        assert outcome.rationale == rationale
        task = student.tasks[outcome.example.task]
        concluded = conclusion(task, rationale)
        assert outcome.rationale_agrees is (concluded is not None and same_answer(task, concluded, outcome.answer))
        assert outcome.rationale_cut is (len(ids) == task.limits.rationale_tokens and ids[-1] != 1)


def test_bundle_answers_as_the_checkpoint_it_was_made_of(
    student: TorchStudent, tiny_student: OnnxStudent, rows: list[Example]
) -> None:
    some = rows[::3]
    ours = answer_all(BundleStudent(tiny_student), some, batch_size=7, rationales=True, progress=False)
    theirs = answer_all(student, some, rationales=True, progress=False)
    assert {row.example.task for row in ours} == {"demo-nli", "demo-choices", "demo-math"}
    for one, other in zip(ours, theirs, strict=True):
        assert (one.answer, one.answers, one.correct) == (other.answer, other.answers, other.correct)
        assert (one.rationale, one.rationale_agrees) == (other.rationale, other.rationale_agrees)
        assert one.rationale_cut == other.rationale_cut
        assert not one.abstained


def test_probabilities_of_a_bundle_are_those_it_serves(tiny_student: OnnxStudent, rows: list[Example]) -> None:
    some = rows[::5]
    replies = BundleStudent(tiny_student).replies(some)
    questions = [tiny_student.prepare(Question(row.task, row.inputs, row.choices)) for row in some]
    for reply, served in zip(replies, tiny_student.predict(questions), strict=True):
        assert reply.answer == served.answer
        if served.probabilities is None:
            assert reply.probabilities is None
        else:
            assert reply.answers == tuple(one.answer for one in served.probabilities)
            assert reply.probabilities == tuple(one.probability for one in served.probabilities)


def test_bundle_refuses_what_a_server_refuses_and_answers_the_rest(
    tiny_student: OnnxStudent, rows: list[Example]
) -> None:
    long = Example("demo-math", {"problem": "one apple " * 400}, "1 + 1", None, "long")
    outcomes = answer_all(BundleStudent(tiny_student), [rows[0], long, rows[1]], rationales=True, progress=False)
    assert [row.refusal is None for row in outcomes] == [True, False, True]
    assert "takes 128 tokens" in str(outcomes[1].refusal)
    assert (outcomes[1].correct, outcomes[1].answer, outcomes[1].rationale) == (False, "", None)
    assert outcomes[0].rationale is not None and outcomes[2].rationale is not None


def test_bundle_that_abstains_says_so(tiny_bundle: Bundle, rows: list[Example]) -> None:
    sure = {task: Confidence(threshold=1.0) for task in ("demo-nli", "demo-choices")}
    manifest = tiny_bundle.manifest.model_copy(update={"confidence": {"fp32": sure}})
    student = OnnxStudent(replace(tiny_bundle, manifest=manifest), threads=1, precision="fp32")
    for row in answer_all(BundleStudent(student), rows[::6], progress=False):
        assert row.abstained is (row.example.task != "demo-math")
