"""FP16 and BF16: what is stored and multiplied in 16 bits, and what keeps that from overflowing.

A block (`encoder.0.dense`) stores its weights, multiplies and attends in 16 bits; residual streams, norms and the last
product, over a few rows, are float32. BF16 has float32's range. FP16 ends at 65504, and T5's feed-forwards pass that:
for FP16 real rows are run in float32, every value of every block is looked at, and then

1. weights are rescaled by powers of two, which changes no answer and rounds nothing:
   - the embedding and whatever writes to a residual stream by 2^-k, epsilon by 4^-k: the stream becomes 2^-k times what
     it was, and the norms, through which alone it is read, take that out again;
   - in a feed-forward, inner values by 2^-j and the weights that read them by 2^j. A gated inner value is a multiple of
     `up`, which is scaled; for ReLU `first` is. An ungated GELU or SiLU is not homogeneous, and is left alone;
2. the rescaled student is run again, and a block that still has a value out of bounds stays in float32: an island.

k and j are the smallest that keep values under `LIMIT`; where nothing is too large they are 0. Values so small that
FP16 would round them more coarsely than its 11 bits make an island too: rescaling must not lose in precision what it
wins in range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
import onnx
from tqdm import tqdm

from export.calibration import CalibrationRow
from export.extents import COARSE, LIMIT, Half, scan
from export.graph_builder import Numbers
from export.label_graph import root_graph, tree_graph
from export.standard import Standard
from export.t5_weights import Attention, FeedForward, FloatArray, Layer, T5Weights

T = TypeVar("T")
HalfPrecision = Literal["fp16", "bf16"]
FLOAT_TYPES: dict[HalfPrecision, str] = {"fp16": "float16", "bf16": "bfloat16"}

MAX_ROWS = 256
"""That are scanned, and as many others that the gate judges on: node by node is slow."""

COMPUTED_BY = "onnx.reference: every value rounded to 16 bits, sums in float32; no GPU took part"


@dataclass(frozen=True)
class HalfPlan:
    """What FP16 needs of a student; of none of it BF16 needs anything.

    Attributes:
        stream_shift: k; residual streams are 2^-k times what they were.
        inner_shifts: j by block; a feed-forward's inner values are 2^-j times what they were.
        islands: blocks that stay in float32.
        largest_before: absolute value of anything that would be in 16 bits, on the rows seen.
        largest_after: the same after rescaling, outside of islands.
    """

    stream_shift: int = 0
    inner_shifts: Mapping[str, int] = field(default_factory=dict)
    islands: frozenset[str] = frozenset()
    largest_before: float = 0.0
    largest_after: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Plain values, for the report."""
        return asdict(self) | {"islands": sorted(self.islands)}


def half_label_path(
    precision: HalfPrecision, weights: T5Weights, rows: Sequence[CalibrationRow], *, tree: bool, progress: bool
) -> tuple[dict[str, onnx.ModelProto], dict[str, Any]]:
    """The label path in a 16-bit precision, by role, and what the report shall tell of it.

    Args:
        precision: which.
        weights: of the student, in float32.
        rows: real inputs, some of every task.
        tree: whether a task's answers need more decoder positions than the root.
        progress: show a progress bar.

    Raises:
        ExportError: a weight is too large for the type.
    """
    note: dict[str, Any] = {"computed_by": COMPUTED_BY}
    plan = HalfPlan()
    if precision == "fp16":
        plan = plan_fp16(weights, spread(rows), progress=progress)
        note["plan"] = plan.as_dict()
    return half_graphs(precision, weights, plan, tree=tree), note


def spread(rows: Sequence[T], most: int = MAX_ROWS) -> Sequence[T]:
    """At most so many rows, evenly over all of them: those of a task lie together."""
    return [rows[i * len(rows) // most] for i in range(most)] if len(rows) > most else rows


def half_graphs(
    precision: HalfPrecision, weights: T5Weights, plan: HalfPlan, *, tree: bool
) -> dict[str, onnx.ModelProto]:
    """The label path in a 16-bit precision, by role (`student.manifest.LabelGraphs`), of the standard's operators.

    Args:
        precision: which.
        weights: of the student, in float32.
        plan: for FP16, what `plan_fp16` found.
        tree: whether a task's answers need more decoder positions than the root.

    Raises:
        ExportError: a weight is too large for the type.
    """
    operators = Standard(Numbers(FLOAT_TYPES[precision], plan.islands))
    scaled = rescaled(weights, plan.stream_shift, plan.inner_shifts)
    roles = {"root": root_graph, "tree": tree_graph} if tree else {"root": root_graph}
    return {role: graph(scaled, Half(), operators) for role, graph in roles.items()}


def plan_fp16(weights: T5Weights, rows: Sequence[CalibrationRow], *, progress: bool = True) -> HalfPlan:
    """Find what keeps FP16 from overflowing on real rows.

    Args:
        weights: of the student, in float32.
        rows: real inputs, some of every task.
        progress: show a progress bar.
    """
    with tqdm(total=2 * len(rows), desc="fp16: scan", unit="row", disable=not progress) as bar:
        before = scan(weights, rows, bar)
        stream_shift = _shift(max(extent.written for block, extent in before.items() if block != "output"))
        inner_shifts = {
            block: shift
            for block, dense in _feed_forwards(weights).items()
            if (shift := _inner_shift(weights, dense, before[block].inner, stream_shift))
        }
        after = scan(rescaled(weights, stream_shift, inner_shifts), rows, bar)
    islands = frozenset(block for block, extent in after.items() if not extent.fits)
    return HalfPlan(
        stream_shift,
        inner_shifts,
        islands,
        largest_before=max(extent.largest for extent in before.values()),
        largest_after=max((extent.largest for block, extent in after.items() if block not in islands), default=0.0),
    )


def rescaled(weights: T5Weights, stream_shift: int, inner_shifts: Mapping[str, int]) -> T5Weights:
    """The same student with other weights; exact as long as float32 holds them.

    Args:
        weights: of the student.
        stream_shift: k; residual streams become 2^-k times what they were.
        inner_shifts: j by block, e.g. `encoder.0.dense`; inner values become 2^-j times what they were.
    """

    def layers(stack: str, given: tuple[Layer, ...]) -> tuple[Layer, ...]:
        return tuple(
            _rescaled_layer(layer, stream_shift, inner_shifts.get(f"{stack}.{number}.dense", 0))
            for number, layer in enumerate(given)
        )

    return replace(
        weights,
        embedding=_times(weights.embedding, -stream_shift),
        encoder=layers("encoder", weights.encoder),
        decoder=layers("decoder", weights.decoder),
        epsilon=math.ldexp(weights.epsilon, -2 * stream_shift),
    )


def _rescaled_layer(layer: Layer, stream_shift: int, inner_shift: int) -> Layer:
    def writes(attention: Attention) -> Attention:
        return replace(attention, output=_times(attention.output, -stream_shift))

    dense = layer.dense
    up, first = (None, -inner_shift) if dense.up is None else (_times(dense.up, -inner_shift), 0)
    return replace(
        layer,
        attention=writes(layer.attention),
        cross=writes(layer.cross) if layer.cross is not None else None,
        dense=FeedForward(_times(dense.first, first), up, _times(dense.output, inner_shift - stream_shift)),
    )


def _times(array: FloatArray, power: int) -> FloatArray:
    """`array * 2**power`; the array itself where that is 1, so that equal constants stay one."""
    return np.ldexp(array, power) if power else array


def _feed_forwards(weights: T5Weights) -> dict[str, FeedForward]:
    """Those of both stacks, by block."""
    stacks = {"encoder": weights.encoder, "decoder": weights.decoder}
    return {f"{stack}.{i}.dense": layer.dense for stack, layers in stacks.items() for i, layer in enumerate(layers)}


def _inner_shift(weights: T5Weights, dense: FeedForward, largest: float, stream_shift: int) -> int:
    """The smallest power, from 0, that keeps inner values small enough and the weights that read them large enough.

    Args:
        weights: of the student.
        dense: the block's.
        largest: absolute inner value that was seen.
        stream_shift: by which `dense.output` is scaled as well.
    """
    if dense.up is None and weights.activation != "relu":
        return 0
    before = dense.first if dense.up is None else dense.up
    mean_square = float(np.mean(np.square(dense.output, dtype=np.float64)))
    return max(
        _shift(max(largest, float(np.abs(before).max()))),
        math.ceil(math.log2(COARSE / math.sqrt(mean_square))) + stream_shift if mean_square else 0,
    )


def _shift(largest: float) -> int:
    """The smallest power of two, from 0, that brings a value under `LIMIT`."""
    return max(0, math.ceil(math.log2(largest / LIMIT))) if largest > 0 else 0
