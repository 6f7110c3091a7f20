"""TensorRT engines behind the same gate as every precision: run on the validation rows, compared with PyTorch.

An engine is asked through `LabelPath`, as a graph is. Memory on the GPU is torch's. No GPU was at hand: calls follow
TensorRT 11.4's documentation, and what is done here is tested with a stand-in that runs the engine's graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from export.compile import usable_rows
from export.gate import halves
from export.precision_parity import PrecisionParity, PrecisionThresholds, closed_rows, compare_precision, score
from export.tensorrt import EngineShapes, build_engines, engine_shapes, engines_folder, load_tensorrt, this_machine
from student.bundle import Bundle
from student.errors import ExportError, ParityError
from student.label_path import LabelPath
from student.manifest import Precision
from student.padding import bucket
from student.runtime import OnnxStudent
from training.checkpoint import Checkpoint
from training.data.example import Example
from training.scoring import TorchStudent

Feeds = Mapping[str, npt.NDArray[np.generic]]


class EngineSession:
    """A TensorRT engine that is asked as an ONNX Runtime session of the label path is; one thread at a time.

    Args:
        trt: the module `tensorrt`.
        file: the engine.
        shapes: that it was built for; a profile for each length.
        device: of the buffers.

    Raises:
        ExportError: TensorRT cannot load the engine.
    """

    def __init__(self, trt: Any, file: Path, shapes: EngineShapes, device: torch.device) -> None:
        self._shapes = shapes
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._logger = trt.Logger(trt.Logger.WARNING)
        self._runtime = trt.Runtime(self._logger)
        self._engine = self._runtime.deserialize_cuda_engine(file.read_bytes())
        if self._engine is None:
            raise ExportError(f"{file}: TensorRT cannot load it; see its log above")
        self._context = self._engine.create_execution_context()

    def run(self, outputs: Sequence[str], feeds: Feeds) -> list[npt.NDArray[np.float32]]:
        """The logits of a batch, in parts of as many rows as the engine takes.

        Args:
            outputs: `edge_logits` alone.
            feeds: inputs by name, a row of each first; padded here to the next of the engine's lengths.
        """
        rows, most = len(feeds["input_ids"]), self._shapes.max_rows
        parts = [
            self._run({name: values[start : start + most] for name, values in feeds.items()}, outputs)
            for start in range(0, rows, most)
        ]
        return [np.concatenate(parts)]

    def _run(self, feeds: Feeds, outputs: Sequence[str]) -> npt.NDArray[np.float32]:
        length = bucket(feeds["input_ids"].shape[1], self._shapes.lengths, "source tokens")
        stream = self._stream.cuda_stream if self._stream is not None else 0
        if not self._context.set_optimization_profile_async(self._shapes.lengths.index(length), stream):
            raise ExportError(f"TensorRT: the engine has no profile for {length} tokens")
        buffers: dict[str, torch.Tensor] = {}
        for name, values in feeds.items():
            if name in ("input_ids", "source_mask"):
                values = np.pad(values, ((0, 0), (0, length - values.shape[1])))
            buffers[name] = torch.from_numpy(np.ascontiguousarray(values)).to(self._device)
            if not self._context.set_input_shape(name, tuple(values.shape)):
                raise ExportError(f"TensorRT: {name} of shape {values.shape} is outside what the engine was built for")
        (output,) = outputs
        buffers[output] = torch.empty(tuple(self._context.get_tensor_shape(output)), device=self._device)
        for name, buffer in buffers.items():
            self._context.set_tensor_address(name, buffer.data_ptr())
        if self._stream is not None:
            # The copies above ran on torch's own stream.
            self._stream.wait_stream(torch.cuda.current_stream(self._device))
        if not self._context.execute_async_v3(stream):
            raise ExportError("TensorRT: the engine cannot be run; see its log above")
        if self._stream is not None:
            self._stream.synchronize()
        logits: npt.NDArray[np.float32] = buffers[output].cpu().numpy()
        return logits


class EngineStudent(OnnxStudent):
    """A student whose label path runs in TensorRT, without temperature: for the gate.

    Args:
        bundle: that the engines were built from.
        precision: of their graphs.
        engines: file by role.
        shapes: that they were built for.
        device: where they run.
    """

    def __init__(
        self,
        bundle: Bundle,
        precision: Precision,
        engines: Mapping[str, Path],
        shapes: EngineShapes,
        device: torch.device,
    ) -> None:
        plain = replace(bundle, manifest=bundle.manifest.model_copy(update={"confidence": {}}))
        super().__init__(plain, precision="fp32")
        self.precision = precision
        trt = load_tensorrt()
        sessions = {role: EngineSession(trt, file, shapes, device) for role, file in engines.items()}
        self._label = LabelPath(sessions["root"], sessions.get("tree"))


def require_tensorrt(precisions: Sequence[Precision]) -> list[Precision]:
    """Those precisions that engines can be built for.

    Raises:
        ExportError: there is none, or TensorRT or a GPU is missing: said before anything is compiled.
    """
    chosen: list[Precision] = [precision for precision in precisions if precision in ("fp16", "bf16")]
    if not chosen:
        raise ExportError(
            f"TensorRT: engines are built from the graphs of fp16 or bf16, not of {', '.join(precisions)}; "
            "add one to --precisions"
        )
    this_machine(load_tensorrt())
    return chosen


def build_and_judge(
    checkpoint: Checkpoint,
    bundle: Bundle,
    examples: Sequence[Example],
    precision: Precision,
    thresholds: PrecisionThresholds,
    *,
    device: torch.device | None = None,
    progress: bool = True,
) -> tuple[dict[str, Path], PrecisionParity]:
    """Build the engines of a precision beside the bundle and hold them against PyTorch.

    Args:
        checkpoint: the student that the bundle was compiled from.
        bundle: a verified bundle with this precision.
        examples: the rows that the bundle was judged on; those that calibrated it are left out.
        precision: fp16 or bf16.
        thresholds: what is demanded.
        device: where the engines run; default: the first GPU.
        progress: show progress bars.

    Returns:
        Engine file by role, and what the comparison found.

    Raises:
        ExportError: as `build_engines` says.
        ParityError: the engines answer otherwise; they are removed.
    """
    shapes, folder = engine_shapes(bundle), engines_folder(bundle)
    # An engine has its place only when it is judged: one whose gate was interrupted must not be taken for it.
    unjudged = build_engines(bundle, precision, folder / "unjudged", shapes)
    student = EngineStudent(bundle, precision, unjudged, shapes, device or torch.device("cuda"))
    original = TorchStudent(checkpoint.model.float(), checkpoint.tokenizer, checkpoint.tasks)
    _, rows = halves(usable_rows(student, checkpoint.tasks, examples))
    judged = closed_rows(original, rows, progress=progress)
    found = compare_precision([row.reference for row in judged], score(student, judged, progress=progress))
    failures = found.failures(thresholds)
    if failures:
        for file in unjudged.values():
            file.unlink()
        raise ParityError(f"TensorRT, {precision}: {'; '.join(failures)}; the engines are removed, the bundle stays")
    return {role: file.replace(folder / file.name) for role, file in unjudged.items()}, found
