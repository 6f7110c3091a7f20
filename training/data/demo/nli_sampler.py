"""Random choices of one row: values of aspects, subjects and hypotheses.

The hypothesis is always drawn first and without regard to the label, so it says nothing about the label.
"""

from __future__ import annotations

import random
from dataclasses import replace

from training.data.demo.nli_activities import KINDS, VERBS, Activity
from training.data.demo.nli_concepts import (
    AGES,
    ANIMALS,
    DAYPARTS,
    GENDER,
    INDOORS,
    OPPOSITES,
    OUTDOORS,
    PROFESSIONS,
    WATERS,
    Garment,
    is_animal,
)
from training.data.demo.nli_scene import Scene
from training.data.demo.nli_words import (
    COLOURS,
    COMPANIONS,
    FIXTURES,
    GARMENTS,
    HE_NAMES,
    OBJECTS,
    PLACES,
    RELATIVES,
    SHE_NAMES,
    TRAITS,
)
from training.data.demo.split import Pool, Split

_PEOPLE = ("man", "woman", "boy", "girl", "child", "person", "person")
_AGED = frozenset({"man", "woman", "person", "dog", "cat"})
_COUNTS = (2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10)
_ANIMAL_VERBS = tuple(name for name, verb in VERBS.items() if verb.by_animals)


class Sampler:
    """Random choices for one row.

    Args:
        rng: the source of chance.
        split: decides which held-out words may be used.
        new_words: whether held-out words are to be preferred in slots that only match.
    """

    def __init__(self, rng: random.Random, split: Split, new_words: bool) -> None:
        self.rng = rng
        self._split = split
        self._new_words = new_words

    def word(self, pool: Pool[str]) -> str:
        """A word of a list, from its held-out part when new words are wanted."""
        fresh = pool.new(self._split)
        if self._new_words and fresh and self.rng.random() < 0.6:
            return self.rng.choice(fresh)
        return self.rng.choice(pool.seen)

    def name(self) -> tuple[str, str]:
        """A first name and its pronoun."""
        gender = self.rng.choice(("she", "he"))
        return self.word(SHE_NAMES if gender == "she" else HE_NAMES), gender

    def count(self) -> int:
        """How many, two or more."""
        return self.rng.choice(_COUNTS)

    def chance(self, share: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < share

    # Values of aspects

    def activity(self, animal: bool) -> Activity:
        """Any activity, general or special."""
        if animal:
            return Activity(self.rng.choice(_ANIMAL_VERBS))
        return self.activity_of(self.rng.choice(tuple(VERBS)))

    def activity_of(self, verb_name: str) -> Activity:
        """An activity with the given verb."""
        verb = VERBS[verb_name]
        if not verb.kinds or (verb.bare is not None and self.chance(0.25)):
            return Activity(verb_name)
        kind_name = self.rng.choice(verb.kinds)
        kind = KINDS[kind_name]
        colour = None
        if kind.coloured and verb_name in ("drive", "fix", "wash", "draw") and self.chance(0.35):
            colour = self.word(COLOURS)
        if kind.general != "something" and self.chance(0.3):
            return Activity(verb_name, None, kind_name, colour)
        return Activity(verb_name, self.thing(kind_name), kind_name, colour)

    def thing(self, kind_name: str) -> str:
        """A member of a kind of things."""
        if kind_name == "thing":
            return self.word(self.rng.choice((OBJECTS, FIXTURES)))
        return self.rng.choice(KINDS[kind_name].members)

    def place(self, activity: Activity | None) -> str | None:
        """A place where the activity is natural; None where none is ever named."""
        where = VERBS[activity.verb].where if activity else "any"
        if where == "none":
            return None
        if where == "water":
            return self.rng.choice(WATERS)
        roll = self.rng.random()
        if where == "any":
            if roll < 0.45:
                return self.word(PLACES)
            if roll < 0.6:
                return self.rng.choice(("indoors", "outdoors"))
            return self.rng.choice(INDOORS + OUTDOORS)
        if roll < 0.25:
            return where
        return self.rng.choice(INDOORS if where == "indoors" else OUTDOORS)

    def trait(self, noun: str) -> str:
        """An adjective that suits the being."""
        if not is_animal(noun) and self.chance(0.4):
            return self.word(TRAITS)
        known = [trait for trait in OPPOSITES if trait not in AGES or noun in _AGED]
        return self.rng.choice(known)

    def garment(self) -> Garment:
        """A piece of clothing, mostly with its colour."""
        return Garment(self.word(GARMENTS), self.word(COLOURS) if self.chance(0.75) else None)

    def time(self) -> str:
        """A time of day."""
        return self.rng.choice(DAYPARTS)

    def companion(self, scene: Scene) -> str:
        """A companion, or "alone"."""
        if self.chance(0.4):
            return "alone"
        if scene.gender and self.chance(0.6):
            return "{poss} " + self.word(RELATIVES)
        return "a " + self.word(COMPANIONS)

    # Scenes

    def subject(self) -> Scene:
        """A scene that so far has only its subject."""
        roll = self.rng.random()
        if roll < 0.22:
            name, gender = self.name()
            return Scene(name, named=True, gender=gender)
        if roll < 0.68:
            noun = self.rng.choice((*_PEOPLE, *_PEOPLE, self.rng.choice(PROFESSIONS)))
            return Scene(noun, gender=GENDER.get(noun))
        if roll < 0.82:
            return Scene(self.rng.choice((*ANIMALS, "animal", "animal", "puppy", "kitten")))
        noun = self.rng.choice((*_PEOPLE, *_PEOPLE, "dog", "cat", "horse"))
        return Scene(noun, count=0 if self.chance(0.15) else self.count())

    def hypothesis(self) -> Scene:
        """A hypothesis: its subject with one to three facts."""
        scene = self.subject()
        if self.chance(0.84):
            scene = replace(scene, activity=self.activity(is_animal(scene.noun)))
            if self.chance(0.14):
                return replace(scene, negated=True)
            extra = self.rng.choice((0, 0, 0, 1, 1))
        else:
            extra = self.rng.choice((1, 1, 2))
            scene = self.with_aspect(scene, self.rng.choice(("place", "garment", "trait", "companion")))
            extra -= 1
        return self._with_extras(scene, extra)

    def _with_extras(self, scene: Scene, count: int) -> Scene:
        names = ("place", "place", "garment", "trait", "time", "companion")
        for _ in range(count):
            scene = self.with_aspect(scene, self.rng.choice(names))
        return scene

    def with_aspect(self, scene: Scene, name: str) -> Scene:
        """The scene with one more fact, or unchanged where that fact would be odd."""
        if name in scene.aspects:
            return scene
        if name == "place":
            return replace(scene, place=self.place(scene.activity))
        if name == "time":
            return replace(scene, time=self.time())
        if name == "trait":
            return scene if scene.named and scene.activity is None else replace(scene, trait=self.trait(scene.noun))
        if is_animal(scene.noun):
            return scene
        if name == "garment":
            return replace(scene, garment=self.garment())
        return replace(scene, companion=self.companion(scene)) if scene.count == 1 else scene


def natural(scene: Scene) -> bool:
    """Whether nothing about the scene is odd: no soccer in the kitchen, no old puppy."""
    if scene.trait in AGES and not (scene.named or scene.noun in _AGED):
        return False
    if scene.activity is None or scene.place is None:
        return True
    where = VERBS[scene.activity.verb].where
    suitable = {
        "indoors": (*INDOORS, "indoors"),
        "outdoors": (*OUTDOORS, "outdoors"),
        "water": WATERS,
        "none": (),
    }
    return scene.place in suitable[where] if where in suitable else scene.place not in WATERS
