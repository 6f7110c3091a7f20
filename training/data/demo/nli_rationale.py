"""Rationales of scene rows: the step from premise to hypothesis in a few words."""

from __future__ import annotations

import random
from dataclasses import replace

from training.data.demo.nli_activities import KINDS, activity_relation
from training.data.demo.nli_concepts import Relation, article, plural
from training.data.demo.nli_phrasing import (
    NUMBERS,
    activity_phrase,
    be_form,
    companion_phrase,
    garment_phrase,
    noun_phrase,
    possessive,
    thing_phrase,
)
from training.data.demo.nli_scene import Scene, Verdict


def explain(premise: Scene, hypothesis: Scene, verdict: Verdict, past: bool, rng: random.Random) -> str:
    """The rationale of a row, ending in its label."""
    steps = {"entailment": _entailed, "neutral": _open, "contradiction": _excluded}
    reason = steps[verdict.label](premise, hypothesis, verdict, past, rng)
    return f"{reason[0].upper()}{reason[1:]} So the answer is {verdict.label}."


def _subject(scene: Scene) -> str:
    return noun_phrase(replace(scene, trait=None), definite=True)


def _bare_subject(scene: Scene) -> str:
    return noun_phrase(replace(scene, trait=None), definite=False)


def fact(scene: Scene, name: str, past: bool, rng: random.Random) -> str:
    """One fact of a scene after its subject: "is playing the guitar", "is in the park"."""
    be = be_form(scene, past)
    if name == "activity" and scene.activity:
        return f"{be}{' not' if scene.negated else ''} {activity_phrase(scene.activity, rng)}"
    values = {
        "place": scene.place,
        "garment": f"wearing {garment_phrase(scene)}",
        "trait": scene.trait,
        "companion": companion_phrase(scene),
    }
    if name in values:
        return f"{be} {values[name]}"
    if name == "time":
        return f"{be} there {scene.time}"
    return f"does it {(scene.purpose or '').format(poss=possessive(scene))}"


def _entailed(premise: Scene, hypothesis: Scene, verdict: Verdict, past: bool, rng: random.Random) -> str:
    names = [
        name for name in ("activity", "place", "garment", "trait", "companion") if name in hypothesis.aspects
    ]
    name = names[0] if names else "time"
    said = f"{_subject(premise)} {fact(premise, name, past, rng)}"
    opening = rng.choice((f"The premise says {said}.", f"We read that {said}."))
    links = _links(premise, hypothesis)
    if premise.activity and hypothesis.negated and not premise.negated and hypothesis.activity:
        return f"{opening} {_clash(premise, hypothesis, past, rng)}"
    if links:
        return f"{opening} {links}"
    return f"{opening} {rng.choice(('The hypothesis says the same.', 'That is what the hypothesis says.'))}"


def _links(premise: Scene, hypothesis: Scene) -> str:
    """How the premise's words are special cases of the hypothesis's."""
    links = []
    if premise.noun != hypothesis.noun:
        lower = premise.noun if premise.named else article(premise.noun)
        if premise.count != 1:
            links.append(f"{plural(premise.noun)} are {plural(hypothesis.noun)}")
        else:
            links.append(f"{lower} is {article(hypothesis.noun)}")
    if premise.count != hypothesis.count:
        links.append(f"{NUMBERS[premise.count]} are some")
    if (
        premise.activity
        and hypothesis.activity
        and premise.activity != hypothesis.activity
        and not hypothesis.negated
    ):
        given, wanted = premise.activity, hypothesis.activity
        if given.thing and wanted.kind and wanted.thing is None:
            kind = KINDS[wanted.kind]
            links.append(f"{article(given.thing) if kind.determiner else given.thing} is {kind.general}")
        else:
            plain = random.Random(0)
            links.append(f"{activity_phrase(given, plain)} is {activity_phrase(wanted, plain)}")
    if premise.place != hypothesis.place and hypothesis.place:
        links.append(f"{premise.place} is {hypothesis.place}")
    if premise.garment != hypothesis.garment and hypothesis.garment:
        links.append(f"{article(f'{premise.garment.colour} {premise.garment.noun}') if premise.garment else ''} "
                     f"is {article(hypothesis.garment.noun)}")  # fmt: skip
    text = " and ".join(links)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _open(premise: Scene, hypothesis: Scene, verdict: Verdict, past: bool, rng: random.Random) -> str:
    name, relation = verdict.aspect, verdict.relation
    if name == "subject":
        return (
            f"the premise only says {_bare_subject(premise)}, "
            f"and this may or may not be {_bare_subject(hypothesis)}."
        )
    who = _subject(premise)
    if name == "activity" and premise.activity and hypothesis.activity:
        said = f"{who} {fact(premise, 'activity', past, rng)}"
        return f"the premise only says {said}. {_subject(hypothesis)} may or may not be {activity_phrase(hypothesis.activity, rng)}.".replace(
            ". the", ". The"
        )
    if name == "garment" and relation is Relation.ABOVE and hypothesis.garment:
        return f"the premise does not tell the color of the {hypothesis.garment.noun}."
    if name == "place" and relation is Relation.ABOVE:
        return f"the premise only says {premise.place}, and this may or may not be {hypothesis.place}."
    be = be_form(premise, past)
    missing = {
        "activity": f"what {who} {be} doing",
        "place": f"where {who} {be}",
        "garment": f"whether {who} {be} wearing {garment_phrase(replace(hypothesis, count=premise.count))}",
        "trait": f"whether {who} {be} {hypothesis.trait}",
        "time": f"whether this {'was' if past else 'is'} {hypothesis.time}",
        "companion": f"whether {who} {be} {companion_phrase(hypothesis)}",
        "purpose": f"whether this {'was' if past else 'is'} {(hypothesis.purpose or '').format(poss=possessive(hypothesis))}",
    }[name or ""]
    return f"the premise does not {rng.choice(('say', 'tell'))} {missing}."


def _excluded(premise: Scene, hypothesis: Scene, verdict: Verdict, past: bool, rng: random.Random) -> str:
    name = verdict.aspect
    if name == "subject":
        return (
            f"the premise says {_bare_subject(premise)}, but the hypothesis says {_bare_subject(hypothesis)}. "
            "These are not the same."
        )
    if name == "activity":
        if premise.negated or hypothesis.negated:
            return (
                f"the premise says {_subject(premise)} {fact(premise, 'activity', past, rng)}. "
                f"The hypothesis says the opposite."
            )
        return f"the premise says {_subject(premise)} {fact(premise, 'activity', past, rng)}. {_clash(premise, hypothesis, past, rng)}"
    if name == "garment" and premise.garment and hypothesis.garment:
        be = "was" if past else "is"
        return f"the {premise.garment.noun} {be} {premise.garment.colour}, not {hypothesis.garment.colour}."
    given = {"place": premise.place, "trait": premise.trait, "time": premise.time,
             "companion": companion_phrase(premise)}[name or ""]  # fmt: skip
    wanted = {"place": hypothesis.place, "trait": hypothesis.trait, "time": hypothesis.time,
              "companion": companion_phrase(hypothesis)}[name or ""]  # fmt: skip
    return f"the premise says {given}, but the hypothesis says {wanted}. Both cannot be true."


def _clash(premise: Scene, hypothesis: Scene, past: bool, rng: random.Random) -> str:
    """Why the two activities exclude each other."""
    if premise.activity is None or hypothesis.activity is None:
        return ""
    given, wanted = premise.activity, hypothesis.activity
    assert activity_relation(given, wanted) is Relation.DISJOINT
    if given.verb == wanted.verb and thing_phrase(given) and thing_phrase(wanted):
        return f"{thing_phrase(given)} is not {thing_phrase(wanted)}.".replace("on ", "").capitalize()
    clash = f"cannot be {activity_phrase(wanted, rng)} at the same time."
    pronoun = premise.gender if premise.count == 1 else "they"
    return (
        f"{(pronoun or _subject(premise)).capitalize()} {clash}"
        if not premise.named
        else f"{premise.noun} {clash}"
    )
