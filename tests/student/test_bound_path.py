"""Everything but the capture itself: on the CPU provider the same buffers, bindings and padding are used."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from student.bound_path import BoundLabelPath
from student.bundle import Bundle
from student.cli import main
from student.errors import BundleError, QuickstepError
from student.label_path import LabelPath
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from student.sessions import CUDA_PROVIDER, open_cuda_session, open_session

Inputs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Sequence[PreparedQuestion]]
QUESTIONS = [
    Question("demo-nli", {"premise": "A man sleeps.", "hypothesis": "He is awake."}),
    Question("demo-choices", {"question": "Where is milk kept?"}, ("fridge", "fridge door", "garage", "a zoo")),
    Question("demo-nli", {"premise": "A " + "very " * 20 + "tall man sleeps.", "hypothesis": "No."}),
    Question("demo-choices", {"question": "?"}, ("a", "b")),
    Question("demo-choices", {"question": "Which one is red?"}, ("xx", "xxx", "xxxx", "x", "y", "z")),
]


@pytest.fixture(scope="module")
def plain(tiny_bundle: Bundle) -> LabelPath:
    return LabelPath(*_sessions(tiny_bundle))


@pytest.fixture
def bound(tiny_bundle: Bundle) -> BoundLabelPath:
    return BoundLabelPath(*_sessions(tiny_bundle), device="cpu", lengths=(16, 64, 128), batches=(1, 2, 4))


def _sessions(bundle: Bundle) -> tuple[object, object]:
    label = bundle.manifest.label["fp32"]
    assert label.tree is not None
    return open_session(bundle.path / label.root, 1), open_session(bundle.path / label.tree, 1)


def _inputs(student: OnnxStudent, questions: Sequence[Question]) -> Inputs:
    prepared = [student.prepare(question) for question in questions]
    return (*student._pad([question.label_ids for question in prepared]), prepared)


def _score(path: LabelPath, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
    ids, mask, prepared = inputs
    return path.edge_logits(ids, mask, [question.space.trie for question in prepared if question.space is not None])


@pytest.mark.parametrize("rows", [[0], [1], [0, 1], [2, 0, 3], [0, 1, 2, 3, 4], [4, 4, 4, 1, 0, 2, 3, 1, 1]])
def test_padded_batches_give_the_scores_of_the_rows(
    tiny_student: OnnxStudent, plain: LabelPath, bound: BoundLabelPath, rows: list[int]
) -> None:
    inputs = _inputs(tiny_student, [QUESTIONS[row] for row in rows])
    # Twice: the second run finds its buffers filled.
    for _ in range(2):
        for ours, theirs in zip(_score(bound, inputs), _score(plain, inputs), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_scores_stay_when_the_buffers_are_written_again(tiny_student: OnnxStudent, bound: BoundLabelPath) -> None:
    (first,) = _score(bound, _inputs(tiny_student, QUESTIONS[:1]))
    before = first.copy()
    other = Question("demo-nli", {"premise": "A dog runs.", "hypothesis": "It rains."})
    (second,) = _score(bound, _inputs(tiny_student, [other]))
    np.testing.assert_array_equal(first, before)
    assert not np.array_equal(first, second)


def test_batches_of_like_size_share_buffers(tiny_student: OnnxStudent, bound: BoundLabelPath) -> None:
    for rows, shapes in ((1, 1), (1, 1), (3, 2), (4, 2), (2, 3), (1, 3)):
        _score(bound, _inputs(tiny_student, QUESTIONS[:1] * rows))
        assert len(bound._bindings) == shapes


def test_threads_get_their_own_scores(tiny_student: OnnxStudent, plain: LabelPath, bound: BoundLabelPath) -> None:
    inputs = [_inputs(tiny_student, [question]) for question in QUESTIONS] * 4
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: _score(bound, one)[0], inputs))
    for ours, one in zip(found, inputs, strict=True):
        np.testing.assert_allclose(ours, _score(plain, one)[0], atol=1e-5)


def test_input_longer_than_every_bucket_is_refused(tiny_student: OnnxStudent, tiny_bundle: Bundle) -> None:
    short = BoundLabelPath(*_sessions(tiny_bundle), device="cpu", lengths=(8, 16), batches=(1, 8))
    with pytest.raises(QuickstepError, match=r"\d+ source tokens in a batch, the largest bucket holds 16"):
        _score(short, _inputs(tiny_student, QUESTIONS[2:3]))


@pytest.mark.parametrize("buckets", [(), (0, 4), (4, 2), (2, 2)])
def test_buckets_that_do_not_ascend_are_refused(tiny_bundle: Bundle, buckets: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"lengths .*must be ascending"):
        BoundLabelPath(*_sessions(tiny_bundle), device="cpu", lengths=buckets)
    with pytest.raises(ValueError, match=r"batches .*must be ascending"):
        BoundLabelPath(*_sessions(tiny_bundle), device="cpu", lengths=(16,), batches=buckets)


def test_missing_cuda_is_refused_with_what_to_install(
    tiny_bundle: Bundle, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    message = (
        r"device cuda: this onnxruntime has no CUDAExecutionProvider, only CPUExecutionProvider; .*quickstep\[gpu\]"
    )
    with pytest.raises(BundleError, match=message):
        open_cuda_session(tiny_bundle.path / "label_root.fp32.onnx")
    with pytest.raises(BundleError, match=message):
        OnnxStudent(tiny_bundle, device="cuda")
    assert main(["predict", str(tiny_bundle.path), "/dev/null", "--device", "cuda"]) == 1
    assert "has no CUDAExecutionProvider" in capsys.readouterr().err


def test_silent_fall_back_to_the_cpu_is_refused(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tiny_bundle.path / "label_root.fp32.onnx"
    # What ONNX Runtime does where CUDA's libraries are missing: a session comes, of the provider that is left.
    on_the_cpu = open_session(graph, 1)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [CUDA_PROVIDER, "CPUExecutionProvider"])
    monkeypatch.setattr("onnxruntime.InferenceSession", lambda *_, **__: on_the_cpu)
    with pytest.raises(BundleError, match="found no usable GPU, CUDA or cuDNN and would run on the CPU"):
        open_cuda_session(graph)
