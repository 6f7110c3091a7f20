"""Trains the runs that a JSON file lists, one after the other: what `torchrun` starts in the tests.

Starting processes takes longer than to train a student of a few thousand weights.
"""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path

from training.config import TrainConfig
from training.processes import join_processes, leave_processes
from training.run import train


def main(plan: Path) -> None:
    """Train each run; one that goes on from another begins with its directory, without what `lost` names."""
    warnings.simplefilter("error")
    # Of transformers and torch, in any run of several processes.
    warnings.filterwarnings("default", category=FutureWarning)
    processes = join_processes()
    for run in json.loads(plan.read_text()):
        output = Path(run["output"])
        if "of" in run:
            processes.from_main(lambda run=run, output=output: _cut_short(Path(run["of"]), output, run["lost"]))  # type: ignore[misc]
        train(TrainConfig.model_validate(run["recipe"]), output, resume="of" in run, progress=False)
    leave_processes()


def _cut_short(whole: Path, output: Path, lost: list[str]) -> None:
    shutil.copytree(whole, output)
    for name in lost:
        shutil.rmtree(output / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
