from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student.errors import DataError
from student.task import Task, find_task, parse_task
from training.data import jsonl
from training.data.rows import KEYS

NLI = parse_task(
    "name: nli\ntemplate: 'premise: {premise} hypothesis: {hypothesis}'\n"
    "answer: {kind: closed, labels: [entailment, neutral, contradiction]}",
    origin="test",
)
CQA = find_task("cqa")
SVAMP = find_task("svamp")
ROW: dict[str, Any] = {
    "inputs": {"premise": "A man sleeps.", "hypothesis": "He is awake."},
    "label": "contradiction",
    "rationale": "Who sleeps is not awake. So the answer is contradiction.",
}
CHOICE_ROW: dict[str, Any] = {
    "inputs": {"question": "Where is milk kept?"},
    "choices": ["garage", "fridge"],
    "label": "fridge",
    "rationale": "It must be cold. So the answer is fridge.",
}


def _write(folder: Path, *lines: dict[str, Any] | bytes) -> Path:
    path = folder / "rows.jsonl"
    encoded = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(encoded))
    return path


def _counts(path: Path, task: Task) -> tuple[dict[str, int], dict[str, int]]:
    report = jsonl.load(path, task).report
    return (
        {reason: tally.rows for reason, tally in report.dropped.items()},
        {reason: tally.rows for reason, tally in report.noted.items()},
    )


def test_row_becomes_an_example(tmp_path: Path) -> None:
    loaded = jsonl.load(_write(tmp_path, ROW | {"id": 17}), NLI)

    (example,) = loaded.examples
    assert (example.task, example.source, example.label) == ("nli", "rows.jsonl:1", "contradiction")
    assert example.inputs == ROW["inputs"]
    assert example.rationale == ROW["rationale"]
    assert example.tags == {"id": "17"}
    assert loaded.report.noted == {}


def test_choices_and_label_are_normalised(tmp_path: Path) -> None:
    row = CHOICE_ROW | {"choices": ["the  garage", " fridge"], "label": "fridge "}

    (example,) = jsonl.load(_write(tmp_path, row), CQA).examples

    assert (example.choices, example.label) == (("the garage", "fridge"), "fridge")


def test_equation_label_is_canonical(tmp_path: Path) -> None:
    row = {
        "inputs": {"problem": "How many?"},
        "label": "( 84.0 / 2.0 )",
        "rationale": "The answer is (126 / 3).",
    }

    loaded = jsonl.load(_write(tmp_path, row), SVAMP)

    assert loaded.examples[0].label == "84 / 2"
    assert loaded.report.noted == {}


def test_mark_carriage_returns_and_blank_lines_are_tolerated_and_numbers_are_of_the_file(
    tmp_path: Path,
) -> None:
    line = json.dumps(ROW).encode()

    loaded = jsonl.load(_write(tmp_path, b"\xef\xbb\xbf" + line + b"\r", b"\r", line + b"\r", b""), NLI)

    assert [example.source for example in loaded.examples] == ["rows.jsonl:1", "rows.jsonl:3"]


@pytest.mark.parametrize("line", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_file_without_rows_is_refused(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(DataError, match="has no rows; expected one JSON object a line"):
        jsonl.load(_write(tmp_path, line), NLI)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl: cannot be read"):
        jsonl.load(tmp_path / "none.jsonl", NLI)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "line is not JSON"),
        (b"\xff{}", "line is not UTF-8"),
        (b'"text"', "line is not a JSON object"),
        ({"label": "neutral"}, "inputs must be an object with the task's fields"),
        (
            {"premise": "flat", "hypothesis": "form", "label": "neutral"},
            "inputs must be an object with the task's fields",
        ),
        (
            ROW | {"inputs": {"premise": "a"}},
            "inputs.hypothesis is missing; task 'nli' takes premise, hypothesis",
        ),
        (
            ROW | {"inputs": ROW["inputs"] | {"x": "y"}},
            "inputs has 1 unknown field(s); task 'nli' takes premise, hypothesis",
        ),
        (ROW | {"inputs": ROW["inputs"] | {"premise": " "}}, "inputs.premise is empty"),
        (ROW | {"inputs": ROW["inputs"] | {"premise": 1}}, "inputs.premise must be a text"),
        (ROW | {"choices": ["a", "b"]}, "choices task 'nli' takes none; leave the field out"),
        (ROW | {"label": None}, "label is missing"),
        (ROW | {"label": " "}, "label is empty"),
        (ROW | {"label": 2}, "label must be a text"),
        (ROW | {"label": "\ud800"}, "label contains a lone surrogate"),
        (ROW | {"label": "maybe"}, "label is none of the task's labels"),
        (ROW | {"rationale": 2}, "rationale must be a text; leave it out where there is none"),
        (ROW | {"rationale": "\ud800"}, "rationale must be a text; leave it out where there is none"),
    ],
)
def test_unusable_row_is_dropped_by_reason_with_its_line(
    tmp_path: Path, line: dict[str, Any] | bytes, reason: str
) -> None:
    report = jsonl.load(_write(tmp_path, ROW, line), NLI).report

    assert {name: tally.examples for name, tally in report.dropped.items()} == {reason: ["rows.jsonl:2"]}
    assert report.rows_used == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label": "cellar"}, "label is none of the choices"),
        ({"choices": None}, "choices 0 given; task 'cqa' takes 2 to 10"),
        ({"choices": "ab"}, "choices must be a list of texts"),
        ({"choices": ["", "fridge"]}, "a choice is empty"),
        ({"choices": ["fridge", "fridge"]}, "choices are all the same; give at least two different ones"),
    ],
)
def test_unusable_choices_are_dropped_by_reason(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    assert _counts(_write(tmp_path, CHOICE_ROW | change), CQA) == ({reason: 1}, {})


def test_equation_label_without_value_is_dropped(tmp_path: Path) -> None:
    row = {"inputs": {"problem": "How many?"}, "label": "25 + x"}

    assert _counts(_write(tmp_path, row), SVAMP) == ({"label is not plain arithmetic": 1}, {})


def test_free_text_label_is_kept(tmp_path: Path) -> None:
    task = parse_task("name: free\ntemplate: '{text}'\nanswer: {kind: text}", origin="test")
    row = {
        "inputs": {"text": "Say it."},
        "label": "What is\n said",
        "rationale": "So the answer is what is said.",
    }

    assert jsonl.load(_write(tmp_path, row), task).examples[0].label == "What is said"


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"rationale": None}, "rationale is missing"),
        ({"rationale": " \n"}, "rationale is missing"),
        ({"rationale": "He sleeps."}, "rationale does not conclude with 'So the answer is'"),
        (
            {"rationale": "So the answer is neutral."},
            "rationale concludes with another answer than the label",
        ),
        (
            {"annotator": 3},
            "unknown keys, not read (known: inputs, label, teacher_label, rationale, choices, id, votes, rationales)",
        ),
    ],
)
def test_row_with_a_flaw_is_used_and_noted(tmp_path: Path, change: dict[str, Any], note: str) -> None:
    assert _counts(_write(tmp_path, ROW | change), NLI) == ({}, {note: 1})


def test_repeated_rows_and_contradicting_rows_are_noted(tmp_path: Path) -> None:
    spaced = ROW | {"inputs": ROW["inputs"] | {"premise": " A man  sleeps."}}
    other = ROW | {"label": "neutral", "rationale": "So the answer is neutral."}

    assert _counts(_write(tmp_path, ROW, spaced, ROW, other), NLI) == (
        {},
        {"row repeats an earlier one": 2, "same question as an earlier row, with another label": 1},
    )


def test_repeated_choice_is_noted(tmp_path: Path) -> None:
    row = CHOICE_ROW | {"choices": ["garage", "fridge", "garage"]}

    assert _counts(_write(tmp_path, row), CQA) == ({}, {"a choice is repeated": 1})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, _JSON)), min_size=1, max_size=5))
def test_any_rows_are_used_or_dropped(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    path = _write(tmp_path_factory.mktemp("jsonl"), *rows)
    for task in (NLI, CQA, SVAMP):
        loaded = jsonl.load(path, task)
        assert loaded.report.rows_read == len(rows)
        assert loaded.report.rows_used == len(loaded.examples)
