from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format  # type: ignore[import-untyped]
from tritonclient.grpc import model_config_pb2

from export.triton import RepositorySettings, model_configs, write_repository
from student.bundle import Bundle
from student.errors import ExportError
from student.sessions import open_session
from student.triton_backend import DIGEST, INPUTS, OUTPUTS, ROLES, Array, BatchModel, open_model, run_together

PYTHON = RepositorySettings("fp32")
ONNX = replace(PYTHON, backend="onnxruntime")


def _parsed(text: str) -> Any:
    return text_format.Parse(text, model_config_pb2.ModelConfig())


@pytest.mark.parametrize("settings", [PYTHON, ONNX, replace(ONNX, gpu=True, instances=2, response_cache=True)])
def test_configurations_are_what_tritons_own_protobuf_reads(tiny_bundle: Bundle, settings: RepositorySettings) -> None:
    configs = {config.role: _parsed(config.text()) for config in model_configs(tiny_bundle, settings)}
    assert tuple(configs) == ROLES
    for role, config in configs.items():
        assert config.name == role
        assert config.backend == ("python" if role == "text" else settings.backend)
        assert tuple(tensor.name for tensor in config.input) == INPUTS[role]
        assert [tensor.name for tensor in config.output] == [OUTPUTS[role]]
        assert config.parameters[DIGEST].string_value == tiny_bundle.digest
        (group,) = config.instance_group
        on_gpu = settings.gpu and role != "text"
        assert group.kind == (group.KIND_GPU if on_gpu else group.KIND_CPU) and group.count == settings.instances
        assert config.response_cache.enable == settings.response_cache
        # With a queue policy or priorities Triton's batcher may sleep for half a second while a request waits.
        assert config.dynamic_batching.preferred_batch_size
        assert not config.dynamic_batching.HasField("default_queue_policy")
        assert not config.dynamic_batching.priority_levels
        lengths = [warm_up.inputs["input_ids"].dims[0] for warm_up in config.model_warmup]
        assert lengths == ([] if role == "text" else list(tiny_bundle.length_buckets))


def test_tensors_are_those_of_the_graphs(tiny_bundle: Bundle, tmp_path: Path) -> None:
    write_repository(tiny_bundle, tmp_path, ONNX)
    for role in ("label_root", "label_tree"):
        config = _parsed((tmp_path / role / "config.pbtxt").read_text(encoding="utf-8"))
        # The weights lie beside the graph, as Triton's backend wants them.
        session = open_session(tmp_path / role / "1" / "model.onnx", 1)
        types = {"tensor(int64)": "TYPE_INT64", "tensor(int32)": "TYPE_INT32", "tensor(float)": "TYPE_FP32"}
        assert {tensor.name: len(tensor.shape) - 1 for tensor in session.get_inputs()} == {
            tensor.name: len(tensor.dims) for tensor in config.input
        }
        for ours, theirs in ((config.input, session.get_inputs()), (config.output, session.get_outputs())):
            expected = {tensor.name: types[tensor.type] for tensor in theirs}
            assert {tensor.name: model_config_pb2.DataType.Name(tensor.data_type) for tensor in ours} == expected


def test_writing_again_replaces_models_and_nothing_else(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("kept")
    write_repository(tiny_bundle, tmp_path, ONNX)
    write_repository(tiny_bundle, tmp_path, PYTHON)
    assert not (tmp_path / "label_root" / "1" / "model.onnx").exists()
    assert (tmp_path / "README.md").read_text() == "kept"
    assert Bundle.open(tmp_path / "label_root" / "1" / "bundle").digest == tiny_bundle.digest


def test_folder_with_something_else_is_refused(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "resnet").mkdir()
    with pytest.raises(ExportError, match="holds resnet; Triton would serve that too"):
        write_repository(tiny_bundle, tmp_path, PYTHON)
    shutil.rmtree(tmp_path / "resnet")
    with pytest.raises(ExportError, match="is no directory"):
        write_repository(tiny_bundle, tiny_bundle.path / "manifest.json", PYTHON)


def test_what_cannot_run_is_refused(tiny_bundle: Bundle) -> None:
    with pytest.raises(ExportError, match="has no int8 label path, only fp32"):
        model_configs(tiny_bundle, replace(PYTHON, precision="int8"))
    with pytest.raises(ExportError, match="backend python: runs the label path on the CPU"):
        model_configs(tiny_bundle, replace(PYTHON, gpu=True))


def test_backend_runs_requests_together_and_gives_each_its_rows(tiny_bundle: Bundle) -> None:
    model = _Counting(open_model(tiny_bundle, "label_root", "fp32", threads=1))
    requests: list[dict[str, Array]] = [
        {
            "input_ids": np.full((rows, length), 5 + rows, dtype=np.int64),
            "source_mask": np.ones((rows, length), dtype=np.int32),
            "edge_tokens": np.tile(np.arange(7, 7 + edges), (rows, 1)),
        }
        for rows, length, edges in ((1, 8, 2), (3, 12, 2), (2, 8, 2), (1, 120, 2), (1, 8, 4))
    ]
    together = run_together(model, requests, pad=0, run_tokens=40)
    # The long one is not worth padding to, and a trie of another size is another shape.
    assert sorted(model.rows) == [1, 1, 6]
    assert [len(rows) for rows in together] == [1, 3, 2, 1, 1]
    for request, rows in zip(requests, together, strict=True):
        np.testing.assert_allclose(rows, model.run(request), atol=1e-5)


class _Counting:
    """A model that remembers how many rows it ran."""

    def __init__(self, model: BatchModel) -> None:
        self._model = model
        self.rows: list[int] = []

    def run(self, inputs: Mapping[str, Array]) -> Array:
        self.rows.append(len(inputs["input_ids"]))
        return self._model.run(inputs)
