from __future__ import annotations

from student.task import find_task, parse_task
from training.data.example import Example
from training.data.statistics import MOST_LABELS, describe

MOOD = parse_task("name: mood\ntemplate: 'text: {text}'\nanswer: {kind: closed, labels: [happy, sad]}", origin="test")


def _row(words: int, label: str = "happy", rationale: str | None = None, agrees: str | None = None) -> Example:
    tags = {} if agrees is None else {"teacher_agrees": agrees}
    return Example("mood", {"text": " ".join(["word"] * words)}, label, rationale, f"rows:{words}", tags=tags)


def test_lengths_are_in_words_of_what_the_student_reads() -> None:
    words = describe(MOOD, [_row(words) for words in range(1, 101)])["words"]["input"]

    # One more than the row's own: the template's.
    assert words == {"mean": 51.5, "median": 51, "p95": 96, "most": 101}


def test_labels_are_counted_with_the_most_frequent_first() -> None:
    figures = describe(MOOD, [_row(1, "sad"), _row(2, "happy"), _row(3, "sad")])

    assert list(figures["labels"].items()) == [("sad", 2), ("happy", 1)]
    assert (figures["labels_are"], figures["other_labels"]) == ("labels", 0)


def test_labels_past_the_most_frequent_are_counted_together() -> None:
    figures = describe(MOOD, [_row(1, f"label {number}") for number in range(MOST_LABELS + 5)])

    assert (len(figures["labels"]), figures["other_labels"]) == (MOST_LABELS, 5)


def test_labels_among_choices_are_told_by_their_place() -> None:
    rows = [
        Example("cqa", {"question": "Where?"}, label, None, f"rows:{label}", ("garage", "fridge", "shelf"))
        for label in ("shelf", "shelf", "garage")
    ]

    assert describe(find_task("cqa"), rows)["labels"] == {"3": 2, "1": 1}


def test_rationales_and_agreement_are_those_of_rows_that_have_them() -> None:
    rows = [_row(1, rationale="two words", agrees="yes"), _row(2, agrees="no"), _row(3)]

    figures = describe(MOOD, rows)

    assert (figures["rows"], figures["with_rationale"], figures["teacher_agreement"]) == (3, 1, 0.5)
    assert figures["words"]["rationale"]["most"] == 2
    assert describe(MOOD, [_row(1)])["words"]["rationale"] is None
    assert describe(MOOD, [_row(1)])["teacher_agreement"] is None
