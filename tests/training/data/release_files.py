"""Small datasets in the release layout, written by tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_release(
    folder: Path,
    dataset: str,
    rows: Sequence[dict[str, Any] | bytes],
    *parts: Sequence[str],
    split: str = "train",
) -> Path:
    """Rows (bytes are written as they are) and teacher outputs, one file a part."""
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    (folder / f"{dataset}_{split}.json").write_bytes(b"".join(line + b"\n" for line in lines))
    (folder / "palm").mkdir(exist_ok=True)
    for number, part in enumerate(parts):
        path = folder / "palm" / f"{split}_CoT_{number}.json"
        path.write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")
    return folder
