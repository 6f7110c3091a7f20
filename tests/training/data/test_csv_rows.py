from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student.errors import DataError
from student.task import find_task, parse_task
from training.data import csv_rows, jsonl
from training.data.loaded import Loaded

NLI = parse_task(
    "name: nli\ntemplate: 'premise: {premise} hypothesis: {hypothesis}'\n"
    "answer: {kind: closed, labels: [entailment, neutral, contradiction]}",
    origin="test",
)
CQA = find_task("cqa")
HEADER = "premise,hypothesis,label,rationale,id\n"
LINE = 'A man sleeps.,He is awake.,contradiction,"Who sleeps, is not. So the answer is contradiction.",7\n'


def _write(folder: Path, text: str | bytes, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _dropped(loaded: Loaded) -> dict[str, list[str]]:
    return {reason: tally.examples for reason, tally in loaded.report.dropped.items()}


def test_row_becomes_the_example_that_jsonl_makes_of_it(tmp_path: Path) -> None:
    row = {
        "inputs": {"premise": "A man sleeps.", "hypothesis": "He is awake."},
        "label": "contradiction",
        "rationale": "Who sleeps, is not. So the answer is contradiction.",
        "id": "7",
    }
    lines = tmp_path / "rows.csv.jsonl"
    lines.write_text(json.dumps(row))

    (ours,) = csv_rows.load(_write(tmp_path, HEADER + LINE), NLI).examples
    (theirs,) = jsonl.load(lines, NLI).examples

    assert ours.source == "rows.csv:2"
    assert (ours.inputs, ours.label, ours.rationale, ours.tags) == (
        theirs.inputs,
        theirs.label,
        theirs.rationale,
        theirs.tags,
    )


def test_byte_order_mark_carriage_returns_and_blank_lines_are_tolerated(tmp_path: Path) -> None:
    text = (HEADER + "\n" + LINE).replace("\n", "\r\n")

    loaded = csv_rows.load(_write(tmp_path, b"\xef\xbb\xbf" + text.encode()), NLI)

    assert [example.source for example in loaded.examples] == ["rows.csv:3"]


def test_rows_are_numbered_by_the_line_on_which_they_begin(tmp_path: Path) -> None:
    spread = '"A man\nsleeps\n.",He is awake.,contradiction,,\n'

    loaded = csv_rows.load(_write(tmp_path, HEADER + spread + LINE), NLI)

    assert [example.source for example in loaded.examples] == ["rows.csv:2", "rows.csv:5"]
    assert loaded.examples[0].inputs["premise"] == "A man\nsleeps\n."


def test_tab_separates_in_tsv_files(tmp_path: Path) -> None:
    text = "premise\thypothesis\tlabel\nA man, tired.\tHe sleeps.\tneutral\n"

    (example,) = csv_rows.load(_write(tmp_path, text, "rows.tsv"), NLI).examples

    assert example.inputs["premise"] == "A man, tired."


@pytest.mark.parametrize(
    "text",
    [
        "question,choice_1,choice_2,choice_3,label\nWhere?,garage,fridge,,fridge\n",
        "choice_2,question,choice_1,label\nfridge,Where?,garage,fridge\n",
        'question,choices,label\nWhere?,"[""garage"", ""fridge""]",fridge\n',
    ],
)
def test_choices_stand_in_columns_or_in_a_list(tmp_path: Path, text: str) -> None:
    (example,) = csv_rows.load(_write(tmp_path, text), CQA).examples

    assert (example.choices, example.label) == (("garage", "fridge"), "fridge")


def test_ten_choices_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = [f"choice_{number}" for number in (10, 2, 1, 3, 4, 5, 6, 7, 8, 9)]
    text = f"question,label,{','.join(names)}\nWhere?,of 10,{','.join(f'of {name[7:]}' for name in names)}\n"

    (example,) = csv_rows.load(_write(tmp_path, text), CQA).examples

    assert example.choices == tuple(f"of {number}" for number in range(1, 11))


def test_teacher_label_without_gold_is_learned(tmp_path: Path) -> None:
    text = "premise,hypothesis,label,teacher_label\na,b,,neutral\na,c,neutral,entailment\n"

    loaded = csv_rows.load(_write(tmp_path, text), NLI, labels="teacher")

    assert [(row.label, row.gold) for row in loaded.examples] == [("neutral", None), ("entailment", "neutral")]
    assert loaded.report.teacher_agreement == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,b\n", "row has fewer cells than the header"),
        ("a,b,neutral,,,\n", "row has more cells than the header"),
        ("a,b,maybe,,\n", "label is none of the task's labels"),
        ("a,b,,,\n", "label is missing"),
        (",b,neutral,,\n", "inputs.premise is missing; task 'nli' takes premise, hypothesis"),
    ],
)
def test_unusable_row_is_dropped_by_reason_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    loaded = csv_rows.load(_write(tmp_path, HEADER + LINE + line), NLI)

    assert _dropped(loaded) == {reason: ["rows.csv:3"]}


def test_list_of_choices_that_is_none_is_dropped(tmp_path: Path) -> None:
    text = "question,choices,label\nWhere?,garage;fridge,fridge\nWhere?,7,fridge\n"

    loaded = csv_rows.load(_write(tmp_path, text), CQA)

    assert _dropped(loaded) == {
        "choices must be a JSON list of texts": ["rows.csv:2"],
        "choices must be a list of texts": ["rows.csv:3"],
    }


def test_unknown_columns_are_named_and_not_read(tmp_path: Path) -> None:
    text = "premise,hypothesis,label,annotator,date\na,b,neutral,x,y\n"

    report = csv_rows.load(_write(tmp_path, text), NLI).report

    assert report.noted["unknown columns, not read: annotator, date"].rows == 1


def test_all_problems_of_a_header_are_told_at_once(tmp_path: Path) -> None:
    text = "hypothesis,hypothesis,choice_1\n"

    with pytest.raises(DataError) as caught:
        csv_rows.load(_write(tmp_path, text), NLI)

    for problem in (
        "hypothesis is a column more than once",
        "premise is missing, a field of task 'nli'",
        "neither label nor teacher_label is there",
        "task 'nli' takes no choices",
        "Given: hypothesis, hypothesis, choice_1; expected premise, hypothesis, label or teacher_label",
    ):
        assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("question,label", "task 'cqa' takes choices: add choice_1, choice_2, ... or choices with a JSON list"),
        ("question,label,choices,choice_1,choice_2", "both choices and choice_1 are there"),
        ("question,label,choice_1,choice_3", "choice_2 is missing: choices are counted from 1 without gaps"),
    ],
)
def test_wrong_columns_of_choices_are_refused(tmp_path: Path, header: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        csv_rows.load(_write(tmp_path, f"{header}\n"), CQA)


def test_field_named_like_a_column_of_the_format_is_refused(tmp_path: Path) -> None:
    task = parse_task("name: odd\ntemplate: '{text} {label}'\nanswer: {kind: text}", origin="test")

    with pytest.raises(DataError, match="label is a field of task 'odd' and also"):
        csv_rows.load(_write(tmp_path, "text,label\na,b\n"), task)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty; expected a header line with premise, hypothesis, label or teacher_label"),
        (HEADER.encode(), "has a header but no rows"),
        (HEADER.encode() + b"\xff,b,neutral,,\n", "is not UTF-8: invalid start byte in line 2"),
        (HEADER.encode() + b'a,"b"c,neutral,,\n', "the record that begins in line 2 is no CSV"),
        (HEADER.encode() + b'a,b,neutral,,\na,"b', "the record that begins in line 3 is no CSV"),
    ],
)
def test_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(DataError, match=rf"rows\.csv: {problem}"):
        csv_rows.load(_write(tmp_path, content), NLI)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        csv_rows.load(tmp_path / "none.csv", NLI)


_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='",\r\n\0'), max_size=6)


@given(st.lists(st.lists(_CELL, max_size=6), min_size=1, max_size=4))
def test_any_rows_are_used_or_dropped(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    lines = [",".join(cells) for cells in rows]
    text = HEADER + LINE + "".join(f"{line}\n" for line in lines)

    report = csv_rows.load(_write(tmp_path_factory.mktemp("csv"), text), NLI).report

    blank = sum(not any(cell.strip() for cell in cells) for cells in rows)
    assert report.rows_read == 1 + len(rows) - blank
