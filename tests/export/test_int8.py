from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.calibration import CLIPS, CalibrationRow, _error, _least_error, calibrate
from export.graph_builder import GraphBuilder
from export.int8 import Int8, Range, quantize_columns
from export.label_graph import root_graph, tree_graph
from export.linears import Float32, Linears
from export.t5_weights import T5Weights
from student.label_trie import MAX_DEPTH, LabelTrie, TrieBatch
from tests.export.shapes import PAD, SHAPES, SOURCES, SPACES, WordTokenizer, random_t5

TOKENIZER = WordTokenizer()
RANDOM = np.random.default_rng(0)


def _rows() -> list[CalibrationRow]:
    tries = [LabelTrie.build(TOKENIZER(space).input_ids, PAD) for space in SPACES]
    return [
        CalibrationRow(tuple(TOKENIZER(source).input_ids), trie) for source, trie in zip(SOURCES, tries, strict=True)
    ]


@pytest.fixture(scope="module", params=["v1.0", "v1.1, odd heads"])
def weights(request: pytest.FixtureRequest) -> T5Weights:
    return T5Weights.of(random_t5(**SHAPES[request.param]), 32, MAX_DEPTH)


@pytest.fixture(scope="module")
def ranges(weights: T5Weights) -> dict[str, Range]:
    return calibrate(weights, _rows(), progress=False)


def _logits(weights: T5Weights, linears: Linears, row: CalibrationRow) -> np.ndarray:
    deep = row.trie.nodes > 1
    model = (tree_graph if deep else root_graph)(weights, linears)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds = TrieBatch.pack([row.trie]).feeds()
    ids = np.array([row.input_ids])
    source = {"input_ids": ids, "source_mask": np.ones(ids.shape, np.int32)}
    (logits,) = session.run(None, source | (feeds if deep else {"edge_tokens": feeds["edge_tokens"]}))
    return np.asarray(logits[0])


def test_every_product_of_both_graphs_has_a_range(weights: T5Weights, ranges: dict[str, Range]) -> None:
    read: set[str] = set()

    class Listening(Float32):
        masked_heads = True
        masked_nodes = True

        def linear(self, graph: GraphBuilder, x: str, weight: np.ndarray, site: str) -> str:
            read.add(site)
            return super().linear(graph, x, weight, site)

    root_graph(weights, Listening())
    tree_graph(weights, Listening())
    assert read == set(ranges)
    assert all(np.isfinite(chosen.scale) and 0 <= chosen.zero_point <= 255 for chosen in ranges.values())


def test_scores_are_near_those_of_float32(weights: T5Weights, ranges: dict[str, Range]) -> None:
    for row in _rows():
        exact, rounded = _logits(weights, Float32(), row), _logits(weights, Int8(ranges), row)
        # Eight bits through two layers: not the same, and far from another answer's.
        spread = float(np.std(exact)) + 0.5
        assert 0 < np.abs(exact - rounded).max() < 0.6 * spread


def test_sites_to_keep_are_read_in_float32(weights: T5Weights, ranges: dict[str, Range]) -> None:
    row = _rows()[0]
    kept = _logits(weights, Int8(ranges, keep=ranges), row)
    np.testing.assert_allclose(kept, _logits(weights, Float32(), row), atol=1e-4)
    without = {site: chosen for site, chosen in ranges.items() if not site.startswith("decoder")}
    np.testing.assert_array_equal(
        _logits(weights, Int8(without), row),
        _logits(weights, Int8(ranges, keep=[site for site in ranges if site.startswith("decoder")]), row),
    )


def test_what_several_products_read_is_quantized_once(weights: T5Weights, ranges: dict[str, Range]) -> None:
    nodes = root_graph(weights, Int8(ranges)).graph.node
    quantized = [node.input[0] for node in nodes if node.op_type == "QuantizeLinear"]
    assert len(quantized) == len(set(quantized))
    products = [node for node in nodes if node.op_type == "MatMulIntegerToFloat"]
    # Query, key and value read one; so do gate and up.
    assert len(products) > len(quantized)
    assert not [node for node in nodes if node.op_type == "MatMul"]


def test_row_has_the_same_scores_in_every_batch(weights: T5Weights, ranges: dict[str, Range]) -> None:
    row = next(row for row in _rows() if row.trie.nodes == 1)
    session = ort.InferenceSession(
        root_graph(weights, Int8(ranges)).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    edges = row.trie.edge_tokens[None]
    length = len(row.input_ids)
    alone = session.run(
        None,
        {
            "input_ids": np.array([row.input_ids]),
            "source_mask": np.ones((1, length), np.int32),
            "edge_tokens": edges,
        },
    )[0][0]
    ids = RANDOM.integers(2, 40, size=(4, length + 5))
    ids[2, :length] = row.input_ids
    mask = np.ones(ids.shape, np.int32)
    mask[2, length:] = 0
    together = session.run(None, {"input_ids": ids, "source_mask": mask, "edge_tokens": np.repeat(edges, 4, axis=0)})[
        0
    ][2]
    np.testing.assert_allclose(together, alone, atol=1e-4)


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_range_holds_its_ends_and_zero_exactly(one: float, other: float) -> None:
    low, high = sorted((one, other))
    chosen = Range.between(low, high)
    for value in (low, high, 0.0):
        step = np.clip(np.rint(value / chosen.scale) + chosen.zero_point, 0, 255)
        # Rounding the zero point may push an end out by half a step.
        assert abs((step - chosen.zero_point) * chosen.scale - value) <= chosen.scale * 1.01
    assert 0 <= chosen.zero_point <= 255


def test_columns_are_quantized_by_their_own_largest_value() -> None:
    weight = RANDOM.standard_normal((6, 3)).astype(np.float32) * np.array([1, 100, 0], dtype=np.float32)
    steps, scale = quantize_columns(weight)
    assert steps.dtype == np.int8
    assert np.abs(steps[:, :2]).max(axis=0).tolist() == [127, 127]
    np.testing.assert_allclose(steps * scale, weight, atol=float(scale[1]) / 2)
    assert scale[2] == 1 and not steps[:, 2].any()


def test_an_outlier_is_cut_off_where_that_costs_less_than_coarse_steps() -> None:
    counts = np.zeros(2048, dtype=np.int64)
    counts[900:1150] = 1000
    counts[-1] = 1
    chosen = _least_error(-10.0, 10.0, counts)
    assert chosen.scale < 0.6 * Range.between(-10.0, 10.0).scale
    values = np.linspace(-10, 10, 2049)
    middles = (values[1:] + values[:-1]) / 2
    assert all(
        _error(chosen, middles, counts) <= _error(Range.between(-10 * share, 10 * share), middles, counts)
        for share in CLIPS
    )
