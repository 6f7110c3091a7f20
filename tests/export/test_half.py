"""Students whose weights are rescaled until plain FP16 overflows: their answers stay what they were."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
import torch
from transformers import T5ForConditionalGeneration

from export.calibration import CalibrationRow
from export.extents import LIMIT
from export.graph_builder import block_of
from export.half import HalfPlan, HalfPrecision, half_graphs, half_label_path, plan_fp16, rescaled, spread
from export.label_graph import root_graph, tree_graph
from export.linears import Float32
from export.reference import Reference
from export.standard import Standard
from export.t5_weights import Layer, T5Weights
from student.errors import ExportError, ParityError
from student.label_trie import MAX_DEPTH, LabelTrie
from tests.export.shapes import PAD, SHAPES, WordTokenizer, random_t5

TOKENIZER = WordTokenizer()
STANDARD = Standard()
SPACES = [["5", "6", "7"], ["5 6", "5 7", "8"]]
STUDENTS: dict[str, dict[str, Any]] = {
    "untied, gated": {},
    "tied, gated": {"tie_word_embeddings": True},
    "untied, relu": {"feed_forward_proj": "relu"},
    "tied, relu": {"feed_forward_proj": "relu", "tie_word_embeddings": True},
}
Probabilities = npt.NDArray[np.float64]


def _trained(**changes: Any) -> T5ForConditionalGeneration:
    """A student that has learned which of two answers its first token asks for.

    Its blocks write more into the residual streams than the embedding does, as T5's do.
    """
    model = random_t5(**SHAPES["v1.1"] | changes).train()
    if not model.config.tie_word_embeddings:
        with torch.no_grad():
            model.shared.weight.mul_(1 / 8)
            for name, weight in model.decoder.named_parameters():
                if name.endswith((".o.weight", ".wo.weight")):
                    weight.mul_(3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(1)
    for _ in range(200):
        ids = torch.randint(10, 40, (16, 6), generator=generator)
        labels = torch.stack([5 + ids[:, 0] % 2, torch.ones(16, dtype=torch.long)], dim=1)
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


@pytest.fixture(scope="module", params=list(STUDENTS))
def weights(request: pytest.FixtureRequest) -> T5Weights:
    return T5Weights.of(_trained(**STUDENTS[request.param]), 16, MAX_DEPTH)


def _rows(count: int, seed: int) -> list[CalibrationRow]:
    random = np.random.default_rng(seed)
    tries = [LabelTrie.build(TOKENIZER(space).input_ids, PAD) for space in SPACES]
    return [
        CalibrationRow(tuple(random.integers(10, 40, size=random.integers(2, 9)).tolist()), tries[i % 2])
        for i in range(count)
    ]


SCANNED, JUDGED = _rows(24, seed=2), _rows(48, seed=3)


def _inflated(weights: T5Weights, stream: int, inner: int) -> T5Weights:
    """The same student with streams 2^stream times as large, and inner values 2^inner times."""

    def layer(old: Layer) -> Layer:
        first, up, output = old.dense.first, old.dense.up, old.dense.output * np.float32(2.0 ** (stream - inner))
        if up is None:
            first = first * np.float32(2.0**inner)
        else:
            up = up * np.float32(2.0**inner)
        attention = replace(old.attention, output=old.attention.output * np.float32(2.0**stream))
        cross = old.cross and replace(old.cross, output=old.cross.output * np.float32(2.0**stream))
        return replace(
            old, attention=attention, cross=cross, dense=replace(old.dense, first=first, up=up, output=output)
        )

    return replace(
        weights,
        embedding=weights.embedding * np.float32(2.0**stream),
        epsilon=weights.epsilon * 4.0**stream,
        encoder=tuple(map(layer, weights.encoder)),
        decoder=tuple(map(layer, weights.decoder)),
    )


def _exact(weights: T5Weights) -> list[Probabilities]:
    graphs = {"root": root_graph(weights, Float32()), "tree": tree_graph(weights, Float32())}
    sessions = {
        role: ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        for role, model in graphs.items()
    }
    return list(_probabilities(sessions))


def _rounded(graphs: dict[str, onnx.ModelProto]) -> list[Probabilities]:
    return list(_probabilities({role: Reference(model) for role, model in graphs.items()}))


def _probabilities(graphs: dict[str, Reference]) -> Iterator[Probabilities]:
    for row in JUDGED:
        deep = row.trie.nodes > 1
        (logits,) = graphs["tree" if deep else "root"].run(["edge_logits"], row.feeds(deep=deep))
        yield row.trie.probabilities(logits[0])


def _assert_answers_kept(found: list[Probabilities], expected: list[Probabilities], within: float) -> None:
    for ours, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, wanted, atol=within, rtol=0)
        best, second = np.sort(wanted)[::-1][:2]
        assert ours.argmax() == wanted.argmax() or best - second < 2 * within
    # Answers differ between rows, and are no coin tosses: there is something to keep.
    assert len({int(wanted.argmax()) for wanted in expected}) > 1
    assert np.mean([wanted.max() for wanted in expected]) > 0.6


@pytest.mark.parametrize(("stream", "inner"), [(13, 0), (0, 15), (13, 15)], ids=["stream", "inner", "both"])
def test_student_that_overflows_plain_fp16_keeps_its_answers_rescaled(
    weights: T5Weights, stream: int, inner: int
) -> None:
    tied = weights.output_rows is weights.embedding
    inflated = _inflated(weights, stream if tied or not stream else stream + 2, inner)
    expected = _exact(inflated)
    np.testing.assert_allclose(expected, _exact(weights), atol=1e-4)
    with pytest.raises(ParityError, match="is not finite in float16"):
        _rounded(half_graphs("fp16", inflated, HalfPlan(), tree=True))

    plan = plan_fp16(inflated, SCANNED, progress=False)
    assert plan.largest_before > 65504 > LIMIT >= plan.largest_after
    # All of it by rescaling: no block is left in float32.
    assert not plan.islands
    assert (plan.stream_shift > 0) == (stream > 0) and bool(plan.inner_shifts) == (inner > 0)
    _assert_answers_kept(_rounded(half_graphs("fp16", inflated, plan, tree=True)), expected, within=0.01)


def test_student_that_fits_is_left_as_it_is(weights: T5Weights) -> None:
    plan = plan_fp16(weights, SCANNED, progress=False)
    assert (plan.stream_shift, dict(plan.inner_shifts), plan.islands) == (0, {}, frozenset())
    _assert_answers_kept(_rounded(half_graphs("fp16", weights, plan, tree=True)), _exact(weights), within=0.01)


def test_bf16_needs_no_plan(weights: T5Weights) -> None:
    inflated = _inflated(weights, 14, 14)
    graphs, note = half_label_path("bf16", inflated, SCANNED, tree=True, progress=False)
    assert "plan" not in note and "no GPU" in note["computed_by"]
    _assert_answers_kept(_rounded(graphs), _exact(weights), within=0.06)


def test_rescaling_is_exact(weights: T5Weights) -> None:
    graph = Reference(tree_graph(weights, Float32(), STANDARD))
    shifts = {"encoder.0.dense": 7, "decoder.1.dense": -3}
    scaled = Reference(tree_graph(rescaled(weights, 5, shifts), Float32(), STANDARD))
    for row in JUDGED[:8]:
        feeds = row.feeds(deep=True)
        # Bit for bit: a power of two rounds nothing.
        np.testing.assert_array_equal(scaled.run(["edge_logits"], feeds)[0], graph.run(["edge_logits"], feeds)[0])


def _large_pre_activations(weights: T5Weights) -> T5Weights:
    """Another student, whose inner values no weight before them can make smaller: a GELU is not homogeneous."""
    layer = weights.encoder[0]
    dense = replace(layer.dense, first=layer.dense.first * 2.0**15, output=layer.dense.output * 2.0**-15)
    return replace(weights, encoder=(replace(layer, dense=dense), *weights.encoder[1:]))


def _large_queries(weights: T5Weights) -> T5Weights:
    """The same student: what the query has too much, the key has too little."""
    layer = weights.decoder[1]
    assert layer.cross is not None
    cross = replace(layer.cross, query=layer.cross.query * 2.0**17, key=layer.cross.key * 2.0**-17)
    return replace(weights, decoder=(weights.decoder[0], replace(layer, cross=cross)))


@pytest.mark.parametrize(
    ("change", "island"), [(_large_pre_activations, "encoder.0.dense"), (_large_queries, "decoder.1.cross")]
)
def test_block_that_cannot_be_rescaled_is_an_island(change: object, island: str) -> None:
    assert callable(change)
    weights = change(T5Weights.of(_trained(feed_forward_proj="gelu"), 16, MAX_DEPTH))
    with pytest.raises(ParityError, match="is not finite in float16"):
        _rounded(half_graphs("fp16", weights, HalfPlan(), tree=True))
    plan = plan_fp16(weights, SCANNED, progress=False)
    assert plan.islands == {island}
    graphs = half_graphs("fp16", weights, plan, tree=True)
    _assert_answers_kept(_rounded(graphs), _exact(weights), within=0.01)
    for model in graphs.values():
        types = {tensor.name: tensor.data_type for tensor in model.graph.initializer if math.prod(tensor.dims) > 1}
        for node in model.graph.node:
            stored = {types[name] for name in node.input if name in types} - {onnx.TensorProto.INT64}
            wanted = onnx.TensorProto.FLOAT if block_of(node.name) in ("", island) else onnx.TensorProto.FLOAT16
            assert stored <= {wanted}


def test_values_that_fp16_would_round_coarsely_make_an_island() -> None:
    weights = T5Weights.of(random_t5(**SHAPES["v1.1"]), 16, MAX_DEPTH)
    layer = weights.encoder[0]
    attention = replace(
        layer.attention, value=layer.attention.value * 2.0**-14, output=layer.attention.output * 2.0**14
    )
    weights = replace(weights, encoder=(replace(layer, attention=attention), *weights.encoder[1:]))
    assert plan_fp16(weights, SCANNED, progress=False).islands == {"encoder.0.attention"}


def test_weight_that_the_type_cannot_hold_is_refused_by_its_block() -> None:
    weights = T5Weights.of(random_t5(**SHAPES["v1.1"]), 16, MAX_DEPTH)
    weights.decoder[0].dense.output[0, 0] = 1e5
    with pytest.raises(ExportError, match=r"decoder\.0\.dense: a weight is 1e\+05, float16 ends at 65504"):
        half_graphs("fp16", weights, HalfPlan(), tree=False)


def test_graphs_compute_in_the_type_and_answer_in_float32(weights: T5Weights) -> None:
    types: dict[HalfPrecision, int] = {"fp16": onnx.TensorProto.FLOAT16, "bf16": onnx.TensorProto.BFLOAT16}
    for precision, stored in types.items():
        for model in half_graphs(precision, weights, HalfPlan(), tree=True).values():
            matrices = [tensor for tensor in model.graph.initializer if len(tensor.dims) >= 2]
            halves = [tensor for tensor in matrices if tensor.data_type == stored]
            # What is left is the root's start vector.
            assert len(matrices) - len(halves) <= 1
            assert model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
            onnx.checker.check_model(model, full_check=True)


def test_what_stands_behind_the_mask_does_not_matter_in_16_bits(weights: T5Weights) -> None:
    row = JUDGED[0]
    graph = Reference(half_graphs("fp16", weights, HalfPlan(), tree=False)["root"])
    feeds = row.feeds(deep=False)
    (alone,) = graph.run(["edge_logits"], feeds)
    length = len(row.input_ids)
    padded = feeds | {
        "input_ids": np.array([[*row.input_ids, 30, 31]]),
        "source_mask": np.array([[1] * length + [0, 0]], np.int32),
    }
    np.testing.assert_allclose(graph.run(["edge_logits"], padded)[0], alone, atol=1e-3)


def test_rows_are_spread_evenly() -> None:
    assert spread([1, 2, 3], most=3) == [1, 2, 3]
    assert spread(list(range(10)), most=4) == [0, 2, 5, 7]
