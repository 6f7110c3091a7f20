from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from student.answers import evaluate_equation
from student.errors import AnswerError
from training.data.equations import canonical_equation


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("( 84.0 / 2.0 )", "84 / 2"),
        ("(84 / 2)", "84 / 2"),
        ("84/2", "84 / 2"),
        ("((5))", "5"),
        ("( ( 17.0 + 15.0 ) + 2.0 )", "17 + 15 + 2"),
        ("( 17.0 + ( 15.0 + 2.0 ) )", "17 + (15 + 2)"),
        ("( 41.0 - ( 5.0 - 2.0 ) )", "41 - (5 - 2)"),
        ("( ( 6.0 + 7.0 ) * 5.0 )", "(6 + 7) * 5"),
        ("(16 * 17) * 4", "16 * 17 * 4"),
        ("67 * (66 / 6)", "67 * (66 / 6)"),
        ("(95 * 118) + (11,210 / 84)", "95 * 118 + 11210 / 84"),
        ("5 - (-7)", "5 - (-7)"),
        ("5 - (-7 * 2)", "5 - (-7 * 2)"),
        ("-(3 + 4)", "-(3 + 4)"),
        ("--3", "-(-3)"),
        ("0.50 + .25 + 007", "0.5 + 0.25 + 7"),
        ("0.00001", "0.00001"),
        ("84 ÷ 2 × 3 − 1", "84 / 2 * 3 - 1"),
        ("( 1 +\n 2 )", "1 + 2"),
    ],
)
def test_equation_is_written_in_one_form(text: str, canonical: str) -> None:
    assert canonical_equation(text) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "some - 8", "25 + x", "175, 5", "(1 + 2) and (3 - 4)", "7x = 14", "((415 - 309)", "1 / 0", "2 ** 3"],
)
def test_equation_without_value_is_refused(text: str) -> None:
    with pytest.raises(AnswerError):
        canonical_equation(text)


def test_equation_that_spaces_would_make_unreadable_is_refused() -> None:
    text = "+".join("1" * 200)

    assert evaluate_equation(text) == 200
    with pytest.raises(AnswerError, match="797 characters when spaced"):
        canonical_equation(text)


_NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals(0, 1000, places=3).map(str),
    st.integers(1000, 10**7).map(lambda number: f"{number:,}"),
)
_EQUATIONS = st.recursive(
    _NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({''.join(parts)})"),
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        inner.map(lambda text: f"-{text}"),
        inner.map(lambda text: f"( {text} )"),
    ),
    max_leaves=8,
)


@given(_EQUATIONS)
def test_canonical_equation_keeps_its_value_and_is_its_own_canonical_form(text: str) -> None:
    try:
        value = evaluate_equation(text)
    except AnswerError:
        assume(False)
    canonical = canonical_equation(text)

    assert evaluate_equation(canonical) == value
    assert canonical_equation(canonical) == canonical


@given(st.text(alphabet="0123456789.,+-*/() x=\n", max_size=40))
def test_any_text_is_either_an_equation_or_an_answer_error(text: str) -> None:
    try:
        value = evaluate_equation(text)
    except AnswerError:
        with pytest.raises(AnswerError):
            canonical_equation(text)
    else:
        assert evaluate_equation(canonical_equation(text)) == value
