"""How scenes are put into words: noun phrases, verb phrases and whole sentences."""

from __future__ import annotations

import random
import re

from training.data.demo.nli_activities import KINDS, VERBS, Activity
from training.data.demo.nli_concepts import GENDER, article, is_animal, plural
from training.data.demo.nli_frames import Frame, Style
from training.data.demo.nli_scene import Scene

NUMBERS = ("some", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_GENERAL_SYNONYMS = {
    "fruit": ("a fruit", "a piece of fruit"),
    "an instrument": ("a musical instrument",),
    "a piece of furniture": ("furniture",),
    "a vegetable": ("vegetables",),
}
_NOUN_SYNONYMS = {"child": "kid", "woman": "lady", "man": "guy"}


def say(frame: Frame, scene: Scene, style: Style, rng: random.Random) -> str:
    """Put a scene into words."""
    be = be_form(scene)
    who = noun_phrase(scene, style.definite, "adj" not in frame.slots, style.synonyms)
    finite = f"{be} {activity_phrase(scene.activity, rng, style.synonyms)}" if scene.activity else ""
    if scene.negated:
        finite = finite.replace(be, f"{be} not", 1)
    wear = garment_phrase(scene)
    values = {
        "a": who,
        "the": again(scene, rng),
        "be": be,
        "do": finite,
        "ing": activity_phrase(scene.activity, rng, style.synonyms) if scene.activity else "",
        "wear": wear,
        "in": f"{rng.choice(('in', 'wearing'))} {wear}" if wear else "",
        "who": "that" if is_animal(scene.noun) else "who",
        "adj": scene.trait or "",
        "place": place_phrase(scene.place, style.synonyms),
        "time": scene.time or "",
        "companion": companion_phrase(scene),
    }
    return tidy(frame.text.format(**values))


def tidy(text: str) -> str:
    """Collapse spaces left by empty slots and start each sentence with a capital."""
    text = re.sub(r"\s+([.,])", r"\1", " ".join(text.split()))
    return re.sub(r"(?:^|(?<=\. ))[a-z]", lambda found: found.group().upper(), text)


def be_form(scene: Scene) -> str:
    """The form of be that agrees with the subject."""
    return "is" if scene.count == 1 else "are"


def noun_phrase(scene: Scene, definite: bool, with_trait: bool = True, synonyms: bool = False) -> str:
    """The subject: "Anna", "a tall man", "two dogs", "the children"."""
    if scene.named:
        return scene.noun
    noun = _NOUN_SYNONYMS.get(scene.noun, scene.noun) if synonyms else scene.noun
    trait = f"{scene.trait} " if scene.trait and with_trait else ""
    if scene.count == 1:
        if noun == "person" and synonyms and not trait and not definite:
            return "someone"
        return f"the {trait}{noun}" if definite else article(f"{trait}{noun}")
    several = f"{trait}{plural(noun)}"
    if definite:
        return f"the {several}" if scene.count == 0 else f"the {NUMBERS[scene.count]} {several}"
    return f"{NUMBERS[scene.count]} {several}"


def again(scene: Scene, rng: random.Random) -> str:
    """The subject in a second sentence: a pronoun, or the noun with "the"."""
    if scene.count != 1:
        return "they"
    if scene.gender and (scene.named or rng.random() < 0.7):
        return scene.gender
    return scene.noun if scene.named else f"the {scene.noun}"


def possessive(scene: Scene) -> str:
    """The possessive pronoun of the subject."""
    if scene.count != 1:
        return "their"
    return {"he": "his", "she": "her"}.get(scene.gender or GENDER.get(scene.noun, ""), "the")


def thing_phrase(activity: Activity) -> str:
    """What the activity is done to, with its article; empty where nothing is named."""
    if activity.kind is None:
        return VERBS[activity.verb].bare or ""
    kind = KINDS[activity.kind]
    if activity.thing is None:
        if activity.colour:
            return article(f"{activity.colour} {kind.noun}")
        return kind.general
    if activity.colour:
        return article(f"{activity.colour} {activity.thing}")
    if kind.determiner == "the":
        return f"the {activity.thing}"
    return article(activity.thing) if kind.determiner else activity.thing


def activity_phrase(activity: Activity, rng: random.Random, synonyms: bool = False) -> str:
    """The activity after a form of be: "playing the guitar", "asleep"."""
    verb = VERBS[activity.verb]
    if synonyms and activity.thing is None and verb.synonyms:
        return rng.choice(verb.synonyms)
    thing = thing_phrase(activity)
    if synonyms:
        thing = rng.choice(_GENERAL_SYNONYMS.get(thing, (thing,)))
        thing = thing.removeprefix("the ") if activity.kind == "instrument" else thing
    return f"{verb.ing} {thing}".strip()


def garment_phrase(scene: Scene) -> str:
    """The garment with its article: "a red hat", "red hats"; empty where there is none."""
    if scene.garment is None:
        return ""
    words = [scene.garment.colour] if scene.garment.colour else []
    if scene.count == 1:
        return article(" ".join([*words, scene.garment.noun]))
    return " ".join([*words, plural(scene.garment.noun)])


def place_phrase(place: str | None, synonyms: bool = False) -> str:
    """The place; "outdoors" may become "outside" and "indoors" "inside"."""
    if synonyms and place in ("outdoors", "indoors"):
        return "outside" if place == "outdoors" else "inside"
    return place or ""


def companion_phrase(scene: Scene) -> str:
    """The companion: "alone", "with a friend", "with her sister"."""
    if scene.companion is None or scene.companion == "alone":
        return scene.companion or ""
    return "with " + scene.companion.format(poss=possessive(scene))
