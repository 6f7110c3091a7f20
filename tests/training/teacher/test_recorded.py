from __future__ import annotations

import json
from pathlib import Path

import pytest

from student.errors import DataError
from tests.training.data.release_files import write_release
from training.teacher.base import Ask, Refusal, Reply
from training.teacher.recorded import NO_SAMPLE, Recorded


def lines(folder: Path, *content: object) -> Path:
    path = folder / "recorded.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in content))
    return path


def test_outputs_belong_to_the_rows_at_their_place(tmp_path: Path) -> None:
    path = lines(tmp_path, {"text": "a"}, {"text": "b", "finish": "length"}, {"texts": ["c", "d"]})

    replies = Recorded(path, 3, None).ask([Ask("z", 2, 1), Ask("x", 1, 0), Ask("y", 0, 1)])

    assert replies == [Reply("d"), Reply("b", "length"), Refusal(NO_SAMPLE)]


def test_folder_of_the_release_is_read_in_numeric_order(tmp_path: Path) -> None:
    write_release(tmp_path, "cqa", [], *[[f"o{n}"] for n in range(11)])

    recorded = Recorded(tmp_path / "palm", 11, "train")

    assert recorded.ask([Ask("k", n, 0) for n in (0, 2, 10)]) == [Reply("o0"), Reply("o2"), Reply("o10")]
    with pytest.raises(DataError, match="whose input is <dataset>:<folder>"):
        Recorded(tmp_path / "palm", 11, None)


def test_other_outputs_are_another_run(tmp_path: Path) -> None:
    identities = []
    for content in ({"text": "a"}, {"text": "b"}, {"text": "a", "finish": "length"}):
        identities.append(Recorded(lines(tmp_path, content), 1, None).identity)

    assert len({str(identity) for identity in identities}) == 3


def test_counts_that_differ_are_both_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 outputs for 2 rows"):
        Recorded(lines(tmp_path, {"text": "a"}), 2, None)


def test_all_lines_without_output_are_named(tmp_path: Path) -> None:
    wrong = [{}, "x", {"text": 5}, {"texts": "x"}, {"texts": [1]}, {"text": "a", "texts": ["b"]}]

    with pytest.raises(DataError, match="line 2, 3, 4, 5, 6 and 1 more: hold no raw output; expected a folder"):
        Recorded(lines(tmp_path, {"text": "a"}, *wrong), 7, None)
