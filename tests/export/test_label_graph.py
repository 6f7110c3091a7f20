from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from export.label_graph import root_graph, tree_graph
from export.linears import Float32, Linears
from export.t5_weights import T5Weights, require_supported
from student.errors import ExportError
from student.label_trie import MASKED_DISTANCE, MAX_DEPTH, LabelTrie, TrieBatch
from tests.export.shapes import END, PAD, SHAPES, SOURCES, SPACES, VOCABULARY, WordTokenizer, random_t5
from training.scoring import TorchStudent

TOKENIZER = WordTokenizer()
LONGEST = 32


class MaskedHeads(Float32):
    """How lower precisions read the root's cross-attention, in float32."""

    masked_heads = True
    masked_nodes = True


class _Graphs:
    """The two graphs of a model."""

    def __init__(
        self, model: T5ForConditionalGeneration, longest: int = LONGEST, linears: Linears | None = None
    ) -> None:
        weights = T5Weights.of(model, longest, MAX_DEPTH)
        self._root = _session(root_graph(weights, linears or Float32()))
        self._tree = _session(tree_graph(weights, linears or Float32()))

    def tree(self, ids: npt.ArrayLike, mask: npt.ArrayLike, feeds: dict[str, Any]) -> npt.NDArray[np.float32]:
        return self._score(self._tree, ids, mask, feeds)

    def root(self, ids: npt.ArrayLike, mask: npt.ArrayLike, feeds: dict[str, Any]) -> npt.NDArray[np.float32]:
        return self._score(self._root, ids, mask, {"edge_tokens": feeds["edge_tokens"]})

    def _score(
        self, session: ort.InferenceSession, ids: npt.ArrayLike, mask: npt.ArrayLike, feeds: dict[str, Any]
    ) -> npt.NDArray[np.float32]:
        source = {"input_ids": np.asarray(ids), "source_mask": np.asarray(mask, dtype=np.int32)}
        logits: npt.NDArray[np.float32] = session.run(None, source | feeds)[0]
        return logits


def _session(model: onnx.ModelProto) -> ort.InferenceSession:
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module", params=list(SHAPES))
def model(request: pytest.FixtureRequest) -> T5ForConditionalGeneration:
    return random_t5(**SHAPES[request.param])


def _tries(spaces: Sequence[Sequence[str]]) -> list[LabelTrie]:
    return [LabelTrie.build(TOKENIZER(list(space)).input_ids, PAD) for space in spaces]


def _probabilities(
    graphs: _Graphs, sources: Sequence[str], spaces: Sequence[Sequence[str]]
) -> list[npt.NDArray[np.float64]]:
    encoded, tries = TOKENIZER(list(sources), return_tensors="np"), _tries(spaces)
    run = graphs.root if all(trie.nodes == 1 for trie in tries) else graphs.tree
    logits = run(encoded.input_ids, encoded.attention_mask, TrieBatch.pack(tries).feeds())
    return [trie.probabilities(row[: trie.edges]) for trie, row in zip(tries, logits, strict=True)]


def _reference(model: T5ForConditionalGeneration, sources: Sequence[str], spaces: Sequence[Sequence[str]]) -> Any:
    return TorchStudent(model, TOKENIZER, {}).tree_probabilities(sources, spaces)


def _assert_close(ours: Sequence[npt.NDArray[np.float64]], expected: Sequence[Sequence[float]]) -> None:
    for row, wanted in zip(ours, expected, strict=True):
        np.testing.assert_allclose(row, wanted, atol=1e-5, rtol=0)
    # The comparison would be empty if the student had no opinion, or only one.
    assert any(0.02 < max(row) - 1 / len(row) < 0.95 for row in expected)


def test_probabilities_are_those_of_tree_scoring_in_one_padded_batch(model: T5ForConditionalGeneration) -> None:
    _assert_close(_probabilities(_Graphs(model), SOURCES, SPACES), _reference(model, SOURCES, SPACES))


@pytest.mark.parametrize("linears", [Float32(), MaskedHeads()], ids=["heads apart", "masked heads"])
def test_root_graph_gives_the_probabilities_of_tree_scoring(
    model: T5ForConditionalGeneration, linears: Linears
) -> None:
    spaces = [["3", "4 5", "6"], ["7 8", "9"], ["3", "30"], ["4", "5", "6", "8"], ["11", "12"], ["13", "14"]]
    assert {trie.nodes for trie in _tries(spaces)} == {1} and len(spaces) == len(SOURCES)
    graphs, expected = _Graphs(model, linears=linears), _reference(model, SOURCES, spaces)
    _assert_close(_probabilities(graphs, SOURCES, spaces), expected)
    alone = [_probabilities(graphs, [source], [space])[0] for source, space in zip(SOURCES, spaces, strict=True)]
    _assert_close(alone, expected)


def test_rows_alone_have_the_probabilities_of_tree_scoring(model: T5ForConditionalGeneration) -> None:
    graphs = _Graphs(model)
    alone = [_probabilities(graphs, [source], [space])[0] for source, space in zip(SOURCES, SPACES, strict=True)]
    _assert_close(alone, _reference(model, SOURCES, SPACES))


@pytest.mark.parametrize("source", [1, 2, 7, LONGEST])
@pytest.mark.parametrize(("batch", "nodes", "edges"), [(1, 1, 2), (1, 3, 5), (2, 3, 5), (3, 1, 2), (5, 4, 4)])
def test_edge_logits_are_those_of_a_decoder_fed_the_path_at_every_size(
    model: T5ForConditionalGeneration, batch: int, source: int, nodes: int, edges: int
) -> None:
    random = np.random.default_rng(source * 100 + batch)
    lengths = random.integers(1, source + 1, size=batch)
    lengths[0] = source
    ids = random.integers(2, VOCABULARY, size=(batch, source))
    mask = np.arange(source) < lengths[:, None]
    # A chain: each node sees those before it, as a decoder does. Its root is the start token.
    places = np.arange(nodes)
    chain = np.where(places[:, None] >= places, places[:, None] - places, MASKED_DISTANCE)
    feeds = {
        "node_tokens": random.integers(0, VOCABULARY, size=(batch, nodes)),
        "node_distances": np.repeat(chain[None], batch, axis=0),
        "edge_nodes": np.sort(random.integers(0, nodes, size=(batch, edges)), axis=1),
        "edge_tokens": random.integers(0, VOCABULARY, size=(batch, edges)),
    }
    feeds["node_tokens"][:, 0] = PAD
    with torch.inference_mode():
        output = model(
            input_ids=torch.from_numpy(ids),
            attention_mask=torch.from_numpy(mask.astype(np.int64)),
            decoder_input_ids=torch.from_numpy(feeds["node_tokens"]),
        ).logits.numpy()
    expected = output[np.arange(batch)[:, None], feeds["edge_nodes"], feeds["edge_tokens"]]

    graphs = _Graphs(model)
    np.testing.assert_allclose(graphs.tree(ids, mask, feeds), expected, atol=1e-4, rtol=0)
    if nodes == 1:
        np.testing.assert_allclose(graphs.root(ids, mask, feeds), expected, atol=1e-4, rtol=0)


def test_deepest_trie_is_scored_exactly() -> None:
    model = random_t5(**SHAPES["v1.1"])
    shared = " ".join(["7"] * (MAX_DEPTH - 2))
    spaces = [[f"{shared} 5", f"{shared} 6"]]
    assert _tries(spaces)[0].nodes == MAX_DEPTH - 1
    (ours,) = _probabilities(_Graphs(model), ["3 4"], spaces)
    np.testing.assert_allclose(ours, _reference(model, ["3 4"], spaces)[0], atol=1e-5, rtol=0)


def test_source_of_the_longest_length_is_encoded_exactly() -> None:
    model = random_t5(**SHAPES["v1.0"])
    source = " ".join(str(3 + i % 30) for i in range(47))
    (ours,) = _probabilities(_Graphs(model, longest=48), [source], SPACES[:1])
    np.testing.assert_allclose(ours, _reference(model, [source], SPACES[:1])[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("space", [0, 4], ids=["root", "tree"])
def test_what_stands_behind_the_mask_does_not_matter(space: int) -> None:
    graphs, trie = _Graphs(random_t5(**SHAPES["v1.1"]), 8), _tries(SPACES[space : space + 1])[0]
    feeds, mask = TrieBatch.pack([trie]).feeds(), [[1, 1, 1, 0, 0]]
    for run in (graphs.tree, *([graphs.root] if trie.nodes == 1 else [])):
        first = run([[5, 6, END, PAD, PAD]], mask, feeds)
        second = run([[5, 6, END, 30, 31]], mask, feeds)
        np.testing.assert_array_equal(first, second)


def test_model_is_not_changed() -> None:
    model = random_t5()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    weights = T5Weights.of(model, 8, MAX_DEPTH)
    weights.embedding[:] = 0
    weights.encoder[0].dense.output[:] = 0
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_equal_constants_are_kept_once() -> None:
    weights = T5Weights.of(random_t5(**SHAPES["v1.0"]), 8, MAX_DEPTH)
    sizes = [tuple(tensor.dims) for tensor in tree_graph(weights, Float32()).graph.initializer]
    # Embedding and output layer are tied.
    assert sizes.count((VOCABULARY, 16)) == 1


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
        T5Weights.of(random_t5(feed_forward_proj="tanh"), 8, MAX_DEPTH)
