"""Rows about who does something to whom: swapped roles, passives, gifts and comparisons."""

from __future__ import annotations

from dataclasses import dataclass

from training.data.demo.nli_concepts import article
from training.data.demo.nli_draft import Draft
from training.data.demo.nli_phrasing import tidy
from training.data.demo.nli_sampler import Sampler
from training.data.demo.nli_scene import Label
from training.data.demo.nli_words import OBJECTS, PLACES
from training.data.demo.split import Split, held_out


@dataclass(frozen=True)
class Event:
    """Something between two beings, told from either side.

    Attributes:
        name: identifies the event in template tags.
        certain: phrasings that say that `{x}` does it to `{y}`; `{thing}` is what changes hands.
        open: phrasings that leave this open.
    """

    name: str
    certain: tuple[str, ...]
    open: tuple[str, ...]


def _deed(third: str, ing: str, done: str) -> Event:
    return Event(
        third,
        (
            f"{{x}} is {ing} {{y}}",
            f"{{y}} is being {done} by {{x}}",
            f"{{x}} {third} {{y}}",
            f"{{y}} is {done} by {{x}}",
        ),
        (
            f"{{x}} is {ing} someone",
            f"someone is {ing} {{y}}",
            f"{{y}} is being {done} by someone",
            "{x} is standing next to {y}",
            "{x} and {y} are standing",
        ),
    )


def _transfer(gives: str, gets: str, be: str = "are") -> Event:
    return Event(
        gives,
        (
            f"{{x}} {gives} {{y}} {{thing}}",
            f"{{x}} {gives} {{thing}} to {{y}}",
            f"{{y}} {gets} {{thing}} from {{x}}",
        ),
        (
            f"{{x}} {gives} {{thing}} to someone",
            f"{{y}} {gets} {{thing}} from someone",
            f"{{x}} and {{y}} {be} standing next to {{thing}}",
            f"someone {gives} {{y}} {{thing}}",
        ),
    )


def _comparison(more: str, less: str, other: str) -> Event:
    return Event(
        more,
        (f"{{x}} is {more} than {{y}}", f"{{y}} is {less} than {{x}}"),
        (
            f"{{x}} is {other} than {{y}}",
            f"{{y}} is {other} than {{x}}",
            "{x} is standing next to {y}",
            f"{{x}} is {more} than {{z}}",
        ),
    )


EVENTS = (
    _deed("chases", "chasing", "chased"),
    _deed("follows", "following", "followed"),
    _deed("leads", "leading", "led"),
    _deed("teaches", "teaching", "taught"),
    _deed("pushes", "pushing", "pushed"),
    _deed("carries", "carrying", "carried"),
    _deed("feeds", "feeding", "fed"),
    _deed("washes", "washing", "washed"),
    _deed("paints", "painting", "painted"),
    _deed("calls", "calling", "called"),
    _deed("helps", "helping", "helped"),
    _transfer("gives", "gets"),
    _transfer("hands", "gets"),
    _transfer("sells", "buys"),
    _transfer("lends", "borrows"),
    _transfer("gave", "got", "were"),
    _transfer("sold", "bought", "were"),
    _transfer("lent", "borrowed", "were"),
    _comparison("taller", "shorter", "older"),
    _comparison("shorter", "taller", "younger"),
    _comparison("older", "younger", "taller"),
    _comparison("younger", "older", "faster"),
    _comparison("faster", "slower", "older"),
    _comparison("slower", "faster", "shorter"),
    _comparison("stronger", "weaker", "taller"),
    _comparison("richer", "poorer", "faster"),
)

_OPENERS = (
    "{said}.",
    "{place}, {said}.",
    "{said} {place}.",
    "we can see that {said}.",
    "we know that {said}.",
    "it is true that {said}.",
    "in the picture, {said}.",
    "look, {said}.",
    "this picture shows that {said}.",
    "{said}, and we can see {thing}.",
)
OPENERS = held_out(_OPENERS, share=0.2, salt="nli/role-openers")

_PEOPLE = ("man", "woman", "boy", "girl", "teacher", "doctor", "nurse", "farmer", "chef", "singer")
_ANIMALS = ("dog", "cat", "horse", "goat", "duck", "rabbit")
_DONE_BY_ANIMALS = frozenset({"chases", "follows", "leads", "taller", "shorter", "faster", "slower", "stronger"})


def draft_roles(sampler: Sampler, split: Split, label: Label, new_template: bool) -> Draft:
    """A row about two beings; all three labels share the same hypotheses."""
    rng = sampler.rng
    event = rng.choice(EVENTS)
    x, y, z = _beings(sampler, event)
    thing, place = sampler.word(OBJECTS), sampler.word(PLACES)
    slots = {"thing": article(thing), "z": z}
    wording = rng.choice(event.certain)
    pool = event.open if label == "neutral" else event.certain
    pattern = rng.choice(pool)
    first, second = (y, x) if label == "contradiction" else (x, y)
    said = pattern.format(x=first, y=second, **slots)
    opener = rng.choice(OPENERS.new(split) if new_template else OPENERS.seen)
    return Draft(
        premise=tidy(opener.format(said=said, place=place, **slots)),
        hypothesis=tidy(f"{wording.format(x=x, y=y, **slots)}."),
        label=label,
        rationale=tidy(f"{_reason(event, said, first, second, (x, y), slots, label)} so the answer is {label}."),
        template=f"roles-{event.name}-{pool.index(pattern)}-{_OPENERS.index(opener)}/{event.certain.index(wording)}",
        seen_template=not new_template,
        words=frozenset(
            word
            for slot, word in (("{x}", x), ("{y}", y), ("{z}", z), ("{thing}", thing), ("{place}", place))
            if slot in pattern + opener + wording
        ),
    )


def _beings(sampler: Sampler, event: Event) -> tuple[str, str, str]:
    if event.name in _DONE_BY_ANIMALS and sampler.chance(0.35):
        first, second, third = sampler.rng.sample(_ANIMALS, 3)
    elif sampler.chance(0.35):
        first, second, third = sampler.rng.sample(_PEOPLE, 3)
    else:
        names: dict[str, None] = {}
        while len(names) < 3:
            names[sampler.name()[0]] = None
        first, second, third = names
        return first, second, third
    return f"the {first}", f"the {second}", f"the {third}"


def _reason(
    event: Event,
    said: str,
    first: str,
    second: str,
    asked: tuple[str, str],
    slots: dict[str, str],
    label: Label,
) -> str:
    claim = event.certain[0].format(x=asked[0], y=asked[1], **slots)
    if label == "entailment":
        return f"the premise says that {said}. This means that {claim}."
    if label == "neutral":
        return f"the premise only says that {said}. It does not say that {claim}."
    swapped = event.certain[0].format(x=first, y=second, **slots)
    return f"the premise means that {swapped}. The hypothesis swaps them."
