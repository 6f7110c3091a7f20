"""INT8 for CPUs: matrix products of 8-bit integers, everything else in float32.

An activation's range is fixed at export, from real rows: the scores of a row then do not depend on its batch.
Weights are quantized by column. Between two products all is float32, so each activation is rounded once, where a
product reads it.

Activations are unsigned: ONNX Runtime 1.32 multiplies signed ones by a plain loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.graph_builder import MICROSOFT, GraphBuilder
from export.t5_weights import FloatArray


@dataclass(frozen=True)
class Range:
    """What of an activation eight bits can hold: values are rounded to steps, those outside are cut off.

    Attributes:
        scale: size of a step.
        zero_point: the step that stands for 0, from 0 to 255.
    """

    scale: float
    zero_point: int

    @classmethod
    def between(cls, low: float, high: float) -> Range:
        """The range that holds `low` to `high`, and 0, which padding and ReLU give exactly."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = max((high - low) / 255, float(np.finfo(np.float32).tiny))
        return cls(scale, round(-low / scale))


class Int8:
    """Products of 8-bit integers.

    Args:
        ranges: of what is read, by site. A site that no calibration row reached has none and stays in float32.
        keep: sites that stay in float32 as well.
    """

    masked_heads = True
    masked_nodes = True

    def __init__(self, ranges: Mapping[str, Range], keep: Iterable[str] = ()) -> None:
        self._ranges = ranges
        self._keep = frozenset(keep)

    def linear(self, graph: GraphBuilder, x: str, weight: FloatArray, site: str) -> str:
        """`x @ weight`."""
        if site in self._keep or site not in self._ranges:
            return graph.node("MatMul", x, graph.constant(weight))
        read = self._ranges[site]
        scale = graph.constant(np.float32(read.scale))
        zero_point = graph.constant(np.uint8(read.zero_point))
        steps, column_scale = quantize_columns(weight)
        return graph.node(
            "MatMulIntegerToFloat",
            graph.node("QuantizeLinear", x, scale, zero_point),
            graph.constant(steps),
            scale,
            graph.constant(column_scale),
            zero_point,
            domain=MICROSOFT,
        )


def quantize_columns(weight: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Symmetric 8-bit steps, a scale for each column.

    Args:
        weight: [in, out].

    Returns:
        Steps [in, out], from -127 to 127, and scales [out]; a column of zeros gets scale 1.
    """
    largest = np.abs(weight).max(axis=0)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale
