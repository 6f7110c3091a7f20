"""ONNX -> TensorRT engine, for the GPU at hand.

The network is strongly typed: it computes in the types that the graph says, so what the gate judged is what runs. There
is an optimisation profile for each length bucket, for which TensorRT chooses kernels. An engine fits one GPU model,
driver and TensorRT only, and one student: its file name says all of them, so that another is never taken for it.

No GPU was at hand: calls follow TensorRT 11.4's bindings and documentation, what is decided here is tested against a
recording stand-in, and no engine has been built yet.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from student.bundle import Bundle
from student.errors import ExportError
from student.label_trie import MAX_NODES
from student.manifest import Precision
from student.padding import power_of_two
from student.task import ClosedLabels
from student.triton_backend import MAX_BATCH

INSTALL = "pip install 'tensorrt-cu13>=11' on a machine with an NVIDIA GPU"
WORKSPACE_BYTES = 2 << 30


@dataclass(frozen=True)
class Machine:
    """What an engine is tied to.

    Attributes:
        gpu: name of the first GPU, e.g. `NVIDIA L4`.
        compute_capability: e.g. `8.9`.
        driver: version of the driver.
        tensorrt: version of TensorRT.
    """

    gpu: str
    compute_capability: str
    driver: str
    tensorrt: str

    @property
    def label(self) -> str:
        """All of it, in letters that a file name may have."""
        parts = (self.gpu, self.compute_capability, self.driver, self.tensorrt)
        return "_".join(re.sub(r"[^A-Za-z0-9.]+", "-", part) for part in parts)


@dataclass(frozen=True)
class EngineShapes:
    """Sizes that an engine is built for.

    Attributes:
        lengths: source lengths, ascending, to which batches are padded; a profile each.
        max_rows: most rows of a batch.
        max_nodes: most nodes of a trie.
        max_edges: most edges of a trie.
    """

    lengths: tuple[int, ...]
    max_rows: int = MAX_BATCH
    max_nodes: int = MAX_NODES
    max_edges: int = 2 * MAX_NODES

    def __post_init__(self) -> None:
        if not self.lengths or self.lengths[0] < 1 or sorted(set(self.lengths)) != list(self.lengths):
            raise ValueError(f"lengths {list(self.lengths)}: must be ascending numbers from 1 on, at least one")

    def ranges(self, length: int) -> dict[str, tuple[int, int, int]]:
        """Least, usual and largest size of each named dimension, for batches padded to `length`."""
        return {
            "batch": (1, 1, self.max_rows),
            "source": (length, length, length),
            "nodes": (1, min(4, self.max_nodes), self.max_nodes),
            "edges": (1, min(4, self.max_edges), self.max_edges),
        }

    @property
    def digest(self) -> str:
        """Eight letters that differ where the shapes do."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]


def this_machine(trt: Any) -> Machine:
    """What engines built here are tied to.

    Args:
        trt: the module `tensorrt`.

    Raises:
        ExportError: there is no NVIDIA GPU, or no driver.
    """
    # The first GPU that CUDA is allowed to see; nvidia-smi numbers all of them.
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    query = ["nvidia-smi", "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader", f"--id={visible}"]
    try:
        output = subprocess.run(query, capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ExportError(f"TensorRT: nvidia-smi finds no GPU here ({error}); {INSTALL}") from error
    gpu, compute_capability, driver = (part.strip() for part in output.strip().split(","))
    return Machine(gpu, compute_capability, driver, str(trt.__version__))


def engine_file(folder: Path, graph: str, bundle: Bundle, machine: Machine, shapes: EngineShapes) -> Path:
    """Where the engine of a graph is kept."""
    student = bundle.digest.removeprefix("sha256:")[:16]
    return folder / f"{Path(graph).stem}_{student}_{machine.label}_{shapes.digest}.engine"


def engine_shapes(bundle: Bundle) -> EngineShapes:
    """Sizes that a bundle's engines are built for: its length buckets, the repository's batches, any trie."""
    labels = [len(task.answer.labels) for task in bundle.tasks.values() if isinstance(task.answer, ClosedLabels)]
    usual = EngineShapes(bundle.length_buckets)
    # Whoever asks pads tries to powers of two.
    # A trie has an edge for each answer, and one for each node but the root.
    return replace(usual, max_edges=power_of_two(max(labels, default=MAX_NODES) + MAX_NODES))


def engines_folder(bundle: Bundle) -> Path:
    """Where a bundle's engines are kept: beside it, for a bundle fits any machine and an engine fits one."""
    return bundle.path.with_name(f"{bundle.path.name}.engines")


def find_engines(bundle: Bundle, precision: Precision, folder: Path) -> dict[str, Path]:
    """Engines of this bundle for this machine, by role; those that were not built are missing.

    Raises:
        ExportError: TensorRT or a GPU is missing, or the bundle has not this precision.
    """
    machine, shapes = this_machine(load_tensorrt()), engine_shapes(bundle)
    files = {role: engine_file(folder, graph, bundle, machine, shapes) for role, graph in _graphs(bundle, precision)}
    return {role: file for role, file in files.items() if file.exists()}


def _graphs(bundle: Bundle, precision: Precision) -> list[tuple[str, str]]:
    graphs = bundle.manifest.label.get(precision)
    if graphs is None:
        raise ExportError(
            f"bundle {bundle.path}: has no {precision} label path; `quickstep export --precisions fp32,{precision}`"
        )
    return list(graphs.model_dump(exclude_none=True).items())


def build_engines(bundle: Bundle, precision: Precision, folder: Path, shapes: EngineShapes) -> dict[str, Path]:
    """Build the label path's engines, or find those built before.

    Args:
        bundle: a verified bundle with this precision.
        precision: whose graphs are of the standard's operators: fp16 or bf16.
        folder: of engines and timing caches; made if it is not there.
        shapes: sizes to build for.

    Returns:
        Engine file by role (`student.manifest.LabelGraphs`).

    Raises:
        ExportError: TensorRT or a GPU is missing, the bundle has no such graphs, or TensorRT refuses one.
    """
    trt = load_tensorrt()
    graphs = _graphs(bundle, precision)
    machine = this_machine(trt)
    folder.mkdir(parents=True, exist_ok=True)
    engines: dict[str, Path] = {}
    for role, graph in graphs:
        engines[role] = engine_file(folder, graph, bundle, machine, shapes)
        if not engines[role].exists():
            plan = _build(trt, bundle.path / graph, folder / f"timing_{machine.label}.cache", shapes)
            _write(engines[role], plan)
    return engines


def load_tensorrt() -> Any:
    """The module `tensorrt`.

    Raises:
        ExportError: it is not installed.
    """
    try:
        return importlib.import_module("tensorrt")
    except ModuleNotFoundError as error:
        raise ExportError(f"TensorRT is not installed; {INSTALL}") from error


def _build(trt: Any, graph: Path, timing_cache: Path, shapes: EngineShapes) -> bytes:
    """The serialized engine of a graph."""
    inputs = _inputs(graph)
    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    # TensorRT 11 knows no other networks and takes the flag for what it is; 10 has to be told.
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    # From the file, not its bytes: the weights lie beside it.
    if not parser.parse_from_file(str(graph)):
        errors = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
        raise ExportError(f"{graph}: TensorRT cannot read it: {errors}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    # What is in float32 is so for its precision; TF32 has FP16's.
    config.clear_flag(trt.BuilderFlag.TF32)
    known = timing_cache.read_bytes() if timing_cache.exists() else b""
    cache = config.create_timing_cache(known)
    if not config.set_timing_cache(cache, ignore_mismatch=False):
        raise ExportError(f"{timing_cache}: is not of this GPU and TensorRT, whatever its name says; delete it")
    for length in shapes.lengths:
        profile = builder.create_optimization_profile()
        ranges = shapes.ranges(length)
        for name, dimensions in inputs.items():
            profile.set_shape(name, *(tuple(ranges[part][i] for part in dimensions) for i in range(3)))
        if config.add_optimization_profile(profile) < 0:
            raise ExportError(f"{graph}: TensorRT refuses the profile of length {length}; see its log above")
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ExportError(f"{graph}: TensorRT cannot build it; see its log above")
    _write(timing_cache, bytes(config.get_timing_cache().serialize()))
    return bytes(plan)


def _inputs(graph: Path) -> dict[str, Sequence[str]]:
    """Names of each input's dimensions.

    Raises:
        ExportError: the graph holds operators that TensorRT does not know.
    """
    # Here: whoever only looks for engines needs no onnx.
    import onnx

    model = onnx.load(graph, load_external_data=False)
    foreign = {node.op_type for node in model.graph.node if node.domain}
    if foreign:
        raise ExportError(
            f"{graph}: holds operators of ONNX Runtime alone ({', '.join(sorted(foreign))}), which TensorRT does not "
            "know; take the graphs of fp16 or bf16"
        )
    return {
        given.name: [dimension.dim_param for dimension in given.type.tensor_type.shape.dim]
        for given in model.graph.input
    }


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all: another process may look for it."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{file.name[:64]}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
