from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED = {"torch", "transformers", "pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
SOURCES = sorted([*ROOT.glob("serving/**/*.py"), *ROOT.glob("student/**/*.py")])


def imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT)))
def test_source_imports_nothing_banned(source: Path) -> None:
    assert not BANNED & {name.partition(".")[0] for name in imported(source)}


def test_serving_loads_neither_torch_nor_transformers() -> None:
    script = (
        "import sys, serving.app, serving.cli, serving.server, serving.engines.local\n"
        "print(*sorted({'torch', 'transformers', 'training', 'export'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_help_loads_neither_the_web_nor_the_runtime() -> None:
    script = (
        "import sys, serving.cli\n"
        "try: serving.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({'fastapi', 'uvicorn', 'onnxruntime', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
