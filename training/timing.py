"""How long a run took, its interrupted parts included."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_FILE = "train_seconds.json"


class Stopwatch(TrainerCallback):  # type: ignore[misc]  # transformers is not typed for mypy here
    """Counts seconds from its making on, and notes them in every checkpoint.

    Args:
        resumed: the checkpoint that the run goes on from; its seconds count too.
    """

    def __init__(self, resumed: Path | None) -> None:
        self._started = time.perf_counter()
        self._before = 0.0
        if resumed is not None and (resumed / _FILE).is_file():
            self._before = float(json.loads((resumed / _FILE).read_text(encoding="utf-8")))

    @property
    def seconds(self) -> float:
        """Until now; those after a resumed run's last checkpoint are not known and left out."""
        return self._before + time.perf_counter() - self._started

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Note the seconds beside the checkpoint that was just saved, from the main process."""
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        (folder / _FILE).write_text(json.dumps(self.seconds), encoding="utf-8")
