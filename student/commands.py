"""`quickstep verify` and `quickstep predict`: what can be done with a bundle without a server."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, get_args

from student.bundle import REBUILD, Bundle
from student.errors import BundleError, InputError, Problem
from student.manifest import Device, Precision
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from student.sessions import FASTEST_FIRST

_BATCH_ROWS = 16


def verify(argv: list[str]) -> int:
    """Check a bundle: every file's digest, then the golden answers."""
    parser = argparse.ArgumentParser(
        prog="quickstep verify",
        description="Check every file of a bundle against its manifest, then ask its golden questions again.",
    )
    parser.add_argument("bundle", type=Path, help="directory of the bundle")
    parser.add_argument(
        "--tolerance", type=float, help="largest difference of a probability (default: that of the precision)"
    )
    arguments = parser.parse_args(argv)
    bundle = Bundle.open(arguments.bundle)
    golden = bundle.golden()
    if not golden:
        raise BundleError(f"bundle {arguments.bundle}: holds no golden answers to ask again; {REBUILD}")
    sys.stdout.write(f"{bundle.label}: {len(bundle.manifest.files)} files as in the manifest\n")
    failed = False
    runnable = [precision for precision in bundle.manifest.label if precision in FASTEST_FIRST["cpu"]]
    for precision in bundle.manifest.label:
        if precision not in runnable:
            sys.stdout.write(f"{precision}: not asked, a CPU does not run it\n")
    for number, precision in enumerate(runnable):
        student = OnnxStudent(bundle, precision=precision)
        # Rationales are the same in every precision: they are written once.
        differences = student.check_golden(golden, tolerance=arguments.tolerance, rationales=number == 0)
        for line in differences:
            sys.stderr.write(f"{precision}: {line}\n")
        same = len(golden) - len(differences)
        sys.stdout.write(f"{precision}: {same} of {len(golden)} golden answers the same\n")
        failed = failed or bool(differences)
    return 1 if failed else 0


def predict(argv: list[str]) -> int:
    """Answer questions given as JSON lines; one JSON line each comes out, in order."""
    parser = argparse.ArgumentParser(
        prog="quickstep predict",
        description='Answer questions given as JSON lines {"task": ..., "inputs": {...}, "choices": [...]}.',
        epilog="A line that cannot be answered gives an object with errors, and exit status 1 at the end.",
    )
    parser.add_argument("bundle", type=Path, help="directory of the bundle")
    parser.add_argument(
        "questions",
        type=argparse.FileType("r", encoding="utf-8", errors="surrogateescape"),
        nargs="?",
        default=sys.stdin,
        help="default: stdin",
    )
    parser.add_argument("--explain", action="store_true", help="write the rationale as well")
    parser.add_argument(
        "--precision", choices=get_args(Precision), help="of the label path (default: int8 where the bundle has it)"
    )
    parser.add_argument(
        "--device", choices=get_args(Device), default="cpu", help="of the label path (default: %(default)s)"
    )
    # Intermixed: an option may stand between the two.
    arguments = parser.parse_intermixed_args(argv)
    if arguments.questions is sys.stdin and isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    failed = 0
    with arguments.questions as questions:
        student = OnnxStudent.load(arguments.bundle, precision=arguments.precision, device=arguments.device)
        for batch in _batches(questions):
            for answer in _answer(student, batch, explain=arguments.explain):
                failed += "errors" in answer
                sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 1 if failed else 0


def _batches(stream: TextIO) -> Iterator[list[tuple[int, str]]]:
    """Lines that are not blank, with their numbers in the file."""
    batch: list[tuple[int, str]] = []
    for number, line in enumerate(stream, start=1):
        if line.strip():
            batch.append((number, line))
        if len(batch) == _BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _answer(student: OnnxStudent, lines: list[tuple[int, str]], *, explain: bool) -> list[dict[str, object]]:
    answers: list[dict[str, object]] = [{} for _ in lines]
    prepared: dict[int, PreparedQuestion] = {}
    for i, (number, line) in enumerate(lines):
        try:
            prepared[i] = student.prepare(_question(line), rationale=explain)
        except InputError as error:
            problems = [{"field": p.field, "message": p.message} for p in error.problems]
            answers[i] = {"line": number, "errors": problems}
    questions = list(prepared.values())
    if not questions:
        return answers
    if explain:
        explanations = student.explain(questions)
        results = [
            (item.prediction, {"rationale": item.rationale, "rationale_agrees": item.rationale_agrees})
            for item in explanations
        ]
    else:
        results = [(prediction, {}) for prediction in student.predict(questions)]
    for i, (prediction, extra) in zip(prepared, results, strict=True):
        answers[i] = {
            **prediction.as_json(),
            "task": prepared[i].task.name,
            "bundle": student.bundle.label,
            **extra,
        }
    return answers


def _question(line: str) -> Question:
    if any("\udc80" <= character <= "\udcff" for character in line):
        raise InputError([Problem("line", "is not UTF-8")])
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        # The parser counts from the start of what it was given: this line, whichever it is.
        reason = f"{error.msg} at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise InputError([Problem("line", f"is not JSON: {reason}")]) from None
    if not isinstance(content, dict):
        raise InputError([Problem("line", 'must be an object: {"task": ..., "inputs": {...}}')])
    if "instances" in content:
        raise InputError([Problem("instances", "are for /predict; write one question a line")])
    if not isinstance(content.get("task"), str):
        raise InputError([Problem("task", "must be given, as a text")])
    inputs, choices = content.get("inputs"), content.get("choices")
    if choices is None:
        choices = []
    if not isinstance(inputs, dict):
        raise InputError([Problem("inputs", "must be an object of texts by field name")])
    if not isinstance(choices, list):
        raise InputError([Problem("choices", "must be a list of texts")])
    return Question(content["task"], inputs, tuple(choices))
