"""What the inference task knows: kinds of beings and things, activities, opposites, places and times.

Every pair of values of one aspect stands in one `Relation`. Pairs about which readers of SNLI-style data
might disagree are `UNDEFINED`, and the generator never puts them into a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Relation(Enum):
    """How a premise's value stands to the hypothesis's value of the same aspect."""

    SAME = "same"
    BELOW = "below"
    ABOVE = "above"
    OVERLAP = "overlap"
    DISJOINT = "disjoint"
    UNDEFINED = "undefined"


def combine(left: Relation, right: Relation) -> Relation:
    """Relation of a pair of values, from the relations of its two parts."""
    parts = {left, right}
    for strong in (Relation.UNDEFINED, Relation.DISJOINT, Relation.OVERLAP):
        if strong in parts:
            return strong
    parts.discard(Relation.SAME)
    if len(parts) == 2:
        return Relation.OVERLAP
    return parts.pop() if parts else Relation.SAME


# Beings

PROFESSIONS = (
    "teacher", "doctor", "nurse", "farmer", "chef", "singer", "student", "soldier", "dancer", "lawyer",
    "dentist", "painter", "tailor", "baker", "clown", "scientist", "police officer", "firefighter",
)  # fmt: skip
ANIMALS = (
    "dog",
    "cat",
    "horse",
    "cow",
    "duck",
    "rabbit",
    "goat",
    "pig",
    "monkey",
    "elephant",
    "bear",
    "lion",
)

NOUN_PARENT: dict[str, str] = {
    "man": "person", "woman": "person", "child": "person", "boy": "child", "girl": "child",
    **{profession: "person" for profession in PROFESSIONS},
    **{animal: "animal" for animal in ANIMALS},
    "puppy": "dog", "kitten": "cat",
}  # fmt: skip
_IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "puppy": "puppies",
    "scarf": "scarves",
    "lady": "ladies",
}
GENDER = {"man": "he", "boy": "he", "woman": "she", "girl": "she"}


def ancestors(noun: str) -> tuple[str, ...]:
    """The kinds a being belongs to, nearest first."""
    parent = NOUN_PARENT.get(noun)
    return () if parent is None else (parent, *ancestors(parent))


def is_animal(noun: str) -> bool:
    """Whether a noun names an animal."""
    return noun == "animal" or "animal" in ancestors(noun)


def plural(noun: str) -> str:
    """The plural of a noun of this task."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    return noun + "es" if noun.endswith(("s", "sh", "ch", "x")) else noun + "s"


def article(phrase: str) -> str:
    """The phrase with its indefinite article."""
    vowel = phrase[0] in "aeiou" and not phrase.startswith("uni")
    return f"{'an' if vowel or phrase.startswith('honest') else 'a'} {phrase}"


def noun_relation(premise: str, hypothesis: str, named: bool) -> Relation:
    """Relation of two beings' nouns; `named` says that one of them is a first name."""
    if premise == hypothesis:
        return Relation.SAME
    if named:
        if hypothesis == "person":
            return Relation.BELOW
        return Relation.ABOVE if premise == "person" else Relation.UNDEFINED
    if hypothesis in ancestors(premise):
        return Relation.BELOW
    if premise in ancestors(hypothesis):
        return Relation.ABOVE
    if is_animal(premise) or is_animal(hypothesis):
        return Relation.DISJOINT
    professions = [noun for noun in (premise, hypothesis) if noun in PROFESSIONS]
    if professions:
        # A teacher may be a man; two professions, or a profession and a child, readers judge differently.
        return Relation.OVERLAP if {premise, hypothesis} & {"man", "woman"} else Relation.UNDEFINED
    return Relation.DISJOINT


def count_relation(premise: int, hypothesis: int) -> Relation:
    """Relation of two numbers of beings; 0 stands for "some"."""
    if premise == hypothesis:
        return Relation.SAME
    if hypothesis == 1 or {premise, hypothesis} == {0, 1}:
        # "Two men sing" does not clearly contradict "a man sings".
        return Relation.UNDEFINED
    if hypothesis == 0:
        return Relation.BELOW
    return Relation.ABOVE if premise == 0 else Relation.DISJOINT


def colour_relation(premise: str | None, hypothesis: str | None) -> Relation:
    """Relation of two colours of one thing; None says nothing."""
    if premise == hypothesis:
        return Relation.SAME
    if premise is None or hypothesis is None:
        return Relation.ABOVE if premise is None else Relation.BELOW
    return Relation.DISJOINT


# Clothes, states, places, times


@dataclass(frozen=True)
class Garment:
    """A piece of clothing, perhaps with its colour."""

    noun: str
    colour: str | None = None


def garment_relation(premise: Garment, hypothesis: Garment) -> Relation:
    """Relation of two garments: only the same garment in two colours excludes itself."""
    if premise.noun != hypothesis.noun:
        return Relation.OVERLAP
    return colour_relation(premise.colour, hypothesis.colour)


OPPOSITES: dict[str, str] = {}
for _first, _second in (
    ("tall", "short"), ("old", "young"), ("happy", "sad"), ("angry", "calm"), ("rich", "poor"),
    ("sick", "healthy"), ("tired", "rested"), ("strong", "weak"), ("quiet", "noisy"), ("wet", "dry"),
):  # fmt: skip
    OPPOSITES |= {_first: _second, _second: _first}
AGES = frozenset({"old", "young"})


def trait_relation(premise: str, hypothesis: str) -> Relation:
    """Relation of two adjectives of the same being: the same, opposites, or unrelated."""
    if premise == hypothesis:
        return Relation.SAME
    return Relation.DISJOINT if OPPOSITES.get(premise) == hypothesis else Relation.OVERLAP


INDOORS = (
    "in the kitchen", "in the bedroom", "in the bathroom", "in the classroom", "in the office",
    "in the library",
    "in the gym", "in the museum", "in the basement", "in the living room",
)  # fmt: skip
OUTDOORS = (
    "in the park", "at the beach", "in the forest", "on the street", "in the field", "in the garden",
    "in the mountains", "in the desert", "in the meadow", "on the sidewalk",
)  # fmt: skip
WATERS = ("in the lake", "in the river", "in the ocean", "in the pool")
_OVERLAPPING_PLACES = {
    frozenset({"in the field", "in the meadow"}), frozenset({"on the street", "on the sidewalk"}),
    frozenset({"in the mountains", "in the forest"}), frozenset({"in the mountains", "in the meadow"}),
    frozenset({"at the mall", "at the toy store"}), frozenset({"at the mall", "in the bookstore"}),
    frozenset({"at the mall", "in the cinema"}), frozenset({"in the castle", "in the palace"}),
    frozenset({"in the tent", "at the campsite"}), frozenset({"in the tent", "at the circus"}),
    frozenset({"at the fair", "at the circus"}), frozenset({"in the restaurant", "at the hotel"}),
    frozenset({"in the cinema", "in the theater"}), frozenset({"in the courtyard", "in the castle"}),
    frozenset({"in the courtyard", "in the palace"}), frozenset({"in the barn", "in the village"}),
}  # fmt: skip
_GENERAL_PLACE = {**dict.fromkeys(INDOORS, "indoors"), **dict.fromkeys((*OUTDOORS, *WATERS[:3]), "outdoors")}


def general_place(place: str) -> str | None:
    """Say "indoors" or "outdoors" where a place is clearly one of them."""
    return _GENERAL_PLACE.get(place)


def place_relation(premise: str, hypothesis: str) -> Relation:
    """Relation of two places, "indoors" and "outdoors" among them."""
    if premise == hypothesis:
        return Relation.SAME
    general = {"indoors", "outdoors"}
    if premise in general and hypothesis in general:
        return Relation.DISJOINT
    if hypothesis in general or premise in general:
        special, whole = (premise, hypothesis) if hypothesis in general else (hypothesis, premise)
        if general_place(special) is None:
            return Relation.UNDEFINED
        if general_place(special) != whole:
            return Relation.DISJOINT
        return Relation.BELOW if hypothesis in general else Relation.ABOVE
    known = (general_place(premise), general_place(hypothesis))
    if None not in known and known[0] != known[1]:
        return Relation.DISJOINT
    return Relation.UNDEFINED if frozenset({premise, hypothesis}) in _OVERLAPPING_PLACES else Relation.DISJOINT


DAYPARTS = ("in the morning", "in the afternoon", "in the evening", "at night")


def time_relation(premise: str, hypothesis: str) -> Relation:
    """Relation of two times of day."""
    if premise == hypothesis:
        return Relation.SAME
    if {premise, hypothesis} == {"in the evening", "at night"}:
        return Relation.UNDEFINED
    return Relation.DISJOINT


def companion_relation(premise: str, hypothesis: str) -> Relation:
    """Relation of two companions, "alone" among them; two different companions readers judge differently."""
    if premise == hypothesis:
        return Relation.SAME
    return Relation.DISJOINT if "alone" in (premise, hypothesis) else Relation.UNDEFINED
