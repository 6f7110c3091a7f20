"""Rows about two people in one premise, of whom the hypothesis picks one."""

from __future__ import annotations

from training.data.demo.nli_concepts import PROFESSIONS
from training.data.demo.nli_draft import Draft
from training.data.demo.nli_phrasing import activity_phrase, tidy
from training.data.demo.nli_sampler import Sampler
from training.data.demo.nli_scene import Label
from training.data.demo.nli_words import PLACES
from training.data.demo.split import Split, held_out

# `a` and `b` are mentioned first, `a2` and `b2` again; both do something.
_BOTH_FRAMES = (
    "{a} is {p} and {b} is {q}.",
    "{a} is {p} while {b} is {q}.",
    "{a} is {p}. {b} is {q}.",
    "{place}, {a} is {p} and {b} is {q}.",
    "while {a} is {p}, {b} is {q}.",
    "we can see {a} {p} and {b} {q}.",
    "{a} and {b} are {place}. {a2} is {p} and {b2} is {q}.",
    "{place}, {a} is {p} while {b} is {q}.",
)
# Nothing is said of what `b` does.
_ONE_FRAMES = (
    "{a} is {p} next to {b}.",
    "{b} is next to {a}. {a2} is {p}.",
    "{a} and {b} are {place}. {a2} is {p}.",
    "{a} is {p}. {b} is {place}.",
    "next to {b}, {a} is {p}.",
)
BOTH_FRAMES = held_out(_BOTH_FRAMES, share=0.25, salt="nli/both-of-pair")
ONE_FRAMES = held_out(_ONE_FRAMES, share=0.4, salt="nli/one-of-pair")


def draft_pair(sampler: Sampler, split: Split, label: Label, new_template: bool) -> Draft:
    """A row about two people who do different things; all labels share the same hypotheses."""
    rng = sampler.rng
    (asked, asked_again), (other, other_again) = _people(sampler)
    wanted, clashing = sampler.exclusive_pair()
    place = sampler.word(PLACES)
    silent = label == "neutral"
    frames, pool = (_ONE_FRAMES, ONE_FRAMES) if silent else (_BOTH_FRAMES, BOTH_FRAMES)
    frame = rng.choice(pool.new(split) if new_template else pool.seen)
    asked_does, other_does = (wanted, clashing) if label == "entailment" else (clashing, wanted)
    if silent and sampler.chance(0.5):
        other_does = clashing
    told = [(other, other_again, other_does), (asked, asked_again, asked_does)]
    if not silent and sampler.chance(0.5):
        told.reverse()
    (a, a2, first_act), (b, b2, second_act) = told
    p, q = activity_phrase(first_act, rng), activity_phrase(second_act, rng)
    claim = activity_phrase(wanted, rng)
    if silent:
        reason = f"the premise says {a2} is {p}. It does not say what {asked_again} is doing."
    elif label == "entailment":
        reason = f"the premise says {asked_again} is {claim}. The hypothesis says the same."
    else:
        does = activity_phrase(clashing, rng)
        reason = f"the premise says {asked_again} is {does}. It is {other_again} who is {claim}."
    return Draft(
        premise=tidy(frame.format(a=a, a2=a2, b=b, b2=b2, p=p, q=q, place=place)),
        hypothesis=tidy(f"{rng.choice((asked, asked_again))} is {claim}."),
        label=label,
        rationale=tidy(f"{reason} so the answer is {label}."),
        template=f"{'one' if silent else 'both'}-{frames.index(frame)}",
        seen_template=not new_template,
        words=wanted.words
        | {asked, other}
        | (frozenset({place}) if "{place}" in frame else frozenset())
        | (first_act.words if silent else clashing.words),
    )


def _people(sampler: Sampler) -> list[tuple[str, str]]:
    """Two different people, each as mentioned first and again."""
    if sampler.chance(0.5):
        names: dict[str, None] = {}
        while len(names) < 2:
            names[sampler.name()[0]] = None
        return [(name, name) for name in names]
    # A teacher may be a woman: the two nouns come from one list.
    nouns = ("man", "woman", "boy", "girl") if sampler.chance(0.6) else PROFESSIONS
    return [(f"a {noun}", f"the {noun}") for noun in sampler.rng.sample(nouns, 2)]
