from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from student.answers import conclusion, same_answer
from student.task import find_task
from training.data.demo.choices import generate, shortcut
from training.data.demo.choices_conflicts import CONFLICTING_KINDS, CONFLICTS
from training.data.demo.choices_facts import FACTS, FACTS_OF, POOLS, Concept, compete, without_article
from training.data.demo.choices_grammar import gerund, is_plural, third_person, verb_forms
from training.data.demo.choices_templates import WORDINGS
from training.data.demo.split import Split
from training.data.example import Example

TASK = find_task("demo-choices")
SPLITS: tuple[Split, ...] = get_args(Split)


@pytest.fixture(scope="module")
def rows() -> dict[Split, list[Example]]:
    return {split: list(generate(split, 2000, seed=7)) for split in SPLITS}


def test_generate_makes_the_same_rows_again(rows: dict[Split, list[Example]]) -> None:
    for split in SPLITS:
        assert list(generate(split, 100, seed=7)) == rows[split][:100]


def test_generate_makes_other_rows_with_another_seed(rows: dict[Split, list[Example]]) -> None:
    assert list(generate("train", 20, seed=8)) != rows["train"][:20]


def test_rows_are_distinct_and_no_question_is_asked_in_two_splits(rows: dict[Split, list[Example]]) -> None:
    for split in SPLITS:
        assert len({(row.inputs["question"], row.choices) for row in rows[split]}) == 2000
    questions = {split: {row.inputs["question"] for row in rows[split]} for split in SPLITS}
    assert not questions["train"] & questions["test"]
    assert not questions["train"] & questions["validation"]
    assert not questions["validation"] & questions["test"]


def test_held_out_templates_are_never_in_train(rows: dict[Split, list[Example]]) -> None:
    def parts(split: Split) -> set[str]:
        return {part for row in rows[split] for part in row.tags["template"].split("+")}

    for split in SPLITS:
        allowed = {
            template.name
            for wording in WORDINGS.values()
            for pool in (wording.direct, wording.scenes, wording.asks)
            for template in (*pool.seen, *pool.new(split))
        }
        assert parts(split) <= allowed
    assert all(row.tags["seen_template"] == "yes" for row in rows["train"])
    assert all(row.tags["held_out_words"] == "no" for row in rows["train"])
    assert parts("test") - parts("train")


def test_about_half_the_test_rows_have_held_out_templates_and_words(rows: dict[Split, list[Example]]) -> None:
    for tag, value in (("seen_template", "no"), ("held_out_words", "yes")):
        share = sum(row.tags[tag] == value for row in rows["test"]) / 2000
        assert 0.4 < share < 0.6


def test_rationales_end_in_the_label(rows: dict[Split, list[Example]]) -> None:
    for split in SPLITS:
        for row in rows[split]:
            assert row.rationale is not None
            assert row.rationale.endswith(f"So the answer is {row.label}.")
            stated = conclusion(TASK, row.rationale)
            assert stated is not None
            assert same_answer(TASK, stated, row.label)
            assert 8 <= len(row.rationale.split()) <= 40


def test_rows_are_valid_requests_that_contain_the_label(rows: dict[Split, list[Example]]) -> None:
    for split in SPLITS:
        for row in rows[split]:
            TASK.validate_request(row.inputs, row.choices)
            assert row.choices.count(row.label) == 1
            assert 3 <= len(row.choices) <= 5
            assert TASK.render(row.inputs, row.choices).isascii()
            assert not set("{}^~|") & set(TASK.render(row.inputs, row.choices) + str(row.rationale))


def test_every_position_is_right_equally_often(rows: dict[Split, list[Example]]) -> None:
    for count in (3, 4, 5):
        positions = [
            row.choices.index(row.label) for split in SPLITS for row in rows[split] if len(row.choices) == count
        ]
        for right in Counter(positions).values():
            assert right / len(positions) == pytest.approx(1 / count, abs=0.04)


def test_choices_do_not_tell_which_is_right(rows: dict[Split, list[Example]]) -> None:
    train = list(generate("train", 10_000, seed=1))
    shown = Counter(choice for row in train for choice in shortcut(row).split(" | "))
    right = Counter(row.label for row in train)
    guessed = sum(
        row.label == max(row.choices, key=lambda choice: (right[choice] + 1) / (shown[choice] + 3))
        for row in rows["test"]
    )
    assert guessed / 2000 < 0.32


def test_every_fact_has_wordings_for_train_and_stands_in_its_pool() -> None:
    assert all(fact.phrases for fact in FACTS)
    assert all(fact.answer in POOLS[fact.answer.pool] for fact in FACTS)


def test_no_phrase_has_two_answers_that_compete() -> None:
    answers: dict[tuple[str, str], Concept] = {}
    for fact in FACTS:
        if fact.relation == "member":
            continue
        for phrase in (*fact.phrases, *(text for _, text in fact.new_phrases)):
            other = answers.setdefault((fact.relation, phrase), fact.answer)
            assert other == fact.answer or not compete(other, fact.answer), phrase


def test_conflicts_name_known_concepts() -> None:
    known = {concept.names[0] for concept in FACTS_OF}
    listed = {
        name
        for line in CONFLICTS.strip().replace("\n    ", " ").splitlines()
        for name in line.replace(":", ",").split(", ")
    }
    kinds = {name for line in CONFLICTING_KINDS.strip().splitlines() for name in line.replace(":", ",").split(", ")}
    assert listed <= known
    assert kinds <= {concept.names[0] for concept in POOLS["kind"]}


def test_every_concept_finds_company() -> None:
    for pool, concepts in POOLS.items():
        for concept in concepts:
            company = [other for other in concepts if compete(concept, other)]
            assert len(company) >= 2, (pool, concept)


@pytest.mark.parametrize(
    ("relation", "phrase", "answer"),
    [
        ("kept", "milk", "refrigerator"),
        ("town", "borrow books", "library"),
        ("tool", "cut paper", "scissors"),
        ("vehicle", "cross the lake", "boat"),
        ("clothes", "keep {their} hands warm", "gloves"),
        ("job", "put out fires", "firefighter"),
        ("helper", "has a toothache", "dentist"),
        ("animal", "make honey", "bee"),
        ("young", "a puppy", "dog"),
        ("made", "cheese", "milk"),
        ("kind", "a salmon", "fish"),
        ("sense", "hear music", "ears"),
        ("opposite", "hot", "cold"),
        ("color", "snow", "white"),
    ],
)
def test_facts_hold(relation: str, phrase: str, answer: str) -> None:
    assert [fact.answer.names[0] for fact in FACTS if fact.relation == relation and phrase in fact.phrases] == [answer]


def test_members_of_a_kind_never_compete() -> None:
    salmon, tuna, eagle = (
        next(concept for concept in POOLS["member"] if concept.names[0] == name) for name in ("salmon", "tuna", "eagle")
    )
    assert not compete(salmon, tuna)
    assert compete(salmon, eagle)


@pytest.mark.parametrize(
    ("verb", "third", "ing"),
    [
        ("catch", "catches", "catching"),
        ("carry", "carries", "carrying"),
        ("buy", "buys", "buying"),
        ("have", "has", "having"),
        ("cut", "cuts", "cutting"),
        ("see", "sees", "seeing"),
        ("bake", "bakes", "baking"),
    ],
)
def test_verbs_are_inflected(verb: str, third: str, ing: str) -> None:
    assert (third_person(verb), gerund(verb)) == (third, ing)


def test_every_marked_verb_of_a_phrase_is_inflected() -> None:
    assert verb_forms("cut and ^sell meat") == {
        "vp": "cut and sell meat",
        "vps": "cuts and sells meat",
        "ving": "cutting and selling meat",
    }


def test_number_and_articles_of_noun_phrases() -> None:
    assert is_plural("roses")
    assert is_plural("snowmen")
    assert not is_plural("a pair of socks")
    assert not is_plural("fresh grass")
    assert without_article("an apple") == "apple"
