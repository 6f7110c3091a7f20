"""Rationales of scene rows: the step from premise to hypothesis in a few words."""

from __future__ import annotations

import random
from dataclasses import replace

from training.data.demo.nli_activities import KINDS, Activity
from training.data.demo.nli_concepts import Relation, article, plural
from training.data.demo.nli_phrasing import (
    NUMBERS,
    activity_phrase,
    be_form,
    companion_phrase,
    garment_phrase,
    noun_phrase,
    thing_phrase,
    tidy,
)
from training.data.demo.nli_scene import Scene, Verdict


def explain(premise: Scene, hypothesis: Scene, verdict: Verdict, rng: random.Random) -> str:
    """The rationale of a row, ending in its label."""
    if verdict.label == "entailment":
        reason = _entailed(premise, hypothesis, rng)
    elif verdict.label == "neutral":
        reason = _open(premise, hypothesis, verdict, rng)
    else:
        reason = _excluded(premise, hypothesis, verdict, rng)
    return tidy(f"{reason} so the answer is {verdict.label}.")


def _the(scene: Scene) -> str:
    return noun_phrase(replace(scene, trait=None), definite=True)


def _a(scene: Scene) -> str:
    return noun_phrase(replace(scene, trait=None), definite=False)


def _plain(activity: Activity | None) -> str:
    return activity_phrase(activity, random.Random(0)) if activity else ""


def _value(scene: Scene, aspect: str) -> str:
    """What a scene says of an aspect, as it stands after a form of be."""
    return {
        "activity": f"{'not ' if scene.negated else ''}{_plain(scene.activity)}",
        "place": scene.place or "",
        "garment": f"wearing {garment_phrase(scene)}",
        "trait": scene.trait or "",
        "time": scene.time or "",
        "companion": companion_phrase(scene),
    }[aspect]


def _entailed(premise: Scene, hypothesis: Scene, rng: random.Random) -> str:
    # Every hypothesis speaks of one of these: times only come with them.
    aspects = ("activity", "place", "garment", "trait", "companion")
    aspect = next(name for name in aspects if name in hypothesis.aspects)
    said = f"{_the(premise)} {be_form(premise)} {_value(premise, aspect)}"
    opening = rng.choice((f"the premise says {said}.", f"we read that {said}."))
    if hypothesis.negated and not premise.negated:
        return f"{opening} {_clash(premise, hypothesis)}"
    links = _links(premise, hypothesis)
    if links:
        return f"{opening} {' and '.join(links)}."
    return f"{opening} {rng.choice(('The hypothesis says the same.', 'That is what the hypothesis says.'))}"


def _links(premise: Scene, hypothesis: Scene) -> list[str]:
    """How the premise's words are special cases of the hypothesis's."""
    links = []
    if premise.noun != hypothesis.noun:
        if premise.count == 1:
            lower = premise.noun if premise.named else article(premise.noun)
            links.append(f"{lower} is {article(hypothesis.noun)}")
        else:
            links.append(f"{plural(premise.noun)} are {plural(hypothesis.noun)}")
    if premise.count != hypothesis.count:
        links.append(f"{NUMBERS[premise.count]} are some")
    if premise.activity and hypothesis.activity and premise.activity != hypothesis.activity:
        narrow, wide = premise.activity, hypothesis.activity
        if hypothesis.negated:  # "not eating" takes in "not eating an apple"
            narrow, wide = wide, narrow
        links.append(_activity_link(narrow, wide))
    if premise.place and hypothesis.place and premise.place != hypothesis.place:
        links.append(f"{premise.place.split(' ', 1)[1]} is {hypothesis.place}")
    if premise.garment and hypothesis.garment and premise.garment != hypothesis.garment:
        noun = hypothesis.garment.noun
        links.append(f"{article(f'{premise.garment.colour} {noun}')} is {article(noun)}")
    return links


def _activity_link(narrow: Activity, wide: Activity) -> str:
    if narrow.thing and wide.kind and wide.thing is None:
        kind = KINDS[wide.kind]
        return f"{article(narrow.thing) if kind.determiner else narrow.thing} is {article(kind.noun)}"
    return f"{_plain(narrow)} is {_plain(wide)}"


def _open(premise: Scene, hypothesis: Scene, verdict: Verdict, rng: random.Random) -> str:
    aspect, who, be = verdict.aspect or "", _the(premise), be_form(premise)
    if aspect == "subject":
        return f"the premise only says {_a(premise)}, and this may or may not be {_a(hypothesis)}."
    if aspect == "activity" and premise.activity:
        return (
            f"the premise only says {who} {be} {_value(premise, aspect)}. "
            f"{_the(hypothesis)} may or may not be {_plain(hypothesis.activity)}."
        )
    if aspect == "place" and verdict.relation is Relation.ABOVE:
        return f"the premise only says {premise.place}, and this may or may not be {hypothesis.place}."
    verb = rng.choice(("say", "tell"))
    if aspect == "garment" and verdict.relation is Relation.ABOVE and hypothesis.garment:
        return f"the premise does not {verb} the color of the {hypothesis.garment.noun}."
    if aspect == "activity":
        return f"the premise does not {verb} what {who} {be} doing."
    if aspect == "place":
        return f"the premise does not {verb} where {who} {be}."
    if aspect == "time":
        who, be = "this", "is"
    value = _value(replace(hypothesis, count=premise.count), aspect)
    return f"the premise does not say whether {who} {be} {value}."


def _excluded(premise: Scene, hypothesis: Scene, verdict: Verdict, rng: random.Random) -> str:
    aspect, be = verdict.aspect or "", be_form(premise)
    if aspect == "subject":
        return f"the premise says {_a(premise)}, but the hypothesis says {_a(hypothesis)}. These differ."
    if aspect == "activity":
        opening = f"the premise says {_the(premise)} {be} {_value(premise, aspect)}."
        if premise.negated or hypothesis.negated:
            return f"{opening} The hypothesis says the opposite."
        return f"{opening} {_clash(premise, hypothesis)}"
    if aspect == "garment" and premise.garment and hypothesis.garment:
        colours = f"{premise.garment.colour}, not {hypothesis.garment.colour}"
        return f"the premise says the {premise.garment.noun} is {colours}."
    closing = rng.choice(("Both cannot be true.", "These cannot both be true."))
    return (
        f"the premise says {_value(premise, aspect)}, but the hypothesis says {_value(hypothesis, aspect)}. {closing}"
    )


def _clash(premise: Scene, hypothesis: Scene) -> str:
    """Why the two activities exclude each other."""
    given, wanted = premise.activity, hypothesis.activity
    if given and wanted and given.verb == wanted.verb:
        # Things in two colours, or two things; seats come with "on".
        return f"{thing_phrase(given)} is not {thing_phrase(wanted)}.".replace("on ", "")
    who = "they" if premise.count != 1 else premise.gender or _the(premise)
    return f"{premise.noun if premise.named else who} cannot be {_plain(wanted)} at the same time."
