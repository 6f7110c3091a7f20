from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student.label_trie import MASKED_DISTANCE as FAR
from student.label_trie import MAX_DEPTH, MAX_NODES, LabelTrie, TrieBatch, TrieError

START, END = 0, 1


def test_answers_that_differ_at_once_need_one_position() -> None:
    trie = LabelTrie.build([[5, 6, END], [7, END], [8, 9, 9, END]], START)

    assert (trie.nodes, trie.edges) == (1, 3)
    assert trie.node_tokens.tolist() == [START]
    assert trie.node_distances.tolist() == [[0]]
    assert trie.edge_nodes.tolist() == [0, 0, 0]
    assert trie.edge_tokens.tolist() == [5, 7, 8]
    assert trie.paths.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert trie.branch_starts.tolist() == [0]


def test_shared_beginnings_are_packed_with_their_ancestors() -> None:
    #        ┌ 6 ─ 7 ┬ 8 ─ </s>     0
    # start ─┤       └ </s>         1
    #        └ 5 ─ </s>             2
    trie = LabelTrie.build([[6, 7, 8, END], [6, 7, END], [5, END]], START)

    assert trie.node_tokens.tolist() == [START, 6, 7]
    assert trie.node_distances.tolist() == [[0, FAR, FAR], [1, 0, FAR], [2, 1, 0]]
    assert trie.edge_nodes.tolist() == [0, 0, 2, 2]
    assert trie.edge_tokens.tolist() == [6, 5, 8, END]
    assert trie.paths.tolist() == [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0]]
    assert trie.branch_starts.tolist() == [0, 2]


def test_siblings_do_not_see_each_other() -> None:
    trie = LabelTrie.build([[5, 7, END], [5, 8, END], [6, 7, END], [6, 8, END]], START)
    first, second = trie.node_tokens.tolist().index(5), trie.node_tokens.tolist().index(6)
    assert trie.node_distances[first, second] == FAR
    assert trie.node_distances[second, first] == FAR


def test_probability_is_the_product_along_the_path() -> None:
    trie = LabelTrie.build([[6, 8, END], [6, 9, END], [5, END]], START)
    # .6 for what begins with 6, divided evenly below; .4 for 5, which is then the best answer.
    logits = np.log([0.6, 0.4, 0.5, 0.5])
    np.testing.assert_allclose(trie.probabilities(logits), [0.3, 0.3, 0.4])


def test_large_logits_do_not_overflow() -> None:
    trie = LabelTrie.build([[5, END], [6, END]], START)
    np.testing.assert_allclose(
        trie.probabilities(np.array([10_000.0, 9_999.0])), [math.e / (1 + math.e), 1 / (1 + math.e)]
    )


@pytest.mark.parametrize(
    ("answers", "message", "positions"),
    [
        ([], "0 answer(s) given", ()),
        ([[5, END]], "1 answer(s) given", (0,)),
        ([[5, END], []], "answer 2 is empty", (1,)),
        ([[5, END], [6, END], [5, END]], "answers 1 and 3 are the same", (0, 2)),
        ([[5, 6], [7, END], [5]], "answer 3 is the beginning of answer 1", (2, 0)),
        ([[5, END], [6] * MAX_DEPTH + [END]], f"answer 2 has {MAX_DEPTH + 1} tokens", (1,)),
        (
            [[*[9] * 100, number, END] for number in range(2, 4)]
            + [[*[8] * 100, number, END] for number in range(2, 4)]
            + [[*[7] * 100, number, END] for number in range(2, 4)],
            f"need 301 decoder positions, at most {MAX_NODES}",
            tuple(range(6)),
        ),
    ],
)
def test_trie_that_cannot_be_built_names_the_answers(
    answers: list[list[int]], message: str, positions: tuple[int, ...]
) -> None:
    with pytest.raises(TrieError) as caught:
        LabelTrie.build(answers, START)
    assert message in str(caught.value)
    assert caught.value.positions == positions


def test_longest_path_is_allowed() -> None:
    trie = LabelTrie.build([[5] * (MAX_DEPTH - 1) + [END], [5] * (MAX_DEPTH - 1) + [6]], START)
    assert trie.node_distances[-1].tolist() == list(range(MAX_DEPTH - 1, -1, -1))


_answers = st.lists(
    st.lists(st.integers(2, 5), max_size=6).map(lambda tokens: (*tokens, END)), min_size=2, max_size=9, unique=True
)


@given(_answers, st.randoms(use_true_random=False))
def test_probabilities_are_those_of_a_naive_walk(answers: list[tuple[int, ...]], random: np.random.Generator) -> None:
    trie = LabelTrie.build(answers, START)
    logits = np.array([random.uniform(-8, 8) for _ in range(trie.edges)])
    by_prefix = {
        (_prefix(trie, node), token): logit
        for node, token, logit in zip(trie.edge_nodes.tolist(), trie.edge_tokens.tolist(), logits.tolist(), strict=True)
    }

    probabilities = trie.probabilities(logits)

    assert math.isclose(probabilities.sum(), 1.0, rel_tol=1e-12)
    np.testing.assert_allclose(probabilities, [_naive(answers, answer, by_prefix) for answer in answers], rtol=1e-9)


def test_temperature_sharpens_or_flattens_but_keeps_the_order() -> None:
    trie = LabelTrie.build([[6, 8, END], [6, 9, END], [5, END]], START)
    logits = np.log([0.6, 0.4, 0.5, 0.5])
    plain = np.array([0.3, 0.3, 0.4])
    flat, sharp = trie.probabilities(logits, 2.0), trie.probabilities(logits, 0.5)
    np.testing.assert_allclose(flat, np.sqrt(plain) / np.sqrt(plain).sum())
    np.testing.assert_allclose(sharp, plain**2 / (plain**2).sum())


@given(_answers)
def test_every_node_is_needed_and_sees_its_own_path_only(answers: list[tuple[int, ...]]) -> None:
    trie = LabelTrie.build(answers, START)
    prefixes = [_prefix(trie, node) for node in range(trie.nodes)]
    assert len(set(prefixes)) == len(prefixes)
    assert set(prefixes) == {p for a in answers for n in range(len(a)) if _shared(answers, p := a[:n])}
    for node, prefix in enumerate(prefixes):
        seen = {prefixes[other]: int(steps) for other, steps in enumerate(trie.node_distances[node]) if steps != FAR}
        assert seen == {prefix[:length]: len(prefix) - length for length in range(len(prefix) + 1)}


@given(st.lists(_answers, min_size=1, max_size=4))
def test_padding_changes_no_trie(questions: list[list[tuple[int, ...]]]) -> None:
    tries = [LabelTrie.build(answers, START) for answers in questions]
    batch = TrieBatch.pack(tries)
    feeds = batch.feeds()
    assert {name: array.shape[0] for name, array in feeds.items()} == dict.fromkeys(feeds, len(tries))
    for row, trie in enumerate(tries):
        nodes, edges = trie.nodes, trie.edges
        assert feeds["node_tokens"][row, :nodes].tolist() == trie.node_tokens.tolist()
        for name in ("edge_nodes", "edge_tokens"):
            assert feeds[name][row, :edges].tolist() == getattr(trie, name).tolist()
            assert not feeds[name][row, edges:].any()
        assert (batch.node_distances[row, :nodes, :nodes] == trie.node_distances).all()
        # No real node sees padding, and every padding node sees itself alone: no softmax over nothing.
        assert (batch.node_distances[row, :nodes, nodes:] == FAR).all()
        alone = np.where(np.eye(batch.node_distances.shape[1], dtype=bool), 0, FAR)
        assert (batch.node_distances[row, nodes:] == alone[nodes:]).all()


def _prefix(trie: LabelTrie, node: int) -> tuple[int, ...]:
    """The tokens from the root to a node, read from the packed arrays as the graph reads them."""
    above = np.flatnonzero(trie.node_distances[node] != FAR).tolist()
    path = sorted(above, key=lambda other: -int(trie.node_distances[node, other]))
    return tuple(int(trie.node_tokens[other]) for other in path)[1:]


def _shared(answers: Sequence[tuple[int, ...]], prefix: tuple[int, ...]) -> bool:
    return sum(answer[: len(prefix)] == prefix for answer in answers) > 1


def _naive(
    answers: Sequence[tuple[int, ...]], answer: tuple[int, ...], logits: dict[tuple[tuple[int, ...], int], float]
) -> float:
    probability = 1.0
    for length, token in enumerate(answer):
        prefix = answer[:length]
        children = {other[length] for other in answers if other[:length] == prefix}
        if len(children) > 1:
            total = sum(math.exp(logits[prefix, child]) for child in children)
            probability *= math.exp(logits[prefix, token]) / total
    return probability
