"""Checkpoint -> Bundle: graphs, shared weights, parity gate, golden answers, manifest."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from export.calibration import CalibrationRow, calibrate
from export.graphs import label_graphs, rationale_graphs
from export.half import FLOAT_TYPES, half_label_path, spread
from export.int8 import Int8
from export.label_graph import Float32
from export.parity import Thresholds, compare, require
from export.precision_parity import compare_precision
from export.reference import gate_student
from export.t5_weights import T5Weights
from export.weights import share_weights
from student.bundle import (
    GOLDEN,
    MANIFEST,
    NAME_PATTERN,
    TASKS,
    TOKENIZER,
    WEIGHTS,
    Bundle,
    LabelGraphs,
    Manifest,
    Precision,
    RationaleGraphs,
    new_bundle,
    write_manifest,
)
from student.errors import ExportError, InputError
from student.label_trie import MAX_DEPTH
from student.question import Question, QuestionPreparer
from student.runtime import OnnxStudent, load_tokenizer
from student.task import Task
from training.checkpoint import Checkpoint
from training.data.example import Example
from training.scoring import TorchStudent

_log = logging.getLogger(__name__)

GOLDEN_PER_TASK = 4
_RATIONALE = RationaleGraphs(
    encoder="encoder.onnx", decoder_first="decoder_first.onnx", decoder_next="decoder_next.onnx"
)


def compile_bundle(
    checkpoint: Checkpoint,
    target: Path,
    examples: Sequence[Example],
    *,
    name: str,
    precisions: Sequence[Precision] = ("fp32",),
    max_text_rows: int = 300,
    thresholds: Thresholds | None = None,
    force: bool = False,
    progress: bool = True,
) -> Bundle:
    """Compile a student.

    Args:
        checkpoint: the trained student.
        target: directory of the bundle.
        examples: real rows, some of each task, for calibration, the parity gate and the golden answers.
        name: name of the student.
        precisions: of the label path; fp32 must be among them, as the reference.
        max_text_rows: rows, evenly over tasks, whose rationales and free-text answers the gate compares: each takes a
            decoding loop.
        thresholds: what the gate demands.
        force: replace a bundle that is there already.
        progress: show progress bars.

    Returns:
        The bundle, opened and verified.

    Raises:
        ExportError: the name is none, the student cannot be compiled, or a task has no row to check it on.
        ParityError: the compiled student answers otherwise; nothing is written.
        BundleError: `target` is taken.
    """
    if re.fullmatch(NAME_PATTERN, name) is None:
        raise ExportError(f"name {name!r}: must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit")
    if "fp32" not in precisions:
        raise ExportError(f"precisions {', '.join(precisions)}: fp32 must be among them, as the reference")
    checkpoint.model.float()
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    thresholds = thresholds or Thresholds()
    with new_bundle(target, force=force) as folder:
        (folder / TOKENIZER).write_text(checkpoint.tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
        preparer = QuestionPreparer(
            checkpoint.tasks, load_tokenizer(folder / TOKENIZER), checkpoint.model.config.decoder_start_token_id
        )
        rows = _usable(preparer, checkpoint.tasks, examples)
        _log.info("export: graphs")
        notes: dict[Precision, dict[str, Any]] = {}
        calibration_rows = _calibration_rows(rows)
        label = _write_graphs(checkpoint, folder, preparer, calibration_rows, precisions, notes, progress=progress)
        _write_json(folder / TASKS, [task.model_dump(mode="json") for task in checkpoint.tasks.values()])
        _write_json(folder / GOLDEN, [])
        # The runtime opens bundles and nothing else: the one under test gets a manifest, and its final one after it.
        _manifest(checkpoint, folder, name, label, parity={})
        students = {precision: gate_student(Bundle.open(folder), precision) for precision in label}
        record = _gate(original, students, rows, max_text_rows, thresholds, progress=progress)
        for precision, note in notes.items():
            record[precision].update(note)
        _write_json(folder / GOLDEN, _golden(students, rows))
        (folder / MANIFEST).unlink()
        _manifest(checkpoint, folder, name, label, parity=record)
    return Bundle.open(target)


def _write_graphs(
    checkpoint: Checkpoint,
    folder: Path,
    preparer: QuestionPreparer,
    calibration_rows: Sequence[Example],
    precisions: Sequence[Precision],
    notes: dict[Precision, dict[str, Any]],
    *,
    progress: bool,
) -> dict[Precision, LabelGraphs]:
    """Write all graphs and say which are whose; into `notes` goes what the manifest shall record of a precision."""
    longest = max(task.limits.source_tokens for task in checkpoint.tasks.values())
    weights = T5Weights.of(checkpoint.model, longest, MAX_DEPTH)
    tree = _needs_tree(preparer, checkpoint.tasks)
    files = _RATIONALE.model_dump()
    graphs = {files[role]: graph for role, graph in rationale_graphs(checkpoint.model, weights).items()}
    label: dict[Precision, LabelGraphs] = {}
    closed = [row for row in (_calibration_row(preparer, row) for row in calibration_rows) if row is not None]
    for precision in precisions:
        if precision != "fp32" and not closed:
            raise ExportError(
                f"{precision}: no validation row with a closed answer space to look at; leave {precision} out"
            )
        if precision == "fp32":
            made = label_graphs(weights, Float32(), tree=tree)
        elif precision == "int8":
            made = label_graphs(weights, Int8(calibrate(weights, closed, progress=progress)), tree=tree)
        else:
            made, notes[precision] = half_label_path(precision, weights, closed, tree=tree, progress=progress)
        names = {role: f"label_{role}.{precision}.onnx" for role in made}
        graphs.update({names[role]: graph for role, graph in made.items()})
        label[precision] = LabelGraphs(**names)
    share_weights(graphs, folder, WEIGHTS)
    return label


def _needs_tree(preparer: QuestionPreparer, tasks: Mapping[str, Task]) -> bool:
    """Whether any request can need more decoder positions than the root."""
    spaces = [preparer.closed_space(name) for name in tasks]
    return any(task.takes_choices for task in tasks.values()) or any(
        space is not None and space.trie.nodes > 1 for space in spaces
    )


def _calibration_rows(rows: Sequence[Example]) -> Sequence[Example]:
    """Every other row."""
    return rows[::2]


def _gate_rows(rows: Sequence[Example]) -> Sequence[Example]:
    """The rows between: what is judged was not calibrated on."""
    return rows[1::2]


def _calibration_row(preparer: QuestionPreparer, row: Example) -> CalibrationRow | None:
    prepared = preparer.prepare(Question(row.task, row.inputs, row.choices))
    # Free text is written by the rationale path, which stays in float32.
    return CalibrationRow(prepared.label_ids, prepared.space.trie) if prepared.space is not None else None


def _gate(
    original: TorchStudent,
    students: Mapping[Precision, OnnxStudent],
    rows: Sequence[Example],
    max_text_rows: int,
    thresholds: Thresholds,
    *,
    progress: bool,
) -> dict[str, Any]:
    """Compare every precision with PyTorch.

    Returns:
        What the manifest records of it.

    Raises:
        ParityError: the compiled student answers otherwise.
    """
    share = max(1, max_text_rows // len(original.tasks))
    chosen = [row for task in original.tasks for row in [row for row in rows if row.task == task][:share]]
    record: dict[str, Any] = {"thresholds": asdict(thresholds)}
    for precision, student in students.items():
        if precision == "fp32":
            exact = compare(original, student, chosen, progress=progress)
            require(exact.failures(thresholds), exact.differing)
            record[precision] = exact.as_dict()
        else:
            judged = spread(_gate_rows(rows)) if precision in FLOAT_TYPES else _gate_rows(rows)
            rounded = compare_precision(original, student, judged)
            require([f"{precision}: {failure}" for failure in rounded.failures(thresholds.lower_precision)])
            record[precision] = rounded.as_dict()
    return record


def _manifest(
    checkpoint: Checkpoint, folder: Path, name: str, label: Mapping[Precision, LabelGraphs], *, parity: dict[str, Any]
) -> Manifest:
    config = checkpoint.model.config
    packages = ("quickstep", "torch", "transformers", "optimum-onnx", "onnx", "onnxruntime")
    return write_manifest(
        folder,
        name=name,
        label=dict(label),
        rationale=_RATIONALE,
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


def _usable(preparer: QuestionPreparer, tasks: Mapping[str, Task], examples: Sequence[Example]) -> list[Example]:
    """Rows that a client could send; those over a limit were cut for training and are refused in production."""
    rows = []
    for row in examples:
        try:
            preparer.prepare(Question(row.task, row.inputs, row.choices), rationale=True)
        except InputError as error:
            _log.debug("%s: %s", row.source, error)
            continue
        rows.append(row)
    unchecked = sorted(set(tasks) - {row.task for row in rows})
    if unchecked:
        raise ExportError(
            f"no row to check task {', '.join(unchecked)} on: of {len(examples)} validation rows none of it is within "
            "the task's token limits; train with more validation_rows, or with a higher limits.source_tokens"
        )
    _log.info("export: %d rows, %d left out as no client could send them", len(rows), len(examples) - len(rows))
    return rows


def _golden(students: Mapping[Precision, OnnxStudent], rows: Sequence[Example]) -> list[dict[str, Any]]:
    """The first rows of each task that all precisions answer alike."""
    golden: list[dict[str, Any]] = []
    exact = students["fp32"]
    for task in exact.bundle.tasks:
        found = 0
        for row in [row for row in rows if row.task == task]:
            prepared = exact.prepare(Question(row.task, row.inputs, row.choices), rationale=True)
            predictions = {precision: student.predict([prepared])[0] for precision, student in students.items()}
            answers = {prediction.answer for prediction in predictions.values()}
            if len(answers) > 1:
                continue
            probabilities = {
                precision: [item.probability for item in prediction.probabilities]
                for precision, prediction in predictions.items()
                if prediction.probabilities is not None
            }
            golden.append(
                {
                    "task": row.task,
                    "inputs": dict(row.inputs),
                    "choices": list(row.choices),
                    "answer": answers.pop(),
                    "probabilities": probabilities or None,
                    "rationale": exact.explain([prepared])[0].rationale,
                }
            )
            found += 1
            if found == GOLDEN_PER_TASK:
                break
    return golden


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
