"""What a measurement was taken on: processor, memory, versions, commit. Never a host name or a path."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository."""

PACKAGES = (
    "quickstep",
    "numpy",
    "onnxruntime",
    "tokenizers",
    "pydantic",
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "torch",
    "transformers",
    "optimum-onnx",
    "ctranslate2",
    "openvino",
    "nncf",
)
"""Packages whose versions are told."""


def describe_machine() -> dict[str, object]:
    """Processor, cores, memory, system, Python, packages, commit, and how busy the machine is just now."""
    return {
        "cpu_model": _cpu_model(),
        "cores_usable": _usable_cores(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "os": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "packages": installed_versions(),
        "git_commit": _git("rev-parse", "HEAD"),
        "git_changed_files": _changed_files(),
    }


def installed_versions() -> dict[str, str]:
    """Versions of the packages that matter, as far as they are installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def shown(path: Path) -> str:
    """A path as results may show it: from the repository's root, or its last part alone."""
    path = path.absolute()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _usable_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS has no affinity
        return os.cpu_count() or 1


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _changed_files() -> int | None:
    status = _git("status", "--porcelain")
    return None if status is None else len(status.splitlines())


def _git(*arguments: str) -> str | None:
    """Output of a git command; None where there is no git or no repository (an unpacked release)."""
    try:
        result = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None
