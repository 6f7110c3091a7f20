from __future__ import annotations

import pytest

from tests.training.data.read_outputs import (
    CHOICES,
    PREMISE,
    QUESTION,
    REASONING,
    parse_cqa,
    parse_nli,
    task_of,
)
from training.data.teacher_output import (
    Rejected,
    TeacherAnswer,
    read_output,
)
from training.data.teacher_text import CUT, NO_CONCLUSION, QUESTION_ECHOED


@pytest.mark.parametrize(
    "thought",
    [
        "<think>\nA: (a)? So the answer is (a) garage.\nQ: or not?</think>",
        "Hm.\nA: no. So the answer is (a) garage.</think>\n\n",
        "<THINK>one</THINK><think>two: the answer is (a)</think>",
    ],
)
def test_thinking_of_a_reasoning_model_is_left_out(thought: str) -> None:
    parsed = parse_cqa(f"{thought}{REASONING} So the answer is (b) chair.", CHOICES)

    assert parsed == TeacherAnswer(f"{REASONING} So the answer is chair.", "chair")


def test_thinking_that_never_ends_is_cut() -> None:
    parsed = parse_cqa("<think>Perhaps. So the answer is (b) chair.", CHOICES)

    assert parsed == Rejected(f"{CUT}, while it was thinking")


@pytest.mark.parametrize(
    ("echo", "noted"),
    [
        (f"Q: {QUESTION}\nchoices: (a) garage (b) chair\nA: ", True),
        (f"{QUESTION}\n", True),
        (f"{QUESTION}\nA: ", True),
        ("Q: Where to sit?\nA: ", True),
        ("A: ", False),
        ("Answer: ", False),
    ],
)
def test_repeated_question_is_no_part_of_the_reasoning(echo: str, noted: bool) -> None:
    parsed = parse_cqa(f"{echo}{REASONING} So the answer is (b) chair.", CHOICES)

    expected = TeacherAnswer(f"{REASONING} So the answer is chair.", "chair", (QUESTION_ECHOED,) if noted else ())
    assert parsed == expected


def test_reasoning_that_begins_with_words_of_the_question_is_kept() -> None:
    said = f"{PREMISE['premise']} He sleeps. So the answer is contradiction."
    assert parse_nli(said) == TeacherAnswer(said, "contradiction")
    task = task_of("{kind: text}")
    for word in ("A", "A dog"):
        read = read_output("A dog barks. So the answer is loud.", task, {"text": word})
        assert isinstance(read, TeacherAnswer) and read.rationale == "A dog barks. So the answer is loud."


def test_repeated_premise_is_no_next_question() -> None:
    asked = "premise: A man is asleep on a bench.\nhypothesis: A man is awake."

    parsed = parse_nli(f"{asked}\nHe sleeps. So the answer is contradiction.\n\nPremise: A dog.\nHypothesis: Cats.")

    assert parsed == TeacherAnswer("He sleeps. So the answer is contradiction.", "contradiction", (QUESTION_ECHOED,))


def test_line_that_begins_with_a_in_the_reasoning_is_kept() -> None:
    parsed = parse_cqa("There are these:\nA: a place for cars\nB: a seat\nSo the answer is (b) chair.", CHOICES)

    assert isinstance(parsed, TeacherAnswer)
    assert parsed.rationale == "There are these: A: a place for cars B: a seat So the answer is chair."


@pytest.mark.parametrize(
    "question", ["Premise: A dog runs.\nHypothesis: A cat.\nSo the answer is neutral.", "Q: Next?"]
)
def test_invented_question_ends_the_answer(question: str) -> None:
    for cut in (False, True):
        parsed = parse_nli(f"He sleeps. So the answer is contradiction.\n\n{question}", cut=cut)
        assert parsed == TeacherAnswer("He sleeps. So the answer is contradiction.", "contradiction")


def test_invented_question_before_any_conclusion_is_not_answered_in_its_place() -> None:
    parsed = parse_nli("He sleeps.\n\nPremise: A dog runs.\nHypothesis: A cat.\nSo the answer is neutral.")

    assert parsed == Rejected(NO_CONCLUSION)
