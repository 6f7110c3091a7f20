"""Triton without a container: the server that the wheel of nvidia-pytriton carries, unpacked into a cache folder."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from student.errors import QuickstepError

WHEEL = "nvidia-pytriton==0.7.0"
WHEEL_SHA256 = "21f063ff93bb426d0c06b7a55e7eb9efcfe62c0dddd9a908e9877e18710128df"
TRITON_VERSION = "2.51.0"

CACHE = "QUICKSTEP_CACHE"
"""Environment variable: where the server is unpacked; `~/.cache/quickstep` by default."""

CONTAINER = "nvcr.io/nvidia/tritonserver"
STUB = "triton_python_backend_stub"

_PARTS = ("bin/tritonserver", "backends/python/libtriton_python.so", "python_backend_stubs")


class NoTriton(QuickstepError):
    """Triton cannot be had here, or does not start; the message says why and what to do."""


def unpacked_triton() -> Path:
    """The server's folder (`bin`, `backends`), fetched and unpacked where it is not there yet.

    Raises:
        NoTriton: the wheel is not for this machine, cannot be fetched or unpacked, or is not the one that is expected.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise NoTriton(
            f"Triton without a container is for Linux on x86_64 only, this is {sys.platform} on {platform.machine()}; "
            f"take {CONTAINER}"
        )
    cache = Path(os.environ.get(CACHE) or Path.home() / ".cache" / "quickstep")
    folder = cache / f"triton-{TRITON_VERSION}"
    try:
        if not folder.exists():
            _unpack(cache, folder)
    except OSError as error:
        raise NoTriton(
            f"{cache}: Triton cannot be unpacked there ({error.strerror or error}); "
            f"set {CACHE} to a folder that can be written and has 200 MB left"
        ) from None
    server = folder / "pytriton" / "tritonserver"
    if missing := [part for part in _PARTS if not (server / part).exists()]:
        raise NoTriton(
            f"{folder}: is no whole Triton {TRITON_VERSION} ({missing[0]} is missing); remove it and try again"
        )
    return server


def libraries(server: Path) -> Path:
    """The wheel's own libraries, which its programs look for beside where they were built to lie."""
    return server.parent.parent / "nvidia_pytriton.libs"


def _unpack(cache: Path, folder: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        unfinished = Path(name) / "unpacked"
        sys.stderr.write(f"fetching {WHEEL} for its Triton {TRITON_VERSION}: 55 MB, 144 MB unpacked in {folder}\n")
        sys.stderr.flush()
        with zipfile.ZipFile(_fetched_wheel(Path(name))) as wheel:
            wheel.extractall(unfinished)
        for program in (*unfinished.rglob("bin/tritonserver"), *unfinished.rglob(STUB)):
            program.chmod(0o755)
        try:
            unfinished.rename(folder)
        except OSError:
            # Somebody else was faster, and theirs is the same.
            if not folder.exists():
                raise


def _fetched_wheel(folder: Path) -> Path:
    # Not installed: it asks for another numpy, and nothing of its Python is used.
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), WHEEL]
    # pip's progress bar is for terminals; elsewhere it would be lines.
    shown = sys.stderr.fileno() if sys.stderr.isatty() else subprocess.DEVNULL
    try:
        subprocess.run(command, check=True, stdout=shown, stderr=subprocess.PIPE, text=True)
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoTriton(f"{WHEEL} cannot be fetched: {last}; see that pip reaches a package index") from None
    (wheel,) = folder.glob("nvidia_pytriton-*.whl")
    with wheel.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != WHEEL_SHA256:
        raise NoTriton(f"{wheel.name}: its SHA-256 is {digest}, expected is {WHEEL_SHA256}; not unpacked")
    return wheel
