"""From weights to ONNX graphs: the label path by our own module, the rationale path by Optimum."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from optimum.exporters.onnx import onnx_export_from_model
from transformers import T5ForConditionalGeneration

from export.label_path import LabelPath

LABEL_OPSET = 20
"""The first opset with Gelu as one operator."""

RATIONALE_OPSET = 18
_RATIONALE_GRAPHS = {
    "encoder": "encoder_model.onnx",
    "decoder_first": "decoder_model.onnx",
    "decoder_next": "decoder_with_past_model.onnx",
}


def label_graph(model: T5ForConditionalGeneration, max_source_tokens: int) -> onnx.ModelProto:
    """The label path as an ONNX graph.

    Inputs are those of `LabelPath.forward`; every size is dynamic, up to `max_source_tokens`.
    Output: `edge_logits` [batch, edges] float32.

    Raises:
        ExportError: a T5 variant that the label path does not support.
    """
    # On the CPU and in evaluation mode: the exporter restores a module's own mode afterwards, and dropout
    # left on would be in every later reference.
    path = LabelPath(model.to("cpu"), max_source_tokens).eval()
    batch, source, nodes, edges = (torch.export.Dim(name) for name in ("batch", "source", "nodes", "edges"))
    # Sizes that differ from one another and from 0 and 1, so that the exporter takes none of them for a constant.
    examples = {
        "input_ids": torch.ones(2, 7, dtype=torch.int64),
        "attention_mask": torch.ones(2, 7, dtype=torch.int64),
        "node_tokens": torch.zeros(2, 3, dtype=torch.int64),
        "node_depths": torch.tensor([[0, 1, 1]] * 2),
        "ancestors": torch.eye(3, dtype=torch.bool).repeat(2, 1, 1),
        "edge_nodes": torch.zeros(2, 5, dtype=torch.int64),
        "edge_tokens": torch.zeros(2, 5, dtype=torch.int64),
    }
    shapes = {
        "input_ids": {0: batch, 1: source},
        "attention_mask": {0: batch, 1: source},
        "node_tokens": {0: batch, 1: nodes},
        "node_depths": {0: batch, 1: nodes},
        "ancestors": {0: batch, 1: nodes, 2: nodes},
        "edge_nodes": {0: batch, 1: edges},
        "edge_tokens": {0: batch, 1: edges},
    }
    with _quiet():
        program = torch.onnx.export(
            path,
            kwargs=examples,
            input_names=list(examples),
            output_names=["edge_logits"],
            dynamic_shapes=shapes,
            opset_version=LABEL_OPSET,
            dynamo=True,
        )
    assert program is not None  # torch returns None only when it was given a file to write
    return program.model_proto


def rationale_graphs(model: T5ForConditionalGeneration) -> dict[str, onnx.ModelProto]:
    """Encoder, first decoder step and further decoder steps, exported by Optimum with a key-value cache."""
    with tempfile.TemporaryDirectory() as folder, _quiet():
        onnx_export_from_model(
            # A copy: Optimum switches the cache on in the encoder's configuration too, after which it refuses to run.
            copy.deepcopy(model),
            folder,
            task="text2text-generation-with-past",
            opset=RATIONALE_OPSET,
            # Two decoder graphs instead of a merged one: they share their weights through the bundle's weight file.
            no_post_process=True,
            # The parity gate checks whole answers on real rows instead.
            do_validation=False,
        )
        return {role: onnx.load(Path(folder) / file) for role, file in _RATIONALE_GRAPHS.items()}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters' progress lines and warnings about what is known to be constant here.

    Nothing is lost by it: the parity gate compares the finished graphs with the original on real rows.
    """
    # It tells of each torchvision operator that torchvision is not installed.
    registry = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registry.level
    registry.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        registry.setLevel(level)
