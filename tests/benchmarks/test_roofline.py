from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.machine_rates import Rates
from benchmarks.operations import necessary_operations
from benchmarks.peers.shapes import SHAPES
from benchmarks.report import Row
from benchmarks.roofline import answer_shares, draw_roofline, verdicts

RATES = [Rates(1, {"fp32": 50.0, "int8": 200.0}, 10.0), Rates(2, {"fp32": 100.0, "int8": 400.0}, 20.0)]


def test_share_is_of_the_best_rate_in_the_row_s_precision() -> None:
    giga = necessary_operations(SHAPES["base"].preset, source=128, batch=8, edges=3).total / 1e9
    row: Row = {"precision": "int8", "source_tokens": 128, "batch": 8, "p50_ms": giga / 400.0 * 2 * 1e3}
    found = answer_shares(row, SHAPES["base"].preset, 3, RATES)
    assert found["share_of_peak"] == pytest.approx(0.5, abs=1e-4)
    assert found["giga_operations"] == pytest.approx(giga, abs=1e-4)


def test_verdicts_hold_rows_against_the_targets_that_are_theirs() -> None:
    cell: Row = {"precision": "int8", "shape": "base", "source_tokens": 128, "batch": 1}
    rows: list[Row] = [
        {"part": "machine", "threads": 1},
        {"part": "answer", **cell, "share_of_peak": 0.65},
        {"part": "answer", **cell, "batch": 8, "share_of_peak": 0.7},
        {"part": "answer", **cell, "precision": "fp32", "share_of_peak": 0.1},
        {"part": "decoder", **cell, "decoder_over_read": 1.6, "decoder_over_encoder": 0.15},
        {"part": "decoder", **cell, "source_tokens": 32, "decoder_over_read": 1.5, "decoder_over_encoder": 0.4},
    ]
    assert list(verdicts(rows)) == [
        "PASS  base int8, 128 tokens, batch 1: share_of_peak 0.65, target at least 0.65\n",
        "FAIL  base int8, 128 tokens, batch 8: share_of_peak 0.7, target at least 0.75\n",
        "FAIL  base int8, 128 tokens, batch 1: decoder_over_read 1.6, target at most 1.5\n",
        "PASS  base int8, 128 tokens, batch 1: decoder_over_encoder 0.15, target at most 0.15\n",
        "PASS  base int8, 32 tokens, batch 1: decoder_over_read 1.5, target at most 1.5\n",
    ]


def test_roofline_is_drawn_without_answers_too(tmp_path: Path) -> None:
    draw_roofline(tmp_path / "x.png", [], RATES)
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
