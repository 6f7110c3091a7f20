"""A bundle as entries of a Triton model repository: `config.pbtxt`, and the graphs or the Python backend's entry.

Three models, of the same tensors whichever backend runs them; a batch's rows come first:

| model | inputs | output |
|---|---|---|
| `label_root` | `input_ids`, `source_mask`, `edge_tokens` | `edge_logits` |
| `label_tree` | the same, `edge_nodes`, `node_tokens`, `node_distances` | `edge_logits` |
| `text` | `input_ids`, `source_mask`, `max_tokens` | `token_ids`, filled up with the padding token |

They mean what the label path's graphs (docs/label-path.md) and greedy decoding mean. For its C++ backends Triton
batches requests of one shape: whoever asks pads to the bundle's length buckets, as `serving.engines.triton` does.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from student.bundle import WEIGHTS, Bundle
from student.errors import ExportError
from student.manifest import Precision
from student.triton_backend import (
    BUNDLE,
    DIGEST,
    INPUTS,
    MAX_BATCH,
    OUTPUTS,
    PRECISION,
    ROLES,
    THREADS,
    Role,
    roles_of,
)

Backend = Literal["python", "onnxruntime", "tensorrt"]
DataType = Literal["TYPE_INT32", "TYPE_INT64", "TYPE_FP32"]

PREFERRED_BATCHES = (4, 8, 16, MAX_BATCH)

_ENTRY = '''"""Entry of Triton's Python backend, written by `quickstep triton`; see `student.triton_backend`."""

import triton_python_backend_utils as utilities

from student.triton_backend import Entry


class TritonPythonModel:
    def initialize(self, args):
        self.execute = Entry(args, utilities).execute
'''

_TYPES: dict[str, tuple[DataType, tuple[int, ...]]] = {
    "input_ids": ("TYPE_INT64", (-1,)),
    "source_mask": ("TYPE_INT32", (-1,)),
    "edge_tokens": ("TYPE_INT64", (-1,)),
    "edge_nodes": ("TYPE_INT64", (-1,)),
    "node_tokens": ("TYPE_INT64", (-1,)),
    "node_distances": ("TYPE_INT64", (-1, -1)),
    "max_tokens": ("TYPE_INT64", (1,)),
    "edge_logits": ("TYPE_FP32", (-1,)),
    "token_ids": ("TYPE_INT64", (-1,)),
}
"""Data type and size of each tensor, without its rows; -1 is any size."""


@dataclass(frozen=True)
class RepositorySettings:
    """How a bundle is to be run.

    Attributes:
        precision: of the label path.
        backend: of the label path; texts are written by the Python backend.
        threads: of one graph run, 0 for one per core.
        instances: of each model.
        gpu: run the label path on GPUs: `onnxruntime` may, `tensorrt` does.
        response_cache: let Triton answer repeated requests from its cache; only where all requests are one tenant's.
        engines: of the label path by role, with a profile for each length bucket; the `tensorrt` backend only.
    """

    precision: Precision
    backend: Backend = "python"
    threads: int = 0
    instances: int = 1
    gpu: bool = False
    response_cache: bool = False
    engines: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelConfig:
    """A model's `config.pbtxt`.

    Attributes:
        role: name of the model.
        backend: what runs it.
        gpu: whether on GPUs.
        instances: how many at once.
        preferred_batches: rows at which a batch waits for no more.
        warm_up_lengths: source lengths that are run once before the model is ready.
        parameters: what the backend is told.
        response_cache: whether repeated requests are answered from Triton's cache.
        profiles: optimisation profiles of the engine, 0 where it is none.
    """

    role: Role
    backend: Backend
    gpu: bool
    instances: int
    preferred_batches: tuple[int, ...]
    warm_up_lengths: tuple[int, ...]
    parameters: Mapping[str, str]
    response_cache: bool
    profiles: int = 0

    def text(self) -> str:
        """Protobuf's text format."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f'name: "{self.role}"'
        yield f'backend: "{self.backend}"'
        yield f"max_batch_size: {MAX_BATCH}"
        for name in INPUTS[self.role]:
            # The Python backend gets the requests one by one, and joins what it pleases.
            ragged = " allow_ragged_batch: true" if self.backend == "python" else ""
            yield f"input {{ {_tensor(name)}{ragged} }}"
        yield f"output {{ {_tensor(OUTPUTS[self.role])} }}"
        kind = "KIND_GPU" if self.gpu else "KIND_CPU"
        # Triton takes, of those that are named, the profile that a request's length is for.
        profiles = "".join(f' profile: "{number}"' for number in range(self.profiles))
        yield f"instance_group {{ count: {self.instances} kind: {kind}{profiles} }}"
        yield "version_policy { latest { num_versions: 1 } }"
        yield from self._batching()
        for length in self.warm_up_lengths:
            yield from _warm_up(self.role, length)
        yield f"response_cache {{ enable: {str(self.response_cache).lower()} }}"
        for key, value in self.parameters.items():
            yield f'parameters {{ key: "{key}" value {{ string_value: "{_escaped(value)}" }} }}'

    def _batching(self) -> Iterator[str]:
        # No queue policy and no priorities: with either, Triton forms no batch while an instance is busy, and where a
        # request comes just as one gets free nobody wakes its batcher, which then sleeps for 500 ms. Deadlines do
        # without: gRPC tells Triton of a request that nobody waits for any more, and it is not run.
        yield "dynamic_batching {"
        for rows in self.preferred_batches:
            yield f"  preferred_batch_size: {rows}"
        # A batch forms from what queues while the one before runs; nobody waits for companions.
        yield "  max_queue_delay_microseconds: 0"
        yield "}"


def model_configs(bundle: Bundle, settings: RepositorySettings) -> list[ModelConfig]:
    """The models of a bundle: without `label_tree` where the bundle has none.

    Raises:
        ExportError: the bundle has not this precision.
    """
    manifest = bundle.manifest
    if settings.precision not in manifest.label:
        raise ExportError(
            f"bundle {bundle.path}: has no {settings.precision} label path, only {', '.join(manifest.label)}"
        )
    if settings.gpu and settings.backend == "python":
        raise ExportError("backend python: runs the label path on the CPU; take onnxruntime or tensorrt for a GPU")
    roles = roles_of(bundle, settings.precision)
    if settings.backend == "tensorrt":
        missing = [role for role in roles if role != "text" and role.removeprefix("label_") not in settings.engines]
        if missing:
            raise ExportError(
                f"backend tensorrt: there is no engine for {', '.join(missing)}; build them on the machine that will "
                "serve: quickstep export --tensorrt"
            )
    parameters = {
        BUNDLE: f"{ROLES[0]}/1/bundle",
        DIGEST: bundle.digest,
        PRECISION: settings.precision,
        THREADS: str(settings.threads),
    }
    return [
        ModelConfig(
            role=role,
            backend="python" if role == "text" else settings.backend,
            gpu=(settings.gpu or settings.backend == "tensorrt") and role != "text",
            instances=settings.instances,
            preferred_batches=PREFERRED_BATCHES,
            # The Python backend's text model has nothing to warm: its sessions are ready when they are open.
            warm_up_lengths=() if role == "text" else manifest.length_buckets,
            parameters=parameters,
            response_cache=settings.response_cache,
            profiles=len(manifest.length_buckets) if settings.backend == "tensorrt" and role != "text" else 0,
        )
        for role in roles
    ]


def write_repository(bundle: Bundle, folder: Path, settings: RepositorySettings) -> list[Path]:
    """Write the models of a bundle; those that were there are replaced.

    Args:
        bundle: a verified bundle.
        folder: the model repository; made if it is not there.
        settings: how it is to be run.

    Returns:
        The models' folders.

    Raises:
        ExportError: as `model_configs` says, something of another name lies in the folder, or it cannot be written.
    """
    configs = model_configs(bundle, settings)
    _require_ours(folder)
    try:
        return _write(bundle, folder, settings, configs)
    except OSError as error:
        raise ExportError(
            f"{folder}: cannot be written ({error.strerror or error}); take a folder of yours with room for the bundle"
        ) from None


def _write(bundle: Bundle, folder: Path, settings: RepositorySettings, configs: Sequence[ModelConfig]) -> list[Path]:
    graphs = bundle.manifest.label[settings.precision]
    written = []
    for role in ROLES:
        shutil.rmtree(folder / role, ignore_errors=True)
    for config in configs:
        model = folder / config.role
        (model / "1").mkdir(parents=True)
        (model / "config.pbtxt").write_text(config.text(), encoding="utf-8")
        if config.backend == "python":
            (model / "1" / "model.py").write_text(_ENTRY, encoding="utf-8")
        elif config.backend == "tensorrt":
            shutil.copyfile(settings.engines[config.role.removeprefix("label_")], model / "1" / "model.plan")
        else:
            graph = graphs.root if config.role == "label_root" else graphs.tree
            assert graph is not None
            shutil.copyfile(bundle.path / graph, model / "1" / "model.onnx")
            # The graph names its weight file, which lies beside it.
            shutil.copyfile(bundle.path / WEIGHTS, model / "1" / WEIGHTS)
        written.append(model)
    shutil.copytree(bundle.path, folder / ROLES[0] / "1" / "bundle")
    return written


def _require_ours(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportError(f"{folder}: is no directory")
    others = sorted(path.name for path in folder.iterdir() if path.name not in (*ROLES, "README.md", ".gitignore"))
    if others:
        raise ExportError(
            f"{folder}: holds {', '.join(others[:3])}; Triton would serve that too. Take an empty folder, or move it"
        )


def _tensor(name: str) -> str:
    data_type, dims = _TYPES[name]
    return f'name: "{name}" data_type: {data_type} dims: [ {", ".join(map(str, dims))} ]'


def _warm_up(role: Role, length: int) -> Iterator[str]:
    """One row of zeros of this length; its answer nobody reads."""
    yield "model_warmup {"
    yield f'  name: "{length} tokens" batch_size: 1'
    for name in INPUTS[role]:
        data_type, dims = _TYPES[name]
        sizes = [length if name in ("input_ids", "source_mask") else 2] * len(dims)
        yield (
            f'  inputs {{ key: "{name}" value {{ data_type: {data_type} dims: [ {", ".join(map(str, sizes))} ] '
            "zero_data: true } }"
        )
    yield "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
