"""Rows about everybody, somebody or nobody in one place."""

from __future__ import annotations

from dataclasses import dataclass

from training.data.demo.nli_draft import Draft
from training.data.demo.nli_phrasing import activity_phrase, tidy
from training.data.demo.nli_sampler import Sampler
from training.data.demo.nli_scene import Label
from training.data.demo.nli_words import PLACES
from training.data.demo.split import Pool, Split, held_out


@dataclass(frozen=True)
class Quantifier:
    """A way to speak about the people in a place: its phrasings, and the words a rationale uses."""

    name: str
    frames: tuple[str, ...]
    claim: str

    @property
    def pool(self) -> Pool[str]:
        """The phrasings by use."""
        return held_out(self.frames, share=0.3, salt=f"nli/{self.name}")


ALL = Quantifier(
    "all",
    (
        "everyone {place} is {act}.",
        "{place}, everyone is {act}.",
        "everybody {place} is {act}.",
        "all the people {place} are {act}.",
        "{place}, all the people are {act}.",
        "{place}, everybody is {act}.",
    ),
    "everyone is",
)
NONE = Quantifier(
    "none",
    (
        "nobody {place} is {act}.",
        "{place}, nobody is {act}.",
        "no one {place} is {act}.",
        "{place}, no one is {act}.",
        "there is nobody {act} {place}.",
        "there is no one {act} {place}.",
        "nobody is {act} {place}.",
    ),
    "nobody is",
)
SOME = Quantifier(
    "some",
    (
        "someone {place} is {act}.",
        "{place}, someone is {act}.",
        "someone is {act} {place}.",
        "somebody is {act} {place}.",
        "there is someone {act} {place}.",
        "a person {place} is {act}.",
    ),
    "someone is",
)
PRESENT = Quantifier(
    "present",
    (
        "there are people {place}.",
        "{place}, there are people.",
        "some people are {place}.",
        "we can see some people {place}.",
        "in the picture, some people are {place}.",
    ),
    "there are people",
)

# What the premise may say for each hypothesis and label, and whether of the same activity (True) or of one
# that excludes it. "Someone is walking" is never set against "someone is running": the readers who take both
# for the same person and those who do not would differ.
_PREMISES: dict[tuple[str, Label], tuple[tuple[Quantifier, bool], ...]] = {
    ("all", "entailment"): ((ALL, True),),
    ("all", "neutral"): ((SOME, True), (PRESENT, True)),
    ("all", "contradiction"): ((NONE, True), (ALL, False), (SOME, False)),
    ("none", "entailment"): ((NONE, True), (ALL, False)),
    ("none", "neutral"): ((PRESENT, True),),
    ("none", "contradiction"): ((ALL, True), (SOME, True)),
    ("some", "entailment"): ((SOME, True), (ALL, True)),
    ("some", "neutral"): ((PRESENT, True),),
    ("some", "contradiction"): ((NONE, True), (ALL, False)),
}


def draft_quantifier(sampler: Sampler, split: Split, label: Label, new_template: bool) -> Draft:
    """A row about everybody, somebody or nobody in one place; all labels share the same hypotheses."""
    rng = sampler.rng
    asked = rng.choice((ALL, NONE, SOME))
    activity, other = sampler.exclusive_pair()
    place = sampler.word(PLACES) if sampler.chance(0.7) else "in the park"
    given, same = rng.choice(_PREMISES[asked.name, label])
    given_activity = activity if same else other
    act, wanted = activity_phrase(given_activity, rng), activity_phrase(activity, rng)
    asked_frame = rng.choice(asked.pool.seen)
    given_frame = rng.choice(given.pool.new(split) if new_template else given.pool.seen)

    said = f"the premise says {given.claim}" + ("" if given is PRESENT else f" {act}")
    claim = f"{asked.claim} {wanted}"
    if label == "neutral":
        reason = f"It does not say whether {claim}"
    elif label == "contradiction":
        reason = f"Then it is false that {claim}"
    else:
        reason = f"Then {claim}" if same else f"They cannot be {wanted} at the same time"
    return Draft(
        premise=tidy(given_frame.format(place=place, act=act)),
        hypothesis=tidy(asked_frame.format(place=place, act=wanted)),
        label=label,
        rationale=tidy(f"{said}. {reason}. so the answer is {label}."),
        template=(f"{given.name}-{given.frames.index(given_frame)}/{asked.name}-{asked.frames.index(asked_frame)}"),
        seen_template=not new_template,
        words=activity.words | {place} | (frozenset() if given is PRESENT else given_activity.words),
    )
