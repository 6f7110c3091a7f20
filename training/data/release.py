"""The release layout of "Distilling Step-by-Step" (Hsieh et al. 2023): rows here, teacher outputs there.

    <folder>/<dataset>_<split>.json       one JSON object a line
    <folder>/palm/<split>_CoT_<k>.json    one JSON list of texts; k = 0, 1, 2, ...

The lists are concatenated in the numeric order of k; item i of the whole belongs to row i. Rows and outputs
are tied by nothing but their position, which is why a broken row keeps its place and any other count is
refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from student.errors import DataError
from training.data.checks import is_text_list
from training.data.json_lines import read_json_lines
from training.data.report import Rejected


@dataclass(frozen=True)
class UntaughtRow:
    """A row without what the teacher wrote for it.

    Attributes:
        source: `<dataset>/<split>:<row>`, the row counted from 0 as in the release.
        fields: the row's JSON object, or why there is none.
    """

    source: str
    fields: dict[str, Any] | Rejected


@dataclass(frozen=True)
class ReleaseRow(UntaughtRow):
    """A row and what the teacher wrote for it.

    Attributes:
        teacher_output: the teacher's raw text.
    """

    teacher_output: str


def read_rows(folder: Path, dataset: str, split: str) -> list[UntaughtRow]:
    """Read one split's rows, whether or not a teacher has answered them.

    Args:
        folder: the dataset's folder.
        dataset: the name its files begin with.
        split: `train`, `test` or what else the release has.

    Raises:
        DataError: the file is missing or has no rows.
    """
    lines = read_json_lines(folder / f"{dataset}_{split}.json", _layout(folder, dataset, split))
    return [
        UntaughtRow(_source(f"{dataset}/{split}:{row}", line.number, line.value), line.value)
        for row, line in enumerate(lines)
    ]


def read_release(folder: Path, dataset: str, split: str) -> list[ReleaseRow]:
    """Read one split: rows paired with the teacher's outputs.

    Args:
        folder: the dataset's folder.
        dataset: the name its files begin with.
        split: `train`, `test` or what else the release has.

    Raises:
        DataError: a file is missing or is no list of texts, or rows and outputs differ in number.
    """
    rows = read_rows(folder, dataset, split)
    outputs = read_teacher_outputs(folder / "palm", split, _layout(folder, dataset, split))
    if len(rows) != len(outputs):
        raise DataError(
            f"{folder}: {len(rows)} rows in {dataset}_{split}.json but {len(outputs)} teacher outputs in "
            f"palm/{split}_CoT_*.json; output k belongs to row k, so the two must be equal in number"
        )
    return [ReleaseRow(row.source, row.fields, output) for row, output in zip(rows, outputs, strict=True)]


def _source(row: str, line_number: int, value: dict[str, Any] | Rejected) -> str:
    return f"{row} (line {line_number})" if isinstance(value, Rejected) else row


def read_teacher_outputs(folder: Path, split: str, layout: str) -> list[str]:
    """Read the teacher's outputs of one split, in the order of the rows.

    Args:
        folder: that holds `<split>_CoT_<k>.json`.
        split: as for `read_rows`.
        layout: what should be there, for errors.

    Raises:
        DataError: a part is missing or is no list of texts.
    """
    parts = _numbered_parts(folder, split)
    if not parts:
        raise DataError(f"{folder}: no {split}_CoT_<k>.json there; expected {layout}")
    outputs: list[str] = []
    for number in range(max(parts) + 1):
        path = parts.get(number, folder / f"{split}_CoT_{number}.json")
        try:
            part = json.loads(path.read_bytes())
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); expected {layout}") from None
        except (ValueError, RecursionError):
            raise DataError(f"{path}: is not JSON; expected {layout}") from None
        if not is_text_list(part):
            raise DataError(f"{path}: must be one JSON list of texts; expected {layout}")
        outputs.extend(part)
    return outputs


def _numbered_parts(folder: Path, split: str) -> dict[int, Path]:
    name = re.compile(rf"{re.escape(split)}_CoT_(\d+)\.json", re.ASCII)
    if not folder.is_dir():
        return {}
    return {int(match[1]): path for path in folder.iterdir() if (match := name.fullmatch(path.name))}


def _layout(folder: Path, dataset: str, split: str) -> str:
    return (
        f"the release layout: {folder / f'{dataset}_{split}.json'} (one JSON object a line) and "
        f"{folder / 'palm' / f'{split}_CoT_0.json'}, _1, ... (each one JSON list of texts)"
    )
