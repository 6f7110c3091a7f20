from __future__ import annotations

import json
import math
import re
import socket
from pathlib import Path

import pytest

from benchmarks.machine import ROOT, shown
from benchmarks.report import Row, draw_bars, header, percentile, table, write_results


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([3.0, 1.0, 2.0], 50, 2.0), ([1.0, 2.0], 50, 1.5), ([7.0], 99, 7.0), (list(range(101)), 99, 99.0)],
)
def test_percentile_is_linear_between_neighbours(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == pytest.approx(expected)


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_table_aligns_numbers_right_and_marks_what_is_absent() -> None:
    rows: list[Row] = [{"task": "nli", "p50_ms": 1.234, "met": True}, {"task": "choices", "rows": 1500}]
    assert table(rows) == (
        "task     p50_ms  met   rows\n"
        "nli        1.23  yes      -\n"
        "choices       -    -  1,500\n"
    )  # fmt: skip


def test_header_says_what_ran_where() -> None:
    head = header("startup", {"starts": 9})
    machine = head["machine"]
    assert head["script"] == "benchmarks/startup.py" and head["settings"] == {"starts": 9}
    assert isinstance(machine, dict)
    assert machine["cores_usable"] >= 1 and machine["memory_gb"] > 0 and machine["cpu_model"]
    assert {"numpy", "onnxruntime", "quickstep"} <= machine["packages"].keys()


def test_header_tells_neither_host_nor_path() -> None:
    text = json.dumps(header("startup", {}))
    words = re.findall(r"[\w.-]+", text)
    assert socket.gethostname() not in words
    assert str(ROOT) not in text and str(Path.home()) + "/" not in text


def test_shown_paths_are_never_absolute(tmp_path: Path) -> None:
    assert shown(ROOT / "serving" / "demo-student") == "serving/demo-student"
    assert shown(tmp_path / "x.json") == "x.json"


def test_results_are_written_whole(tmp_path: Path) -> None:
    rows: list[Row] = [{"task": "demo-nli", "p50_ms": 0.5}]
    path = write_results(tmp_path / "new", header("startup", {}), rows)
    assert path == tmp_path / "new" / "startup.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["rows"] == rows and content["header"]["script"] == "benchmarks/startup.py"


def test_results_refuse_what_json_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_results(tmp_path, header("startup", {}), [{"p50_ms": math.nan}])
    assert not list(tmp_path.iterdir())


def test_bars_are_drawn_with_a_gap_for_nan(tmp_path: Path) -> None:
    draw_bars(tmp_path / "x.png", ["a", "b"], {"one": [1.0, math.nan], "two": [2.0, 3.0]}, "ms")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
