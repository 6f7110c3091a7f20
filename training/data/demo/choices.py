"""The demo task `demo-choices`: multiple choice about everyday things.

The domain is the everyday knowledge of a young schoolchild, about 430 facts. A question asks, in one or two
short sentences, about one of them:

- where things are kept at home (milk: refrigerator), and where one goes to do something (borrow books:
  library);
- what one uses to do something (cut paper: scissors), which vehicle is for what (cross a lake: boat), and
  what one wears for what (keep the hands warm: gloves);
- who does a job (put out fires: firefighter), and who can help (a leaking pipe: plumber);
- which animal does or has something (make honey: bee), the young of animals, and where animals live;
- what kind of thing something is (a salmon: fish), which of several things is of a kind, and what is made
  from what (cheese: milk);
- parts of the body and what is worn on them, opposites, usual colors, the four seasons and the weather.

Three to five choices are given, each a noun phrase of one to four words (an adjective for opposites), with
or without an article; one of them is right. Not in the domain: things and doings outside the tables,
calculation, questions that need several facts, negation ("which is not ..."), history or geography.

Which of the choices is right cannot be told from the choices: each set is drawn first, from concepts that
never conflict, and then each of its members is equally likely to be asked about.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from training.data.demo.choices_conflicts import HARD_CHOICES, MIXED_POOLS
from training.data.demo.choices_facts import FACTS_OF, POOLS, Concept, compete, with_article
from training.data.demo.choices_question import Asker
from training.data.demo.split import Split
from training.data.example import Example

TASK = "demo-choices"

# By the number of facts, and somewhat more for small pools.
_POOL_WEIGHTS = {pool: 10 + sum(len(FACTS_OF[concept]) for concept in concepts) for pool, concepts in POOLS.items()}
_MIXED_SHARE = 0.08
_HARD_SHARE = 0.17
_ARTICLE_SHARE = 0.15
_SYNONYM_SHARE = 0.4
_CHOICE_COUNTS = (3, 4, 4, 5)
_TRIES = 400


def generate(split: Split, rows: int, seed: int) -> Iterator[Example]:
    """Make the first `rows` rows of a split; the same arguments always make the same rows.

    Args:
        split: which templates, words and wordings may be used.
        rows: how many rows, all different.
        seed: changes every row.

    Yields:
        Rows with tags `template`, `seen_template`, `held_out_words` and `relation`.

    Raises:
        ValueError: so many different rows cannot be found.
    """
    rng = random.Random(f"{TASK}/{split}/{seed}")
    asker = Asker(split, rng)
    known: set[tuple[str, tuple[str, ...]]] = set()
    for number in range(rows):
        for _ in range(_TRIES):
            example = _row(split, rng, asker, number)
            key = (example.inputs["question"], example.choices)
            if _home(key[0]) == split and key not in known:
                break
        else:
            raise ValueError(f"rows: {rows} asked for, but only {number} different ones were found")
        known.add(key)
        yield example


def shortcut(example: Example) -> str:
    """The view of a baseline that never reads the question: the choices in their order."""
    return " | ".join(example.choices)


def _row(split: Split, rng: random.Random, asker: Asker, number: int) -> Example:
    concepts = _draw_concepts(rng)
    answer = rng.choice(concepts)
    fact = rng.choice(FACTS_OF[answer])
    articles = rng.random() < _ARTICLE_SHARE
    names = {concept: _name(concept, rng) for concept in concepts}
    shown = {concept: _in_sentence(concept, name) if articles else name for concept, name in names.items()}
    wrong = [concept for concept in concepts if concept is not answer]
    asked = asker.ask(
        fact,
        answer=_in_sentence(answer, names[answer]),
        bare_answer=names[answer],
        wrong=[_in_sentence(concept, names[concept]) for concept in wrong],
    )
    return Example(
        task=TASK,
        inputs={"question": asked.question},
        label=shown[answer],
        rationale=f"{asked.reason} So the answer is {shown[answer]}.",
        source=f"{TASK}/{split}:{number}",
        rationale_by="generator",
        choices=tuple(shown.values()),
        tags={
            "template": asked.template,
            "seen_template": "no" if asked.new_template else "yes",
            "held_out_words": "yes" if asked.new_words else "no",
            "relation": fact.relation,
        },
    )


def _home(question: str) -> Split:
    """The split a question text belongs to, so that no question of one split is asked in another."""
    digit = int(hashlib.sha256(question.encode()).hexdigest(), 16) % 10
    return "validation" if digit == 0 else "test" if digit == 1 else "train"


def _name(concept: Concept, rng: random.Random) -> str:
    name, *synonyms = concept.names
    return rng.choice(synonyms) if synonyms and rng.random() < _SYNONYM_SHARE else name


def _in_sentence(concept: Concept, name: str) -> str:
    return with_article(name) if concept.countable else name


def _draw_concepts(rng: random.Random) -> list[Concept]:
    """Three to five concepts, in random order, of which none conflicts with another."""
    kind = rng.random()
    if kind < _MIXED_SHARE:
        candidates = [concept for pool in rng.choice(MIXED_POOLS) for concept in POOLS[pool]]
    elif kind < _MIXED_SHARE + _HARD_SHARE:
        candidates = list(rng.choice(_HARD_GROUPS))
    else:
        pool = rng.choices(list(_POOL_WEIGHTS), weights=list(_POOL_WEIGHTS.values()))[0]
        candidates = list(POOLS[pool])
    rng.shuffle(candidates)
    wanted = rng.choice(_CHOICE_COUNTS)
    drawn: list[Concept] = []
    for candidate in candidates:
        if all(compete(candidate, other) for other in drawn):
            drawn.append(candidate)
        if len(drawn) == wanted:
            return drawn
    return drawn if len(drawn) >= min(_CHOICE_COUNTS) else _draw_concepts(rng)


def _hard_groups() -> tuple[tuple[Concept, ...], ...]:
    named = {
        concept.names[0]: concept
        for pool in ("storage", "town", "tool", "vehicle", "job", "animal")
        for concept in POOLS[pool]
    }
    return tuple(tuple(named[name] for name in line.split("/")) for line in HARD_CHOICES)


_HARD_GROUPS = _hard_groups()
