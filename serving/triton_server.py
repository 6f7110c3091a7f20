"""A real Triton without Docker, for laptops and tests: the server that the wheel of nvidia-pytriton carries.

It has the Python backend alone. For production there is NVIDIA's container, which has all of them.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from student.errors import QuickstepError

WHEEL = "nvidia-pytriton==0.7.0"
WHEEL_SHA256 = "21f063ff93bb426d0c06b7a55e7eb9efcfe62c0dddd9a908e9877e18710128df"
TRITON_VERSION = "2.51.0"

CACHE = "QUICKSTEP_CACHE"
"""Environment variable: where the server is unpacked; `~/.cache/quickstep` by default."""

RESTRICTED = "shared-memory,model-repository,trace,logging"
"""Protocols of Triton's that are not for clients."""

CONTAINER = "nvcr.io/nvidia/tritonserver"
_STUB = "triton_python_backend_stub"
_ENDS_WITHIN_S = 10.0


class NoTriton(QuickstepError):
    """Triton cannot be had here, or does not start; the message says why and what to do."""


def unpacked_triton() -> Path:
    """The folder of the server, fetched and unpacked where it is not there yet.

    Raises:
        NoTriton: the wheel is not for this machine, cannot be fetched, or is not the one that is expected.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise NoTriton(
            f"Triton without a container is for Linux on x86_64 only, this is {sys.platform} on {platform.machine()}; "
            f"take {CONTAINER}"
        )
    cache = Path(os.environ.get(CACHE) or Path.home() / ".cache" / "quickstep")
    folder = cache / f"triton-{TRITON_VERSION}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as name:
            unfinished = Path(name) / "unpacked"
            with zipfile.ZipFile(_fetched_wheel(Path(name))) as wheel:
                wheel.extractall(unfinished)
            for program in (_server(unfinished), *unfinished.rglob(_STUB)):
                program.chmod(0o755)
            try:
                unfinished.rename(folder)
            except OSError:
                # Somebody else was faster, and theirs is the same.
                if not folder.exists():
                    raise
    return folder


def _fetched_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        # Not installed: it asks for another numpy, and nothing of its Python is used.
        subprocess.run(
            [*command, "--only-binary", ":all:", "--dest", str(folder), WHEEL],
            check=True,
            capture_output=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoTriton(f"{WHEEL} cannot be fetched: {last}; see that pip reaches a package index") from None
    (wheel,) = folder.glob("nvidia_pytriton-*.whl")
    with wheel.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != WHEEL_SHA256:
        raise NoTriton(f"{wheel.name}: its SHA-256 is {digest}, expected is {WHEEL_SHA256}; not unpacked")
    return wheel


def _server(folder: Path) -> Path:
    return folder / "pytriton" / "tritonserver" / "bin" / "tritonserver"


class TritonServer:
    """A Triton on loopback; use it as a context manager, or `start` and `stop` it.

    Args:
        repository: the model repository.
        grpc_port: where gRPC listens.
        metrics_port: where metrics are.
        log: file for what the server prints; None prints it here.
        http_port: where it speaks HTTP too; None: it does not.
    """

    def __init__(
        self,
        repository: Path,
        grpc_port: int = 8001,
        metrics_port: int = 8002,
        log: Path | None = None,
        *,
        http_port: int | None = None,
    ) -> None:
        self.grpc_port = grpc_port
        self._http_port = http_port
        self._repository = repository.resolve()
        self.metrics_port = metrics_port
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._backends: tempfile.TemporaryDirectory[str] | None = None

    @property
    def pid(self) -> int:
        """Of the server's process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server; it loads its models in its own time.

        Raises:
            NoTriton: there is none for this machine or this Python.
        """
        folder = unpacked_triton()
        self._backends = tempfile.TemporaryDirectory(prefix="quickstep-triton-")
        _lay_out_python_backend(folder, Path(self._backends.name))
        output = self._log.open("ab") if self._log is not None else None
        try:
            self._process = subprocess.Popen(
                self._command(folder),
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                cwd="/",
                env=_environment(folder),
            )
        finally:
            if output is not None:
                output.close()

    def wait_until_ready(self, within_s: float) -> None:
        """Wait until all models are loaded.

        Raises:
            NoTriton: the server ended, or took longer.
        """
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                raise NoTriton(f"Triton ended before it was ready{self._last_words()}")
            if self._answers():
                return
            time.sleep(0.1)
        raise NoTriton(f"Triton was not ready within {within_s:.0f} s{self._last_words()}")

    def stop(self) -> None:
        """End the server."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._backends is not None:
            self._backends.cleanup()

    def wait(self) -> int:
        """Wait for the server's end; its exit status."""
        assert self._process is not None
        return self._process.wait()

    def _command(self, folder: Path) -> Sequence[str]:
        assert self._backends is not None
        return [
            str(_server(folder)),
            f"--model-repository={self._repository}",
            f"--backend-directory={self._backends.name}",
            *self._http(),
            "--grpc-address=127.0.0.1",
            f"--grpc-port={self.grpc_port}",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={self.metrics_port}",
            "--allow-gpu-metrics=false",
            # What the gateway does not ask for needs a header that nobody knows: shared memory is a way into processes.
            f"--grpc-restricted-protocol={RESTRICTED}:quickstep-admin={secrets.token_hex(16)}",
            "--log-info=false",
            "--exit-timeout-secs=5",
        ]

    def _http(self) -> Sequence[str]:
        # Port 8000, which it would take, is the gateway's; and gRPC is what the gateway speaks.
        if self._http_port is None:
            return ["--allow-http=false"]
        return ["--http-address=127.0.0.1", f"--http-port={self._http_port}"]

    def _answers(self) -> bool:
        from tritonclient.grpc import InferenceServerClient
        from tritonclient.utils import InferenceServerException

        try:
            with InferenceServerClient(f"127.0.0.1:{self.grpc_port}") as client:
                return bool(client.is_server_ready(client_timeout=1.0))
        except InferenceServerException:
            return False

    def _last_words(self) -> str:
        if self._log is None or not self._log.exists():
            return ""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "; its log ends: " + " | ".join(lines[-3:]) if lines else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _lay_out_python_backend(folder: Path, target: Path) -> None:
    """Put the backend and the stub of this Python where `--backend-directory` wants them."""
    server = folder / "pytriton" / "tritonserver"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = server / "python_backend_stubs" / version / _STUB
    if not stub.exists():
        raise NoTriton(f"Triton {TRITON_VERSION} has no Python backend for Python {version}; take {CONTAINER}")
    backend = target / "python"
    shutil.copytree(server / "backends" / "python", backend)
    # The first module that the backend's process imports, and it wants numpy: the process reads no PYTHONPATH and knows
    # of no virtual environment, so ours is made known here.
    utilities = backend / "triton_python_backend_utils.py"
    folders = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    known = "".join(f"site.addsitedir({folder!r})\n" for folder in folders)
    utilities.write_text(f"import site\n\n{known}\n{utilities.read_text(encoding='utf-8')}", encoding="utf-8")
    shutil.copy2(stub, backend / _STUB)
    linked = subprocess.run(
        ["ldd", str(backend / _STUB)], capture_output=True, text=True, check=False, env=_environment(folder)
    ).stdout
    missing = [line.split()[0] for line in map(str.strip, linked.splitlines()) if line.endswith("not found")]
    if missing:
        raise NoTriton(f"Triton's Python backend needs {', '.join(missing)}; on Debian: apt install libpython{version}")


def _environment(folder: Path) -> dict[str, str]:
    """With the wheel's own libraries, which its programs look for beside where they were built to lie."""
    libraries = [str(folder / "nvidia_pytriton.libs"), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries))}
