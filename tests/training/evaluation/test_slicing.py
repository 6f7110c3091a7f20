from __future__ import annotations

import pytest

from student.errors import DataError
from tests.training.evaluation.rows import TASKS
from training.data.example import Example
from training.evaluation.slicing import WordList, add_slices, parse_word_list


def _row(text: str, label: str = "happy", **tags: str) -> Example:
    return Example("mood", {"text": text}, label, None, text, tags=tags)


def test_words_count_whole_in_any_case_and_phrases_too() -> None:
    words = [WordList("female", ("she", "her own"))]
    rows = [_row(text) for text in ("She sings.", "Sheila sings.", "It is Her own.", "It is her.", "he/she sings")]
    sliced = add_slices(rows, TASKS, [], words)
    assert [row.tags["female"] for row in sliced] == ["yes", "no", "yes", "no", "yes"]
    assert [row.inputs for row in sliced] == [row.inputs for row in rows]


def test_lengths_are_quarters_of_each_tasks_rows() -> None:
    rows = [_row(" ".join(["w"] * length)) for length in range(1, 9)]
    sliced = add_slices(rows, TASKS, ["length"], [])
    assert [row.tags["length"] for row in sliced] == [
        *["0-2 words"] * 2,
        *["3-4 words"] * 2,
        *["5-6 words"] * 2,
        *["7+ words"] * 2,
    ]


def test_rows_of_one_length_are_one_slice() -> None:
    assert {row.tags["length"] for row in add_slices([_row("a b")] * 5, TASKS, ["length"], [])} == {"0+ words"}
    assert {row.tags["length"] for row in add_slices([_row("a b")], TASKS, ["length"], [])} == {"0+ words"}


def test_gold_slices_closed_labels_only() -> None:
    sums = Example("sums", {"problem": "x"}, "1 + 1", None, "s")
    relabelled = Example("mood", {"text": "x"}, "sad", None, "s", gold="happy")
    sliced = add_slices([_row("a", "sad"), relabelled, sums], TASKS, ["gold"], [])
    assert [row.tags.get("gold") for row in sliced] == ["sad", "happy", None]


def test_field_slices_by_its_value_and_keeps_other_tags() -> None:
    (row,) = add_slices([_row(" a  b ", kind="new")], TASKS, ["text"], [])
    assert dict(row.tags) == {"kind": "new", "text": "a b"}


def test_every_problem_is_named_at_once() -> None:
    rows = [_row(f"text {number}", kind="new") for number in range(21)]
    with pytest.raises(DataError) as refused:
        add_slices(rows, TASKS, ["colour", "text"], [WordList("kind", ("a",)), WordList("text", ("b",))])
    told = str(refused.value)
    assert "text: given more than once" in told
    assert "kind: the rows bring a tag of this name; report by it with --slices" in told
    assert "colour: is no input field; slice by length, gold, text" in told
    assert "text: has 21 different values, at most 20 make slices" in told


def test_word_lists_are_read_as_they_are_written() -> None:
    assert parse_word_list("female=She, her ,,her own") == WordList("female", ("she", "her", "her own"))


@pytest.mark.parametrize("text", ["she,her", "=she", "a b=she", "female=", "female= , "])
def test_word_list_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be NAME=WORD,WORD"):
        parse_word_list(text)
