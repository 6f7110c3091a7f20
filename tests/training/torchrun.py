"""Starts two processes as `torchrun` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def torchrun(*command: str, largest_file: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run `command` in two processes, whose files do not grow beyond `largest_file` kibibytes."""
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *command]
    if largest_file is not None:
        start = ["bash", "-c", f'ulimit -S -f {largest_file}; exec "$@"', "bash", *start]
    return subprocess.run(
        start,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=550,
    )
