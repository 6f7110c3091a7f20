"""How long a server takes from nothing to its first answer, and how large its environment is."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.command import existing_program, parser, run
from benchmarks.http_client import HttpClient
from benchmarks.machine import PACKAGES, ROOT, shown
from benchmarks.questions import request_content
from benchmarks.report import Row, header, percentile, table, write_results
from benchmarks.running_server import RunningServer
from student.arguments import positive
from student.bundle import Bundle
from student.errors import QuickstepError
from student.manifest import GoldenAnswer

_DESCRIBE = """
import json, platform, sys, sysconfig
from importlib import metadata
folders = sorted({sysconfig.get_path(name) for name in ("purelib", "platlib")})
packages = {one.metadata["Name"]: one.version for one in metadata.distributions()}
print(json.dumps({"python": platform.python_version(), "venv": sys.prefix != sys.base_prefix,
                  "folders": folders, "packages": dict(sorted(packages.items()))}))
"""


def main(argv: list[str]) -> int:
    """Measure starts.

    Returns:
        0; 1 (by an error) if the server does not start or its first answer is wrong.
    """
    options = parser(
        "startup",
        "Start the server many times: seconds from the start of its process until /readyz answers 200 and until "
        "/predict has given the first answer; and the size of the environment it runs in.",
        "The first start may read files from the disk that later ones find in memory; the maximum shows it.",
    )
    options.add_argument(
        "--bundle",
        type=Path,
        default=ROOT / "serving" / "demo-student",
        help="student to serve (default: serving/demo-student)",
    )
    options.add_argument(
        "--python",
        type=existing_program,
        default=Path(sys.executable),
        metavar="FILE",
        help="interpreter of the environment to serve from, e.g. .venv-serve/bin/python (default: this one)",
    )
    options.add_argument("--starts", type=positive, default=9, help="how many (default: %(default)s)")
    arguments = options.parse_args(argv)

    bundle = Bundle.open(arguments.bundle)
    question = bundle.golden()[0]
    environment = describe_environment(arguments.python)
    size_mb = environment["site_packages_mb"]
    head = header(
        "startup", {"bundle": bundle.label, "starts": arguments.starts, "environment": environment["description"]}
    )
    ready_s: list[float] = []
    first_answer_s: list[float] = []
    for _ in tqdm(range(arguments.starts), desc="startup", unit="start"):
        ready, answered = _start(arguments.bundle, arguments.python, question)
        ready_s.append(ready)
        first_answer_s.append(answered)

    times: list[Row] = [
        _summary("process start to /readyz 200", ready_s),
        _summary("process start to first /predict answered", first_answer_s),
    ]
    size: list[Row] = [] if size_mb is None else [{"measure": "site-packages on disk", "size_mb": size_mb}]
    path = write_results(arguments.results, head, [*times, *size])
    sys.stdout.write(f"{bundle.label}\n{table(times)}{table(size) if size else ''}{shown(path)}\n")
    return 0


def describe_environment(python: Path) -> dict[str, Any]:
    """What an interpreter's environment holds.

    Returns:
        `description` (Python, packages) for the header; `site_packages_mb`, None where it is no virtual environment
        (a system's Python holds what has nothing to do with us).
    """
    result = subprocess.run([str(python), "-P", "-c", _DESCRIBE], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise QuickstepError(f"{python}: cannot be asked for its packages: {result.stderr.strip()[-500:]}")
    facts = json.loads(result.stdout)
    size_mb = round(sum(map(_bytes_on_disk, facts["folders"])) / 1e6, 1) if facts["venv"] else None
    description = {
        "python": facts["python"],
        "virtual_environment": facts["venv"],
        "packages_installed": len(facts["packages"]),
        "packages": {name: facts["packages"][name] for name in PACKAGES if name in facts["packages"]},
    }
    return {"description": description, "site_packages_mb": size_mb}


def _bytes_on_disk(folder: str) -> int:
    """Blocks taken by the files of a folder, as `du` counts them."""
    return sum(file.lstat().st_blocks * 512 for file in Path(folder).rglob("*"))


def _start(bundle: Path, python: Path, question: GoldenAnswer) -> tuple[float, float]:
    content = request_content(question.task, question.inputs, question.choices)
    with RunningServer(bundle, python=python) as server, HttpClient(server.port) as client:
        reply = client.post("/predict", content)
        answered_s = time.perf_counter() - server.started_at
        if reply.status != 200 or reply.json()["answer"] != question.answer:
            raise QuickstepError(
                f"startup: the first answer is wrong (status {reply.status}); `quickstep verify` tells more"
            )
        return server.ready_s, answered_s


def _summary(measure: str, seconds: Sequence[float]) -> Row:
    return {
        "measure": measure,
        "starts": len(seconds),
        "median_s": round(percentile(seconds, 50), 4),
        "min_s": round(min(seconds), 4),
        "max_s": round(max(seconds), 4),
    }


if __name__ == "__main__":
    run(main)
