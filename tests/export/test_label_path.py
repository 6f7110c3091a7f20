from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from export.label_path import LabelPath, require_supported
from student.errors import ExportError
from student.label_trie import MAX_DEPTH, LabelTrie, TrieBatch
from tests.export.shapes import END, PAD, SHAPES, SOURCES, SPACES, WordTokenizer, random_t5
from training.scoring import TorchStudent

TOKENIZER = WordTokenizer()


@pytest.fixture(params=list(SHAPES))
def model(request: pytest.FixtureRequest) -> T5ForConditionalGeneration:
    return random_t5(**SHAPES[request.param])


def _tries(spaces: Sequence[Sequence[str]]) -> list[LabelTrie]:
    return [LabelTrie.build(TOKENIZER(list(space)).input_ids, PAD) for space in spaces]


def _edge_logits(
    model: T5ForConditionalGeneration, sources: Sequence[str], tries: Sequence[LabelTrie], longest: int = 32
) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    encoded = TOKENIZER(list(sources), return_tensors="pt")
    feeds = {name: torch.from_numpy(array) for name, array in TrieBatch.pack(tries).feeds().items()}
    with torch.inference_mode():
        logits = LabelPath(model, longest)(encoded.input_ids, encoded.attention_mask, **feeds)
    return [row[: trie.edges].numpy() for row, trie in zip(logits, tries, strict=True)]


def _reference(model: T5ForConditionalGeneration, sources: Sequence[str], spaces: Sequence[Sequence[str]]) -> Any:
    return TorchStudent(model, TOKENIZER, {}).tree_probabilities(sources, spaces)


def test_probabilities_are_those_of_tree_scoring_in_one_padded_batch(model: T5ForConditionalGeneration) -> None:
    tries = _tries(SPACES)
    expected = _reference(model, SOURCES, SPACES)
    for trie, logits, probabilities in zip(tries, _edge_logits(model, SOURCES, tries), expected, strict=True):
        np.testing.assert_allclose(trie.probabilities(logits), probabilities, atol=1e-5, rtol=0)
    # The comparison would be empty if the student had no opinion, or only one.
    assert any(0.05 < max(row) - 1 / len(row) < 0.9 for row in expected)


@pytest.mark.parametrize("row", range(len(SPACES)))
def test_row_alone_has_the_probabilities_of_tree_scoring(model: T5ForConditionalGeneration, row: int) -> None:
    sources, spaces = SOURCES[row : row + 1], SPACES[row : row + 1]
    (trie,) = _tries(spaces)
    (logits,) = _edge_logits(model, sources, [trie])
    np.testing.assert_allclose(trie.probabilities(logits), _reference(model, sources, spaces)[0], atol=1e-5, rtol=0)


def test_edge_logits_are_those_of_a_decoder_fed_the_path(model: T5ForConditionalGeneration) -> None:
    tries = _tries(SPACES)
    for source, trie, logits in zip(SOURCES, tries, _edge_logits(model, SOURCES, tries), strict=True):
        encoded = TOKENIZER([source], return_tensors="pt")
        for node, token, logit in zip(trie.edge_nodes, trie.edge_tokens, logits, strict=True):
            path = sorted(np.flatnonzero(trie.ancestors[node]), key=lambda other: int(trie.node_depths[other]))
            fed = torch.tensor([[int(trie.node_tokens[other]) for other in path]])
            with torch.inference_mode():
                output = model(**encoded, decoder_input_ids=fed).logits
            assert logit == pytest.approx(float(output[0, -1, int(token)]), abs=1e-4)


def test_deepest_trie_is_scored_exactly() -> None:
    model = random_t5(**SHAPES["v1.1"])
    shared = " ".join(["7"] * (MAX_DEPTH - 2))
    spaces = [[f"{shared} 5", f"{shared} 6"]]
    (trie,) = _tries(spaces)
    assert trie.node_depths.max() == MAX_DEPTH - 2
    (logits,) = _edge_logits(model, ["3 4"], [trie])
    np.testing.assert_allclose(trie.probabilities(logits), _reference(model, ["3 4"], spaces)[0], atol=1e-5, rtol=0)


def test_source_of_the_longest_length_is_encoded_exactly() -> None:
    model = random_t5(**SHAPES["v1.0"])
    source = " ".join(str(3 + i % 30) for i in range(47))
    (trie,) = _tries(SPACES[:1])
    (logits,) = _edge_logits(model, [source], [trie], longest=48)
    np.testing.assert_allclose(
        trie.probabilities(logits), _reference(model, [source], SPACES[:1])[0], atol=1e-5, rtol=0
    )


def test_what_stands_behind_the_mask_does_not_matter() -> None:
    model = random_t5(**SHAPES["v1.1"])
    (trie,) = _tries(SPACES[4:5])
    feeds = {name: torch.from_numpy(array) for name, array in TrieBatch.pack([trie]).feeds().items()}
    mask = torch.tensor([[1, 1, 1, 0, 0]])
    path = LabelPath(model, 8)
    with torch.inference_mode():
        first = path(torch.tensor([[5, 6, END, PAD, PAD]]), mask, **feeds)
        second = path(torch.tensor([[5, 6, END, 30, 31]]), mask, **feeds)
    torch.testing.assert_close(first, second, atol=1e-6, rtol=0)


def test_dropout_is_off_whatever_mode_the_model_is_in() -> None:
    model = random_t5(dropout_rate=0.5)
    tries = _tries(SPACES[:1])
    (expected,) = _edge_logits(model, SOURCES[:1], tries)
    (trained,) = _edge_logits(model.train(), SOURCES[:1], tries)
    np.testing.assert_array_equal(trained, expected)


def test_model_is_not_changed() -> None:
    model = random_t5()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    _edge_logits(model, SOURCES, _tries(SPACES))
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(weight.requires_grad for weight in model.parameters())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "umt5"}, "model_type 'umt5' (supported: t5, mt5)"),
        ({"dense_act_fn": "tanh"}, "activation 'tanh' (supported: relu, gelu, gelu_new, silu)"),
        ({"model_type": "bart", "dense_act_fn": "mish"}, "model_type 'bart' (supported: t5, mt5); activation 'mish'"),
    ],
)
def test_unsupported_variant_is_refused_by_name(changes: dict[str, str], message: str) -> None:
    config = T5Config()
    for name, value in changes.items():
        setattr(config, name, value)
    with pytest.raises(ExportError) as caught:
        require_supported(config)
    assert message in str(caught.value)


def test_unsupported_model_is_refused_before_its_weights_are_read() -> None:
    with pytest.raises(ExportError, match="activation 'tanh'"):
        LabelPath(random_t5(feed_forward_proj="tanh"), 8)
