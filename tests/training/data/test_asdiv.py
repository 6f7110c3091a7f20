from __future__ import annotations

from pathlib import Path

import pytest

from student.answers import evaluate_equation
from student.errors import DataError
from tests.training.data.real_data import real_dataset
from training.data import asdiv
from training.data.loaded import Loaded
from training.data.sources import open_source


def _problem(identity: str, formula: str, answer: str, question: str = "How many?") -> str:
    return (
        f'<Problem ID="{identity}"><Body>Two\n  boxes &amp; a bag.</Body><Question>{question}</Question>'
        f"<Answer>{answer}</Answer><Formula>{formula}</Formula></Problem>"
    )


def _load(folder: Path, *problems: str, head: str = '<?xml version="1.0" encoding="UTF-8" ?>') -> Loaded:
    path = folder / "ASDiv.xml"
    path.write_text(f"{head}<Corpus><ProblemSet>{''.join(problems)}</ProblemSet></Corpus>", encoding="utf-8")
    return asdiv.load(folder, "train")


def test_problem_is_a_row_of_svamps_task(tmp_path: Path) -> None:
    (example,) = _load(tmp_path, _problem("one", "(7.0+2)*3=27", "27 (apples)")).examples

    assert (example.task, example.source, example.label) == ("svamp", "asdiv/train:one", "(7 + 2) * 3")
    assert example.inputs == {"problem": "Two boxes & a bag. How many?"}
    assert (example.rationale, example.tags["id"]) == (None, "one")


def test_file_may_be_given_in_place_of_its_folder(tmp_path: Path) -> None:
    _load(tmp_path, _problem("one", "7+2=9", "9"))

    assert len(asdiv.load(tmp_path / "ASDiv.xml", "train").examples) == 1


@pytest.mark.parametrize(
    ("formula", "answer", "reason"),
    [
        ("47/6=7 r5", "7 (boxes)", asdiv.VALUES_DIFFER),
        ("7+2=9", "8 (apples)", asdiv.VALUES_DIFFER),
        ("2 (hour)*60=120", "120", asdiv.FORMULA_NOT_PLAIN),
        ("3+2=5; 5*1=5", "5", asdiv.FORMULA_NOT_PLAIN),
        ("7+2", "9", asdiv.FORMULA_NOT_PLAIN),
        ("", "9", asdiv.FORMULA_NOT_PLAIN),
        ("2+2+2+2+2+2+2+2+2=18", "18", asdiv.FORMULA_LONG),
        ("7+2=9", "Ben", asdiv.ANSWER_NOT_A_NUMBER),
        ("7+2=9", "9; 2", asdiv.ANSWER_NOT_A_NUMBER),
    ],
)
def test_problem_without_a_plain_formula_has_no_gold_and_is_no_bad_row(
    tmp_path: Path, formula: str, answer: str, reason: str
) -> None:
    loaded = _load(tmp_path, _problem("one", formula, answer), _problem("two", "7+2=9", "9"))

    assert [example.source for example in loaded.examples] == ["asdiv/train:two"]
    assert loaded.report.left_out[reason].examples == ["asdiv/train:one"]
    assert [question.source for question in loaded.unanswered] == ["asdiv/train:one"]
    loaded.report.check(max_bad_share=0)


def test_answers_of_fractions_and_thousands_are_read(tmp_path: Path) -> None:
    loaded = _load(tmp_path, _problem("one", "3/4=0.75", "3/4 (cup)"), _problem("two", "1000*2=2000", "2,000 (km)"))

    assert [example.label for example in loaded.examples] == ["3 / 4", "1000 * 2"]


def test_broken_problems_are_dropped_by_reason(tmp_path: Path) -> None:
    empty = "<Problem ID='three'><Answer>1</Answer><Formula>1=1</Formula></Problem>"
    good = _problem("one", "7+2=9", "9")

    report = _load(tmp_path, good, good, empty).report

    assert {reason: tally.examples for reason, tally in report.dropped.items()} == {
        "ID is that of an earlier problem": ["asdiv/train:one (number 1)"],
        "inputs.problem is empty": ["asdiv/train:three"],
    }


def test_doctype_is_refused_before_any_entity_grows(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

    with pytest.raises(DataError, match="has a DOCTYPE"):
        _load(tmp_path, _problem("one", "7+2=9", "9", "&b;"), head=bomb)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<a>", "is not XML"),
        (b"", "is not XML"),
        (b"<?xml version='1.0' encoding='no-such'?><a/>", "is not XML"),
        (b"<a/>", "has no rows"),
    ],
)
def test_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "ASDiv.xml").write_bytes(content)

    with pytest.raises(DataError, match=problem):
        asdiv.load(tmp_path, "train")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"ASDiv\.xml: cannot be read"):
        asdiv.load(tmp_path, "train")


def test_there_are_no_test_rows_and_no_teacher(tmp_path: Path) -> None:
    _load(tmp_path, _problem("one", "7+2=9", "9"))

    with pytest.raises(DataError, match="asdiv: has no test rows"):
        open_source(f"asdiv:{tmp_path}").load("test")
    with pytest.raises(DataError, match="gold does not stand in for a teacher"):
        open_source(f"asdiv:{tmp_path}", labels="teacher")
    with pytest.raises(DataError, match="quickstep data asdiv:"):
        asdiv.load(tmp_path, "train", labels="teacher")


def test_real_problems_are_used_or_left_out_and_none_is_bad() -> None:
    loaded = asdiv.load(real_dataset("asdiv"), "train")

    report = loaded.report
    assert (report.rows_read, report.rows_dropped) == (2305, 0)
    assert report.rows_left_out == len(loaded.unanswered) == 786
    assert all(evaluate_equation(example.label) >= 0 for example in loaded.examples)
