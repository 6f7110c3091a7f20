"""Building an ONNX graph node by node."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.generic]

OPSET = 21
IR_VERSION = 10
MICROSOFT = "com.microsoft"
"""ONNX Runtime's own operators."""

ELEMENT_TYPES = {"int32": TensorProto.INT32, "int64": TensorProto.INT64, "float32": TensorProto.FLOAT}


class GraphBuilder:
    """Collects nodes and constants; equal ones are kept once.

    Values are named by strings, as in ONNX. A node that does what an earlier one does, with the same inputs, is not
    added again: what several readers need, a quantized activation for instance, each may ask for.
    """

    def __init__(self) -> None:
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

    def constant(self, value: npt.ArrayLike) -> str:
        """Name of a constant; its dtype is that of the array."""
        array = np.asarray(value, order="C")
        key = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode() + array.tobytes()).digest()
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"constant_{len(self._constants)}")
        return self._constants[key].name

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
        number = len(self._nodes)
        names = [f"{operator}_{number}_{i}" if wanted else "" for i, wanted in enumerate(outputs)]
        self._nodes.append(
            helper.make_node(operator, inputs, names, name=f"{operator}_{number}", domain=domain, **attributes)
        )
        self._known[key] = [name for name in names if name]
        return self._known[key]

    def model(self, name: str) -> onnx.ModelProto:
        """The finished graph."""
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="quickstep")
