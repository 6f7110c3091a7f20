"""Scenes of the inference task: who does what, where, when, and what follows from one scene for another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.data.demo.nli_activities import Activity, activity_relation
from training.data.demo.nli_concepts import (
    Garment,
    Relation,
    combine,
    companion_relation,
    count_relation,
    garment_relation,
    noun_relation,
    place_relation,
    time_relation,
    trait_relation,
)

Label = Literal["entailment", "neutral", "contradiction"]
LABELS: tuple[Label, ...] = ("entailment", "neutral", "contradiction")

ASPECTS = ("activity", "place", "garment", "trait", "time", "companion", "purpose")
"""What a scene may say about its subject, in the order in which a rationale looks at it."""


@dataclass(frozen=True)
class Scene:
    """One sentence's meaning. Aspects that are None are not mentioned.

    Attributes:
        noun: the kind of being, or a first name.
        named: whether `noun` is a first name.
        gender: "he" or "she" where it is known.
        count: how many there are; 0 stands for "some".
        negated: whether the activity is said not to take place.
    """

    noun: str
    named: bool = False
    gender: str | None = None
    count: int = 1
    activity: Activity | None = None
    negated: bool = False
    place: str | None = None
    garment: Garment | None = None
    trait: str | None = None
    time: str | None = None
    companion: str | None = None
    purpose: str | None = None

    @property
    def aspects(self) -> frozenset[str]:
        """Names of the aspects that the scene mentions."""
        return frozenset(name for name in ASPECTS if getattr(self, name) is not None)


@dataclass(frozen=True)
class Verdict:
    """The label of a pair of scenes and the aspect that decides it (None: every aspect is entailed)."""

    label: Label
    aspect: str | None = None
    relation: Relation | None = None


def judge(premise: Scene, hypothesis: Scene) -> Verdict | None:
    """The label of a pair of scenes; None where readers might disagree."""
    subject = combine(
        noun_relation(premise.noun, hypothesis.noun, premise.named or hypothesis.named),
        count_relation(premise.count, hypothesis.count),
    )
    found: list[tuple[str, Label, Relation | None]] = [("subject", _plain_label(subject), subject)]
    if subject is Relation.UNDEFINED:
        return None
    for name in ASPECTS:
        wanted = getattr(hypothesis, name)
        if wanted is None:
            continue
        given = getattr(premise, name)
        if given is None:
            found.append((name, "neutral", None))
            continue
        relation = _RELATIONS[name](given, wanted)
        label = _plain_label(relation)
        if name == "activity" and (premise.negated or hypothesis.negated):
            label = _negated_label(relation, premise.negated, hypothesis.negated)
        elif relation is Relation.UNDEFINED:
            return None
        found.append((name, label, relation))
    if relation_is_open(found):
        return None
    for wanted_label in ("contradiction", "neutral"):
        for name, label, relation_found in found:
            if label == wanted_label:
                return Verdict(label, name, relation_found)
    return Verdict("entailment")


def relation_is_open(found: list[tuple[str, Label, Relation | None]]) -> bool:
    """Whether the two scenes may be about different beings although something else differs too."""
    undecided = [name for name, label, _ in found if label != "entailment"]
    return "subject" in undecided and len(undecided) > 1


def _plain_label(relation: Relation) -> Label:
    if relation in (Relation.SAME, Relation.BELOW):
        return "entailment"
    return "contradiction" if relation is Relation.DISJOINT else "neutral"


def _negated_label(relation: Relation, premise_negated: bool, hypothesis_negated: bool) -> Label:
    if not premise_negated:
        if relation is Relation.DISJOINT:
            return "entailment"
        return "contradiction" if relation in (Relation.SAME, Relation.BELOW) else "neutral"
    # "Not eating" rules out eating an apple; "not eating an apple" says nothing of eating.
    if relation in (Relation.SAME, Relation.ABOVE):
        return "entailment" if hypothesis_negated else "contradiction"
    return "neutral"


def _purpose_relation(premise: str, hypothesis: str) -> Relation:
    # Two purposes may hold together, or not: only equal ones are ever compared.
    return Relation.SAME if premise == hypothesis else Relation.UNDEFINED


_RELATIONS = {
    "activity": activity_relation,
    "place": place_relation,
    "garment": garment_relation,
    "trait": trait_relation,
    "time": time_relation,
    "companion": companion_relation,
    "purpose": _purpose_relation,
}
