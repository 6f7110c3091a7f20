from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from benchmarks.http_client import ConnectionBroken, HttpClient
from benchmarks.questions import differences, request_content
from benchmarks.running_server import HOST, RunningServer, ServerFailed, free_port
from student.bundle import Bundle
from student.question import Question
from student.runtime import OnnxStudent


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_free_port_can_be_listened_on() -> None:
    with socket.socket() as listener:
        listener.bind((HOST, free_port()))


def test_server_is_stopped_when_the_body_raises(tiny_bundle: Bundle) -> None:
    with pytest.raises(RuntimeError, match="body"), RunningServer(tiny_bundle.path) as server:
        assert not _is_gone(server.pid) and 0 < server.ready_s < 60
        raise RuntimeError("body")
    assert _is_gone(server.pid)
    with pytest.raises(OSError):
        socket.create_connection((HOST, server.port), timeout=1).close()


def test_server_that_cannot_start_is_told_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="no such directory"):
        RunningServer(tmp_path / "absent").__enter__()


def test_server_that_is_late_is_stopped(tiny_bundle: Bundle) -> None:
    server = RunningServer(tiny_bundle.path, ready_within_s=0.0)
    with pytest.raises(ServerFailed, match="not ready within"):
        server.__enter__()
    assert _is_gone(server.pid)


def test_client_keeps_its_connection_and_sees_refusals(tiny_bundle: Bundle) -> None:
    entry = tiny_bundle.golden()[0]
    content = request_content(entry.task, entry.inputs, entry.choices)
    with RunningServer(tiny_bundle.path) as server, HttpClient(server.port) as client:
        first = client.post("/predict", content)
        connection = client._socket
        refused = client.post("/predict", {"task": "no such task", "inputs": {}})
        assert client.post("/predict", content).status == 200
        assert connection is not None and client._socket is connection
    assert first.status == 200 and first.json()["answer"] == entry.answer and first.seconds > 0
    assert "tokenize" in first.headers["server-timing"]
    assert refused.status == 422


def test_client_refuses_an_answer_that_is_not_whole() -> None:
    with socket.create_server((HOST, 0)) as listener:
        client = HttpClient(listener.getsockname()[1])
        client._connected()
        peer, _ = listener.accept()
        with peer, client:
            peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
            peer.shutdown(socket.SHUT_WR)
            with pytest.raises(ConnectionBroken, match="before its answer was whole"):
                client.post("/predict", {})
        assert client._socket is None


def test_differences_name_what_differs(tiny_bundle: Bundle, tiny_student: OnnxStudent) -> None:
    closed = [entry for entry in tiny_bundle.golden() if entry.probabilities is not None]
    entry = closed[0]
    prepared = tiny_student.prepare(Question(entry.task, entry.inputs, entry.choices))
    (expected,) = tiny_student.predict([prepared])
    other = next(e.answer for e in expected.probabilities or () if e.answer != expected.answer)
    with RunningServer(tiny_bundle.path) as server, HttpClient(server.port) as client:
        reply = client.post("/predict", request_content(entry.task, entry.inputs, entry.choices))
        refused = client.post("/predict", {"task": entry.task})
    assert differences(reply, expected) == []
    wrong = type(expected)(other, expected.probabilities, 1.0)
    assert len(differences(reply, wrong)) == 2
    assert "status 422" in differences(refused, expected)[0]
