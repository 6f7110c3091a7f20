"""The inference task's activities: what one can do, to which kinds of things, and what excludes what."""

from __future__ import annotations

from dataclasses import dataclass

from training.data.demo.nli_concepts import Relation, colour_relation, combine
from training.data.demo.nli_words import FIXTURES, OBJECTS


@dataclass(frozen=True)
class Kind:
    """Things of one kind: how the kind is called with its article, and how a member is."""

    general: str
    members: tuple[str, ...]
    determiner: str = "a"
    coloured: bool = False

    @property
    def noun(self) -> str:
        """The kind without its article."""
        return self.general.removeprefix("an ").removeprefix("a ")


KINDS: dict[str, Kind] = {
    "instrument": Kind("an instrument", ("guitar", "piano", "violin", "flute", "trumpet", "cello"), "the"),
    "sport": Kind("a sport", ("soccer", "tennis", "basketball", "volleyball", "baseball", "hockey", "golf"), ""),
    "board game": Kind("a board game", ("chess", "checkers"), ""),
    "fruit": Kind("fruit", ("apple", "pear", "banana", "orange", "peach", "plum", "mango")),
    "vegetable": Kind("a vegetable", ("carrot", "potato", "cucumber", "onion", "cabbage")),
    "vehicle": Kind("a vehicle", ("car", "bus", "truck", "van", "taxi", "tractor"), coloured=True),
    "animal": Kind("an animal", ("dog", "cat", "horse", "cow", "goat", "rabbit", "duck")),
    "mount": Kind("an animal", ("horse", "camel", "donkey", "elephant")),
    "furniture": Kind("a piece of furniture", ("chair", "table", "sofa", "bed", "desk", "shelf")),
    "flower": Kind("a flower", ("rose", "tulip", "daisy", "lily", "sunflower")),
    "drink": Kind("something", ("tea", "coffee", "milk", "juice", "lemonade"), ""),
    "dish": Kind("something", ("soup", "rice", "pasta", "fish", "chicken"), ""),
    "snack": Kind("something", ("pizza", "a sandwich", "cake", "bread", "ice cream"), ""),
    "pastry": Kind("something", ("a cake", "bread", "a pie", "a pizza", "a bun"), ""),
    "print": Kind("something", ("a book", "a newspaper", "a magazine", "a letter", "a menu"), ""),
    "text": Kind("something", ("a letter", "a poem", "a story", "a report", "a diary"), ""),
    "height": Kind("something", ("a tree", "a ladder", "a rope", "a hill", "a rock"), ""),
    "seat": Kind("something", ("on a bench", "on the floor", "on a chair", "on a rock"), ""),
    "thing": Kind("something", OBJECTS.seen + FIXTURES.seen, coloured=True),
}


@dataclass(frozen=True)
class Verb:
    """An activity's verb: its -ing form, what it may be done to, and where it is natural.

    Attributes:
        ing: the -ing form.
        group: activities of one group, or of compatible groups, are never held to exclude each other.
        kinds: names of the kinds of things it takes.
        bare: how it is called without a thing ("" as in "is eating"); None where it needs one.
        where: "any", "indoors", "outdoors", "water" or "none" (no place is ever added).
        by_animals: whether animals do it too.
        synonyms: further -ing phrases that say the same without a thing.
    """

    ing: str
    group: str
    kinds: tuple[str, ...] = ()
    bare: str | None = None
    where: str = "any"
    by_animals: bool = False
    synonyms: tuple[str, ...] = ()


def _verb(ing: str, group: str, kinds: str = "", bare: str | None = None, **more: str | bool) -> Verb:
    """A verb from its -ing form and the names of its kinds, separated by bars."""
    return Verb(
        ing,
        group,
        tuple(kinds.split("|")) if kinds else (),
        bare,
        where=str(more.get("where", "any")),
        by_animals=bool(more.get("by_animals")),
        synonyms=tuple(filter(None, str(more.get("synonyms", "")).split("|"))),
    )


VERBS: dict[str, Verb] = {
    "sleep": _verb("sleeping", "sleep", bare="", by_animals=True, synonyms="asleep|taking a nap"),
    "run": _verb("running", "run", bare="", by_animals=True),
    "walk": _verb("walking", "walk", bare="", by_animals=True),
    "swim": _verb("swimming", "swim", bare="", where="water", by_animals=True),
    "dance": _verb("dancing", "dance", bare=""),
    "stand": _verb("standing", "stand", bare="", by_animals=True),
    "sit": _verb("sitting", "sit", "seat", bare="", by_animals=True),
    "climb": _verb("climbing", "climb", "height", where="outdoors"),
    "ride-bike": _verb(
        "riding a bike",
        "bike",
        bare="",
        where="outdoors",
        synonyms="riding a bicycle|cycling",
    ),
    "ride": _verb("riding", "ride", "mount", where="outdoors"),
    "drive": _verb("driving", "drive", "vehicle", bare="", where="none"),
    "play-sport": _verb("playing", "sport", "sport", where="outdoors"),
    "play-music": _verb("playing", "music", "instrument", synonyms="making music"),
    "play-board": _verb("playing", "board", "board game"),
    "eat": _verb("eating", "meal", "fruit|vegetable|snack", bare="", by_animals=True),
    "drink": _verb("drinking", "meal", "drink", bare="", by_animals=True),
    "cook": _verb("cooking", "kitchen", "dish|vegetable", bare=""),
    "bake": _verb("baking", "kitchen", "pastry", bare="", where="indoors"),
    "cut": _verb("cutting", "kitchen", "fruit|vegetable"),
    "read": _verb("reading", "read", "print", bare=""),
    "write": _verb("writing", "write", "text", bare=""),
    "paint": _verb("painting", "craft", "furniture|thing", bare="something"),
    "draw": _verb("drawing", "craft", "thing|flower|vehicle|animal", bare=""),
    "fix": _verb("fixing", "workshop", "vehicle|furniture|thing", bare="something"),
    "wash": _verb("washing", "workshop", "vehicle|animal", bare="something"),
    "make": _verb("making", "workshop", "furniture|thing", bare="something"),
    "water": _verb("watering", "garden", "flower", where="outdoors"),
    "feed": _verb("feeding", "garden", "animal", where="outdoors"),
}

# Groups of verbs that may go together, or about which readers may differ: never held to exclude each other.
_COMPATIBLE = {
    frozenset(pair.split("+"))
    for pair in [
        "run+sport",
        "walk+sport",
        "walk+meal",
        "walk+garden",
        "walk+music",
        "walk+read",
        "walk+craft",
        "dance+music",
        "dance+walk",
        "dance+sport",
        "drive+meal",
        "ride+meal",
        "bike+meal",
        "read+meal",
        "write+meal",
        "board+meal",
        "kitchen+meal",
        "climb+meal",
        "climb+workshop",
        "climb+craft",
        "climb+garden",
        "dance+meal",
        "read+write",
        "write+craft",
        "walk+climb",
        "sleep+sit",
        "stand+meal",
        "stand+music",
        "stand+sport",
        "stand+climb",
        "stand+board",
        "stand+kitchen",
        "stand+read",
        "stand+write",
        "stand+craft",
        "stand+workshop",
        "stand+garden",
        "stand+dance",
        "sit+ride",
        "sit+bike",
        "sit+drive",
        "sit+music",
        "sit+board",
        "sit+meal",
        "sit+kitchen",
        "sit+read",
        "sit+write",
        "sit+craft",
        "sit+workshop",
        "sit+garden",
    ]
}


@dataclass(frozen=True)
class Activity:
    """What somebody does: a verb and, for most verbs, a thing (its name, the name of its kind, or None)."""

    verb: str
    thing: str | None = None
    kind: str | None = None
    colour: str | None = None

    @property
    def words(self) -> frozenset[str]:
        """Its words from lists of which a part is held out."""
        words = (self.thing if self.kind == "thing" else None, self.colour)
        return frozenset(word for word in words if word)


def exclusive(first: str, second: str) -> bool:
    """Whether nobody can do the two verbs at the same time."""
    groups = {VERBS[first].group, VERBS[second].group}
    return len(groups) == 2 and frozenset(groups) not in _COMPATIBLE


def activity_relation(premise: Activity, hypothesis: Activity) -> Relation:
    """Relation of two activities of the same being at the same time."""
    if premise.verb != hypothesis.verb:
        return Relation.DISJOINT if exclusive(premise.verb, hypothesis.verb) else Relation.UNDEFINED
    return combine(_thing_relation(premise, hypothesis), colour_relation(premise.colour, hypothesis.colour))


def _thing_relation(premise: Activity, hypothesis: Activity) -> Relation:
    if premise.kind is None or hypothesis.kind is None:
        if premise.kind == hypothesis.kind:
            return Relation.SAME
        return Relation.ABOVE if premise.kind is None else Relation.BELOW
    if premise.kind != hypothesis.kind:
        return Relation.DISJOINT
    if premise.thing == hypothesis.thing:
        return Relation.SAME
    if premise.thing is None or hypothesis.thing is None:
        return Relation.ABOVE if premise.thing is None else Relation.BELOW
    return Relation.DISJOINT
