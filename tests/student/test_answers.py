from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from student.answers import (
    MAX_EQUATION_CHARS,
    concludes_in,
    conclusion,
    equation_value,
    evaluate_equation,
    same_answer,
)
from student.errors import AnswerError
from student.task import Task, find_task

SVAMP, NLI = find_task("svamp"), find_task("demo-nli")

Tree = Any
"""A number, `("-", tree)` or `(operator, tree, tree)`."""

_LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("( 84.0 / 2.0 )", 42.0),
        ("1 + 2 * 3", 7.0),
        ("(1+2)*3", 9.0),
        ("8 / 4 / 2", 1.0),
        ("8 - 4 - 2", 2.0),
        ("-3 - -4", 1.0),
        ("2 * -3", -6.0),
        ("--5", 5.0),
        ("1,234.5 + .5", 1235.0),
        ("1,234,567", 1234567.0),
        ("6 × 7 ÷ 2 − 1", 20.0),
        (" 7 \n", 7.0),
        ("007", 7.0),
    ],
)
def test_equation_has_its_value(text: str, value: float) -> None:
    assert evaluate_equation(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("1 +", "ends too early"),
        ("(1", "ends too early"),
        ("(1 2)", "not closed"),
        ("1 2", "goes on after its end"),
        ("1)", "goes on after its end"),
        ("* 2", "where a number or bracket should stand"),
        ("+ 2", "where a number or bracket should stand"),
        ("()", "where a number or bracket should stand"),
        ("1 / 0", "divides by zero"),
        ("1 / (2 - 2)", "divides by zero"),
        ("2 ** 3", "where a number or bracket should stand"),
        ("1,23", "cannot be read at character 2"),
        ("12,3456", "goes on after its end"),
        ("1.2.3", "goes on after its end"),
        ("1e5", "cannot be read at character 2"),
        ("3 apples", "cannot be read at character 2"),
        ("__import__('os')", "cannot be read at character 1"),
        ("٣", "cannot be read at character 1"),
        ("nan", "cannot be read"),
        ("9" * 400, "too large"),
        ("-" * 65 + "1", "nested deeper"),
        ("(" * 65 + "1" + ")" * 65, "nested deeper"),
        ("1" * (MAX_EQUATION_CHARS + 1), "513 characters"),
    ],
)
def test_what_is_no_equation_is_refused(text: str, message: str) -> None:
    with pytest.raises(AnswerError, match=r"^equation: ") as caught:
        evaluate_equation(text)
    assert message in str(caught.value)


_numbers = st.one_of(st.integers(0, 999_999).map(float), st.decimals(0, 1000, places=2, allow_nan=False).map(float))
_trees = st.recursive(
    _numbers,
    lambda inner: st.one_of(st.tuples(st.just("-"), inner), st.tuples(st.sampled_from("+-*/"), inner, inner)),
    max_leaves=12,
)


@given(_trees, st.data())
def test_rendered_tree_has_the_trees_value(tree: Tree, data: st.DataObject) -> None:
    text = _render(tree, data)
    assume(len(text) <= MAX_EQUATION_CHARS)
    try:
        expected = _value(tree)
    except ZeroDivisionError:
        with pytest.raises(AnswerError, match="divides by zero"):
            evaluate_equation(text)
        return
    assert evaluate_equation(text) == expected


@pytest.mark.parametrize(
    ("task", "rationale", "answer", "agrees"),
    [
        (NLI, "He sleeps. So the answer is neutral.", "neutral", True),
        (NLI, "He sleeps. So the answer is neutral.", "entailment", False),
        (NLI, "He sleeps.", "neutral", False),
        (SVAMP, "Half of it. The answer is 8.5 / 2.0.", "17 / 4", True),
    ],
)
def test_a_rationale_agrees_if_it_ends_in_the_same_answer(
    task: Task, rationale: str, answer: str, agrees: bool
) -> None:
    assert concludes_in(task, rationale, answer) is agrees


@given(st.text())
def test_any_text_gives_a_finite_value_or_an_answer_error(text: str) -> None:
    _read(text)


@given(st.text(alphabet="0123456789,.+-*/() \t×÷−", max_size=600))
def test_any_near_equation_gives_a_finite_value_or_an_answer_error(text: str) -> None:
    _read(text)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("84 / 2", "( 126 / 3 )", True),
        ("1 / 3", "0.33333", True),
        ("1 / 3", "0.333", False),
        ("42", "no number", False),
        ("no  number", " no number", True),
    ],
)
def test_equations_are_compared_by_value(left: str, right: str, same: bool) -> None:
    assert same_answer(SVAMP, left, right) is same


def test_labels_are_compared_by_text() -> None:
    assert same_answer(NLI, " neutral ", "neutral")
    assert not same_answer(NLI, "1 + 1", "2")
    assert equation_value(NLI, "2") is None
    assert equation_value(SVAMP, "2 x") is None
    assert equation_value(SVAMP, "2 * 4") == 8.0


@pytest.mark.parametrize(
    ("task", "rationale", "answer"),
    [
        (NLI, "He sleeps. So the answer is neutral.", "neutral"),
        (NLI, "so the ANSWER is  entailment ", "entailment"),
        (NLI, "So the answer is neutral, or not. So the answer is contradiction.", "contradiction"),
        (NLI, "\u0130\u0130 So the answer is neutral.", "neutral"),
        (NLI, "So the answer is .", None),
        (NLI, "So the answer is", None),
        (NLI, "He sleeps.", None),
        (SVAMP, "Half of it. The answer is 8.5 / 2.0.", "8.5 / 2.0"),
    ],
)
def test_conclusion_is_what_follows_the_last_conclusion_words(task: Task, rationale: str, answer: str | None) -> None:
    assert conclusion(task, rationale) == answer


@given(st.text())
def test_conclusion_of_any_text_is_none_or_a_text(text: str) -> None:
    answer = conclusion(NLI, f"{text} So the answer is yes.")
    assert answer == "yes"
    assert conclusion(NLI, text) is None or "the answer is" in text.lower()


def _read(text: str) -> None:
    try:
        value = evaluate_equation(text)
    except AnswerError:
        return
    assert math.isfinite(value)


def _value(tree: Tree) -> float:
    if isinstance(tree, float):
        return tree
    if len(tree) == 2:
        return -_value(tree[1])
    left, right = _value(tree[1]), _value(tree[2])
    match tree[0]:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right


def _render(tree: Tree, data: st.DataObject) -> str:
    """Brackets where they are needed, and now and then where they are not."""
    if isinstance(tree, float):
        whole = tree.is_integer() and data.draw(st.booleans())
        return f"{int(tree):,}" if whole else f"{tree:.2f}"
    space = data.draw(st.sampled_from(["", " "]))
    if len(tree) == 2:
        inner = _render(tree[1], data)
        return f"-{inner}" if _level(tree[1]) == 3 else f"-({inner})"
    operator, left, right = tree
    level = _LEVEL[operator]
    parts = []
    for side, least in ((left, level), (right, level + 1)):
        text = _render(side, data)
        parts.append(f"({text})" if _level(side) < least or data.draw(st.booleans()) else text)
    return f"{parts[0]}{space}{operator}{space}{parts[1]}"


def _level(tree: Tree) -> int:
    return 3 if isinstance(tree, float) or len(tree) == 2 else _LEVEL[tree[0]]
