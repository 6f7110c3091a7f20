"""The scripts from end to end, with counts too small to mean anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import (
    choices,
    dataset_folders,
    demo_student,
    from_scratch,
    http_overhead,
    latency,
    memory,
    precision,
    real_data,
    startup,
)
from benchmarks.machine import ROOT
from benchmarks.peers.systems import PEERS, Peer
from benchmarks.report import Cell, Row
from benchmarks.running_server import RunningServer
from student.bundle import Bundle
from student.errors import QuickstepError
from student.task import find_task
from tests.benchmarks import stand_in_systems
from training.data.demo.baselines import shortcut_accuracy

TASKS = {"demo-nli", "demo-choices", "demo-math"}


def _results(folder: Path, name: str) -> Any:
    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    assert str(ROOT) not in text and str(folder) not in text
    return json.loads(text)


def test_precision_compares_every_precision_with_pytorch(tiny_run: Path, tmp_path: Path) -> None:
    arguments = ["--run", str(tiny_run), "--data", "demo-nli", "--rows", "8", "--precisions", "int8", "fp16"]
    assert precision.main([*arguments, "--results", str(tmp_path)]) == 0
    rows = {row["precision"]: row for row in _results(tmp_path, "precision_run")["rows"]}
    assert list(rows) == ["fp32", "int8", "fp16"]
    assert all(row["rows"] == 8 for row in rows.values())
    assert rows["fp32"]["labels_equal"] == 8 and rows["fp32"]["max_difference"] < 1e-5
    assert rows["fp32"]["batch_max_difference"] < 1e-5
    assert 1e-5 < rows["fp16"]["max_difference"] < 0.1
    assert (tmp_path / "precision_run.png").is_file()


def test_startup_measures_starts_and_environment(tiny_bundle: Bundle, tmp_path: Path) -> None:
    assert startup.main(["--bundle", str(tiny_bundle.path), "--starts", "1", "--results", str(tmp_path)]) == 0
    content = _results(tmp_path, "startup")
    ready, answered, *size = content["rows"]
    assert 0 < ready["min_s"] == ready["median_s"] == ready["max_s"] < answered["median_s"]
    if sys.prefix != sys.base_prefix:
        assert size[0]["size_mb"] > 1


def test_http_overhead_times_every_task_after_comparing(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--bundle", str(tiny_bundle.path), "--requests", "4", "--warm-up", "2", "--results", str(tmp_path)]
    assert http_overhead.main(arguments) == 0
    rows = {row["task"]: row for row in _results(tmp_path, "http_overhead")["rows"]}
    assert rows.keys() == TASKS
    for row in rows.values():
        assert row["requests"] == 4
        assert row["overhead_p50_ms"] == pytest.approx(row["http_p50_ms"] - row["graph_p50_ms"], abs=1e-3)
        difference = row["http_p50_ms"] - row["graph_after_idle_p50_ms"]
        assert row["overhead_after_idle_p50_ms"] == pytest.approx(difference, abs=1e-3)
        assert min(row[f"server_{stage}_p50_ms"] for stage in ("tokenize", "queue", "infer")) >= 0
    assert rows["demo-math"]["kind"] == "free text" and rows["demo-math"]["target_met"] is None
    assert (tmp_path / "http_overhead.png").is_file()
    assert re.search(r"^(PASS|FAIL)  demo-nli", capsys.readouterr().out, re.MULTILINE)


def test_http_overhead_stops_at_a_wrong_answer(
    tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_overhead, "request_content", lambda task, inputs, choices: {"task": task, "inputs": {}})
    with pytest.raises(http_overhead.WrongAnswer, match="status 422"):
        http_overhead.main(["--bundle", str(tiny_bundle.path), "--results", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_from_scratch_follows_every_arm_on_the_same_rows(tmp_path: Path) -> None:
    arguments = ["--rows", "128", "--steps", "2", "--every", "1", "--results", str(tmp_path)]
    assert from_scratch.main(arguments) == 0
    rows = _results(tmp_path, "from_scratch")["rows"]
    assert [(row["optimizer"], row["start"], row["step"]) for row in rows] == [
        (optimizer, start, step)
        for optimizer in ("adamw", "muon")
        for start in ("T5", "keys as queries")
        for step in (1, 2)
    ]
    # The arms differ in what they do, not only in name.
    assert len({row["validation_loss"] for row in rows if row["step"] == 2}) == 4
    assert (tmp_path / "from_scratch.png").is_file()


def test_demo_student_tells_every_miss_of_an_untrained_one(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        demo_student, "shortcut_accuracy", lambda task: shortcut_accuracy(task, train_rows=200, test_rows=50)
    )
    arguments = ["--from-run", str(tiny_run), "--bundle", str(tmp_path / "bundle"), "--rows", "12"]
    assert demo_student.main([*arguments, "--results", str(tmp_path)]) == 1
    assert not (tmp_path / "bundle").exists()
    assert demo_student.main([*arguments, "--results", str(tmp_path), "--ship-anyway"]) == 1
    rows = _results(tmp_path, "demo_student")["rows"]
    assert {row["task"] for row in rows if row["part"] == "test" and row["slice"] == "all"} == TASKS
    assert {"seen_template=no", "held_out_words=yes"} <= {row["slice"] for row in rows if row["part"] == "test"}
    by_hand = [row for row in rows if row["part"] == "handwritten"]
    wrong = [row for row in rows if row["part"] == "handwritten_wrong"]
    assert sum(row["rows"] for row in by_hand) == 30 == sum(row["correct_rows"] for row in by_hand) + len(wrong)
    checks = {row["name"]: row["passed"] for row in rows if row["part"] == "check"}
    assert len(checks) == 17 and checks["bundle, MB"] and not checks["demo-math: accuracy, percent"]
    assert "FAIL  demo-math: accuracy" in capsys.readouterr().out
    assert Bundle.open(tmp_path / "bundle").name == "bundle"


def test_handwritten_questions_fit_their_tasks() -> None:
    for file in demo_student.HANDWRITTEN:
        for row in demo_student.read_questions(file):
            find_task(row.task).validate_request(row.inputs, row.choices)


@pytest.mark.parametrize("folder", [None, "empty"])
def test_real_data_needs_the_datasets(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(dataset_folders.VARIABLE, raising=False)
    given = [] if folder is None else ["--datasets", str(tmp_path)]
    with pytest.raises(SystemExit) as ended:
        real_data.main(given)
    assert ended.value.code == 2
    assert "cqa/" in capsys.readouterr().err


def test_locust_asks_and_checks(tiny_bundle: Bundle, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    lines = [
        json.dumps({"task": entry.task, "inputs": entry.inputs, "choices": entry.choices})
        for entry in tiny_bundle.golden()
    ]
    questions.write_text("\n".join(lines), encoding="utf-8")
    with RunningServer(tiny_bundle.path) as server:
        result = _locust(server.base_url, "--run-time", "3s", "--json", "--questions", str(questions))
    assert result.returncode == 0, result.stderr[-2000:]
    asked = {entry["name"]: entry for entry in json.loads(result.stdout)}
    assert {"/predict", "/predict (8 instances)"} <= asked.keys()
    assert all(entry["num_failures"] == 0 for entry in asked.values())


def test_locust_without_a_server_says_so_and_stops() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = _locust(host, "--run-time", "30s")
    assert result.returncode == 1
    assert f"no Quickstep server answers at {host}" in result.stderr and "make serve" in result.stderr
    assert "Traceback" not in result.stderr


def _locust(host: str, *options: str) -> subprocess.CompletedProcess[str]:
    locust = shutil.which("locust", path=str(Path(sys.executable).parent))
    assert locust is not None
    command = [locust, "-f", str(ROOT / "benchmarks" / "locustfile.py"), "--headless", "--host", host]
    command += ["--users", "2", "--spawn-rate", "2", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ), check=False)


@pytest.fixture(scope="module")
def latency_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the students of these tests are kept: training one takes longer than asking it."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def quick_latency(latency_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of a run that takes no time, on students of these tests."""
    monkeypatch.setattr(latency, "MODELS", latency_models)
    for name in ("_WARM_UP_S", "_TURN_S", "_RATE_S", "_SIDES_S"):
        monkeypatch.setattr(latency, name, 0.0)
    arguments = ["--shapes", "tiny", "--source-tokens", "16", "--threads", "1", "--rounds", "1"]
    return [*arguments, "--results", str(tmp_path)]


def test_latency_compares_times_and_holds_it_against_the_machine(
    quick_latency: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = ["--systems", "quickstep fp32", "quickstep int8"]
    assert latency.main([*quick_latency, *systems, "--batches", "1", "3"]) == 0
    rows = _results(tmp_path, "latency_cpu")["rows"]
    ours = [("quickstep", "fp32"), ("quickstep", "int8")]
    assert [(row["system"], row["precision"], row["batch"]) for row in rows] == [
        (system, precision, batch) for batch in (1, 3) for system, precision in (*ours, ("hf-step", "fp32"))
    ]
    for row in rows:
        assert 0 < row["p50_ms"] <= row["p99_ms"] and row["threads"] == 1 and row["calls"] >= 1
        assert row["answers_compared"] == 64 // row["batch"] * row["batch"]
        assert row["answers_equal"] == 1.0 if row["precision"] == "fp32" else 0.0 <= row["answers_equal"] <= 1.0
        assert ("share_of_peak" in row) == (row["system"] == "quickstep")
    assert (tmp_path / "latency_cpu.png").is_file() and (tmp_path / "roofline_cpu.png").is_file()
    assert "tiny, 16 tokens, batch 3" in capsys.readouterr().out

    machine, *shares = _results(tmp_path, "roofline_cpu")["rows"]
    assert machine["part"] == "machine" and min(machine["int8_gop_per_s"], machine["read_gb_per_s"]) > 0
    assert [(row["part"], row["precision"], row["batch"]) for row in shares] == [
        ("answer", "fp32", 1),
        ("decoder", "fp32", 1),
        ("answer", "int8", 1),
        ("decoder", "int8", 1),
        ("answer", "fp32", 3),
        ("answer", "int8", 3),
    ]
    (whole, *_), (decoder, *_) = ([row for row in shares if row["part"] == part] for part in ("answer", "decoder"))
    assert 0 < decoder["read_mb"] < whole["read_mb"]
    # Columns are rounded to four places, and times of a student so small have no more.
    assert decoder["decoder_over_encoder"] == pytest.approx(decoder["decoder_ms"] / decoder["encoder_ms"], rel=0.05)


def test_latency_names_what_cannot_run(
    quick_latency: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PEERS, "optimum", Peer("optimum", "fp32", stand_in_systems.cannot_be_built))
    assert latency.main([*quick_latency, "--systems", "optimum"]) == 0
    content = _results(tmp_path, "latency_cpu")
    assert [row["system"] for row in content["rows"]] == ["hf-step"]
    assert content["header"]["students"]["tiny"]["cannot_run"] == {
        "optimum": "optimum (1 thread): RuntimeError: no such library"
    }
    told = capsys.readouterr().out
    assert "left out: optimum (1 thread)" in told
    assert "latency_cpu.png: not drawn" in told and not (tmp_path / "latency_cpu.png").exists()


def test_latency_refuses_a_student_without_opinions(quick_latency: list[str]) -> None:
    with pytest.raises(QuickstepError, match="answers all rows alike; train it for more --steps"):
        latency.main([*quick_latency, "--steps", "1", "--systems", "hf-step"])


def test_latency_ratios_are_of_our_int8_time() -> None:
    cell: dict[str, Cell] = {"shape": "demo", "source_tokens": 32, "batch": 1}
    rows: list[Row] = [
        {"system": "quickstep", "precision": "fp32", **cell, "p50_ms": 3.0},
        {"system": "quickstep", "precision": "int8", **cell, "p50_ms": 2.0},
        {"system": "optimum", "precision": "fp32", **cell, "p50_ms": 9.0},
        {"system": "optimum", "precision": "fp32", **cell, "batch": 8, "p50_ms": 1.0},
    ]
    assert latency.ratios(rows) == [
        {"system": "quickstep fp32", "demo, 32 tokens, batch 1": 1.5},
        {"system": "quickstep int8", "demo, 32 tokens, batch 1": 1.0},
        {"system": "optimum", "demo, 32 tokens, batch 1": 4.5},
    ]


def test_latency_refuses_lengths_and_batches_that_it_cannot_ask() -> None:
    for wrong in (["--source-tokens", "257"], ["--source-tokens", "1"], ["--batches", "65"]):
        with pytest.raises(SystemExit):
            latency.main(wrong)


def test_choices_are_timed_beside_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "MODELS", tmp_path / "models")
    size = ["--shapes", "tiny", "--steps", "1", "--source-tokens", "8", "--turns", "1", "--threads", "1"]
    assert choices.main([*size, "--results", str(tmp_path)]) == 0
    rows = _results(tmp_path, "choices")["rows"]
    assert [(row["precision"], row["answers"]) for row in rows] == [
        (precision, answers) for precision in choices.PRECISIONS for answers in choices.SPACES
    ]
    for row in rows:
        assert row["p50_ms"] > 0
        assert row["ratio"] == 1 or row["answers"] != choices.THREE_LABELS
        assert row["equal_to_fp32"] == 1 or row["precision"] == "int8"
    assert (tmp_path / "choices.png").is_file()


def test_memory_grows_with_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MODELS", tmp_path / "models")
    assert memory.main(["--shape", "tiny", "--steps", "1", "--results", str(tmp_path)]) == 0
    nothing, labels, both = _results(tmp_path, "memory")["rows"]
    assert 0 == nothing["weights_mb"] < labels["weights_mb"] < both["weights_mb"]
    assert 0 < nothing["resident_mb"] < labels["resident_mb"] < both["resident_mb"]
