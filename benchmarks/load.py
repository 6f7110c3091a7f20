"""Servers under load: requests a second at which the p99 stays under an objective, ours and what a user would run else.

All serve one student of t5-v1_1-small's shape (trained for some steps, `benchmarks/peers/load_student.py`) on the same
rows, each with the settings named in `CONTENDERS`, one after another. A server's answers are taken one by
one first and compared with those of float32; under load an answer must be the one that the same server gave alone.
Then Locust asks in a closed loop, which gives the throughput, and in an open loop (`benchmarks/capacity.py`) at rising
rates. A peer that keeps the first objective at no rate is compared under the second.

Students are kept under runs/load/ and reused. The load generator runs on the same cores as the servers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.capacity import NEAR, Capacity, search, step_rows
from benchmarks.command import above_zero, parser, run
from benchmarks.http_client import HttpClient
from benchmarks.load_record import Objective
from benchmarks.load_steps import Load, run_step
from benchmarks.machine import ROOT
from benchmarks.peers.load_student import MODELS, PRESET, TASK, prepare_student, texts
from benchmarks.peers.servers.contenders import (
    CONTENDERS,
    CTRANSLATE2,
    LABEL_TOKENS,
    OURS,
    OWN,
    TRITON_HF,
    Contender,
    Served,
    Student,
    started,
)
from benchmarks.peers.servers.triton_hf import BYTES, from_bytes, to_bytes
from benchmarks.peers.system import made_by_package, whole
from benchmarks.report import Cell, Row, draw_bars, header, table, write_results
from benchmarks.running_server import HOST
from export.precision_parity import CLEAR_MARGIN
from student.arguments import positive
from student.bundle import Bundle
from student.errors import QuickstepError
from student.question import Question
from student.runtime import OnnxStudent

LOCUSTFILE = ROOT / "benchmarks" / "peers" / "locustfile.py"

LEAST_EQUAL = 0.95
"""Share of the clear rows that a server has to answer as float32 does."""

TRIES = 2
"""Of a rate before it counts as broken, for everybody."""

_FIRST_SHARE = 0.6
"""Of the throughput of a closed loop, that is tried first."""


def main(argv: list[str]) -> int:
    """Prepare, compare, load, print, write; what is finished is written after each server."""
    arguments = _arguments(argv)
    objectives = [Objective(p99_ms, 0.0) for p99_ms in arguments.p99_ms]
    folder = MODELS / f"{PRESET}-{arguments.steps}"
    hub, bundle = prepare_student(folder, arguments.steps, PRESET)
    converted = _for_ctranslate2(hub, folder) if CTRANSLATE2 in arguments.systems else hub
    student = Student(hub, converted, bundle)
    expected = _clear_answers(bundle, arguments.rows)
    head = header(
        "load",
        {
            "shape": PRESET,
            "steps": arguments.steps,
            "rows": len(expected),
            "seconds_a_step": arguments.seconds,
            "users": arguments.users,
            "tries": TRIES,
            "p99_ms": arguments.p99_ms,
            "label_tokens": LABEL_TOKENS,
        },
    )
    rows, steps = _kept(arguments.results, arguments.systems) if arguments.keep else ([], [])
    for contender in _chosen(arguments.systems):
        sys.stdout.write(f"{contender}\n")
        found, tried = _measure(contender, student, expected, objectives, arguments)
        rows.append(found)
        steps.extend(tried)
        path = write_results(arguments.results, {**head, "steps": steps}, rows)
    best = best_of_each(rows, objectives)
    sys.stdout.write(f"\n{table(rows)}\nthe best settings of each:\n{table(best)}")
    _draw(path.with_suffix(".png"), best, objectives)
    sys.stdout.write(f"{path.name} and .png written\n")
    return 0


def best_of_each(rows: Sequence[Row], objectives: Sequence[Objective]) -> list[Row]:
    """Each system's highest rate under each objective, whatever settings gave it, and how many times it ours is."""
    made: list[dict[str, Cell]] = []
    for system in dict.fromkeys(map(_named, rows)):
        mine = [row for row in rows if _named(row) == system]
        best: dict[str, Cell] = {"system": system}
        for key in (*map(_key, objectives), "throughput"):
            best[key] = max(float(row[key] or 0) for row in mine) or None
        made.append(best)
    ours = next((row for row in made if row["system"] == OURS), None)
    for best in made:
        for key in (*map(_key, objectives), "throughput"):
            rate, of_ours = best[key], ours[key] if ours else None
            ratio = round(float(of_ours) / float(rate), 2) if rate and of_ours else None
            best[f"ours_times_{key}"] = ratio
    return list(made)


def _named(row: Row) -> str:
    """Who writes one token of a label instead of all does something else."""
    return f"{row['system']}, 1 token" if row.get("label_tokens") == 1 else str(row["system"])


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("load", __doc__ or "")
    names = list(dict.fromkeys(contender.system for contender in CONTENDERS))
    made.add_argument("--systems", nargs="+", choices=names, default=names, metavar="NAME", help="only these")
    made.add_argument("--keep", action="store_true", help="what was measured of the others before stays in the results")
    made.add_argument("--steps", type=positive, default=150, help="of training (default: %(default)s)")
    made.add_argument("--rows", type=positive, default=200, help="different questions (default: %(default)s)")
    made.add_argument("--seconds", type=positive, default=10, help="of each step (default: %(default)s)")
    made.add_argument(
        "--users", type=positive, default=16, help="at once, or sharing the arrivals (default: %(default)s)"
    )
    made.add_argument(
        "--p99-ms", type=above_zero, nargs="+", default=[100.0, 500.0], metavar="MS", help="default: 100 500"
    )
    return made.parse_args(argv)


def _kept(results: Path, systems: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """What earlier results tell of systems that are not measured now.

    Raises:
        QuickstepError: there are none.
    """
    file = results / "load.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        parts = content["rows"], content["header"]["steps"]
    except (OSError, ValueError, KeyError) as error:
        raise QuickstepError(f"load: {file.name} has nothing to keep ({error})") from None
    kept = [[row for row in part if row["system"] not in systems] for part in parts]
    return kept[0], kept[1]


def _chosen(systems: Sequence[str]) -> list[Contender]:
    return [contender for contender in CONTENDERS if contender.system in systems]


def _for_ctranslate2(hub: Path, folder: Path) -> Path:
    made = made_by_package(folder, "ctranslate2", "ctranslate2", "transformers")
    if not made.exists():
        from ctranslate2.converters import TransformersConverter

        with whole(made) as unfinished:
            TransformersConverter(str(hub)).convert(str(unfinished), quantization="int8", force=True)
            for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
                (unfinished / name).write_bytes((hub / name).read_bytes())
    return made


def _clear_answers(bundle: Bundle, rows: int) -> dict[str, str]:
    """Texts and what the float32 label path answers, which the bundle's gate has compared with PyTorch.

    Near ties are left out: which way they fall depends on rounding, and with it on the rows of a batch.
    """
    student = OnnxStudent(bundle, precision="fp32")
    answers: dict[str, str] = {}
    for text, _ in tqdm(texts("validation", 2 * rows), desc="expected", unit="row", total=2 * rows):
        (found,) = student.predict([student.prepare(Question(TASK, {"text": text}))])
        assert found.probabilities is not None
        second, best = sorted(item.probability for item in found.probabilities)[-2:]
        if best - second >= CLEAR_MARGIN and len(answers) < rows:
            answers[text] = found.answer
    return answers


def _measure(
    contender: Contender,
    student: Student,
    expected: Mapping[str, str],
    objectives: Sequence[Objective],
    arguments: argparse.Namespace,
) -> tuple[Row, list[Row]]:
    with tempfile.TemporaryDirectory() as name, started(contender, student, Path(name)) as served:
        requests = Path(name) / "requests.jsonl"
        equal = _prepare_requests(contender, student.bundle, served, expected, requests)
        load = Load(
            f"http://{HOST}:{served.port}",
            arguments.seconds,
            arguments.users,
            LOCUSTFILE,
            ("--requests", str(requests)),
        )
        saturated = run_step(load)
        sys.stdout.write(f"  closed loop: {saturated.answered_rate} requests/s, {saturated.totals.failed} failed\n")
        found: dict[str, Capacity] = {}
        for objective in objectives:
            # Whoever keeps the first objective is not asked for a wider one; ours are, for the others' comparison.
            if contender.system not in OWN and any(capacity.highest_rate for capacity in found.values()):
                break
            # What kept a narrower objective keeps a wider one too.
            kept = max((capacity.highest_rate for capacity in found.values()), default=0.0)
            start = kept * NEAR or max(1.0, _FIRST_SHARE * saturated.answered_rate)
            searched = search(load, objective, start, TRIES)
            found[_key(objective)] = Capacity(max(kept, searched.highest_rate), searched.steps)
        row: Row = {
            **asdict(contender),
            "answers_equal": round(equal / len(expected), 4),
            "throughput": saturated.answered_rate,
            "throughput_failed": saturated.totals.failed,
            **{key: None for key in map(_key, objectives)},
            **{key: round(capacity.highest_rate, 1) or None for key, capacity in found.items()},
        }
        tried: list[Row] = [
            {**asdict(contender), "objective_p99_ms": objective.p99_ms, **step}
            for objective in objectives
            if _key(objective) in found
            for step in step_rows(found[_key(objective)].steps, objective)
        ]
        return row, tried


def _key(objective: Objective) -> str:
    return f"rate_at_p99_{objective.p99_ms:g}_ms"


def _prepare_requests(
    contender: Contender,
    bundle: Bundle,
    served: Served,
    expected: Mapping[str, str],
    file: Path,
) -> int:
    """Ask every row alone and write it with its answer for Locust; how many are answered as expected.

    Raises:
        QuickstepError: a row has no answer, or too many have another one: a server that is fast at something else is
            no peer.
    """
    lines, equal = [], 0
    with HttpClient(served.port) as client:
        for text, wanted in tqdm(expected.items(), desc="compare", unit="row"):
            body = _body(contender, bundle, text)
            reply = client.post(served.path, body)
            if reply.status != 200:
                told = reply.body[:300].decode(errors="replace")
                raise QuickstepError(f"load: {contender}: status {reply.status} to {text!r}: {told}")
            answer: Any = reply.json()
            for key in served.answer_at:
                answer = answer[key]
            # One token of a label is its first word.
            said = answer if isinstance(answer, str) else from_bytes(answer)
            equal += said == (wanted if contender.label_tokens > 1 else wanted.split()[0])
            prepared = {"path": served.path, "body": body, "answer": answer, "answer_at": served.answer_at}
            lines.append(json.dumps(prepared) + "\n")
    if equal < LEAST_EQUAL * len(expected):
        raise QuickstepError(f"load: {contender}: {equal} of {len(expected)} clear rows are answered as in float32")
    file.write_text("".join(lines), encoding="utf-8")
    return equal


def _body(contender: Contender, bundle: Bundle, text: str) -> object:
    if contender.system in OWN:
        return {"task": TASK, "inputs": {"text": text}}
    text = bundle.tasks[TASK].label_source({"text": text}, ())
    if contender.system == TRITON_HF:
        return {"inputs": [{"name": "text", "shape": [1, BYTES], "datatype": "UINT8", "data": to_bytes(text)}]}
    return {"text": text}


def _draw(path: Path, best: Sequence[Row], objectives: Sequence[Objective]) -> None:
    series = {
        f"p99 <= {objective.p99_ms:g} ms": [float(row[_key(objective)] or "nan") for row in best]
        for objective in objectives
    }
    series["closed loop"] = [float(row["throughput"] or "nan") for row in best]
    draw_bars(path, [str(row["system"]) for row in best], series, "requests a second")


if __name__ == "__main__":
    run(main)
