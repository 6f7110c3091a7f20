from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student.answers import conclusion
from student.task import choice_letter, find_task
from tests.training.data.read_outputs import (
    CHOICES,
    PREMISE,
    QUESTION,
    REASONING,
    parse_cqa,
    parse_nli,
    parse_svamp,
)
from training.data.teacher_output import (
    DENIES,
    NO_ARITHMETIC,
    NO_LETTER,
    SEVERAL_LETTERS,
    TEXT_UNLIKE_CHOICE,
    Rejected,
    TeacherAnswer,
    read_output,
)
from training.data.teacher_text import CUT, QUESTION_ECHOED


@pytest.mark.parametrize(
    ("answer", "label", "notes"),
    [
        ("(c) train station.", "train station", ()),
        ("(c) train station", "train station", ()),
        ("(C) train station.", "train station", ()),
        ("(c).", "train station", ()),
        ("(b) chair or (d) table.", "chair", (SEVERAL_LETTERS, TEXT_UNLIKE_CHOICE)),
        ("either (d) table or (b) chair.", "table", (SEVERAL_LETTERS, TEXT_UNLIKE_CHOICE)),
        ("(e) England.", "england", (TEXT_UNLIKE_CHOICE,)),
        ("(a) garrage.", "garage", (TEXT_UNLIKE_CHOICE,)),
        ("Train station.", "train station", (NO_LETTER,)),
    ],
)
def test_cqa_letter_decides(answer: str, label: str, notes: tuple[str, ...]) -> None:
    parsed = parse_cqa(f"{REASONING} So the answer is {answer}\n\nQ: What?\nA: So the answer is (a) x.", CHOICES)

    assert parsed == TeacherAnswer(f"{REASONING} So the answer is {label}.", label, notes)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (f"{REASONING} So the answer is one of these four.\n\nQ:", "teacher names no choice"),
        (f"{REASONING} So the answer is (f) lamp.\n\nQ:", "teacher's letter stands for no choice"),
        (f"{REASONING} And so on, until the", "teacher states no conclusion"),
        (f"{REASONING}\n\nQ: Next? So the answer is (a) garage.", "teacher states no conclusion"),
        (f"{REASONING} So the answer is\n\nQ:", "teacher's conclusion is empty"),
        ("So the answer is (a) garage.", "teacher gives no reasoning"),
        (f"{REASONING} \ud800 So the answer is (a) garage.", "teacher's output contains a lone surrogate"),
        ("", "teacher states no conclusion"),
    ],
)
def test_cqa_output_that_cannot_be_read_has_a_reason(raw: str, reason: str) -> None:
    assert parse_cqa(raw, CHOICES) == Rejected(reason)


def test_cqa_repeated_choice_keeps_its_letter_and_spaces_do_not_count() -> None:
    parsed = parse_cqa("R. So the answer is (d) ice cream.", ["bus", "bridge", "bridge", "ice  cream "])

    assert parsed == TeacherAnswer("R. So the answer is ice cream.", "ice cream")


def test_cqa_choice_that_ends_in_a_full_stop_is_not_unlike_its_text() -> None:
    parsed = parse_cqa("R. So the answer is (b) to run.", ["to sit", "to run."])

    assert parsed == TeacherAnswer("R. So the answer is to run..", "to run.")
    assert conclusion(find_task("cqa"), parsed.rationale) == "to run."


def test_cqa_bracketed_plural_is_no_second_letter() -> None:
    parsed = parse_cqa("R. So the answer is (a) store(s).", ["store(s)", "home"])

    assert parsed == TeacherAnswer("R. So the answer is store(s).", "store(s)")


def test_cqa_last_of_several_conclusions_counts() -> None:
    parsed = parse_cqa("First, so the answer is (a) garage. No. So the answer is (d) table.", CHOICES)

    assert isinstance(parsed, TeacherAnswer)
    assert parsed.label == "table"


def test_cqa_text_after_the_line_of_the_conclusion_is_dropped() -> None:
    parsed = parse_cqa("A.\nB. So the answer is (a) garage.\n\nQ", CHOICES)

    assert parsed == TeacherAnswer("A. B. So the answer is garage.", "garage")


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("(84 / 2).\n\nQ: There are", "84 / 2"),
        ("(84 / 2)", "84 / 2"),
        ("84 / 2.", "84 / 2"),
        ("((25 - 15) - 12).\n", "25 - 15 - 12"),
        ("((15 * 19) + (62 * 19)).\n\nQ", "15 * 19 + 62 * 19"),
        ("(31 * 6) / 19.\n\nQ:", "31 * 6 / 19"),
        ("(95 * 118) + (11,210 / 84).\n\nQ:", "95 * 118 + 11210 / 84"),
        ("(5 - (-7)).\n\nQ:", "5 - (-7)"),
        ("(29/2).\n\nQ:", "29 / 2"),
        ("(1.5).\n\nQ:", "1.5"),
    ],
)
def test_svamp_equation_is_canonical_and_ends_the_rationale(answer: str, label: str) -> None:
    assert parse_svamp(f"It is so. The answer is {answer}") == TeacherAnswer(f"It is so. The answer is {label}.", label)


@pytest.mark.parametrize(
    "equation",
    ["(some - 8)", "(25 + x)", "(175, 5)", "(53 + 17) and (14 - 10)", "(7x = 14)", "(2 / 0)", "(8 bags * 4)"],
)
def test_svamp_equation_that_is_no_arithmetic_has_a_reason(equation: str) -> None:
    parsed = parse_svamp(f"It is so. The answer is {equation}.\n\nQ:")

    assert parsed == Rejected("teacher's equation is not plain arithmetic")


@pytest.mark.parametrize("equation", ["((491 - 21", "((415 - 309)", "(9 + 6", "((415 - 309) - (41"])
def test_svamp_equation_cut_at_the_token_limit_has_a_reason(equation: str) -> None:
    parsed = parse_svamp(f"It is so. The answer is {equation}")

    assert parsed == Rejected("teacher's equation has a bracket that is not closed")


def test_svamp_output_that_never_concludes_has_a_reason() -> None:
    parsed = parse_svamp("He has 32 sacks. He has 32 sacks. He has 3")

    assert parsed == Rejected("teacher states no conclusion")


def test_svamp_conclusion_that_begins_with_so_leaves_no_so_behind() -> None:
    assert parse_svamp("It is so. So the answer is (5).") == TeacherAnswer("It is so. The answer is 5.", "5")


def test_svamp_repeated_question_is_cut_off_and_noted() -> None:
    parsed = parse_svamp("7 roses.\nHow many?\nA: There were 7. The answer is (20 - 7).\n\nQ:")

    assert parsed == TeacherAnswer("There were 7. The answer is 20 - 7.", "20 - 7", (QUESTION_ECHOED,))


PIECES = [
    *(
        " So the answer is ",
        " The answer is ",
        ", so the answer is: ",
        "Q:",
        "\nA:",
        "\nPremise: ",
        "<think>",
        "</think>",
    ),
    *("(a)", "(b) chair", " not ", "neutral", "non-entailment", "**", "=", "2 + 3", "1e999", ". ", "\n", QUESTION),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12))
def test_any_output_is_read_or_rejected_and_never_blank(pieces: list[str]) -> None:
    raw = "".join(pieces)
    for parsed, task in ((parse_cqa(raw, CHOICES), "cqa"), (parse_svamp(raw), "svamp"), (parse_nli(raw), "anli")):
        if isinstance(parsed, TeacherAnswer):
            assert parsed.label.strip()
            assert conclusion(find_task(task), parsed.rationale) == parsed.label
        else:
            assert parsed.reason


@given(
    st.lists(st.text(alphabet="abc .", min_size=1).filter(str.strip), min_size=2, max_size=5),
    st.data(),
)
def test_cqa_rationale_always_concludes_with_the_label(choices: list[str], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(choices) - 1))

    parsed = parse_cqa(f"R. So the answer is ({'abcde'[position]}) {choices[position]}.", choices)

    assert isinstance(parsed, TeacherAnswer)
    assert parsed.label == " ".join(choices[position].split())
    assert conclusion(find_task("cqa"), parsed.rationale) == parsed.label


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("**(b) chair**.", "chair"),
        ("option (b).", "chair"),
        ("b.", "chair"),
        ("B", "chair"),
        ("B) chair", "chair"),
        ("[b] chair", "chair"),
        ('"chair".', "chair"),
        ("chair. It is not (a) garage.", "chair"),
        ("(b) chair. It is not (a).", "chair"),
    ],
)
def test_choice_is_read_however_it_is_set(answer: str, label: str) -> None:
    parsed = parse_cqa(f"{REASONING} So the answer is {answer}", CHOICES)

    assert isinstance(parsed, TeacherAnswer)
    assert parsed.label == label
    assert SEVERAL_LETTERS not in parsed.notes


@pytest.mark.parametrize(
    "answer", ["not (a) garage but (b) chair", "none of (a) to (e)", "neither (a) nor (b)", "neither", "none of these"]
)
def test_denied_choice_is_no_answer(answer: str) -> None:
    assert parse_cqa(f"{REASONING} So the answer is {answer}.", CHOICES) == Rejected(DENIES)


def test_choice_that_denies_by_itself_is_an_answer() -> None:
    choices = ["(all) right", "none of the above", "not (a)"]

    for said, label in (("(b) none of the above", choices[1]), ("none of the above", choices[1]), ("(c)", choices[2])):
        parsed = parse_cqa(f"{REASONING} So the answer is {said}.", choices)
        assert isinstance(parsed, TeacherAnswer) and parsed.label == label


def test_choice_with_a_full_stop_of_its_own_is_read_whole() -> None:
    parsed = parse_cqa(f"{REASONING} So the answer is (b) the U.S. Army base. It is big.", ["x", "the U.S. Army base"])

    assert parsed == TeacherAnswer(f"{REASONING} So the answer is the U.S. Army base.", "the U.S. Army base")


def test_choices_past_z_have_the_letters_that_the_student_reads() -> None:
    choices = [f"number {position}" for position in range(40)]

    for position in (0, 25, 26, 27, 39):
        parsed = parse_cqa(f"{REASONING} So the answer is ({choice_letter(position)}).", choices)
        assert isinstance(parsed, TeacherAnswer) and parsed.label == choices[position]


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("23 + 18 = 41.", "23 + 18"),
        ("41 = 23 + 18.", "23 + 18"),
        ("(23 + 18) = 41 apples.", "23 + 18"),
        ("23 + 18 = $41.00.", "23 + 18"),
        ("10 / 3 = 3.33.", "10 / 3"),
        ("**84 / 2**.", "84 / 2"),
        ("84 / 2. That makes 42.", "84 / 2"),
        ("(2 * 3) + 1 = 6 + 1 = 7.", "2 * 3 + 1"),
        ("41 = 41", "41"),
    ],
)
def test_equation_is_kept_beside_its_value(answer: str, label: str) -> None:
    assert parse_svamp(f"It is so. The answer is {answer}") == TeacherAnswer(f"It is so. The answer is {label}.", label)


def test_equation_that_its_value_belies_has_a_reason() -> None:
    parsed = parse_svamp("It is so. The answer is 23 + 18 = 42.")

    assert parsed == Rejected("teacher's equation has not the value stated beside it")


def test_equation_too_large_for_a_float_has_a_reason() -> None:
    assert parse_svamp(f"It is so. The answer is {'9' * 400}.") == Rejected(NO_ARITHMETIC)


def test_conclusion_that_may_be_cut_in_the_middle_has_a_reason() -> None:
    for parsed in (
        parse_cqa(f"{REASONING} So the answer is (b) train", CHOICES, cut=True),
        parse_svamp("It is so. The answer is 84 / 2", cut=True),
        parse_nli("He sleeps. So the answer is entailment", cut=True),
        parse_nli("", cut=True),
    ):
        assert parsed == Rejected(CUT)


def test_own_words_are_what_the_release_reads() -> None:
    read = [
        read_output("R. So the answer is (b) Stool.", find_task("cqa"), {"question": "x"}, CHOICES),
        read_output("R. So the answer is (b).", find_task("cqa"), {"question": "x"}, CHOICES),
        read_output("R. The answer is (2 * 3) + 4.", find_task("svamp"), {"problem": "x"}),
        read_output("R. So the answer is Neutral.", find_task("anli"), PREMISE),
    ]

    assert [(answer.label, answer.own_words) for answer in read if isinstance(answer, TeacherAnswer)] == [
        ("chair", "Stool"),
        ("chair", "chair"),
        ("2 * 3 + 4", "(2 * 3)"),
        ("neutral", "neutral"),
    ]
