"""Words a fact of the choices task as a question and a rationale, with what a split may use."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from training.data.demo.choices_facts import Fact, without_article
from training.data.demo.choices_grammar import (
    HE,
    SHE,
    SPEAKER,
    SPEAKERS,
    THEY,
    Person,
    is_plural,
    start_sentences,
    verb_forms,
)
from training.data.demo.choices_templates import OPENERS, REMARKS, WORDINGS
from training.data.demo.choices_wording import Template, Wording
from training.data.demo.choices_words import FEMALE_RELATIVES, MALE_RELATIVES, MEN, TIMES, TOWNS, WOMEN
from training.data.demo.split import Pool, Split

_VERB_RELATIONS = frozenset(("town", "tool", "vehicle", "clothes", "job", "animal", "sense"))
_NOT_THE_SPEAKER = ("{S3}", "{S} from", "{S}, who", "that {S}", "if {S} ")
_NEW_SHARE = 0.5
_OPENER_SHARE = 0.15
_SCENE_SHARE = 0.6
# Some templates have no slot for a new word, and some facts no new wording.
_TRIES = 8

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """A fact in words.

    Attributes:
        question: the question.
        reason: the rationale without its conclusion.
        template: name of the template.
        new_template: whether the template never occurs in training.
        new_words: whether a name, town, time or wording of the fact never occurs in training.
    """

    question: str
    reason: str
    template: str
    new_template: bool
    new_words: bool


class Asker:
    """Asks facts in the words of one split."""

    def __init__(self, split: Split, rng: random.Random) -> None:
        """Ask with the templates and words of `split`, chosen by `rng`."""
        self._split = split
        self._rng = rng

    def ask(self, fact: Fact, answer: str, bare_answer: str, wrong: Sequence[str]) -> Asked:
        """Word a question about `fact`.

        Args:
            fact: what is asked.
            answer: the answer as it stands in a sentence.
            bare_answer: the answer without article.
            wrong: the other choices as they stand in a sentence.
        """
        held_out = self._split != "train"
        new_template = held_out and self._rng.random() < _NEW_SHARE
        new_words = held_out and self._rng.random() < _NEW_SHARE
        for _ in range(_TRIES):
            asked = self._ask(fact, answer, bare_answer, wrong, new_template, new_words)
            if asked.new_words == new_words:
                break
        return asked

    def _ask(
        self,
        fact: Fact,
        answer: str,
        bare_answer: str,
        wrong: Sequence[str],
        new_template: bool,
        new_words: bool,
    ) -> Asked:
        wording = WORDINGS[fact.relation]
        templates = self._templates(wording, new_template)
        text = " ".join(template.text for template in templates)
        words = _Words(self._split if new_words else "train", self._rng)
        if "{name}" not in text and self._rng.random() < _OPENER_SHARE:
            text = f"{words.choose(OPENERS).text} {text}"
        phrase = words.phrase(fact)
        person = self._person(words, text)
        slots = {
            **person.slots(),
            **words.mentions(text),
            **_phrase_slots(fact.relation, phrase, _possessive(text, person)),
        }
        question = start_sentences(text.format_map(slots))
        remark = self._rng.choice(REMARKS)
        reason = self._rng.choice(wording.reasons)
        possessive = "their" if "people" in reason.lower() else "your"
        rationale_slots = {
            **_phrase_slots(fact.relation, phrase, possessive),
            "answer": answer,
            "bare_answer": bare_answer,
            "others": wording.others,
            "wrong": " or ".join(wrong[: self._rng.choice((1, 2))]),
        }
        return Asked(
            question=question,
            reason=start_sentences(f"{reason} {remark}".strip().format_map(rationale_slots)),
            template="+".join(template.name for template in templates),
            new_template=new_template,
            new_words=words.used_new,
        )

    def _templates(self, wording: Wording, new: bool) -> tuple[Template, ...]:
        if not wording.scenes.seen or self._rng.random() > _SCENE_SHARE:
            return (self._rng.choice(wording.direct.new(self._split) if new else wording.direct.seen),)
        # A pair is new if one of its halves is.
        new_half = self._rng.choice(("scene", "ask", "both")) if new else "none"
        return (
            self._rng.choice(wording.scenes.new(self._split) if new_half in ("scene", "both") else wording.scenes.seen),
            self._rng.choice(wording.asks.new(self._split) if new_half in ("ask", "both") else wording.asks.seen),
        )

    def _person(self, words: _Words, text: str) -> Person:
        women = self._rng.random() < 0.5
        pronouns = SHE if women else HE
        kind = self._rng.random()
        third_person_only = any(mark in text for mark in _NOT_THE_SPEAKER)
        if kind < 0.12 and not third_person_only:
            return self._rng.choice((SPEAKER, SPEAKER, SPEAKERS))
        if kind < 0.3:
            relative = self._rng.choice(FEMALE_RELATIVES if women else MALE_RELATIVES)
            return Person(f"my {relative}", pronouns, singular=True)
        if kind < 0.36:
            noun = self._rng.choice(("a woman", "a girl") if women else ("a man", "a boy"))
            return Person(noun, pronouns, singular=True)
        if "{S" not in text:
            return Person("", THEY, singular=False)
        if kind < 0.46 and "{S3}" not in text:
            return Person(f"{words.name()} and {words.name()}", THEY, singular=False)
        return Person(words.name(women), pronouns, singular=True)


class _Words:
    """Draws the words that decide nothing, and tells whether one of them was held out of training."""

    def __init__(self, split: Split, rng: random.Random) -> None:
        self._split: Split = split
        self._rng = rng
        self._names: set[str] = set()
        self.used_new = False

    def choose(self, pool: Pool[T]) -> T:
        new = pool.new(self._split)
        if new and self._rng.random() < 0.8:
            self.used_new = True
            return self._rng.choice(new)
        return self._rng.choice(pool.seen)

    def name(self, woman: bool | None = None) -> str:
        pool = WOMEN if (self._rng.random() < 0.5 if woman is None else woman) else MEN
        while True:
            name = self.choose(pool)
            if name not in self._names:
                self._names.add(name)
                return name

    def mentions(self, text: str) -> dict[str, str]:
        """Values for the slots of `text` that name somebody, some place or some time in passing."""
        slots = {}
        if "{name}" in text:
            slots["name"] = self.name()
        if "{town}" in text:
            slots["town"] = self.choose(TOWNS)
        if "{t}" in text:
            slots["t"] = self.choose(TIMES)
        return slots

    def phrase(self, fact: Fact) -> str:
        new = [phrase for split, phrase in fact.new_phrases if split == self._split]
        if new and self._rng.random() < 0.5:
            self.used_new = True
            return self._rng.choice(new)
        return self._rng.choice(fact.phrases)


def _possessive(text: str, person: Person) -> str:
    """Whose hands are washed: the named person's, the reader's or people's."""
    if "{S" in text:
        return person.pronouns[2]
    return "their" if "people" in text else "your"


def _phrase_slots(relation: str, phrase: str, possessive: str) -> dict[str, str]:
    plural = is_plural(phrase)
    phrase = phrase.replace("{their}", possessive)
    slots = {
        "phrase": phrase,
        "np": phrase,
        "the": f"the {without_article(phrase)}",
        "it": "them" if plural else "it",
        "it_s": "they" if plural else "it",
        "is_np": "are" if plural else "is",
        "does_np": "do" if plural else "does",
    }
    return {**slots, **verb_forms(phrase)} if relation in _VERB_RELATIONS else slots
