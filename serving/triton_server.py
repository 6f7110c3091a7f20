"""A real Triton on loopback, for laptops and tests: `serving.triton_wheel` says where it comes from.

It has the Python backend alone. For production there is NVIDIA's container, which has all of them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from serving.triton_wheel import CONTAINER, STUB, TRITON_VERSION, NoTriton, libraries, unpacked_triton

RESTRICTED = "shared-memory,model-repository,trace,logging"
"""Protocols of Triton's that are not for clients."""

CACHE_BYTES = 64 << 20
"""Of Triton's response cache, where there is one: answers of a label take some hundred bytes, texts a thousand."""

_ENDS_WITHIN_S = 10.0
_GONE_WITHIN_S = 2.0
_SHARED_MEMORY = Path("/dev/shm")


def require_free(ports: Mapping[str, int]) -> None:
    """See that nobody listens on ports of loopback.

    Triton tells so late, and to whoever asks meanwhile the other listener may well answer as Triton does.

    Args:
        ports: by the option that names another one.

    Raises:
        NoTriton: one cannot be listened on.
    """
    problems = []
    for option, port in ports.items():
        with socket.socket() as probe:
            # A port whose connections have ended a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                problems.append(f"{option}: port {port} of 127.0.0.1 cannot be listened on ({error.strerror})")
    if problems:
        raise NoTriton(
            f"{'; '.join(problems)}. Is another Triton running? End what listens there, or take another port"
        )


class TritonServer:
    """A Triton on loopback; use it as a context manager, or `start` and `stop` it.

    Args:
        repository: the model repository.
        grpc_port: where gRPC listens.
        metrics_port: where metrics are.
        log: file for what the server prints; None prints it here.
        http_port: where it speaks HTTP too; None: it does not.
        response_cache: give it the memory that a repository with `response_cache` needs; without, Triton ignores that.
    """

    def __init__(
        self,
        repository: Path,
        grpc_port: int = 8001,
        metrics_port: int = 8002,
        log: Path | None = None,
        *,
        http_port: int | None = None,
        response_cache: bool = False,
    ) -> None:
        self.grpc_port = grpc_port
        self._http_port = http_port
        self._response_cache = response_cache
        self._repository = repository.resolve()
        self.metrics_port = metrics_port
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._backends: tempfile.TemporaryDirectory[str] | None = None
        # By this its shared memory is told from that of other Tritons, for which nobody cleans up if it is killed.
        self._shared = f"quickstep_{secrets.token_hex(8)}_"

    @property
    def pid(self) -> int:
        """Of the server's process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server; it loads its models in its own time.

        Raises:
            NoTriton: there is none for this machine or this Python, or somebody listens on a port of its.
        """
        http = {} if self._http_port is None else {"--http-port": self._http_port}
        require_free({"--grpc-port": self.grpc_port, "--metrics-port": self.metrics_port, **http})
        server = unpacked_triton()
        try:
            self._backends = tempfile.TemporaryDirectory(prefix="quickstep-triton-")
            _lay_out_python_backend(server, Path(self._backends.name))
            self._start(server)
        except BaseException:
            self.stop()
            raise

    def _start(self, server: Path) -> None:
        output = self._log.open("ab") if self._log is not None else None
        try:
            self._process = subprocess.Popen(
                self._command(server),
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                cwd="/",
                env=_environment(server),
                # A group of its own: its models' processes are ended with it, and Ctrl-C is for whoever started it.
                process_group=0,
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
            # Whoever answers may be another one, if ours has ended for want of its port.
            if self._answers() and self._process.poll() is None:
                return
            time.sleep(0.1)
        raise NoTriton(f"Triton was not ready within {within_s:.0f} s{self._last_words()}")

    def stop(self) -> None:
        """End the server, its models' processes and what they leave behind; of one that was killed, too."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_ENDS_WITHIN_S)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            _wait_for_group(self._process.pid)
            self._process = None
        for region in _SHARED_MEMORY.glob(f"{self._shared}*"):
            region.unlink(missing_ok=True)
        if self._backends is not None:
            self._backends.cleanup()
            self._backends = None

    def wait(self) -> int:
        """Wait for the server's end; its exit status, or minus the signal that ended it."""
        assert self._process is not None
        # Not its wait(): a signal of ours that comes just before the system call would be seen when that returns.
        while (status := self._process.poll()) is None:
            time.sleep(0.2)
        return status

    def _command(self, server: Path) -> Sequence[str]:
        assert self._backends is not None
        return [
            str(server / "bin" / "tritonserver"),
            f"--model-repository={self._repository}",
            f"--backend-directory={self._backends.name}",
            f"--backend-config=python,shm-region-prefix-name={self._shared}",
            *self._http(),
            *self._cache(server),
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

    def _cache(self, server: Path) -> Sequence[str]:
        if not self._response_cache:
            return []
        return [f"--cache-directory={server / 'caches'}", f"--cache-config=local,size={CACHE_BYTES}"]

    def _answers(self) -> bool:
        from tritonclient.grpc import InferenceServerClient
        from tritonclient.utils import InferenceServerException

        try:
            direct = [("grpc.enable_http_proxy", 0)]
            with InferenceServerClient(f"127.0.0.1:{self.grpc_port}", channel_args=direct) as client:
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


def _wait_for_group(group: int) -> None:
    """Wait until all processes of a group that was killed are gone, which is some time after."""
    # One that nobody reaps, as in some containers, never goes.
    until = time.monotonic() + _GONE_WITHIN_S
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.02)


def _lay_out_python_backend(server: Path, target: Path) -> None:
    """Put the backend and the stub of this Python where `--backend-directory` wants them."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = server / "python_backend_stubs" / version / STUB
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
    shutil.copy2(stub, backend / STUB)
    linked = subprocess.run(
        ["ldd", str(backend / STUB)], capture_output=True, text=True, check=False, env=_environment(server)
    ).stdout
    missing = [line.split()[0] for line in map(str.strip, linked.splitlines()) if line.endswith("not found")]
    if missing:
        raise NoTriton(f"Triton's Python backend needs {', '.join(missing)}; on Debian: apt install libpython{version}")


def _environment(server: Path) -> dict[str, str]:
    paths = [str(libraries(server)), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(filter(None, paths))}
