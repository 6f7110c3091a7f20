from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from export.weights import ALIGNMENT, MIN_BYTES, share_weights
from student.bundle import Bundle

LARGE = np.arange(512, dtype=np.float32).reshape(16, 32)
OTHER = -np.arange(512, dtype=np.float32).reshape(32, 16)
SMALL = np.array([2.0], dtype=np.float32)


def _graph(**weights: np.ndarray) -> onnx.ModelProto:
    """y = ((x @ a) @ b) * c, with traces of where it was made."""
    names = list(weights)
    nodes = [
        helper.make_node("MatMul", ["x", names[0]], ["h"], doc_string="File /home/someone/secret.py, line 1"),
        helper.make_node("MatMul", ["h", names[1]], ["g"]),
        helper.make_node("Mul", ["g", names[2]], ["y"]),
    ]
    nodes[0].metadata_props.add(key="pkg.torch.onnx.stack_trace", value="File /home/someone/secret.py")
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 16])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
        doc_string="/home/someone",
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], doc_string="/home/someone")
    model.ir_version = 10
    model.metadata_props.add(key="path", value="/home/someone")
    return model


def _external(folder: Path, file: str) -> dict[str, tuple[int, int]]:
    """Offset and length by tensor name."""
    model = onnx.load(folder / file, load_external_data=False)
    found = {}
    for tensor in model.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            entries = {entry.key: entry.value for entry in tensor.external_data}
            assert entries["location"] == "w.bin"
            found[tensor.name] = (int(entries["offset"]), int(entries["length"]))
    return found


def test_equal_tensors_are_stored_once_over_all_graphs(tmp_path: Path) -> None:
    graphs = {
        "one.onnx": _graph(a=LARGE, b=OTHER, c=SMALL),
        "two.onnx": _graph(first=LARGE.copy(), second=OTHER * 2, third=SMALL),
    }
    share_weights(graphs, tmp_path, "w.bin")

    one, two = _external(tmp_path, "one.onnx"), _external(tmp_path, "two.onnx")
    assert set(one) == {"a", "b"}
    assert one["a"] == two["first"]
    assert len({*one.values(), *two.values()}) == 3
    assert (tmp_path / "w.bin").stat().st_size == 3 * LARGE.nbytes
    assert all(offset % ALIGNMENT == 0 for offset, _ in one.values())


def test_values_survive(tmp_path: Path) -> None:
    share_weights({"g.onnx": _graph(a=LARGE, b=OTHER, c=SMALL)}, tmp_path, "w.bin")
    loaded = onnx.load(tmp_path / "g.onnx")
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in loaded.graph.initializer}
    for name, array in (("a", LARGE), ("b", OTHER), ("c", SMALL)):
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
    x = np.ones((2, 16), dtype=np.float32)
    session = ort.InferenceSession(str(tmp_path / "g.onnx"), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"x": x})[0], ((x @ LARGE) @ OTHER) * 2, rtol=1e-6)


def test_tensors_given_as_float_data_survive(tmp_path: Path) -> None:
    model = _graph(a=LARGE, b=OTHER, c=SMALL)
    model.graph.initializer[0].CopyFrom(
        helper.make_tensor("a", TensorProto.FLOAT, LARGE.shape, LARGE.flatten().tolist())
    )
    share_weights({"g.onnx": model}, tmp_path, "w.bin")
    loaded = onnx.load(tmp_path / "g.onnx")
    np.testing.assert_array_equal(numpy_helper.to_array(loaded.graph.initializer[0]), LARGE)


def test_small_tensors_stay_in_the_graph(tmp_path: Path) -> None:
    below, at = MIN_BYTES // 4 - 16, MIN_BYTES // 4
    graph = _graph(a=np.ones((16, at // 16), dtype=np.float32), b=np.ones((at // 16, 16), dtype=np.float32), c=SMALL)
    graph.graph.initializer.append(numpy_helper.from_array(np.ones(below, dtype=np.float32), "unused"))
    share_weights({"g.onnx": graph}, tmp_path, "w.bin")
    assert set(_external(tmp_path, "g.onnx")) == {"a", "b"}


def test_no_trace_of_the_source_remains(tmp_path: Path) -> None:
    share_weights({"g.onnx": _graph(a=LARGE, b=OTHER, c=SMALL)}, tmp_path, "w.bin")
    assert b"someone" not in (tmp_path / "g.onnx").read_bytes()


def test_bundle_holds_no_path_of_the_machine_that_made_it(tiny_bundle: Bundle, tiny_run: Path) -> None:
    for file in tiny_bundle.path.iterdir():
        if file.name == "weights.bin":
            continue
        content = file.read_bytes()
        for trace in (str(Path(__file__).parents[2]), str(tiny_run), "site-packages", ".py", "Traceback", "/tmp/"):
            assert trace.encode() not in content, f"{file.name} contains {trace}"
        assert not re.search(rb"/(home|root|work|usr)/", content), file.name


def test_bundle_stores_no_weight_twice(tiny_bundle: Bundle) -> None:
    """Encoder, decoder steps and label path are of one student: the file is far smaller than the sum."""
    weights = (tiny_bundle.path / "weights.bin").read_bytes()
    seen: dict[bytes, tuple[int, int]] = {}
    total = 0
    manifest = tiny_bundle.manifest
    for file in (*manifest.label["fp32"].model_dump().values(), *manifest.rationale.model_dump().values()):
        for tensor in onnx.load(tiny_bundle.path / file, load_external_data=False).graph.initializer:
            entries = {entry.key: entry.value for entry in tensor.external_data}
            if not entries:
                continue
            place = (int(entries["offset"]), int(entries["length"]))
            total += place[1]
            content = weights[place[0] : sum(place)]
            assert seen.setdefault(content, place) == place
    assert len(weights) < 0.7 * total
