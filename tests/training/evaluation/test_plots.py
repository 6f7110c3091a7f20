from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from tests.training.evaluation.rows import CLOSED, TASKS, TEXT, closed, refused, text
from training.evaluation.bias import bias_figures
from training.evaluation.bias_plots import bias_figure, draw_bias
from training.evaluation.figures import group_figures
from training.evaluation.plots import confusion_figure, draw_evaluation, reliability_figure

PNG = b"\x89PNG\r\n\x1a\n"
OUTCOMES = [
    *[closed("happy", "happy", 0.9)] * 7,
    *[closed("happy", "sad", 0.9)] * 2,
    *[closed("sad", "sad", 0.6)] * 3,
    refused("sad"),
]


@pytest.fixture
def figures() -> dict[str, Any]:
    """As they come out of a JSON file."""
    groups = {"mood": group_figures(CLOSED, OUTCOMES), "mood/kind=new": group_figures(CLOSED, OUTCOMES)}
    groups["sums"] = group_figures(TEXT, [text("1 + 1", "2")])
    loaded: dict[str, Any] = json.loads(json.dumps(groups))
    return loaded


def _heights(axes: Axes, container: int) -> list[float]:
    return [float(bar.get_height()) for bar in axes.containers[container]]


def test_each_task_has_what_it_has_figures_for(figures: dict[str, Any], tmp_path: Path) -> None:
    files = draw_evaluation(tmp_path / "new" / "plots", figures)
    assert [file.name for file in files] == ["reliability_mood.png", "confusion_mood.png"]
    assert sorted(tmp_path.glob("new/plots/*")) == sorted(files)
    for file in files:
        assert file.read_bytes().startswith(PNG)


def test_reliability_diagram_shows_the_bins(figures: dict[str, Any]) -> None:
    calibration = figures["mood"]["calibration"]
    upper, lower = reliability_figure("mood", calibration).axes
    bins = [one for one in calibration["bins"] if one["rows"]]
    assert _heights(upper, 0) == [one["accuracy"] for one in bins] == [1.0, pytest.approx(7 / 9)]
    assert _heights(lower, 0) == [one["rows"] for one in bins] == [3, 9]
    marked = upper.lines[1]
    assert np.asarray(marked.get_xdata()).tolist() == [one["confidence"] for one in bins]
    assert f"ECE {calibration['expected_calibration_error']:.3f}" in upper.get_title()


def test_confusion_matrix_shows_the_counts(figures: dict[str, Any]) -> None:
    confusion = figures["mood"]["confusion"]
    axes = confusion_figure("mood", confusion).axes[0]
    written = [label.get_text().split("\n")[0] for label in axes.texts]
    assert written == [str(count) for row in confusion["counts"] for count in row]
    assert [label.get_text() for label in axes.get_xticklabels()] == confusion["answers"]
    assert [label.get_text() for label in axes.get_yticklabels()] == confusion["gold"]


def test_bias_plot_shows_answers_errors_and_slices(tmp_path: Path) -> None:
    outcomes = [
        *[closed("happy", "sad", teacher="sad", kind="new")] * 3,
        *[closed("happy", "none", teacher="sad", kind="old")] * 1,
        *[closed("happy", "happy", teacher="sad", kind="old")] * 2,
        *[closed("sad", "sad", kind="old")] * 4,
    ]
    figures = json.loads(json.dumps(bias_figures(TASKS, outcomes, ["kind"])))
    shift, errors, slices = bias_figure("mood", figures).axes
    found = figures["mood"]["label_shift"]
    for container, who in enumerate(("gold", "teacher", "student")):
        assert _heights(shift, container) == pytest.approx([10 * count for count in found[who]])
    counted = [label.get_text() for label in errors.texts]
    assert [text for text in counted if text] == ["3", "1", "2", "4"]
    assert _heights(errors, 0) == pytest.approx([50, 0])
    students = slices.containers[1].lines[0]  # type: ignore[attr-defined]
    expected = [100 * figures[name]["student_accuracy"] for name in ("mood", "mood/kind=new", "mood/kind=old")]
    assert np.asarray(students.get_xdata()).tolist() == pytest.approx(expected)
    (file,) = draw_bias(tmp_path / "plots", figures)
    assert file.name == "bias_mood.png"
    assert file.read_bytes().startswith(PNG)


def test_bias_of_free_text_has_no_answers_to_count() -> None:
    figures = bias_figures(TASKS, [text("1 + 1", "3", teacher="3"), text("1 + 1", "2")], [])
    assert len(bias_figure("sums", figures).axes) == 2


def test_many_slices_and_answers_are_cut_and_the_titles_say_so() -> None:
    labels = tuple(f"label{number}" for number in range(25))
    task = CLOSED.model_copy(update={"answer": CLOSED.answer.model_copy(update={"labels": labels})})
    outcomes = []
    for number in range(25):
        row = closed("happy", "happy", kind=str(number))
        example = replace(row.example, gold="label0", label=labels[number])
        outcomes.append(replace(row, example=example, answer=labels[number], correct=number == 0))
    shift, _, slices = bias_figure("mood", bias_figures({"mood": task}, outcomes, ["kind"])).axes
    assert shift.get_title().startswith("first 20 answers")
    assert slices.get_title() == "accuracy where errors are repeated (rows)"
    assert len(slices.get_yticklabels()) == 21
