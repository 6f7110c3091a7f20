from __future__ import annotations

import random
import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data import overlap
from training.data.example import Example
from training.data.overlap import NEAR, RUN_WORDS, find_duplicates, find_overlap, question_key

TEXT = "the small brown dog of our neighbours runs every morning along the wide river until it meets other dogs"


def _row(text: str, number: int = 0, *, label: str = "yes", choices: tuple[str, ...] = (), part: str = "t") -> Example:
    return Example("mood", {"text": text}, label, None, f"{part}:{number}", choices)


def _changed(word: int) -> str:
    words = TEXT.split()
    words[word] = "other"
    return " ".join(words)


@pytest.mark.parametrize(
    "text",
    ["THE cafe opens", "the  cafe\nopens ", "the \uff43\uff41\uff46\uff45 opens", "The Cafe Opens"],
)
def test_case_spaces_and_forms_of_letters_do_not_make_another_question(text: str) -> None:
    assert question_key(_row(text)) == question_key(_row("the cafe opens"))


@pytest.mark.parametrize(
    "other",
    [
        _row("the cafe closes"),
        _row("the cafe opens", choices=("a", "b")),
        Example("other", {"text": "the cafe opens"}, "yes", None, "t:0"),
        Example("mood", {"title": "the cafe opens"}, "yes", None, "t:0"),
    ],
)
def test_words_choices_fields_and_tasks_make_another_question(other: Example) -> None:
    assert question_key(other) != question_key(_row("the cafe opens"))


def test_repeated_rows_are_found_and_the_first_is_kept() -> None:
    rows = [_row("a b", 0), _row("c d", 1), _row("A  b", 2), _row("a b", 3, label="no")]

    kept, found = find_duplicates(rows, [])

    assert [row.source for row in kept] == ["t:0", "t:1"]
    assert found.repeated.as_dict() == {
        "rows": 2,
        "examples": [{"row": "t:2", "like": "t:0"}, {"row": "t:3", "like": "t:0"}],
    }
    assert found.with_other_label.examples == [{"row": "t:3", "like": "t:0", "label": "no", "like_label": "yes"}]


def test_rows_that_repeat_a_held_out_one_are_found_apart() -> None:
    kept, found = find_duplicates([_row("a b", 0), _row("c d", 1)], [_row("A b", 9, part="v")])

    assert [row.source for row in kept] == ["t:1"]
    assert (found.repeated.rows, found.held_out.examples) == (0, [{"row": "t:0", "like": "v:9"}])


def test_held_out_row_with_the_same_question_is_found_and_not_counted_as_near() -> None:
    found = find_overlap([_row(TEXT, 0), _row(TEXT, 1)], [_row(TEXT.upper(), 5, part="v")], "validation")

    assert found.same.examples == [{"row": "v:5", "like": "t:0"}]
    assert found.near.rows == 0


@pytest.mark.parametrize(("word", "rows"), [(0, 1), (9, 1)])
def test_text_with_a_word_changed_is_near(word: int, rows: int) -> None:
    found = find_overlap([_row("something else entirely", 0), _row(TEXT, 1)], [_row(_changed(word), 5)], "test")

    assert (found.same.rows, found.near.rows) == (0, rows)
    assert found.near.examples[0]["like"] == "t:1"


def test_short_text_with_a_word_changed_is_not_near() -> None:
    found = find_overlap([_row("where is the milk kept at night")], [_row("where is the honey kept at night")], "test")

    assert (found.same.rows, found.near.rows) == (0, 0)


def test_nearest_row_is_named_with_its_similarity() -> None:
    far, close = _changed(9), _changed(0)

    found = find_overlap([_row(far, 0), _row(close, 1)], [_row(TEXT, 5)], "test")

    runs = len(TEXT.split()) - RUN_WORDS + 1
    assert found.near.examples == [{"row": "t:5", "like": "t:1", "similarity": f"{(runs - 1) / (runs + 1):.2f}"}]


def test_rows_of_a_premise_that_was_trained_on_are_counted_whatever_they_ask() -> None:
    def row(premise: str, hypothesis: str, source: str) -> Example:
        return Example("nli", {"premise": premise, "hypothesis": hypothesis}, "yes", None, source)

    training = [row("It rains.", "Somebody sings.", "t:0"), row("It rains.", "No.", "t:1")]
    held_out = [row("It rains.", "A cat sleeps.", "h:0"), row("It snows.", "No.", "h:1")]

    told = find_overlap(training, held_out, "test", lambda example: example.inputs["premise"])

    assert told.as_dict()["same_premise"] == {"rows": 1, "examples": [{"row": "h:0", "like": "t:0"}]}
    assert "1 have the premise of a training row (first h:0, like t:0)" in (told.warning() or "")
    assert "same_premise" not in find_overlap(training, held_out, "test").as_dict()


def test_warning_tells_counts_and_first_rows() -> None:
    found = find_overlap([_row(TEXT, 0)], [_row(TEXT, 7, part="v"), _row(_changed(0), 8, part="v")], "validation")

    warning = found.warning()

    assert warning is not None
    for part in ("mood: of 2 validation rows", "1 ask what a training row asks (first v:7, like t:0)", "1 ask nearly"):
        assert part in warning
    assert find_overlap([_row(TEXT)], [_row("another text")], "test").warning() is None


_WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=14).map(" ".join)


@settings(max_examples=200)
@given(st.lists(_WORDS, min_size=1, max_size=6), st.lists(_WORDS, min_size=1, max_size=6))
def test_every_near_pair_is_found_that_comparing_all_pairs_finds(ours: list[str], theirs: list[str]) -> None:
    training = [_row(text, number) for number, text in enumerate(ours)]
    held_out = [_row(text, number, part="v") for number, text in enumerate(theirs)]

    found = find_overlap(training, held_out, "test")

    def alike(left: Example, right: Example) -> bool:
        sets = [overlap._runs(row) for row in (left, right)]
        return len(sets[0] & sets[1]) / len(sets[0] | sets[1]) >= NEAR

    expected = {row.source for row, like in product(held_out, training) if alike(row, like)}
    assert found.same.rows + found.near.rows == len(expected)


def test_ten_thousand_rows_of_one_template_take_seconds() -> None:
    names = random.Random(0)
    texts = [f"A {names.randrange(999)} went to the {names.randrange(999)} and came back to us" for _ in range(10_000)]
    started = time.perf_counter()

    find_overlap([_row(text, number) for number, text in enumerate(texts)], [_row(text) for text in texts[:500]], "x")

    assert time.perf_counter() - started < 30
