"""The run directory: what lies in it, whether it may be used, and what a run left there.

run/
  recipe.yaml        the resolved configuration, once the data was found good
  rows.sha256        digest of the rows that are trained and validated on
  data.json          what was read, repaired and dropped, by source, and what was cut
  checkpoint-*/      the trainer's own, for resuming
  logs/              TensorBoard
  curves.png         loss and validation accuracy over steps
  metrics.json       validation figures of the student that was kept
  student/           the finished student, in the hub's format plus quickstep.json
  unfinished/        a checkpoint or the student, while it is written
  student.earlier/   an earlier student, while another takes its place
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from transformers import T5ForConditionalGeneration
from transformers.trainer_callback import TrainerState
from transformers.trainer_utils import get_last_checkpoint

from student.errors import CheckpointError
from training.checkpoint import RECORD, STUDENT
from training.config import TrainConfig
from training.sharding import is_sharded, load_whole

RECIPE = "recipe.yaml"
DATA_REPORT = "data.json"
ROWS_DIGEST = "rows.sha256"
METRICS = "metrics.json"
CURVES = "curves.png"
MARK = ".seen-by-all-"
"""How the names of files begin by which processes see that they share the directory."""

_PART = ".part"


def check_output(config: TrainConfig, output: Path, resume: bool) -> None:
    """Refuse a place in which something else lies. A report on data that was refused makes no run.

    Raises:
        CheckpointError: saying what is there and what to do.
    """
    if output.exists() and not output.is_dir():
        raise CheckpointError(f"{output}: is no directory; give --output another place")
    recipe = output / RECIPE
    if output.is_dir() and any(_is_of_a_run(item) for item in output.iterdir()):
        if not resume:
            raise CheckpointError(
                f"{output}: is not empty; use --resume to go on with it, or give --output a new place"
            )
        if not recipe.is_file():
            raise CheckpointError(f"{output}: holds no {recipe.name}, so it is no run to resume; give --output a run")
        if not _is_of(recipe, config):
            raise CheckpointError(
                f"{output}: was started with another recipe ({recipe}); resume with that one, "
                "or give --output a new place"
            )


def _is_of_a_run(item: Path) -> bool:
    """Whether it is more than what is noted before a run begins, or what was left of that by a killed process."""
    parts = (f"{name}{_PART}" for name in (DATA_REPORT, ROWS_DIGEST, RECIPE))
    return item.name not in (DATA_REPORT, ROWS_DIGEST, *parts) and not item.name.startswith(MARK)


def _is_of(recipe: Path, config: TrainConfig) -> bool:
    """Whether a run's recipe says what `config` says; keys that came later have their defaults."""
    try:
        return TrainConfig.model_validate(yaml.safe_load(recipe.read_text(encoding="utf-8"))) == config
    except (ValueError, yaml.YAMLError):
        return False


def check_rows(output: Path, digest: str, resume: bool) -> None:
    """Refuse to go on with other rows than those that a run began with; notes them where it begins.

    Raises:
        CheckpointError: the rows have changed since.
    """
    path = output / ROWS_DIGEST
    noted = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    if resume and noted and noted != digest:
        raise CheckpointError(
            f"{output}: was started with other rows, the data have changed since; restore them, or give --output a new "
            "place"
        )
    if noted != digest:
        write_whole(path, f"{digest}\n")


def keep_recipe(output: Path, config: TrainConfig) -> None:
    """Write down the recipe of a run that begins; one that goes on has it."""
    if not (output / RECIPE).is_file():
        write_whole(output / RECIPE, resolved(config))


def is_finished(config: TrainConfig, output: Path) -> bool:
    """Whether the run took all its steps and its student was saved."""
    last = get_last_checkpoint(str(output)) if output.is_dir() else None
    return last is not None and steps_of(Path(last)) >= config.steps and (output / STUDENT / RECORD).is_file()


def steps_of(checkpoint: Path) -> int:
    """The step at which one of the trainer's checkpoints was taken."""
    return int(checkpoint.name.rpartition("-")[2])


def take_best(model: T5ForConditionalGeneration, output: Path, state: TrainerState) -> None:
    """Give the model the weights of the step with the best validation score."""
    if state.best_model_checkpoint is None:
        return
    # By its name: the run directory may have been moved since.
    best = output / Path(state.best_model_checkpoint).name
    if is_sharded(model):
        load_whole(model, best)
    else:
        model.load_state_dict(T5ForConditionalGeneration.from_pretrained(best).state_dict())


def resolved(config: TrainConfig) -> str:
    """The recipe as YAML, with every default and path in it."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file for people and programs to read, whole or not at all."""
    write_whole(path, json.dumps(content, indent=2) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a small file in one step: where writing fails, what was there stays.

    Raises:
        OSError: it cannot be written; names the file.
    """
    part = path.with_name(path.name + _PART)
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        # A write that fails does not say of which file.
        raise OSError(error.errno, error.strerror, str(path)) from error
