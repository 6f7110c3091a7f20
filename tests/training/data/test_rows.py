from __future__ import annotations

from typing import Any

import pytest

from student.task import find_task, parse_task
from training.data.loaded import Labels, Loaded
from training.data.rows import NO_GOLD, TEACHER_ALONE, Row, assemble_rows

NLI = parse_task(
    "name: nli\ntemplate: 'premise: {premise} hypothesis: {hypothesis}'\n"
    "answer: {kind: closed, labels: [entailment, neutral, contradiction]}",
    origin="test",
)
ROW: dict[str, Any] = {
    "inputs": {"premise": "A man sleeps.", "hypothesis": "He is awake."},
    "label": "contradiction",
    "teacher_label": "neutral",
    "rationale": "He may be. So the answer is neutral.",
}


def _load(*rows: dict[str, Any], labels: Labels, without_label: str | None = None) -> Loaded:
    read = [Row(f"rows:{number}", fields, without_label=without_label) for number, fields in enumerate(rows, 1)]
    return assemble_rows("rows", NLI, read, labels)


def _without(key: str, row: dict[str, Any] = ROW) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


def _dropped(loaded: Loaded) -> dict[str, list[str]]:
    return {reason: tally.examples for reason, tally in loaded.report.dropped.items()}


def test_teacher_label_is_learned_and_gold_kept() -> None:
    loaded = _load(ROW, ROW | {"teacher_label": " contradiction "}, labels="teacher")

    wrong, right = loaded.examples
    assert (wrong.label, wrong.gold, wrong.tags["teacher_agrees"]) == ("neutral", "contradiction", "no")
    assert (right.label, right.gold, right.tags["teacher_agrees"]) == ("contradiction", "contradiction", "yes")
    assert loaded.report.teacher_agreement == 0.5


def test_gold_label_is_learned_beside_a_teacher_that_disagrees() -> None:
    loaded = _load(ROW, labels="gold")

    (example,) = loaded.examples
    assert (example.label, example.gold, example.tags["teacher_agrees"]) == ("contradiction", "contradiction", "no")
    assert loaded.report.teacher_agreement == 0
    assert "rationale concludes with another answer than the label" in loaded.report.noted


def test_rationale_is_the_teachers_where_its_answer_stands_beside() -> None:
    examples = _load(ROW, _without("label"), _without("teacher_label"), labels="gold").examples
    taught = _load(_without("label"), labels="teacher").examples

    assert [row.rationale_by for row in (*examples, *taught)] == ["teacher", "unknown", "teacher"]


def test_row_without_gold_is_learned_from_the_teacher_alone() -> None:
    loaded = _load(_without("label"), labels="teacher")

    (example,) = loaded.examples
    assert (example.label, example.gold) == ("neutral", None)
    assert "teacher_agrees" not in example.tags
    assert loaded.report.noted[NO_GOLD].rows == 1
    assert loaded.report.teacher_agreement is None


def test_row_without_gold_is_dropped_with_what_to_set_where_gold_is_learned() -> None:
    assert _dropped(_load(_without("label"), ROW, labels="gold")) == {TEACHER_ALONE: ["rows:1"]}
    assert "labels: teacher" in TEACHER_ALONE


def test_row_without_teacher_label_is_dropped_where_the_teacher_is_learned() -> None:
    loaded = _load(ROW, _without("teacher_label"), labels="teacher")

    assert _dropped(loaded) == {"teacher_label is missing": ["rows:2"]}
    assert loaded.unanswered == []
    assert loaded.report.teacher_compared == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("maybe", "teacher_label is none of the task's labels"),
        ("", "teacher_label is empty"),
        (3, "teacher_label must be a text"),
    ],
)
def test_unusable_teacher_label_counts_as_disagreement(value: object, reason: str) -> None:
    row = ROW | {"teacher_label": value}

    learned = _load(ROW | {"teacher_label": "contradiction"}, row, labels="teacher")
    assert _dropped(learned) == {reason: ["rows:2"]}
    assert learned.report.teacher_agreement == 0.5

    kept = _load(row, labels="gold")
    assert kept.report.noted[reason].rows == 1
    assert (kept.examples[0].label, kept.report.teacher_agreement) == ("contradiction", 0)
    assert "teacher_agrees" not in kept.examples[0].tags


@pytest.mark.parametrize("labels", ["gold", "teacher"])
def test_wrong_gold_label_drops_the_row_whoever_is_learned(labels: Labels) -> None:
    row = ROW | {"label": "maybe"}

    assert _dropped(_load(row, labels=labels)) == {"label is none of the task's labels": ["rows:1"]}


@pytest.mark.parametrize("labels", ["gold", "teacher"])
def test_row_with_neither_answer_is_something_to_ask(labels: Labels) -> None:
    bare = {"inputs": ROW["inputs"]}

    (question,) = _load(bare, ROW, labels=labels).unanswered

    assert (question.task, question.source, dict(question.inputs)) == ("nli", "rows:1", ROW["inputs"])


def test_row_that_lacks_gold_without_fault_is_left_out_and_not_bad() -> None:
    loaded = _load({"inputs": ROW["inputs"]}, _without("teacher_label"), labels="gold", without_label="no gold: why")

    assert _dropped(loaded) == {}
    assert loaded.report.left_out["no gold: why"].examples == ["rows:1"]
    assert (loaded.report.rows_read, loaded.report.rows_used, loaded.report.dropped_share) == (2, 1, 0)
    loaded.report.check(0)


def test_equations_of_gold_and_teacher_agree_by_value() -> None:
    fields = {"inputs": {"problem": "How many?"}, "label": "( 84.0 / 2.0 )", "teacher_label": "40 + 2"}

    loaded = assemble_rows("rows", find_task("svamp"), [Row("rows:1", fields)], "teacher")

    (example,) = loaded.examples
    assert (example.label, example.gold, example.tags["teacher_agrees"]) == ("40 + 2", "84 / 2", "yes")


def test_what_a_teacher_wrote_besides_is_known_and_not_learned_from() -> None:
    asked_thrice = ROW | {"votes": {"neutral": 3}, "rationales": ["One.", "Two."]}

    assert _load(asked_thrice, labels="teacher").examples == _load(ROW, labels="teacher").examples
