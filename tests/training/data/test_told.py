from __future__ import annotations

import json
from pathlib import Path

import pytest

from student.task import find_task
from training.data.report import UnusableRows
from training.data.sources import Source, Split, open_source
from training.data.told import load_told


def _source(folder: Path, bad: int, max_bad_share: float) -> Source:
    rows = [{"inputs": {"problem": f"Problem {row}?"}, "label": str(row)} for row in range(30)]
    content = [*map(json.dumps, rows), *(["{}"] * bad)]
    (folder / "rows.jsonl").write_text("\n".join(content), encoding="utf-8")
    return open_source(f"jsonl:{folder}/rows.jsonl", task=find_task("svamp"), max_bad_share=max_bad_share)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_dropped_rows_are_told(tmp_path: Path, split: Split) -> None:
    told: list[str] = []

    loaded = load_told(_source(tmp_path, bad=3, max_bad_share=0.2), split, told.append)

    (report,) = told
    assert report.startswith("rows.jsonl: 33 rows read, 30 used") and "3 dropped (9.1%)" in report
    assert loaded.report.rows_dropped == 3 and loaded.examples


def test_nothing_is_told_where_nothing_was_dropped(tmp_path: Path) -> None:
    told: list[str] = []

    assert len(load_told(_source(tmp_path, bad=0, max_bad_share=0), "test", told.append).examples) == 30
    assert told == []


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_too_many_unusable_rows_are_refused_in_every_split(tmp_path: Path, split: Split) -> None:
    with pytest.raises(UnusableRows, match=r"3 of 33 rows cannot be used \(9\.1%; at most 5\.0% allowed"):
        load_told(_source(tmp_path, bad=3, max_bad_share=0.05), split, lambda report: None)
