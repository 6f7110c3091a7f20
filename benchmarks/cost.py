"""What a million predictions cost on a measured machine, and what they would cost as calls of the teacher.

The machine's rate is that of `benchmarks.load` (or any --rate, such as `make capacity` finds). Prices are yours to
give: they change, and a table of them would be wrong by the time it is read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.command import above_zero, parser, run, share
from benchmarks.peers.servers.contenders import OURS
from benchmarks.report import RESULTS, Row, header, table, write_results
from student.arguments import positive
from student.errors import QuickstepError

_MILLION = 1e6


def main(argv: list[str]) -> int:
    """Compute, print, write."""
    arguments = _arguments(argv)
    rate = arguments.rate or measured_rate(arguments.load, arguments.p99_ms)
    student = student_cost(rate, arguments.machine_hour, arguments.utilisation)
    teacher = teacher_cost(
        arguments.prompt_tokens, arguments.output_tokens, arguments.prompt_price, arguments.output_price
    )
    rows: list[Row] = [
        {"what": "student", "cost_of_a_million": round(student, 4), "times_the_student": 1.0},
        {"what": "teacher", "cost_of_a_million": round(teacher, 2), "times_the_student": round(teacher / student, 1)},
    ]
    settings = {
        name: getattr(arguments, name)
        for name in (
            "machine_hour",
            "utilisation",
            "prompt_tokens",
            "output_tokens",
            "prompt_price",
            "output_price",
            "p99_ms",
        )
    }
    path = write_results(arguments.results, header("cost", {**settings, "rate": rate}), rows)
    sys.stdout.write(
        f"{rate:g} requests/s, of which {arguments.utilisation:.0%} are used\n{table(rows)}{path.name} written\n"
    )
    return 0


def student_cost(rate: float, machine_hour: float, utilisation: float) -> float:
    """Of a million predictions.

    Args:
        rate: requests a second that a machine bears.
        machine_hour: price of an hour of it.
        utilisation: share of the rate that is used on average: load has peaks, machines are bought for them.
    """
    return machine_hour / (rate * utilisation * 3600) * _MILLION


def teacher_cost(prompt_tokens: int, output_tokens: int, prompt_price: float, output_price: float) -> float:
    """Of a million calls.

    Args:
        prompt_tokens: of a call, demonstrations included.
        output_tokens: of a call, the rationale included.
        prompt_price: of a million prompt tokens.
        output_price: of a million output tokens.
    """
    return prompt_tokens * prompt_price + output_tokens * output_price


def measured_rate(file: Path, p99_ms: float) -> float:
    """The rate of our local engine in results of `benchmarks.load`.

    Raises:
        QuickstepError: there are no such results.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
        key = f"rate_at_p99_{p99_ms:g}_ms"
        return max(float(row[key]) for row in rows if row["system"] == OURS and row[key] is not None)
    except (OSError, ValueError, KeyError) as error:
        raise QuickstepError(
            f"cost: {file.name} has no rate of {OURS} within {p99_ms:g} ms ({error}); run benchmarks.load, or --rate"
        ) from None


def _utilisation(text: str) -> float:
    if not share(text):
        raise argparse.ArgumentTypeError(f"{text}: must be above 0")
    return float(text)


def _arguments(argv: list[str]) -> argparse.Namespace:
    made = parser("cost", __doc__ or "")
    made.add_argument("--machine-hour", type=above_zero, required=True, help="price of an hour of the machine")
    made.add_argument(
        "--utilisation", type=_utilisation, default=0.5, help="of its rate on average (default: %(default)s)"
    )
    made.add_argument(
        "--prompt-price", type=above_zero, required=True, help="of a million prompt tokens of the teacher"
    )
    made.add_argument("--output-price", type=above_zero, required=True, help="of a million output tokens")
    made.add_argument("--prompt-tokens", type=positive, default=1000, help="of a call (default: %(default)s)")
    made.add_argument("--output-tokens", type=positive, default=60, help="of a call (default: %(default)s)")
    made.add_argument("--rate", type=above_zero, help="requests a second (default: as benchmarks.load measured)")
    made.add_argument("--load", type=Path, default=RESULTS / "load.json", help="results of benchmarks.load")
    made.add_argument("--p99-ms", type=above_zero, default=100.0, help="objective of the rate (default: %(default)s)")
    return made.parse_args(argv)


if __name__ == "__main__":
    run(main)
