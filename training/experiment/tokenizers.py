"""One tokenizer for all students of an experiment that are trained from scratch in one size.

Trained by each run on its own rows, tokenizers would differ by method (with rationales or without) and by part of the
data, and with them the students' sizes: that would be compared, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from student.errors import UnfitData
from training.config import TrainConfig
from training.data.mixture import Cuts, load_mixture
from training.data.report import UnusableRows
from training.experiment.logs import said_once_a_run
from training.experiment.plan import Plan, Run
from training.presets import PRESETS
from training.tokenizer import texts_of, train_tokenizer

TOKENIZERS = "tokenizers"


def share_tokenizers(plan: Plan, output: Path) -> dict[str, Path]:
    """A tokenizer for each preset that a run trains from scratch without naming one.

    It is trained on the training rows of all such runs, whole and with their rationales, and kept in the experiment's
    directory.

    Returns:
        Folders by preset.

    Raises:
        DataError: the rows cannot be loaded.
    """
    presets = dict.fromkeys(run.config.preset for run in plan.runs if run.config.tokenizer is None)
    folders = {}
    for preset in presets:
        if preset is None:
            continue
        folder = output / TOKENIZERS / preset
        if not (folder / "tokenizer.json").is_file():
            with said_once_a_run():
                texts = _texts([run for run in plan.runs if run.config.preset == preset])
            if not texts:
                continue  # none of the runs can be trained: each will say why
            train_tokenizer(texts, PRESETS[preset].vocab_size).save_pretrained(folder)
        folders[preset] = folder
    return folders


def with_tokenizer(config: TrainConfig, folders: Mapping[str, Path]) -> TrainConfig:
    """The recipe, with the tokenizer of its preset where it names none."""
    folder = folders.get(config.preset or "")
    if config.tokenizer is not None or folder is None:
        return config
    return config.model_copy(update={"tokenizer": str(folder)})


def _texts(runs: list[Run]) -> list[str]:
    """The texts of the runs' training rows, whole; rows that several runs share count once."""
    texts: list[str] = []
    seen = set()
    for run in runs:
        config = run.config
        entries = tuple(entry.model_copy(update={"fraction": None, "subset_seed": 0}) for entry in config.data)
        key = repr((entries, Cuts.of(config)))
        if key not in seen:
            seen.add(key)
            try:
                mixture = load_mixture(entries, Cuts.of(config))
            except (UnfitData, UnusableRows):
                continue  # it will read n/a
            texts += texts_of(mixture.tasks, mixture.training)
    return texts
