from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from student.answers import conclusion
from student.errors import DataError
from student.task import find_task
from tests.training.data.real_data import real_dataset
from training.data import esnli
from training.data.loaded import Loaded
from training.data.sources import open_source

ROW: dict[str, Any] = {
    "premise": "A man does n't wear his `` hat '' , it seems .",
    "hypothesis": "His head is bare .",
    "label": "neutral",
    "explanations": [" ", "it may be a cap ;  not a hat .", "other"],
}


def _load(folder: Path, *rows: dict[str, Any] | str) -> Loaded:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "esnli_valid.json").write_text("\n".join(lines))
    return esnli.load(folder, "valid")


def test_row_has_the_first_explanation_as_rationale_that_ends_in_the_label(tmp_path: Path) -> None:
    (example,) = _load(tmp_path, ROW).examples

    assert example.inputs == {
        "premise": 'A man doesn\'t wear his "hat", it seems.',
        "hypothesis": "His head is bare.",
    }
    assert example.rationale == "it may be a cap; not a hat. So the answer is neutral."
    assert (example.task, example.label, example.gold, example.source) == ("esnli", "neutral", None, "esnli/valid:0")
    assert example.rationale_by == "human"


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("it is n't the man 's , is it ?", "it isn't the man's, is it?"),
        ("they 're here ( all of them . )", "they're here (all of them.)"),
        ("he said `` no . ''", 'he said "no."'),
        ("he said `` no '' .", 'he said "no".'),
        ("a 2 - 3 t-shirt & 50 %", "a 2 - 3 t-shirt & 50%"),
        ("the boys ' toys", "the boys ' toys"),
        ("Wait ... what", "Wait... what"),
        ("as it was", "as it was"),
    ],
)
def test_tokens_are_joined_where_that_takes_no_guessing(tokens: str, text: str) -> None:
    assert esnli.untokenised(tokens) == text
    assert esnli.untokenised(text) == text


def test_explanation_without_stop_gets_one(tmp_path: Path) -> None:
    (example,) = _load(tmp_path, ROW | {"explanations": ["a cap is no hat"]}).examples

    assert example.rationale == "a cap is no hat. So the answer is neutral."


@pytest.mark.parametrize("explanations", [[], ["", " "]])
def test_row_without_explanation_has_no_rationale(tmp_path: Path, explanations: list[str]) -> None:
    loaded = _load(tmp_path, ROW | {"explanations": explanations})

    assert loaded.examples[0].rationale is None
    assert loaded.report.noted["rationale is missing"].rows == 1


def test_repeated_explanation_is_noted(tmp_path: Path) -> None:
    report = _load(tmp_path, ROW | {"explanations": ["same .", "same .", "x"]}).report

    assert report.noted[esnli.EXPLANATION_REPEATED].rows == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "line is not JSON"),
        (ROW | {"label": "-"}, "label is none of the task's labels"),
        (ROW | {"label": 1}, "label must be a text"),
        (ROW | {"explanations": [1]}, "explanations must be a list of texts"),
        (ROW | {"premise": None}, "inputs.premise must be a text"),
        ({"premise": "a", "label": "neutral"}, "inputs.hypothesis is missing; task 'esnli' takes premise, hypothesis"),
    ],
)
def test_unusable_row_is_dropped_by_reason(tmp_path: Path, row: dict[str, Any] | str, reason: str) -> None:
    loaded = _load(tmp_path, row, ROW)

    assert {name: tally.rows for name, tally in loaded.report.dropped.items()} == {reason: 1}
    assert [example.source for example in loaded.examples] == ["esnli/valid:1"]


def test_teacher_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gold labels do not stand in for a teacher"):
        esnli.load(tmp_path, "valid", labels="teacher")


def test_missing_file_is_refused_with_the_layout(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"esnli_test\.json: cannot be read .* expected one JSON object a line"):
        esnli.load(tmp_path, "test")


def test_rows_of_one_premise_are_all_trained_or_all_validated_on(tmp_path: Path) -> None:
    rows = [ROW | {"premise": f"Premise {row // 3} .", "hypothesis": f"It is {row} ."} for row in range(300)]
    _load(tmp_path, *rows)
    source = open_source(f"esnli:{tmp_path}", validation_share=0.2)

    training, validation = ({row.inputs["premise"] for row in source.load(part).examples} for part in _PARTS)

    assert len(training) + len(validation) == 100
    assert not training & validation
    assert 5 < len(validation) < 40


_PARTS: tuple[Any, ...] = ("train", "validation")


@cache
def _real(split: str) -> Loaded:
    return esnli.load(real_dataset("esnli"), split)


@pytest.mark.parametrize(("split", "rows", "repeated"), [("valid", 9842, 86), ("test", 7824, 79)])
def test_real_rows_are_all_used_with_a_rationale(split: str, rows: int, repeated: int) -> None:
    report = _real(split).report

    assert (report.rows_read, report.rows_used, report.rows_with_rationale) == (rows, rows, rows)
    assert report.noted[esnli.EXPLANATION_REPEATED].rows == repeated


def test_real_rationales_conclude_with_the_label() -> None:
    task = find_task("esnli")
    for example in _real("valid").examples:
        assert example.rationale is not None
        assert conclusion(task, example.rationale) == example.label


def test_real_texts_keep_no_quote_tokens_and_no_space_before_a_stop() -> None:
    texts = [text for row in _real("valid").examples for text in (*row.inputs.values(), row.rationale or "")]
    left = Counter(token for text in texts for token in text.split() if token in ("``", "''", ".", ",", "?", "n't"))

    assert sum(left.values()) <= 5


def test_real_premises_come_about_three_times_and_are_not_divided() -> None:
    source = open_source(f"esnli:{real_dataset('esnli')}")

    training, validation = ({row.inputs["premise"] for row in source.load(part).examples} for part in _PARTS)

    assert not training & validation
    assert len(training) + len(validation) == pytest.approx(9842 / 3, rel=0.02)
