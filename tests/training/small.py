"""A task, rows and recipes so small that a training run takes a second or two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from student.task import Task, parse_task
from training.config import SourceConfig, TrainConfig

TASK_YAML = """
name: mood
template: "text: {text}"
answer: {kind: closed, labels: [happy, sad]}
limits: {source_tokens: 64, label_tokens: 8, rationale_tokens: 64}
"""
TASK: Task = parse_task(TASK_YAML, origin="test")
_HAPPY, _SAD = ("laughs", "smiles", "sings"), ("cries", "weeps", "sighs")
_NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo")


def rows() -> list[dict[str, Any]]:
    """60 rows; every third without a rationale."""
    content: list[dict[str, Any]] = []
    for number, name in enumerate(_NAMES):
        for label, verbs in (("happy", _HAPPY), ("sad", _SAD)):
            for place, verb in enumerate(verbs):
                row = {"inputs": {"text": f"{name} {verb} at {number}."}, "label": label}
                if place:
                    row["rationale"] = f"Who {verb} is {label}. So the answer is {label}."
                content.append(row)
    return content


def write_source(folder: Path, content: list[dict[str, Any]] | None = None, task: str = TASK_YAML) -> SourceConfig:
    """Write rows and their task; returns the source that reads them."""
    lines = [json.dumps(row) for row in (rows() if content is None else content)]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    (folder / "mood.yaml").write_text(task)
    return SourceConfig(source=f"jsonl:{folder}/rows.jsonl", task=f"{folder}/mood.yaml")


def recipe(*sources: SourceConfig, **changes: Any) -> TrainConfig:
    """8 steps, validated twice, with dropout: what resuming and seeding must get right."""
    settings: dict[str, Any] = {
        "preset": "tiny",
        "data": sources,
        "steps": 8,
        "batch_size": 8,
        "learning_rate": 3e-3,
        "warmup_steps": 2,
        "dropout_rate": 0.1,
        "validate_every": 4,
        "validation_share": 0.2,
        "threads": 1,
    }
    settings |= changes
    settings["warmup_steps"] = min(settings["warmup_steps"], settings["steps"] - 1)
    return TrainConfig(**settings)
