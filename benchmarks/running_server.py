"""Servers as processes of their own on loopback, stopped whatever happens; `RunningServer` is `quickstep serve`."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from serving.settings import ENVIRONMENT_PREFIX
from student.errors import QuickstepError

HOST = "127.0.0.1"
_POLL_S = 0.005
_STOP_WITHIN_S = 15.0
_LOG_TAIL_BYTES = 2000


class ServerFailed(QuickstepError):
    """The server ended or was not ready in time; the message ends with the tail of its log."""


def free_port() -> int:
    """A TCP port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str) -> bool:
    """Whether somebody answers 200 there."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_until_ready(port: int, path: str, within_s: float) -> None:
    """Wait until somebody answers 200.

    Raises:
        ServerFailed: nobody did in time.
    """
    until = time.perf_counter() + within_s
    while not answers(port, path):
        if time.perf_counter() > until:
            raise ServerFailed(f"nobody answered {path} on port {port} within {within_s:g} seconds")
        time.sleep(_POLL_S)


class ServerProcess:
    """A server that a command starts; use it as a context manager.

    Args:
        command: program and arguments.
        port: where it will listen.
        ready_path: answers 200 when it is ready.
        environment: variables of the process.
        ready_within_s: a server that takes longer has failed.

    Attributes:
        port: where it listens.
        pid: id of its process.
        started_at: `time.perf_counter()` just before the process was started.
        ready_s: seconds from there until `ready_path` answered 200, seen every 5 ms.

    Raises:
        ServerFailed: on entering.
    """

    port: int
    pid: int
    started_at: float
    ready_s: float

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        ready_path: str,
        *,
        environment: Mapping[str, str] | None = None,
        ready_within_s: float = 60.0,
    ) -> None:
        self.port = port
        self._command = command
        self._ready_path = ready_path
        self._environment = environment
        self._ready_within_s = ready_within_s
        self._process: subprocess.Popen[bytes]
        self._log: IO[bytes]

    @property
    def base_url(self) -> str:
        """Where it is reached."""
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        try:
            self.started_at = time.perf_counter()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                # A group of its own: some servers leave workers behind when they are killed.
                start_new_session=True,
            )
        except BaseException:
            self._log.close()
            raise
        self.pid = self._process.pid
        try:
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _wait_until_ready(self) -> None:
        while not answers(self.port, self._ready_path):
            status = self._process.poll()
            if status is not None:
                raise ServerFailed(f"the server ended with status {status} before it was ready:\n{self._log_tail()}")
            if time.perf_counter() - self.started_at > self._ready_within_s:
                raise ServerFailed(
                    f"the server was not ready within {self._ready_within_s:g} seconds:\n{self._log_tail()}"
                )
            time.sleep(_POLL_S)
        self.ready_s = time.perf_counter() - self.started_at

    def _stop(self) -> None:
        try:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_WITHIN_S)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        finally:
            self._log.close()

    def _log_tail(self) -> str:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _LOG_TAIL_BYTES))
        return self._log.read().decode(errors="replace").strip() or "(it wrote nothing)"


class RunningServer(ServerProcess):
    """`quickstep serve` with default settings (environment variables of ours are not passed on).

    Args:
        bundle: what to serve.
        python: interpreter of the environment that Quickstep is installed in; default: this one.
        ready_within_s: a server that takes longer has failed.
        arguments: further ones of `quickstep serve`.
    """

    def __init__(
        self,
        bundle: Path,
        *,
        python: Path | None = None,
        ready_within_s: float = 60.0,
        arguments: Sequence[str] = (),
    ) -> None:
        port = free_port()
        # -P: the installed package is served, not what lies in the current directory.
        command = [str(python or sys.executable), "-P", "-m", "student.cli", "serve", "--bundle"]
        command += [str(bundle.absolute()), "--host", HOST, "--port", str(port), "--drain-delay-ms", "0", *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
        super().__init__(command, port, "/readyz", environment=environment, ready_within_s=ready_within_s)
