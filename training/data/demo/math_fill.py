"""Words and numbers for the slots of a word problem."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from training.data.demo import math_words as words
from training.data.demo.split import Split, held_out

_HELD_OUT_WORD_SHARE = 0.15
_ADJECTIVE_SHARE = 0.1
_TITLE_SHARE = 0.07
_RELATIVE_SHARE = 0.07
_DOLLAR_SIGN_SHARE = 0.4

_POOLS = {
    name: held_out(items, _HELD_OUT_WORD_SHARE, salt=f"demo-math/{name}")
    for name, items in {
        "name": words.WOMEN + words.MEN,
        "surname": words.SURNAMES,
        "object": words.OBJECTS,
        "food": words.FOODS,
        "animal": words.ANIMALS,
        "people": words.PEOPLE,
        "container": words.CONTAINERS,
    }.items()
}

_THINGS = frozenset(words.OBJECTS + words.FOODS)
_ANIMALS = frozenset(words.ANIMALS)

# A thing must fit what is done with it: nobody bakes pebbles, and cows do not fly.
_THINGS_BY_VERB = (
    (re.compile(r"\b(make|makes|made)\b"), words.MAKEABLE),
    (re.compile(r"\bpick(s|ed)?\b"), words.PICKABLE),
)
_FLIES = re.compile(r"\b(fly|flew)\b")
_RUNS = re.compile(r"\b(run|ran)\b")

# Numbers look nearly the same for every operation, so that they do not give the operation away.
_DIVISIBLE_SHARE = 0.72
_DIVISIBLE_PRODUCT_SHARE = 0.88
_BIG_NUMBER_SHARE = 0.08
_BIGGER_FIRST_SHARE = 0.7


def numbers_for(formula: str, order: Sequence[str], rng: random.Random) -> dict[str, int]:
    """Numbers for a formula.

    Args:
        formula: the equation over number slots, such as `a - b`.
        order: the number slots in the order in which the problem names them.
        rng: source of randomness.

    Returns:
        A number for each slot; the formula's value is a positive whole number.
    """
    if "c" in formula:
        return _three_numbers(formula, rng)
    if formula == "a / b":
        bigger, smaller = _divisible_pair(rng)
    else:
        # Unlike sums, products of two large numbers make no natural problems.
        product = formula == "a * b"
        divisible = rng.random() < (_DIVISIBLE_PRODUCT_SHARE if product else _DIVISIBLE_SHARE)
        bigger, smaller = _divisible_pair(rng) if divisible else _any_pair(rng, product)
    if formula in ("a - b", "a / b"):
        return {"a": bigger, "b": smaller}
    pair = (bigger, smaller) if rng.random() < _BIGGER_FIRST_SHARE else (smaller, bigger)
    return dict(zip(order, pair, strict=True))


def _three_numbers(formula: str, rng: random.Random) -> dict[str, int]:
    second, third = _small(rng), _small(rng)
    # Where nothing is taken away, the first number may be the smallest.
    free = formula in ("a + b + c", "a * b + c", "a * b - c") and rng.random() < 0.6
    if free:
        first = _small(rng)
    else:
        lowest = second + third + 1
        first = lowest + rng.randint(0, 20) if rng.random() < 0.5 else rng.randint(lowest, max(99, lowest + 20))
    if formula.startswith("a * b"):
        # Either factor may be the bigger one, and no more may be taken away than there are.
        if rng.random() < 0.5:
            first, second = second, first
        third = min(third, first * second - 1)
    return {"a": first, "b": second, "c": third}


def _small(rng: random.Random) -> int:
    return rng.randint(2, 12) if rng.random() < 0.65 else rng.randint(2, 45)


def _divisible_pair(rng: random.Random) -> tuple[int, int]:
    if rng.random() < _BIG_NUMBER_SHARE:
        smaller = rng.randint(13, 60)
        return smaller * rng.randint(2, 7), smaller
    while True:
        smaller = rng.randint(2, 12)
        bigger = smaller * rng.randint(2, 15)
        if bigger <= 99:
            return bigger, smaller


def _any_pair(rng: random.Random, product: bool) -> tuple[int, int]:
    large = not product and rng.random() < _BIG_NUMBER_SHARE
    bigger = rng.randint(100, 500) if large else rng.randint(5, 99)
    return bigger, rng.randint(2, bigger - 1)


class Filler:
    """Draws the words of one problem.

    Attributes:
        used_new_words: whether a word that training never shows was taken.
    """

    def __init__(self, split: Split, rng: random.Random) -> None:
        """Take words from the held-out pools of `split`; for train, from the seen ones."""
        self._split: Split = split
        self._rng = rng
        self.used_new_words = False

    def values(self, problem: str, numbers: Mapping[str, int]) -> dict[str, str]:
        """Values for all slots, those that the problem does not have included where they cost nothing."""
        slots = frozenset(re.findall(r"\{([^{}]+)\}", problem))
        values = {name: str(number) for name, number in numbers.items()}
        values |= self._money(numbers)
        if slots & {"N", "M", "K"}:
            values |= self._people(first_names_only="years old" in problem)
        if slots & {"T", "t", "at", "U", "O", "F", "f"}:
            values |= self._things(problem, slots)
        if slots & {"A", "B"}:
            values |= self._animals(problem)
        if slots & {"P", "p"}:
            person = self._word("people")
            values |= {"P": words.plural(person), "p": person}
        if slots & {"X", "x", "ax"}:
            container = self._word("container")
            values |= {"X": words.plural(container), "x": container, "ax": words.with_article(container)}
        values["L"] = self._rng.choice(words.PLACES)
        values["Q"], values["q"] = self._rng.sample(words.COLOURS, 2)
        values["W"], values["V"], values["Y"] = self._rng.sample(words.WEEKDAYS, 3)
        values["z"] = str(self._rng.randint(5, 60))
        return values

    def _money(self, numbers: Mapping[str, int]) -> dict[str, str]:
        sign = self._rng.random() < _DOLLAR_SIGN_SHARE
        return {f"${name}": f"${number}" if sign else f"{number} dollars" for name, number in numbers.items()}

    def _people(self, first_names_only: bool) -> dict[str, str]:
        first, second, third = self._distinct_names()
        woman = first in words.WOMEN
        # "Mr. Hill is 4 years old" would puzzle the reader.
        chance = 1.0 if first_names_only else self._rng.random()
        if chance < _TITLE_SHARE:
            first = f"{'Mrs.' if woman else 'Mr.'} {self._word('surname')}"
        elif chance < _TITLE_SHARE + _RELATIVE_SHARE and self._split == "train":
            first = self._rng.choice(words.RELATIVES_WOMEN if woman else words.RELATIVES_MEN)
        pronouns = ("she", "her", "her") if woman else ("he", "him", "his")
        return {"N": first, "M": second, "K": third, **dict(zip(("he", "him", "his"), pronouns, strict=True))}

    def _distinct_names(self) -> list[str]:
        pool = _POOLS["name"]
        names = pool.new(self._split) or pool.seen
        self.used_new_words |= self._split != "train"
        return self._rng.sample(names, 3)

    def _things(self, problem: str, slots: frozenset[str]) -> dict[str, str]:
        fitting = _THINGS
        for verb, things in _THINGS_BY_VERB:
            if verb.search(problem):
                fitting = things
        values: dict[str, str] = {}
        plain = bool(slots & {"Q", "q"})
        if "O" in slots:
            values["O"] = words.plural(self._word("object", fitting))
        if slots & {"F", "f"}:
            food = self._described(self._word("food", fitting), plain)
            values |= {"F": words.plural(food), "f": food}
        if slots & {"T", "t", "at"}:
            thing = self._word(self._rng.choice(("object", "object", "food")), fitting)
            other = self._word("object", fitting - {thing})
            described = self._described(thing, plain)
            values |= {"T": words.plural(described), "t": described, "at": words.with_article(described)}
            values["U"] = words.plural(other)
        return values

    def _described(self, noun: str, plain: bool) -> str:
        if plain or self._rng.random() >= _ADJECTIVE_SHARE:
            return noun
        adjectives = words.FOOD_ADJECTIVES if noun in words.FOODS else words.OBJECT_ADJECTIVES
        return f"{self._rng.choice(adjectives)} {noun}"

    def _animals(self, problem: str) -> dict[str, str]:
        fitting = _ANIMALS
        if _FLIES.search(problem):
            fitting = words.FLYING_ANIMALS
        elif _RUNS.search(problem):
            fitting = _ANIMALS - words.FLYING_ANIMALS
        first = self._word("animal", fitting)
        second = self._word("animal", fitting - {first})
        return {"A": words.plural(first), "B": words.plural(second)}

    def _word(self, kind: str, fitting: frozenset[str] | None = None) -> str:
        pool = _POOLS[kind]
        new = [item for item in pool.new(self._split) if fitting is None or item in fitting]
        if new:
            self.used_new_words = True
            return self._rng.choice(new)
        seen = [item for item in pool.seen if fitting is None or item in fitting]
        return self._rng.choice(seen)
