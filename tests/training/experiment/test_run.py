from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file

from student import cli
from student.errors import DataError
from tests.training.small import rows, write_source
from training.experiment import run as experiment_run
from training.experiment import sources
from training.experiment.plan import Plan, load_plan
from training.experiment.report import write_report
from training.experiment.run import ExperimentError, run_all
from training.run import train

RECIPE: dict[str, Any] = {
    "preset": "tiny",
    "data": [{"source": "jsonl:rows.jsonl", "task": "mood.yaml"}],
    "steps": 2,
    "validate_every": 2,
    "batch_size": 8,
    "warmup_steps": 1,
    "validation_share": 0.2,
    "threads": 1,
}
AXES: dict[str, Any] = {"methods": ["standard", "step-by-step"], "fractions": [0.5, 1.0], "seeds": [0, 1]}


def _plan(folder: Path, recipe: dict[str, Any] | None = None, **axes: Any) -> Plan:
    write_source(folder)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE | (recipe or {})))
    (folder / "experiment.yaml").write_text(yaml.safe_dump({"recipe": "recipe.yaml"} | AXES | axes, sort_keys=False))
    return load_plan(folder / "experiment.yaml")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    folder = tmp_path_factory.mktemp("experiment")
    plan = _plan(folder)
    run_all(plan, folder / "out", progress=False)
    return plan, folder / "out"


def test_runs_are_run_directories_without_the_trainers_checkpoints(done: tuple[Plan, Path]) -> None:
    plan, output = done
    assert {path.name for path in (output / "runs").iterdir()} == {run.name for run in plan.runs}
    for run in plan.runs:
        names = {path.name for path in (output / "runs" / run.name).iterdir()}
        assert {"student", "recipe.yaml", "data.json", "curves.png", "result.json"} <= names
        assert not any(name.startswith("checkpoint-") for name in names)


def test_students_of_one_size_share_a_tokenizer(done: tuple[Plan, Path]) -> None:
    plan, output = done
    tokenizers = {(output / "runs" / run.name / "student" / "tokenizer.json").read_text() for run in plan.runs}
    assert len(tokenizers) == 1
    assert len({result.parameters for result in run_all(plan, output, progress=False)}) == 1


def test_a_weight_of_zero_trains_labels_alone_as_method_standard_does(tmp_path: Path) -> None:
    plan = _plan(tmp_path, fractions=[1.0], seeds=[0], rationale_weights=[0, 1.0])
    run_all(plan, tmp_path / "out", progress=False)
    standard, baseline, taught = (
        load_file(tmp_path / "out" / "runs" / run.name / "student" / "model.safetensors") for run in plan.runs
    )
    assert all(bool((standard[name] == baseline[name]).all()) for name in standard)
    assert not all(bool((standard[name] == taught[name]).all()) for name in standard)


def test_half_of_the_rows_lie_within_the_whole(done: tuple[Plan, Path]) -> None:
    plan, output = done
    results = run_all(plan, output, progress=False)
    by_fraction = {result.run.cell.fraction: result.training_rows for result in results}
    assert by_fraction[0.5] == round(by_fraction[1.0] / 2)
    questions = {
        tuple(json.loads(line)["inputs"]["text"] for line in path.read_text().splitlines())
        for path in (output / "runs").glob("*/student/validation.jsonl")
    }
    assert len(questions) == 1


def test_teachers_are_compared_on_the_same_questions(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    noisy = [{**row, "label": "sad"} for row in rows()]
    (tmp_path / "noisy.jsonl").write_text("\n".join(map(json.dumps, noisy)))
    other = [{"source": "jsonl:other.jsonl", "task": "mood.yaml"}]
    noisy_source = [{"source": "jsonl:noisy.jsonl", "task": "mood.yaml"}]
    axes: dict[str, Any] = {
        "teachers": {"good": {}, "noisy": {"data": noisy_source}},
        "methods": ["standard"],
        "fractions": [1.0],
    }
    plan = _plan(tmp_path, seeds=[0], **axes)
    results = run_all(plan, tmp_path / "out", progress=False)
    assert len({one.rows for result in results for one in result.measured}) == 1
    (tmp_path / "other.jsonl").write_text("\n".join(map(json.dumps, rows()[:40])))
    axes["teachers"] = {"good": {}, "other": {"data": other}}
    with pytest.raises(DataError, match="ask other questions than those of tiny-good-standard-part1-s0"):
        run_all(_plan(tmp_path, seeds=[0], **axes), tmp_path / "out2", progress=False)


def test_missing_data_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    missing = {"data": [{"source": "jsonl:misspelt.jsonl", "task": "mood.yaml"}]}
    plan = _plan(tmp_path, teachers={"good": {}, "misspelt": missing})
    with pytest.raises(DataError, match=r"misspelt\.jsonl: cannot be read"):
        run_all(plan, tmp_path / "out", progress=False)
    assert not (tmp_path / "out" / "runs").exists()


def test_what_is_done_is_not_done_again(done: tuple[Plan, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(experiment_run, "train", refuse)
    results = run_all(*done, progress=False)
    assert all(result.measured for result in results)


def test_an_interrupted_experiment_goes_on_with_what_is_missing(
    done: tuple[Plan, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, output = done
    copy = tmp_path / "out"
    shutil.copytree(output, copy)
    lost = plan.runs[3].name
    shutil.rmtree(copy / "runs" / lost)
    trained = []

    def note(config: Any, folder: Path, **options: Any) -> Path:
        trained.append(folder.name)
        return train(config, folder, **options)

    monkeypatch.setattr(experiment_run, "train", note)
    results = run_all(plan, copy, progress=False)
    assert trained == [lost]
    assert [result.measured for result in results] == [result.measured for result in run_all(*done, progress=False)]


def test_run_of_another_recipe_is_refused(done: tuple[Plan, Path], tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="was made by another recipe"):
        run_all(_plan(tmp_path, {"steps": 4}), done[1], progress=False)


def test_broken_result_is_refused(done: tuple[Plan, Path], tmp_path: Path) -> None:
    plan, output = done
    copy = tmp_path / "out"
    shutil.copytree(output, copy)
    (copy / "runs" / plan.runs[0].name / "result.json").write_text("{")
    with pytest.raises(ExperimentError, match="is broken"):
        run_all(plan, copy, progress=False)


def test_test_rows_are_asked_only_when_wanted_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = {"data": [{"source": "demo-nli", "rows": 24, "validation_rows": 8}], "validation_share": 0.1}
    plan = _plan(tmp_path, recipe, seeds=[0], fractions=[1.0])
    output = tmp_path / "out"
    assert all(one.split == "validation" for result in run_all(plan, output, progress=False) for one in result.measured)
    tested = run_all(plan, output, test=True, progress=False)
    assert all([one.split for one in result.measured] == ["validation", "test"] for result in tested)
    assert {one.rows for result in tested for one in result.measured if one.split == "test"} == {1000}
    monkeypatch.setattr(experiment_run, "answer_all", None)
    assert run_all(plan, output, test=True, progress=False) == tested
    assert "## demo-nli, test (1,000 rows)" in write_report(plan, tested, output, test=True)


def test_own_test_rows_are_asked(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, rows()[:14])))
    data = [{"source": "jsonl:rows.jsonl", "task": "mood.yaml", "test": "test.jsonl"}]
    plan = _plan(tmp_path, {"data": data}, methods=["standard"], fractions=[1.0], seeds=[0])

    (result,) = run_all(plan, tmp_path / "out", test=True, progress=False)

    validation, test = result.measured
    assert (test.split, test.rows) == ("test", 14)
    assert validation.split == "validation" and result.training_rows == 60 - validation.rows < 60


def test_files_of_ones_own_have_no_test_rows_unless_named(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no source has test rows of its own"):
        run_all(_plan(tmp_path), tmp_path / "out", test=True, progress=False)
    assert not (tmp_path / "out").exists()


def test_combination_that_cannot_be_trained_reads_not_available(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path, methods={"distilled": {"method": "standard", "labels": "teacher"}, "standard": {"method": "standard"}}
    )
    results = run_all(plan, tmp_path / "out", progress=False)
    tables = write_report(plan, results, tmp_path / "out", test=False)
    assert "| tiny | - | distilled | 50 % | n/a:" in tables
    content = json.loads((tmp_path / "out" / "results.json").read_text())
    missing = [row for row in content["runs"] if row["accuracy"] is None]
    assert {row["method"] for row in missing} == {"distilled"} and len(missing) == 4


def test_command_writes_tables_and_plots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _plan(tmp_path, seeds=[0], fractions=[1.0])
    arguments = ["experiment", str(tmp_path / "experiment.yaml"), "--output", str(tmp_path / "out"), "--quiet"]
    assert cli.main([*arguments, "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == ["tiny-standard-part1-s0", "tiny-step-by-step-w1-part1-s0"]
    assert not (tmp_path / "out").exists()
    assert cli.main(arguments) == 0
    shown = capsys.readouterr().out
    assert "## mood, validation" in shown
    assert (tmp_path / "out" / "results.md").read_text() in shown
    for name in ("accuracy_over_data", "accuracy_over_size", "beats_teacher"):
        assert (tmp_path / "out" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 3


def test_experiment_without_any_student_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _plan(tmp_path, methods={"distilled": {"method": "standard", "labels": "teacher"}}, seeds=[0], fractions=[1.0])
    arguments = ["experiment", str(tmp_path / "experiment.yaml"), "--output", str(tmp_path / "out"), "--quiet"]
    assert cli.main(arguments) == 1
    assert "n/a" in capsys.readouterr().out


def test_results_of_other_data_are_not_taken(tmp_path: Path) -> None:
    plan = _plan(tmp_path, seeds=[0], fractions=[1.0], methods=["standard"])
    run_all(plan, tmp_path / "out", progress=False)
    with (tmp_path / "rows.jsonl").open("a") as stream:
        stream.write("\n" + json.dumps(rows()[0] | {"inputs": {"text": "Kim laughs."}}))
    sources.file_digest.cache_clear()
    with pytest.raises(ExperimentError, match="was trained on other data"):
        run_all(plan, tmp_path / "out", progress=False)


def test_rows_that_only_a_teacher_has_labelled_may_be_a_source_beside_gold(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    taught = [{"inputs": {"text": f"{row['inputs']['text']} Again."}, "teacher_label": row["label"]} for row in rows()]
    (tmp_path / "taught.jsonl").write_text("\n".join(map(json.dumps, taught)))
    data = [
        {"source": "jsonl:rows.jsonl", "task": "mood.yaml"},
        {"source": "jsonl:taught.jsonl", "task": "mood.yaml", "labels": "teacher"},
    ]
    plan = _plan(tmp_path, {"data": data}, seeds=[0], fractions=[1.0], methods=["standard"])
    results = run_all(plan, tmp_path / "out", progress=False)
    assert results[0].training_rows > 60
    assert "standard" in write_report(plan, results, tmp_path / "out", test=False)


def test_an_experiment_is_not_run_by_several_processes(
    done: tuple[Plan, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
    for name, value in started.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ExperimentError, match="start it without torchrun"):
        run_all(*done, progress=False)
