"""One way to write an equation: `84 / 2`, whether it came as `( 84.0 / 2.0 )`, `(84/2)` or `84 ÷ 2`."""

from __future__ import annotations

import ast
import re

from student.answers import MAX_EQUATION_CHARS, evaluate_equation
from student.errors import AnswerError

_NUMBER = re.compile(r"[0-9.,]+")
_SYNONYMS = str.maketrans({"×": "*", "÷": "/", "−": "-"})
_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1),
    ast.Sub: ("-", 1),
    ast.Mult: ("*", 2),
    ast.Div: ("/", 2),
}
_NUMBER_RANK = 3


def canonical_equation(text: str) -> str:
    """Write an equation with the brackets it needs, single spaces round operators, and short numbers.

    Brackets stay wherever leaving them out would change the order of the operations, so the value is the very
    same float: `( ( 17.0 + 15.0 ) + 2.0 )` becomes `17 + 15 + 2`, but `17 + (15 + 2)` stays.

    Args:
        text: what `student.answers.evaluate_equation` reads.

    Returns:
        The canonical text; it is its own canonical text.

    Raises:
        AnswerError: the text has no value, or its canonical text is too long to be read again.
    """
    evaluate_equation(text)
    # What the grammar of answers accepts is also Python once numbers are short; parsing it runs nothing.
    plain = _NUMBER.sub(_short_number, " ".join(text.translate(_SYNONYMS).split()))
    written, _ = _write(ast.parse(plain, mode="eval").body, plain)
    if len(written) > MAX_EQUATION_CHARS:
        raise AnswerError(f"equation: {len(written)} characters when spaced; at most {MAX_EQUATION_CHARS} are read")
    return written


def _short_number(match: re.Match[str]) -> str:
    whole, _, decimals = match[0].replace(",", "").partition(".")
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _write(node: ast.expr, plain: str) -> tuple[str, int]:
    """The text of a node and how tightly it binds: 1 a sum, 2 a product or a sign, 3 a number."""
    if isinstance(node, ast.BinOp):
        sign, rank = _SIGNS[type(node.op)]
        left, left_rank = _write(node.left, plain)
        right, right_rank = _write(node.right, plain)
        left = f"({left})" if left_rank < rank else left
        right = f"({right})" if right_rank <= rank or right.startswith("-") else right
        return f"{left} {sign} {right}", rank
    if isinstance(node, ast.UnaryOp):
        operand, rank = _write(node.operand, plain)
        return f"-{operand}" if rank == _NUMBER_RANK else f"-({operand})", 2
    # A number as it stands in the text: the parsed constant would come back as `1e-05` or rounded.
    return plain[node.col_offset : node.end_col_offset], _NUMBER_RANK
