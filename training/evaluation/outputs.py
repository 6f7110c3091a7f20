"""Figures written out: JSON, and plots with the JSON that they draw beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

NUMBERS = "figures.json"
"""Lies beside the plots."""

Draw = Callable[[Path, Mapping[str, Mapping[str, Any]]], list[Path]]


def write_figures(
    figures: Mapping[str, Mapping[str, Any]],
    record: Mapping[str, Mapping[str, Any]],
    *,
    file: Path | None,
    plots: Path | None,
    draw: Draw | None,
) -> None:
    """Write what is asked for.

    Args:
        figures: by group.
        record: what made them, under a key that no task can have.
        file: JSON file; None for none.
        plots: directory for PNG files and `NUMBERS`; None for none.
        draw: draws the figures into a directory; needed where `plots` is given.
    """
    content = json.dumps({**record, **figures}, indent=2, ensure_ascii=False) + "\n"
    if file is not None:
        file.write_text(content, encoding="utf-8")
    if plots is not None and draw is not None:
        draw(plots, figures)
        (plots / NUMBERS).write_text(content, encoding="utf-8")
