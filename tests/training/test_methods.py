from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from student.errors import CheckpointError, DataError, ExportError
from student.task import Task, find_task, parse_task
from training.data.example import Example
from training.data.report import Rejected
from training.methods import METHODS, method_of, require_label_path, require_rationales

TASK = find_task("cqa")
ROW = Example(
    task="cqa",
    inputs={"question": "Where is milk?"},
    choices=("garage", "fridge"),
    label="fridge",
    rationale="Milk is kept cold. So the answer is garage.",
    source="cqa/train:1",
)
BARE = Example("cqa", {"question": "Where is milk?"}, "fridge", None, "cqa/train:2", ("garage", "fridge"))


def _row(method: str, example: Example) -> Example:
    row = METHODS[method].row_to_learn(TASK, example)
    assert isinstance(row, Example)
    return row


def test_step_by_step_learns_rows_as_they_are() -> None:
    assert _row("step-by-step", ROW) == ROW
    assert _row("step-by-step", BARE) == BARE


def test_standard_learns_no_rationale() -> None:
    assert _row("standard", ROW).rationale is None
    assert _row("standard", ROW).label == "fridge"


def test_single_task_writes_a_rationale_that_ends_in_the_label_learnt() -> None:
    assert _row("single-task", ROW).rationale == "Milk is kept cold. So the answer is fridge."


def test_rationale_given_reads_the_reasoning_and_not_the_teachers_answer() -> None:
    task = METHODS["rationale-given"].task_for(TASK)
    row = _row("rationale-given", ROW)
    assert row.rationale is None
    assert task.label_source(row.inputs, row.choices) == (
        "[label] cqa question: Where is milk? choices: (a) garage (b) fridge rationale: Milk is kept cold."
    )
    task.validate_request(row.inputs, row.choices)
    assert task.limits.source_tokens == TASK.limits.source_tokens + TASK.limits.rationale_tokens


@pytest.mark.parametrize("by", ["human", "generator"])
def test_explanations_of_the_right_answer_do_not_stand_in_for_a_teacher(by: str) -> None:
    row = replace(ROW, rationale_by=by)  # type: ignore[arg-type]
    for made in (METHODS["rationale-given"].row_to_learn, METHODS["rationale-given"].row_to_ask):
        rejected = made(TASK, row)
        assert isinstance(rejected, Rejected) and f"has a rationale by a {by}, who knew gold" in rejected.reason
    assert isinstance(METHODS["single-task"].row_to_learn(TASK, row), Example)


def test_the_task_without_the_method_is_found_again() -> None:
    method = METHODS["rationale-given"]
    plain = method.plain_task(method.task_for(TASK))
    assert plain == TASK.model_copy(update={"sample": None})


def test_question_and_reasoning_must_fit_together() -> None:
    limits = TASK.limits.model_copy(update={"source_tokens": 4000, "rationale_tokens": 97})
    with pytest.raises(DataError, match="are 4097 together"):
        METHODS["rationale-given"].task_for(TASK.model_copy(update={"limits": limits}))


@pytest.mark.parametrize("method", ["single-task", "rationale-given"])
@pytest.mark.parametrize("rationale", [None, "So the answer is fridge."])
def test_rows_without_reasoning_are_no_rows_for_a_method_that_needs_it(method: str, rationale: str | None) -> None:
    row = METHODS[method].row_to_learn(TASK, Example("cqa", {"question": "?"}, "a", rationale, "s:1", ("a", "b")))
    assert row == Rejected(f"has no reasoning, which method {method} needs")


@pytest.mark.parametrize("method", ["step-by-step", "standard", "single-task"])
def test_only_who_reads_reasoning_needs_it_to_be_asked(method: str) -> None:
    assert METHODS[method].row_to_ask(TASK, BARE) == BARE
    assert METHODS[method].row_to_ask(TASK, ROW) == ROW
    given = METHODS["rationale-given"]
    assert given.row_to_ask(TASK, BARE) == Rejected("has no reasoning, which rationale-given reads")
    asked = given.row_to_ask(TASK, ROW)
    assert isinstance(asked, Example) and asked.inputs["rationale"] == "Milk is kept cold."


@pytest.mark.parametrize("method", ["step-by-step", "standard", "single-task"])
def test_other_methods_leave_the_task_alone(method: str) -> None:
    assert METHODS[method].task_for(TASK) is TASK


def test_task_with_a_field_of_that_name_is_refused() -> None:
    text = 'name: t\ntemplate: "{text} {rationale}"\nanswer: {kind: closed, labels: [a, b]}\n'
    task: Task = parse_task(text, origin="test")
    with pytest.raises(DataError, match="has a field 'rationale' of its own"):
        METHODS["rationale-given"].task_for(task)


@pytest.mark.parametrize("method", ["step-by-step", "single-task", "rationale-given"])
def test_task_without_any_rationale_is_refused_with_its_row_counts(method: str) -> None:
    bare = [Example("cqa", {"question": "?"}, "a", None, f"own.jsonl:{i}", ("a", "b")) for i in range(3)]
    other = Example("anli", {}, "neutral", "It may be. So the answer is neutral.", "anli1/valid:0")
    with pytest.raises(DataError, match=r"own\.jsonl \(3 rows\) have none") as caught:
        require_rationales(METHODS[method], [*bare, other])
    assert "anli1" not in str(caught.value)


def test_a_source_without_rationales_may_stand_beside_one_of_the_same_task_that_has_them() -> None:
    require_rationales(METHODS["step-by-step"], [ROW, BARE])


def test_standard_needs_no_rationales() -> None:
    require_rationales(METHODS["standard"], [BARE])


def test_records_name_their_method() -> None:
    assert method_of({"config": {"method": "single-task"}}).name == "single-task"
    assert method_of({"config": {"preset": "demo"}}).name == "step-by-step"
    assert method_of({}).name == "step-by-step"
    with pytest.raises(CheckpointError, match="trained by method 'newer'; this version knows step-by-step"):
        method_of({"config": {"method": "newer"}})


def test_student_that_answers_after_its_rationale_has_no_label_path() -> None:
    with pytest.raises(ExportError, match="answers at the end of its rationale"):
        require_label_path({"config": {"method": "single-task"}}, Path("runs/x"))
    for method in ("step-by-step", "standard", "rationale-given"):
        require_label_path({"config": {"method": method}}, Path("runs/x"))
