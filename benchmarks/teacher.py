"""How often the paper's teacher (PaLM 540B) is right: its raw outputs replayed through `quickstep annotate`.

Two readings of each output: ours (a choice by its first letter, an equation as the whole sentence) and that of the
paper's release (the words after the letter, the part of an equation in brackets). An output that cannot be read
disagrees with gold. What is rejected is counted by reason.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command import parser, run
from benchmarks.dataset_folders import add_datasets, require_datasets
from benchmarks.report import Row, header, table, write_results
from training.teacher.annotate import Annotation, annotate
from training.teacher.ledger import Ledger, by_reason, count
from training.teacher.recorded import Recorded
from training.teacher.rows import read_input


@dataclass(frozen=True)
class Replayed:
    """A split whose teacher outputs are in the release.

    Attributes:
        source: its kind in `quickstep annotate`.
        folder: of the dataset.
        split: of the release.
    """

    source: str
    folder: str
    split: str


SPLITS = (
    Replayed("cqa", "cqa", "train"),
    Replayed("cqa", "cqa", "test"),
    Replayed("svamp", "svamp", "train"),
    Replayed("svamp", "svamp", "test"),
    Replayed("anli", "anli1", "valid"),
    Replayed("anli", "anli1", "test"),
)


def main(argv: list[str]) -> int:
    """Replay, print, write."""
    arguments = _arguments(argv)
    agreement: list[Row] = []
    rejected: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, split in enumerate(SPLITS):
            started = time.perf_counter()
            ledger = replay(arguments.datasets / split.folder, split, Path(folder) / f"{number}.jsonl")
            agreement.append(_agreement_row(split, ledger, time.perf_counter() - started))
            rejected += [
                {"part": "rejected", "dataset": split.source, "split": split.split, "reason": reason, "rows": rows}
                for reason, rows in by_reason(ledger.rejected).items()
            ]
    path = write_results(arguments.results, header("teacher", {}), [*agreement, *rejected])
    sys.stdout.write(f"{table(agreement)}\n{table(rejected)}{path.name} written\n")
    return 0


def replay(folder: Path, split: Replayed, output: Path) -> Ledger:
    """Annotate a split with its own recorded outputs.

    Raises:
        DataError: rows or outputs are missing.
    """
    rows = read_input(f"{split.source}:{folder}", split=split.split)
    recorded = Recorded(folder / "palm", len(rows.rows), split.split)
    return annotate(Annotation(rows, None, output), recorded, progress=sys.stderr.isatty())


def _agreement_row(split: Replayed, ledger: Ledger, seconds: float) -> Row:
    agreement = ledger.agreement
    return {
        "part": "agreement",
        "dataset": split.source,
        "split": split.split,
        "rows": ledger.rows,
        "labelled": ledger.labelled,
        "rejected": count(ledger.rejected),
        "agreement_percent": _percent(agreement.share),
        "agreement_as_released_percent": _percent(agreement.share_by_own_words),
        "seconds": round(seconds, 1),
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("teacher", __doc__ or "")
    folders = {split.folder for split in SPLITS}
    add_datasets(made, folders)
    arguments = made.parse_args(argv)
    require_datasets(made, arguments.datasets, folders)
    return arguments


if __name__ == "__main__":
    run(main)
