"""asdiv: more word problems of arithmetic for svamp's task, without any teacher's output (ASDiv).

    <folder>/ASDiv.xml
    <Problem ID="..."><Body>..</Body><Question>..</Question><Answer>9 (apples)</Answer><Formula>7+2=9</Formula>

A row has a gold answer where the left side of its formula is plain arithmetic whose value is the answer. The
others (formulas with units, remainders, several steps or comparisons, and very long ones) have none: they are
questions to put to a teacher.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from student.answers import evaluate_equation
from student.errors import AnswerError, DataError
from student.task import Task, find_task
from training.data.equations import canonical_equation
from training.data.loaded import Labels, Loaded
from training.data.report import Rejected
from training.data.rows import Row, assemble_rows

FORMULA_NOT_PLAIN = "no gold: formula is not plain arithmetic"
ANSWER_NOT_A_NUMBER = "no gold: answer is not one number"
FORMULA_LONG = "no gold: formula may be longer than the task's limits.label_tokens"
VALUES_DIFFER = "no gold: formula's value is not the answer"

_FILE = "ASDiv.xml"


def load(location: Path, split: str, *, labels: Labels = "gold") -> Loaded:
    """Load the problems.

    Args:
        location: `ASDiv.xml`, or the folder that holds it.
        split: `train`; there is no other.
        labels: `gold`; there is no teacher. Problems without gold answer are left out of the examples, and are
            among `Loaded.unanswered`.

    Raises:
        DataError: the file cannot be read or is not what it should be, or another split or the teacher's labels
            are asked for.
    """
    if split != "train":
        raise DataError(f"asdiv: has no {split} rows, only rows to train on; take svamp's")
    if labels == "teacher":
        raise DataError(
            "asdiv: has no teacher labels; write its questions with `quickstep data asdiv:... --write FILE`, have a "
            "teacher answer them and train on that jsonl file, or use labels: gold"
        )
    return assemble_rows("asdiv/train", find_task("svamp"), read(location), "gold")


def read(location: Path) -> Iterator[Row]:
    """The problems, those without a gold answer among them.

    Raises:
        DataError: the file cannot be read or is not what it should be.
    """
    path = location / _FILE if location.is_dir() else location
    return _rows(find_task("svamp"), _problems(path))


def _problems(path: Path) -> list[ET.Element]:
    expected = f"{_FILE}, whose <Problem> elements hold Body, Question, Answer and Formula"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); expected {expected}") from None
    try:
        _refuse_doctype(path, content)
        problems = list(ET.fromstring(content).iter("Problem"))
    except (ET.ParseError, expat.ExpatError, LookupError) as error:
        raise DataError(f"{path}: is not XML ({error}); expected {expected}") from None
    if not problems:
        raise DataError(f"{path}: has no rows; expected {expected}")
    return problems


def _refuse_doctype(path: Path, content: bytes) -> None:
    """Entities are declared in a DOCTYPE alone, and may grow a small file beyond any memory."""

    def refuse(*_: object) -> None:
        raise DataError(f"{path}: has a DOCTYPE, which may declare entities; the release has none, so remove it")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)


def _rows(task: Task, problems: list[ET.Element]) -> Iterator[Row]:
    given: set[str] = set()
    for number, problem in enumerate(problems):
        identity = problem.get("ID") or f"number {number}"
        if identity in given:
            yield Row(f"asdiv/train:{identity} (number {number})", Rejected("ID is that of an earlier problem"))
            continue
        given.add(identity)
        text = " ".join(f"{problem.findtext('Body') or ''} {problem.findtext('Question') or ''}".split())
        label = _label(task, problem.findtext("Formula") or "", problem.findtext("Answer") or "")
        gold, missing = (None, label.reason) if isinstance(label, Rejected) else (label, None)
        fields = {"inputs": {"problem": text}, "label": gold, "id": problem.get("ID")}
        yield Row(f"asdiv/train:{identity}", fields, without_label=missing)


def _label(task: Task, formula: str, answer: str) -> str | Rejected:
    left, *right = formula.split("=")
    # Several equations are several steps: the first of them is not the solution, even where its value is.
    if len(right) != 1:
        return Rejected(FORMULA_NOT_PLAIN)
    try:
        label = canonical_equation(left)
    except AnswerError:
        return Rejected(FORMULA_NOT_PLAIN)
    try:
        value = evaluate_equation(answer.partition("(")[0])
    except AnswerError:
        return Rejected(ANSWER_NOT_A_NUMBER)
    if not math.isclose(evaluate_equation(label), value, rel_tol=1e-9, abs_tol=1e-4):
        return Rejected(VALUES_DIFFER)
    # A tokenizer needs at most a token a character, one for the beginning and `</s>`. Training refuses labels over the
    # limit, and that of a built-in task is not the user's to raise.
    if len(label) + 2 > task.limits.label_tokens:
        return Rejected(FORMULA_LONG)
    return label
