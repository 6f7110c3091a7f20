from __future__ import annotations

import json
from pathlib import Path

import pytest

from student.errors import DataError
from tests.training.data.release_files import write_release
from training.data.release import read_release
from training.data.report import Rejected


def test_parts_are_concatenated_in_numeric_order(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [{"n": n} for n in range(12)], *[[f"output {n}"] for n in range(12)])

    rows = read_release(tmp_path, "cqa", "train")

    assert [row.teacher_output for row in rows] == [f"output {n}" for n in range(12)]
    assert [row.source for row in rows[:2]] == ["cqa/train:0", "cqa/train:1"]


def test_parts_may_differ_in_size_and_be_empty(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [{"n": n} for n in range(4)], ["0", "1", "2"], [], ["3"])

    assert [row.teacher_output for row in read_release(tmp_path, "cqa", "train")] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_rows_are_split_at_newlines_only(tmp_path: Path, separator: str) -> None:
    line = json.dumps({"text": f"a{separator}b"}, ensure_ascii=False)
    write_release(tmp_path, "cqa", [line.encode()], ["output"])

    assert [row.fields for row in read_release(tmp_path, "cqa", "train")] == [{"text": f"a{separator}b"}]


def test_mark_and_carriage_returns_are_tolerated_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [b'\xef\xbb\xbf{"n": 0}\r', b"", b'{"n": 1}\r', b"\r"], ["0", "1"])

    assert [row.fields for row in read_release(tmp_path, "cqa", "train")] == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"n": 1', "line is not JSON"),
        (b"[" * 100_000, "line is not JSON"),
        (b'{"n": "\xff"}', "line is not UTF-8"),
        (b"[1]", "line is a JSON array; write one object a line"),
        (b"[", "line is part of a JSON array; write one object a line"),
        (b"1", "line is not a JSON object"),
    ],
)
def test_broken_line_keeps_its_place_beside_its_teacher_output(tmp_path: Path, line: bytes, reason: str) -> None:
    write_release(tmp_path, "cqa", [{"n": 0}, line, {"n": 2}], ["0", "1", "2"])

    rows = read_release(tmp_path, "cqa", "train")

    assert [row.teacher_output for row in rows] == ["0", "1", "2"]
    assert [row.fields for row in rows] == [{"n": 0}, Rejected(reason), {"n": 2}]
    assert rows[1].source == "cqa/train:1 (line 2)"


def test_counts_that_differ_are_both_named(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [{}, {}, {}], ["0", "1"])

    with pytest.raises(DataError, match=r"3 rows in cqa_train\.json but 2 teacher outputs"):
        read_release(tmp_path, "cqa", "train")


def test_missing_rows_are_named_with_the_layout(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_release(tmp_path, "cqa", "train")

    message = str(caught.value)
    assert str(tmp_path / "cqa_train.json") in message
    assert f"expected the release layout: {tmp_path / 'cqa_train.json'} (one JSON object a line)" in message
    assert str(tmp_path / "palm" / "train_CoT_0.json") in message


def test_empty_rows_file_is_refused(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [], [])

    with pytest.raises(DataError, match="has no rows"):
        read_release(tmp_path, "cqa", "train")


def test_missing_teacher_outputs_are_named_with_the_layout(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [{}])

    with pytest.raises(DataError, match=r"no train_CoT_<k>\.json there; expected the release layout"):
        read_release(tmp_path, "cqa", "train")


def test_missing_part_between_others_is_named(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [{}, {}], ["0"], ["1"], ["2"])
    (tmp_path / "palm" / "train_CoT_1.json").unlink()

    with pytest.raises(DataError, match=r"train_CoT_1\.json: cannot be read"):
        read_release(tmp_path, "cqa", "train")


def test_outputs_of_other_splits_are_left_alone(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [{}], ["test"], split="test")
    write_release(tmp_path, "cqa", [{}], ["train"], split="train")

    assert [row.teacher_output for row in read_release(tmp_path, "cqa", "test")] == ["test"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[", "is not JSON"),
        ('{"0": "a"}', "one JSON list of texts"),
        ('["a", null]', "one JSON list of texts"),
    ],
)
def test_part_that_is_no_list_of_texts_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    write_release(tmp_path, "cqa", [{}], [])
    (tmp_path / "palm" / "train_CoT_0.json").write_text(content, encoding="utf-8")

    with pytest.raises(DataError, match=problem):
        read_release(tmp_path, "cqa", "train")
