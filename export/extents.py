"""How large the values of a T5 become on real rows, block by block: what decides where 16 bits will do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np
import onnx
from onnx import numpy_helper
from tqdm import tqdm

from export.calibration import CalibrationRow
from export.graph_builder import GraphBuilder, block_of
from export.label_graph import root_graph, tree_graph
from export.reference import Array, Reference
from export.standard import Standard
from export.t5_weights import FloatArray, T5Weights

Kind = Literal["inner", "weight", "written"]

LIMIT = 2.0**13
"""Largest value that a real row may give: an eighth of what FP16 holds is for rows not seen and for partial sums."""

COARSE = 2.0**-13
"""Root mean square below which FP16's smallest step, 2^-24, is coarser than its 11 bits are at that size."""


class Half:
    """Every product in the block's type. One product for all heads: an ordinary matrix suits tensor cores best."""

    masked_heads = True
    masked_nodes = False

    def linear(self, graph: GraphBuilder, x: str, weight: FloatArray, site: str) -> str:
        """`x @ weight`."""
        return graph.node("MatMul", x, graph.constant(weight))


@dataclass
class Extent:
    """How large and how small the values of a block are.

    Attributes:
        inner: largest absolute value that is read, or computed and read again within the block.
        weight: largest absolute value of its weights.
        written: largest absolute value that leaves it.
        smallest: root mean square of any of these tensors in any run; tensors of zeros are left out.
    """

    inner: float = 0.0
    weight: float = 0.0
    written: float = 0.0
    smallest: float = math.inf

    def see(self, values: Array, kind: Kind) -> None:
        """Widen by one tensor."""
        largest = float(np.abs(values).max(initial=0))
        setattr(self, kind, max(getattr(self, kind), largest))
        if largest > 0:
            self.smallest = min(self.smallest, float(np.sqrt(np.mean(np.square(values, dtype=np.float64)))))

    @property
    def largest(self) -> float:
        """Largest absolute value of all."""
        return max(self.inner, self.weight, self.written)

    @property
    def fits(self) -> bool:
        """Whether FP16 holds all of it, with room, and no more coarsely than its 11 bits say."""
        return self.largest <= LIMIT and self.smallest >= COARSE


def scan(weights: T5Weights, rows: Sequence[CalibrationRow], bar: tqdm[NoReturn]) -> dict[str, Extent]:
    """Run rows in float32, one by one and without padding, and look at every value that FP16 would hold.

    Args:
        weights: of the student.
        rows: real inputs.
        bar: moved on by one a row.

    Returns:
        What was seen, by block.
    """
    found: dict[str, Extent] = {}
    graphs = {deep: graph(weights, Half(), Standard()) for deep, graph in ((False, root_graph), (True, tree_graph))}
    for model in graphs.values():
        constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        for node in model.graph.node:
            for name in node.input:
                # A single number is no weight but what stands for a score that may not be seen.
                if name in constants and constants[name].dtype == np.float32 and constants[name].size > 1:
                    found.setdefault(block_of(node.name), Extent()).see(constants[name], "weight")
    runs = {deep: (Reference(model), _places(model)) for deep, model in graphs.items()}
    for row in rows:
        for deep in (False, True) if row.trie.nodes > 1 else (False,):
            reference, places = runs[deep]
            values = reference.values(row.feeds(deep=deep))
            for block, name, kind in places:
                if values[name].dtype == np.float32:
                    found.setdefault(block, Extent()).see(values[name], kind)
        bar.update()
    found.pop("", None)  # what lies between blocks is float32
    return found


def _places(model: onnx.ModelProto) -> list[tuple[str, str, Kind]]:
    """Block, name and kind of each value that a block reads or computes."""
    constants = {tensor.name for tensor in model.graph.initializer}
    # Scores that may not be seen are as low as the type allows, on purpose.
    unseen = {node.output[0] for node in model.graph.node if node.op_type == "Where"}
    written = {name for node in model.graph.node if not block_of(node.name) for name in node.input if block_of(name)}
    places: dict[tuple[str, str, Kind], None] = {}
    for node in model.graph.node:
        for name in {*node.input, *node.output} - constants - unseen:
            places[block_of(node.name), name, "written" if name in written else "inner"] = None
    return [place for place in places if place[0]]
