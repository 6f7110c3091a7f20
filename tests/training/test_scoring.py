from __future__ import annotations

from pathlib import Path

import pytest
import torch

from student.label_trie import LabelTrie
from tests.export.shapes import SHAPES, SOURCES, SPACES, WordTokenizer, random_t5
from training.checkpoint import load_checkpoint
from training.data.example import Example
from training.scoring import TorchStudent, answer_space
from training.validation_rows import read_rows


@pytest.fixture(scope="module")
def student(tiny_run: Path) -> TorchStudent:
    checkpoint = load_checkpoint(tiny_run)
    return TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)


@pytest.fixture(scope="module")
def rows(tiny_run: Path) -> list[Example]:
    return read_rows(tiny_run / "student")


def _first_logits(source: list[int], written: list[int]) -> torch.Tensor:
    model = random_t5(**SHAPES["v1.1"])
    with torch.inference_mode():
        logits: torch.Tensor = model(
            input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([[0, *written]])
        ).logits[0, -1]
    return logits.double()


def test_two_answers_share_a_softmax_over_their_first_tokens() -> None:
    student = TorchStudent(random_t5(**SHAPES["v1.1"]), WordTokenizer(), {})
    ((first, second),) = student.tree_probabilities(["3 4"], [["5 6", "7"]])
    expected = torch.softmax(_first_logits([3, 4, 1], [])[[5, 7]], dim=0)
    assert [first, second] == pytest.approx(expected.tolist(), abs=1e-6)


def test_shared_beginning_multiplies_the_choices_along_the_path() -> None:
    student = TorchStudent(random_t5(**SHAPES["v1.1"]), WordTokenizer(), {})
    (probabilities,) = student.tree_probabilities(["3 4"], [["5 6", "5", "7"]])
    root = torch.softmax(_first_logits([3, 4, 1], [])[[5, 7]], dim=0)
    # After 5: go on with 6, or end.
    below = torch.softmax(_first_logits([3, 4, 1], [5])[[6, 1]], dim=0)
    expected = [root[0] * below[0], root[0] * below[1], root[1]]
    assert probabilities == pytest.approx([float(value) for value in expected], abs=1e-6)


@pytest.mark.parametrize("shape", ["v1.0", "v1.1, odd heads"])
def test_probabilities_sum_to_one_and_padding_does_not_matter(shape: str) -> None:
    student = TorchStudent(random_t5(**SHAPES[shape]), WordTokenizer(), {})
    together = student.tree_probabilities(SOURCES, SPACES)
    for source, space, probabilities in zip(SOURCES, SPACES, together, strict=True):
        assert sum(probabilities) == pytest.approx(1.0, abs=1e-9)
        (alone,) = student.tree_probabilities([source], [space])
        assert probabilities == pytest.approx(alone, abs=1e-5)


def test_answers_are_the_most_probable_ones(student: TorchStudent, rows: list[Example]) -> None:
    for row, answered in zip(rows, student.answer(rows), strict=True):
        assert answered.answers == answer_space(student.tasks[row.task], row)
        if answered.probabilities is None:
            assert row.task == "demo-math"
            continue
        best = max(zip(answered.probabilities, answered.answers, strict=True))
        assert answered.probabilities[answered.answers.index(answered.answer)] == best[0]
        assert sum(answered.probabilities) == pytest.approx(1.0, abs=1e-6)


def test_tree_scoring_is_constrained_greedy_decoding_where_one_node_branches(student: TorchStudent) -> None:
    """At any depth of that node: here below words that all answers share."""
    spaces = [("fridge", "garage", "zoo"), ("the old big dog", "the old big cat"), ("in a box", "in a bag", "in a bed")]
    rows = [
        Example("demo-choices", {"question": f"Where is thing {number}?"}, space[0], None, "t", choices=space)
        for number in range(4)
        for space in spaces
    ]
    tried = 0
    answered = student.answer(rows)
    for row, ours, greedy in zip(rows, answered, student.constrained_answers(rows), strict=True):
        trie = LabelTrie.build(student.tokenizer(list(row.choices)).input_ids, 0)
        if len(trie.branch_starts) == 1:
            assert ours.answer == greedy
            tried += 1
    assert tried >= 8


def test_constrained_answers_stay_in_the_answer_space(student: TorchStudent, rows: list[Example]) -> None:
    closed = [row for row in rows if row.task != "demo-math"]
    for row, answer in zip(closed, student.constrained_answers(closed), strict=True):
        assert answer in answer_space(student.tasks[row.task], row)


def test_written_tokens_keep_each_rows_limit(student: TorchStudent, rows: list[Example]) -> None:
    mixed = rows[::8]
    for row, answer, rationale in zip(mixed, student.answer_ids(mixed), student.rationale_ids(mixed), strict=True):
        limits = student.tasks[row.task].limits
        assert 0 < len(answer) <= limits.label_tokens
        assert 0 < len(rationale) <= limits.rationale_tokens
        for ids in (answer, rationale):
            assert 1 not in ids[:-1]


def test_repeated_choices_are_one_answer(student: TorchStudent) -> None:
    row = Example("demo-choices", {"question": "Where?"}, "zoo", None, "t", choices=("zoo", "park", " zoo"))
    assert answer_space(student.tasks["demo-choices"], row) == ("zoo", "park")
