from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.small import recipe
from training.config import SourceConfig
from training.experiment.plan import Cell, Run
from training.experiment.plots import plot_least, plot_over_data, plot_over_size
from training.experiment.results import (
    CellResult,
    half_width,
    least_that_beats,
    summarise_cells,
)
from training.experiment.run import Measured, RunResult, experiment_rows
from training.experiment.sources import TeacherResult
from training.experiment.tables import as_csv, markdown

CONFIG = recipe(SourceConfig(source="demo-nli", rows=3))
CELL = Cell("standard", "tiny", "", 0.0, 0.5)


def _result(accuracy: float, seed: int, cell: Cell = CELL, rows: int = 100) -> RunResult:
    run = Run(f"run-s{seed}", cell, seed, CONFIG)
    return RunResult(run, None, (Measured("mood", "validation", 40, 39, accuracy),), 1000, rows, 2.0)


def test_half_width_is_students_t() -> None:
    # 1, 2, 3: deviation 1, quantile 4.303 for two degrees of freedom.
    assert half_width([1, 2, 3]) == pytest.approx(4.303 / 3**0.5)
    assert half_width([0.5] * 40) == 0
    assert half_width([0.5]) is None
    # 39 degrees of freedom: quantile 2.0227.
    assert half_width([0.0, 1.0] * 20) == pytest.approx(2.0227 * 0.506370 / 40**0.5, rel=1e-4)


def test_cells_are_means_over_seeds() -> None:
    (cell,) = summarise_cells([_result(0.5, 0), _result(0.7, 1, rows=103)])
    assert (cell.cell, cell.task, cell.split, cell.seeds, cell.rows) == (CELL, "mood", "validation", 2, 40)
    assert cell.answered == 39
    assert cell.accuracy == pytest.approx(0.6)
    assert cell.half_width == pytest.approx(12.706 * 0.1, rel=1e-6)
    assert cell.training_rows == 102


def test_cell_without_a_student_has_its_reason() -> None:
    failed = replace(_result(0, 0), measured=(), reason="esnli: has no teacher")
    cells = summarise_cells([failed, _result(0.5, 0, replace(CELL, fraction=1.0))])
    assert [(cell.accuracy, cell.reason) for cell in cells] == [(0.5, None), (None, "esnli: has no teacher")]
    text = markdown(cells, [], [])
    assert "n/a: esnli: has no teacher" in text
    assert experiment_rows([failed])[0]["accuracy"] is None


def _cells() -> list[CellResult]:
    cells = []
    for student, parameters in (("tiny", 1000), ("mini", 9000)):
        for method, gain in (("standard", 0.0), ("step-by-step", 0.1)):
            for fraction, accuracy in ((0.25, 0.5), (0.5, 0.6), (1.0, 0.7)):
                cell = Cell(method, student, "", 0.0, fraction)
                cells.append(
                    CellResult(
                        *(cell, "mood", "test", 3, accuracy + gain + parameters / 1e6),
                        half_width=0.02,
                        rows=40,
                        training_rows=int(400 * fraction),
                        parameters=parameters,
                    )
                )
    return cells


TEACHERS = [TeacherResult("", "mood", "test", 40, 0.705)]


def test_least_that_beats_the_teacher_is_the_smallest_part_of_the_data() -> None:
    found = {(one.student, one.method): one for one in least_that_beats(_cells(), TEACHERS)}
    assert found["tiny", "standard"].training_rows is None
    assert found["mini", "standard"].training_rows == 400
    assert found["mini", "step-by-step"].fraction == 0.5
    assert found["tiny", "step-by-step"].fraction == 1.0


def test_equal_to_the_teacher_does_not_beat_it() -> None:
    cell = replace(_cells()[0], accuracy=0.705)
    assert least_that_beats([cell], TEACHERS)[0].training_rows is None


def test_each_students_own_teacher_is_what_it_has_to_beat() -> None:
    cells = [replace(cell, cell=replace(cell.cell, teacher=name)) for cell in _cells()[:3] for name in ("good", "poor")]
    teachers = [TeacherResult("good", "mood", "test", 40, 0.99), TeacherResult("poor", "mood", "test", 40, 0.1)]
    found = {one.teacher: one.training_rows for one in least_that_beats(cells, teachers)}
    assert found == {"good": None, "poor": 100}
    assert least_that_beats(cells, teachers[::-1]) == least_that_beats(cells, teachers)


def test_weights_are_not_chosen_by_what_they_score() -> None:
    cells = [replace(cell, cell=replace(cell.cell, rationale_weight=w)) for cell in _cells()[:3] for w in (0.5, 1.0)]
    assert [one.rationale_weight for one in least_that_beats(cells, TEACHERS)] == [0.5, 1.0]


def test_without_a_teacher_nothing_is_beaten() -> None:
    assert least_that_beats(_cells(), []) == []


def test_markdown_has_a_row_a_method_and_the_teacher_last() -> None:
    lines = markdown(_cells(), TEACHERS, least_that_beats(_cells(), TEACHERS)).splitlines()
    assert lines[0] == "## mood, test (40 rows)"
    assert lines[2] == "| student | teacher | method | λ | 25 % | 50 % | 100 % |"
    assert lines[4] == "| tiny | - | standard | 0 | 50.1 ± 2.0 | 60.1 ± 2.0 | 70.1 ± 2.0 |"
    assert lines[8] == "| teacher | - | few-shot | - | | | 70.5% |"
    assert "| mood | test | tiny | 1,000 | standard | 0 |  70.5% | none |" in lines


def test_every_row_of_a_markdown_table_has_the_columns_of_its_head() -> None:
    blocks = markdown(_cells(), TEACHERS, least_that_beats(_cells(), TEACHERS)).split("\n\n")
    for block in blocks:
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) <= 1


def test_csv_has_a_line_for_each_cell() -> None:
    rows = list(csv.DictReader(as_csv(_cells()).splitlines()))
    assert len(rows) == 12
    assert (rows[0]["method"], rows[0]["fraction"], rows[0]["reason"]) == ("standard", "0.25", "")
    assert float(rows[0]["accuracy"]) == pytest.approx(0.501)


def test_plots_are_pictures(tmp_path: Path) -> None:
    cells = _cells()
    plot_over_data(tmp_path / "data.png", cells, TEACHERS, "test")
    plot_over_size(tmp_path / "size.png", cells, TEACHERS, "test")
    plot_least(tmp_path / "least.png", least_that_beats(cells, TEACHERS), "test")
    for name in ("data", "size", "least"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_plots_of_nothing_are_empty_pictures(tmp_path: Path) -> None:
    plot_over_data(tmp_path / "data.png", [], [], "test")
    plot_over_size(tmp_path / "size.png", [], [], "test")
    plot_least(tmp_path / "least.png", [], "test")
    assert (tmp_path / "least.png").read_bytes().startswith(b"\x89PNG")
