from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from export import cli, compile, int8_plan
from export.calibration import calibrate
from export.compile import GOLDEN_PER_TASK, _without_local_paths, compile_bundle
from export.config import ExportConfig
from export.int8 import Range
from student import cli as quickstep
from student.bundle import Bundle
from student.errors import BundleError, ExportError, ParityError
from student.manifest import LabelGraphs, Precision
from student.prediction import AnswerProbability, Prediction
from student.question import Question
from student.runtime import OnnxStudent
from tests.conftest import TINY
from training.checkpoint import Checkpoint, load_checkpoint
from training.config import SourceConfig
from training.data.example import Example
from training.run import train
from training.validation_rows import read_rows

INT8 = ExportConfig(precisions=("fp32", "int8"))


@pytest.fixture
def checkpoint(tiny_run: Path) -> Checkpoint:
    return load_checkpoint(tiny_run)


@pytest.fixture
def rows(tiny_run: Path) -> list[Example]:
    return read_rows(tiny_run / "student")


@pytest.fixture
def graphs_at_hand(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs that were exported from these weights already: exporting them again takes ten seconds."""

    def copy(checkpoint: Checkpoint, folder: Path, *rest: object, **options: object) -> dict[Precision, LabelGraphs]:
        for file in tiny_bundle.path.iterdir():
            if file.suffix in (".onnx", ".bin"):
                shutil.copy(file, folder)
        return tiny_bundle.manifest.label

    monkeypatch.setattr(compile, "_write_graphs", copy)


def test_bundle_has_everything(tiny_bundle: Bundle, tiny_run: Path) -> None:
    assert {file.name for file in tiny_bundle.path.iterdir()} == {
        "manifest.json",
        "tokenizer.json",
        "tasks.json",
        "golden.json",
        "parity.json",
        "parity.md",
        "parity.png",
        "label_root.fp32.onnx",
        "label_tree.fp32.onnx",
        "encoder.onnx",
        "decoder_first.onnx",
        "decoder_next.onnx",
        "weights.bin",
    }
    manifest = tiny_bundle.manifest
    assert manifest.name == "tiny"
    assert (manifest.start_token, manifest.end_token, manifest.pad_token) == (0, 1, 0)
    assert manifest.max_source_tokens == 128
    assert list(tiny_bundle.tasks) == ["demo-nli", "demo-choices", "demo-math"]

    record = json.loads((tiny_run / "student" / "quickstep.json").read_text())
    training = manifest.made_by["training"]
    assert training["config"]["preset"] == "tiny"
    assert training["data"]["digest"] == record["data"]["digest"]
    assert training["metrics"] == record["metrics"]
    assert set(manifest.made_by["export_versions"]) >= {"torch", "onnx", "onnxruntime", "transformers"}


def test_golden_answers_cover_every_task(tiny_bundle: Bundle, rows: list[Example]) -> None:
    golden = tiny_bundle.golden()
    assert [item.task for item in golden] == [task for task in tiny_bundle.tasks for _ in range(GOLDEN_PER_TASK)]
    assert all((item.probabilities is None) == (item.task == "demo-math") for item in golden)
    assert golden[0].inputs == dict(rows[0].inputs)


def test_bundle_is_named_by_its_manifest(tiny_bundle: Bundle) -> None:
    assert Bundle.open(tiny_bundle.path).digest == tiny_bundle.digest


@pytest.mark.usefixtures("graphs_at_hand")
def test_weights_changed_after_the_export_are_refused_and_nothing_is_written(
    checkpoint: Checkpoint, rows: list[Example], tmp_path: Path
) -> None:
    with torch.no_grad():
        checkpoint.model.decoder.block[0].layer[1].EncDecAttention.v.weight *= 1.05
    with pytest.raises(ParityError, match="no bundle is written"):
        compile_bundle(checkpoint, tmp_path / "out" / "bundle", rows, name="tiny", progress=False)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("graphs_at_hand")
def test_old_bundle_stays_when_its_successor_is_refused(
    checkpoint: Checkpoint, rows: list[Example], tiny_bundle: Bundle, tmp_path: Path
) -> None:
    target = tmp_path / "bundle"
    shutil.copytree(tiny_bundle.path, target)
    with torch.no_grad():
        checkpoint.model.encoder.final_layer_norm.weight *= 1.2
    with pytest.raises(ParityError):
        compile_bundle(checkpoint, target, rows, name="tiny", force=True, progress=False)
    assert Bundle.open(target).digest == tiny_bundle.digest
    assert [entry.name for entry in tmp_path.iterdir()] == ["bundle"]


def test_the_record_of_training_keeps_no_local_path() -> None:
    data = [{"source": "jsonl:/home/x/rows.jsonl", "task": "/home/x/task.yaml"}, {"source": "demo-nli", "task": None}]
    config = {"steps": 5, "pretrained": "/home/x/t5-small", "data": data}
    kept = _without_local_paths({"config": config, "metrics": {}})
    assert kept == {
        "config": {
            "steps": 5,
            "pretrained": "t5-small",
            "data": [{"source": "jsonl:rows.jsonl", "task": "task.yaml"}, {"source": "demo-nli", "task": None}],
        },
        "metrics": {},
    }
    hub = {"config": {"pretrained": "google/t5-v1_1-small", "data": []}}
    assert _without_local_paths(hub) == hub
    assert config["pretrained"] == "/home/x/t5-small"


@pytest.mark.usefixtures("graphs_at_hand")
def test_task_without_rows_is_refused(checkpoint: Checkpoint, rows: list[Example], tmp_path: Path) -> None:
    some = [row for row in rows if row.task != "demo-choices"]
    with pytest.raises(ExportError, match=r"no row to check task demo-choices on: of 32 validation rows"):
        compile_bundle(checkpoint, tmp_path / "bundle", some, name="tiny", progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("graphs_at_hand")
def test_rows_over_a_limit_are_left_out_of_the_gate(
    checkpoint: Checkpoint, rows: list[Example], tmp_path: Path
) -> None:
    long = Example("demo-math", {"problem": "word " * 500}, "1 + 1", None, "long:1")
    few = [next(row for row in rows if row.task == task) for task in checkpoint.tasks]
    bundle = compile_bundle(checkpoint, tmp_path / "bundle", [long, *few], name="tiny", progress=False)
    assert bundle.parity()["against_pytorch"]["rows"] == 3
    with pytest.raises(ExportError, match="demo-math"):
        compile_bundle(checkpoint, tmp_path / "other", [long, *few[:2]], name="tiny", progress=False)


def test_existing_output_is_refused_before_any_work(
    checkpoint: Checkpoint, rows: list[Example], tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compile, "_write_graphs", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(BundleError, match="exists already; give --force"):
        compile_bundle(checkpoint, tiny_bundle.path, rows, name="tiny", progress=False)


@pytest.mark.parametrize("name", ["my run", "", "../up", ".hidden", "a" * 65])
def test_name_that_no_bundle_may_have_is_refused_before_any_work(
    checkpoint: Checkpoint, rows: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(compile, "_write_graphs", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(ExportError, match="name"):
        compile_bundle(checkpoint, tmp_path / "bundle", rows, name=name, progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("graphs_at_hand")
def test_command_compiles_the_student_finished_last(
    tiny_run: Path,
    tiny_bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_run / "student", tmp_path / "runs" / "older" / "student")
    shutil.copytree(tiny_run / "student", tmp_path / "runs" / "newer" / "student")
    for name, seconds in (("older", 1_000), ("newer", 2_000)):
        os.utime(tmp_path / "runs" / name / "student" / "quickstep.json", (seconds, seconds))

    assert cli.export(["--quiet", "--max-rows", "7"]) == 0

    bundle = Bundle.open(tmp_path / "bundles" / "newer")
    out = capsys.readouterr().out
    assert f"bundle: bundles/newer ({bundle.label})" in out
    # Evenly over three tasks.
    assert "against PyTorch: 6 rows, probabilities within " in out
    assert "rationales 6/6 the same" in out
    assert bundle.golden()[0].rationale == tiny_bundle.golden()[0].rationale


def test_student_that_only_writes_is_compiled_answers_and_has_no_int8(tmp_path: Path) -> None:
    data = (SourceConfig(source="demo-math", rows=60, validation_rows=4),)
    train(TINY.model_copy(update={"data": data, "steps": 3, "validate_every": 3}), tmp_path / "run", progress=False)
    checkpoint = load_checkpoint(tmp_path / "run")
    rows = read_rows(checkpoint.path)
    bundle = compile_bundle(checkpoint, tmp_path / "bundle", rows, name="writer", progress=False)
    assert bundle.manifest.label["fp32"].tree is None
    assert bundle.manifest.confidence == {"fp32": {}}
    # Nothing is told of labels that there are none of.
    assert "## Precisions" not in (bundle.path / "parity.md").read_text()
    assert not (bundle.path / "parity.png").exists()
    assert cli._told(bundle.parity()).startswith("against PyTorch: 4 rows")
    student = OnnxStudent(bundle, threads=1)
    student.warm_up()
    assert student.check_golden(bundle.golden()) == []
    assert not student.predict([student.prepare(Question("demo-math", {"problem": "1 plus 2?"}))])[0].abstained
    with pytest.raises(ExportError, match="int8: no validation row with a closed answer space"):
        compile_bundle(checkpoint, tmp_path / "other", rows, name="writer", config=INT8, progress=False)


def test_precision_without_rows_to_judge_a_task_is_refused(
    checkpoint: Checkpoint, rows: list[Example], tmp_path: Path
) -> None:
    one_choice = next(row for row in rows if row.task == "demo-choices")
    few = [row for row in rows if row.task != "demo-choices"]
    with pytest.raises(ExportError, match="int8: task demo-choices has no validation row to judge it on"):
        compile_bundle(checkpoint, tmp_path / "b", [*few, one_choice], name="tiny", config=INT8, progress=False)


def test_golden_answers_are_no_ties() -> None:
    def prediction(best: float) -> Prediction:
        return Prediction("a", (AnswerProbability("a", best), AnswerProbability("b", 1 - best)), None)

    assert compile._nearly_tied("fp32", prediction(0.5005))
    assert not compile._nearly_tied("fp32", prediction(0.51))
    assert compile._nearly_tied("fp16", prediction(0.505))
    assert not compile._nearly_tied("fp32", Prediction("1 + 1", None, 2.0))


def test_lower_precision_is_compiled_beside_float32(
    checkpoint: Checkpoint, rows: list[Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = compile_bundle(checkpoint, tmp_path / "bundle", rows, name="tiny", config=INT8, progress=False)
    assert list(bundle.manifest.label) == ["fp32", "int8"]
    # Calibrated on one half of the rows, judged on the other; a third of the rows has free-text answers.
    assert bundle.parity()["precisions"]["int8"]["label"]["rows"] == 16
    default, exact = OnnxStudent(bundle, threads=1), OnnxStudent(bundle, threads=1, precision="fp32")
    assert default.precision == "int8"
    golden = bundle.golden()
    assert default.check_golden(golden) == [] and exact.check_golden(golden) == []
    recorded = [item.probabilities for item in golden if item.probabilities is not None]
    assert recorded and all(item["int8"] != item["fp32"] for item in recorded)
    assert quickstep.main(["verify", str(bundle.path)]) == 0
    out = capsys.readouterr().out
    assert "fp32: 12 of 12 golden answers the same\nint8: 12 of 12 golden answers the same\n" in out


def test_lower_precision_that_answers_otherwise_is_refused(
    checkpoint: Checkpoint, rows: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ranges of a hundredth: nearly everything is cut off.
    monkeypatch.setattr(
        int8_plan,
        "calibrate",
        lambda *arguments, **options: {
            site: Range(chosen.scale / 100, 128) for site, chosen in calibrate(*arguments, **options).items()
        },
    )
    with pytest.raises(ParityError, match=r"no bundle is written: int8: \d+ of \d+ clear answers stay"):
        compile_bundle(checkpoint, tmp_path / "b", rows, name="tiny", config=INT8, progress=False)
    assert list(tmp_path.iterdir()) == []
