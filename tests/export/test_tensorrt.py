"""What we ask TensorRT for, recorded by a stand-in: there is no GPU here, and no engine is built."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from export.half import HalfPlan, half_graphs
from export.t5_weights import T5Weights
from export.tensorrt import EngineShapes, Machine, build_engines, engine_file, this_machine
from export.weights import share_weights
from student.bundle import WEIGHTS, Bundle
from student.errors import ExportError
from student.label_trie import MAX_DEPTH
from student.manifest import LabelGraphs
from tests.export.shapes import SHAPES, random_t5

SHAPE = EngineShapes(lengths=(16, 32), max_rows=8, max_nodes=4, max_edges=8)
MACHINE = Machine("NVIDIA L4", "8.9", "580.65.06", "11.4.0")


class Recorder:
    """Stands for the module `tensorrt` and all that it makes, and remembers calls and their arguments."""

    __version__ = "11.4.0"
    WARNING, WORKSPACE, TF32, STRONGLY_TYPED = "warning", "workspace", "tf32", 1

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.returns: dict[str, Any] = {
            "parse_from_file": True,
            "set_timing_cache": True,
            "add_optimization_profile": 0,
            "build_serialized_network": b"engine",
            "serialize": b"timings",
            "get_error": "no such operator",
        }
        self.num_errors = 1
        self.Logger = self.MemoryPoolType = self.BuilderFlag = self.NetworkDefinitionCreationFlag = self

    def __call__(self, *arguments: Any) -> Recorder:
        return self

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.calls.append((name, *arguments, *options.items()))
            return self.returns.get(name, self)

        return call

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]


@pytest.fixture
def trt(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setitem(sys.modules, "tensorrt", recorder)
    output = SimpleNamespace(stdout="NVIDIA L4, 8.9, 580.65.06\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: output)
    return recorder


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Graphs as in a bundle; nothing else of it is looked at."""
    folder = tmp_path_factory.mktemp("half")
    weights = T5Weights.of(random_t5(**SHAPES["v1.1"]), 32, MAX_DEPTH)
    graphs = half_graphs("fp16", weights, HalfPlan(), tree=True)
    share_weights({f"label_{role}.fp16.onnx": graph for role, graph in graphs.items()}, folder, WEIGHTS)
    label = {"fp16": LabelGraphs(root="label_root.fp16.onnx", tree="label_tree.fp16.onnx")}
    return replace(tiny_bundle, path=folder, manifest=tiny_bundle.manifest.model_copy(update={"label": label}))


def test_network_is_strongly_typed_and_read_from_its_file(bundle: Bundle, trt: Recorder, tmp_path: Path) -> None:
    engines = build_engines(bundle, "fp16", tmp_path / "engines", SHAPE)
    assert set(engines) == {"root", "tree"}
    assert [engine.read_bytes() for engine in engines.values()] == [b"engine"] * 2
    assert trt.named("create_network") == [(1 << Recorder.STRONGLY_TYPED,)] * 2
    # The weights lie beside the graph: bytes alone would not find them.
    assert trt.named("parse_from_file") == [
        (str(bundle.path / name),) for name in ("label_root.fp16.onnx", "label_tree.fp16.onnx")
    ]
    assert trt.named("clear_flag") == [("tf32",)] * 2 and not trt.named("set_flag")


def test_every_length_has_a_profile_for_every_input(bundle: Bundle, trt: Recorder, tmp_path: Path) -> None:
    build_engines(bundle, "fp16", tmp_path, SHAPE)
    assert len(trt.named("add_optimization_profile")) == 2 * len(SHAPE.lengths)
    root, tree = trt.named("set_shape")[:6], trt.named("set_shape")[6:]
    assert root == [
        ("input_ids", (1, 16), (1, 16), (8, 16)),
        ("source_mask", (1, 16), (1, 16), (8, 16)),
        ("edge_tokens", (1, 1), (1, 4), (8, 8)),
        ("input_ids", (1, 32), (1, 32), (8, 32)),
        ("source_mask", (1, 32), (1, 32), (8, 32)),
        ("edge_tokens", (1, 1), (1, 4), (8, 8)),
    ]
    assert ("node_distances", (1, 1, 1), (1, 4, 4), (8, 4, 4)) in tree
    assert {call[0] for call in tree} == {
        *("input_ids", "source_mask", "node_tokens", "node_distances", "edge_nodes", "edge_tokens")
    }


def test_engines_and_timings_of_before_are_taken(bundle: Bundle, trt: Recorder, tmp_path: Path) -> None:
    first = build_engines(bundle, "fp16", tmp_path, SHAPE)
    assert trt.named("create_timing_cache") == [(b"",), (b"timings",)]
    trt.calls.clear()
    assert build_engines(bundle, "fp16", tmp_path, SHAPE) == first
    assert not trt.calls
    other = build_engines(bundle, "fp16", tmp_path, replace(SHAPE, max_rows=16))
    assert not set(other.values()) & set(first.values())
    assert not list(tmp_path.glob(".*"))


def test_file_name_tells_all_that_an_engine_depends_on(bundle: Bundle, tmp_path: Path) -> None:
    def name(machine: Machine = MACHINE, bundle: Bundle = bundle, shapes: EngineShapes = SHAPE) -> str:
        return engine_file(tmp_path, "label_root.fp16.onnx", bundle, machine, shapes).name

    names = {
        name(),
        *(name(replace(MACHINE, **{part: "other"})) for part in ("gpu", "compute_capability", "driver", "tensorrt")),
        name(bundle=replace(bundle, digest=f"sha256:{'0' * 64}")),
        name(shapes=replace(SHAPE, lengths=(16,))),
    }
    assert len(names) == 7
    assert name().startswith("label_root.fp16_") and "_NVIDIA-L4_8.9_580.65.06_11.4.0_" in name()
    hostile = name(replace(MACHINE, gpu="../a b/\n"))
    assert Path(hostile).name == hostile and not set(hostile) & set(" \n")


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        ({"parse_from_file": False}, "TensorRT cannot read it: no such operator"),
        ({"set_timing_cache": False}, "is not of this GPU and TensorRT, whatever its name says; delete it"),
        ({"add_optimization_profile": -1}, "TensorRT refuses the profile of length 16"),
        ({"build_serialized_network": None}, "TensorRT cannot build it; see its log"),
    ],
)
def test_refusals_of_tensorrt_are_told_and_leave_no_engine(
    bundle: Bundle, trt: Recorder, tmp_path: Path, returns: dict[str, Any], message: str
) -> None:
    trt.returns |= returns
    with pytest.raises(ExportError, match=message):
        build_engines(bundle, "fp16", tmp_path, SHAPE)
    assert not list(tmp_path.glob("*.engine"))


def test_graphs_of_another_dialect_are_refused(tiny_bundle: Bundle, trt: Recorder, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"of ONNX Runtime alone .*MultiHeadAttention.*of fp16 or bf16"):
        build_engines(tiny_bundle, "fp32", tmp_path, SHAPE)


def test_missing_precision_says_how_to_make_it(tiny_bundle: Bundle, trt: Recorder, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="has no bf16 label path; `quickstep export --precisions fp32,bf16`"):
        build_engines(tiny_bundle, "bf16", tmp_path, SHAPE)


def test_missing_tensorrt_says_what_to_install(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(ExportError, match="TensorRT is not installed; pip install 'tensorrt-cu13>=11'"):
        build_engines(bundle, "fp16", tmp_path, SHAPE)


def test_gpu_that_is_asked_about_is_the_one_that_cuda_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "GPU $3, 9.0, 570.1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert this_machine(Recorder()).gpu == "GPU --id=0"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    assert this_machine(Recorder()).gpu == "GPU --id=3"


def test_missing_gpu_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ExportError, match="nvidia-smi finds no GPU here"):
        this_machine(Recorder())


@pytest.mark.parametrize("lengths", [(), (0, 16), (32, 16), (16, 16)])
def test_lengths_that_do_not_ascend_are_refused(lengths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be ascending numbers"):
        EngineShapes(lengths=lengths)
