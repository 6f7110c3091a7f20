"""The demo task `demo-math`: short arithmetic word problems, answered with an equation.

The domain. A problem tells an everyday story in one to three sentences and asks for one number. All numbers
are whole, are written in digits and lie mostly between 2 and 99. Most problems take one step:

* addition: two parts together, some more join, `5 more than`, how many there were at the start;
* subtraction: what is left, how many more or fewer, `5 fewer than`, the missing part;
* multiplication: equal groups, so many each day or hour, the price of several, `3 times as many`;
* division (without remainder): sharing equally, packing in boxes of so many, rates, unit prices, how many
  times as many.

About a fifth take two steps: `a + b - c`, `a - b - c`, `a - b + c`, `a * b + c`, `a * b - c` and `a + b + c`.
Some problems mention a number that plays no part, such as an age. Not covered: fractions, percentages,
remainders, brackets, numbers in words, units that must be converted, and more than two steps.

The answer is the equation, not its value: `12 - 5`, `3 * 5 + 2`. Within a sum or a product the numbers stand
in the order in which the problem names them; what is subtracted from or divided comes first (`20 - 5` for
"gave 5 of her 20"). In two-step problems with a gain or loss the amount at the start comes first, and with
equal groups the product, whatever is told first.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from student.answers import evaluate_equation
from training.data.demo import (
    math_addition,
    math_division,
    math_multiplication,
    math_subtraction,
    math_two_steps,
)
from training.data.demo.math_compositions import compose
from training.data.demo.math_fill import Filler, numbers_for
from training.data.demo.math_phrases import Situation, choose, number_order, realise, word_slots
from training.data.demo.split import Pool, Split, held_out
from training.data.example import Example

TASK = "demo-math"

_ONE_STEP = (math_addition, math_subtraction, math_multiplication, math_division)
_TWO_STEP_SHARE = 0.22
_HELD_OUT_TEMPLATE_SHARE = 0.17
# Half of the evaluated rows use a held-out template, and independently half use held-out words.
_NEW_SHARE = 0.5
_COMPOSED_SHARE = 0.5
_IDLE_OPENER_SHARE = 0.07
_IDLE_NUMBER_SHARE = 0.1
_OLDEST_YEARS = 99

_IDLE_OPENERS: tuple[str, ...] = (
    "{N} likes {T}.",
    "{N} [loves|collects] {T}.",
    "It is {W}.",
    "Today is {W}.",
    "{N} and {M} are friends.",
    "{N} went to [the market|the park|the store|school] on {W}.",
)
_IDLE_NUMBERS: tuple[str, ...] = (
    "{N} is {z} years old.",
    "{N} lives in house number {z}.",
    "{N} is in room {z} at school.",
    "{N} goes to school on bus {z}.",
)


@dataclass(frozen=True)
class Template:
    """One phrasing of one situation."""

    name: str
    situation: Situation
    problem: str

    def __str__(self) -> str:
        return self.name


def _templates(situations: tuple[Situation, ...]) -> tuple[Template, ...]:
    return tuple(
        Template(f"{situation.name}-{number:02d}", situation, problem)
        for situation in situations
        for number, problem in enumerate(situation.problems, start=1)
    )


def _pools() -> tuple[Pool[Template], ...]:
    """One pool for each operation and each kind of two-step problem, so that each has held-out templates."""
    groups = [module.SITUATIONS for module in _ONE_STEP]
    groups += [(situation,) for situation in math_two_steps.SITUATIONS]
    return tuple(held_out(_templates(group), _HELD_OUT_TEMPLATE_SHARE, salt=f"{TASK}/template") for group in groups)


POOLS = _pools()


def generate(split: Split, rows: int, seed: int) -> Iterator[Example]:
    """Make distinct rows of a split; the same arguments make the same rows.

    No problem occurs in two splits, whatever the seeds: a digest of its text says which split it belongs to.
    """
    rng = random.Random(f"{TASK}/{split}/{seed}")
    made: set[str] = set()
    while len(made) < rows:
        example = _draw(split, rng, len(made))
        problem = example.inputs["problem"]
        if problem not in made and _home(problem) == split:
            made.add(problem)
            yield example


def shortcut(example: Example) -> str:
    """What a baseline sees that does not read: the numbers of the problem in their order."""
    return " ".join(re.findall(r"\d+", example.inputs["problem"]))


def _home(problem: str) -> Split:
    byte = hashlib.sha256(problem.encode()).digest()[0]
    if byte < 192:
        return "train"
    return "validation" if byte < 224 else "test"


def _draw(split: Split, rng: random.Random, number: int) -> Example:
    pool = rng.choice(POOLS[len(_ONE_STEP) :] if rng.random() < _TWO_STEP_SHARE else POOLS[: len(_ONE_STEP)])
    new_template = split != "train" and rng.random() < _NEW_SHARE
    new_words = split != "train" and rng.random() < _NEW_SHARE
    template = rng.choice(pool.new(split) if new_template else pool.seen)
    composed = None
    if not new_template and rng.random() < _COMPOSED_SHARE:
        composed = compose(template.situation.name, rng)
    problem = _with_idle_opener(choose(composed or template.problem, rng), rng)
    filler = Filler(split if new_words else "train", rng)
    order = number_order(problem)
    equation = _equation(template.situation.formula, order)
    numbers = numbers_for(template.situation.formula, order, rng)
    while "years old" in problem and not _are_ages(equation, numbers):
        numbers = numbers_for(template.situation.formula, order, rng)
    values = filler.values(problem, numbers)
    label = realise(equation, values)
    first, second = re.findall(r"\d+", label)[:2]
    rationale = rng.choice([text for text in template.situation.rationales if word_slots(text) <= word_slots(problem)])
    return Example(
        task=TASK,
        inputs={"problem": realise(problem, values)},
        label=label,
        rationale=f"{realise(rationale, {**values, '1': first, '2': second})} The answer is {label}.",
        source=f"{TASK}/{split}:{number}",
        rationale_by="generator",
        tags={
            "template": template.name if composed is None else f"{template.situation.name}-composed",
            "seen_template": "no" if new_template else "yes",
            "held_out_words": "yes" if filler.used_new_words else "no",
        },
    )


def _are_ages(equation: str, numbers: Mapping[str, int]) -> bool:
    value = evaluate_equation(equation.format(**numbers))
    return max(value, *numbers.values()) <= _OLDEST_YEARS


def _equation(formula: str, order: tuple[str, ...]) -> str:
    """The formula as a phrasing; where the order is free, numbers stand as the problem names them."""
    names, signs = re.findall(r"[abc]", formula), re.findall(r"[-+*/]", formula)
    if set(signs) == {"+"}:
        free = names
    elif signs[0] == "*":
        free = names[:2]
    else:
        free = []
    ordered = iter([*sorted(free, key=order.index), *names[len(free) :]])
    return re.sub(r"[abc]", lambda _: f"{{{next(ordered)}}}", formula)


def _with_idle_opener(problem: str, rng: random.Random) -> str:
    """Sometimes put a sentence first that plays no part in the solution, sometimes with a number."""
    if not problem.startswith("{N} ") or "years old" in problem:
        return problem
    chance = rng.random()
    if chance < _IDLE_NUMBER_SHARE:
        openers = _IDLE_NUMBERS
    elif chance < _IDLE_NUMBER_SHARE + _IDLE_OPENER_SHARE:
        openers = _IDLE_OPENERS
    else:
        return problem
    fitting = [text for text in openers if word_slots(text) - {"W"} <= word_slots(problem)]
    return f"{choose(rng.choice(fitting), rng)} {problem}"
