from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from benchmarks.noisy_teacher import TASKS, write_gold, write_taught, wrong_answer
from student.answers import concludes_in, same_answer
from student.task import find_task
from training.data.sources import generate_rows, open_source


@pytest.mark.parametrize("task", TASKS)
def test_wrong_answer_is_another_one_and_is_argued_for(task: str) -> None:
    rows, chance = list(generate_rows(task, "train", 200, 0)), random.Random(0)
    for row in rows:
        answer = wrong_answer(row, rows, chance)

        assert not same_answer(find_task(task), answer.label, row.label)
        assert concludes_in(find_task(task), answer.rationale, answer.label)
        assert not row.choices or answer.label in row.choices


def test_wrong_reasoning_on_a_problem_speaks_of_its_own_numbers() -> None:
    rows = list(generate_rows("demo-math", "train", 200, 0))
    (row,) = [row for row in rows if row.label == "20 / 2"][:1]

    answer = wrong_answer(row, rows, random.Random(0))

    assert "20" in answer.rationale and answer.label in {"20 + 2", "20 - 2", "20 * 2", "2 + 20", "2 * 20", "2 - 20"}


def test_choices_change_places_with_their_articles() -> None:
    rows = list(generate_rows("demo-choices", "train", 50, 0))
    (row,) = [row for row in rows if row.choices == ("toy store", "fire station", "airplane")][:1]
    answers = {wrong_answer(row, rows, random.Random(seed)).rationale for seed in range(20)}

    assert any("is a toy store" in text and "cannot be an airplane" in text for text in answers)


def test_row_whose_others_all_say_the_same_is_refused() -> None:
    row = next(generate_rows("demo-nli", "train", 1, 0))

    with pytest.raises(ValueError, match="no other row has another answer"):
        wrong_answer(row, [row], random.Random(0))


@pytest.mark.parametrize("task", TASKS)
def test_teacher_is_wrong_in_the_share_that_is_asked_for(task: str, tmp_path: Path) -> None:
    write_taught(tmp_path / "taught.jsonl", task, 400, 0.25, seed=3)
    write_gold(tmp_path / "test.jsonl", task, "test", 30, seed=3)
    source = open_source(
        f"jsonl:{tmp_path}/taught.jsonl", task=find_task(task), labels="teacher", test=tmp_path / "test.jsonl"
    )

    rows = [*source.load("train").examples, *source.load("validation").examples]

    # 400 draws at a quarter: five deviations of 8.7 rows to either side.
    assert len(rows) == 400
    assert 56 <= sum(row.tags["teacher_agrees"] == "no" for row in rows) <= 144
    assert all(row.rationale is not None for row in rows)
    assert len(source.load("test").examples) == 30


def test_teacher_says_the_same_again(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_taught(tmp_path / name, "demo-nli", 50, 0.25, seed=0)

    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()
    assert {"inputs", "label", "teacher_label", "rationale"} == set(
        json.loads((tmp_path / "one").read_text().splitlines()[0])
    )
