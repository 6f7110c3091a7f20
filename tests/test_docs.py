"""The README and the guides are true: their commands are run as written, their answers compared."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.load import best_of_each
from benchmarks.load_record import Objective
from benchmarks.running_server import RunningServer
from benchmarks.training import summary
from tests.training.data.release_files import write_release
from tests.training.teacher.openai_server import Answer, OpenAiServer
from tests.training.teacher.tiny_model import TEMPLATE as CHAT_TEMPLATE
from tests.training.teacher.tiny_model import write_model

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHANGING = ("prediction_id", "probabilities")

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="the guides use curl, which is not installed")


def _blocks(name: str) -> list[tuple[str, str]]:
    return _BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))


def _run(command: str, folder: Path) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    finished = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
    return finished.stdout


@pytest.fixture(scope="module")
def demo_server() -> Iterator[RunningServer]:
    with RunningServer(ROOT / "serving" / "demo-student") as server:
        yield server


def _port(server: RunningServer) -> str:
    return server.base_url.rpartition(":")[2]


def _comparable(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in _CHANGING}


@needs_curl
def test_readme_answers_are_what_the_demo_student_gives(demo_server: RunningServer) -> None:
    blocks = _blocks("README.md")
    pairs = [(blocks[i][1], blocks[i + 1][1]) for i in range(len(blocks) - 1) if blocks[i + 1][0] == "json"]
    assert len(pairs) == 2
    for command, expected_text in pairs:
        answer = json.loads(_run(command.replace("localhost:8000", f"127.0.0.1:{_port(demo_server)}"), ROOT))
        expected = json.loads(expected_text)
        assert set(answer) == set(expected)
        assert _comparable(answer) == _comparable(expected)
        for ours, theirs in zip(answer["probabilities"] or [], expected["probabilities"] or [], strict=True):
            assert ours["answer"] == theirs["answer"]
            assert ours["probability"] == pytest.approx(theirs["probability"], abs=1e-3)


def test_examples_of_the_interactive_documentation_are_answered(demo_server: RunningServer) -> None:
    with urllib.request.urlopen(f"{demo_server.base_url}/openapi.json", timeout=20) as reply:
        document = json.load(reply)
    for path in ("/predict", "/explain"):
        examples = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert examples.keys() == {"demo-nli", "demo-choices", "demo-math", "several"}
        for example in examples.values():
            request = urllib.request.Request(
                demo_server.base_url + path, json.dumps(example["value"]).encode(), {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=20) as reply:
                assert reply.status == 200


@pytest.mark.skipif(not (ROOT / ".venv-serve" / ".installed").exists(), reason="`make setup` makes .venv-serve")
def test_make_serve_serves_and_ends_when_it_is_told_to() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # HOST and PORT of the environment are not ours: shells export them for other purposes.
    environment = {**os.environ, "HOST": "no.such.host.invalid", "PORT": "1"}
    process = subprocess.Popen(["make", "serve", f"PORT={port}"], cwd=ROOT, env=environment, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}/readyz"
        assert _eventually(lambda: urllib.request.urlopen(url, timeout=5).status == 200, within_s=60)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _eventually(condition: Callable[[], bool], within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if condition():
                return True
        except OSError:
            time.sleep(0.05)
    return False


def test_readme_make_targets_exist() -> None:
    targets = {
        word for _, block in _blocks("README.md") for word in re.findall(r"^make ([a-z-]+)", block, re.MULTILINE)
    }
    assert {"serve", "test", "lint"} <= targets
    for target in targets:
        _run(f"make -n {target}", ROOT)


def test_readme_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("https://") or (ROOT / link).exists(), link


@needs_curl
def test_own_task_guide_works_as_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shown = next(block for kind, block in _blocks("docs/own-task.md") if kind == "yaml")
    assert shown == (tmp_path / "examples/tickets/task.yaml").read_text(encoding="utf-8")
    commands = [block for kind, block in _blocks("docs/own-task.md") if kind == "bash"]
    serving = next(block for block in commands if "quickstep serve" in block)
    before, (asking,) = commands[: commands.index(serving)], commands[commands.index(serving) + 1 :]
    outputs = [_run(command, tmp_path) for command in before]
    assert "8 rows, 7 labelled, 1 rejected" in outputs[1]
    assert "golden answers the same" in outputs[2]
    for line in outputs[-1].splitlines():
        assert json.loads(line)["answer"] in ("billing", "shipping", "technical", "account")
    assert "--port 8001" in serving
    with RunningServer(tmp_path / "bundles" / "tickets") as server:
        answer = json.loads(_run(asking.replace("localhost:8001", f"127.0.0.1:{_port(server)}"), tmp_path))
    assert answer["task"] == "tickets"
    assert answer["answer"] == "shipping"
    assert sum(item["probability"] for item in answer["probabilities"]) == pytest.approx(1, abs=1e-6)


def test_teacher_guide_works_as_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    write_model(tmp_path / "models" / "Qwen2.5-7B-Instruct", {":": "a"}, template=CHAT_TEMPLATE)
    (tmp_path / "cqa").mkdir()
    row = {"question": "Where?", "choices": ["a", "b", "c", "d", "e"], "answer": "b", "id": "1"}
    write_release(tmp_path / "cqa", "cqa", [row], ["There. So the answer is (b) b."], split="test")
    blocks = _blocks("docs/teacher.md")
    (shown,) = [block for kind, block in blocks if kind == "yaml"]
    assert shown.partition("\n")[2] in (ROOT / "examples" / "tickets" / "task.yaml").read_text(encoding="utf-8")
    outputs = []
    with OpenAiServer(lambda question, nth: Answer("It is about money. So the answer is billing.")) as server:
        for _, command in [block for block in blocks if block[0] == "bash"]:
            here = command.replace("http://localhost:8000/v1", server.base_url)
            outputs.append(_run(here.replace("/data/distilling-step-by-step", str(tmp_path)), tmp_path))
        # The rows once, five samples of each, the rows without demonstrations; nothing to estimate or read again.
        assert sum(server.paid.values()) == 8 * (1 + 5 + 1)
        assert {body["model"] for body in server.requests} == {"Qwen/Qwen2.5-7B-Instruct"}
    recorded, dry, asked, again, five, zero, local, released = outputs
    assert recorded == next(block for kind, block in blocks if kind == "text")
    assert "8 answers to ask for" in dry and "cost: about" in dry
    assert "8 rows, 8 labelled" in asked and "cost 0.0001" in asked
    assert asked.partition(", cost")[0] == again.partition("\n")[0] + "\n" + again.splitlines()[1]
    assert "40 answers" in five and "8 answers" in zero
    assert "8 rejected" in local and "8 x teacher states no conclusion" in local
    assert "agrees with gold in 100.0% of 1 rows" in released


def test_agreement_of_the_papers_teacher_is_that_of_the_results() -> None:
    rows = _results("teacher.json")
    for row in [row for row in rows if row["part"] == "agreement"]:
        assert _table_row("docs/teacher.md", f"{row['dataset']}, {row['split']}")[1:] == [
            f"{row['rows']:,}",
            f"{row['rejected']:,}",
            f"{row['agreement_percent']:.1f}",
            f"{row['agreement_as_released_percent']:.1f}",
        ]
        reasons = [one for one in rows if one["part"] == "rejected" and one["dataset"] == row["dataset"]]
        assert sum(one["rows"] for one in reasons if one["split"] == row["split"]) == row["rejected"]


def _table_row(name: str, first_cell: str) -> list[str]:
    (line,) = re.findall(rf"^\| {first_cell} \|.*$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    return [cell.strip() for cell in line.strip("|").split("|")]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _results(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((ROOT / "benchmarks" / "results" / name).read_text())["rows"]
    return rows


def test_figures_on_the_papers_data_are_those_of_the_results() -> None:
    for row in _results("real_data.json"):
        assert _table_row("docs/real-data.md", row["task"]) == [
            row["task"],
            f"{row['test_rows']:,}",
            f"{row['predict_answered']}, {row['explain_answered']}",
            str(row["rows_differing_from_torch"]),
            *(f"{row[key]:.1f} %" for key in ("accuracy_percent", "chance_percent", "teacher_agreement_percent")),
        ]


def test_figures_of_the_model_card_are_those_of_the_results() -> None:
    rows = [row for row in _results("demo_student.json") if row["part"] == "test"]
    for task in ("demo-choices", "demo-math", "demo-nli"):
        of_slice = {row["slice"]: row for row in rows if row["task"] == task}
        cells = _table_row("docs/demo-student.md", task)
        assert cells[1] == f"{of_slice['all']['rows']:,}"
        assert cells[2:5] == [
            f"{of_slice[name]['accuracy_percent']:.1f} %" for name in ("all", "seen_template=yes", "seen_template=no")
        ]
        assert cells[5] == f"{of_slice['all']['rationale_agreement_percent']:.1f} %"


def test_figures_on_training_from_scratch_are_those_of_the_results() -> None:
    rows = _results("from_scratch.json")
    last = max(row["step"] for row in rows)
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    for row in rows:
        if row["step"] == last:
            figures = f"{row['validation_loss']:.3f} | {row['validation_accuracy_percent']:.1f} %"
            assert f"| {row['optimizer']} | {row['start']} | {figures} |" in text


def _system(row: dict[str, Any]) -> str:
    """As the tables call it: those measured in two precisions tell theirs."""
    return f"{row['system']} {row['precision']}" if row["system"] in ("quickstep", "openvino") else str(row["system"])


def test_latencies_in_the_readme_are_those_of_the_results() -> None:
    found: dict[str, dict[str, float]] = {}
    for row in _results("latency_cpu.json"):
        if row["batch"] != 1:
            continue
        name = _system(row)
        found.setdefault(f"{row['shape']}, {row['source_tokens']}", {})[name] = row["p50_ms"]
    columns = _table_row("README.md", "p50, ms")[1:]
    for name in dict.fromkeys(name for cell in columns for name in found[cell]):
        expected = [f"{found[cell][name]:.2f}" if name in found[cell] else "fails" for cell in columns]
        assert _table_row("README.md", name)[1:] == expected


def test_latencies_of_other_sizes_lengths_and_batches_are_those_of_the_results() -> None:
    found: dict[str, dict[str, float]] = {}
    for run in ("large", "small_lengths", "small_batches"):
        for row in _results(f"{run}/latency_cpu.json"):
            name = _system(row)
            batch = f" x {row['batch']}" if row["batch"] > 1 else ""
            found.setdefault(f"{row['shape']}, {row['source_tokens']}{batch}", {})[name] = row["p50_ms"]
            assert row["answers_equal"] == 1 or (name.endswith("int8") and row["source_tokens"] == 16)
    columns = _table_row("docs/label-path.md", "p50, ms")[1:]
    assert set(columns) == set(found)
    for name in found[columns[0]]:
        assert _table_row("docs/label-path.md", name)[1:] == [f"{found[cell][name]:.1f}" for cell in columns]
    times = {cell: found[cell]["openvino int8"] / found[cell]["quickstep int8"] for cell in columns}
    small = [ratio for cell, ratio in times.items() if cell.startswith("small")]
    text = " ".join((ROOT / "docs" / "label-path.md").read_text(encoding="utf-8").split())
    told = f"{times['large, 32']:.2f} and {times['large, 128']:.2f} times our time"
    assert f"it takes {told}, on small {min(small):.2f} to {max(small):.2f} times" in text
    faster = [100 * (1 - times[cell]) for cell in ("large, 32", "large, 128")]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"OpenVINO's INT8 graph is {faster[0]:.0f} to {faster[1]:.0f} % faster than ours" in readme
    steps = [found[cell]["ctranslate2-step"] / found[cell]["quickstep int8"] for cell in ("large, 32", "large, 128")]
    assert f"the lead shrinks to {steps[0]:.1f} and {steps[1]:.1f} times there" in text


def test_readme_tells_on_which_rows_answers_differ() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    fewest = min(row["answers_compared"] for row in _results("latency_cpu.json"))
    assert f"on all of 64 rows (slow ones on the first {fewest} or more" in text
    for row in _results("latency_cpu.json"):
        if row["batch"] == 1 and row["answers_equal"] < 1:
            name = _system(row)
            equal = round(row["answers_equal"] * row["answers_compared"])
            assert f"{name} on {row['shape']}, {row['source_tokens']} ({equal} of " in text


def test_figures_under_the_roofline_are_those_of_the_results() -> None:
    rows = _results("roofline_cpu.json")
    for part, title, column in (
        ("answer", "share of peak", "share_of_peak"),
        ("decoder", "decoder over read", "decoder_over_read"),
        ("decoder", "decoder over encoder", "decoder_over_encoder"),
    ):
        for precision in ("fp32", "int8"):
            values = [row[column] for row in rows if row["part"] == part and row["precision"] == precision]
            shown = [f"{value:.1f}" if column == "decoder_over_read" else _percent(value) for value in values]
            assert _table_row("docs/label-path.md", f"{title}, {precision}")[1:] == shown


def test_figures_of_batches_and_memory_are_those_of_the_results() -> None:
    text = " ".join((ROOT / "docs" / "label-path.md").read_text(encoding="utf-8").split())
    shares = {
        row["precision"]: row["share_of_peak"]
        for row in _results("base_batches/roofline_cpu.json")
        if row["part"] == "answer" and row["batch"] == 8
    }
    assert f"reaches {_percent(shares['int8'])} of the peak in INT8 and {_percent(shares['fp32'])} in" in text
    labels, both = _results("memory.json")[1:]
    assert f"{labels['resident_mb']:.0f} MB for labels (weights {labels['weights_mb']:.0f} MB)" in text
    assert f"{both['resident_mb']:,.0f} MB with rationales ({both['weights_mb']:,.0f} MB)" in text


def test_cost_of_choices_in_the_readme_is_that_of_the_results() -> None:
    ratios = [row["ratio"] for row in _results("choices.json") if row["answers"] == "five choices that begin alike"]
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"that begin alike take {min(ratios):.2f} to {max(ratios):.2f} times as long as three labels" in text


def test_figures_on_precision_are_those_of_the_results() -> None:
    for student in ("demo-student", "real-data"):
        for row in _results(f"precision_{student}.json"):
            assert _table_row("docs/label-path.md", f"{row['source']}, {row['precision']}")[1:] == [
                f"{row['labels_equal']:,} of {row['rows']:,}",
                f"{row['clear_labels_equal']:,} of {row['clear_rows']:,}",
                f"{row['accuracy']:.1%} ({row['torch_accuracy']:.1%})".replace("%", " %"),
                f"{row['calibration_error']:.3f}",
                f"{row['batch_max_difference']:.0e}",
            ]


def test_speed_of_training_is_that_of_the_results() -> None:
    rows = _results("training_throughput_cqa.json")
    for plain, ours in (rows[0:2], rows[2:4]):
        figures = [f"{plain['rows_per_s']:.1f}", f"{ours['rows_per_s']:.1f}", f"{ours['ratio']:.2f}"]
        assert _table_row("docs/training.md", plain["method"])[1:] == figures
    price = f"learning rationales takes {rows[4]['time_ratio']:.2f} times as long as labels alone"
    assert price in " ".join((ROOT / "docs" / "training.md").read_text(encoding="utf-8").split())


def test_experiments_are_told_as_measured() -> None:
    rows = _results("training.json")
    cells = summary(rows)
    for name, method in dict.fromkeys((cell["experiment"], cell["method"]) for cell in cells):
        figures = [
            f"{cell['accuracy_percent']:.1f} ± {cell['half_width']:.1f}"
            for cell in cells
            if (cell["experiment"], cell["method"]) == (name, method)
        ]
        assert _table_row("docs/experiments.md", f"{name}, {method}")[1:] == figures
    assert {cell["seeds"] for cell in cells} == {3}
    sizes = sorted({row["parameters"] / 1e6 for row in rows if row.get("parameters")})
    told = " ".join((ROOT / "docs" / "experiments.md").read_text(encoding="utf-8").split())
    assert f"({sizes[0]:.1f} to {sizes[-1]:.1f} million parameters)" in told


def test_cost_of_triton_is_that_of_the_results() -> None:
    for row in [*_results("triton_overhead.json"), *_results("real_data_triton/triton_overhead.json")]:
        figures = [str(row["rows_compared"]), f"{row['local_p50_ms']:.2f}", f"{row['triton_p50_ms']:.2f}"]
        explained = [
            f"{row[f'explain_{name}_p{percent}_ms']:.1f}" for percent in (50, 99) for name in ("local", "triton")
        ]
        assert _table_row("docs/triton.md", row["task"])[1:] == figures + explained


def test_load_tests_guide_tells_what_was_measured() -> None:
    for row in _best_under_load():
        assert _table_row("docs/load-testing.md", row["system"])[1:] == row["cells"]


def test_scale_guide_tells_what_was_measured() -> None:
    rates = {row["system"]: row["cells"][:3] for row in _best_under_load()}
    assert _table_row("docs/scale.md", "own")[1:] == rates["quickstep"]
    assert _table_row("docs/scale.md", "Triton")[1:] == rates["quickstep-triton"]
    closed = {row["workers"]: row["throughput"] for row in _results("load.json") if row["system"] == "quickstep-triton"}
    told = f"answered {closed[2]:.0f} requests a second of a closed loop, one of two threads {closed[1]:.0f}"
    assert told in (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    under_load = (
        f"{rates['quickstep'][0]} requests a second of t5-v1_1-small within 100 ms (p99), LitServe before CTranslate2\n"
    )
    one_token = (
        f"{rates['litserve-ctranslate2'][0]}, or {rates['litserve-ctranslate2, 1 token'][0]} where it writes one"
    )
    assert under_load + one_token in (ROOT / "README.md").read_text(encoding="utf-8")
    assert rates["hf-fastapi"][0] == "n/a"
    for row in _results("cost.json"):
        assert _table_row("docs/scale.md", row["what"])[1:] == [f"{row['cost_of_a_million']:.2f}"]


def _best_under_load() -> Iterator[dict[str, Any]]:
    objectives = [Objective(100, 0.0), Objective(500, 0.0)]
    for best in best_of_each(_results("load.json"), objectives):
        near, wide, throughput = (best[key] for key in ("rate_at_p99_100_ms", "rate_at_p99_500_ms", "throughput"))
        times = best["ours_times_rate_at_p99_100_ms"] or best["ours_times_rate_at_p99_500_ms"]
        cells = [f"{rate:.0f}" if rate else "n/a" for rate in (near, wide, throughput)]
        yield {"system": best["system"], "cells": [*cells, f"{times:.1f}"]}


def test_ways_to_batch_are_told_as_measured() -> None:
    rows = {(row["waiting"], row["divided_by"]): row for row in _results("batching.json")}
    for waiting in {waiting for waiting, _ in rows}:
        found = [rows[waiting, way] for way in ("buckets", "cost", "one run")]
        cells = [f"{row['p50_ms_a_row']:.2f} ({row['runs']:.1f})" for row in found]
        assert _table_row("docs/label-path.md", str(waiting))[1:] == cells


def test_failures_of_triton_are_told_as_seen() -> None:
    for row in _results("triton_failures.json"):
        counts = [str(row[key]) for key in ("requests", "status_200", "status_503", "status_504", "wrong")]
        times = [f"{row[key]:.2f}" for key in ("longest_s", "refuses_after_s", "recovers_after_s")]
        cells = [*counts, *times, f"{row['memory_growth_mb']:.1f}"]
        assert _table_row("docs/triton.md", row["event"])[1:] == cells
        assert row["kept"]


def test_training_guide_works_as_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (command,) = [block for kind, block in _blocks("docs/training.md") if kind == "bash"]
    assert "accuracy_tickets" in _run(command, tmp_path)


def test_evaluation_guide_works_as_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(ROOT / "serving" / "demo-student", tmp_path / "serving" / "demo-student")
    blocks = _blocks("docs/evaluation.md")
    measured, compared, biased = (_run(block, tmp_path) for kind, block in blocks if kind == "bash")
    assert "demo-choices/seen_template=no" in measured
    assert (tmp_path / "plots" / "confusion_demo-nli.png").is_file()
    assert len((tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines()) == 600
    assert "against runs/short: " in compared
    (shown,) = [block for kind, block in blocks if kind == "text"]
    for report in (shown, biased):
        assert "of 27 rows that the teacher gets wrong the student repeats" in report
        assert report.partition("surest first:")[2].splitlines()[2].split()[:2] == ["urgent=yes", "33"]
    assert (tmp_path / "bias" / "bias_tickets.png").is_file()


def test_evaluation_guide_explains_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    from student import cli

    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        cli.main(["evaluate", "--help"])
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--quiet"}
    assert not [flag for flag in sorted(flags) if flag not in text]


def test_training_guide_explains_every_key() -> None:
    from training.config import SourceConfig, TrainConfig

    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    missing = [key for key in (*TrainConfig.model_fields, *SourceConfig.model_fields) if f"`{key}`" not in text]
    assert not missing


def test_export_guide_shows_a_configuration_that_holds_the_defaults(tmp_path: Path) -> None:
    from export.config import load_export_config
    from export.parity import Thresholds

    ((_, text),) = [block for block in _blocks("docs/export.md") if block[0] == "yaml"]
    (tmp_path / "export.yaml").write_text(text)
    config = load_export_config(tmp_path / "export.yaml", {})
    assert config.thresholds == Thresholds()
    assert config.max_text_rows == 300
    assert (config.selective_accuracy_of("esnli"), config.selective_accuracy_of("cqa")) == (0.95, 0.98)


def test_data_guide_works_as_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (commands,) = [block for kind, block in _blocks("docs/data.md") if kind == "bash"]
    assert "repeated questions: " in _run(commands, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert sum(part["rows"] for part in report["statistics"]["tickets"].values()) == 200


def test_data_guide_shows_rows_and_recipes_that_are_accepted(tmp_path: Path) -> None:
    from student.task import find_task, load_task
    from training.config import TrainConfig
    from training.data import csv_rows, jsonl

    blocks = _blocks("docs/data.md")
    recipes = [yaml.safe_load(block) for kind, block in blocks if kind == "yaml"]
    assert len(recipes) == 3
    for recipe in recipes:
        TrainConfig.model_validate({"preset": "tiny", **recipe})
    ((_, lines),) = [block for block in blocks if block[0] == "json"]
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    task = load_task(ROOT / "examples" / "tickets" / "task.yaml")
    gold, taught = (jsonl.load(tmp_path / "rows.jsonl", task, labels=labels) for labels in ("gold", "teacher"))
    assert [row.label for row in (*gold.examples, *taught.examples)] == ["billing", "shipping"]
    ((_, table),) = [block for block in blocks if block[0] == "csv"]
    (tmp_path / "rows.csv").write_text(table, encoding="utf-8")
    (row,) = csv_rows.load(tmp_path / "rows.csv", find_task("cqa")).examples
    assert (row.label, len(row.choices)) == ("library", 3)


def test_scale_of_training_guide_works_as_written(tmp_path: Path) -> None:
    from training.config import TRACKERS, TrainConfig

    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    blocks = _blocks("docs/scale-training.md")
    (command,) = [block for kind, block in blocks if kind == "bash"]
    assert "accuracy_tickets" in _run(command, tmp_path)
    (recipe,) = [yaml.safe_load(block) for kind, block in blocks if kind == "yaml"]
    assert TrainConfig.model_validate(recipe).fsdp
    assert ", ".join(TRACKERS) in (ROOT / "docs" / "scale-training.md").read_text(encoding="utf-8").replace("\n", " ")


def test_memory_of_large_students_is_that_of_their_parameters() -> None:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    text = (ROOT / "docs" / "scale-training.md").read_text(encoding="utf-8")
    rows = {cells[1].strip(): cells for line in text.splitlines() if len(cells := line.split("|")) == 5}
    for column, (width, inner, heads) in {2: (2048, 5120, 32), 3: (4096, 10240, 64)}.items():
        with torch.device("meta"):
            model = T5ForConditionalGeneration(
                T5Config(
                    vocab_size=32128,
                    d_model=width,
                    d_ff=inner,
                    num_heads=heads,
                    num_layers=24,
                    feed_forward_proj="gated-gelu",
                    tie_word_embeddings=False,
                )
            )
        parameters = model.num_parameters()
        layers = [
            sum(one.numel() for one in block.parameters()) for block in (*model.encoder.block, *model.decoder.block)
        ]
        gigabytes = {
            "weights, gradients and AdamW, 16 bytes each": f"{parameters * 16 / 1e9:.1f} GB",
            "of it on each of 8 devices": f"{parameters * 2 / 1e9:.1f} GB",
            "gathered beside it in bfloat16: embeddings and head": f"{(parameters - sum(layers)) * 2 / 1e9:.2f} GB",
            "and the largest layer, twice where the next one is fetched ahead": f"2 x {max(layers) * 2 / 1e9:.2f} GB",
            "a copy in each process's memory while weights are loaded": f"{parameters * 4 / 1e9:.1f} GB",
            "a checkpoint on disk: weights, and two moments": f"{parameters * 12 / 1e9:.1f} GB",
            "parameters": f"{parameters:,}",
        }
        assert {name: rows[name][column].strip() for name in gigabytes} == gigabytes
