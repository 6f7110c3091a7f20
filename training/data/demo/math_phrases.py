"""`Situation`: one way in which an operation comes up, with the phrasings of its problems and rationales.

Phrasings are written in a small notation: `{slot}` is filled with a word or number, `[x|y]` is one of the
alternatives, and alternatives with the same number, `[1:has|had] ... [1:buys|bought]`, are taken in step.
Sentences may start in lower case: `realise` sets the capitals.

Number slots are `{a}`, `{b}` and `{c}`, by their part in the formula; `{$a}` is a sum of money. In rationales
`{1}` and `{2}` are the first two numbers of the equation; `{z}` is a number that plays no part. Word slots:

    N M K     people's names             he his him  pronouns of N
    T t at    things, one, a/an one      U           other things
    O         things that are no food    Q q         two colours
    F f       food, one                  A B         two kinds of animals
    P p       people, one                X x ax      containers, one, a/an one
    L         a place, as `by the lake`  W V Y       three days of the week
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

_CHOICE = re.compile(r"\[(?:(\d):)?([^\[\]]*)\]")
_SLOT = re.compile(r"\{([^{}]+)\}")
# "Mr. Hill": the full stop after a title ends no sentence, but surnames have their capital anyway.
_SENTENCE_START = re.compile(r"(^|[.?!] )([a-z])")
_NUMBER_SLOTS = frozenset({"a", "b", "c", "$a", "$b", "$c"})
_NO_WORD_SLOTS = _NUMBER_SLOTS | {"1", "2", "z"}


@dataclass(frozen=True)
class Situation:
    """Problems that are solved the same way and for the same reason.

    Attributes:
        name: identifies the situation, such as `sub-left`.
        formula: the equation over the number slots, such as `a - b`.
        problems: phrasings of the problem; more may be added at the end, which keeps the ids of the others.
        rationales: phrasings of the reasoning; those that use a word slot are taken only for problems that
            have it.
    """

    name: str
    formula: str
    problems: tuple[str, ...]
    rationales: tuple[str, ...]


def word_slots(phrasing: str) -> frozenset[str]:
    """The slots that are filled with words."""
    return frozenset(_SLOT.findall(phrasing)) - _NO_WORD_SLOTS


def number_order(phrasing: str) -> tuple[str, ...]:
    """The number slots in the order in which they are read, such as `("b", "a")`."""
    return tuple(dict.fromkeys(slot.lstrip("$") for slot in _SLOT.findall(phrasing) if slot in _NUMBER_SLOTS))


def literal_words(phrasing: str) -> frozenset[str]:
    """The words of the phrasing itself, all alternatives included, in lower case."""
    text = re.sub(r"\[\d:", "[", _SLOT.sub(" ", phrasing)).lower()
    return frozenset(re.findall(r"[a-z]+", text))


def choose(phrasing: str, rng: random.Random) -> str:
    """Take one of each alternatives; slots stay."""
    taken: dict[str, int] = {}

    def one(match: re.Match[str]) -> str:
        tie: str | None = match.group(1)
        options: list[str] = match.group(2).split("|")
        if tie is None:
            return rng.choice(options)
        position = taken.setdefault(tie, rng.randrange(len(options)))
        return options[position]

    return _CHOICE.sub(one, phrasing)


def realise(phrasing: str, values: Mapping[str, str]) -> str:
    """Fill the slots of a phrasing without alternatives, and set spaces and capitals."""
    text = " ".join(_SLOT.sub(lambda match: values[match.group(1)], phrasing).split())
    text = re.sub(r" ([.,?])", r"\1", text)
    return _SENTENCE_START.sub(lambda match: match.group(1) + match.group(2).upper(), text)
