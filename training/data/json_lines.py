"""Reading JSON lines so that a broken line costs that line only, and every line keeps its number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from student.errors import DataError
from training.data.report import Rejected

_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class JsonLine:
    """One line: its 1-based number in the file, and the object on it or why there is none."""

    number: int
    value: dict[str, Any] | Rejected


def read_json_lines(path: Path, expected: str) -> list[JsonLine]:
    r"""Read a file of one JSON object a line.

    Lines end at `\n` only: texts may contain U+2028 and other characters at which `str.splitlines` would cut.
    A byte order mark and `\r\n` are tolerated; blank lines are no rows.

    Args:
        path: the file.
        expected: what should be there, for the error when it is not.

    Raises:
        DataError: the file cannot be read or has no rows.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); expected {expected}") from None
    lines = list(_parse(content.removeprefix(_UTF8_BOM)))
    if not lines:
        raise DataError(f"{path}: has no rows; expected {expected}")
    return lines


def _parse(content: bytes) -> Iterator[JsonLine]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield JsonLine(number, _object(line))


def _object(line: bytes) -> dict[str, Any] | Rejected:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Rejected("line is not UTF-8")
    except (ValueError, RecursionError):
        if line.strip() in (b"[", b"]"):
            return Rejected("line is part of a JSON array; write one object a line")
        return Rejected("line is not JSON")
    if isinstance(value, list):
        return Rejected("line is a JSON array; write one object a line")
    return value if isinstance(value, dict) else Rejected("line is not a JSON object")
