"""esnli: natural language inference with people's explanations in place of a teacher's reasoning (e-SNLI).

    <folder>/esnli_valid.json, esnli_test.json    one JSON object a line:
    {"premise": "...", "hypothesis": "...", "label": "neutral", "explanations": ["...", "...", "..."]}

Training and validation rows both come from `valid`. The rationale is the first explanation that is not empty,
ended by the task's conclusion sentence as a teacher's is.

The texts come as the tokens of the Penn Treebank (`does n't`, ``( `` and '' for quotes ''``, spaces round
punctuation), which is not how people write to a server. Only what reads back without guessing is undone: see
`untokenised`. Explanations stay in the lower case in which they come.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from student.errors import DataError
from student.task import Task, find_task, normalise_answer
from training.data.example import Example
from training.data.json_lines import read_json_lines
from training.data.loaded import Labels, Loaded
from training.data.report import Rejected
from training.data.rows import Row, assemble_rows

EXPLANATION_REPEATED = "an explanation is repeated"

_CONTRACTION = re.compile(r" (n't|'(?:s|re|ve|ll|d|m))(?![\w'])", re.IGNORECASE)
_CLOSING = re.compile(r" ([.,;:?!%)\]]+)(?=[ \"]|$)")
_OPENING = re.compile(r"(^| )([(\[]) ")


def load(folder: Path, split: str, *, labels: Labels = "gold") -> Loaded:
    """Load a split.

    Args:
        folder: the folder that holds `esnli_valid.json` and `esnli_test.json`.
        split: `valid` or `test`; the release's train rows are not at hand.
        labels: `gold`; there is no teacher.

    Raises:
        DataError: the file cannot be read or has no rows, or the teacher's labels are asked for.
    """
    if labels == "teacher":
        raise DataError(
            "esnli: has no teacher labels: its explanations are people's, and gold labels do not stand in for a "
            "teacher's; use labels: gold"
        )
    return assemble_rows(f"esnli/{split}", find_task("esnli"), read(folder, split), "gold", rationale_by="human")


def read(folder: Path, split: str) -> Iterator[Row]:
    """A split's rows.

    Raises:
        DataError: the file cannot be read or has no rows.
    """
    expected = 'one JSON object a line: {"premise": "...", "hypothesis": "...", "label": "...", "explanations": [...]}'
    task = find_task("esnli")
    for number, line in enumerate(read_json_lines(folder / f"esnli_{split}.json", expected)):
        source = f"esnli/{split}:{number}"
        if isinstance(line.value, Rejected):
            yield Row(f"{source} (line {line.number})", line.value)
        else:
            yield _row(task, source, line.value)


def premise(example: Example) -> str:
    """What rows must share to stay in one part: a premise comes with about three hypotheses."""
    return f"esnli/{example.inputs['premise']}"


def untokenised(text: str) -> str:
    """A text of Penn Treebank tokens as people write it, as far as that takes no guessing.

    Contractions and the marks that follow a word join what is before them, brackets what they enclose, and the
    two quote tokens become `"`. A lone `'` may open, close or own something: it stays as it is.
    """
    text = normalise_answer(text)
    text = re.sub(r"(?:^|(?<= ))`` ?", '"', text)
    text = re.sub(r" ?''(?= |$)", '"', text)
    text = _OPENING.sub(r"\1\2", _CONTRACTION.sub(r"\1", text))
    # Marks may follow each other (`. )`), each with its own space.
    previous = None
    while previous != text:
        previous, text = text, _CLOSING.sub(r"\1", text)
    return text


def _row(task: Task, source: str, fields: Mapping[str, Any]) -> Row:
    inputs = {name: _plain(fields[name]) for name in task.fields if name in fields}
    explanations = fields.get("explanations", [])
    given = explanations if isinstance(explanations, list) else [explanations]
    if not all(isinstance(text, str) for text in given):
        return Row(source, Rejected("explanations must be a list of texts"))
    told = [text for text in map(normalise_answer, given) if text]
    rationale = None
    if told:
        reasoning = untokenised(told[0])
        stop = "" if reasoning.endswith((".", "!", "?")) else "."
        rationale = f"{reasoning}{stop} {task.conclusion} {fields.get('label')}."
    notes = (EXPLANATION_REPEATED,) if len(set(told)) < len(told) else ()
    return Row(source, {"inputs": inputs, "label": fields.get("label"), "rationale": rationale}, notes)


def _plain(value: object) -> object:
    return untokenised(value) if isinstance(value, str) else value
