"""What choices cost: a request's own answers beside a task's closed labels, on the same texts.

Three labels are told apart by their first token: the root graph scores them. So it does five choices that begin
differently. Five choices that begin alike need the tree graph, which also reads the token that they share. All three
are timed in turns in one process, after INT8's answers were compared with float32's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.command import parser, run
from benchmarks.peers.questions import END, LABELS, source_rows
from benchmarks.peers.shapes import MODELS, SHAPES
from benchmarks.peers.system import Rows, of_length
from benchmarks.peers.worker import in_own_process
from benchmarks.report import Row, draw_bars, header, table, write_results
from student.arguments import positive
from student.bundle import WEIGHTS
from student.label_path import LabelPath
from student.label_trie import LabelTrie
from student.manifest import Precision
from student.sessions import open_session

THREE_LABELS, DIFFERENT, ALIKE = "three labels", "five choices", "five choices that begin alike"
SPACES = {
    name: LabelTrie.build(answers, start_token=0)
    for name, answers in (
        (THREE_LABELS, LABELS),
        (DIFFERENT, tuple((100 + i, 110 + i, END) for i in range(5))),
        (ALIKE, tuple((100, 110 + i, END) for i in range(5))),
    )
}
"""Answer spaces; choices have three tokens, `</s>` included."""

PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
_ROOT, _TREE = "root.onnx", "tree.onnx"
_ROWS = 64
_CALLS = 3
_WARM_UP_TURNS = 5


@dataclass(frozen=True)
class Found:
    """What one answer space gave.

    Attributes:
        answers: index of each row's answer.
        times_ms: of each call, one row a call.
    """

    answers: list[int]
    times_ms: list[float]


def main(argv: list[str]) -> int:
    """Export, compare, time, write."""
    arguments = _arguments(argv)
    settings = {"turns": arguments.turns, "calls_a_turn": _CALLS, "threads": arguments.threads}
    head = header("choices", settings)
    rows: list[Row] = []
    for shape in arguments.shapes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            in_own_process(_export, shape, arguments.steps or SHAPES[shape].steps, folder)
            for length in arguments.source_tokens:
                texts = [of_length(row, length) for row in source_rows("validation", _ROWS)]
                exact: dict[str, Found] = {}
                for precision in PRECISIONS:
                    told = f"{shape} {precision}, {length} tokens"
                    sizes = (arguments.threads, arguments.turns)
                    found = in_own_process(_measure, folder / precision, texts, *sizes, told)
                    exact = exact or found
                    rows.extend(_rows(shape, precision, length, found, exact))
    path = write_results(arguments.results, head, rows)
    names = [f"{row['shape']}, {row['source_tokens']}\n{row['precision']}" for row in rows if row["answers"] == ALIKE]
    ratios = {space: [float(row["ratio"] or 0) for row in rows if row["answers"] == space] for space in SPACES}
    draw_bars(path.with_suffix(".png"), names, ratios, f"p50, times that of {THREE_LABELS}")
    sys.stdout.write(f"{table(rows)}{path.name} and .png written\n")
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("choices", __doc__ or "")
    made.add_argument("--shapes", nargs="+", choices=SHAPES, default=["demo", "small", "base"])
    made.add_argument("--source-tokens", nargs="+", type=int, choices=range(2, 257), default=[32, 128], metavar="N")
    made.add_argument("--steps", type=positive, help="of the student's training (default: a number for each shape)")
    made.add_argument("--threads", type=positive, default=2, help="default: %(default)s")
    made.add_argument("--turns", type=positive, default=60, help="of each answer space (default: %(default)s)")
    return made.parse_args(argv)


def _export(shape: str, steps: int, folder: Path) -> None:
    """Write both graphs in every precision, ranges found on tries that need the tree."""
    # Not at the top: the processes that are measured import this module, and need no torch.
    from transformers import T5ForConditionalGeneration

    from benchmarks.peers.quickstep_export import LONGEST
    from benchmarks.peers.training import prepare_student
    from export.calibration import CalibrationRow, calibrate
    from export.graphs import label_graphs
    from export.int8 import Int8
    from export.linears import Float32, Linears
    from export.t5_weights import T5Weights
    from export.weights import share_weights
    from student.label_trie import MAX_DEPTH

    student = MODELS / f"{shape}-{steps}"
    prepare_student(shape, student, steps)
    weights = T5Weights.of(T5ForConditionalGeneration.from_pretrained(student / "model"), LONGEST, MAX_DEPTH)
    calibration = source_rows("validation", 2 * _ROWS)[_ROWS:]
    ranges = calibrate(weights, [CalibrationRow(tuple(row.tolist()), SPACES[ALIKE]) for row in calibration])
    linears: dict[Precision, Linears] = {"fp32": Float32(), "int8": Int8(ranges)}
    for precision in PRECISIONS:
        graphs = label_graphs(weights, linears[precision], tree=True)
        (folder / precision).mkdir()
        share_weights({f"{role}.onnx": graph for role, graph in graphs.items()}, folder / precision, WEIGHTS)


def _measure(folder: Path, texts: Rows, threads: int, turns: int, told: str) -> dict[str, Found]:
    path = LabelPath(open_session(folder / _ROOT, threads), open_session(folder / _TREE, threads))
    mask = np.ones((1, len(texts[0])), dtype=np.int32)

    def answer(trie: LabelTrie, row: int) -> int:
        (logits,) = path.edge_logits(texts[row][None], mask, [trie])
        return int(trie.probabilities(logits).argmax())

    found = {name: Found([answer(trie, row) for row in range(len(texts))], []) for name, trie in SPACES.items()}
    for turn in tqdm(range(-_WARM_UP_TURNS, turns), desc=told, unit="turn", leave=False):
        for name, trie in SPACES.items():
            for call in range(_CALLS):
                started = time.perf_counter()
                answer(trie, call)
                if turn >= 0:
                    found[name].times_ms.append((time.perf_counter() - started) * 1e3)
    return found


def _rows(shape: str, precision: str, length: int, found: dict[str, Found], exact: dict[str, Found]) -> list[Row]:
    labels_ms = statistics.median(found[THREE_LABELS].times_ms)
    made: list[Row] = []
    for name, one in found.items():
        equal = sum(a == b for a, b in zip(one.answers, exact[name].answers, strict=True))
        p50_ms = statistics.median(one.times_ms)
        made.append(
            {
                "shape": shape,
                "precision": precision,
                "source_tokens": length,
                "answers": name,
                "p50_ms": round(p50_ms, 3),
                "ratio": round(p50_ms / labels_ms, 3),
                "equal_to_fp32": round(equal / len(one.answers), 4),
            }
        )
    return made


if __name__ == "__main__":
    run(main)
