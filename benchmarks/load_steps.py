"""One step of load: Locust against a running server for some seconds, and what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load_record import Objective, Totals
from benchmarks.machine import ROOT
from student.errors import QuickstepError

LOCUSTFILE = ROOT / "benchmarks" / "locustfile.py"
_REACHED = 0.95
"""Share of the offered requests that must have been made; a generator that cannot make them measures itself."""

_ENDS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Load:
    """What is asked of a server.

    Attributes:
        host: its base URL.
        seconds: how long.
        users: at once; in an open loop they share the arrivals.
        locustfile: who asks.
        arguments: further ones of Locust.
    """

    host: str
    seconds: int
    users: int
    locustfile: Path = LOCUSTFILE
    arguments: Sequence[str] = ()


@dataclass(frozen=True)
class Step:
    """What one load gave.

    Attributes:
        rate: requests a second, as offered; 0 in a closed loop.
        totals: of the requests.
        users: that shared the arrivals.
    """

    rate: float
    totals: Totals
    users: int

    @property
    def answered_rate(self) -> float:
        """Requests a second that were answered well, until the last answer."""
        return round((self.totals.requests - self.totals.failed) / max(self.totals.seconds, 1e-3), 2)

    def holds(self, objective: Objective) -> bool:
        """Whether the requests were made as fast as they were to be, and the objective was kept."""
        # Each user's first arrival is up to one of its periods late.
        reached = self.totals.requests >= _REACHED * self.rate * self.totals.due_seconds - self.users
        return reached and objective.met_by(self.totals)


def run_step(load: Load, rate: float = 0.0) -> Step:
    """Ask for a while.

    Args:
        load: what is asked.
        rate: requests a second, or 0 for a closed loop.

    Raises:
        QuickstepError: Locust failed.
    """
    with tempfile.TemporaryDirectory() as name:
        summary = Path(name) / "summary.json"
        # Locust as this interpreter has it; -P would hide what locustfiles import of the repository.
        command = [sys.executable, "-m", "locust", "-f", str(load.locustfile), "--headless", "--only-summary"]
        command += ["--host", load.host, "--users", str(load.users), "--spawn-rate", str(load.users)]
        command += ["--run-time", f"{load.seconds}s", "--summary", str(summary)]
        command += ["--arrival-rate", str(rate)] if rate else []
        command += ["--exit-code-on-error", "0", *load.arguments]
        try:
            finished = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=load.seconds + _ENDS_WITHIN_S
            )
        except subprocess.TimeoutExpired:
            raise QuickstepError(f"load: locust did not end within {load.seconds + _ENDS_WITHIN_S:g} s") from None
        if finished.returncode or not summary.exists():
            last = (finished.stderr.strip() or finished.stdout.strip()).splitlines()[-1:]
            raise QuickstepError(f"load: {last[0] if last else 'locust ended without a word'}")
        content = json.loads(summary.read_text(encoding="utf-8"))
    return Step(rate, Totals.read(content), load.users)
