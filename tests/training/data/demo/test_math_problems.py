from __future__ import annotations

import itertools
import random
import re
from collections import Counter

import pytest

from student.answers import conclusion, evaluate_equation, same_answer
from student.task import find_task
from training.data.demo import (
    math_addition,
    math_division,
    math_multiplication,
    math_subtraction,
    math_two_steps,
)
from training.data.demo.math_compositions import COMPOSITIONS, compose
from training.data.demo.math_phrases import (
    Situation,
    choose,
    literal_words,
    number_order,
    realise,
    word_slots,
)
from training.data.demo.math_problems import POOLS, generate, shortcut
from training.data.demo.math_words import plural, with_article
from training.data.demo.split import Split
from training.data.example import Example

TASK = find_task("demo-math")
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
MODULES = (math_addition, math_subtraction, math_multiplication, math_division, math_two_steps)
SITUATIONS = [situation for module in MODULES for situation in module.SITUATIONS]


@pytest.fixture(scope="module")
def rows() -> dict[Split, list[Example]]:
    return {split: list(generate(split, 2000, seed=3)) for split in SPLITS}


def _operators(example: Example) -> str:
    return " ".join(re.findall(r"[-+*/]", example.label))


def test_same_arguments_make_same_rows() -> None:
    assert list(generate("train", 50, seed=7)) == list(generate("train", 50, seed=7))
    assert list(generate("train", 50, seed=7)) != list(generate("train", 50, seed=8))


def test_problems_are_distinct_within_and_between_splits(rows: dict[Split, list[Example]]) -> None:
    problems = {split: {row.inputs["problem"] for row in rows[split]} for split in SPLITS}
    assert all(len(problems[split]) == 2000 for split in SPLITS)
    for left, right in itertools.combinations(SPLITS, 2):
        assert not problems[left] & problems[right]


def test_held_out_templates_occur_only_in_their_split(rows: dict[Split, list[Example]]) -> None:
    templates = {split: {row.tags["template"] for row in rows[split]} for split in SPLITS}
    for pool in POOLS:
        validation, test = {str(item) for item in pool.validation}, {str(item) for item in pool.test}
        assert validation
        assert test
        assert not (validation | test) & templates["train"]
        assert not test & templates["validation"]
        assert not validation & templates["test"]


def test_half_of_test_rows_are_new_in_template_and_in_words(rows: dict[Split, list[Example]]) -> None:
    for tag, new in (("seen_template", "no"), ("held_out_words", "yes")):
        assert all(row.tags[tag] != new for row in rows["train"])
        share = sum(row.tags[tag] == new for row in rows["test"]) / len(rows["test"])
        assert 0.42 < share < 0.58


def test_held_out_templates_use_only_words_of_seen_templates() -> None:
    seen = frozenset().union(*(literal_words(item.problem) for pool in POOLS for item in pool.seen))
    for pool in POOLS:
        for template in (*pool.validation, *pool.test):
            assert literal_words(template.problem) <= seen, template.name


def test_conclusion_of_every_rationale_is_the_label(rows: dict[Split, list[Example]]) -> None:
    for split in SPLITS:
        for row in rows[split]:
            assert row.rationale is not None
            assert conclusion(TASK, row.rationale) == row.label
            assert same_answer(TASK, row.label, row.label)
            assert 8 <= len(row.rationale.split()) <= 36


def test_every_row_is_a_valid_request_in_plain_english(rows: dict[Split, list[Example]]) -> None:
    for split in SPLITS:
        for row in rows[split]:
            TASK.validate_request(row.inputs)
            problem = row.inputs["problem"]
            assert problem.isascii()
            assert problem.endswith("?")
            assert not re.search(r"[\[\]{}|]|  | [.,?]", problem)
            assert problem[0].isupper() or problem[0].isdigit()
            assert 6 <= len(problem.split()) <= 48


def test_answers_are_positive_whole_numbers_made_of_the_problem_numbers(
    rows: dict[Split, list[Example]],
) -> None:
    for split in SPLITS:
        for row in rows[split]:
            value = evaluate_equation(row.label)
            assert value > 0
            assert value == int(value)
            assert not Counter(re.findall(r"\d+", row.label)) - Counter(shortcut(row).split())


def test_operations_are_balanced(rows: dict[Split, list[Example]]) -> None:
    counts = Counter(_operators(row) for row in rows["train"])
    one_step = [counts[operator] for operator in "+-*/"]
    assert 0.74 < sum(one_step) / 2000 < 0.82
    assert max(one_step) < 1.25 * min(one_step)
    assert set(counts) - set("+-*/") == {"+ -", "- -", "- +", "* +", "* -", "+ +"}


def test_shortcut_shows_only_numbers(rows: dict[Split, list[Example]]) -> None:
    assert re.fullmatch(r"\d+( \d+)+", shortcut(rows["test"][0]))


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_every_phrasing_names_each_number_of_the_formula(situation: Situation) -> None:
    names = sorted(re.findall(r"[abc]", situation.formula))
    assert len(set(situation.problems)) == len(situation.problems)
    for problem in situation.problems:
        assert sorted(number_order(problem)) == names, problem
    assert any(not word_slots(rationale) for rationale in situation.rationales)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_tied_alternatives_are_equally_many(situation: Situation) -> None:
    for problem in situation.problems:
        lengths: dict[str, set[int]] = {}
        for tie, options in re.findall(r"\[(\d):([^\]]*)\]", problem):
            lengths.setdefault(tie, set()).add(options.count("|"))
        assert all(len(found) == 1 for found in lengths.values()), problem


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_every_composition_is_a_phrasing_whatever_is_taken(situation: Situation) -> None:
    names = sorted(re.findall(r"[abc]", situation.formula))
    for composition in COMPOSITIONS.get(situation.name, ()):
        for part in composition:
            # Any phrasing may stand for another of its part: they name the same numbers.
            assert len({tuple(sorted(number_order(phrasing))) for phrasing in part}) == 1, part
            assert len(set(part)) == len(part)
        # One long phrasing of everything at once: the ties must hold between all.
        joined = " ".join(" ".join(part) for part in composition)
        assert sorted(number_order(joined)) == names, composition
        for tie in set(re.findall(r"\[(\d):", joined)):
            assert len({options.count("|") for options in re.findall(rf"\[{tie}:([^\]]*)\]", joined)}) == 1, composition


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_conditions_are_one_sentence_with_all_numbers(situation: Situation) -> None:
    rng = random.Random(5)
    names = sorted(re.findall(r"[abc]", situation.formula))
    phrasings = [compose(situation.name, rng) or "" for _ in range(300)]
    conditions = [phrasing for phrasing in phrasings if phrasing.startswith("if ") or " if {" in phrasing]
    assert all(sorted(number_order(phrasing)) == names and phrasing.endswith("?") for phrasing in phrasings)
    assert not any(". " in phrasing or "?" in phrasing[:-1] or "but" in phrasing.split() for phrasing in conditions)


def test_some_problems_are_told_as_a_condition(rows: dict[Split, list[Example]]) -> None:
    composed = [row.inputs["problem"] for row in rows["train"] if row.tags["template"].endswith("-composed")]
    first = sum(bool(re.search(r"(^|\. )If ", problem)) for problem in composed) / len(composed)
    last = sum(" if " in problem for problem in composed) / len(composed)
    assert 0.05 < first < 0.25 and 0.05 < last < 0.25


def test_compositions_belong_to_situations_and_occur_in_training_beside_whole_phrasings(
    rows: dict[Split, list[Example]],
) -> None:
    assert COMPOSITIONS.keys() == {situation.name for situation in SITUATIONS}
    composed = [row.tags["template"].endswith("-composed") for row in rows["train"]]
    assert 0.4 < sum(composed) / len(composed) < 0.6
    for split in ("validation", "test"):
        new = [row for row in rows[split] if row.tags["seen_template"] == "no"]
        assert new and not any(row.tags["template"].endswith("-composed") for row in new)


def test_operations_have_enough_phrasings() -> None:
    for module in MODULES[:4]:
        assert sum(len(situation.problems) for situation in module.SITUATIONS) >= 25
    assert all(len(situation.problems) >= 8 for situation in math_two_steps.SITUATIONS)


def test_realise_sets_capitals_and_spaces() -> None:
    values = {"N": "my sister", "he": "she", "a": "5", "T": "figs"}
    assert realise("{N} has {a} {T} . {he} eats [x]", values) == "My sister has 5 figs. She eats [x]"


def test_choose_takes_tied_alternatives_in_step() -> None:
    for seed in range(20):
        assert choose("[1:has|had] [1:buys|bought]", random.Random(seed)) in {"has buys", "had bought"}


def test_nouns_are_inflected() -> None:
    assert [plural(noun) for noun in ("box", "cherry", "toy", "red leaf", "apple")] == [
        "boxes",
        "cherries",
        "toys",
        "red leaves",
        "apples",
    ]
    assert [with_article(noun) for noun in ("apple", "old hat", "kite")] == [
        "an apple",
        "an old hat",
        "a kite",
    ]
