"""How scenes are put into words: noun phrases, verb phrases and the sentence frames of both sides."""

from __future__ import annotations

import random
import re
import string
from dataclasses import dataclass

from training.data.demo.nli_activities import KINDS, VERBS, Activity
from training.data.demo.nli_concepts import GENDER, article, is_animal, plural
from training.data.demo.nli_scene import Scene
from training.data.demo.split import held_out

NUMBERS = ("some", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_GENERAL_SYNONYMS = {
    "fruit": ("a fruit", "a piece of fruit"),
    "an instrument": ("a musical instrument",),
    "a piece of furniture": ("furniture",),
    "a vegetable": ("vegetables",),
}
_NOUN_SYNONYMS = {"child": "kid", "woman": "lady", "man": "guy"}


@dataclass(frozen=True)
class Style:
    """Choices of wording that hold for one sentence.

    Attributes:
        past: "was playing" instead of "is playing".
        simple: "plays" instead of "is playing", "played" instead of "was playing".
        definite: "the man" instead of "a man".
        synonyms: whether a word may be replaced by a synonym.
    """

    past: bool = False
    simple: bool = False
    definite: bool = False
    synonyms: bool = False


@dataclass(frozen=True)
class Frame:
    """A sentence template.

    Slots: `a` the subject as first mentioned, `the` the subject mentioned again, `do` the finite verb phrase,
    `ing` the verb phrase after a form of be, `be` that form, `wear` the garment as an object, `in` the garment
    as an attribute; the other slots are aspects. Slots of aspects that a scene lacks stay empty.

    Attributes:
        name: identifies the frame; part of a row's template tag.
        text: the template.
        needs: aspects that the scene must have for the sentence to be whole.
    """

    name: str
    text: str
    needs: frozenset[str]

    def __str__(self) -> str:
        return self.name

    @property
    def slots(self) -> frozenset[str]:
        """The template's slots."""
        return frozenset(field for _, field, _, _ in string.Formatter().parse(self.text) if field)

    def fits(self, scene: Scene, style: Style) -> bool:
        """Whether the frame can say everything that the scene says, and is whole without more."""
        slots = self.slots
        said = {_SLOT_ASPECT.get(slot, slot) for slot in slots}
        trait_in_noun_phrase = not scene.named and "adj" not in slots
        if trait_in_noun_phrase:
            said.add("trait")
        if not (scene.aspects <= said and self.needs <= scene.aspects):
            return False
        if scene.negated and "do" not in slots:
            return False
        if scene.named and scene.garment and "in" in slots:
            return False  # "Anna in a red hat" would tell two Annas apart.
        if "here {be}" in self.text and (scene.named or style.definite):
            return False
        if style.simple and "do" not in slots:
            return False
        return not (style.past and "shows" in self.text)


_SLOT_ASPECT = {"do": "activity", "ing": "activity", "in": "garment", "wear": "garment", "adj": "trait",
                "daypart": "time"}  # fmt: skip


def _frames(prefix: str, table: str) -> tuple[Frame, ...]:
    """Frames from lines of `needed aspects | template`."""
    return tuple(
        Frame(f"{prefix}{number:02d}", text.strip(), frozenset(needs.split()))
        for number, (needs, text) in enumerate(
            (line.split("|") for line in table.strip().splitlines()), start=1
        )
    )


PREMISE_FRAMES = held_out(
    _frames(
        "p",
        """
activity | {a} {in} {do} {companion} {place} {time} {purpose}.
activity | {a} {in} {do} {purpose} {companion} {place} {time}.
activity place | {place}, {a} {in} {do} {companion} {time} {purpose}.
activity time | {time}, {a} {in} {do} {companion} {place} {purpose}.
activity garment | {a} {do} {companion} {place} {time} {purpose}. {the} {be} wearing {wear}.
activity garment | {a} {be} wearing {wear}. {the} {do} {companion} {place} {time} {purpose}.
activity place | There {be} {a} {in} {place} {time}. {the} {do} {companion} {purpose}.
activity place | {a} {in} {be} {place} {time}. {the} {do} {companion} {purpose}.
activity place | {a} {in} {be} {place} {time}, {ing} {companion} {purpose}.
activity place | {a} {in} {be} {place} {time} and {do} {companion} {purpose}.
activity garment | {a}, {who} {be} wearing {wear}, {do} {companion} {place} {time} {purpose}.
activity garment | {a} {who} {be} wearing {wear} {do} {companion} {place} {time} {purpose}.
activity garment | {a} {be} wearing {wear} and {ing} {companion} {place} {time} {purpose}.
activity | We can see {a} {in} {ing} {companion} {place} {time} {purpose}.
activity | You can see {a} {in} {ing} {companion} {place} {time} {purpose}.
activity | The picture shows {a} {in} {ing} {companion} {place} {time} {purpose}.
activity | This picture shows {a} {in} {who} {do} {companion} {place} {time} {purpose}.
activity | In the picture, {a} {in} {do} {companion} {place} {time} {purpose}.
activity | There {be} {a} {in} {ing} {companion} {place} {time} {purpose}.
activity | There {be} {a} {in} {who} {do} {companion} {place} {time} {purpose}.
activity place | {place}, there {be} {a} {in} {who} {do} {companion} {time} {purpose}.
activity trait | {a} {in} {be} {adj}. {the} {do} {companion} {place} {time} {purpose}.
activity trait | {a} {in} {do} {companion} {place} {time} {purpose}. {the} {be} {adj}.
activity trait | {a} {in} {be} {adj} and {do} {companion} {place} {time} {purpose}.
activity trait | {a}, {who} {be} {adj}, {do} {companion} {place} {time} {purpose}.
activity companion | {companion}, {a} {in} {do} {place} {time} {purpose}.
activity companion | {a} {in} {be} {companion} {place} {time}. {the} {do} {purpose}.
activity time | {a} {in} {do} {time} {companion} {place} {purpose}.
activity time place | {time} {place}, {a} {in} {do} {companion} {purpose}.
activity garment place | {a} {be} {place} {time}. {the} {be} wearing {wear} and {ing} {companion} {purpose}.
activity purpose | {a} {in} {do} {companion} {place} {time}, {purpose}.
activity | Look, {a} {in} {do} {companion} {place} {time} {purpose}.
activity | Somebody says that {a} {in} {do} {companion} {place} {time} {purpose}.
activity | We know that {a} {in} {do} {companion} {place} {time} {purpose}.
place | {a} {in} {be} {companion} {place} {time} {purpose}.
place | There {be} {a} {in} {companion} {place} {time} {purpose}.
place | {place}, there {be} {a} {in} {companion} {time} {purpose}.
place | We can see {a} {in} {companion} {place} {time} {purpose}.
place | In the picture, {a} {in} {be} {companion} {place} {time} {purpose}.
place time | {time}, {a} {in} {be} {companion} {place} {purpose}.
place trait | {a} {in} {be} {companion} {place} {time} {purpose}. {the} {be} {adj}.
place garment | {a} {companion} {place} {be} wearing {wear} {time} {purpose}.
garment | {a} {be} wearing {wear} {companion} {place} {time}.
garment | The picture shows {a} wearing {wear} {companion} {place} {time}.
garment | There {be} {a} wearing {wear} {companion} {place} {time}.
garment trait | {a} {be} wearing {wear} {place} {time}. {the} {be} {adj}.
trait | {a} {in} {be} {adj}.
companion | {a} {in} {be} {companion} {time} {purpose}.
garment trait place | {a} {in} {be} {adj} and {be} {place} {time}.
""",
    ),
    share=0.18,
    salt="nli/premise-frames",
)

HYPOTHESIS_FRAMES = held_out(
    _frames(
        "h",
        """
activity | {a} {in} {do} {companion} {place} {time} {purpose}.
activity | {a} {in} {do} {purpose} {companion} {place} {time}.
activity place | {place}, {a} {in} {do} {companion} {time} {purpose}.
activity time | {time}, {a} {in} {do} {companion} {place} {purpose}.
activity | There {be} {a} {in} {ing} {companion} {place} {time} {purpose}.
activity | There {be} {a} {in} {who} {do} {companion} {place} {time} {purpose}.
activity place | {a} {in} {be} {place} {time} and {do} {companion} {purpose}.
activity garment | {a} {be} wearing {wear} and {ing} {companion} {place} {time} {purpose}.
activity garment | {a} {who} {be} wearing {wear} {do} {companion} {place} {time} {purpose}.
activity | We can see {a} {in} {ing} {companion} {place} {time} {purpose}.
activity | We know that {a} {in} {do} {companion} {place} {time} {purpose}.
activity trait | {a} {in} {be} {adj} and {do} {companion} {place} {time} {purpose}.
activity trait | {a}, {who} {be} {adj}, {do} {companion} {place} {time} {purpose}.
activity companion | {companion}, {a} {in} {do} {place} {time} {purpose}.
activity | The picture shows {a} {in} {ing} {companion} {place} {time} {purpose}.
place | {a} {in} {be} {companion} {place} {time} {purpose}.
place | There {be} {a} {in} {companion} {place} {time} {purpose}.
place | {place}, there {be} {a} {in} {companion} {time} {purpose}.
place time | {time}, {a} {in} {be} {companion} {place} {purpose}.
garment | {a} {be} wearing {wear} {companion} {place} {time} {purpose}.
garment | There {be} {a} {in} {companion} {place} {time} {purpose}.
garment | {a} {be} dressed in {wear} {companion} {place} {time} {purpose}.
trait | {a} {in} {be} {adj}.
trait | We know that {a} {in} {be} {adj}.
companion | {a} {in} {be} {companion} {time}.
companion | We know that {a} {in} {be} {companion} {time}.
""",
    ),
    share=0.18,
    salt="nli/hypothesis-frames",
)


def say(frame: Frame, scene: Scene, style: Style, rng: random.Random) -> str:
    """Put a scene into words."""
    be = be_form(scene, style.past)
    who = noun_phrase(scene, style.definite, "adj" not in frame.slots, style.synonyms)
    finite = f"{be} {activity_phrase(scene.activity, rng, style.synonyms)}" if scene.activity else ""
    if scene.negated:
        finite = finite.replace(be, f"{be} not", 1)
    elif style.simple and scene.activity:
        finite = simple_phrase(scene.activity, scene.count == 1, style.past)
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
        "purpose": (scene.purpose or "").format(poss=possessive(scene)),
    }
    return tidy(frame.text.format(**values))


def tidy(text: str) -> str:
    """Collapse spaces left by empty slots and start each sentence with a capital."""
    text = re.sub(r"\s+([.,])", r"\1", " ".join(text.split()))
    return re.sub(r"(?:^|(?<=\. ))[a-z]", lambda found: found.group().upper(), text)


def be_form(scene: Scene, past: bool) -> str:
    """The form of be that agrees with the subject."""
    return ("was" if past else "is") if scene.count == 1 else ("were" if past else "are")


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
    return f"{verb.forms[3]} {thing}".strip()


def simple_phrase(activity: Activity, singular: bool, past: bool) -> str:
    """The activity in a simple tense: "plays the guitar", "played the guitar"."""
    base, third, did, _ = VERBS[activity.verb].forms
    return f"{did if past else third if singular else base} {thing_phrase(activity)}".strip()


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
