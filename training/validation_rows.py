"""The validation rows of a finished run, kept beside the student: export checks parity on them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from student.errors import CheckpointError
from training.data.example import Example

FILE = "validation.jsonl"


def write_rows(folder: Path, examples: Iterable[Example]) -> None:
    """Write examples as JSON lines, with everything that `Example` holds."""
    with (folder / FILE).open("w", encoding="utf-8") as stream:
        for row in examples:
            content = {
                "task": row.task,
                "inputs": dict(row.inputs),
                "choices": list(row.choices),
                "label": row.label,
                "rationale": row.rationale,
                "source": row.source,
                "gold": row.gold,
                "tags": dict(row.tags),
                "rationale_by": row.rationale_by,
            }
            stream.write(json.dumps(content, ensure_ascii=False) + "\n")


def read_rows(folder: Path) -> list[Example]:
    """Read what `write_rows` wrote.

    Raises:
        CheckpointError: the file is missing or broken.
    """
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return [_example(json.loads(line)) for line in lines if line]
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}); `quickstep train` writes it") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: is broken ({error}); train again") from None


def _example(content: dict[str, object]) -> Example:
    return Example(**{**content, "choices": tuple(content["choices"])})  # type: ignore[arg-type]
