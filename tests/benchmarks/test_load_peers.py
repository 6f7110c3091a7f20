"""`benchmarks.load` from end to end on a tiny student: every server answers, and what it answers is compared."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from benchmarks import batching, load, triton_failures
from benchmarks.capacity import Capacity
from benchmarks.load import best_of_each
from benchmarks.load_record import Objective, Totals
from benchmarks.load_steps import Load, Step
from benchmarks.peers import load_student
from benchmarks.peers.servers.contenders import CONTENDERS, CTRANSLATE2, HF, OURS, OURS_TRITON, TRITON_HF, Contender
from benchmarks.peers.servers.student import Settings
from benchmarks.report import Row
from serving.triton_wheel import NoTriton, unpacked_triton
from student.bundle import Bundle

_PACKAGES = {CTRANSLATE2: ("litserve", "ctranslate2")}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load")


@pytest.fixture
def sure_student(monkeypatch: pytest.MonkeyPatch) -> None:
    """A student whose answers are clear, and rows enough that INT8 may change one of them: the gate asks for 99.5 %."""
    for name, value in {"_LEARNING_RATE": 1e-2, "_DRAWN_BY_LOT": 0.0, "_VALIDATION_ROWS": 600}.items():
        monkeypatch.setattr(load_student, name, value)


def _found(load: Load, objective: Objective, start_rate: float, tries: int) -> Capacity:
    """Without searching: what the search finds has tests of its own."""
    return Capacity(start_rate, (Step(start_rate, Totals(10, 0, 1.0, 1.0, 2.0, 3.0), load.users),))


@pytest.mark.usefixtures("sure_student")
@pytest.mark.parametrize(
    "contender",
    [
        Contender(OURS, threads=1),
        Contender(OURS_TRITON, threads=1),
        Contender(HF, threads=1, workers=1, batch=4),
        Contender(CTRANSLATE2, threads=1, workers=1, batch=4),
        Contender(CTRANSLATE2, threads=1, workers=1, batch=1, label_tokens=1),
        Contender(TRITON_HF, threads=1, workers=1, batch=4),
    ],
    ids=str,
)
def test_server_answers_alone_and_under_load(
    contender: Contender, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [name for name in _PACKAGES.get(contender.system, ()) if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: pip install '.[peers]'")
    if contender.system in (OURS_TRITON, TRITON_HF):
        try:
            unpacked_triton()
        except NoTriton as error:
            pytest.skip(str(error))
    monkeypatch.setattr(load, "MODELS", models)
    monkeypatch.setattr(load, "PRESET", "tiny")
    monkeypatch.setattr(load, "CONTENDERS", (contender,))
    monkeypatch.setattr(load, "search", _found)
    arguments = ["--systems", contender.system, "--steps", "120", "--rows", "12", "--seconds", "4", "--users", "4"]
    assert load.main([*arguments, "--p99-ms", "100", "--results", str(tmp_path)]) == 0
    content = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    (row,) = content["rows"]
    assert row["system"] == contender.system and row["throughput"] > 0
    # A batch under load must not change what a row is answered alone.
    assert row["throughput_failed"] == 0
    assert row["answers_equal"] >= 0.9
    assert row["rate_at_p99_100_ms"] == pytest.approx(0.6 * row["throughput"], rel=0.1)
    assert (tmp_path / "load.png").is_file()


def test_best_settings_of_each_system_are_held_against_ours() -> None:
    objectives = [Objective(100, 0.0), Objective(500, 0.0)]
    rows: list[Row] = [
        {"system": OURS, "throughput": 150.0, "rate_at_p99_100_ms": 100.0, "rate_at_p99_500_ms": 120.0},
        {"system": OURS, "throughput": 100.0, "rate_at_p99_100_ms": 110.0, "rate_at_p99_500_ms": 110.0},
        {"system": HF, "throughput": 30.0, "rate_at_p99_100_ms": None, "rate_at_p99_500_ms": 20.0},
    ]
    ours, peer = best_of_each(rows, objectives)
    assert (ours["rate_at_p99_100_ms"], ours["rate_at_p99_500_ms"], ours["throughput"]) == (110.0, 120.0, 150.0)
    assert peer["rate_at_p99_100_ms"] is None and peer["ours_times_rate_at_p99_100_ms"] is None
    assert peer["ours_times_rate_at_p99_500_ms"] == 6.0 and peer["ours_times_throughput"] == 5.0


def test_settings_travel_through_the_environment() -> None:
    settings = Settings(Path("/a/b"), 4, 1, 2, 8)
    assert Settings.from_environment(settings.environment()) == settings


def test_every_contender_has_a_name_of_its_own() -> None:
    assert len({str(contender) for contender in CONTENDERS}) == len(CONTENDERS)


@pytest.mark.usefixtures("sure_student")
def test_ways_to_divide_what_waits_are_timed(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MODELS", models)
    monkeypatch.setattr(batching, "PRESET", "tiny")
    arguments = ["--steps", "120", "--waiting", "2", "8", "--draws", "3", "--threads", "1"]
    assert batching.main([*arguments, "--results", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "batching.json").read_text(encoding="utf-8"))["rows"]
    assert [(row["waiting"], row["divided_by"]) for row in rows] == [
        (waiting, way) for waiting in (2, 8) for way in ("buckets", "cost", "one run")
    ]
    runs = {(row["waiting"], row["divided_by"]): row["runs"] for row in rows}
    assert runs[8, "one run"] == 1 <= runs[8, "cost"] <= runs[8, "buckets"]


def test_failures_of_triton_are_seen_as_refusals(tiny_bundle: Bundle, tmp_path: Path) -> None:
    try:
        unpacked_triton()
    except NoTriton as error:
        pytest.skip(str(error))
    arguments = ["--bundle", str(tiny_bundle.path), "--clients", "20", "--rate", "20", "--stopped-s", "3"]
    status = triton_failures.main([*arguments, "--results", str(tmp_path)])
    rows = json.loads((tmp_path / "triton_failures.json").read_text(encoding="utf-8"))["rows"]
    assert [row["event"] for row in rows] == ["SIGKILL", "SIGSTOP"]
    for row in rows:
        assert row["wrong"] == row["other"] == 0
        assert row["status_200"] > 0 and row["status_503"] > 0
        assert row["requests"] == row["status_200"] + row["status_503"] + row["status_504"]
    assert status == (0 if all(row["kept"] for row in rows) else 1)
