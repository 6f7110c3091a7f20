"""For a hypothesis and a label, a premise under which the hypothesis has that label."""

from __future__ import annotations

from dataclasses import replace

from training.data.demo.nli_activities import KINDS, VERBS, Activity
from training.data.demo.nli_concepts import (
    ANIMALS,
    GENDER,
    INDOORS,
    NOUN_PARENT,
    OPPOSITES,
    OUTDOORS,
    PROFESSIONS,
    Garment,
    ancestors,
    is_animal,
)
from training.data.demo.nli_sampler import Sampler, natural
from training.data.demo.nli_scene import Label, Scene, Verdict, judge, without
from training.data.demo.nli_words import COLOURS

_ATTEMPTS = 60


class PremiseSampler(Sampler):
    """Draws premises by changing a copy of the hypothesis and keeping what is judged to have the label."""

    def premise(self, hypothesis: Scene, label: Label) -> tuple[Scene, Verdict] | None:
        """A premise under which the hypothesis has the label, or None where none was found."""
        for _ in range(_ATTEMPTS):
            premise = self._specialised(hypothesis)
            if label != "entailment" or hypothesis.negated:
                premise = self._changed(hypothesis, premise, label)
                if label != "entailment" and self.chance(0.15):
                    premise = self._changed(hypothesis, premise, label)
            premise = self._distracted(hypothesis, premise)
            verdict = judge(premise, hypothesis)
            if verdict is not None and verdict.label == label and premise.aspects and natural(premise):
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
            scene = replace(scene, count=self.count())
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

    def _changed(self, hypothesis: Scene, premise: Scene, label: Label) -> Scene:
        """The premise with one aspect changed in the label's direction."""
        names = ["subject", *sorted(hypothesis.aspects), *(["activity"] if hypothesis.activity else [])]
        name = "activity" if hypothesis.negated and self.chance(0.8) else self.rng.choice(names)
        if name == "subject":
            return self._other_subject(hypothesis, premise, label)
        if name == "activity":
            return self._other_activity(hypothesis, premise, label)
        if label == "neutral":
            return self._vaguer(hypothesis, premise, name)
        if name == "place":
            return replace(premise, place=self.place(premise.activity))
        if name == "garment" and hypothesis.garment:
            return replace(premise, garment=Garment(hypothesis.garment.noun, self.word(COLOURS)))
        if name == "trait":
            return replace(premise, trait=OPPOSITES.get(hypothesis.trait or ""))
        if name == "time":
            return replace(premise, time=self.time())
        return replace(premise, companion=self.companion(premise))

    def _vaguer(self, hypothesis: Scene, premise: Scene, name: str) -> Scene:
        if name == "garment" and hypothesis.garment and hypothesis.garment.colour and self.chance(0.3):
            return replace(premise, garment=Garment(hypothesis.garment.noun))
        if name == "place" and premise.place in INDOORS + OUTDOORS and self.chance(0.25):
            return replace(premise, place="indoors" if premise.place in INDOORS else "outdoors")
        if name == "garment" and self.chance(0.3):
            return replace(premise, garment=self.garment())
        if name == "trait" and self.chance(0.3):
            return replace(premise, trait=self.trait(premise.noun))
        return without(premise, name)

    def _other_subject(self, hypothesis: Scene, premise: Scene, label: Label) -> Scene:
        if _tied_to_gender(hypothesis):
            return premise
        if hypothesis.count != 1 and self.chance(0.6):
            other = 1 if self.chance(0.15) else self.count()
            return replace(premise, count=other if label == "contradiction" else 0)
        if hypothesis.named:
            return replace(premise, noun="person", named=False, gender=None)
        if is_animal(hypothesis.noun):
            choices: tuple[str, ...] = ANIMALS if label == "contradiction" else ("animal", "animal", "dog", "cat")
        elif label == "contradiction":
            choices = ("man", "woman", "boy", "girl", "child")
        else:
            choices = ("person", "child", "person", *(PROFESSIONS if self.chance(0.3) else ()))
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

    def _distracted(self, hypothesis: Scene, premise: Scene) -> Scene:
        """The premise with facts that the hypothesis does not speak of."""
        if premise.negated:
            return self.with_aspect(premise, "garment") if self.chance(0.5) else premise
        free = ["place", "garment", "trait", "time", "companion"]
        wanted = self.rng.choice((0, 1, 1))
        if premise.aspects <= {"time"}:
            # Without what is done there must be something else to say.
            free, wanted = ["place", "garment"], 1
        for name in self.rng.sample(free, len(free)):
            if wanted and name not in hypothesis.aspects | premise.aspects:
                premise = self.with_aspect(premise, name)
                wanted -= 1
        return premise


def _tied_to_gender(scene: Scene) -> bool:
    """Whether the scene says "his" or "her", which would give away who is meant."""
    return "{poss}" in (scene.companion or "")
