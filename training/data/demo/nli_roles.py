"""Rows about who does something to whom: swapped roles, passives, gifts and comparisons."""

from __future__ import annotations

from dataclasses import dataclass

from training.data.demo.nli_concepts import article
from training.data.demo.nli_draft import Draft
from training.data.demo.nli_phrasing import tidy
from training.data.demo.nli_sampler import Sampler
from training.data.demo.nli_scene import Label
from training.data.demo.nli_words import PLACES, THINGS
from training.data.demo.split import Split, held_out


@dataclass(frozen=True)
class Event:
    """Something between two beings, told from either side.

    Attributes:
        forward: phrasings in which `{x}` does it to `{y}`; `{thing}` is what changes hands.
        unknown: phrasings in which one of the two is not named.
    """

    name: str
    forward: tuple[str, ...]
    unknown: tuple[str, ...]


def _deed(base: str, ing: str, done: str) -> Event:
    third = base + ("es" if base.endswith("ch") else "s") if not base.endswith("rry") else base[:-1] + "ies"
    return Event(
        base,
        (f"{{x}} is {ing} {{y}}", f"{{y}} is being {done} by {{x}}", f"{{x}} {third} {{y}}", f"{{y}} is {done} by {{x}}"),
        (f"{{x}} is {ing} someone", f"someone is {ing} {{y}}", f"{{y}} is being {done} by someone",
         "{x} is standing next to {y}", "{x} and {y} are standing"),
    )  # fmt: skip


def _transfer(gives: str, gets: str, looks: str = "looking at") -> Event:
    return Event(
        gives,
        (f"{{x}} {gives} {{y}} {{thing}}", f"{{x}} {gives} {{thing}} to {{y}}", f"{{y}} {gets} {{thing}} from {{x}}"),
        (f"{{x}} {gives} {{thing}} to someone", f"{{y}} {gets} {{thing}} from someone",
         f"{{x}} and {{y}} are {looks} {{thing}}", f"someone {gives} {{y}} {{thing}}"),
    )  # fmt: skip


def _comparison(more: str, less: str, other: str) -> Event:
    return Event(
        more,
        (f"{{x}} is {more} than {{y}}", f"{{y}} is {less} than {{x}}"),
        (f"{{x}} is {other} than {{y}}", f"{{y}} is {other} than {{x}}", "{x} is standing next to {y}",
         f"{{x}} is {more} than {{z}}"),
    )  # fmt: skip


EVENTS = (
    _deed("chase", "chasing", "chased"), _deed("follow", "following", "followed"),
    _deed("teach", "teaching", "taught"), _deed("push", "pushing", "pushed"),
    _deed("carry", "carrying", "carried"), _deed("feed", "feeding", "fed"),
    _deed("wash", "washing", "washed"), _deed("paint", "painting", "painted"),
    _deed("call", "calling", "called"), _deed("lead", "leading", "led"),
    _transfer("gives", "gets"), _transfer("sends", "gets"), _transfer("sells", "buys"),
    _transfer("lends", "borrows"), _transfer("throws", "catches"),
    _comparison("taller", "shorter", "older"), _comparison("shorter", "taller", "younger"),
    _comparison("older", "younger", "taller"), _comparison("younger", "older", "faster"),
    _comparison("faster", "slower", "older"), _comparison("stronger", "weaker", "taller"),
    _comparison("richer", "poorer", "faster"),
)  # fmt: skip

OPENERS = held_out(
    ("{place}, {s}.", "{s} {place}.", "{s}.", "we can see that {s}.", "we know that {s}.", "{s} on {day}.",
     "somebody says that {s}.", "in the picture, {s}.", "look, {s}.", "on {day}, {s}.", "this picture shows that {s}."),
    share=0.2,
    salt="nli/role-openers",
)  # fmt: skip
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_ANIMAL_DEEDS = frozenset({"chase", "follow", "lead"})
_NOUNS = ("man", "woman", "boy", "girl", "teacher", "doctor", "nurse", "farmer", "chef", "singer")
_BEASTS = ("dog", "cat", "horse", "goat", "duck", "rabbit")


def draft_roles(sampler: Sampler, split: Split, label: Label, new_template: bool) -> Draft:
    """A row about two beings; all three labels share the same hypotheses."""
    rng = sampler.rng
    event = rng.choice(EVENTS)
    words: list[str] = []
    x, y, z = _beings(sampler, event, words)
    thing = sampler.word(THINGS)
    place = sampler.word(PLACES)
    slots = {"thing": article(thing), "z": z}
    wording = rng.randrange(len(event.forward))
    hypothesis = event.forward[wording].format(x=x, y=y, **slots)
    if label == "neutral":
        number = rng.randrange(len(event.unknown))
        said = event.unknown[number].format(x=x, y=y, **slots)
        premise_name = f"unknown{number}"
    else:
        number = rng.randrange(len(event.forward))
        first, second = (x, y) if label == "entailment" else (y, x)
        said = event.forward[number].format(x=first, y=second, **slots)
        premise_name = f"forward{number}"
    opener = rng.choice(OPENERS.new(split) if new_template else OPENERS.seen)
    premise = opener.format(s=said, place=place, day=rng.choice(_DAYS))
    if "{thing}" in event.forward[0]:
        words.append(thing)
    if "{place}" in opener:
        words.append(place)
    return Draft(
        premise=tidy(premise),
        hypothesis=tidy(f"{hypothesis}."),
        label=label,
        rationale=tidy(f"{_reason(event, said, x, y, slots, label)} so the answer is {label}."),
        template=f"roles-{event.name}-{premise_name}-{(*OPENERS.seen, *OPENERS.validation, *OPENERS.test).index(opener)}/{wording}",
        seen_template=not new_template,
        words=frozenset(words),
    )


def _beings(sampler: Sampler, event: Event, words: list[str]) -> tuple[str, str, str]:
    if event.name in _ANIMAL_DEEDS and sampler.chance(0.5):
        pool: tuple[str, ...] = _BEASTS
    elif sampler.chance(0.35):
        pool = _NOUNS
    else:
        names: list[str] = []
        while len(names) < 3:
            name, _ = sampler.name()
            if name not in names:
                names.append(name)
        words.extend(names[:2])
        return names[0], names[1], names[2]
    first, second, third = sampler.rng.sample(pool, 3)
    return f"the {first}", f"the {second}", f"the {third}"


def _reason(event: Event, said: str, x: str, y: str, slots: dict[str, str], label: Label) -> str:
    plain = event.forward[0].format(x=x, y=y, **slots)
    if label == "entailment":
        return f"the premise says that {said}. This means that {plain}."
    if label == "neutral":
        return f"the premise only says that {said}. It does not say that {plain}."
    swapped = event.forward[0].format(x=y, y=x, **slots)
    return f"the premise means that {swapped}. The hypothesis swaps the two."
