"""One weight file for all graphs of a bundle: equal tensors are stored once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import external_data_helper, numpy_helper

ALIGNMENT = 64
"""Bytes; what vector loads like, and what lets ONNX Runtime map the file instead of copying it."""

MIN_BYTES = 1024
"""Smaller tensors stay in the graph: shape constants must be readable without the weight file."""


def share_weights(graphs: Mapping[str, onnx.ModelProto], folder: Path, weights_name: str) -> None:
    """Write graphs and their weights.

    Args:
        graphs: models by file name; their initializers are replaced by references into the weight file.
        folder: where to write.
        weights_name: file name of the weights.
    """
    offsets: dict[bytes, int] = {}
    with (folder / weights_name).open("wb") as stream:
        for model in graphs.values():
            for tensor in model.graph.initializer:
                content = numpy_helper.to_array(tensor).tobytes()
                if len(content) < MIN_BYTES:
                    continue
                digest = hashlib.sha256(content).digest()
                if digest not in offsets:
                    stream.write(b"\0" * (-stream.tell() % ALIGNMENT))
                    offsets[digest] = stream.tell()
                    stream.write(content)
                # set_external_data wants the bytes in place first, whatever field they came in.
                tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
                external_data_helper.set_external_data(
                    tensor, location=weights_name, offset=offsets[digest], length=len(content)
                )
                tensor.ClearField("raw_data")
    for name, model in graphs.items():
        _strip_traces(model)
        (folder / name).write_bytes(model.SerializeToString(deterministic=True))


def _strip_traces(model: onnx.ModelProto) -> None:
    """Leave out where in which source file each node came from: it is half of a small graph, and nobody's business."""
    model.ClearField("doc_string")
    model.ClearField("metadata_props")
    model.graph.ClearField("doc_string")
    model.graph.ClearField("metadata_props")
    for item in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        item.ClearField("doc_string")
        item.ClearField("metadata_props")
