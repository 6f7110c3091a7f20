"""Building an ONNX graph node by node."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from student.errors import ExportError

Array = npt.NDArray[np.generic]

OPSET = 21
IR_VERSION = 10
MICROSOFT = "com.microsoft"
"""ONNX Runtime's own operators."""

ELEMENT_TYPES = {
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
}
FLOAT_DTYPES: dict[str, npt.DTypeLike] = {
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}
LARGEST = {"float32": float(np.finfo(np.float32).max), "float16": 65504.0, "bfloat16": (2 - 2**-7) * 2.0**127}
"""Of each floating type."""


@dataclass(frozen=True)
class Numbers:
    """The floating types of a graph.

    Between blocks, in the residual streams and the norms, all is float32. A block (`encoder.0.dense` for instance)
    computes in a type of its own, and casts what it reads and writes.

    Attributes:
        float_type: of the blocks; a key of `FLOAT_DTYPES`.
        islands: blocks that stay in float32.
    """

    float_type: str = "float32"
    islands: frozenset[str] = frozenset()

    def of(self, block: str) -> str:
        """Floating type of a block; `""` is what lies between blocks."""
        return "float32" if not block or block in self.islands else self.float_type


FLOAT32 = Numbers()


def block_of(name: str) -> str:
    """The block that a node or value was written in, by its name; `""` between blocks."""
    block, separator, _ = name.rpartition("/")
    return block if separator else ""


class GraphBuilder:
    """Collects nodes and constants; equal ones are kept once.

    Values are named by strings, as in ONNX. A node that does what an earlier one does, with the same inputs, is not
    added again: what several readers need, a quantized activation for instance, each may ask for.

    Args:
        numbers: the floating types.
    """

    def __init__(self, numbers: Numbers = FLOAT32) -> None:
        self._numbers = numbers
        self._block = ""
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[bytes, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._known: dict[tuple[object, ...], list[str]] = {}

    def input(self, name: str, element_type: str, shape: Sequence[int | str]) -> str:
        """Declare an input of the graph; sizes that vary are given by name."""
        self._inputs.append(helper.make_tensor_value_info(name, ELEMENT_TYPES[element_type], shape))
        return name

    def output(self, value: str, name: str, element_type: str, shape: Sequence[int | str] | None) -> None:
        """Declare `value` as the graph's output `name`, once; a shape of None is not told."""
        if any(known.name == name for known in self._outputs):
            return
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"output_{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, ELEMENT_TYPES[element_type], shape))

    @contextlib.contextmanager
    def block(self, name: str) -> Iterator[None]:
        """Nodes and constants of a block: their names begin with its own, and floating ones have its type."""
        assert not self._block, f"{name} inside of {self._block}"
        self._block = name
        try:
            yield
        finally:
            self._block = ""

    def read(self, x: str) -> str:
        """`x`, a float32 value from outside, in this block's type."""
        to = self._numbers.of(self._block)
        return x if to == "float32" else self.node("Cast", x, to=ELEMENT_TYPES[to])

    def written(self, x: str) -> str:
        """`x`, of this block's type, as float32 for whoever reads it."""
        is_already = self._numbers.of(self._block) == "float32"
        return x if is_already else self.node("Cast", x, to=TensorProto.FLOAT)

    @property
    def lowest(self) -> float:
        """The lowest number of this block's type."""
        return -LARGEST[self._numbers.of(self._block)]

    def constant(self, value: npt.ArrayLike) -> str:
        """Name of a constant; its dtype is that of the array, float32 becoming the block's own type.

        Raises:
            ExportError: a value is too large for that type.
        """
        array = np.asarray(value, order="C")
        if array.dtype == np.float32:
            array = self._in_block_type(array)
        key = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode() + array.tobytes()).digest()
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"constant_{len(self._constants)}")
        return self._constants[key].name

    def _in_block_type(self, array: Array) -> Array:
        float_type = self._numbers.of(self._block)
        with np.errstate(over="ignore"):
            stored = array.astype(FLOAT_DTYPES[float_type], copy=False)
        if not np.isfinite(stored.astype(np.float32)).all():
            raise ExportError(
                f"{self._block or 'a norm'}: a weight is {np.abs(array).max():.3g}, {float_type} ends at "
                f"{LARGEST[float_type]:.5g}; leave this precision out"
            )
        return stored

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return its name. An input of `""` is an optional one left out."""
        (output,) = self.nodes(operator, *inputs, outputs=(True,), domain=domain, **attributes)
        return output

    def nodes(
        self, operator: str, *inputs: str, outputs: Sequence[bool], domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs.

        Args:
            operator: type of the node.
            inputs: names of values.
            outputs: for each output whether it is wanted; those that are not are left out.
            domain: where the operator is defined.
            attributes: of the operator.

        Returns:
            Names of the wanted outputs.
        """
        key = (operator, inputs, tuple(outputs), domain, repr(sorted(attributes.items())))
        if key in self._known:
            return self._known[key]
        name = f"{self._block}/{operator}_{len(self._nodes)}" if self._block else f"{operator}_{len(self._nodes)}"
        names = [f"{name}_{i}" if wanted else "" for i, wanted in enumerate(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, name=name, domain=domain, **attributes))
        self._known[key] = [name for name in names if name]
        return self._known[key]

    def model(self, name: str) -> onnx.ModelProto:
        """The finished graph."""
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, list(self._constants.values()))
        domains = sorted({node.domain for node in self._nodes} - {""})
        opsets = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(domain, 1) for domain in domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="quickstep")
