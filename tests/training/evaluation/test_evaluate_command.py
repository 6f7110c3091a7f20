from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from student import cli
from student.bundle import Bundle
from student.question import Question
from student.runtime import OnnxStudent
from tests.training.small import recipe, rows, write_source
from training.data.sources import DemoRows, open_source
from training.run import train
from training.validation_rows import read_rows

ROOT = Path(__file__).parents[3]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def mood_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mood")
    train(recipe(write_source(folder), steps=1), folder / "run", progress=False)
    return folder / "run"


def test_command_writes_the_figures_of_the_validation_rows(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    assert cli.main(["evaluate", str(tiny_run), "--quiet", "--json", str(file), "--slices", "seen_template"]) == 0
    figures = json.loads(file.read_text())
    assert figures["demo-nli"]["rows"] == 16
    assert {"demo-nli/seen_template=yes", "demo-nli/seen_template=no"} <= set(figures)
    metrics = json.loads((tiny_run / "metrics.json").read_text())
    assert figures["demo-nli"]["accuracy"] == metrics["accuracy_demo-nli"]
    assert f"accuracy {figures['demo-nli']['accuracy']:7.2%}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "test"], "give --data"),
        (["--task", "svamp"], "give --data"),
        (["--data", "demo-nli", "--task", "svamp"], "--task is for jsonl, csv and hub sources"),
        (["--json", "no-such-folder/figures.json"], "there is no directory no-such-folder"),
        (["--rows", "0"], "no whole number of at least 1"),
        (["--predictions", "no-such-folder/p.jsonl"], "there is no directory no-such-folder"),
        (["--plots", "pyproject.toml"], "pyproject.toml: is no directory"),
        (["--against-precision", "int8"], "is of the student given with --against"),
        (["--slice-words", "she,her"], "must be NAME=WORD,WORD"),
    ],
)
def test_command_refuses_flags_without_effect_before_it_works(
    tiny_run: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", str(tiny_run), *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_command_cuts_the_validation_rows_as_the_run_did(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    source = write_source(tmp_path / "data")
    config = recipe(source, validation_share=0.3, data_seed=7, steps=1)
    run = train(config, tmp_path / "run", progress=False)
    file = tmp_path / "figures.json"
    data = ["--data", source.source, "--task", str(source.task), "--split", "validation"]
    assert cli.main(["evaluate", str(run), "--quiet", *data, "--json", str(file)]) == 0
    assert json.loads(file.read_text())["mood"]["rows"] == len(read_rows(run)) == 20


def test_command_takes_the_file_that_the_run_validated_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("data", "held"):
        (tmp_path / name).mkdir()
    write_source(tmp_path / "held", rows()[:9])
    source = write_source(tmp_path / "data").model_copy(update={"validation": f"{tmp_path}/held/rows.jsonl"})
    run = train(recipe(source, steps=1), tmp_path / "run", progress=False)
    data = ["--task", str(source.task), "--data"]
    evaluate = ["evaluate", str(run), "--quiet", "--json", str(tmp_path / "f.json")]

    for split, count in (("validation", 9), ("train", 60)):
        assert cli.main([*evaluate, *data, source.source, "--split", split]) == 0
        assert json.loads((tmp_path / "f.json").read_text())["mood"]["rows"] == count
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    assert cli.main([*evaluate, *data, f"jsonl:{tmp_path}/copy/rows.jsonl", "--split", "validation"]) == 1
    assert "is none of the run's sources" in capsys.readouterr().err


def test_command_tells_of_dropped_rows(tmp_path: Path, tiny_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"inputs": {"problem": "1 and 1?"}, "label": "1 + 1"}\n{"label": 5}')
    data = ["--data", f"jsonl:{tmp_path}/rows.jsonl", "--task", "demo-math"]
    assert cli.main(["evaluate", str(tiny_run), "--quiet", *data]) == 0
    assert "dropped" in capsys.readouterr().err


def test_command_refuses_rows_of_a_task_that_was_not_learnt(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"inputs": {"problem": "1 and 1?"}, "label": "1 + 1"}))
    arguments = ["evaluate", str(tiny_run), "--quiet", "--data", f"jsonl:{tmp_path}/rows.jsonl", "--task", "svamp"]
    assert cli.main(arguments) == 1
    assert "does not know task svamp; it answers demo-nli, demo-choices, demo-math" in capsys.readouterr().err


def test_only_task_of_a_student_is_that_of_jsonl_rows(mood_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(mood_run), "--data", f"jsonl:{mood_run.parent}/rows.jsonl", "--quiet"]) == 0
    assert "mood" in capsys.readouterr().out


def test_task_of_the_student_is_found_by_its_name(mood_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = f"jsonl:{mood_run.parent}/rows.jsonl"
    assert cli.main(["evaluate", str(mood_run), "--data", source, "--task", "mood", "--quiet"]) == 0
    assert "60 rows" in capsys.readouterr().out


def test_rows_that_a_server_would_refuse_are_told(
    mood_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = rows()[0]
    row["inputs"]["text"] *= 50
    (tmp_path / "long.jsonl").write_text(json.dumps(row))
    assert cli.main(["evaluate", str(mood_run), "--data", f"jsonl:{tmp_path}/long.jsonl", "--quiet"]) == 0
    told = capsys.readouterr().err
    assert "mood: 1 of 1 rows are longer than limits.source_tokens (64;" in told and "refuse" in told


def test_labels_that_the_student_does_not_know_are_named(
    mood_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = (mood_run.parent / "mood.yaml").read_text().replace("sad", "sulky")
    (tmp_path / "other.yaml").write_text(task)
    (tmp_path / "rows.jsonl").write_text(json.dumps({"inputs": {"text": "Ann sulks."}, "label": "sulky"}))
    arguments = ["--data", f"jsonl:{tmp_path}/rows.jsonl", "--task", str(tmp_path / "other.yaml"), "--quiet"]
    assert cli.main(["evaluate", str(mood_run), *arguments]) == 1
    assert "1 right answers of the rows are none of the student's labels (sulky; it answers happy, sad)" in (
        capsys.readouterr().err
    )


def test_bundle_is_measured_with_the_answers_it_serves(
    tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path
) -> None:
    outputs = ["--json", str(tmp_path / "f.json"), "--predictions", str(tmp_path / "p.jsonl")]
    data = ["--data", "demo-nli", "--rows", "30", "--rationales"]
    assert cli.main(["evaluate", str(tiny_bundle.path), "--quiet", *data, *outputs]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["_evaluation"]["student"]["bundle"] == tiny_bundle.label
    assert figures["_evaluation"]["student"]["precision"] == "fp32"
    examples = open_source("demo-nli", demo_rows=DemoRows(test=30)).load("test").examples
    questions = [tiny_student.prepare(Question(row.task, row.inputs), rationale=True) for row in examples]
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()]
    for line, row, served in zip(lines, examples, tiny_student.explain(questions), strict=True):
        assert (line["source"], line["gold"]) == (row.source, row.label)
        assert (line["answer"], line["rationale"]) == (served.prediction.answer, served.rationale)
        assert line["rationale_agrees"] is served.rationale_agrees
        probabilities = {one.answer: one.probability for one in served.prediction.probabilities or ()}
        assert line["probabilities"] == pytest.approx(probabilities, abs=1e-5)
    assert figures["demo-nli"]["accuracy"] == sum(line["correct"] for line in lines) / 30


def test_bundle_needs_neither_torch_nor_transformers(tiny_bundle: Bundle, tmp_path: Path) -> None:
    arguments = ["evaluate", str(tiny_bundle.path), "--data", "demo-choices", "--data", "demo-math", "--rows", "5"]
    arguments += ["--rationales", "--quiet", "--plots", str(tmp_path / "plots"), "--slice-by", "length"]
    script = (
        "import importlib.abc, sys\n"
        "import student.cli as cli\n"
        "class Hide(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name in ('torch', 'transformers', 'onnx', 'optimum'): raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        f"sys.exit(cli.main({arguments!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "demo-math/length=" in done.stdout
    assert (tmp_path / "plots" / "reliability_demo-choices.png").read_bytes().startswith(PNG)


def test_bundle_without_data_says_that_it_keeps_no_rows(
    tiny_bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", str(tiny_bundle.path)])
    assert ended.value.code == 2
    assert "a bundle keeps no validation rows; say with --data what to measure it on" in capsys.readouterr().err


def test_precision_that_a_bundle_has_not_is_refused(tiny_bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--data", "demo-nli", "--rows", "5", "--quiet", "--precision", "int8"]
    assert cli.main(["evaluate", str(tiny_bundle.path), *arguments]) == 1
    assert "has no int8 label path" in capsys.readouterr().err


def test_precision_of_a_checkpoint_is_refused(tiny_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(tiny_run), "--quiet", "--precision", "int8"]) == 1
    assert "--precision int8 chooses among a bundle's label paths" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["student", "against"])
def test_missing_student_is_refused_with_what_may_stand_there(
    mood_run: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["none"] if place == "student" else [str(mood_run), "--against", "none"]
    assert cli.main(["evaluate", *arguments, "--quiet"]) == 1
    assert "none: no such directory; give a run directory, a student directory or a bundle" in capsys.readouterr().err


def test_changed_bundle_is_refused(tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(tiny_bundle.path, tmp_path / "changed")
    (tmp_path / "changed" / "golden.json").write_text("[]")
    assert cli.main(["evaluate", str(tmp_path / "changed"), "--data", "demo-nli", "--quiet"]) == 1
    assert "golden.json" in capsys.readouterr().err


def test_plots_lie_beside_the_numbers_they_draw(tiny_run: Path, tmp_path: Path) -> None:
    outputs = ["--plots", str(tmp_path / "new" / "plots"), "--json", str(tmp_path / "f.json")]
    assert cli.main(["evaluate", str(tiny_run), "--quiet", *outputs]) == 0
    folder = tmp_path / "new" / "plots"
    names = {"reliability_demo-nli.png", "reliability_demo-choices.png", "confusion_demo-nli.png", "figures.json"}
    assert {file.name for file in folder.iterdir()} == names
    assert all(file.read_bytes().startswith(PNG) for file in folder.glob("*.png"))
    assert (folder / "figures.json").read_bytes() == (tmp_path / "f.json").read_bytes()


def test_checkpoint_and_the_bundle_made_of_it_do_not_differ(
    tiny_run: Path, tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "f.json"
    against = ["--against", str(tiny_bundle.path), "--against-precision", "fp32", "--json", str(file)]
    assert cli.main(["evaluate", str(tiny_run), "--quiet", "--slices", "seen_template", *against]) == 0
    figures = json.loads(file.read_text())
    assert figures["_evaluation"]["against"]["bundle"] == tiny_bundle.label
    groups = {name: found["against"] for name, found in figures.items() if name != "_evaluation"}
    assert {"demo-nli", "demo-math", "demo-nli/seen_template=no"} <= set(groups)
    for name, found in groups.items():
        assert found["same_answers"] == found["rows"] == figures[name]["rows"]
        assert (found["difference"], found["mcnemar_p"]) == (0.0, 1.0)
        assert found["accuracy"] == figures[name]["accuracy"]
    assert f"against {tiny_bundle.path} (fp32):" in capsys.readouterr().out


def test_other_student_without_the_task_is_no_comparison(
    tiny_run: Path, mood_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(mood_run), "--quiet", "--against", str(tiny_run)]
    assert cli.main(arguments) == 1
    assert "does not know task mood" in capsys.readouterr().err


def test_other_student_with_another_cut_may_know_the_rows(
    mood_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = train(recipe(write_source(tmp_path), steps=1, data_seed=9), tmp_path / "other", progress=False)
    assert cli.main(["evaluate", str(mood_run), "--quiet", "--against", str(other)]) == 0
    assert "may have been trained on some of these rows" in capsys.readouterr().err
    data = ["--data", f"jsonl:{mood_run.parent}/rows.jsonl", "--split", "test"]
    assert cli.main(["evaluate", str(mood_run), "--quiet", "--against", str(other), *data]) == 0
    assert "may have been trained" not in capsys.readouterr().err


def test_slices_that_the_user_names_are_reported(mood_run: Path, tmp_path: Path) -> None:
    slices = ["--slice-by", "gold", "length", "--slice-words", "tears=cries,weeps"]
    outputs = ["--json", str(tmp_path / "f.json"), "--data", f"jsonl:{mood_run.parent}/rows.jsonl"]
    assert cli.main(["evaluate", str(mood_run), "--quiet", *outputs, *slices]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["mood/gold=happy"]["rows"] == 30
    assert figures["mood/tears=yes"]["rows"] == 20
    assert figures["mood/tears=no"]["rows"] == 40


@pytest.mark.parametrize(("method", "asked"), [("standard", 60), ("single-task", 60), ("rationale-given", 40)])
def test_students_of_every_method_are_asked_what_they_were_taught(
    method: str, asked: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = recipe(write_source(tmp_path), method=method, steps=2, validate_every=2)
    train(config, tmp_path / "run", progress=False)
    arguments = ["--data", f"jsonl:{tmp_path}/rows.jsonl", "--json", str(tmp_path / "figures.json"), "--quiet"]
    assert cli.main(["evaluate", str(tmp_path / "run"), *arguments]) == 0
    assert json.loads((tmp_path / "figures.json").read_text())["mood"]["rows"] == asked
    told = capsys.readouterr().err
    assert ("20 of 60 rows are not asked: has no reasoning, which rationale-given reads" in told) is (asked == 40)


def test_students_that_read_other_fields_are_not_compared(
    mood_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = recipe(write_source(tmp_path), method="rationale-given", steps=2, validate_every=2)
    train(config, tmp_path / "run", progress=False)
    data = ["--data", f"jsonl:{tmp_path}/rows.jsonl", "--quiet"]
    assert cli.main(["evaluate", str(mood_run), *data, "--against", str(tmp_path / "run")]) == 1
    assert "reads text, rationale of task mood" in capsys.readouterr().err


def test_rationales_of_a_student_that_was_taught_none_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(recipe(write_source(tmp_path), method="standard", steps=1), tmp_path / "run", progress=False)
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", str(tmp_path / "run"), "--rationales", "--quiet"])
    assert ended.value.code == 2
    assert "was taught none (method standard" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--predictions", "--json"])
def test_rows_are_never_overwritten(flag: str, mood_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mood_run.parent / "rows.jsonl"
    before = path.read_bytes()
    with pytest.raises(SystemExit):
        cli.main(["evaluate", str(mood_run), "--data", f"jsonl:{path}", flag, str(path), "--quiet"])
    assert "is read by this command" in capsys.readouterr().err
    assert path.read_bytes() == before
