"""What the machine itself can do: matrix products in ONNX Runtime, and reading memory. The roof over every graph."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from export.graph_builder import IR_VERSION, MICROSOFT, OPSET

_SIZES = ((256, 768, 2048), (1024, 1024, 4096), (2048, 2048, 2048))
"""[rows, in] times [in, out]: large enough that starting a product is nothing. The best rate of them counts."""

_READ_BYTES = 1 << 29
"""Far more than any cache, and little beside the memory."""


@dataclass(frozen=True)
class Rates:
    """The best of all sizes, each the median of its calls.

    Attributes:
        threads: that they were measured with.
        giga_ops: 10^9 operations a second (a multiplication and an addition are two) by precision.
        read_gb_per_s: 10^9 bytes a second.
    """

    threads: int
    giga_ops: dict[str, float]
    read_gb_per_s: float


def measure_rates(threads: int, seconds: float) -> Rates:
    """Measure.

    Args:
        threads: of each product.
        seconds: for each size and precision.
    """
    return Rates(
        threads,
        {
            precision: round(max(_product_rate(precision, size, threads, seconds) for size in _SIZES), 1)
            for precision in ("fp32", "int8")
        },
        round(_read_rate(threads, seconds), 2),
    )


def _product_rate(precision: str, size: tuple[int, int, int], threads: int, seconds: float) -> float:
    rows, inner, columns = size
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    model = _product(precision, size).SerializeToString()
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (rows, inner)).astype(np.uint8 if precision == "int8" else np.float32)
    return 2 * rows * inner * columns / _median_s(lambda: session.run(None, {"x": x}), seconds) / 1e9


def _product(precision: str, size: tuple[int, int, int]) -> onnx.ModelProto:
    """One product as our graphs have it, of an input with a constant."""
    rows, inner, columns = size
    random = np.random.default_rng(1)
    if precision == "int8":
        constants: dict[str, npt.NDArray[np.generic]] = {
            "weight": random.integers(-127, 128, (inner, columns)).astype(np.int8),
            "scale": np.array(0.01, np.float32),
            "column_scale": np.full(columns, 0.01, np.float32),
            "zero_point": np.array(128, np.uint8),
        }
        names = ["x", "weight", "scale", "column_scale", "zero_point"]
        node = helper.make_node("MatMulIntegerToFloat", names, ["y"], domain=MICROSOFT)
    else:
        constants = {"weight": random.random((inner, columns), dtype=np.float32)}
        node = helper.make_node("MatMul", ["x", "weight"], ["y"])
    element = TensorProto.UINT8 if precision == "int8" else TensorProto.FLOAT
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("x", element, [rows, inner])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, columns])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _read_rate(threads: int, seconds: float) -> float:
    # torch reads with several threads, numpy with one.
    import torch

    torch.set_num_threads(threads)
    values = torch.ones(_READ_BYTES // 4)
    return _READ_BYTES / _median_s(values.sum, seconds) / 1e9


def _median_s(call: Callable[[], object], seconds: float) -> float:
    call()
    times_s: list[float] = []
    until = time.perf_counter() + seconds
    while not times_s or time.perf_counter() < until:
        start = time.perf_counter()
        call()
        times_s.append(time.perf_counter() - start)
    return statistics.median(times_s)
