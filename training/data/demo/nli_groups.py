"""Rows about everybody, somebody or nobody in a place, and about two people who do different things."""

from __future__ import annotations

from training.data.demo.nli_activities import VERBS, Activity, activity_relation
from training.data.demo.nli_concepts import PROFESSIONS, Relation
from training.data.demo.nli_draft import Draft
from training.data.demo.nli_phrasing import activity_phrase, tidy
from training.data.demo.nli_sampler import Sampler
from training.data.demo.nli_scene import Label
from training.data.demo.nli_words import PLACES
from training.data.demo.split import Pool, Split, held_out

_FRAMES = {
    "all": held_out(
        ("everyone {place} is {act}.", "{place}, everyone is {act}.", "everybody {place} is {act}.",
         "all the people {place} are {act}.", "{place}, all the people are {act}.", "{place}, everybody is {act}."),
        0.3, "nli/all"),
    "none": held_out(
        ("nobody {place} is {act}.", "{place}, nobody is {act}.", "no one {place} is {act}.",
         "{place}, no one is {act}.", "there is nobody {act} {place}.", "there is no one {act} {place}."),
        0.3, "nli/none"),
    "some": held_out(
        ("someone {place} is {act}.", "{place}, someone is {act}.", "someone is {act} {place}.",
         "somebody is {act} {place}.", "there is someone {act} {place}.", "a person {place} is {act}."),
        0.3, "nli/some"),
    "present": held_out(
        ("there are people {place}.", "{place}, there are people.", "some people are {place}.",
         "we can see some people {place}.", "in the picture, some people are {place}."),
        0.3, "nli/present"),
}  # fmt: skip
_PREMISES: dict[tuple[str, Label], tuple[str, ...]] = {
    ("all", "entailment"): ("all",),
    ("all", "neutral"): ("some", "present"),
    ("all", "contradiction"): ("none", "all-other", "some-other"),
    ("none", "entailment"): ("none", "all-other"),
    ("none", "neutral"): ("some-other", "present"),
    ("none", "contradiction"): ("all", "some"),
    ("some", "entailment"): ("some", "all"),
    ("some", "neutral"): ("some-other", "present"),
    ("some", "contradiction"): ("none", "all-other"),
}

PAIR_FRAMES = held_out(
    ("{a} is {p} and {b} is {q}.", "{a} is {p} while {b} is {q}.", "{a} is {p}. {b} is {q}.",
     "{place}, {a} is {p} and {b} is {q}.", "while {a} is {p}, {b} is {q}.", "we can see {a} {p} and {b} {q}.",
     "{a} and {b} are {place}. {a2} is {p} and {b2} is {q}.", "{place}, {a} is {p} while {b} is {q}."),
    share=0.25,
    salt="nli/pairs",
)  # fmt: skip
_SILENT_FRAMES = held_out(
    ("{a} is {p} next to {b}.", "{b} is next to {a}. {a2} is {p}.", "{a} and {b} are {place}. {a2} is {p}.",
     "{a} is {p}. {b} is {place}.", "next to {b}, {a} is {p}."),
    share=0.3,
    salt="nli/silent",
)  # fmt: skip


def draft_quantifier(sampler: Sampler, split: Split, label: Label, new_template: bool) -> Draft:
    """A row about everybody, somebody or nobody in one place."""
    rng = sampler.rng
    quantifier = rng.choice(("all", "none", "some"))
    activity, other = _exclusive_pair(sampler)
    place = sampler.word(PLACES) if sampler.chance(0.7) else "in the park"
    kind = rng.choice(_PREMISES[quantifier, label])
    name, _, differs = kind.partition("-")
    given, wanted = (other if differs else activity), activity
    premise_text = activity_phrase(given, rng)
    hypothesis_text = activity_phrase(wanted, rng)
    hypothesis_frame = rng.choice(_FRAMES[quantifier].seen)
    pool = _FRAMES[name]
    premise_frame = rng.choice(pool.new(split) if new_template else pool.seen)
    return Draft(
        premise=tidy(premise_frame.format(place=place, act=premise_text)),
        hypothesis=tidy(hypothesis_frame.format(place=place, act=hypothesis_text)),
        label=label,
        rationale=tidy(f"{_quantifier_reason(quantifier, name, premise_text, hypothesis_text, bool(differs), label)} "
                       f"so the answer is {label}."),
        template=f"{name}-{_number(pool, premise_frame)}/{quantifier}-{_number(_FRAMES[quantifier], hypothesis_frame)}",
        seen_template=not new_template,
        words=frozenset({place, *(a.thing for a in (given, wanted) if a.kind == "thing" and a.thing)}),
    )  # fmt: skip


def _quantifier_reason(
    quantifier: str, name: str, given: str, wanted: str, differs: bool, label: Label
) -> str:
    who = {"all": "everyone is", "none": "nobody is", "some": "someone is", "present": "there are people"}
    said = f"the premise says {who[name]} {given if name != 'present' else ''}"
    claim = f"{who[quantifier]} {wanted}"
    if label == "neutral":
        return f"{said}. It does not say whether {claim}."
    if label == "contradiction":
        return f"{said}. Then it is false that {claim}."
    return f"{said}. {'They cannot be ' + wanted + ' at the same time.' if differs else f'Then {claim}.'}"


def draft_pair(sampler: Sampler, split: Split, label: Label, new_template: bool) -> Draft:
    """A row about two people, of whom the hypothesis picks one."""
    rng = sampler.rng
    if sampler.chance(0.5):
        first, second = "", ""
        while first == second:
            first, second = sampler.name()[0], sampler.name()[0]
        people = [(first, first), (second, second)]
        words = {first, second}
    else:
        nouns = rng.sample(("man", "woman", "boy", "girl", *rng.sample(PROFESSIONS, 2)), 2)
        people = [(f"a {noun}", f"the {noun}") for noun in nouns]
        words = set()
    doing, other = _exclusive_pair(sampler)
    subject, companion = people
    hypothesis = f"{rng.choice(subject)} is {activity_phrase(doing, rng)}."
    place = sampler.word(PLACES)
    silent = label == "neutral"
    pool = _SILENT_FRAMES if silent else PAIR_FRAMES
    frame = rng.choice(pool.new(split) if new_template else pool.seen)
    subject_does, companion_does = (doing, other) if label == "entailment" else (other, doing)
    told = [(subject, subject_does), (companion, companion_does)]
    if silent:
        told = [(companion, companion_does if sampler.chance(0.5) else other), (subject, doing)]
    elif sampler.chance(0.5):
        told.reverse()
    (a, p), (b, q) = told
    acts = [activity_phrase(p, rng), activity_phrase(q, rng)]
    premise = frame.format(a=a[0], a2=a[1], b=b[0], b2=b[1], p=acts[0], q=acts[1], place=place)
    wanted = activity_phrase(doing, rng)
    if silent:
        reason = f"the premise says {a[1]} is {acts[0]}. It does not say what {subject[1]} is doing."
    elif label == "entailment":
        reason = f"the premise says {subject[1]} is {wanted}. The hypothesis says the same."
    else:
        reason = (f"the premise says {subject[1]} is {activity_phrase(other, rng)}. "
                  f"It is {companion[1]} who is {wanted}.")  # fmt: skip
    return Draft(
        premise=tidy(premise),
        hypothesis=tidy(hypothesis),
        label=label,
        rationale=tidy(f"{reason} so the answer is {label}."),
        template=f"{'silent' if silent else 'pair'}-{_number(pool, frame)}",
        seen_template=not new_template,
        words=frozenset(words | ({place} if "{place}" in frame else set())
                        | {x.thing for x in (p, q) if x.kind == "thing" and x.thing}),
    )  # fmt: skip


def _exclusive_pair(sampler: Sampler) -> tuple[Activity, Activity]:
    """Two activities that nobody can do at once, natural in any place."""
    verbs = [name for name, verb in VERBS.items() if verb.where == "any"]
    while True:
        first = sampler.activity_of(sampler.rng.choice(verbs))
        second = sampler.activity_of(sampler.rng.choice(verbs))
        if first.verb != second.verb and activity_relation(first, second) is Relation.DISJOINT:
            return first, second


def _number(pool: Pool[str], frame: str) -> int:
    return (*pool.seen, *pool.validation, *pool.test).index(frame)
