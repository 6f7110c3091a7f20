"""Memory of a process that serves a student in INT8, with and without what writes rationales.

`OnnxStudent` always opens both paths, so they are opened here as it opens them: the label path's root graph alone, and
the rationale path's encoder and two decoder graphs besides. Web server, tokenizer and answer spaces are left out: they
are some tens of megabytes, whatever the student. A process that has only imported what it needs is the third row.
Memory is read after answers, when weights that were mapped have been touched and packed; Linux only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx

from benchmarks.command import parser, run
from benchmarks.peers.questions import END, LABELS, source_rows
from benchmarks.peers.shapes import MODELS, SHAPES
from benchmarks.peers.system import made_by_exporter, whole
from benchmarks.peers.worker import in_own_process
from benchmarks.report import Row, header, table, write_results
from student.arguments import positive
from student.bundle import WEIGHTS
from student.decoding import GreedyDecoder
from student.label_path import LabelPath
from student.label_trie import LabelTrie
from student.manifest import RationaleGraphs
from student.sessions import open_session

_SOURCE, _WRITTEN, _CALIBRATION_ROWS = 128, 16, 16
_ANSWERS = 3
_PRECISION = "int8"
_LABEL = "root.onnx"
_RATIONALE = ("encoder.onnx", "decoder_first.onnx", "decoder_next.onnx")
_FIELDS = {"VmRSS": "resident_mb", "RssAnon": "own_mb", "RssFile": "mapped_mb"}


def main(argv: list[str]) -> int:
    """Measure, print, write."""
    made = parser("memory", __doc__ or "")
    made.add_argument("--shape", choices=SHAPES, default="base", help="default: %(default)s")
    made.add_argument("--steps", type=positive, help="of the student's training (default: a number for each shape)")
    made.add_argument("--threads", type=positive, default=2, help="of the label path (default: %(default)s)")
    arguments = made.parse_args(argv)
    steps = arguments.steps or SHAPES[arguments.shape].steps
    folder = in_own_process(_served, arguments.shape, MODELS / f"{arguments.shape}-{steps}", steps)
    rows: list[Row] = []
    for process, graphs in (("nothing", ()), ("labels", (_LABEL,)), ("labels and rationales", (_LABEL, *_RATIONALE))):
        found = in_own_process(_memory_mb, folder, graphs, arguments.threads)
        weights_mb = distinct_bytes([folder / graph for graph in graphs]) / 1e6
        rows.append({"loaded": process, "shape": arguments.shape, **found, "weights_mb": round(weights_mb, 1)})
    settings = {"precision": _PRECISION, "steps": steps, "threads": arguments.threads, "source_tokens": _SOURCE}
    path = write_results(arguments.results, header("memory", settings), rows)
    sys.stdout.write(f"{table(rows)}{path.name} written\n")
    return 0


def distinct_bytes(graphs: Sequence[Path]) -> int:
    """Bytes of all constants of some graphs that share a weight file; what lies there once counts once."""
    places: dict[tuple[str, str], int] = {}
    small = 0
    for graph in graphs:
        for tensor in onnx.load(graph, load_external_data=False).graph.initializer:
            if tensor.external_data:
                place = {entry.key: entry.value for entry in tensor.external_data}
                places[place["location"], place["offset"]] = int(place["length"])
            else:
                small += len(tensor.raw_data)
    return small + sum(places.values())


def _served(shape: str, student: Path, steps: int) -> Path:
    """A student's graphs as a bundle has them, made where they are not there yet: a folder."""
    # Not at the top: the processes that are measured import this module, and need no torch.
    from transformers import T5ForConditionalGeneration

    from benchmarks.peers.quickstep_export import LONGEST, int8_linears
    from benchmarks.peers.training import prepare_student
    from export.graphs import label_graphs, rationale_graphs
    from export.t5_weights import T5Weights
    from export.weights import share_weights
    from student.label_trie import MAX_DEPTH

    prepare_student(shape, student, steps)
    folder = made_by_exporter(student, f"served-{_PRECISION}")
    if not folder.exists():
        model = T5ForConditionalGeneration.from_pretrained(student / "model").eval()
        weights = T5Weights.of(model, LONGEST, MAX_DEPTH)
        linears = int8_linears(weights, LABELS, source_rows("validation", _CALIBRATION_ROWS))
        graphs = {_LABEL: label_graphs(weights, linears, tree=False)["root"]}
        graphs |= {f"{role}.onnx": graph for role, graph in rationale_graphs(model, weights).items()}
        with whole(folder) as unfinished:
            share_weights(graphs, unfinished, WEIGHTS)
    return folder


def _memory_mb(folder: Path, graphs: Sequence[str], threads: int) -> dict[str, float]:
    """Memory of this process once it has opened these graphs and answered with them, by `_FIELDS`."""
    ids = np.full((1, _SOURCE), LABELS[0][0], dtype=np.int64)
    mask = np.ones(ids.shape, dtype=np.int32)
    opened: list[object] = []
    if _LABEL in graphs:
        path = LabelPath(open_session(folder / _LABEL, threads), None)
        trie = LabelTrie.build(LABELS, start_token=0)
        for _ in range(_ANSWERS):
            path.edge_logits(ids, mask, [trie])
        opened.append(path)
    if set(_RATIONALE) <= set(graphs):
        files = RationaleGraphs(**dict(zip(RationaleGraphs.model_fields, _RATIONALE, strict=True)))
        decoder = GreedyDecoder.open(folder, files, max(1, threads // 2), start_token=0, end_token=END)
        for _ in range(_ANSWERS):
            decoder.decode(ids, mask, [_WRITTEN])
        opened.append(decoder)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    told = dict(line.split(":", 1) for line in lines)
    return {column: round(int(told[field].split()[0]) * 1024 / 1e6, 1) for field, column in _FIELDS.items()}


if __name__ == "__main__":
    run(main)
