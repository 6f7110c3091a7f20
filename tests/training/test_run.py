from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from student.errors import CheckpointError, DataError
from tests.training.small import TASK_YAML, recipe, rows, write_source
from training.config import SourceConfig, TrainConfig
from training.objective import StepByStepTrainer
from training.run import train


def _weights(student: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(student / "model.safetensors"))


def _assert_same_student(ours: Path, theirs: Path) -> None:
    assert (ours / "tokenizer.json").read_text() == (theirs / "tokenizer.json").read_text()
    left, right = _weights(ours), _weights(theirs)
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceConfig:
    return write_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def whole(source: SourceConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    output = tmp_path_factory.mktemp("whole") / "run"
    assert train(recipe(source), output, progress=False) == output / "student"
    return output


def test_run_directory_has_what_is_documented(whole: Path, source: SourceConfig) -> None:
    names = {entry.name for entry in whole.iterdir()}
    assert {"recipe.yaml", "data.json", "logs", "curves.png", "metrics.json", "student"} <= names
    assert {"checkpoint-4", "checkpoint-8"} <= names
    assert TrainConfig.model_validate(yaml.safe_load((whole / "recipe.yaml").read_text())) == recipe(source)
    assert (whole / "curves.png").read_bytes().startswith(b"\x89PNG")
    (report,) = json.loads((whole / "data.json").read_text())["sources"]
    assert report["rows_used"] == 60


def test_student_records_what_made_it(whole: Path) -> None:
    record = json.loads((whole / "student" / "quickstep.json").read_text())
    metrics = json.loads((whole / "metrics.json").read_text())
    assert record["metrics"] == metrics
    assert set(metrics) == {"accuracy_mood", "accuracy", "loss", "score"}
    assert metrics["accuracy"] == metrics["accuracy_mood"]
    assert metrics["score"] == pytest.approx(metrics["accuracy"] - 1e-3 * metrics["loss"])
    assert record["steps"] == 8
    assert record["best_step"] in (4, 8)
    data = record["data"]
    assert data["training_rows"] + data["validation_rows"] == 60
    assert data["digest"].startswith("sha256:")
    validation = (whole / "student" / "validation.jsonl").read_text().splitlines()
    assert len(validation) == data["validation_rows"] > 0


def test_kept_student_is_the_best_one(whole: Path) -> None:
    state = json.loads((whole / "checkpoint-8" / "trainer_state.json").read_text())
    scores = {entry["step"]: entry["eval_score"] for entry in state["log_history"] if "eval_score" in entry}
    assert set(scores) == {4, 8}
    best = max(scores, key=lambda step: scores[step])
    kept, checkpoint = _weights(whole / "student"), _weights(whole / f"checkpoint-{best}")
    assert all(torch.equal(kept[name], checkpoint[name]) for name in kept)
    assert json.loads((whole / "metrics.json").read_text())["score"] == pytest.approx(scores[best], abs=1e-6)


def test_same_seed_makes_the_same_student(whole: Path, source: SourceConfig, tmp_path: Path) -> None:
    # Whatever state the process is in.
    torch.manual_seed(99)
    random.seed(99)
    student = train(recipe(source), tmp_path / "again", progress=False)
    _assert_same_student(student, whole / "student")


def test_other_seed_makes_another_student_of_the_same_rows(whole: Path, source: SourceConfig, tmp_path: Path) -> None:
    student = train(recipe(source, seed=1), tmp_path / "other", progress=False)
    ours, theirs = _weights(student), _weights(whole / "student")
    assert not torch.equal(ours["shared.weight"], theirs["shared.weight"])
    records = [json.loads((folder / "quickstep.json").read_text()) for folder in (student, whole / "student")]
    assert records[0]["data"] == records[1]["data"]


class _PowerCut(Exception):
    pass


def _interrupt(monkeypatch: pytest.MonkeyPatch, at_step: int) -> None:
    step = StepByStepTrainer.training_step
    done = 0

    def interrupted(self: StepByStepTrainer, *args: Any, **kwargs: Any) -> Any:
        nonlocal done
        done += 1
        if done > at_step:
            raise _PowerCut
        return step(self, *args, **kwargs)

    monkeypatch.setattr(StepByStepTrainer, "training_step", interrupted)


def _train_until_power_cut(config: TrainConfig, output: Path, monkeypatch: pytest.MonkeyPatch, at_step: int) -> None:
    with monkeypatch.context() as patch:
        _interrupt(patch, at_step)
        with pytest.raises(_PowerCut):
            train(config, output, progress=False)


def test_interrupted_run_ends_as_an_uninterrupted_one_when_resumed(
    whole: Path, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "run"
    _train_until_power_cut(recipe(source), output, monkeypatch, at_step=6)
    assert not (output / "student").exists()

    torch.manual_seed(99)
    student = train(recipe(source), output, resume=True, progress=False)
    _assert_same_student(student, whole / "student")

    # And once more, of the finished run: nothing is left to do.
    with monkeypatch.context() as patch:
        patch.setattr("training.run._load_data", lambda *_: pytest.fail("started again"))
        assert train(recipe(source), output, resume=True, progress=False) == student


def test_run_interrupted_after_its_last_step_takes_no_further_one(
    whole: Path, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    shutil.rmtree(run / "student")
    _interrupt(monkeypatch, at_step=0)
    _assert_same_student(train(recipe(source), run, resume=True, progress=False), whole / "student")
    assert json.loads((run / "student" / "quickstep.json").read_text())["steps"] == 8


def test_interrupted_run_with_muon_and_grouped_batches_ends_as_an_uninterrupted_one(
    source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = recipe(source, optimizer="muon", group_by_length=True)
    expected = train(config, tmp_path / "whole", progress=False)
    _train_until_power_cut(config, tmp_path / "run", monkeypatch, at_step=6)
    torch.manual_seed(99)
    _assert_same_student(train(config, tmp_path / "run", resume=True, progress=False), expected)


def test_resumed_run_keeps_the_tokenizer_of_its_weights(
    source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids of a tokenizer that is trained anew need not be those that the weights were trained for."""
    output = tmp_path / "run"
    _train_until_power_cut(recipe(source), output, monkeypatch, at_step=5)
    monkeypatch.setattr("training.run.train_tokenizer", lambda *_: pytest.fail("trained anew"))
    student = train(recipe(source), output, resume=True, progress=False)
    ours, theirs = (
        json.loads((folder / "tokenizer.json").read_text()) for folder in (student, output / "checkpoint-4")
    )
    assert ours["model"]["vocab"] == theirs["model"]["vocab"]


def test_run_interrupted_before_its_first_checkpoint_starts_anew(
    whole: Path, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "run"
    _train_until_power_cut(recipe(source), output, monkeypatch, at_step=2)
    _assert_same_student(train(recipe(source), output, resume=True, progress=False), whole / "student")


def test_other_recipe_is_not_resumed(whole: Path, source: SourceConfig) -> None:
    before = (whole / "recipe.yaml").read_text()
    with pytest.raises(CheckpointError, match="was started with another recipe"):
        train(recipe(source, steps=9), whole, resume=True, progress=False)
    assert (whole / "recipe.yaml").read_text() == before
    assert (whole / "student" / "quickstep.json").is_file()


@pytest.mark.parametrize("changes", [{"gradient_accumulation": 2}, {"gradient_checkpointing": True}], ids=str)
def test_other_ways_to_take_its_steps_are_another_recipe(
    changes: dict[str, Any], whole: Path, source: SourceConfig
) -> None:
    with pytest.raises(CheckpointError, match="was started with another recipe"):
        train(recipe(source, **changes), whole, resume=True, progress=False)


def test_run_of_a_recipe_without_keys_that_came_later_is_resumed(
    whole: Path, source: SourceConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    content = yaml.safe_load((run / "recipe.yaml").read_text())
    for later in ("gradient_accumulation", "gradient_checkpointing", "fsdp", "trackers"):
        del content[later]
    (run / "recipe.yaml").write_text(yaml.safe_dump(content))
    assert train(recipe(source), run, resume=True, progress=False) == run / "student"


@pytest.mark.parametrize(
    "changes", [{"gradient_accumulation": 2}, {"gradient_checkpointing": True}], ids=["parts", "recomputed"]
)
def test_less_memory_makes_the_same_student(changes: dict[str, Any], source: SourceConfig, tmp_path: Path) -> None:
    """Within 1e-6, without dropout, which parts of a batch draw otherwise."""
    students = [
        train(recipe(source, dropout_rate=0.0, **other), tmp_path / str(number), progress=False)
        for number, other in enumerate(({}, changes))
    ]
    ours, theirs = map(_weights, students)
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], rtol=0, atol=1e-6)


def test_output_that_is_not_empty_is_refused(source: SourceConfig, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CheckpointError, match="is not empty; use --resume"):
        train(recipe(source), tmp_path, progress=False)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_resuming_what_is_no_run_touches_nothing(source: SourceConfig, tmp_path: Path) -> None:
    package = tmp_path / "run" / "student"
    package.mkdir(parents=True)
    (package / "thesis.py").write_text("years of work")
    with pytest.raises(CheckpointError, match=r"holds no recipe\.yaml"):
        train(recipe(source), tmp_path / "run", resume=True, progress=False)
    assert (package / "thesis.py").read_text() == "years of work"


def test_a_resume_that_fails_keeps_the_finished_student(
    whole: Path, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    shutil.rmtree(run / "checkpoint-8")

    def no_data(*_: Any) -> Any:
        raise DataError("the disk is gone")

    monkeypatch.setattr("training.run._load_data", no_data)
    with pytest.raises(DataError):
        train(recipe(source), run, resume=True, progress=False)
    assert (run / "student" / "quickstep.json").is_file()


def test_labels_over_their_limit_are_refused_before_training(tmp_path: Path) -> None:
    task = TASK_YAML.replace("[happy, sad]", '[happy, sad, "a label of many tokens that no row has"]')
    with pytest.raises(DataError, match=r"task mood: labels 'a label of .*tokens long, at most 8 .*raise its limits"):
        train(recipe(write_source(tmp_path, task=task)), tmp_path / "run", progress=False)


def test_output_that_is_a_file_is_refused(source: SourceConfig, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("years of work")
    with pytest.raises(CheckpointError, match="is no directory"):
        train(recipe(source), tmp_path / "run", progress=False)


def test_too_many_bad_rows_stop_the_training(tmp_path: Path) -> None:
    content = rows()
    for row in content[::10]:
        row["label"] = "angry"
    source = write_source(tmp_path, content)
    output = tmp_path / "run"
    with pytest.raises(DataError, match=r"label is none of the task's labels"):
        train(recipe(source), output, progress=False)
    assert not (output / "student").exists()
    # What was wrong with them can be read.
    (report,) = json.loads((output / "data.json").read_text())["sources"]
    assert report["rows_used"] == 54
    # And nothing stands in the way of the next try.
    assert train(recipe(write_source(tmp_path), steps=1), output, progress=False).is_dir()


def test_bad_rows_are_told_before_an_empty_validation_split(tmp_path: Path) -> None:
    content = rows()[:6]
    for row in content[1:]:
        row["label"] = "angry"
    with pytest.raises(DataError, match=r"5 of 6 rows cannot be used \(83\.3%; at most 5\.0% allowed"):
        train(recipe(write_source(tmp_path, content)), tmp_path / "run", progress=False)


def test_rows_over_a_limit_are_cut_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = rows()
    content[0]["inputs"]["text"] += " It was a very long day." * 20
    caplog.set_level("INFO", "training")
    student = train(recipe(write_source(tmp_path, content), steps=1), tmp_path / "run", progress=False)
    told = [
        message
        for message in caplog.messages
        if "longer than limits.source_tokens (64; the longest, rows.jsonl:1," in message
    ]
    assert len(told) == 1 and "the server would refuse such a question" in told[0]
    cut = json.loads((tmp_path / "run" / "data.json").read_text())["cut"]
    (entry,) = cut["training"] + cut["validation"]
    assert (entry["task"], entry["of"], entry["rows"], entry["longest_row"]) == (
        "mood",
        "source_tokens",
        1,
        "rows.jsonl:1",
    )
    assert json.loads((student / "quickstep.json").read_text())["data"]["cut"] == cut["training"]


def test_validations_are_told_in_a_line_each(
    source: SourceConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO", "training")
    train(recipe(source), tmp_path / "run", progress=True)
    lines = [message for message in caplog.messages if message.startswith("step ")]
    assert [line.partition(":")[0] for line in lines] == ["step 4", "step 8"]
    assert "validation accuracy mood " in lines[0]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "train: 100%" in shown.err


def test_bad_rows_below_the_share_are_left_out(tmp_path: Path) -> None:
    content = rows()
    content[3]["label"] = "angry"
    student = train(recipe(write_source(tmp_path, content), steps=1), tmp_path / "run", progress=False)
    data = json.loads((student / "quickstep.json").read_text())["data"]
    assert data["training_rows"] + data["validation_rows"] == 59


def test_label_over_the_limit_is_refused_not_cut(tmp_path: Path) -> None:
    task = TASK_YAML.replace("[happy, sad]", '[happy, "sad beyond all words that anyone could say"]').replace(
        "label_tokens: 8", "label_tokens: 4"
    )
    content = rows()
    for row in content:
        if row["label"] == "sad":
            row["label"] = "sad beyond all words that anyone could say"
    with pytest.raises(DataError, match=r"labels are longer than .*label_tokens, first rows\.jsonl:\d+"):
        train(recipe(write_source(tmp_path, content, task)), tmp_path / "run", progress=False)


def test_two_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = write_source(tmp_path / "a")
    second = write_source(tmp_path / "b", task=TASK_YAML.replace("text: {text}", "words: {text}"))
    with pytest.raises(DataError, match="two different tasks of the name 'mood'"):
        train(recipe(first, second), tmp_path / "run", progress=False)


def test_labels_alone_can_be_trained_in_batches_of_like_length(source: SourceConfig, tmp_path: Path) -> None:
    config = recipe(source, rationale_weight=0.0, group_by_length=True, steps=2, validate_every=2)
    student = train(config, tmp_path / "run", progress=False)
    assert json.loads((student / "quickstep.json").read_text())["data"]["cut"] == []


def test_rows_bounds_what_is_trained_and_validated_on(source: SourceConfig, tmp_path: Path) -> None:
    bounded = source.model_copy(update={"rows": 20, "validation_rows": 5})
    student = train(recipe(bounded, steps=1), tmp_path / "run", progress=False)
    data = json.loads((student / "quickstep.json").read_text())["data"]
    assert (data["training_rows"], data["validation_rows"]) == (20, 5)


def test_report_on_data_tells_of_repeated_and_shared_questions(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    extra = write_source(tmp_path / "b").model_copy(update={"validation_rows": 0})
    train(recipe(write_source(tmp_path / "a"), extra, steps=1), tmp_path / "run", progress=False)

    report = json.loads((tmp_path / "run" / "data.json").read_text())

    assert sum(told["training_rows"] + told["validation_rows"] for told in report["sources"]) == 120
    assert report["duplicates"]["repeated"]["rows"] + report["duplicates"]["held_out"]["rows"] > 50
    assert report["overlap"][0]["same"]["rows"] > 0


def test_teacher_labels_of_own_rows_are_learned_and_gold_validated_on(tmp_path: Path) -> None:
    content = [row | {"teacher_label": "sad"} for row in rows()]

    train(recipe(write_source(tmp_path, content), labels="teacher", steps=1), tmp_path / "run", progress=False)

    lines = (tmp_path / "run" / "student" / "validation.jsonl").read_text().splitlines()
    assert {json.loads(line)["label"] for line in lines} == {"happy", "sad"}
    assert json.loads((tmp_path / "run" / "data.json").read_text())["sources"][0]["teacher_agreement"] == 0.5


def test_teacher_labels_without_any_gold_stop_before_training(tmp_path: Path) -> None:
    content = [{"inputs": row["inputs"], "teacher_label": row["label"]} for row in rows()]

    with pytest.raises(DataError, match="mood: no validation rows"):
        train(recipe(write_source(tmp_path, content), labels="teacher"), tmp_path / "run", progress=False)
    assert not (tmp_path / "run" / "recipe.yaml").exists()


def test_a_resumed_run_counts_the_seconds_before(source: SourceConfig, tmp_path: Path) -> None:
    train(recipe(source, steps=4), tmp_path / "run", progress=False)
    before = json.loads((tmp_path / "run" / "checkpoint-4" / "train_seconds.json").read_text())
    assert before > 0
    (tmp_path / "run" / "checkpoint-4" / "train_seconds.json").write_text("1000.0")
    shutil.rmtree(tmp_path / "run" / "student")
    student = train(recipe(source, steps=4), tmp_path / "run", resume=True, progress=False)
    assert json.loads((student / "quickstep.json").read_text())["train_seconds"] >= 1000


def test_seconds_that_were_cut_off_are_refused_with_what_to_do(source: SourceConfig, tmp_path: Path) -> None:
    train(recipe(source, steps=4), tmp_path / "run", progress=False)
    shutil.rmtree(tmp_path / "run" / "student")
    (tmp_path / "run" / "checkpoint-4" / "train_seconds.json").write_text("")
    with pytest.raises(CheckpointError, match=r"train_seconds\.json: is no number of seconds .* or delete it"):
        train(recipe(source, steps=4), tmp_path / "run", resume=True, progress=False)


def test_a_recipe_may_name_its_tokenizer(whole: Path, source: SourceConfig, tmp_path: Path) -> None:
    config = recipe(source, steps=1, validate_every=1, tokenizer=str(whole / "student"))
    student = train(config, tmp_path / "run", progress=False)
    assert (student / "tokenizer.json").read_text() == (whole / "student" / "tokenizer.json").read_text()


def test_run_is_not_resumed_with_other_rows(tmp_path: Path) -> None:
    source = write_source(tmp_path)
    train(recipe(source, steps=4), tmp_path / "run", progress=False)
    shutil.rmtree(tmp_path / "run" / "student")
    write_source(tmp_path, rows()[:50])
    with pytest.raises(CheckpointError, match="was started with other rows"):
        train(recipe(source, steps=4), tmp_path / "run", resume=True, progress=False)
