from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest

from export.calibration import CalibrationRow, calibrate
from export.int8 import Int8, Range
from export.label_graph import CONTRIB, encoder_graph, root_graph, tree_graph
from export.linears import Float32, Linears
from export.operators import Operators
from export.standard import Standard, SymmetricInt8, symmetric_scale
from export.t5_weights import T5Weights
from student.label_trie import MASKED_DISTANCE, MAX_DEPTH, LabelTrie, TrieBatch
from tests.export.shapes import PAD, SHAPES, SOURCES, SPACES, VOCABULARY, WordTokenizer, random_t5

LONGEST = 32
TOKENIZER = WordTokenizer()
Feeds = dict[str, npt.NDArray[np.generic]]
Graph = Callable[[T5Weights, Linears, Operators], onnx.ModelProto]


class MaskedHeads(Float32):
    masked_heads = True
    masked_nodes = True


@pytest.fixture(scope="module", params=list(SHAPES))
def weights(request: pytest.FixtureRequest) -> T5Weights:
    return T5Weights.of(random_t5(**SHAPES[request.param]), LONGEST, MAX_DEPTH)


def _run(model: onnx.ModelProto, feeds: Feeds) -> npt.NDArray[np.float32]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    output: npt.NDArray[np.float32] = session.run(None, feeds)[0]
    return output


def _feeds(batch: int, source: int, nodes: int, edges: int) -> Feeds:
    random = np.random.default_rng(source * 100 + batch)
    lengths = random.integers(1, source + 1, size=batch)
    lengths[0] = source
    places = np.arange(nodes)
    chain = np.where(places[:, None] >= places, places[:, None] - places, MASKED_DISTANCE)
    return {
        "input_ids": random.integers(2, VOCABULARY, size=(batch, source)),
        "source_mask": (np.arange(source) < lengths[:, None]).astype(np.int32),
        "node_tokens": random.integers(0, VOCABULARY, size=(batch, nodes)),
        "node_distances": np.repeat(chain[None], batch, axis=0),
        "edge_nodes": np.sort(random.integers(0, nodes, size=(batch, edges)), axis=1),
        "edge_tokens": random.integers(0, VOCABULARY, size=(batch, edges)),
    }


def _of(model: onnx.ModelProto, feeds: Feeds) -> Feeds:
    return {given.name: feeds[given.name] for given in model.graph.input}


def _assert_same(graph: Graph, weights: T5Weights, linears: Linears, feeds: Feeds) -> None:
    ours, theirs = graph(weights, linears, Standard()), graph(weights, linears, CONTRIB)
    expected = _run(theirs, _of(theirs, feeds))
    np.testing.assert_allclose(_run(ours, _of(ours, feeds)), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("source", [1, 7, LONGEST])
@pytest.mark.parametrize(("batch", "nodes", "edges"), [(1, 1, 2), (1, 3, 5), (3, 1, 2), (5, 4, 4)])
def test_standard_operators_give_what_contrib_operators_give_at_every_size(
    weights: T5Weights, batch: int, source: int, nodes: int, edges: int
) -> None:
    feeds = _feeds(batch, source, nodes, edges)
    _assert_same(tree_graph, weights, Float32(), feeds)
    _assert_same(root_graph, weights, Float32(), feeds)
    _assert_same(root_graph, weights, MaskedHeads(), feeds)
    _assert_same(encoder_graph, weights, Float32(), feeds)


def test_tries_are_scored_the_same(weights: T5Weights) -> None:
    encoded = TOKENIZER(SOURCES, return_tensors="np")
    tries = TrieBatch.pack([LabelTrie.build(TOKENIZER(space).input_ids, PAD) for space in SPACES])
    source = {"input_ids": encoded.input_ids.numpy(), "source_mask": encoded.attention_mask.int().numpy()}
    _assert_same(tree_graph, weights, Float32(), source | tries.feeds())


@pytest.mark.parametrize("linears", [Float32(), MaskedHeads(), SymmetricInt8({})])
def test_every_operator_is_of_the_standard(weights: T5Weights, linears: Linears) -> None:
    for graph in (root_graph, tree_graph, encoder_graph):
        model = graph(weights, linears, Standard())
        onnx.checker.check_model(model, full_check=True)
        assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 21)]
        # ONNX Runtime keeps one of its own in the standard's domain.
        assert {node.domain for node in model.graph.node} == {""}
        assert "SimplifiedLayerNormalization" not in {node.op_type for node in model.graph.node}


def _rows() -> Sequence[CalibrationRow]:
    tries = [LabelTrie.build(TOKENIZER(space).input_ids, PAD) for space in SPACES]
    return [
        CalibrationRow(tuple(TOKENIZER(source).input_ids), trie) for source, trie in zip(SOURCES, tries, strict=True)
    ]


@pytest.mark.parametrize("shape", ["v1.0", "v1.1, odd heads"])
def test_symmetric_int8_rounds_about_as_much_as_the_cpus_int8(shape: str) -> None:
    weights = T5Weights.of(random_t5(**SHAPES[shape]), LONGEST, MAX_DEPTH)
    ranges = calibrate(weights, _rows(), progress=False)
    differences: dict[str, list[float]] = {"symmetric": [], "cpu": []}
    for row in _rows():
        feeds = {"input_ids": np.array([row.input_ids]), **TrieBatch.pack([row.trie]).feeds()}
        feeds["source_mask"] = np.ones(feeds["input_ids"].shape, np.int32)
        exact, symmetric, cpu = (
            tree_graph(weights, linears, operators)
            for linears, operators in (
                (Float32(), CONTRIB),
                (SymmetricInt8(ranges), Standard()),
                (Int8(ranges), CONTRIB),
            )
        )
        expected = _run(exact, _of(exact, feeds))
        for name, model in (("symmetric", symmetric), ("cpu", cpu)):
            differences[name].append(float(np.abs(_run(model, _of(model, feeds)) - expected).mean()))
    # One bit less for the activations that have one sign.
    assert 0 < np.mean(differences["symmetric"]) < 2 * np.mean(differences["cpu"])


def test_symmetric_int8_quantizes_inputs_and_weights_and_no_output() -> None:
    weights = T5Weights.of(random_t5(**SHAPES["v1.1"]), LONGEST, MAX_DEPTH)
    model = root_graph(weights, SymmetricInt8(calibrate(weights, _rows(), progress=False)), Standard())
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    made = {output: node for node in model.graph.node for output in node.output}
    products = [node for node in model.graph.node if node.op_type == "MatMul" and _quantized(node, made)]
    assert products
    for product in products:
        read, weight = (made[name] for name in product.input)
        steps = constants[weight.input[0]]
        assert steps.dtype == np.int8 and constants[weight.input[1]].shape == (steps.shape[1],)
        # Symmetric: TensorRT takes no other zero point.
        assert not constants[weight.input[2]].any() and constants[read.input[2]].dtype == np.int8
        assert constants[read.input[2]] == 0
    quantized = [node.input[0] for node in model.graph.node if node.op_type == "QuantizeLinear"]
    assert len(quantized) == len(set(quantized))


def _quantized(node: onnx.NodeProto, made: dict[str, onnx.NodeProto]) -> bool:
    return all(name in made and made[name].op_type == "DequantizeLinear" for name in node.input)


@pytest.mark.parametrize(
    ("low", "high", "largest"), [(-2.0, 2.0, 2.0), (0.0, 5.0, 5.0), (-6.0, 1.0, 6.0), (-1.0, 6.0, 6.0)]
)
def test_symmetric_steps_hold_the_larger_end_of_a_range(low: float, high: float, largest: float) -> None:
    assert symmetric_scale(Range.between(low, high)) * 127 == pytest.approx(largest, rel=0.01)
