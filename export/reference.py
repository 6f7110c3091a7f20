"""16-bit arithmetic on any machine: a graph run node by node, as a graphics processor would.

ONNX Runtime's CPU provider has no 16-bit kernels for these graphs: it computes float16 in float32, which hides every
overflow, and refuses bfloat16. Here each value is rounded to the type that the graph says, and one that has become
infinite or no number is an error. Within a node sums are float32, as tensor cores and their libraries keep them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import onnx
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from onnx.reference.ops.op_matmul import MatMul
from onnx.reference.ops.op_sigmoid import Sigmoid
from onnx.reference.ops.op_softmax import Softmax

from student.bundle import Bundle
from student.errors import ParityError
from student.label_path import LabelPath
from student.manifest import Precision
from student.runtime import OnnxStudent
from student.sessions import FASTEST_FIRST

Array = npt.NDArray[Any]
Feeds = Mapping[str, npt.NDArray[np.generic]]

HALVES = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))
FLOATS = (np.dtype(np.float32), *HALVES)


def _summed_in_float32(base: type[OpRun]) -> type[OpRun]:
    """An operator of the reference that computes in float32 and rounds what comes out, once."""

    def run(self: OpRun, *inputs: Array, **attributes: Any) -> tuple[Array, ...]:
        outputs = base._run(self, *(x.astype(np.float32, copy=False) for x in inputs), **attributes)  # type: ignore[no-untyped-call]
        return tuple(output.astype(inputs[0].dtype, copy=False) for output in outputs)

    return type(base.__name__, (base,), {"_run": run, "op_domain": ""})


class Gelu(OpRun):
    """The operator of opset 20. The reference expands it into nodes that would each round, and cube in 16 bits."""

    op_domain = ""

    def _run(self, x: Array, approximate: str = "none") -> tuple[Array]:
        wide = x.astype(np.float32, copy=False)
        if approximate == "tanh":
            part = np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3))
        else:
            part = _erf(wide * math.sqrt(0.5)).astype(np.float32)
        return ((0.5 * wide * (1 + part)).astype(x.dtype),)


_erf = np.vectorize(math.erf, otypes=[np.float64])
_SUMMING: tuple[type[OpRun], ...] = (MatMul, Softmax, Sigmoid)
_OPERATORS: list[type[OpRun]] = [*map(_summed_in_float32, _SUMMING), Gelu]


class Reference:
    """A graph of the standard's operators; runs like a session.

    Args:
        model: the graph, with its weights.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self._evaluator = ReferenceEvaluator(model, new_ops=_OPERATORS)
        self._constants = {tensor.name for tensor in model.graph.initializer}

    def values(self, feeds: Feeds) -> dict[str, Array]:
        """Every value that a run is given or makes, by name."""
        # Overflow is looked for in the values, where it can be named.
        with np.errstate(over="ignore", invalid="ignore"):
            values = self._evaluator.run(None, dict(feeds), intermediate=True)
        assert isinstance(values, dict)
        return {name: value for name, value in values.items() if name and name not in self._constants}

    def run(self, outputs: Sequence[str], feeds: Feeds) -> list[Array]:
        """The named outputs.

        Raises:
            ParityError: a value on the way is infinite or no number; names the first.
        """
        values = self.values(feeds)
        for name, value in values.items():
            if value.dtype in FLOATS and not np.isfinite(value.astype(np.float32)).all():
                raise ParityError(f"{name}: is not finite in {value.dtype}; leave this precision out")
        return [values[name] for name in outputs]


class ReferenceStudent(OnnxStudent):
    """A student whose label path is computed by the reference, in a precision that this machine cannot run.

    Args:
        bundle: a verified bundle.
        precision: one that the bundle has, of the standard's operators.
    """

    def __init__(self, bundle: Bundle, precision: Precision) -> None:
        super().__init__(bundle, precision="fp32")
        self.precision = precision
        graphs = bundle.manifest.label[precision]
        tree = Reference(onnx.load(bundle.path / graphs.tree)) if graphs.tree else None
        self._label = LabelPath(Reference(onnx.load(bundle.path / graphs.root)), tree)


def gate_student(bundle: Bundle, precision: Precision) -> OnnxStudent:
    """The student that the gate asks: by the runtime where this machine runs the precision, else by the reference."""
    runs = precision in FASTEST_FIRST["cpu"]
    return OnnxStudent(bundle, precision=precision) if runs else ReferenceStudent(bundle, precision)
