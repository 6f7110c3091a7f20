from __future__ import annotations

import json
from pathlib import Path

import pytest

from student.errors import DataError
from tests.training.evaluation.rows import closed, refused, text
from training.evaluation.predictions import read_answers, write_predictions


def test_every_row_is_one_line_with_what_there_is_to_know(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    write_predictions(file, [closed("sad", "happy"), text("1 + 1", "2", rationale="Für 2."), refused("sad")])
    first, second, third = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    assert first == {
        "task": "mood",
        "source": "sad-happy",
        "answer": "happy",
        "probabilities": {"happy": 0.8, "sad": pytest.approx(0.1), "none": pytest.approx(0.1)},
        "abstained": False,
        "gold": "sad",
        "correct": False,
        "rationale": None,
        "rationale_agrees": None,
    }
    assert (second["probabilities"], second["correct"], second["rationale"]) == (None, True, "Für 2.")
    assert second["rationale_agrees"] is False
    assert (third["answer"], third["refusal"], third["correct"]) == (None, "too long", False)


def test_answers_are_read_back_without_those_refused(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    write_predictions(file, [closed("sad", "happy"), refused("sad"), text("1 + 1", "2")])
    assert read_answers(file) == {("mood", "sad-happy"): "happy", ("sums", "s"): "2"}


def test_faulty_lines_are_all_counted_under_their_reasons(tmp_path: Path) -> None:
    lines = [
        '{"task": "mood", "source": "a", "answer": "happy"}',
        '{"task": "mood", "source": "a", "answer": "sad"}',
        '{"task": "mood", "answer": "sad"}',
        '{"task": "mood", "source": 5, "answer": "sad"}',
        '{"task": "mood", "source": "b", "answer": 5}',
        "nonsense",
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines))
    with pytest.raises(DataError) as refusal:
        read_answers(tmp_path / "answers.jsonl")
    told = str(refusal.value)
    assert "1 x the row of an earlier line again (line 2)" in told
    assert "2 x task and source must be texts (line 3, 4)" in told
    assert "1 x answer must be a text, or null (line 5)" in told
    assert "1 x line is not JSON (line 6)" in told


def test_missing_file_says_what_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="quickstep evaluate --predictions"):
        read_answers(tmp_path / "none.jsonl")
