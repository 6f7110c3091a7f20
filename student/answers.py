"""From text to answer: equations (our own safe parser), and the conclusion a rationale comes to.

Model text is never given to `eval`. The grammar is the one of school arithmetic:

    expression = term   { ("+" | "-") term }
    term       = factor { ("*" | "/") factor }
    factor     = "-" factor | "(" expression ")" | number
    number     = digits with optional thousands commas [ "." digits ]  |  "." digits
"""

from __future__ import annotations

import math
import re

from student.errors import AnswerError
from student.task import FreeText, Task, normalise_answer

MAX_EQUATION_CHARS = 512
_MAX_DEPTH = 64
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_TOKEN = re.compile(rf"\s*(?:({_NUMBER})|([-+*/()]))", re.ASCII)
_SYNONYMS = str.maketrans({"×": "*", "÷": "/", "−": "-"})


def evaluate_equation(text: str) -> float:
    """Value of an arithmetic expression such as `( 84.0 / 2.0 )`.

    Args:
        text: numbers, `+ - * /`, brackets and spaces; at most `MAX_EQUATION_CHARS` characters.

    Returns:
        The value as a finite float.

    Raises:
        AnswerError: the text is no such expression, divides by zero or leaves the range of a float.
    """
    if len(text) > MAX_EQUATION_CHARS:
        raise AnswerError(f"equation: {len(text)} characters; at most {MAX_EQUATION_CHARS} are read")
    value = _Parser(_tokens(text.translate(_SYNONYMS))).parse()
    if not math.isfinite(value):
        raise AnswerError("equation: its value is too large for a float")
    return value


def equation_value(task: Task, answer: str) -> float | None:
    """The value of an answer, where the task's answers are equations that can be read; None otherwise."""
    if not (isinstance(task.answer, FreeText) and task.answer.parser == "equation"):
        return None
    try:
        return evaluate_equation(answer)
    except AnswerError:
        return None


def same_answer(task: Task, left: str, right: str) -> bool:
    """Whether two answers mean the same: by value for equations (tolerance 1e-4), else by normalised text."""
    left_value, right_value = equation_value(task, left), equation_value(task, right)
    if left_value is not None and right_value is not None:
        return math.isclose(left_value, right_value, rel_tol=1e-9, abs_tol=1e-4)
    return normalise_answer(left) == normalise_answer(right)


def conclusion(task: Task, rationale: str) -> str | None:
    """The answer that a rationale ends in, or None if it states none.

    The last occurrence of the task's conclusion words counts (rationales may weigh other answers first); the
    final full stop does not.
    """
    # Not by lower(): it makes some texts longer (`İ`), and the place found would be of another text.
    places = [match.end() for match in re.finditer(re.escape(task.conclusion), rationale, re.IGNORECASE)]
    if not places:
        return None
    text = normalise_answer(rationale[places[-1] :])
    return text.removesuffix(".").strip() or None


def concludes_in(task: Task, rationale: str, answer: str) -> bool:
    """Whether a rationale ends in this answer; not if it states none."""
    concluded = conclusion(task, rationale)
    return concluded is not None and same_answer(task, concluded, answer)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise AnswerError(f"equation: cannot be read at character {position + 1}; only numbers, + - * / and ()")
        tokens.append(match.group(1) or match.group(2))
        position = match.end()
    if not tokens:
        raise AnswerError("equation: is empty")
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def parse(self) -> float:
        value = self._expression()
        if self._position < len(self._tokens):
            raise AnswerError("equation: goes on after its end (unbalanced bracket or missing operator)")
        return value

    def _peek(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self) -> str:
        token = self._peek()
        if token is None:
            raise AnswerError("equation: ends too early")
        self._position += 1
        return token

    def _expression(self) -> float:
        value = self._term()
        while self._peek() in ("+", "-"):
            value = value + self._term() if self._take() == "+" else value - self._term()
        return value

    def _term(self) -> float:
        value = self._factor()
        while self._peek() in ("*", "/"):
            if self._take() == "*":
                value *= self._factor()
            else:
                divisor = self._factor()
                if divisor == 0:
                    raise AnswerError("equation: divides by zero")
                value /= divisor
        return value

    def _factor(self) -> float:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise AnswerError(f"equation: nested deeper than {_MAX_DEPTH}")
        try:
            token = self._take()
            if token == "-":
                return -self._factor()
            if token == "(":
                value = self._expression()
                if self._take() != ")":
                    raise AnswerError("equation: a bracket is not closed")
                return value
            if token[0].isdigit() or token[0] == ".":
                return float(token.replace(",", ""))
            raise AnswerError(f"equation: {token!r} where a number or bracket should stand")
        finally:
            self._depth -= 1
