"""What Triton's Python backend runs: the label path's graphs and the decoding loop, on requests that Triton batched.

`export.triton` writes the entries of a model repository that lead here, and says what the tensors are.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from student.bundle import Bundle
from student.decoding import GreedyDecoder
from student.errors import BundleError
from student.grouping import LOOP_TOKENS, RUN_TOKENS, share_runs
from student.manifest import Precision
from student.sessions import open_session, usable_cores

Role = Literal["label_root", "label_tree", "text"]
ROLES: tuple[Role, ...] = ("label_root", "label_tree", "text")
"""Names of the models."""

INPUTS: dict[Role, tuple[str, ...]] = {
    "label_root": ("input_ids", "source_mask", "edge_tokens"),
    "label_tree": ("input_ids", "source_mask", "edge_tokens", "edge_nodes", "node_tokens", "node_distances"),
    "text": ("input_ids", "source_mask", "max_tokens"),
}
OUTPUTS: dict[Role, str] = {"label_root": "edge_logits", "label_tree": "edge_logits", "text": "token_ids"}

_SOURCE = ("input_ids", "source_mask")
MAX_BATCH = 32
"""Rows of one run, and so of one request."""

BUNDLE, DIGEST, PRECISION, THREADS = "bundle", "bundle_digest", "precision", "threads"
"""Parameters in a model's configuration: where the bundle lies, which one it is, how it is run."""

Array = npt.NDArray[Any]


def roles_of(bundle: Bundle, precision: Precision) -> tuple[Role, ...]:
    """The models of a bundle: without `label_tree` where it needs none."""
    tree = bundle.manifest.label[precision].tree
    return tuple(role for role in ROLES if role != "label_tree" or tree is not None)


class BatchModel(Protocol):
    """Runs a batch."""

    def run(self, inputs: Mapping[str, Array]) -> Array:
        """The output for these inputs, a row for each of theirs."""


class LabelModel:
    """One graph of the label path.

    Args:
        bundle: a verified bundle.
        role: which.
        precision: one that the bundle has.
        threads: of one run.

    Raises:
        BundleError: the bundle has no such graph, or it cannot be loaded.
    """

    def __init__(self, bundle: Bundle, role: Role, precision: Precision, threads: int) -> None:
        graphs = bundle.manifest.label.get(precision)
        graph = graphs and (graphs.root if role == "label_root" else graphs.tree)
        if not graph:
            raise BundleError(f"bundle {bundle.path}: has no {role} graph in {precision}; export again")
        self._session = open_session(bundle.path / graph, threads)

    def run(self, inputs: Mapping[str, Array]) -> Array:
        """[rows, edges] float32."""
        (logits,) = self._session.run(["edge_logits"], dict(inputs))
        found: Array = logits
        return found


class TextModel:
    """Greedy decoding.

    Args:
        bundle: a verified bundle.
        threads: of one run.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        manifest = bundle.manifest
        self._pad = manifest.pad_token
        self._decoder = GreedyDecoder.open(
            bundle.path, manifest.rationale, threads, start_token=manifest.start_token, end_token=manifest.end_token
        )

    def run(self, inputs: Mapping[str, Array]) -> Array:
        """[rows, longest] int64, filled up with the padding token."""
        limits = inputs["max_tokens"][:, 0].tolist()
        rows = self._decoder.decode(inputs["input_ids"], inputs["source_mask"], limits)
        made = np.full((len(rows), max(map(len, rows))), self._pad, dtype=np.int64)
        for number, row in enumerate(rows):
            made[number, : len(row)] = row
        return made


def open_model(bundle: Bundle, role: Role, precision: Precision, threads: int) -> BatchModel:
    """The model of this name."""
    threads = threads or usable_cores()
    # As in one process: rationales leave room for labels.
    return TextModel(bundle, max(1, threads // 2)) if role == "text" else LabelModel(bundle, role, precision, threads)


def run_together(model: BatchModel, requests: Sequence[Mapping[str, Array]], pad: int, run_tokens: int) -> list[Array]:
    """Run requests in as few tokens as possible: each one's rows of the output.

    Args:
        model: what runs.
        requests: of one row mostly; they may differ in source length and in the size of their tries.
        pad: token id that fills up source texts.
        run_tokens: what a run costs besides its tokens (`student.grouping`).
    """
    found: dict[int, Array] = {}
    for alike in _alike(requests):
        lengths = [requests[place]["input_ids"].shape[1] for place in alike]
        for run in share_runs(lengths, run_tokens):
            places = [alike[number] for number in run]
            part = [requests[place] for place in places]
            rows = [len(request["input_ids"]) for request in part]
            outputs = np.split(model.run(_joined(part, pad)), np.cumsum(rows)[:-1])
            found.update(zip(places, outputs, strict=True))
    return [found[place] for place in range(len(requests))]


def _alike(requests: Sequence[Mapping[str, Array]]) -> list[list[int]]:
    """Places of requests that differ in nothing but rows and source length."""
    groups: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for place, request in enumerate(requests):
        shape = tuple(values.shape[1:] for name, values in request.items() if name not in _SOURCE)
        groups.setdefault(shape, []).append(place)
    return list(groups.values())


def _joined(requests: Sequence[Mapping[str, Array]], pad: int) -> dict[str, Array]:
    longest = max(request["input_ids"].shape[1] for request in requests)
    filled = {"input_ids": pad, "source_mask": 0}
    joined: dict[str, Array] = {}
    for name in requests[0]:
        arrays = [request[name] for request in requests]
        if name in _SOURCE:
            arrays = [
                np.pad(values, ((0, 0), (0, longest - values.shape[1])), constant_values=filled[name])
                for values in arrays
            ]
        joined[name] = np.concatenate(arrays)
    return joined


class Entry:
    """What a repository's `model.py` hands its calls to.

    Args:
        arguments: as Triton gives them to `initialize`.
        utilities: Triton's own module, `triton_python_backend_utils`.
    """

    def __init__(self, arguments: Mapping[str, str], utilities: Any) -> None:
        self._utilities = utilities
        config = json.loads(arguments["model_config"])
        parameters = {name: value["string_value"] for name, value in config["parameters"].items()}
        self._role: Role = config["name"]
        folder = Path(arguments["model_repository"]).parent / parameters[BUNDLE]
        bundle = Bundle.open(folder)
        if bundle.digest != parameters[DIGEST]:
            raise BundleError(f"bundle {folder}: is another one than {parameters[DIGEST]}; write the repository again")
        self._pad = bundle.manifest.pad_token
        self._run_tokens = LOOP_TOKENS if self._role == "text" else RUN_TOKENS
        self._model = open_model(bundle, self._role, parameters[PRECISION], int(parameters[THREADS]))

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """A response for each request; where the batch fails, each gets the error.

        What was cancelled while it queued does not come here. Asking a request whether it was cancelled since
        (`is_cancelled`) ends Triton 2.51 with a signal 11 now and then.
        """
        utilities, output = self._utilities, OUTPUTS[self._role]
        try:
            feeds = [
                # Not as_numpy(): with numpy 2 it returns wrong shapes.
                {name: np.from_dlpack(utilities.get_input_tensor_by_name(request, name)) for name in INPUTS[self._role]}
                for request in requests
            ]
            found = run_together(self._model, feeds, self._pad, self._run_tokens)
        except Exception as error:
            failure = utilities.TritonError(f"{self._role}: {type(error).__name__}")
            return [utilities.InferenceResponse(error=failure) for _ in requests]
        return [utilities.InferenceResponse([triton_tensor(utilities, output, rows)]) for rows in found]


_USED = b"used_dltensor"


def triton_tensor(utilities: Any, name: str, values: Array) -> Any:
    """Triton's tensor of these values."""
    # Not its constructor: with numpy 2 it takes no data.
    capsule = np.ascontiguousarray(values).__dlpack__()
    tensor = utilities.Tensor.from_dlpack(name, capsule)
    # Triton 2.51 marks the capsule as used by another name than DLPack's: numpy would look for what is no longer there,
    # and complain in the log, for every answer.
    ctypes.pythonapi.PyCapsule_SetName(ctypes.py_object(capsule), _USED)
    return tensor
