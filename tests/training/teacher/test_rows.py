from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from student.errors import DataError
from student.task import find_task
from tests.training.data.release_files import write_release
from training.teacher.rows import InputRow, Rows, UnusableRow, input_files, read_input, split_of


def read(folder: Path, rows: Sequence[dict[str, Any] | str], task: str = "cqa") -> Rows:
    path = folder / "rows.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return read_input(str(path), task=find_task(task))


def test_rows_keep_their_order_and_the_gold_label_in_the_form_of_the_task(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        [
            {"inputs": {"question": "x?"}, "choices": ["a  b", "c"], "label": "a b", "id": 7},
            {"inputs": {"question": "y?"}, "choices": ["c", "d"], "extra": "ignored"},
        ],
    ).rows

    first, second = (row for row in rows if isinstance(row, InputRow))
    assert (first.choices, first.gold, first.id, first.source) == (("a b", "c"), "a b", "7", "rows.jsonl:1")
    assert (second.gold, second.gold_problem, second.id) == (None, None, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "line is not JSON"),
        ({}, "inputs must be an object with the task's fields"),
        ({"inputs": {"question": "x?"}, "choices": "ab"}, "choices must be a list of texts"),
        ({"inputs": {"question": " "}, "choices": ["a", "b"]}, "inputs.question is empty"),
        ({"inputs": {"question": "x?"}}, "choices 0 given; task 'cqa' takes 2 to 10"),
    ],
)
def test_row_that_cannot_be_asked_about_has_a_reason_and_keeps_its_place(
    tmp_path: Path, row: dict[str, Any] | str, reason: str
) -> None:
    good = {"inputs": {"question": "x?"}, "choices": ["a", "b"]}

    rows = read(tmp_path, [good, row, good]).rows

    assert rows[1] == UnusableRow("rows.jsonl:2", reason)
    assert [isinstance(row, InputRow) for row in rows] == [True, False, True]


@pytest.mark.parametrize(
    ("task", "label", "problem"),
    [
        ("svamp", "x + 1", "label is not plain arithmetic"),
        ("esnli", "maybe", "label is none of the task's labels"),
        ("esnli", 1, "label must be a text"),
        ("esnli", " ", "label is empty"),
    ],
)
def test_gold_label_that_cannot_be_read_is_told_and_the_row_is_asked(
    tmp_path: Path, task: str, label: object, problem: str
) -> None:
    inputs = {field: "x" for field in find_task(task).fields}

    (row,) = read(tmp_path, [{"inputs": inputs, "label": label}], task).rows

    assert isinstance(row, InputRow) and (row.gold, row.gold_problem) == (None, problem)


def test_key_is_of_the_question_alone_and_repeated_questions_have_one_each(tmp_path: Path) -> None:
    one = {"inputs": {"question": "x?"}, "choices": ["a", "b"]}
    rows = [one, {**one, "label": "a", "id": "5"}, {**one, "choices": ["b", "a"]}]

    keys = [row.key for row in read(tmp_path, rows).rows if isinstance(row, InputRow)]
    again = [row.key for row in read(tmp_path, rows[::-1]).rows if isinstance(row, InputRow)]

    assert len(set(keys)) == 3 and set(keys) == set(again)
    assert keys[0].partition("-")[0] == keys[1].partition("-")[0] != keys[2].partition("-")[0]


def test_rows_of_the_release_need_no_teacher(tmp_path: Path) -> None:
    row = {"uid": "u1", "premise": "A dog.", "hypothesis": "A cat.", "label": 2}
    write_release(tmp_path, "anli1", [row], split="valid")

    (read_row,) = read_input(f"anli:{tmp_path}").rows

    assert isinstance(read_row, InputRow)
    assert (read_row.gold, read_row.id, read_row.source) == ("contradiction", "u1", "anli1/valid:0")
    assert split_of(f"anli:{tmp_path}", None) == "valid" and split_of("rows.jsonl", None) is None


def test_release_and_lines_may_have_a_prefix_and_files_are_known(tmp_path: Path) -> None:
    read(tmp_path, [{"inputs": {"question": "x?"}, "choices": ["a", "b"]}])

    assert len(read_input(f"jsonl:{tmp_path}/rows.jsonl", task=find_task("cqa")).rows) == 1
    assert (
        input_files(f"jsonl:{tmp_path}/rows.jsonl") == input_files(f"{tmp_path}/rows.jsonl") == tmp_path / "rows.jsonl"
    )
    assert input_files(f"cqa:{tmp_path}") == tmp_path


@pytest.mark.parametrize(
    ("spec", "settings", "problems"),
    [
        ("rows.jsonl", {}, ["say which task its rows are of: --task"]),
        ("rows.jsonl", {"split": "test"}, ["--task", "leave --split out"]),
        ("cqa:x", {"split": "valid", "task": find_task("esnli")}, ["not one of train, test", "leave --task out"]),
        ("anli:x", {"split": "train"}, ["not one of valid, test"]),
        ("svamp:", {}, ["must be written as svamp:<folder>"]),
        ("missing.jsonl", {"task": find_task("cqa")}, ["cannot be read"]),
        ("cqa:missing", {}, ["cannot be read", "the release layout"]),
    ],
)
def test_wrong_input_is_told_with_all_its_problems(spec: str, settings: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read_input(spec, **settings)
    assert all(problem in str(caught.value) for problem in problems)


def test_first_rows_say_how_many_they_leave_out(tmp_path: Path) -> None:
    rows = read(tmp_path, [{"inputs": {"question": f"{n}?"}, "choices": ["a", "b"]} for n in range(5)])

    assert (len(rows.first(2).rows), rows.first(2).left_out) == (2, 3)
    assert (len(rows.first(10**9).rows), rows.first(10**9).left_out) == (5, 0)
    assert rows.first(None) == rows
