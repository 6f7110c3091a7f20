"""The gate of TensorRT engines, on a stand-in whose engines are graphs that the reference computes."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from export import tensorrt
from export.cli import export
from export.compile import compile_bundle
from export.config import ExportConfig
from export.engines import EngineSession, build_and_judge
from export.precision_parity import PrecisionThresholds
from export.reference import Reference
from export.tensorrt import EngineShapes, engine_shapes, engines_folder, find_engines
from export.triton import RepositorySettings, model_configs, write_repository
from student.bundle import Bundle
from student.errors import ExportError, ParityError
from training.checkpoint import Checkpoint, load_checkpoint
from training.data.example import Example
from training.validation_rows import read_rows

CPU = torch.device("cpu")


def _at(address: int, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = memoryview((ctypes.c_char * size).from_address(address)).cast("B")
    return np.asarray(memory).view(dtype).reshape(shape)


class _Context:
    """Reads inputs from their addresses and writes the output to its own, as an execution context does."""

    def __init__(self, graph: Path, shapes: EngineShapes, factor: float) -> None:
        self._reference = Reference(onnx.load(graph))
        self._inputs = {given.name for given in onnx.load(graph, load_external_data=False).graph.input}
        self._shapes = shapes
        self._factor = factor
        self._length = shapes.lengths[0]
        self._sizes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}

    def set_optimization_profile_async(self, profile: int, stream: int) -> bool:
        self._length = self._shapes.lengths[profile]
        self._sizes.clear()
        return True

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert name in self._inputs
        self._sizes[name] = shape
        fits = shape[0] <= self._shapes.max_rows
        return fits and (name not in ("input_ids", "source_mask") or shape[1] == self._length)

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        assert name == "edge_logits"
        return self._sizes["edge_tokens"]

    def set_tensor_address(self, name: str, address: int) -> None:
        self._addresses[name] = address

    def execute_async_v3(self, stream: int) -> bool:
        assert self._sizes.keys() == self._inputs and self._addresses.keys() == {*self._inputs, "edge_logits"}
        feeds = {
            name: _at(self._addresses[name], shape, np.int32 if name == "source_mask" else np.int64)
            for name, shape in self._sizes.items()
        }
        (logits,) = self._reference.run(["edge_logits"], feeds)
        _at(self._addresses["edge_logits"], self._sizes["edge_tokens"], np.float32)[:] = logits * self._factor
        return True


class _TensorRT:
    """Stands for the module; an engine is the path of its graph."""

    __version__ = "11.4.0"
    factor = 1.0

    class Logger:
        WARNING = 1

        def __init__(self, level: int) -> None:
            self.level = level

    def __init__(self, shapes: EngineShapes) -> None:
        self.shapes = shapes

    def Runtime(self, logger: object) -> Any:
        return SimpleNamespace(deserialize_cuda_engine=self._deserialize)

    def _deserialize(self, plan: bytes) -> Any:
        if plan == b"broken":
            return None
        return SimpleNamespace(create_execution_context=lambda: _Context(Path(plan.decode()), self.shapes, self.factor))


@pytest.fixture(scope="module")
def compiled(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkpoint, Bundle, list[Example]]:
    checkpoint = load_checkpoint(tiny_run)
    rows = read_rows(checkpoint.path)
    config = ExportConfig(precisions=("fp32", "bf16"), max_text_rows=3)
    target = tmp_path_factory.mktemp("engines") / "tiny"
    return checkpoint, compile_bundle(checkpoint, target, rows, name="tiny", config=config, progress=False), rows


@pytest.fixture
def trt(compiled: tuple[Checkpoint, Bundle, list[Example]], monkeypatch: pytest.MonkeyPatch) -> _TensorRT:
    module = _TensorRT(engine_shapes(compiled[1]))
    monkeypatch.setitem(sys.modules, "tensorrt", module)
    output = SimpleNamespace(stdout="NVIDIA L4, 8.9, 580.65.06\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: output)
    monkeypatch.setattr(tensorrt, "_build", lambda trt, graph, cache, shapes: str(graph).encode())
    return module


def test_engines_pass_the_gate_and_get_their_place(
    compiled: tuple[Checkpoint, Bundle, list[Example]], trt: _TensorRT, tmp_path: Path
) -> None:
    checkpoint, bundle, rows = compiled
    assert find_engines(bundle, "bf16", engines_folder(bundle)) == {}
    engines, found = build_and_judge(
        checkpoint, bundle, rows, "bf16", PrecisionThresholds(), device=CPU, progress=False
    )
    judged = bundle.parity()["precisions"]["bf16"]
    # The same rows by the same arithmetic as the bundle's own gate, through buffers and profiles.
    assert found.label.rows == judged["label"]["rows"] > 0
    assert found.max_probability_difference == pytest.approx(judged["max_probability_difference"], abs=1e-5)
    assert find_engines(bundle, "bf16", engines_folder(bundle)) == engines
    assert not list((engines_folder(bundle) / "unjudged").glob("*.engine"))

    settings = RepositorySettings("bf16", backend="tensorrt", engines=engines)
    write_repository(bundle, tmp_path / "models", settings)
    for role in ("root", "tree"):
        plan = tmp_path / "models" / f"label_{role}" / "1" / "model.plan"
        assert plan.read_bytes() == engines[role].read_bytes()
        config = (tmp_path / "models" / f"label_{role}" / "config.pbtxt").read_text(encoding="utf-8")
        assert config.count("profile:") == len(bundle.length_buckets) and "KIND_GPU" in config
    text = (tmp_path / "models" / "text" / "config.pbtxt").read_text(encoding="utf-8")
    assert "KIND_CPU" in text and "profile:" not in text and 'backend: "python"' in text


def test_engines_that_answer_otherwise_are_removed(
    compiled: tuple[Checkpoint, Bundle, list[Example]], trt: _TensorRT
) -> None:
    checkpoint, bundle, rows = compiled
    trt.factor = -1.0
    folder = engines_folder(bundle)
    before = {path.name for path in folder.glob("*.engine")} if folder.exists() else set()
    with pytest.raises(ParityError, match=r"TensorRT, bf16: \d+ of \d+ clear answers stay"):
        build_and_judge(checkpoint, bundle, rows, "bf16", PrecisionThresholds(), device=CPU, progress=False)
    assert {path.name for path in folder.glob("*.engine")} == before
    assert not list((folder / "unjudged").glob("*.engine"))


def test_batch_larger_than_the_engine_is_cut(
    compiled: tuple[Checkpoint, Bundle, list[Example]], trt: _TensorRT, tmp_path: Path
) -> None:
    _, bundle, _ = compiled
    graph = bundle.path / bundle.manifest.label["bf16"].root
    (tmp_path / "root.engine").write_bytes(str(graph).encode())
    trt.shapes = replace(trt.shapes, max_rows=2)
    session = EngineSession(trt, tmp_path / "root.engine", trt.shapes, CPU)
    feeds: dict[str, npt.NDArray[np.generic]] = {
        "input_ids": np.arange(5 * 6, dtype=np.int64).reshape(5, 6) + 3,
        "source_mask": np.ones((5, 6), dtype=np.int32),
        "edge_tokens": np.tile(np.array([[7, 8, 9]]), (5, 1)),
    }
    (whole,) = session.run(["edge_logits"], feeds)
    assert whole.shape == (5, 3) and whole.dtype == np.float32
    (alone,) = session.run(["edge_logits"], {name: values[3:4] for name, values in feeds.items()})
    np.testing.assert_allclose(whole[3:4], alone, atol=1e-5)


def test_engine_that_cannot_be_loaded_is_named(trt: _TensorRT, tmp_path: Path) -> None:
    (tmp_path / "x.engine").write_bytes(b"broken")
    with pytest.raises(ExportError, match=r"x\.engine: TensorRT cannot load it"):
        EngineSession(trt, tmp_path / "x.engine", trt.shapes, CPU)


def test_repository_without_engines_is_refused(compiled: tuple[Checkpoint, Bundle, list[Example]]) -> None:
    with pytest.raises(ExportError, match="no engine for label_root, label_tree; build them"):
        model_configs(compiled[1], RepositorySettings("bf16", backend="tensorrt"))


def test_profiles_hold_the_largest_label_set(compiled: tuple[Checkpoint, Bundle, list[Example]]) -> None:
    bundle = compiled[1]
    assert engine_shapes(bundle).max_edges == 512
    # 500 labels under a hundred branching nodes have more edges than labels.
    assert engine_shapes(_with_labels(bundle, 500)).max_edges == 1024
    assert engine_shapes(_with_labels(bundle, 1000)).max_edges == 2048


def _with_labels(bundle: Bundle, number: int) -> Bundle:
    closed = next(name for name, one in bundle.tasks.items() if one.answer.kind == "closed")
    answer = bundle.tasks[closed].answer.model_copy(update={"labels": tuple(map(str, range(number)))})
    task = bundle.tasks[closed].model_copy(update={"answer": answer})
    return replace(bundle, tasks={**bundle.tasks, closed: task})


@pytest.mark.parametrize(
    ("precisions", "told"), [("fp32,int8", "add one to --precisions"), ("fp16", "TensorRT is not installed")]
)
def test_machine_without_tensorrt_is_told_before_anything_is_compiled(
    tiny_run: Path, tmp_path: Path, precisions: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    arguments = [str(tiny_run), "--output", str(tmp_path / "b"), "--precisions", precisions, "--tensorrt", "--quiet"]
    with pytest.raises(ExportError, match=told):
        export(arguments)
    assert not (tmp_path / "b").exists()
