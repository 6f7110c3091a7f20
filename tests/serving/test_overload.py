from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from student.prediction import Explanation
from student.question import PreparedQuestion
from tests.serving.fakes import NLI, FakeStudent, Running, serving

BODY = json.dumps({"task": "demo-nli", "inputs": NLI}).encode()


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.002)


def rows(running: Running, lane: str = "labels") -> float:
    return running.metric(f'quickstep_queue_rows{{lane="{lane}"}}')


def send(running: Running, body: bytes = BODY) -> socket.socket:
    connection = socket.create_connection(running.address, timeout=20)
    head = f"POST /predict HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def test_full_queue_is_429_with_retry_after_and_the_others_are_answered(own: Running) -> None:
    own.student.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(own.predict, "held")]
        own.student.entered.acquire()
        held += [pool.submit(own.predict, f"queued {number}") for number in range(3)]
        until(lambda: rows(own) == 3)
        refused = own.predict("one too many")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["content-type"] == "application/problem+json"
        own.student.gate.set()
        assert [future.result().status_code for future in held] == [200] * 4
    assert own.metric('quickstep_rejected_total{reason="queue-rows-full"}') == 1


class SlowReasons(FakeStudent):
    """Writes its rationales only when `reasons` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons = threading.Event()
        self.reasons.set()

    def explain(self, batch: Sequence[PreparedQuestion]) -> list[Explanation]:
        assert self.reasons.wait(20)
        return super().explain(batch)


def test_explain_does_not_block_predict() -> None:
    student = SlowReasons()
    with serving(student) as running, ThreadPoolExecutor(1) as pool:
        student.reasons.clear()
        explaining = pool.submit(running.predict, "why", "/explain")
        assert [running.predict("meanwhile").status_code for _ in range(5)] == [200] * 5
        assert not explaining.done()
        student.reasons.set()
        assert explaining.result().status_code == 200


def test_expired_request_is_504_and_never_runs() -> None:
    with serving(deadline_ms=60) as running:
        running.student.gate.clear()
        for text in ("executing", "queued"):
            late = running.predict(text)
            assert late.status_code == 504
            assert late.headers["content-type"] == "application/problem+json"
        running.student.gate.set()
        until(lambda: running.predict("after").status_code == 200)
        assert not any("queued" in text for batch in running.student.ran for text in batch)


def test_disconnected_client_frees_its_slot_and_its_row_never_runs(own: Running) -> None:
    own.student.gate.clear()
    with send(own):
        own.student.entered.acquire()
        gone = send(own, BODY.replace(b"a dog", b"abandoned"))
        until(lambda: rows(own) == 1)
        gone.close()
        until(lambda: rows(own) == 0)
        own.student.gate.set()
    assert own.predict("after").status_code == 200
    assert not any("abandoned" in text for batch in own.student.ran for text in batch)
    until(lambda: own.metric('quickstep_rejected_total{reason="client-gone"}') >= 1)


def test_concurrent_answers_equal_those_given_alone(shared: Running) -> None:
    texts = [f"word{number} " * (1 + number % 7) for number in range(60)]
    alone = {text: shared.predict(text).json()["answer"] for text in texts}
    with ThreadPoolExecutor(12) as pool:
        together = dict(zip(texts, pool.map(lambda text: shared.predict(text).json()["answer"], texts), strict=True))
    assert together == alone
