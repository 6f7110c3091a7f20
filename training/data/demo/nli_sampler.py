"""Draws hypotheses, and for a hypothesis and a label a premise that has this label.

The hypothesis is always drawn first and without regard to the label, so it says nothing about the label.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TypeVar

from training.data.demo.nli_concepts import (
    AGES,
    ANIMALS,
    DAYPARTS,
    GENDER,
    INDOORS,
    KINDS,
    NOUN_PARENT,
    OPPOSITES,
    OUTDOORS,
    PROFESSIONS,
    SEASONS,
    VERBS,
    WATERS,
    WEEKDAYS,
    Activity,
    Garment,
    ancestors,
    is_animal,
)
from training.data.demo.nli_scene import Label, Scene, Verdict, judge
from training.data.demo.nli_words import (
    COLOURS,
    COMPANIONS,
    GARMENTS,
    HE_NAMES,
    PLACES,
    PURPOSES,
    RELATIVES,
    SHE_NAMES,
    THINGS,
    TRAITS,
)
from training.data.demo.split import Pool, Split

T = TypeVar("T")

_PEOPLE = ("man", "woman", "boy", "girl", "child", "person", "person")
_ANIMAL_VERBS = tuple(name for name, verb in VERBS.items() if verb.by_animals)
_ATTEMPTS = 60


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

    def chance(self, share: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < share

    # --- Values of aspects ---------------------------------------------------------------------------------

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
        return self.word(THINGS) if kind_name == "thing" else self.rng.choice(KINDS[kind_name].members)

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
        known = [trait for trait in OPPOSITES if trait not in AGES or noun in ("man", "woman", "dog", "cat")]
        return self.rng.choice(known)

    def garment(self) -> Garment:
        """A piece of clothing, mostly with its colour."""
        return Garment(self.word(GARMENTS), self.word(COLOURS) if self.chance(0.75) else None)

    def time(self, past: bool) -> str:
        """A time; weekdays and seasons only for what is past."""
        if past and self.chance(0.6):
            return self.rng.choice(self.rng.choice((WEEKDAYS, SEASONS)))
        return self.rng.choice(DAYPARTS)

    def companion(self, scene: Scene) -> str:
        """A companion, or "alone"."""
        if self.chance(0.4):
            return "alone"
        if scene.gender and self.chance(0.6):
            return "{poss} " + self.word(RELATIVES)
        return "a " + self.word(COMPANIONS)

    def purpose(self, scene: Scene) -> str:
        """A purpose or circumstance."""
        if scene.gender and self.chance(0.35):
            return "for {poss} " + self.word(RELATIVES)
        return self.word(PURPOSES)

    # --- Scenes --------------------------------------------------------------------------------------------

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
        return Scene(noun, count=self.rng.choice((0, 2, 2, 3, 3, 4, 5, 6)))

    def hypothesis(self, past: bool) -> Scene:
        """A hypothesis: its subject with one to three facts."""
        scene = self.subject()
        if self.chance(0.84):
            scene = replace(scene, activity=self.activity(is_animal(scene.noun)))
            if self.chance(0.14):
                return replace(scene, negated=True)
            extra = self.rng.choice((0, 0, 0, 1, 1, 2))
        else:
            extra = self.rng.choice((1, 1, 2))
            scene = self.with_aspect(scene, self.rng.choice(("place", "garment", "trait", "companion")), past)
            extra -= 1
        return self._with_extras(scene, extra, past)

    def _with_extras(self, scene: Scene, count: int, past: bool) -> Scene:
        names = ("place", "place", "garment", "trait", "time", "companion", "purpose")
        for _ in range(count):
            scene = self.with_aspect(scene, self.rng.choice(names), past)
        return scene

    def with_aspect(self, scene: Scene, name: str, past: bool) -> Scene:
        """The scene with one more fact, or unchanged where that fact would be odd."""
        if name in scene.aspects:
            return scene
        if name == "place":
            return replace(scene, place=self.place(scene.activity))
        if name == "time":
            return replace(scene, time=self.time(past))
        if name == "trait":
            return (
                scene
                if scene.named and scene.activity is None
                else replace(scene, trait=self.trait(scene.noun))
            )
        if is_animal(scene.noun):
            return scene
        if name == "garment":
            return replace(scene, garment=self.garment())
        if name == "companion":
            return replace(scene, companion=self.companion(scene)) if scene.count == 1 else scene
        return replace(scene, purpose=self.purpose(scene)) if scene.activity and scene.count == 1 else scene

    def premise(self, hypothesis: Scene, label: Label, past: bool) -> tuple[Scene, Verdict] | None:
        """A premise under which the hypothesis has the label, or None where none was found."""
        for _ in range(_ATTEMPTS):
            premise = self._specialised(hypothesis)
            if label != "entailment" or hypothesis.negated:
                premise = self._changed(hypothesis, premise, label, past)
                if label != "entailment" and self.chance(0.15):
                    premise = self._changed(hypothesis, premise, label, past)
            premise = self._distracted(hypothesis, premise, past)
            if not premise.aspects:
                continue
            verdict = judge(premise, hypothesis)
            if verdict is not None and verdict.label == label:
                return premise, verdict
        return None

    def _specialised(self, scene: Scene) -> Scene:
        """The same facts, some of them told more precisely."""
        if self.chance(0.65):
            scene = self._special_subject(scene)
        activity = scene.activity
        if activity and not scene.negated and self.chance(0.7):
            if activity.kind is None and VERBS[activity.verb].kinds and not is_animal(scene.noun):
                activity = self.activity_of(activity.verb)
            elif activity.kind is not None and activity.thing is None:
                activity = replace(activity, thing=self.thing(activity.kind))
            scene = replace(scene, activity=activity)
        if scene.place in ("indoors", "outdoors") and self.chance(0.8):
            scene = replace(scene, place=self.rng.choice(INDOORS if scene.place == "indoors" else OUTDOORS))
        if scene.garment and scene.garment.colour is None and self.chance(0.7):
            scene = replace(scene, garment=replace(scene.garment, colour=self.word(COLOURS)))
        return scene

    def _special_subject(self, scene: Scene) -> Scene:
        if scene.named or _tied_to_gender(scene):
            return scene
        if scene.count == 0 and self.chance(0.5):
            scene = replace(scene, count=self.rng.choice((2, 3, 4, 5, 6)))
        if scene.noun == "person" and scene.count == 1 and self.chance(0.35):
            name, gender = self.name()
            return replace(scene, noun=name, named=True, gender=gender)
        below = [noun for noun in NOUN_PARENT if scene.noun in ancestors(noun)]
        if not below:
            return scene
        noun = self.rng.choice(below)
        if noun in PROFESSIONS and self.chance(0.6):
            noun = self.rng.choice(("man", "woman", "boy", "girl"))
        return replace(scene, noun=noun, gender=GENDER.get(noun))

    def _changed(self, hypothesis: Scene, premise: Scene, label: Label, past: bool) -> Scene:
        """The premise with one aspect changed in the label's direction."""
        names = ["subject", *sorted(hypothesis.aspects), *(["activity"] if hypothesis.activity else [])]
        name = "activity" if hypothesis.negated and self.chance(0.8) else self.rng.choice(names)
        if name == "subject":
            return self._other_subject(hypothesis, premise, label)
        if name == "activity":
            return self._other_activity(hypothesis, premise, label)
        if label == "neutral":
            return self._vaguer(hypothesis, premise, name)
        other: dict[str, object] = {
            "place": self.place(premise.activity),
            "garment": Garment(hypothesis.garment.noun, self.word(COLOURS)) if hypothesis.garment else None,
            "trait": OPPOSITES.get(hypothesis.trait or ""),
            "time": self.time(past),
            "companion": self.companion(premise),
        }
        return replace(premise, **{name: other[name]}) if other.get(name) else premise  # type: ignore[arg-type]

    def _vaguer(self, hypothesis: Scene, premise: Scene, name: str) -> Scene:
        if name == "garment" and hypothesis.garment and hypothesis.garment.colour and self.chance(0.3):
            return replace(premise, garment=Garment(hypothesis.garment.noun))
        if name == "place" and premise.place in INDOORS + OUTDOORS and self.chance(0.25):
            return replace(premise, place="indoors" if premise.place in INDOORS else "outdoors")
        return replace(premise, **{name: None})

    def _other_subject(self, hypothesis: Scene, premise: Scene, label: Label) -> Scene:
        if _tied_to_gender(hypothesis):
            return premise
        if hypothesis.count != 1 and self.chance(0.6):
            counts = (1, 2, 3, 4, 5, 6) if label == "contradiction" else (0,)
            return replace(premise, count=self.rng.choice(counts))
        if hypothesis.named:
            return replace(premise, noun="person", named=False, gender=None)
        if is_animal(hypothesis.noun):
            choices: tuple[str, ...] = (
                ANIMALS if label == "contradiction" else ("animal", "animal", "dog", "cat")
            )
        elif label == "contradiction":
            choices = ("man", "woman", "boy", "girl", "child")
        else:
            choices = ("person", "child", "person", *(PROFESSIONS[:] if self.chance(0.3) else ()))
        noun = self.rng.choice(choices)
        return replace(premise, noun=noun, named=False, gender=GENDER.get(noun))

    def _other_activity(self, hypothesis: Scene, premise: Scene, label: Label) -> Scene:
        activity = hypothesis.activity
        if activity is None:
            return premise
        animal = is_animal(hypothesis.noun)
        may_negate = hypothesis.aspects <= {"activity", "garment", "trait"}
        wants_negation = may_negate and self.chance(0.35 if hypothesis.negated else 0.14)
        if label == "neutral" and not wants_negation:
            if self.chance(0.4):
                return replace(premise, activity=None, negated=False)
            return replace(premise, activity=self._vaguer_activity(activity), negated=False)
        if wants_negation:
            changed = self.rng.choice((activity, self._vaguer_activity(activity), self.activity(animal)))
            return replace(premise, activity=changed or activity, negated=True)
        same = hypothesis.negated and label == "contradiction"
        if same or (activity.kind is not None and self.chance(0.4)):
            changed = activity if same else self._sibling_activity(activity)
        else:
            changed = self.activity(animal)
        return replace(premise, activity=changed, negated=False)

    def _sibling_activity(self, activity: Activity) -> Activity:
        if activity.colour and self.chance(0.5):
            return replace(activity, colour=self.word(COLOURS))
        if activity.thing is None or activity.kind is None:
            return self.activity_of(activity.verb)
        return replace(activity, thing=self.thing(activity.kind))

    def _vaguer_activity(self, activity: Activity) -> Activity | None:
        if activity.kind is None:
            return None
        if activity.colour and self.chance(0.4):
            return replace(activity, colour=None)
        if activity.thing is not None and KINDS[activity.kind].general != "something" and self.chance(0.7):
            return replace(activity, thing=None)
        return Activity(activity.verb) if VERBS[activity.verb].bare is not None else None

    def _distracted(self, hypothesis: Scene, premise: Scene, past: bool) -> Scene:
        """The premise with facts that the hypothesis does not speak of."""
        if premise.negated:
            return self.with_aspect(premise, "garment", past) if self.chance(0.5) else premise
        if (
            premise.activity
            and VERBS[premise.activity.verb].where != "any"
            and premise.place in ("indoors", "outdoors")
        ):
            return premise
        free = ["place", "garment", "trait", "time", "companion", "purpose"]
        wanted = self.rng.choice((0, 1, 1, 2)) if premise.aspects else 1
        if not premise.aspects:
            free = ["place", "garment"]
        for name in self.rng.sample(free, len(free)):
            if wanted and name not in hypothesis.aspects | premise.aspects:
                premise = self.with_aspect(premise, name, past)
                wanted -= 1
        if not premise.aspects & {"activity"} and premise.aspects <= {"time", "purpose"}:
            premise = self.with_aspect(
                premise, "place" if "place" not in hypothesis.aspects else "garment", past
            )
        return replace(premise, purpose=None) if premise.activity is None else premise


def _tied_to_gender(scene: Scene) -> bool:
    """Whether the scene says "his" or "her", which would give away who is meant."""
    return any("{poss}" in (text or "") for text in (scene.companion, scene.purpose))
