from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import T5ForConditionalGeneration

from benchmarks import training_throughput
from benchmarks.training_throughput import LOSS_TOLERANCE, Bench, main
from training.data.sources import DemoRows, open_source
from training.fused import fuse


@pytest.fixture(scope="module")
def bench() -> Bench:
    source = open_source("demo-nli", demo_rows=DemoRows(train=260), validation_share=0.0)
    return Bench("tiny", 16, source.task, source.load("train").examples)


@pytest.mark.parametrize("rationales", [False, True])
def test_the_two_losses_are_the_same(bench: Bench, rationales: bool) -> None:
    assert bench.difference(rationales=rationales) < LOSS_TOLERANCE


def test_a_fused_model_that_computes_something_else_is_noticed(bench: Bench) -> None:
    def broken(model: T5ForConditionalGeneration) -> None:
        fuse(model)
        with torch.no_grad():
            model.encoder.final_layer_norm.weight.mul_(1.5)

    assert bench.difference(rationales=True, fuse=broken) > LOSS_TOLERANCE


def test_script_writes_both_methods_and_the_price_of_rationales(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training_throughput, "_HELD_OUT_ROWS", 20)
    arguments = ["--preset", "tiny", "--rows", "120", "--batch-size", "16", "--turns", "1"]
    assert main([*arguments, "--results", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "training_throughput_demo-nli.json").read_text())["rows"]
    assert [(row["method"], row["system"]) for row in rows[:4]] == [
        (method, system) for method in ("standard", "step-by-step") for system in ("plain Seq2SeqTrainer", "quickstep")
    ]
    assert all(row["rows_per_s"] > 0 for row in rows[:4])
    assert rows[4]["time_ratio"] > 0
    assert "step-by-step over standard" in capsys.readouterr().out
