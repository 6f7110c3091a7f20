"""Servers that `benchmarks.load` compares, their settings, and how each is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.peers.servers.student import Settings
from benchmarks.peers.servers.triton_hf import MODEL as HF_MODEL
from benchmarks.peers.servers.triton_hf import write_repository as write_hf_repository
from benchmarks.running_server import HOST, RunningServer, ServerProcess, free_port, wait_until_ready
from export.triton import RepositorySettings, write_repository
from serving.triton_server import TritonServer
from student.bundle import Bundle

LABEL_TOKENS = 5
"""Of the longest label, `</s>` included."""
_READY_WITHIN_S = 300.0
_MODULES = "benchmarks.peers.servers"


@dataclass(frozen=True)
class Contender:
    """A server with its settings.

    Attributes:
        system: as in the results.
        threads: of one run of the model.
        workers: processes, or instances of Triton.
        batch: most rows at once; 0 where the server decides.
        label_tokens: that are decoded; one is enough where every label has a first token of its own.
    """

    system: str
    threads: int
    workers: int = 1
    batch: int = 0
    label_tokens: int = LABEL_TOKENS

    def settings(self, model: Path) -> Settings:
        """What its process is told."""
        return Settings(model, self.label_tokens, self.threads, self.workers, self.batch)

    def __str__(self) -> str:
        told = f"{self.system}, {self.workers} x {self.threads} threads"
        return told + (f", batch {self.batch}" if self.batch else "") + (", 1 token" if self.label_tokens == 1 else "")


OURS, OURS_TRITON = "quickstep", "quickstep-triton"
HF, CTRANSLATE2, TRITON_HF = "hf-fastapi", "litserve-ctranslate2", "triton-hf"
OWN = (OURS, OURS_TRITON)
CONTENDERS = (
    Contender(OURS, threads=1),
    Contender(OURS, threads=2),
    Contender(OURS_TRITON, threads=2),
    Contender(OURS_TRITON, threads=1, workers=2),
    Contender(CTRANSLATE2, threads=1, workers=2, batch=4),
    Contender(CTRANSLATE2, threads=1, workers=2, batch=4, label_tokens=1),
    Contender(CTRANSLATE2, threads=1, workers=2, batch=8, label_tokens=1),
    Contender(HF, threads=2, workers=1, batch=1),
    Contender(HF, threads=1, workers=2, batch=1),
    Contender(HF, threads=1, workers=2, batch=4),
    Contender(TRITON_HF, threads=2, workers=1, batch=4),
    Contender(TRITON_HF, threads=1, workers=2, batch=4),
)


@dataclass(frozen=True)
class Served:
    """A server that runs.

    Attributes:
        port: of its HTTP interface.
        path: that is asked.
        answer_at: keys and numbers that lead to an answer's label.
    """

    port: int
    path: str
    answer_at: tuple[str | int, ...]


@dataclass(frozen=True)
class Student:
    """What is served.

    Attributes:
        hub: directory in the hub's format.
        ctranslate2: the same for CTranslate2.
        bundle: the same for us.
    """

    hub: Path
    ctranslate2: Path
    bundle: Bundle


@contextmanager
def started(contender: Contender, student: Student, folder: Path) -> Iterator[Served]:
    """Start a server and wait until it is ready.

    Args:
        contender: the server and its settings.
        student: what it serves.
        folder: for what it needs to lie somewhere; empty.
    """
    with _STARTED_BY[contender.system](contender, student, folder) as served:
        yield served


@contextmanager
def _quickstep(contender: Contender, student: Student, folder: Path) -> Iterator[Served]:
    arguments = ("--precision", "int8", "--threads", str(contender.threads))
    with RunningServer(student.bundle.path, arguments=arguments) as server:
        yield Served(server.port, "/predict", ("answer",))


@contextmanager
def _quickstep_triton(contender: Contender, student: Student, folder: Path) -> Iterator[Served]:
    settings = RepositorySettings("int8", threads=contender.threads, instances=contender.workers)
    write_repository(student.bundle, folder / "models", settings)
    with TritonServer(folder / "models", free_port(), free_port(), folder / "triton.log") as triton:
        triton.wait_until_ready(_READY_WITHIN_S)
        target = ("--engine", "triton", "--precision", "int8", "--triton-target", f"{HOST}:{triton.grpc_port}")
        with RunningServer(student.bundle.path, arguments=target) as gateway:
            yield Served(gateway.port, "/predict", ("answer",))


@contextmanager
def _hf_fastapi(contender: Contender, student: Student, folder: Path) -> Iterator[Served]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"{_MODULES}.hf_fastapi:app", "--host", HOST, "--port", str(port)]
    command += ["--workers", str(contender.workers), "--no-access-log"]
    with _peer(command, port, contender.settings(student.hub)):
        yield Served(port, "/predict", ("label",))


@contextmanager
def _litserve_ctranslate2(contender: Contender, student: Student, folder: Path) -> Iterator[Served]:
    port = free_port()
    command = [sys.executable, "-m", f"{_MODULES}.litserve_ctranslate2", str(port)]
    with _peer(command, port, contender.settings(student.ctranslate2)):
        yield Served(port, "/predict", ("label",))


@contextmanager
def _triton_hf(contender: Contender, student: Student, folder: Path) -> Iterator[Served]:
    port = free_port()
    write_hf_repository(folder / "models", contender.settings(student.hub), ROOT)
    log = folder / "triton.log"
    with TritonServer(folder / "models", free_port(), free_port(), log, http_port=port) as triton:
        triton.wait_until_ready(_READY_WITHIN_S)
        # Its HTTP begins a moment after its gRPC.
        wait_until_ready(port, "/v2/health/ready", _READY_WITHIN_S)
        yield Served(port, f"/v2/models/{HF_MODEL}/infer", ("outputs", 0, "data"))


_STARTED_BY: dict[str, Callable[[Contender, Student, Path], AbstractContextManager[Served]]] = {
    OURS: _quickstep,
    OURS_TRITON: _quickstep_triton,
    HF: _hf_fastapi,
    CTRANSLATE2: _litserve_ctranslate2,
    TRITON_HF: _triton_hf,
}


def _peer(command: Sequence[str], port: int, settings: Settings) -> ServerProcess:
    environment = {**os.environ, **settings.environment(), "PYTHONPATH": str(ROOT)}
    return ServerProcess(command, port, "/health", environment=environment, ready_within_s=_READY_WITHIN_S)
