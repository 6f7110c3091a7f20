"""The facts of the choices task: which answer belongs to which phrase, and which answers must not compete.

A table has one answer a line: `answer|synonym: phrase / paraphrase / ~paraphrase; phrase of another fact`.
Lines that begin with spaces continue. Answers carry their article. A paraphrase marked `~` says the same with
words of the other phrases, so that it may be kept out of training. `{their}` stands for the possessive of
whoever the question is about; `^` marks a verb after the first, so that it is inflected too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from training.data.demo import choices_life, choices_places, choices_things
from training.data.demo.choices_conflicts import CONFLICTING_KINDS, CONFLICTS
from training.data.demo.split import Split, held_out

_HELD_OUT_PARAPHRASES = 0.4


@dataclass(frozen=True)
class Concept:
    """Something that can be an answer.

    Attributes:
        pool: concepts of one pool are of one type and compete with each other.
        names: synonyms, without article.
        countable: whether `a` or `an` can be put before it.
    """

    pool: str
    names: tuple[str, ...]
    countable: bool


@dataclass(frozen=True)
class Fact:
    """One thing to know: in `relation`, the answer to each of the phrases is `answer`.

    Attributes:
        phrases: wordings that may occur in every split.
        new_phrases: wordings for one split only.
    """

    relation: str
    answer: Concept
    phrases: tuple[str, ...]
    new_phrases: tuple[tuple[Split, str], ...] = ()


def with_article(name: str) -> str:
    """`apple` as `an apple`; names that begin with a vowel letter here also begin with a vowel sound."""
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"


def without_article(phrase: str) -> str:
    """`an apple` as `apple`; also takes off `some`."""
    first, _, rest = phrase.partition(" ")
    return rest if first in ("a", "an", "the", "some") else phrase


def _concept(pool: str, text: str) -> Concept:
    name = without_article(text)
    return Concept(pool, tuple(name.split("|")), countable=name != text)


def _lines(table: str) -> list[str]:
    return table.strip().replace("\n    ", " ").splitlines()


def _read_table(pool: str, relation: str, table: str) -> list[Fact]:
    facts = []
    for line in _lines(table):
        answer, _, entries = line.partition(": ")
        for entry in entries.split("; "):
            phrases = [phrase.strip() for phrase in entry.split(" / ")]
            facts.append(Fact(relation, _concept(pool, answer), tuple(phrases)))
    return facts


def _opposites() -> list[Fact]:
    facts = []
    for pair in choices_life.OPPOSITES.split():
        left, right = pair.split("/")
        facts.append(Fact("opposite", _concept("opposite", left), (right,)))
        facts.append(Fact("opposite", _concept("opposite", right), (left,)))
    return facts


def _members() -> list[Fact]:
    """The facts of KINDS the other way round: the kind is asked about, its members are the answers."""
    return [
        Fact("member", _concept("member", fact.phrases[0]), (with_article(fact.answer.names[0]),))
        if fact.answer.countable
        else Fact("member", _concept("member", fact.phrases[0]), fact.answer.names)
        for fact in _read_table("kind", "kind", choices_things.KINDS)
    ]


def _divide_paraphrases(facts: list[Fact]) -> tuple[Fact, ...]:
    marked = [f"{fact.relation}/{phrase}" for fact in facts for phrase in fact.phrases if phrase.startswith("~")]
    pool = held_out(marked, _HELD_OUT_PARAPHRASES, "demo-choices/paraphrases")
    divided = []
    for fact in facts:
        new: list[tuple[Split, str]] = []
        seen = []
        for phrase in fact.phrases:
            text = phrase.removeprefix("~")
            if f"{fact.relation}/{phrase}" in pool.validation:
                new.append(("validation", text))
            elif f"{fact.relation}/{phrase}" in pool.test:
                new.append(("test", text))
            else:
                seen.append(text)
        divided.append(replace(fact, phrases=tuple(seen), new_phrases=tuple(new)))
    return tuple(divided)


FACTS = _divide_paraphrases(
    [
        *_read_table("storage", "kept", choices_places.KEPT),
        *_read_table("town", "town", choices_places.TOWN),
        *_read_table("home", "home", choices_places.HOMES),
        *_read_table("tool", "tool", choices_things.TOOLS),
        *_read_table("vehicle", "vehicle", choices_things.VEHICLES),
        *_read_table("clothes", "clothes", choices_things.CLOTHES),
        *_read_table("material", "made", choices_things.MADE_OF),
        *_read_table("kind", "kind", choices_things.KINDS),
        *_members(),
        *_read_table("job", "job", choices_life.JOBS),
        *_read_table("job", "helper", choices_life.HELPERS),
        *_read_table("animal", "animal", choices_life.ANIMALS),
        *_read_table("animal", "young", choices_life.YOUNG),
        *_read_table("body", "sense", choices_life.SENSES),
        *_read_table("body", "worn", choices_life.WORN_ON),
        *_opposites(),
        *_read_table("color", "color", choices_life.COLORS),
        *_read_table("season", "season", choices_life.SEASONS),
        *_read_table("weather", "weather", choices_life.WEATHER),
    ]
)


def _group_facts() -> dict[Concept, tuple[Fact, ...]]:
    grouped: dict[Concept, list[Fact]] = defaultdict(list)
    for fact in FACTS:
        grouped[fact.answer].append(fact)
    return {concept: tuple(facts) for concept, facts in grouped.items()}


def _group_pools() -> dict[str, tuple[Concept, ...]]:
    grouped: dict[str, list[Concept]] = defaultdict(list)
    for concept in FACTS_OF:
        grouped[concept.pool].append(concept)
    return {pool: tuple(concepts) for pool, concepts in grouped.items()}


FACTS_OF = _group_facts()
POOLS = _group_pools()


def _conflicts() -> frozenset[frozenset[str]]:
    pairs = set()
    for line in (*_lines(CONFLICTS), *_lines(CONFLICTING_KINDS)):
        name, _, others = line.partition(": ")
        pairs |= {frozenset((name, other)) for other in others.split(", ")}
    pairs |= {frozenset(pair.split("/")) for pair in choices_life.OPPOSITES.split()}
    return frozenset(pairs)


_CONFLICTS = _conflicts()


def compete(left: Concept, right: Concept) -> bool:
    """Whether both may stand among the choices of a question about one of them."""
    if left.pool == right.pool == "member":
        kinds = [without_article(FACTS_OF[concept][0].phrases[0]) for concept in (left, right)]
        return kinds[0] != kinds[1] and frozenset(kinds) not in _CONFLICTS
    return left.names[0] != right.names[0] and frozenset((left.names[0], right.names[0])) not in _CONFLICTS
