"""Checkpoint -> Bundle: graphs, shared weights, parity gate, golden answers, manifest."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from export.graphs import label_graph, rationale_graphs
from export.parity import ParityResult, Thresholds, compare, require
from export.weights import share_weights
from student.bundle import (
    GOLDEN,
    NAME_PATTERN,
    TASKS,
    TOKENIZER,
    WEIGHTS,
    Bundle,
    Graphs,
    Manifest,
    new_bundle,
    write_manifest,
)
from student.errors import ExportError, InputError
from student.question import Question
from student.runtime import OnnxStudent
from training.checkpoint import Checkpoint
from training.data.example import Example
from training.scoring import TorchStudent

_log = logging.getLogger(__name__)

GOLDEN_PER_TASK = 4
_GRAPHS = Graphs(
    label="label.onnx", encoder="encoder.onnx", decoder_first="decoder_first.onnx", decoder_next="decoder_next.onnx"
)


def compile_bundle(
    checkpoint: Checkpoint,
    target: Path,
    examples: Sequence[Example],
    *,
    name: str,
    thresholds: Thresholds | None = None,
    force: bool = False,
    progress: bool = True,
) -> Bundle:
    """Compile a student.

    Args:
        checkpoint: the trained student.
        target: directory of the bundle.
        examples: real rows for the parity gate and the golden answers, some of each task.
        name: name of the student.
        thresholds: what the gate demands.
        force: replace a bundle that is there already.
        progress: show a progress bar.

    Returns:
        The bundle, opened and verified.

    Raises:
        ExportError: the name is none, the student cannot be compiled, or a task has no row to check it on.
        ParityError: the compiled student answers otherwise; nothing is written.
        BundleError: `target` is taken.
    """
    if re.fullmatch(NAME_PATTERN, name) is None:
        raise ExportError(f"name {name!r}: must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit")
    checkpoint.model.float()
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    with new_bundle(target, force=force) as folder:
        _log.info("export: graphs")
        _write_graphs(checkpoint, folder)
        (folder / TOKENIZER).write_text(checkpoint.tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
        tasks = [task.model_dump(mode="json") for task in checkpoint.tasks.values()]
        _write_json(folder / TASKS, tasks)
        _write_json(folder / GOLDEN, [])
        # The runtime opens bundles and nothing else: the one under test gets a manifest, and its final one after it.
        draft = _manifest(checkpoint, folder, name, parity={})
        compiled = OnnxStudent(Bundle.open(folder))
        rows = _usable(compiled, examples)
        result = compare(original, compiled, rows, progress=progress)
        require(result, thresholds or Thresholds())
        _write_json(folder / GOLDEN, _golden(compiled, rows))
        (folder / "manifest.json").unlink()
        _manifest(checkpoint, folder, draft.name, parity=_parity_record(result, thresholds or Thresholds()))
    return Bundle.open(target)


def _write_graphs(checkpoint: Checkpoint, folder: Path) -> None:
    longest = max(task.limits.source_tokens for task in checkpoint.tasks.values())
    graphs = {_GRAPHS.label: label_graph(checkpoint.model, longest)}
    files = _GRAPHS.model_dump()
    graphs.update({files[role]: graph for role, graph in rationale_graphs(checkpoint.model).items()})
    share_weights(graphs, folder, WEIGHTS)


def _manifest(checkpoint: Checkpoint, folder: Path, name: str, *, parity: dict[str, Any]) -> Manifest:
    config = checkpoint.model.config
    packages = ("quickstep", "torch", "transformers", "optimum-onnx", "onnx", "onnxruntime")
    return write_manifest(
        folder,
        name=name,
        graphs={"fp32": _GRAPHS},
        start_token=config.decoder_start_token_id,
        end_token=config.eos_token_id,
        pad_token=config.pad_token_id,
        max_source_tokens=max(task.limits.source_tokens for task in checkpoint.tasks.values()),
        made_by={
            "training": _without_local_paths(
                {key: value for key, value in checkpoint.record.items() if key not in ("tasks", "format")}
            ),
            "export_versions": {package: metadata.version(package) for package in packages},
        },
        parity=parity,
    )


def _without_local_paths(record: dict[str, Any]) -> dict[str, Any]:
    """The training record with paths cut to their last part: the data's digest says what the rows were."""
    config = dict(record.get("config", {}))
    if config.get("pretrained"):
        # A hub name has one slash and says something; a path says where somebody's disk is.
        name = str(config["pretrained"])
        config["pretrained"] = Path(name).name if Path(name).is_absolute() or name.count("/") > 1 else name
    for entry in (sources := [dict(entry) for entry in config.get("data", [])]):
        kind, separator, location = entry["source"].partition(":")
        entry["source"] = f"{kind}:{Path(location).name}" if separator else kind
        if entry.get("task"):
            entry["task"] = Path(entry["task"]).name
    return {**record, "config": {**config, "data": sources}} if config else record


def _usable(compiled: OnnxStudent, examples: Sequence[Example]) -> list[Example]:
    """Rows that a client could send; those over a limit were cut for training and are refused in production."""
    rows = []
    for row in examples:
        try:
            compiled.prepare(Question(row.task, row.inputs, row.choices), rationale=True)
        except InputError as error:
            _log.debug("%s: %s", row.source, error)
            continue
        rows.append(row)
    unchecked = sorted(set(compiled.bundle.tasks) - {row.task for row in rows})
    if unchecked:
        raise ExportError(
            f"no row to check task {', '.join(unchecked)} on: of {len(examples)} validation rows none of it is within "
            "the task's token limits; train with more validation_rows, or with a higher limits.source_tokens"
        )
    _log.info(
        "parity: %d rows, %d left out as no client could send them (over a limit)", len(rows), len(examples) - len(rows)
    )
    return rows


def _golden(compiled: OnnxStudent, rows: Sequence[Example]) -> list[dict[str, Any]]:
    golden = []
    for task in compiled.bundle.tasks:
        for row in [row for row in rows if row.task == task][:GOLDEN_PER_TASK]:
            prepared = compiled.prepare(Question(row.task, row.inputs, row.choices), rationale=True)
            explanation = compiled.explain([prepared])[0]
            probabilities = explanation.prediction.probabilities
            golden.append(
                {
                    "task": row.task,
                    "inputs": dict(row.inputs),
                    "choices": list(row.choices),
                    "answer": explanation.prediction.answer,
                    "probabilities": None if probabilities is None else [item.probability for item in probabilities],
                    "rationale": explanation.rationale,
                }
            )
    return golden


def _parity_record(result: ParityResult, thresholds: Thresholds) -> dict[str, Any]:
    return {"thresholds": asdict(thresholds), "result": result.as_dict()}


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
