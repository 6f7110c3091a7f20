from __future__ import annotations

import pytest

from tests.training.data.read_outputs import (
    CHOICES,
    parse_cqa,
    parse_nli,
    parse_svamp,
    task_of,
)
from training.data.teacher_output import (
    DENIES,
    Rejected,
    TeacherAnswer,
    read_output,
)


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("He sleeps. So the answer is contradiction.", "contradiction"),
        ("He sleeps, so the answer is contradiction.", "contradiction"),
        ("He sleeps. So, the answer is Contradiction", "contradiction"),
        ("He sleeps. The answer is contradiction.", "contradiction"),
        ("He sleeps. Therefore, the answer is contradiction.", "contradiction"),
        ("He sleeps. SO THE ANSWER IS: contradiction.", "contradiction"),
        ("He sleeps. **So the answer is contradiction.**", "contradiction"),
        ("He sleeps. So the answer is **neutral**.", "neutral"),
        ('He sleeps. So the answer is "neutral".', "neutral"),
        ("He sleeps. So the answer is that this is an entailment.", "entailment"),
        ("He sleeps. So the answer is entailment, not neutral.", "entailment"),
        ("He sleeps. So the answer is neutral. It cannot be entailment.", "neutral"),
        ("He sleeps. So the answer is not neutral. So the answer is contradiction.", "contradiction"),
    ],
)
def test_label_is_read_however_the_conclusion_is_worded(raw: str, label: str) -> None:
    parsed = parse_nli(raw)

    assert isinstance(parsed, TeacherAnswer)
    assert parsed.label == label
    assert parsed.rationale.endswith(f" So the answer is {label}.") and parsed.rationale.startswith("He sleeps")
    assert "*" not in parsed.rationale


@pytest.mark.parametrize(
    ("conclusion", "reason"),
    [
        ("not entailment", DENIES),
        ("that it cannot be neutral", DENIES),
        ("that it isn't neutral", DENIES),
        ("neither entailment nor contradiction", DENIES),
        ("anything but neutral", DENIES),
        ("non-entailment", "teacher names none of the labels"),
        ("non\u2011entailment", "teacher names none of the labels"),
        ("neutrality", "teacher names none of the labels"),
        ("unclear. It could be neutral", "teacher names none of the labels"),
        ("neutral or contradiction", "teacher names several labels"),
        ("either entailment or neutral", "teacher names several labels"),
        ("**", "teacher's conclusion is empty"),
    ],
)
def test_denied_or_other_label_is_no_answer(conclusion: str, reason: str) -> None:
    assert parse_nli(f"He sleeps. So the answer is {conclusion}.") == Rejected(reason)


@pytest.mark.parametrize(
    ("labels", "said", "label"),
    [
        ("[entailment, not_entailment]", "not_entailment", "not_entailment"),
        ("[likely, not likely]", "Not likely", "not likely"),
        ("[positive, very positive]", "very positive", "very positive"),
        ("['yes', 'no']", "no, not yes", "no"),
        ("['1', '2']", "2", "2"),
    ],
)
def test_label_that_holds_a_denial_or_another_label_is_itself(labels: str, said: str, label: str) -> None:
    task = task_of(f"{{kind: closed, labels: {labels}}}")

    parsed = read_output(f"It is so. So the answer is {said}.", task, {"text": "x"})

    assert isinstance(parsed, TeacherAnswer) and parsed.label == label


def test_letter_that_only_looks_like_one_of_the_label_is_no_error() -> None:
    for said in ("pos\u0131tive", "POS\u0130TIVE", "it is po\u017fitive then"):
        parsed = read_output(
            f"It is so. So the answer is {said}.", task_of("{kind: closed, labels: [positive, bad]}"), {"text": "x"}
        )
        assert isinstance(parsed, Rejected) or parsed.label == "positive"


@pytest.mark.parametrize("filler", ["\n", "1", "(", "So ", "<think>", "Q:\n", ", ", "= 1 "])
@pytest.mark.timeout(120)
def test_output_that_repeats_itself_endlessly_is_read_all_the_same(filler: str) -> None:
    """Less than a second; an expression that goes back over the text for each place in it takes many minutes."""
    raw = f"It is so. The answer is {filler * 100_000}x"

    for read in (parse_svamp, parse_nli, lambda text: parse_cqa(text, CHOICES)):
        assert isinstance(read(raw), Rejected)


def test_number_with_decimals_is_not_the_label_before_its_point() -> None:
    task = task_of("{kind: closed, labels: ['1', '2']}")

    parsed = read_output("It is so. So the answer is 1.5.", task, {"text": "x"})

    assert parsed == Rejected("teacher names none of the labels")


@pytest.mark.parametrize("said", ["So I choose", "I choose", "so, I choose"])
def test_so_of_the_tasks_own_conclusion_may_be_left_out(said: str) -> None:
    task = task_of("{kind: text}", conclusion="So I choose")

    parsed = read_output(f"It is warm. {said} tea.", task, {"text": "x"})

    assert isinstance(parsed, TeacherAnswer)
    assert (parsed.rationale, parsed.label) == ("It is warm. So I choose tea.", "tea")


def test_text_ends_with_its_first_sentence_but_not_at_an_initial() -> None:
    parsed = read_output("It is so. So the answer is **J. R. Smith**. He won.", task_of("{kind: text}"), {"text": "x"})

    assert isinstance(parsed, TeacherAnswer) and parsed.label == "J. R. Smith"
