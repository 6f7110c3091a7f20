"""Real data's way through training, export and server, with a release of a few made-up rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import real_data
from benchmarks.machine import ROOT
from training.config import TrainConfig
from training.data.example import Example
from training.scoring import TorchStudent

TRAIN_ROWS, TEST_ROWS = 40, 6


def _write(folder: Path, dataset: str, rows: list[dict[str, object]], taught: list[str], split: str) -> None:
    (folder / "palm").mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{dataset}_{split}.json").write_text(lines, encoding="utf-8")
    (folder / "palm" / f"{split}_CoT_0.json").write_text(json.dumps(taught), encoding="utf-8")


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both datasets; the first test row of svamp is far over its token limit."""
    folder = tmp_path_factory.mktemp("datasets")
    things = ["milk", "bread", "books", "shoes", "coins"]
    for split, count in (("train", TRAIN_ROWS), ("test", TEST_ROWS)):
        cqa: list[dict[str, object]] = [
            {"id": str(i), "question": f"Which is number {i}?", "choices": things, "answer": things[i % 5]}
            for i in range(count)
        ]
        taught = [f"It is in its place. So the answer is ({'abcde'[i % 5]}) {things[i % 5]}." for i in range(count)]
        _write(folder / "cqa", "cqa", cqa, taught, split)
        svamp: list[dict[str, object]] = [
            {"input": f"Ann had {i} books and got 2.\nHow many?", "label": f"( {i}.0 + 2.0 )"} for i in range(count)
        ]
        if split == "test":
            svamp[0]["input"] = "many words " * 400
        taught = [f"Ann had {i} and got 2. The answer is ({i} + 2)." for i in range(count)]
        _write(folder / "svamp", "svamp", svamp, taught, split)
    return folder


@pytest.fixture(scope="module")
def finished_run(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("real") / "run"
    results = output.parent / "results"
    with pytest.MonkeyPatch.context() as patch:
        real = real_data.recipe_of

        def tiny(folder: Path, steps: int, rows: int | None) -> TrainConfig:
            # One validation: the trainer warns of checkpoints that are less than a second apart.
            changes = {"preset": "tiny", "bf16": False, "threads": 1, "validate_every": steps}
            return real(folder, steps, rows).model_copy(update=changes)

        patch.setattr(real_data, "recipe_of", tiny)
        arguments = ["--datasets", str(datasets), "--steps", "4", "--output", str(output), "--results", str(results)]
        assert real_data.main(arguments) == 0
    return output


def _rows(folder: Path) -> Any:
    text = (folder / "real_data.json").read_text(encoding="utf-8")
    assert str(ROOT) not in text and str(folder) not in text and "Ann had" not in text
    return json.loads(text)["rows"]


def test_every_row_is_answered_or_refused_with_reason(finished_run: Path) -> None:
    cqa, svamp = _rows(finished_run.parent / "results")
    assert cqa["test_rows"] == cqa["rows_sent"] == cqa["predict_answered"] == cqa["explain_answered"] == TEST_ROWS
    assert cqa["chance_percent"] == 20.0 and cqa["teacher_agreement_percent"] == 100.0
    assert svamp["rows_sent"] == TEST_ROWS and svamp["predict_answered"] == TEST_ROWS - 1
    assert svamp["replies_refused_over_limit"] == 2 and svamp["replies_unanswered"] == 0
    assert svamp["chance_percent"] == 0.0
    assert (finished_run.parent / "results" / "real_data.png").is_file()


def test_answer_that_differs_from_pytorch_fails_the_run(
    finished_run: Path, datasets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(original: TorchStudent, examples: list[Example]) -> dict[str, str]:
        return {row.source: "something else" if row.source == "cqa/test:3" else "" for row in examples[3:4]}

    monkeypatch.setattr(real_data, "_torch_answers", other)
    arguments = ["--datasets", str(datasets), "--from-run", str(finished_run), "--results", str(tmp_path)]
    assert real_data.main(arguments) == 1
    rows = _rows(tmp_path)
    assert [row["source"] for row in rows if "source" in row] == ["cqa/test:3"]
    assert sum(row.get("rows_differing_from_torch", 0) for row in rows) == 1
