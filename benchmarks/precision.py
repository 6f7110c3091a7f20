"""What each precision does to a student's answers, on rows that neither training nor export saw.

A finished run is exported in every precision. Its answers to test rows are compared with float32 PyTorch: labels,
probabilities, accuracy, and how well the calibrated probabilities are calibrated. Then batch invariance: each row is
answered alone and among random companions, with whatever padding they bring.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.machine import ROOT, shown
from benchmarks.report import Row, draw_bars, header, table, write_results
from export.compile import compile_bundle
from export.confidence import Scored, confidences
from export.config import load_export_config
from export.precision_parity import CLEAR_MARGIN, ClosedRow, closed_rows, compare_precision, score
from export.reference import gate_student
from student.arguments import positive
from student.bundle import Bundle
from student.errors import InputError, QuickstepError
from student.manifest import Precision
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from training.checkpoint import load_checkpoint
from training.data.example import Example
from training.data.sources import DemoRows, open_source
from training.evaluation.calibration import expected_calibration_error
from training.scoring import TorchStudent
from training.validation_rows import read_rows

COMPANIONS = (1, 16)
"""Fewest and most rows of a random batch."""

NEAR = 1e-3
_SEED = 0


def main(argv: list[str]) -> int:
    """Export, answer, compare, write."""
    arguments = _arguments(argv)
    checkpoint = load_checkpoint(arguments.run)
    settings: dict[str, object] = {"precisions": list(arguments.precisions), "rows": arguments.rows}
    head = header("precision", settings)
    original = TorchStudent(checkpoint.model.float(), checkpoint.tokenizer, checkpoint.tasks)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        bundle = compile_bundle(
            checkpoint,
            Path(folder) / "bundle",
            read_rows(checkpoint.path),
            name=arguments.run.resolve().name,
            config=load_export_config(None, {"precisions": arguments.precisions}),
        )
        settings |= {"student": bundle.name, "confidence": bundle.manifest.model_dump()["confidence"]}
        for spec in arguments.data:
            rows.extend(_measure(bundle, original, _test_rows(spec, arguments.rows), spec.partition(":")[0]))
    path = write_results(arguments.results, {**head, "settings": settings}, rows, f"precision_{bundle.name}")
    _draw(path.with_suffix(".png"), rows)
    sys.stdout.write(f"{table(rows)}{shown(path)} and .png written\n")
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("precision", __doc__ or "", "Writes precision_<name of the run>.json and .png.")
    made.add_argument("--run", type=Path, default=ROOT / "runs" / "demo-student", help="default: runs/demo-student")
    made.add_argument(
        "--data",
        nargs="+",
        default=["demo-nli", "demo-choices"],
        metavar="SOURCE",
        help="sources with closed answers, as for quickstep evaluate (default: demo-nli demo-choices)",
    )
    made.add_argument(
        "--precisions",
        nargs="+",
        choices=get_args(Precision),
        default=["fp32", "int8"],
        help="default: fp32 int8; 16 bits are computed value by value, a hundred times as slowly",
    )
    made.add_argument("--rows", type=positive, default=1500, help="test rows of each source (default: %(default)s)")
    return made.parse_args(argv)


def _test_rows(spec: str, rows: int) -> Sequence[Example]:
    return open_source(spec, demo_rows=DemoRows(1, 1, rows)).load("test").examples[:rows]


def _measure(bundle: Bundle, original: TorchStudent, examples: Sequence[Example], source: str) -> list[Row]:
    made: list[Row] = []
    exact = OnnxStudent(bundle, precision="fp32")
    rows = closed_rows(original, _prepared(exact, examples))
    if not rows:
        raise QuickstepError(f"{source}: has no rows with closed answers that this student could be asked")
    for precision in bundle.manifest.label:
        student = gate_student(bundle, precision)
        served = score(student, rows, progress=True)
        # Scores as they are served have their temperature in them; differences are those of the student without.
        raw = [_without(one, bundle, precision, row) for one, row in zip(served, rows, strict=True)]
        parity = compare_precision([row.reference for row in rows], raw)
        invariance = _batch_invariance(student, rows, f"{source} {precision}")
        made.append(
            {
                "source": source,
                "precision": precision,
                "rows": len(rows),
                "labels_equal": parity.label.equal,
                "clear_rows": parity.clear_label.rows,
                "clear_labels_equal": parity.clear_label.equal,
                "max_difference": parity.max_probability_difference,
                "accuracy": round(parity.accuracy, 4),
                "torch_accuracy": round(parity.reference_accuracy, 4),
                "mcnemar_p": round(parity.mcnemar_p, 4),
                "calibration_error": round(expected_calibration_error(*confidences(served, 1.0)), 4),
                "raw_calibration_error": round(parity.calibration_error, 4),
                **invariance,
            }
        )
    return made


def _prepared(student: OnnxStudent, examples: Sequence[Example]) -> list[tuple[Example, PreparedQuestion]]:
    prepared = []
    for row in examples:
        try:
            prepared.append((row, student.prepare(Question(row.task, row.inputs, row.choices))))
        except InputError:
            continue  # over a limit: a server would refuse it
    return prepared


def _without(served: Scored, bundle: Bundle, precision: Precision, row: ClosedRow) -> Scored:
    """The scores before their temperature."""
    temperature = bundle.manifest.confidence[precision][row.example.task].temperature
    return Scored(served.tempered(1 / temperature), served.right)


def _batch_invariance(student: OnnxStudent, rows: Sequence[ClosedRow], name: str) -> Row:
    """Every row alone, against itself in a batch of random size and companions."""
    random = np.random.default_rng(_SEED)
    order = random.permutation(len(rows)).tolist()
    gaps, changed, clear_changed = [], 0, 0
    with tqdm(total=len(rows), desc=f"batch invariance, {name}", unit="row") as bar:
        while order:
            batch = [order.pop() for _ in range(min(len(order), int(random.integers(*COMPANIONS, endpoint=True))))]
            together = score(student, [rows[i] for i in batch])
            for i, one in zip(batch, together, strict=True):
                (alone,) = score(student, [rows[i]])
                gaps.append(float(np.abs(alone.probabilities - one.probabilities).max()))
                differs = alone.probabilities.argmax() != one.probabilities.argmax()
                changed += bool(differs)
                clear_changed += bool(differs and _margin(alone.probabilities) >= CLEAR_MARGIN)
            bar.update(len(batch))
    return {
        "batch_max_difference": max(gaps),
        "batch_near_share": round(float(np.mean(np.array(gaps) <= NEAR)), 4),
        "batch_labels_changed": changed,
        "batch_clear_labels_changed": clear_changed,
    }


def _margin(probabilities: npt.NDArray[np.float64]) -> float:
    second, best = np.sort(probabilities)[-2:]
    return float(best - second)


def _draw(path: Path, rows: Sequence[Row]) -> None:
    names = [f"{row['source']}, {row['precision']}" for row in rows]
    series = {
        "before temperature": [float(row["raw_calibration_error"] or 0) for row in rows],
        "after": [float(row["calibration_error"] or 0) for row in rows],
    }
    draw_bars(path, names, series, "expected calibration error")


if __name__ == "__main__":
    run(main)
