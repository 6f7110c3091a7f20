"""The English that the choices task's templates need: verb forms, number, and who a question is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

_IRREGULAR = {"have": "has", "do": "does", "go": "goes"}
_DOUBLED = frozenset(("clap", "cut", "dig", "get", "hop", "put", "rub", "run", "sit", "swim", "trim", "wag", "wrap"))
_VERB = re.compile(r"\^(\w+)")
_SENTENCE_START = re.compile(r"(?:^|(?<=[.?:] ))[a-z]")
_SINGULAR_IN_S = frozenset(("tennis", "grass", "fresh grass", "some fresh grass"))


def third_person(verb: str) -> str:
    """`catch` as `catches`."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith(("s", "sh", "ch", "x", "o")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def gerund(verb: str) -> str:
    """`bake` as `baking`."""
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("e") and not verb.endswith("ee"):
        return f"{verb[:-1]}ing"
    return f"{verb}ing"


def verb_forms(phrase: str) -> dict[str, str]:
    """A verb phrase as base form, third person and gerund: the slots `vp`, `vps` and `ving`.

    The first word is a verb, and so is each word marked with `^`.
    """
    first, _, rest = phrase.partition(" ")
    marked = f"^{first} {rest}".strip()
    return {
        "vp": marked.replace("^", ""),
        "vps": _VERB.sub(lambda match: third_person(match.group(1)), marked),
        "ving": _VERB.sub(lambda match: gerund(match.group(1)), marked),
    }


def is_plural(noun_phrase: str) -> bool:
    """Whether `noun_phrase`, as written in the tables, takes a plural verb."""
    first, _, _ = noun_phrase.partition(" ")
    if first in ("a", "an", "the") or noun_phrase in _SINGULAR_IN_S:
        return False
    return noun_phrase.endswith(("s", "men")) or noun_phrase == "robins with eggs"


def start_sentences(text: str) -> str:
    """Write the first letter of each sentence, and what follows a colon, as a capital."""
    return _SENTENCE_START.sub(lambda match: match.group().upper(), text)


@dataclass(frozen=True)
class Person:
    """Who a question is about.

    Attributes:
        subject: as named, such as `Rosa` or `my uncle`.
        pronouns: subject, object and possessive form.
        singular: whether verbs take the third person singular.
    """

    subject: str
    pronouns: tuple[str, str, str]
    singular: bool

    def slots(self) -> dict[str, str]:
        """Values for the template slots that speak of the person, and for the verbs that agree."""
        she, her, _ = self.pronouns
        verbs = {
            f"{verb}s": f"{verb}s" if self.singular else verb
            for verb in ("want", "need", "plan", "tell", "say", "live", "see", "learn", "like")
        }
        return {
            "S": self.subject,
            "S3": self.subject,
            "S_object": her if self.subject in ("I", "we") else self.subject,
            "she": she,
            "her": her,
            "is": "is" if self.singular else "am" if she == "I" else "are",
            "has": "has" if self.singular else "have",
            "does": "does" if self.singular else "do",
            **verbs,
        }


SHE = ("she", "her", "her")
HE = ("he", "him", "his")
THEY = ("they", "them", "their")
SPEAKER = Person("I", ("I", "me", "my"), singular=False)
SPEAKERS = Person("we", ("we", "us", "our"), singular=False)
