"""A bundle with 16-bit label paths, where there is no GPU: exported, judged, and left alone by the runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from export import cli
from export.compile import compile_bundle
from export.config import ExportConfig
from student import cli as quickstep
from student.bundle import Bundle
from student.errors import BundleError
from student.manifest import Precision
from student.runtime import OnnxStudent
from training.checkpoint import load_checkpoint
from training.validation_rows import read_rows


@pytest.fixture(scope="module")
def bundle(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    checkpoint = load_checkpoint(tiny_run)
    target = tmp_path_factory.mktemp("half") / "tiny"
    return compile_bundle(
        checkpoint,
        target,
        read_rows(checkpoint.path),
        name="tiny",
        config=ExportConfig(precisions=("fp32", "fp16", "bf16"), max_text_rows=3),
        progress=False,
    )


def test_gate_tells_what_computed_and_what_was_done_against_overflow(bundle: Bundle) -> None:
    parity = bundle.parity()["precisions"]
    for precision in ("fp16", "bf16"):
        assert parity[precision]["label"]["rows"] == 16
        assert parity[precision]["computed_by"].endswith("no GPU took part")
        assert 0 < parity[precision]["max_probability_difference"] < 0.05
    assert cli._told(bundle.parity()).count("; computed by onnx.reference") == 2
    assert parity["fp16"]["plan"]["islands"] == [] and "plan" not in parity["bf16"]
    assert 0 < parity["fp16"]["plan"]["largest_after"] < 2**13


def test_weights_of_both_graphs_of_a_precision_are_stored_once(bundle: Bundle, tiny_bundle: Bundle) -> None:
    sizes = {name: record.bytes for name, record in bundle.manifest.files.items()}
    # Two more copies of half the size each, not four.
    assert sizes["weights.bin"] < 2.2 * tiny_bundle.manifest.files["weights.bin"].bytes
    assert {f"label_{role}.{precision}.onnx" for role in ("root", "tree") for precision in ("fp16", "bf16")} <= set(
        sizes
    )


def test_cpu_takes_float32_by_itself_and_refuses_what_it_cannot_run(bundle: Bundle) -> None:
    assert OnnxStudent(bundle, threads=1).precision == "fp32"
    precisions: tuple[Precision, ...] = ("fp16", "bf16")
    for precision in precisions:
        with pytest.raises(BundleError) as caught:
            OnnxStudent(bundle, threads=1, precision=precision)
        message = (
            f"{precision} does not run on cpu, which runs int8, fp32; the bundle has fp32, fp16, bf16: take another"
        )
        assert message in str(caught.value)


def test_golden_answers_hold_every_precisions_probabilities(bundle: Bundle) -> None:
    closed = [golden.probabilities for golden in bundle.golden() if golden.probabilities is not None]
    assert closed and all(set(probabilities) == {"fp32", "fp16", "bf16"} for probabilities in closed)


def test_verify_says_what_it_did_not_ask(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    assert quickstep.main(["verify", str(bundle.path)]) == 0
    output = capsys.readouterr().out
    assert "fp16: not asked, a CPU does not run it" in output and "fp32: 12 of 12 golden answers the same" in output
