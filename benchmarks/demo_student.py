"""The demo student from its recipe to its bundle, with every figure we tell of it.

Stages: train, export, evaluate on generated test rows, answer the hand-written questions, measure what shortcuts
give. The student is measured as it is served: through the exported bundle.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.machine import ROOT, shown
from benchmarks.report import Row, draw_bars, header, table, write_results
from benchmarks.run_directory import Trained, train_into, trained_earlier
from export.cli import export
from student.arguments import positive
from student.bundle import Bundle, new_bundle
from student.errors import ExportError
from student.runtime import OnnxStudent
from training.config import load_config
from training.data.demo.baselines import DemoTask, shortcut_accuracy
from training.data.example import Example
from training.data.sources import generate_rows
from training.evaluation.answering import answer_all
from training.evaluation.bundle_student import BundleStudent
from training.evaluation.groups import summarise
from training.evaluation.outcome import Outcome

TASKS: tuple[DemoTask, ...] = ("demo-nli", "demo-choices", "demo-math")
SLICES = ("seen_template", "held_out_words")
HANDWRITTEN = tuple(ROOT / "benchmarks" / "data" / f"handwritten_{part}.jsonl" for part in ("nli", "choices", "math"))

ACCURACY_TARGET_PERCENT = 95.0
RATIONALE_TARGET_PERCENT = 90.0
SHORTCUT_TARGET_PERCENT = 60.0
HANDWRITTEN_TARGET_ROWS = 24
BUNDLE_TARGET_MB = 10.0
_TEST_SEED = 0


@dataclass(frozen=True)
class Check:
    """A figure and its bound."""

    name: str
    value: float
    bound: str
    passed: bool

    @classmethod
    def at_least(cls, name: str, value: float, bound: float) -> Check:
        """The figure must reach the bound."""
        return cls(name, value, f">= {bound:g}", value >= bound)

    @classmethod
    def at_most(cls, name: str, value: float, bound: float) -> Check:
        """The figure must not exceed the bound."""
        return cls(name, value, f"<= {bound:g}", value <= bound)

    def row(self) -> Row:
        """The check as a row of the results."""
        return {"part": "check", "name": self.name, "value": self.value, "target": self.bound, "passed": self.passed}


def main(argv: list[str]) -> int:
    """Make and measure the demo student.

    Returns:
        0 if every target is met, 1 if one is missed; the results are written either way, the bundle only if all are
        met or `--ship-anyway` is given.
    """
    options = parser(
        "demo_student",
        "Train the demo student, export it, and measure the bundle: test rows, hand-written questions, shortcuts.",
        f"Targets: accuracy >= {ACCURACY_TARGET_PERCENT:g} % and conclusions that agree >= "
        f"{RATIONALE_TARGET_PERCENT:g} % by task, shortcuts <= {SHORTCUT_TARGET_PERCENT:g} %, "
        f"{HANDWRITTEN_TARGET_ROWS} of the 30 hand-written questions, bundle <= {BUNDLE_TARGET_MB:g} MB. "
        "An interrupted training is gone on with.",
    )
    origin = options.add_mutually_exclusive_group()
    origin.add_argument(
        "--recipe",
        type=Path,
        default=ROOT / "recipes" / "demo-student.yaml",
        help="default: recipes/demo-student.yaml, which trains into runs/demo-student",
    )
    origin.add_argument("--from-run", type=Path, metavar="DIR", help="measure this finished run instead of training")
    options.add_argument(
        "--bundle",
        type=Path,
        default=ROOT / "serving" / "demo-student",
        help="where the bundle goes once it meets every target, in place of the one there (default: "
        "serving/demo-student); until then it lies in the run directory",
    )
    options.add_argument("--ship-anyway", action="store_true", help="replace the bundle though a target is missed")
    options.add_argument("--rows", type=positive, default=1500, help="test rows by task (default: %(default)s)")
    arguments = options.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)

    settings: dict[str, object] = {"test_rows_by_task": arguments.rows, "test_seed": _TEST_SEED}
    head = header("demo_student", settings)
    stages: list[Row] = []
    trained = _trained(arguments.recipe, arguments.from_run)
    stages.append({"part": "stage", "stage": f"train ({trained.how})", "seconds": trained.seconds})
    with _stage("export", stages):
        student = _exported(trained.run, name=arguments.bundle.absolute().name)
    settings |= {"bundle": student.bundle.label, **trained.settings}
    with _stage("test rows", stages):
        tests = [row for task in TASKS for row in generate_rows(task, "test", arguments.rows, _TEST_SEED)]
        outcomes = _answered(student, tests, name="test rows")
    with _stage("hand-written questions", stages):
        by_people = [row for file in HANDWRITTEN for row in read_questions(file)]
        handwritten = _answered(student, by_people, name="hand-written")
    with _stage("shortcuts", stages):
        shortcuts = _shortcut_rows()

    test_rows, by_hand, size = _test_rows(outcomes), _handwritten_rows(handwritten), _size_row(student.bundle.path)
    checks = _checks(test_rows, by_hand, shortcuts, size)
    wrong = _wrong_rows(handwritten)
    parts = [test_rows, shortcuts, by_hand, wrong, [size], stages, [check.row() for check in checks]]
    path = write_results(arguments.results, {**head, "settings": settings}, [row for part in parts for row in part])
    _draw(path.with_suffix(".png"), test_rows, shortcuts, by_hand)
    sys.stdout.write(f"{student.bundle.label}\n" + "\n".join(table(part) for part in parts[:-1] if part) + "\n")
    for check in checks:
        sys.stdout.write(f"{'PASS' if check.passed else 'FAIL'}  {check.name}: {check.value:g} ({check.bound})\n")
    sys.stdout.write(f"{shown(path)}\n")
    passed = all(check.passed for check in checks)
    if passed or arguments.ship_anyway:
        _ship(student.bundle, arguments.bundle)
    else:
        sys.stderr.write(f"{shown(arguments.bundle)} stays as it is; --ship-anyway replaces it\n")
    return 0 if passed else 1


def read_questions(file: Path) -> Iterator[Example]:
    """Hand-written questions: JSON lines of task, inputs, answer and, where the task takes them, choices."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        content = json.loads(line)
        yield Example(
            task=content["task"],
            inputs=content["inputs"],
            label=content["answer"],
            rationale=None,
            source=f"{file.name}:{number}",
            choices=tuple(content.get("choices", ())),
        )


@contextmanager
def _stage(name: str, stages: list[Row]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    stages.append({"part": "stage", "stage": name, "seconds": round(time.perf_counter() - started, 1)})


def _trained(recipe: Path, earlier: Path | None) -> Trained:
    if earlier is not None:
        return trained_earlier(earlier)
    return train_into(load_config(recipe), ROOT / "runs" / recipe.stem)


def _exported(run_directory: Path, name: str) -> OnnxStudent:
    bundle = run_directory / "bundle"
    status = export([str(run_directory), "--output", str(bundle), "--name", name, "--force"])
    if status != 0:
        raise ExportError(f"demo_student: export ended with status {status}")
    return OnnxStudent.load(bundle)


def _ship(bundle: Bundle, target: Path) -> None:
    with new_bundle(target, force=True) as folder:
        for file in bundle.path.iterdir():
            shutil.copyfile(file, folder / file.name)
        Bundle.open(folder)


def _answered(student: OnnxStudent, rows: Sequence[Example], *, name: str) -> list[Outcome]:
    return answer_all(BundleStudent(student), rows, batch_size=16, rationales=True, description=name)


def _test_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    rows: list[Row] = []
    for name, figures in summarise(outcomes, SLICES).items():
        task, _, part = name.partition("/")
        refused = sum(outcome.refusal is not None for outcome in outcomes if outcome.example.task == task)
        rows.append(
            {
                "part": "test",
                "task": task,
                "slice": part or "all",
                "rows": figures["rows"],
                "refused_rows": None if part else refused,
                "accuracy_percent": round(100 * figures["accuracy"], 2),
                "rationale_agreement_percent": round(100 * figures.get("rationale_agreement", 0.0), 2),
            }
        )
    return rows


def _shortcut_rows() -> list[Row]:
    rows: list[Row] = []
    for task in tqdm(TASKS, desc="shortcuts", unit="task"):
        accuracy = shortcut_accuracy(task)
        rows.append(
            {
                "part": "shortcut",
                "task": task,
                "sees_only": accuracy.view,
                "rows": accuracy.rows,
                "accuracy_percent": round(100 * accuracy.share, 2),
            }
        )
    return rows


def _handwritten_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    rows: list[Row] = []
    for task in TASKS:
        of_task = [outcome for outcome in outcomes if outcome.example.task == task]
        correct = sum(outcome.correct for outcome in of_task)
        rows.append({"part": "handwritten", "task": task, "rows": len(of_task), "correct_rows": correct})
    return rows


def _wrong_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    return [
        {
            "part": "handwritten_wrong",
            "question": outcome.example.source,
            "answered": outcome.answer if outcome.refusal is None else f"(refused: {outcome.refusal})",
            "right": outcome.example.label,
        }
        for outcome in outcomes
        if not outcome.correct
    ]


def _size_row(bundle: Path) -> Row:
    size_mb = sum(file.stat().st_size for file in bundle.iterdir()) / 1e6
    return {"part": "bundle", "files": sum(1 for _ in bundle.iterdir()), "size_mb": round(size_mb, 2)}


def _checks(tests: Sequence[Row], by_hand: Sequence[Row], shortcuts: Sequence[Row], size: Row) -> list[Check]:
    checks = []
    for row in tests:
        # Rows of unseen templates are judged by themselves as well: seen ones must not make up for them.
        if row["slice"] in ("all", "seen_template=no"):
            name = str(row["task"]) if row["slice"] == "all" else f"{row['task']}, unseen templates"
            accuracy, agreement = _number(row, "accuracy_percent"), _number(row, "rationale_agreement_percent")
            checks.append(Check.at_least(f"{name}: accuracy, percent", accuracy, ACCURACY_TARGET_PERCENT))
            checks.append(Check.at_least(f"{name}: rationale agreement, percent", agreement, RATIONALE_TARGET_PERCENT))
    for row in shortcuts:
        name = f"{row['task']}: {row['sees_only']} alone, percent"
        checks.append(Check.at_most(name, _number(row, "accuracy_percent"), SHORTCUT_TARGET_PERCENT))
    correct = sum(_number(row, "correct_rows") for row in by_hand)
    checks.append(Check.at_least("hand-written questions, rows", correct, HANDWRITTEN_TARGET_ROWS))
    checks.append(Check.at_most("bundle, MB", _number(size, "size_mb"), BUNDLE_TARGET_MB))
    return checks


def _draw(path: Path, tests: Sequence[Row], shortcuts: Sequence[Row], by_hand: Sequence[Row]) -> None:
    def of_tasks(rows: Sequence[Row], percent: Callable[[Row], float], part: str | None = None) -> list[float]:
        found = {row["task"]: percent(row) for row in rows if part is None or row["slice"] == part}
        return [found.get(task, float("nan")) for task in TASKS]

    series = {"test rows": of_tasks(tests, _accuracy, "all")}
    series |= {f"{tag}=no": of_tasks(tests, _accuracy, f"{tag}=no") for tag in SLICES[:1]}
    series |= {f"{tag}=yes": of_tasks(tests, _accuracy, f"{tag}=yes") for tag in SLICES[1:]}
    series["hand-written"] = of_tasks(
        by_hand, lambda row: 100 * _number(row, "correct_rows") / max(1.0, _number(row, "rows"))
    )
    series["shortcut"] = of_tasks(shortcuts, _accuracy)
    draw_bars(path, TASKS, series, "accuracy, %")


def _accuracy(row: Row) -> float:
    return _number(row, "accuracy_percent")


def _number(row: Row, key: str) -> float:
    return float(cast("float", row[key]))


if __name__ == "__main__":
    run(main)
