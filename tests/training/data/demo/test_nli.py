from collections import Counter

import pytest

from student.answers import conclusion, same_answer
from student.task import find_task
from training.data.demo.nli import generate, shortcut
from training.data.demo.nli_activities import Activity
from training.data.demo.nli_concepts import Garment
from training.data.demo.nli_frames import HYPOTHESIS_FRAMES, PREMISE_FRAMES
from training.data.demo.nli_scene import LABELS, Scene, judge
from training.data.demo.nli_words import POOLS
from training.data.demo.split import Split
from training.data.example import Example

TASK = find_task("demo-nli")
GUITAR = Activity("play-music", "guitar", "instrument")
INSTRUMENT = Activity("play-music", None, "instrument")
PIANO = Activity("play-music", "piano", "instrument")
SLEEP = Activity("sleep")


@pytest.fixture(scope="module")
def train() -> list[Example]:
    return list(generate("train", 2000, seed=3))


@pytest.fixture(scope="module")
def test() -> list[Example]:
    return list(generate("test", 400, seed=3))


@pytest.fixture(scope="module")
def validation() -> list[Example]:
    return list(generate("validation", 200, seed=3))


def texts(rows: list[Example]) -> set[tuple[str, str]]:
    return {(row.inputs["premise"], row.inputs["hypothesis"]) for row in rows}


def test_the_same_seed_gives_the_same_rows() -> None:
    assert list(generate("test", 50, seed=1)) == list(generate("test", 50, seed=1))
    assert list(generate("test", 50, seed=1)) != list(generate("test", 50, seed=2))


def test_rows_are_distinct_and_splits_disjoint(
    train: list[Example], validation: list[Example], test: list[Example]
) -> None:
    assert len(texts(train)) == 2000
    assert not texts(train) & texts(test)
    assert not texts(train) & texts(validation)
    assert not texts(validation) & texts(test)


def test_labels_are_balanced(train: list[Example]) -> None:
    counts = Counter(row.label for row in train)
    assert set(counts) == set(LABELS)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_every_row_is_a_valid_request_of_at_most_48_words(train: list[Example], test: list[Example]) -> None:
    for row in train + test:
        TASK.validate_request(row.inputs, row.choices)
        text = f"{row.inputs['premise']} {row.inputs['hypothesis']}"
        assert text.isascii()
        assert len(text.split()) <= 48
        assert "{" not in text and "  " not in text


def test_every_rationale_ends_in_its_label(train: list[Example], test: list[Example]) -> None:
    for row in train + test:
        assert row.rationale is not None
        assert row.rationale.endswith(f" So the answer is {row.label}.")
        told = conclusion(TASK, row.rationale)
        assert told is not None and same_answer(TASK, told, row.label)


def test_held_out_frames_and_words_never_occur_in_training(train: list[Example]) -> None:
    frames = {str(frame) for pool in (PREMISE_FRAMES, HYPOTHESIS_FRAMES) for frame in (*pool.validation, *pool.test)}
    fresh = {word for pool in POOLS for word in (*pool.validation, *pool.test)}
    fresh -= {word for pool in POOLS for word in pool.seen} | {"orange"}  # an orange is fruit too
    for row in train:
        assert not frames & set(row.tags["template"].split("/"))
        assert row.tags["seen_template"] == "yes" and row.tags["held_out_words"] == "no"
        text = f" {row.inputs['premise']} {row.inputs['hypothesis']} ".replace(".", " ").replace(",", " ")
        assert not [word for word in fresh if f" {word} " in text]


def test_about_half_of_test_rows_use_held_out_templates_and_words(test: list[Example]) -> None:
    for tag, new in (("seen_template", "no"), ("held_out_words", "yes")):
        share = sum(row.tags[tag] == new for row in test) / len(test)
        assert 0.4 < share < 0.6


@pytest.mark.parametrize("split", ["validation", "test"])
def test_held_out_rows_differ_between_splits(split: Split) -> None:
    other: Split = "test" if split == "validation" else "validation"
    frames = {str(frame) for frame in PREMISE_FRAMES.new(other) + HYPOTHESIS_FRAMES.new(other)}
    for row in generate(split, 100, seed=0):
        assert not frames & set(row.tags["template"].split("/"))


def test_the_shortcut_view_is_the_hypothesis(train: list[Example]) -> None:
    assert shortcut(train[0]) == train[0].inputs["hypothesis"]


@pytest.mark.parametrize(
    ("premise", "hypothesis", "label"),
    [
        (Scene("man", activity=GUITAR), Scene("person", activity=INSTRUMENT), "entailment"),
        (Scene("Anna", named=True, activity=GUITAR), Scene("person", activity=GUITAR), "entailment"),
        (Scene("person", activity=GUITAR), Scene("woman", activity=GUITAR), "neutral"),
        (Scene("man", activity=INSTRUMENT), Scene("man", activity=GUITAR), "neutral"),
        (Scene("man", activity=PIANO), Scene("man", activity=GUITAR), "contradiction"),
        (Scene("man", activity=SLEEP), Scene("man", activity=GUITAR), "contradiction"),
        (Scene("man", activity=SLEEP), Scene("man", activity=GUITAR, negated=True), "entailment"),
        (Scene("man", activity=GUITAR), Scene("man", activity=INSTRUMENT, negated=True), "contradiction"),
        (Scene("man", activity=INSTRUMENT), Scene("man", activity=GUITAR, negated=True), "neutral"),
        (
            Scene("man", activity=INSTRUMENT, negated=True),
            Scene("man", activity=GUITAR, negated=True),
            "entailment",
        ),
        (Scene("man", activity=GUITAR, negated=True), Scene("man", activity=INSTRUMENT), "neutral"),
        (Scene("dog", activity=SLEEP), Scene("cat", activity=SLEEP), "contradiction"),
        (Scene("puppy", activity=SLEEP), Scene("animal", activity=SLEEP), "entailment"),
        (Scene("teacher", activity=SLEEP), Scene("woman", activity=SLEEP), "neutral"),
        (Scene("man", count=2, activity=SLEEP), Scene("man", count=3, activity=SLEEP), "contradiction"),
        (Scene("man", count=0, activity=SLEEP), Scene("man", count=3, activity=SLEEP), "neutral"),
        (Scene("man", place="in the park"), Scene("man", place="outdoors"), "entailment"),
        (Scene("man", place="in the kitchen"), Scene("man", place="outdoors"), "contradiction"),
        (Scene("man", garment=Garment("hat", "red")), Scene("man", garment=Garment("hat")), "entailment"),
        (Scene("man", garment=Garment("hat")), Scene("man", garment=Garment("hat", "red")), "neutral"),
        (
            Scene("man", garment=Garment("hat", "blue")),
            Scene("man", garment=Garment("hat", "red")),
            "contradiction",
        ),
        (
            Scene("man", garment=Garment("coat", "blue")),
            Scene("man", garment=Garment("hat", "red")),
            "neutral",
        ),
        (Scene("man", trait="tall"), Scene("man", trait="short"), "contradiction"),
        (Scene("man", trait="tall"), Scene("man", trait="happy"), "neutral"),
        (Scene("man", place="in the park"), Scene("man", activity=SLEEP), "neutral"),
    ],
)
def test_known_pairs_are_judged_as_readers_judge_them(premise: Scene, hypothesis: Scene, label: str) -> None:
    verdict = judge(premise, hypothesis)
    assert verdict is not None
    assert verdict.label == label


@pytest.mark.parametrize(
    ("premise", "hypothesis"),
    [
        (Scene("man", count=2, activity=SLEEP), Scene("man", activity=SLEEP)),
        (Scene("Anna", named=True, activity=SLEEP), Scene("Ben", named=True, activity=SLEEP)),
        (Scene("man", activity=Activity("eat")), Scene("man", activity=Activity("drink"))),
        (Scene("man", companion="a friend"), Scene("man", companion="a cousin")),
    ],
)
def test_pairs_that_readers_judge_differently_have_no_verdict(premise: Scene, hypothesis: Scene) -> None:
    assert judge(premise, hypothesis) is None
