from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from student.answers import conclusion
from student.errors import DataError
from student.task import find_task
from tests.training.data.real_data import real_dataset
from tests.training.data.release_files import write_release
from training.data import cqa
from training.data.loaded import Labels, Loaded
from training.data.release import read_release
from training.data.teacher_output import (
    SEVERAL_LETTERS,
    TEXT_UNLIKE_CHOICE,
    Rejected,
    TeacherAnswer,
    read_output,
)

ROW: dict[str, Any] = {
    "id": "1",
    "question": "Where is  milk kept?",
    "choices": ["garage", "fridge", "shelf", "mailbox", "garden"],
    "answer": "fridge",
    "abstractive_explanation": "unused",
    "extractive_explanation": "unused",
}
RIGHT = "Milk must be cold. So the answer is (b) fridge.\n\nQ: Next"
WRONG = "Milk is put down. So the answer is (c) shelf.\n\nQ: Next"
UNREADABLE = "Milk goes anywhere. So the answer is one of these.\n\nQ: Next"


def test_row_with_gold_labels_keeps_the_rationale_of_a_wrong_teacher(tmp_path: Path) -> None:
    loaded = cqa.load(write_release(tmp_path, "cqa", [ROW, ROW], [RIGHT], [WRONG]), "train")

    right, wrong = loaded.examples
    assert (right.label, right.gold, right.tags["teacher_agrees"]) == ("fridge", "fridge", "yes")
    assert right.rationale == "Milk must be cold. So the answer is fridge."
    assert (wrong.label, wrong.gold, wrong.tags["teacher_agrees"]) == ("fridge", "fridge", "no")
    assert wrong.rationale == "Milk is put down. So the answer is shelf."
    assert (wrong.task, wrong.source) == ("cqa", "cqa/train:1")
    assert loaded.report.teacher_agreement == 0.5


def test_row_with_teacher_labels_learns_the_teacher_and_keeps_gold(tmp_path: Path) -> None:
    loaded = cqa.load(write_release(tmp_path, "cqa", [ROW], [WRONG]), "train", labels="teacher")

    assert (loaded.examples[0].label, loaded.examples[0].gold) == ("shelf", "fridge")


def test_unreadable_teacher_output_is_noted_with_gold_labels(tmp_path: Path) -> None:
    loaded = cqa.load(write_release(tmp_path, "cqa", [ROW], [UNREADABLE]), "train")

    assert (loaded.examples[0].label, loaded.examples[0].rationale) == ("fridge", None)
    assert "teacher_agrees" not in loaded.examples[0].tags
    assert loaded.report.noted["no rationale: teacher names no choice"].examples == ["cqa/train:0"]
    assert (loaded.report.rows_used, loaded.report.rows_with_rationale) == (1, 0)


def test_unreadable_teacher_output_is_dropped_with_teacher_labels(tmp_path: Path) -> None:
    folder = write_release(tmp_path, "cqa", [ROW, ROW], [UNREADABLE, RIGHT])

    loaded = cqa.load(folder, "train", labels="teacher")

    assert [example.source for example in loaded.examples] == ["cqa/train:1"]
    assert loaded.report.dropped["teacher names no choice"].examples == ["cqa/train:0"]
    with pytest.raises(DataError, match="1 x teacher names no choice"):
        loaded.report.check(max_bad_share=0.1)


def test_repeated_choice_is_kept_and_noted(tmp_path: Path) -> None:
    row = ROW | {"choices": ["garage", "fridge", "fridge", "mailbox", "garden"]}

    loaded = cqa.load(write_release(tmp_path, "cqa", [row], [RIGHT]), "train")

    assert loaded.examples[0].choices == ("garage", "fridge", "fridge", "mailbox", "garden")
    assert loaded.report.noted[cqa.CHOICE_REPEATED].rows == 1


def test_white_space_of_choices_is_made_single_and_noted(tmp_path: Path) -> None:
    row = ROW | {"choices": ["the  garage", "fridge ", "shelf", "mailbox", "garden"], "answer": "fridge "}

    loaded = cqa.load(write_release(tmp_path, "cqa", [row], [RIGHT]), "train")

    assert loaded.examples[0].choices[:2] == ("the garage", "fridge")
    assert loaded.examples[0].label == "fridge"
    assert loaded.report.noted[cqa.CHOICE_SPACING].rows == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answer": "cellar"}, "answer is none of the choices"),
        ({"answer": None}, "answer is missing"),
        ({"answer": 1}, "answer must be a text"),
        ({"answer": " "}, "answer is empty"),
        ({"question": " "}, "inputs.question is empty"),
        ({"question": 7}, "inputs.question must be a text"),
        ({"choices": "garage"}, "choices must be a list of texts"),
        ({"choices": ["garage", 3]}, "choices must be a list of texts"),
        ({"choices": ["garage", ""]}, "a choice is empty"),
        ({"choices": ["fridge", "fridge "]}, "choices are all the same; give at least two different ones"),
        ({"choices": ["fridge"]}, "choices 1 given; task 'cqa' takes 2 to 10"),
    ],
)
def test_unusable_row_is_dropped_by_reason_and_moves_no_other(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    loaded = cqa.load(write_release(tmp_path, "cqa", [ROW | change, ROW], [WRONG, RIGHT]), "train")

    assert {name: tally.rows for name, tally in loaded.report.dropped.items()} == {reason: 1}
    assert [(example.source, example.rationale) for example in loaded.examples] == [
        ("cqa/train:1", "Milk must be cold. So the answer is fridge.")
    ]


def test_row_without_question_is_dropped(tmp_path: Path) -> None:
    row = {name: value for name, value in ROW.items() if name != "question"}

    report = cqa.load(write_release(tmp_path, "cqa", [row], [RIGHT]), "train").report

    assert list(report.dropped) == ["inputs.question is missing; task 'cqa' takes question"]


def test_broken_line_is_dropped_with_its_line_number(tmp_path: Path) -> None:
    loaded = cqa.load(write_release(tmp_path, "cqa", [ROW, b'{"id": ', ROW], [RIGHT, RIGHT, WRONG]), "train")

    assert loaded.report.dropped["line is not JSON"].examples == ["cqa/train:1 (line 2)"]
    assert loaded.examples[1].rationale == "Milk is put down. So the answer is shelf."


@cache
def _real(split: str, labels: Labels = "gold") -> Loaded:
    return cqa.load(real_dataset("cqa"), split, labels=labels)


@pytest.mark.parametrize(("split", "rows", "by_letter"), [("train", 9741, 0.768), ("test", 611, 0.804)])
def test_real_rows_are_all_used_and_agree_as_published(split: str, rows: int, by_letter: float) -> None:
    report = _real(split).report

    assert (report.rows_read, report.rows_used) == (rows, rows)
    assert report.teacher_agreement == pytest.approx(by_letter, abs=0.002)


@pytest.mark.parametrize(
    ("split", "noted"),
    [
        (
            "train",
            {
                cqa.CHOICE_REPEATED: 122,
                SEVERAL_LETTERS: 284,
                "no rationale: teacher names no choice": 3,
                # One of them is row 2950; the seven others repeat a space inside.
                cqa.CHOICE_SPACING: 8,
                # 446 when final spaces and final full stops of choices count as differences: 1 and 6 rows.
                TEXT_UNLIKE_CHOICE: 439,
            },
        ),
        ("test", {cqa.CHOICE_REPEATED: 10, SEVERAL_LETTERS: 11, TEXT_UNLIKE_CHOICE: 18}),
    ],
)
def test_real_notes_have_the_known_counts(split: str, noted: dict[str, int]) -> None:
    assert {reason: tally.rows for reason, tally in _real(split).report.noted.items()} == noted


def test_real_text_unlike_choice_is_446_rows_by_the_published_definition() -> None:
    unlike = 0
    for row in read_release(real_dataset("cqa"), "cqa", "train"):
        assert not isinstance(row.fields, Rejected)
        answer = row.teacher_output.partition("Q:")[0].partition("So the answer is")[2].strip()
        letter = re.search(r"\(([a-e])\)(.*)", answer)
        if letter is not None:
            text = letter[2].strip().removesuffix(".")
            unlike += text != row.fields["choices"]["abcde".index(letter[1])]

    assert unlike == 446


@pytest.mark.parametrize(("split", "rows"), [("train", 42), ("test", 2)])
def test_real_gold_choice_is_repeated_in_the_known_rows(split: str, rows: int) -> None:
    assert sum(example.choices.count(example.label) > 1 for example in _real(split).examples) == rows


@pytest.mark.parametrize(("split", "by_text"), [("train", 0.743), ("test", 0.789)])
def test_real_agreement_by_exact_text_is_as_published(split: str, by_text: float) -> None:
    # By text, an answer counts only where it reads like the choice of its letter.
    rows = read_release(real_dataset("cqa"), "cqa", split)
    agreeing = 0
    for row in rows:
        assert not isinstance(row.fields, Rejected)
        answer = read_output(
            row.teacher_output, find_task("cqa"), {"question": row.fields["question"]}, row.fields["choices"]
        )
        if isinstance(answer, TeacherAnswer) and TEXT_UNLIKE_CHOICE not in answer.notes:
            agreeing += answer.label == row.fields["answer"].strip()

    assert agreeing / len(rows) == pytest.approx(by_text, abs=0.002)


def test_real_teacher_of_the_neighbouring_row_does_not_agree() -> None:
    rows = read_release(real_dataset("cqa"), "cqa", "train")
    agreeing = 0
    for row, following in pairwise(rows):
        assert not isinstance(row.fields, Rejected)
        assert not isinstance(following.fields, Rejected)
        asked = {"question": following.fields["question"]}
        answer = read_output(following.teacher_output, find_task("cqa"), asked, following.fields["choices"])
        agreeing += isinstance(answer, TeacherAnswer) and answer.label == row.fields["answer"]

    assert agreeing / len(rows) < 0.01


def test_real_rationales_conclude_with_a_choice_and_have_no_debris() -> None:
    task = find_task("cqa")
    for example in _real("train").examples:
        if example.rationale is not None:
            assert conclusion(task, example.rationale) in example.choices
            assert "Q:" not in example.rationale
            assert "\n" not in example.rationale


def test_real_train_rows_without_letter_are_dropped_with_teacher_labels() -> None:
    report = _real("train", "teacher").report

    assert report.rows_used == 9738
    assert report.dropped["teacher names no choice"].examples == [
        "cqa/train:3362",
        "cqa/train:3913",
        "cqa/train:4898",
    ]
