"""`BoundLabelPath`: the label path on buffers that stay where they are, for a GPU that replays captured runs.

On CUDA a run of a small student is mostly the launching of its kernels. ONNX Runtime can capture them once and launch
them as one (a CUDA graph), if shapes and addresses of inputs and outputs never change. So batches are padded to a few
shapes, and each has buffers, a binding and a captured run of its own, made when it first comes: that first run is slow.

What is done here runs on the CPU provider too, without capture, and is tested there. On a GPU it has not been run yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from student.label_path import FloatArray, IntArray, LabelPath
from student.label_trie import LabelTrie
from student.manifest import Device
from student.padding import bucket, power_of_two

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32)

MAX_BINDINGS = 256
"""Shapes that keep their buffers and captured run; clients decide on the shapes of tries, and memory is finite."""

_NOT_CAPTURED = -1

N = TypeVar("N", bound=np.generic)
Feeds = Mapping[str, npt.NDArray[np.generic]]
Shape = tuple[int, ...]


class BoundLabelPath(LabelPath):
    """The label path's graphs, run on padded batches in fixed buffers. Runs of several threads wait for each other.

    Args:
        root: as `LabelPath` takes it.
        tree: as `LabelPath` takes it.
        device: where the buffers are; on `cuda`, runs are captured.
        lengths: source lengths, ascending, to which batches are padded; the last is the longest input there is.
        batches: numbers of rows, ascending, to which batches are padded; larger ones are cut.

    Raises:
        ValueError: buckets that are not ascending from 1 or more.
    """

    def __init__(
        self,
        root: ort.InferenceSession,
        tree: ort.InferenceSession | None,
        *,
        device: Device,
        lengths: Sequence[int],
        batches: Sequence[int] = BATCH_BUCKETS,
    ) -> None:
        super().__init__(root, tree)
        for name, buckets in (("lengths", lengths), ("batches", batches)):
            if not buckets or buckets[0] < 1 or sorted(set(buckets)) != list(buckets):
                raise ValueError(f"{name} {list(buckets)}: must be ascending numbers from 1 on, at least one")
        self._device = device
        self._lengths = tuple(lengths)
        self._batches = tuple(batches)
        self._bindings: dict[tuple[bool, Shape], _Binding] = {}
        # Buffers are shared by all runs of a shape, and ONNX Runtime replays a run in the thread that captured it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="quickstep-bound")

    def _run(
        self, input_ids: IntArray, source_mask: npt.NDArray[np.int32], tries: Sequence[LabelTrie], *, deep: bool
    ) -> list[FloatArray]:
        most = self._batches[-1]
        logits: list[FloatArray] = []
        for start in range(0, len(tries), most):
            part = slice(start, start + most)
            logits += self._run_padded(input_ids[part], source_mask[part], tries[part], deep=deep)
        return logits

    def _run_padded(
        self, input_ids: IntArray, source_mask: npt.NDArray[np.int32], tries: Sequence[LabelTrie], *, deep: bool
    ) -> list[FloatArray]:
        length = bucket(int(source_mask.sum(axis=1).max()), self._lengths, "source tokens")
        # Rows that fill up the batch repeat its first: they are of a size that was asked for, and finite.
        rows = [*range(len(tries)), *[0] * (bucket(len(tries), self._batches, "rows") - len(tries))]
        session, feeds = self.graph_run(
            _columns(input_ids[rows], length),
            _columns(source_mask[rows], length),
            [tries[row] for row in rows],
            deep=deep,
            nodes=power_of_two(max(trie.nodes for trie in tries)),
            edges=power_of_two(max(trie.edges for trie in tries)),
        )
        shape = tuple(size for values in feeds.values() for size in values.shape)
        logits = self._thread.submit(self._run_bound, session, feeds, (deep, shape)).result()
        return [row[: trie.edges] for row, trie in zip(logits[: len(tries)], tries, strict=True)]

    def _run_bound(self, session: ort.InferenceSession, feeds: Feeds, key: tuple[bool, Shape]) -> FloatArray:
        if key in self._bindings:
            return self._bindings[key].run(feeds)
        if len(self._bindings) == MAX_BINDINGS:
            return _Binding(session, feeds, self._device, _NOT_CAPTURED).run(feeds)
        self._bindings[key] = _Binding(session, feeds, self._device, len(self._bindings) + 1)
        return self._bindings[key].run(feeds)


class _Binding:
    """Buffers of one shape, bound to a session.

    Args:
        session: of the graph.
        feeds: inputs of that shape.
        device: where the buffers are.
        number: of the captured run, other than those of all other shapes and 0; `_NOT_CAPTURED` for none.
    """

    def __init__(self, session: ort.InferenceSession, feeds: Feeds, device: Device, number: int) -> None:
        self._session = session
        self._inputs = {
            name: ort.OrtValue.ortvalue_from_shape_and_type(values.shape, values.dtype.type, device, 0)
            for name, values in feeds.items()
        }
        self._output = ort.OrtValue.ortvalue_from_shape_and_type(feeds["edge_tokens"].shape, np.float32, device, 0)
        self._binding = session.io_binding()
        for name, buffer in self._inputs.items():
            self._binding.bind_ortvalue_input(name, buffer)
        self._binding.bind_ortvalue_output("edge_logits", self._output)
        self._options = ort.RunOptions()
        if device == "cuda":
            self._options.add_run_config_entry("gpu_graph_id", str(number))

    def run(self, feeds: Feeds) -> FloatArray:
        """[batch, edges] float32; the caller's own."""
        for name, buffer in self._inputs.items():
            buffer.update_inplace(np.ascontiguousarray(feeds[name]))
        self._session.run_with_iobinding(self._binding, self._options)
        return np.array(self._output.numpy(), dtype=np.float32)


def _columns(rows: npt.NDArray[N], length: int) -> npt.NDArray[N]:
    """`rows` cut or filled up with zeros to so many columns; what is cut off, or masked, was padding."""
    cut = rows[:, :length]
    return np.pad(cut, ((0, 0), (0, length - cut.shape[1])))
