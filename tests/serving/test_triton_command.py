"""`quickstep triton`: what it writes, refuses and leaves behind."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from serving import triton_wheel
from serving.triton_server import TritonServer
from serving.triton_wheel import NoTriton, unpacked_triton
from student.bundle import Bundle
from student.cli import main
from tests.serving.real_triton import (
    free_port,
    needs_linux,
    triton_server,
)


def test_command_writes_a_repository(tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path / "models")]) == 0
    assert "label_root, label_tree, text of tiny@" in capsys.readouterr().out
    assert (tmp_path / "models" / "text" / "1" / "model.py").is_file()
    assert main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path), "--precision", "int8"]) == 1
    assert "has no int8 label path" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--grpc-port", "65536"], "no whole number from 1 to 65535"),
        (["--metrics-port", "8001"], "are both 8001"),
        (["--threads", "-3"], "no whole number from 0 to 1024"),
        (["--threads", "100000"], "no whole number from 0 to 1024"),
        (["--instances", "1000000"], "no whole number from 1 to 64"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    arguments: list[str], said: str, tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path / "models"), *arguments])
    assert ended.value.code == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_port_that_is_taken_is_told_before_anything_is_written(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ["--repository", str(tmp_path / "models"), "--run", "--grpc-port", str(port)]
        assert main(["triton", str(tiny_bundle.path), *arguments, "--metrics-port", str(free_port())]) == 1
    error = capsys.readouterr().err
    assert f"--grpc-port: port {port}" in error and "take another port" in error and "--metrics-port" not in error
    assert not (tmp_path / "models").exists()


def test_repository_that_cannot_be_written_is_told(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["triton", str(tiny_bundle.path), "--repository", str(tmp_path / "file" / "models")]) == 1
    assert "file/models: cannot be written (Not a directory)" in capsys.readouterr().err


@needs_linux
@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_command_that_is_ended_leaves_nothing_behind(
    triton: TritonServer, tiny_bundle: Bundle, tmp_path: Path, ended_by: signal.Signals
) -> None:
    (tmp_path / "temporary").mkdir()
    ports = free_port(), free_port()
    command = [sys.executable, "-m", "student.cli", "triton", str(tiny_bundle.path), "--threads", "1", "--run"]
    command += ["--repository", str(tmp_path / "models"), "--grpc-port", str(ports[0]), "--metrics-port", str(ports[1])]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        while b"ready: " not in (line := running.stdout.readline()):
            assert line, "it ended"
        running.send_signal(ended_by)
        try:
            assert running.wait(30) == 0
        finally:
            running.kill()
    assert not list((tmp_path / "temporary").glob("quickstep-*"))
    assert not [name for name in _commands() if str(tmp_path) in name]


@needs_linux
def test_killed_server_leaves_no_processes_once_it_is_stopped(
    triton: TritonServer, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    server = triton_server(tmp_path, tiny_bundle)
    with server:
        server.wait_until_ready(120)
        assert [name for name in _commands() if str(tmp_path) in name and "model.py" in name]
        os.kill(server.pid, signal.SIGKILL)
    assert not [name for name in _commands() if str(tmp_path) in name]
    assert not list(Path("/dev/shm").glob(f"{server._shared}*"))


def _commands() -> Iterator[str]:
    """Command lines of all processes that run."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (folder / "cmdline").read_text()


def test_missing_client_is_told_with_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "serving.engines.triton", None)
    assert main(["serve", "--engine", "triton", "--port", "0"]) == 1
    assert "pip install 'quickstep[serve,triton]'" in capsys.readouterr().err


@needs_linux
def test_wheel_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICKSTEP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(triton_wheel, "WHEEL", "iniconfig==0.0.0.dev0")
    with pytest.raises(NoTriton, match="cannot be fetched"):
        unpacked_triton()
    assert not list((tmp_path / "cache").glob("triton-*"))
    (tmp_path / "file").touch()
    monkeypatch.setenv("QUICKSTEP_CACHE", str(tmp_path / "file"))
    with pytest.raises(NoTriton, match="set QUICKSTEP_CACHE to a folder that can be written"):
        unpacked_triton()
    (tmp_path / "partial" / f"triton-{triton_wheel.TRITON_VERSION}").mkdir(parents=True)
    monkeypatch.setenv("QUICKSTEP_CACHE", str(tmp_path / "partial"))
    with pytest.raises(NoTriton, match=r"no whole Triton .*remove it"):
        unpacked_triton()
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(NoTriton, match="for Linux on x86_64 only, this is linux on riscv64"):
        unpacked_triton()
