"""From weights to ONNX graphs: encoder and label path by ourselves, the rationale path's decoder by Optimum."""

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
from optimum.exporters.onnx import onnx_export_from_model
from transformers import T5ForConditionalGeneration

from export.label_graph import encoder_graph, root_graph, tree_graph
from export.linears import Float32, Linears
from export.t5_weights import T5Weights

RATIONALE_OPSET = 18
_OPTIMUM_FILES = {
    "decoder_first": "decoder_model.onnx",
    "decoder_next": "decoder_with_past_model.onnx",
}


def label_graphs(weights: T5Weights, linears: Linears, *, tree: bool) -> dict[str, onnx.ModelProto]:
    """The label path in one precision, by role (`student.manifest.LabelGraphs`).

    Args:
        weights: of the student.
        linears: the precision.
        tree: whether a task's answers need more decoder positions than the root.
    """
    return {"root": root_graph(weights, linears)} | ({"tree": tree_graph(weights, linears)} if tree else {})


def rationale_graphs(model: T5ForConditionalGeneration, weights: T5Weights) -> dict[str, onnx.ModelProto]:
    """The rationale path, by role (`student.manifest.RationaleGraphs`).

    The encoder is our own; the decoder's first step and its further ones are exported by Optimum, with a cache.
    """
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
        decoder = {role: onnx.load(Path(folder) / file) for role, file in _OPTIMUM_FILES.items()}
    return {"encoder": encoder_graph(weights, Float32()), **decoder}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's progress lines and warnings about what is known to be constant here.

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
