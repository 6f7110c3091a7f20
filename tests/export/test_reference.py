from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx
import pytest
import torch

from export.graph_builder import GraphBuilder, Numbers
from export.reference import Array, Reference
from student.errors import ParityError

DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def _model(float_type: str, operator: str, *constants: Array, **attributes: str) -> onnx.ModelProto:
    graph = GraphBuilder(Numbers(float_type))
    x = graph.input("x", "float32", ["rows", "columns"])
    with graph.block("block"):
        read = graph.read(x)
        y = graph.written(graph.node(operator, read, *map(graph.constant, constants), domain="", **attributes))
    graph.output(y, "y", "float32", None)
    return graph.model("one_node")


@pytest.mark.parametrize("float_type", list(DTYPES))
def test_sums_are_kept_in_float32_and_rounded_once(float_type: str) -> None:
    x = np.full((1, 4096), 1.0, np.float32)
    (y,) = Reference(_model(float_type, "MatMul", np.full((4096, 1), 1.0, np.float32))).run(["y"], {"x": x})
    # In 16 bits the sum would have stopped growing at 2048, or 256.
    assert y == 4096
    (y,) = Reference(_model(float_type, "MatMul", np.full((4096, 1), 1.001, np.float32))).run(["y"], {"x": x})
    once = np.float32(4096 * np.float64(np.float32(1.001).astype(DTYPES[float_type])))
    assert y == np.float32(once.astype(DTYPES[float_type]))


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_is_the_standards(approximate: str) -> None:
    x = np.linspace(-50, 50, 401, dtype=np.float32)[None]
    (y,) = Reference(_model("float16", "Gelu", approximate=approximate)).run(["y"], {"x": x})
    wanted = torch.nn.functional.gelu(torch.from_numpy(x).half().float(), approximate=approximate)
    np.testing.assert_allclose(y, wanted.half().float().numpy(), rtol=1e-3, atol=1e-6)


def test_overflow_is_refused_by_the_name_of_what_overflowed() -> None:
    x = np.full((1, 2), 200.0, np.float32)
    double = np.full((2, 1), 200.0, np.float32)
    with pytest.raises(ParityError, match=r"block/MatMul_\d+_0: is not finite in float16; leave this precision out"):
        Reference(_model("float16", "MatMul", double)).run(["y"], {"x": x})
    (y,) = Reference(_model("bfloat16", "MatMul", double)).run(["y"], {"x": x})
    assert y == pytest.approx(80000, rel=2**-8)
