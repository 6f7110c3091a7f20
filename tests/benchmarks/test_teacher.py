from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import dataset_folders, teacher
from tests.training.data.release_files import write_release


def write_releases(folder: Path) -> None:
    cqa = {"question": "Where?", "choices": ["a", "b", "c", "d", "e"], "answer": "b", "id": "1"}
    svamp = {"input": "How many?", "label": "( 6.0 * 7.0 )"}
    anli = {"premise": "A dog.", "hypothesis": "A cat.", "label": 2, "uid": "1"}
    outputs: dict[str, tuple[dict[str, Any] | bytes, list[str], str]] = {
        "cqa": (cqa, ["R. So the answer is (b) b.", "R. So the answer is (b) c.", "Hm."], "train"),
        "svamp": (
            svamp,
            ["R. The answer is (6 * 7).", "R. The answer is (6 * 8) - 6.", "R. The answer is x."],
            "train",
        ),
        "anli1": (anli, ["R. So the answer is contradiction."] * 2 + ["R. So the answer is not neutral."], "valid"),
    }
    for name, (row, raws, first) in outputs.items():
        (folder / name).mkdir()
        for split in (first, "test"):
            write_release(folder / name, name, [row] * 3, raws, split=split)


def test_every_split_is_replayed_and_both_readings_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_releases(tmp_path)

    assert teacher.main(["--datasets", str(tmp_path), "--results", str(tmp_path / "results")]) == 0

    content = json.loads((tmp_path / "results" / "teacher.json").read_text(encoding="utf-8"))
    assert str(tmp_path) not in json.dumps(content)
    agreement = [row for row in content["rows"] if row["part"] == "agreement"]
    assert [(row["dataset"], row["split"]) for row in agreement] == [(s.source, s.split) for s in teacher.SPLITS]
    assert [(row["agreement_percent"], row["agreement_as_released_percent"]) for row in agreement[::2]] == [
        *((66.67, 33.33), (66.67, 33.33), (66.67, 66.67))
    ]
    assert all((row["rows"], row["labelled"], row["rejected"]) == (3, 2, 1) for row in agreement)
    rejected = [row for row in content["rows"] if row["part"] == "rejected"]
    assert [row["reason"] for row in rejected][::2] == [
        "teacher states no conclusion",
        "teacher's equation is not plain arithmetic",
        "teacher says what the answer is not",
    ]
    assert "teacher.json written" in capsys.readouterr().out


@pytest.mark.parametrize("given", [True, False])
def test_datasets_that_are_not_there_are_named(
    given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(dataset_folders.VARIABLE, raising=False)
    with pytest.raises(SystemExit):
        teacher.main(["--datasets", str(tmp_path)] if given else [])
    assert ("holds no anli1/, cqa/, svamp/" if given else "say where the datasets are") in capsys.readouterr().err
