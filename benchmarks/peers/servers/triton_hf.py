"""Triton's Python backend before Hugging Face `generate`, batched by Triton: its documentation's `model.py`.

https://github.com/triton-inference-server/python_backend: `execute` gets what Triton batched; all texts of it go
through the model at once. Texts travel as bytes filled up with zeros: Triton 2.51 was built for numpy 1, and its
string tensors end the backend's process where numpy 2 is installed.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.servers.student import Settings

MODEL = "student"
BYTES = 512
"""Of a text, its label likewise: Triton batches requests of one shape."""

_ENTRY = """import sys

sys.path.insert(0, {root!r})

# First: it makes this environment's packages known to the backend's process.
import triton_python_backend_utils as utilities

import numpy as np
from benchmarks.peers.servers.student import HfStudent, Settings
from benchmarks.peers.servers.triton_hf import from_bytes, to_bytes
from student.triton_backend import triton_tensor


class TritonPythonModel:
    def initialize(self, args):
        self.student = HfStudent(Settings.from_environment({environment!r}))

    def execute(self, requests):
        texts = [np.from_dlpack(utilities.get_input_tensor_by_name(request, "text")) for request in requests]
        answers = iter(self.student.answer([from_bytes(row) for rows in texts for row in rows.tolist()]))
        labels = [np.array([to_bytes(next(answers)) for _ in rows], dtype=np.uint8) for rows in texts]
        return [utilities.InferenceResponse([triton_tensor(utilities, "label", rows)]) for rows in labels]
"""

_CONFIG = """name: "{name}"
backend: "python"
max_batch_size: {batch}
input {{ name: "text" data_type: TYPE_UINT8 dims: [ {bytes} ] }}
output {{ name: "label" data_type: TYPE_UINT8 dims: [ {bytes} ] }}
instance_group {{ count: {workers} kind: KIND_CPU }}
dynamic_batching {{ }}
"""


def to_bytes(text: str) -> list[int]:
    """A text's bytes, filled up with zeros.

    Raises:
        ValueError: it is too long.
    """
    content = text.encode()
    if len(content) > BYTES:
        raise ValueError(f"{text[:40]!r}... has {len(content)} bytes, at most {BYTES} fit")
    return list(content.ljust(BYTES, b"\0"))


def from_bytes(content: list[int]) -> str:
    """The text."""
    return bytes(content).rstrip(b"\0").decode()


def write_repository(folder: Path, settings: Settings, root: Path) -> None:
    """Write a model repository of one model.

    Args:
        folder: the repository; new.
        settings: how it runs; its workers are Triton's instances.
        root: of this repository, for the backend's process to import from.
    """
    version = folder / MODEL / "1"
    version.mkdir(parents=True)
    entry = _ENTRY.format(root=str(root), environment=settings.environment())
    (version / "model.py").write_text(entry, encoding="utf-8")
    config = _CONFIG.format(name=MODEL, bytes=BYTES, batch=settings.batch, workers=settings.workers)
    (folder / MODEL / "config.pbtxt").write_text(config, encoding="utf-8")
