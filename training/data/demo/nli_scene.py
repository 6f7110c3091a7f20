"""Scenes of the inference task: who does what, where, when, and what follows from one scene for another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

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

ASPECTS = ("activity", "place", "garment", "trait", "time", "companion")
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


def without(scene: Scene, aspect: str) -> Scene:
    """The scene with one aspect left out."""
    left_out: dict[str, Any] = {aspect: None}
    return replace(scene, **left_out)


def judge(premise: Scene, hypothesis: Scene) -> Verdict | None:
    """The label of a pair of scenes; None where readers might disagree."""
    subject = combine(
        noun_relation(premise.noun, hypothesis.noun, premise.named or hypothesis.named),
        count_relation(premise.count, hypothesis.count),
    )
    if subject is Relation.UNDEFINED:
        return None
    verdicts = [Verdict(_plain_label(subject), "subject", subject)]
    for aspect in ASPECTS:
        if aspect in hypothesis.aspects:
            verdict = _judge_aspect(premise, hypothesis, aspect)
            if verdict is None:
                return None
            verdicts.append(verdict)
    decisive = [verdict for verdict in verdicts if verdict.label != "entailment"]
    if len(decisive) > 1 and decisive[0].aspect == "subject":
        # Perhaps two different beings: then the other difference proves nothing.
        return None
    decisive.sort(key=lambda verdict: verdict.label != "contradiction")
    return decisive[0] if decisive else Verdict("entailment")


def _judge_aspect(premise: Scene, hypothesis: Scene, aspect: str) -> Verdict | None:
    if aspect not in premise.aspects:
        return Verdict("neutral", aspect)
    relation = _RELATIONS[aspect](getattr(premise, aspect), getattr(hypothesis, aspect))
    if aspect == "activity" and (premise.negated or hypothesis.negated):
        if relation is Relation.UNDEFINED and not premise.negated:
            return None
        return Verdict(_negated_label(relation, premise.negated, hypothesis.negated), aspect, relation)
    if relation is Relation.UNDEFINED:
        return None
    return Verdict(_plain_label(relation), aspect, relation)


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


_RELATIONS: dict[str, Callable[[Any, Any], Relation]] = {
    "activity": activity_relation,
    "place": place_relation,
    "garment": garment_relation,
    "trait": trait_relation,
    "time": time_relation,
    "companion": companion_relation,
}
