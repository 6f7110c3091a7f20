from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from transformers import T5ForConditionalGeneration

from export.graphs import label_graph, rationale_graphs
from export.label_path import LabelPath
from export.weights import share_weights
from student.decoding import GreedyDecoder
from student.label_trie import LabelTrie, TrieBatch
from student.runtime import _session
from tests.export.shapes import END, PAD, SHAPES, SOURCES, SPACES, WordTokenizer, random_t5

LONGEST = 24
TOKENIZER = WordTokenizer()


@dataclass(frozen=True)
class _Exported:
    model: T5ForConditionalGeneration
    label: ort.InferenceSession
    decoder: GreedyDecoder


# The two hub families; d_kv is not d_model / heads in the second, which is where exporters go wrong.
@pytest.fixture(scope="module", params=["v1.0", "v1.1, odd heads"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> _Exported:
    model = random_t5(seed=3, **SHAPES[request.param])
    folder = tmp_path_factory.mktemp("graphs")
    graphs = {"label.onnx": label_graph(model, LONGEST)}
    graphs |= {f"{role}.onnx": graph for role, graph in rationale_graphs(model).items()}
    share_weights(graphs, folder, "weights.bin")
    decoder = GreedyDecoder(
        *(_session(folder / f"{role}.onnx", threads=1) for role in ("encoder", "decoder_first", "decoder_next")),
        start_token=PAD,
        end_token=END,
    )
    return _Exported(model, _session(folder / "label.onnx", threads=1), decoder)


def _assert_same(exported: _Exported, feeds: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]) -> None:
    (ours,) = exported.label.run(None, feeds)
    with torch.inference_mode():
        theirs = LabelPath(exported.model, LONGEST)(**{name: torch.from_numpy(x) for name, x in feeds.items()}).numpy()
    assert ours.shape == feeds["edge_tokens"].shape
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("source", [1, 2, 7, LONGEST])
@pytest.mark.parametrize(("batch", "nodes", "edges"), [(1, 1, 2), (1, 3, 5), (2, 3, 5), (3, 1, 2), (5, 4, 4)])
def test_label_graph_is_the_torch_module_at_every_size(
    exported: _Exported, batch: int, source: int, nodes: int, edges: int
) -> None:
    random = np.random.default_rng(source * 100 + batch)
    lengths = random.integers(1, source + 1, size=batch)
    lengths[0] = source
    # A chain: each node sees those before it.
    depths = np.arange(nodes).reshape(1, nodes).repeat(batch, axis=0)
    feeds = {
        "input_ids": random.integers(2, 40, size=(batch, source)),
        "attention_mask": (np.arange(source) < lengths[:, None]).astype(np.int64),
        "node_tokens": random.integers(0, 40, size=(batch, nodes)),
        "node_depths": depths,
        "ancestors": np.tril(np.ones((nodes, nodes), dtype=np.bool_)).reshape(1, nodes, nodes).repeat(batch, axis=0),
        "edge_nodes": np.sort(random.integers(0, nodes, size=(batch, edges)), axis=1),
        "edge_tokens": random.integers(0, 40, size=(batch, edges)),
    }
    _assert_same(exported, feeds)


def test_label_graph_is_the_torch_module_on_real_tries(exported: _Exported) -> None:
    encoded = TOKENIZER(SOURCES, return_tensors="pt")
    tries = [LabelTrie.build(TOKENIZER(space).input_ids, PAD) for space in SPACES]
    sources = {name: encoded[name].numpy() for name in ("input_ids", "attention_mask")}
    _assert_same(exported, sources | TrieBatch.pack(tries).feeds())


def test_graph_inputs_have_the_documented_names_and_no_fixed_size(exported: _Exported) -> None:
    shapes = {node.name: node.shape for node in exported.label.get_inputs()}
    assert list(shapes) == [
        "input_ids",
        "attention_mask",
        "node_tokens",
        "node_depths",
        "ancestors",
        "edge_nodes",
        "edge_tokens",
    ]
    assert all(isinstance(size, str) for shape in shapes.values() for size in shape)


@pytest.mark.parametrize("rows", [slice(None), slice(0, 1), slice(2, 3)], ids=["batch", "one row", "one token"])
def test_decoder_graphs_write_what_generate_writes(exported: _Exported, rows: slice) -> None:
    encoded = TOKENIZER(SOURCES[rows], return_tensors="pt")
    written = exported.model.generate(**encoded, max_new_tokens=20, do_sample=False, num_beams=1)[:, 1:].tolist()
    expected = [ids[: ids.index(END) + 1] if END in ids else ids for ids in written]

    ours = exported.decoder.decode(encoded.input_ids.numpy(), encoded.attention_mask.numpy(), [20] * len(expected))

    assert ours == expected
    if len(ours) > 1:
        # A student that repeats one token would not notice a broken cache, nor one without end a missed end.
        assert max(len(set(ids)) for ids in ours) > 6
        assert any(END in ids for ids in ours) and not all(END in ids for ids in ours)


def test_export_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model = random_t5()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    rationale_graphs(model)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert not model.training
    assert not model.encoder.config.use_cache
