from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import T5ForConditionalGeneration

from export.graphs import rationale_graphs
from export.t5_weights import T5Weights
from export.weights import share_weights
from student.decoding import GreedyDecoder
from student.label_trie import MAX_DEPTH
from student.sessions import open_session
from tests.export.shapes import END, PAD, SHAPES, SOURCES, WordTokenizer, random_t5

LONGEST = 24
TOKENIZER = WordTokenizer()


@dataclass(frozen=True)
class _Exported:
    model: T5ForConditionalGeneration
    decoder: GreedyDecoder


# The two hub families; d_kv is not d_model / heads in the second, which is where exporters go wrong.
@pytest.fixture(scope="module", params=["v1.0", "v1.1, odd heads"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> _Exported:
    model = random_t5(seed=3, **SHAPES[request.param])
    folder = tmp_path_factory.mktemp("graphs")
    weights = T5Weights.of(model, LONGEST, MAX_DEPTH)
    graphs = {f"{role}.onnx": graph for role, graph in rationale_graphs(model, weights).items()}
    share_weights(graphs, folder, "weights.bin")
    decoder = GreedyDecoder(
        *(open_session(folder / f"{role}.onnx", threads=1) for role in ("encoder", "decoder_first", "decoder_next")),
        start_token=PAD,
        end_token=END,
    )
    return _Exported(model, decoder)


@pytest.mark.parametrize("rows", [slice(None), slice(0, 1), slice(2, 3)], ids=["batch", "one row", "one token"])
def test_decoder_graphs_write_what_generate_writes(exported: _Exported, rows: slice) -> None:
    encoded = TOKENIZER(SOURCES[rows], return_tensors="pt")
    written = exported.model.generate(**encoded, max_new_tokens=20, do_sample=False, num_beams=1)[:, 1:].tolist()
    expected = [ids[: ids.index(END) + 1] if END in ids else ids for ids in written]

    mask = encoded.attention_mask.numpy().astype(np.int32)
    ours = exported.decoder.decode(encoded.input_ids.numpy(), mask, [20] * len(expected))

    assert ours == expected
    if len(ours) > 1:
        # A student that repeats one token would not notice a broken cache, nor one without end a missed end.
        assert max(len(set(ids)) for ids in ours) > 6
        assert any(END in ids for ids in ours) and not all(END in ids for ids in ours)


def test_export_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model = random_t5()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    rationale_graphs(model, T5Weights.of(model, LONGEST, MAX_DEPTH))
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert not model.training
    assert not model.encoder.config.use_cache
