from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.training.evaluation.rows import CHOICES, CLOSED, TEXT, choice, closed, refused, text
from training.evaluation.figures import group_figures
from training.evaluation.text import as_text


def test_closed_labels_have_figures_by_label_and_calibration() -> None:
    outcomes = [closed("happy", "happy"), closed("happy", "sad"), closed("sad", "sad"), refused("sad")]
    figures = group_figures(CLOSED, outcomes)
    assert (figures["kind"], figures["rows"], figures["refused_rows"], figures["accuracy"]) == ("closed", 4, 1, 0.5)
    assert figures["accuracy_interval"] == pytest.approx((0.15, 0.85), abs=0.001)
    assert set(figures["labels"]) == {"happy", "sad", "none"}
    assert figures["labels"]["happy"]["recall"] == 0.5
    assert figures["confusion"]["counts"] == ((1, 1, 0, 0), (0, 1, 0, 1), (0, 0, 0, 0))
    assert figures["calibration"]["rows"] == 3
    assert not {"abstention", "rationales", "rationale_agreement", "exact", "against"} & set(figures)


def test_choices_have_calibration_but_no_labels() -> None:
    figures = group_figures(CHOICES, [choice("zoo", "zoo", ("zoo", "park")), choice("park", "zoo", ("zoo", "park"))])
    assert (figures["kind"], figures["accuracy"], figures["calibration"]["rows"]) == ("choices", 0.5, 2)
    assert not {"labels", "confusion", "macro_f1", "exact", "parses"} & set(figures)


def test_free_text_tells_the_same_text_the_same_value_and_what_reads_as_an_equation_apart() -> None:
    answers = ("5 - 2", "2 + 1", "5 + 2", "many")
    figures = group_figures(TEXT, [text("5 - 2", answer) for answer in answers])
    assert (figures["accuracy"], figures["exact"], figures["parses"]) == (0.5, 0.25, 0.75)
    assert not {"labels", "calibration"} & set(figures)


def test_selective_accuracy_is_over_the_rows_answered() -> None:
    outcomes = [closed("sad", "sad"), closed("sad", "sad"), closed("sad", "happy"), refused("sad")]
    outcomes[2] = replace(outcomes[2], abstained=True)
    found = group_figures(CLOSED, outcomes, threshold=0.7)["abstention"]
    assert (found["threshold"], found["answered_rows"], found["coverage"]) == (0.7, 2, 0.5)
    assert found["selective_accuracy"] == 1.0
    none_left = group_figures(CLOSED, [replace(outcomes[0], abstained=True)], threshold=0.7)["abstention"]
    assert (none_left["coverage"], none_left["selective_accuracy"]) == (0.0, None)


def test_figures_are_plain_json() -> None:
    figures = group_figures(TEXT, [text("1 + 1", "2", rationale="The answer is 2.")])
    assert json.loads(json.dumps(figures))["rationale_agreement"] == 1.0


def test_text_tells_what_the_figures_hold() -> None:
    outcomes = [closed("happy", "happy"), closed("happy", "sad"), closed("sad", "sad"), refused("sad")]
    told = as_text({"mood": group_figures(CLOSED, outcomes, threshold=0.7)})
    assert "4 rows   accuracy  50.00% (15.0 to 85.0)" in told
    assert "refused: 1 rows, counted as wrong" in told
    assert ["happy", "100.0", "%", "50.0", "%", "66.7", "%", "2", "1"] in [line.split() for line in told.splitlines()]
    assert "(refused)" in told
    assert "abstains below 0.700: answers 75.0 % of the rows, of those right 66.7 %" in told
    rationales = as_text({"sums": group_figures(TEXT, [text("1 + 1", "2", rationale="The answer is 2.")])})
    assert "rationale agrees 100.00%" in rationales
    assert "no teacher's rationales to compare with" in rationales


@pytest.mark.parametrize(("labels", "by_label"), [(10, True), (11, True), (30, True), (31, False)])
def test_many_labels_do_not_fill_the_screen(labels: int, by_label: bool) -> None:
    names = tuple(f"label{number}" for number in range(labels))
    task = CLOSED.model_copy(update={"answer": CLOSED.answer.model_copy(update={"labels": names})})
    row = replace(closed("happy", "happy"), answer="label1")
    told = as_text({"mood": group_figures(task, [replace(row, example=replace(row.example, gold="label0"))])})
    assert ("-> label1" in told) is (labels <= 10)
    assert ("confusion matrix: in --json, and drawn by --plots" in told) is (labels > 10)
    assert ("precision" in told) is by_label
    assert (f"figures by label: {labels} labels, in --json" in told) is not by_label
