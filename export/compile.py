"""Checkpoint -> Bundle: graphs, shared weights, parity gate, golden answers, manifest."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from export.calibration import CalibrationRow
from export.config import ExportConfig
from export.gate import Prepared, check_selective_tasks, halves, pass_gate
from export.graphs import label_graphs, rationale_graphs
from export.half import half_label_path
from export.int8_plan import plan_int8
from export.length_buckets import choose_length_buckets, padding_share
from export.linears import Float32
from export.reference import gate_student
from export.report import write_report
from export.t5_weights import T5Weights
from export.weights import share_weights
from student.bundle import GOLDEN, MANIFEST, PARITY, TASKS, TOKENIZER, WEIGHTS, Bundle, new_bundle, write_manifest
from student.confidence import Confidence
from student.errors import ExportError, InputError
from student.label_trie import MAX_DEPTH
from student.manifest import NAME_PATTERN, LabelGraphs, Manifest, Precision, RationaleGraphs
from student.prediction import Prediction
from student.question import PreparedQuestion, Question, QuestionPreparer
from student.reader import GOLDEN_TOLERANCE, Reader, load_tokenizer
from student.runtime import OnnxStudent
from student.task import Task
from training.checkpoint import Checkpoint
from training.data.example import Example
from training.methods import require_label_path
from training.scoring import TorchStudent

_log = logging.getLogger(__name__)

Confidences = Mapping[Precision, Mapping[str, Confidence]]

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
    config: ExportConfig | None = None,
    force: bool = False,
    progress: bool = True,
) -> Bundle:
    """Compile a student.

    Args:
        checkpoint: the trained student.
        target: directory of the bundle.
        examples: real rows, some of each task, for calibration, the parity gate and the golden answers.
        name: name of the student.
        config: what the bundle shall hold and what is demanded of it.
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
    config = config or ExportConfig()
    require_label_path(checkpoint.record, checkpoint.path)
    check_selective_tasks(config, checkpoint.tasks)
    checkpoint.model.float()
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    with new_bundle(target, force=force) as folder:
        (folder / TOKENIZER).write_text(checkpoint.tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
        preparer = QuestionPreparer(
            checkpoint.tasks, load_tokenizer(folder / TOKENIZER), checkpoint.model.config.decoder_start_token_id
        )
        rows = usable_rows(preparer, checkpoint.tasks, examples)
        lengths = [question.source_tokens for _, question in rows]
        buckets = choose_length_buckets(lengths, _longest(checkpoint))
        _log.info("export: graphs")
        fitting, _ = halves(rows)
        notes: dict[Precision, dict[str, Any]] = {}
        label = _write_graphs(checkpoint, folder, preparer, fitting, config, notes, progress=progress)
        _write_json(folder / TASKS, [task.model_dump(mode="json") for task in checkpoint.tasks.values()])
        _write_json(folder / GOLDEN, [])
        _write_json(folder / PARITY, {})

        def students(confidence: Confidences) -> dict[Precision, OnnxStudent]:
            # The runtime opens bundles and nothing else: the one under test has a manifest until it has its final one.
            (folder / MANIFEST).unlink(missing_ok=True)
            _manifest(checkpoint, folder, name, label, buckets, confidence)
            return {precision: gate_student(Bundle.open(folder), precision) for precision in label}

        result = pass_gate(original, students({}), rows, config, progress=progress)
        golden = _golden(students(result.confidence), rows)
        (folder / MANIFEST).unlink()
        _write_json(folder / GOLDEN, golden)
        record = {
            **result.as_dict(notes),
            "thresholds": config.thresholds.model_dump(),
            "length_buckets": {
                "lengths": buckets,
                "padding_share": padding_share(lengths, buckets),
                "longest_share": padding_share(lengths, buckets[-1:]),
            },
        }
        write_report(folder, result, record, name)
        _manifest(checkpoint, folder, name, label, buckets, result.confidence)
    return Bundle.open(target)


def _write_graphs(
    checkpoint: Checkpoint,
    folder: Path,
    preparer: QuestionPreparer,
    calibration_rows: Prepared,
    config: ExportConfig,
    notes: dict[Precision, dict[str, Any]],
    *,
    progress: bool,
) -> dict[Precision, LabelGraphs]:
    """Write all graphs and say which are whose; into `notes` goes what the report shall tell of a precision."""
    weights = T5Weights.of(checkpoint.model, _longest(checkpoint), MAX_DEPTH)
    tree = _needs_tree(preparer, checkpoint.tasks)
    files = _RATIONALE.model_dump()
    graphs = {files[role]: graph for role, graph in rationale_graphs(checkpoint.model, weights).items()}
    label: dict[Precision, LabelGraphs] = {}
    # Free text is written by the rationale path, which stays in float32.
    closed = [
        CalibrationRow(question.label_ids, question.space.trie)
        for _, question in calibration_rows
        if question.space is not None
    ]
    for precision in config.precisions:
        if precision != "fp32" and not closed:
            raise ExportError(
                f"{precision}: no validation row with a closed answer space to calibrate on; leave {precision} out"
            )
        if precision == "fp32":
            made = label_graphs(weights, Float32(), tree=tree)
        elif precision == "int8":
            wanted = config.thresholds.every_precision.min_clear_agreement
            plan = plan_int8(weights, closed, wanted, progress=progress)
            notes[precision] = {"plan": plan.as_dict()}
            made = label_graphs(plan.weights, plan.linears, tree=tree)
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


def _longest(checkpoint: Checkpoint) -> int:
    """Source tokens of the longest input, over all tasks."""
    return max(task.limits.source_tokens for task in checkpoint.tasks.values())


def _manifest(
    checkpoint: Checkpoint,
    folder: Path,
    name: str,
    label: Mapping[Precision, LabelGraphs],
    buckets: tuple[int, ...],
    confidence: Confidences,
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
        max_source_tokens=_longest(checkpoint),
        length_buckets=buckets,
        confidence=confidence,
        made_by={
            "training": _without_local_paths(
                {key: value for key, value in checkpoint.record.items() if key not in ("tasks", "format")}
            ),
            "export_versions": {package: metadata.version(package) for package in packages},
        },
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


def usable_rows(
    preparer: QuestionPreparer | Reader, tasks: Mapping[str, Task], examples: Sequence[Example]
) -> list[tuple[Example, PreparedQuestion]]:
    """Rows that a client could send; those over a limit were cut for training and are refused in production.

    Raises:
        ExportError: a task has none.
    """
    rows = []
    for row in examples:
        try:
            rows.append((row, preparer.prepare(Question(row.task, row.inputs, row.choices), rationale=True)))
        except InputError as error:
            _log.debug("%s: %s", row.source, error)
    unchecked = sorted(set(tasks) - {row.task for row, _ in rows})
    if unchecked:
        raise ExportError(
            f"no row to check task {', '.join(unchecked)} on: of {len(examples)} validation rows none of it is within "
            "the task's token limits; train with more of them (validation_share, validation_rows), or with a higher "
            "limits.source_tokens"
        )
    _log.info("export: %d rows, %d left out as no client could send them", len(rows), len(examples) - len(rows))
    return rows


def _golden(students: Mapping[Precision, OnnxStudent], rows: Prepared) -> list[dict[str, Any]]:
    """The first rows of each task that all precisions answer alike."""
    golden: list[dict[str, Any]] = []
    exact = students["fp32"]
    for task in exact.bundle.tasks:
        found = 0
        for row, prepared in [pair for pair in rows if pair[0].task == task]:
            predictions = {precision: student.predict([prepared])[0] for precision, student in students.items()}
            answers = {prediction.answer for prediction in predictions.values()}
            if len(answers) > 1 or any(_nearly_tied(precision, found) for precision, found in predictions.items()):
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
        if not found:
            raise ExportError(
                f"task {task}: on no validation row do all precisions agree by more than rounding, so none can be a "
                "golden answer; train longer, or leave a precision out"
            )
    return golden


def _nearly_tied(precision: Precision, prediction: Prediction) -> bool:
    """Whether another processor's rounding could turn the answer."""
    if prediction.probabilities is None:
        return False
    second, best = sorted(item.probability for item in prediction.probabilities)[-2:]
    return best - second <= 2 * GOLDEN_TOLERANCE[precision]


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
