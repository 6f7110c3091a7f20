"""How long a run took, its interrupted parts included."""

from __future__ import annotations

import json
import time
from pathlib import Path

from student.errors import CheckpointError

_FILE = "train_seconds.json"


class Stopwatch:
    """Counts seconds from its making on; the trainer notes them in every checkpoint.

    Args:
        resumed: the checkpoint that the run goes on from; its seconds count too.

    Raises:
        CheckpointError: what the checkpoint says of them is no number.
    """

    def __init__(self, resumed: Path | None) -> None:
        self._started = time.perf_counter()
        self._before = 0.0
        if resumed is not None and (resumed / _FILE).is_file():
            self._before = _read(resumed / _FILE)

    @property
    def seconds(self) -> float:
        """Until now; those after a resumed run's last checkpoint are not known and left out."""
        return self._before + time.perf_counter() - self._started

    def note(self, folder: Path) -> None:
        """Write the seconds into a checkpoint that is being made."""
        (folder / _FILE).write_text(json.dumps(self.seconds), encoding="utf-8")


def _read(path: Path) -> float:
    try:
        return float(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise CheckpointError(
            f"{path}: is no number of seconds (a full disk may have cut it off); write the seconds that the run had "
            "taken into it, or delete it to count from this checkpoint on"
        ) from None
