from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.training.teacher.small import QUICK
from training.teacher.asking import Asking, ask_remote
from training.teacher.base import Ask, Identity, Refusal, Reply
from training.teacher.errors import (
    EndpointClosed,
    JournalError,
    RowRefused,
    TeacherError,
    Throttled,
    TryAgain,
    Unreachable,
)
from training.teacher.journal import Entry, Failure, Journal

IDENTITY = {"model": "scripted"}

Behave = Callable[[str, int], Awaitable[Reply]]


class Scripted:
    """A teacher that does as the test says; it notes what it was asked and what it answered."""

    name = "scripted"

    def __init__(self, behave: Behave) -> None:
        self.identity: Identity = IDENTITY
        self.behave = behave
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.closed = False

    async def ask(self, ask: Ask) -> Reply:
        self.asked[ask.key] += 1
        reply = await self.behave(ask.key, self.asked[ask.key])
        self.answered[ask.key] += 1
        return reply

    async def close(self) -> None:
        self.closed = True


def run(teacher: Scripted, folder: Path, rows: int, asking: Asking = QUICK) -> dict[str, Entry]:
    """Ask and return what the journal then holds; an error of the asking is raised after it is closed."""
    asks = [Ask(str(row), row, 0) for row in range(rows)]
    told: list[Entry] = []
    with Journal(folder / "j", teacher.identity) as journal:
        ask_remote(teacher, asks, journal, asking, told.append)
        assert teacher.closed
        assert [entry.key for entry in told] == [key for key, _ in journal.entries]
    return read(folder)


def read(folder: Path) -> dict[str, Entry]:
    with Journal(folder / "j", IDENTITY) as journal:
        return {key: entry for (key, _), entry in journal.entries.items()}


async def reply(key: str, nth: int) -> Reply:
    return Reply(f"answer {key}")


def test_each_question_is_asked_once_and_journaled(tmp_path: Path) -> None:
    teacher = Scripted(reply)

    entries = run(teacher, tmp_path, 20)

    assert {key: entry.outcome for key, entry in entries.items()} == {str(n): Reply(f"answer {n}") for n in range(20)}
    assert set(teacher.asked.values()) == {1}


def test_failure_that_passes_is_tried_again_and_counted(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        if nth <= int(key) % 3:
            raise [TryAgain("status 500"), Throttled("status 429", 0.0)][int(key) % 2]
        return Reply(key)

    entries = run(Scripted(behave), tmp_path, 12)

    assert all(isinstance(entry.outcome, Reply) for entry in entries.values())
    assert {key: entry.failed_tries for key, entry in entries.items()} == {str(n): n % 3 for n in range(12)}


def test_question_that_never_gets_through_is_given_up_and_the_others_are_not(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        if key == "3":
            raise TryAgain("status 500")
        return Reply(key)

    teacher = Scripted(behave)
    entries = run(teacher, tmp_path, 8, Asking(concurrency=2, tries=3, first_backoff_s=0.001))

    assert entries["3"] == Entry("3", 0, Failure("status 500"), 3)
    assert teacher.asked["3"] == 3
    assert sum(isinstance(entry.outcome, Reply) for entry in entries.values()) == 7


def test_throttled_question_waits_its_turn_however_often(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        if nth <= 4 and key == "1":
            raise Throttled("status 429")
        return Reply(key)

    entries = run(Scripted(behave), tmp_path, 3, Asking(concurrency=1, tries=2, first_backoff_s=0.0001))

    assert entries["1"] == Entry("1", 0, Reply("1"), 4)


def test_refused_rows_fail_alone_however_many_come_in_a_row(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        if int(key) < 10:
            raise RowRefused("status 400: too long")
        return Reply(key)

    teacher = Scripted(behave)
    entries = run(teacher, tmp_path, 12, Asking(concurrency=1, failures_in_a_row=3))

    assert [type(entries[str(n)].outcome) for n in range(12)] == [Refusal] * 10 + [Reply] * 2
    assert set(teacher.asked.values()) == {1}


def test_refusals_between_failures_show_that_the_endpoint_is_up(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        if int(key) % 2:
            raise RowRefused("status 422")
        raise TryAgain("status 500")

    entries = run(
        Scripted(behave), tmp_path, 12, Asking(concurrency=1, tries=2, failures_in_a_row=3, first_backoff_s=0)
    )

    assert [type(entries[str(n)].outcome) for n in range(12)] == [Failure, Refusal] * 6


def test_failures_in_a_row_of_whatever_questions_end_the_run(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        if int(key) < 3:
            return Reply(key)
        raise TryAgain("status 502: bad gateway")

    teacher = Scripted(behave)
    with pytest.raises(EndpointClosed, match="scripted: 5 requests in a row failed, the last with: status 502"):
        run(teacher, tmp_path, 100, Asking(concurrency=1, tries=2, failures_in_a_row=5, first_backoff_s=0))
    assert sum(teacher.asked.values()) == 3 + 5
    entries = read(tmp_path)
    assert [key for key, entry in entries.items() if isinstance(entry.outcome, Reply)] == ["0", "1", "2"]
    assert sum(entry.failed_tries for entry in entries.values()) == 5


def test_endpoint_that_only_throttles_says_what_to_lower(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        raise Throttled("status 429")

    with pytest.raises(EndpointClosed, match="lower --concurrency or set --requests-per-minute"):
        run(Scripted(behave), tmp_path, 9, Asking(concurrency=1, failures_in_a_row=4, first_backoff_s=0.001))


def test_endpoint_that_never_answered_is_given_up_sooner(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        raise Unreachable("Connection error")

    teacher = Scripted(behave)
    with pytest.raises(EndpointClosed, match="see that the server is up and --base-url right"):
        run(teacher, tmp_path, 100, Asking(concurrency=1, failures_in_a_row=1000, first_backoff_s=0))
    assert sum(teacher.asked.values()) == 5


@pytest.mark.parametrize(
    "error", [EndpointClosed("status 401"), TeacherError("bad url"), ZeroDivisionError("unforeseen")]
)
def test_error_ends_the_asking_but_answers_under_way_are_kept(tmp_path: Path, error: Exception) -> None:
    """Question 0 fails while 1 to 3 are under way; they are answered after that."""
    failed = asyncio.Event()

    async def behave(key: str, nth: int) -> Reply:
        if key == "0":
            while sum(teacher.asked.values()) < 4:
                await asyncio.sleep(0)
            failed.set()
            raise error
        await failed.wait()
        await asyncio.sleep(0.02)
        return Reply(key)

    teacher = Scripted(behave)
    with pytest.raises(type(error), match=str(error)):
        run(teacher, tmp_path, 100)
    assert sorted(teacher.asked) == ["0", "1", "2", "3"]
    assert {key for key, entry in read(tmp_path).items() if isinstance(entry.outcome, Reply)} == {"1", "2", "3"}


def test_nobody_who_waits_for_a_turn_asks_after_a_fatal_refusal(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        raise EndpointClosed("status 403")

    teacher = Scripted(behave)
    with pytest.raises(EndpointClosed):
        run(teacher, tmp_path, 100, Asking(concurrency=16, requests_per_minute=1))
    assert sum(teacher.asked.values()) == 1


def test_interruption_waits_for_what_is_under_way_and_asks_no_more(tmp_path: Path) -> None:
    interrupted = asyncio.Event()

    async def behave(key: str, nth: int) -> Reply:
        if key == "3":
            while sum(teacher.asked.values()) < 4:
                await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGINT)
            interrupted.set()
        await interrupted.wait()
        await asyncio.sleep(0.05)
        if key == "2":
            raise TryAgain("status 500")
        return Reply(key)

    teacher = Scripted(behave)
    with pytest.raises(KeyboardInterrupt):
        run(teacher, tmp_path, 100)
    assert sorted(teacher.asked.items()) == [("0", 1), ("1", 1), ("2", 1), ("3", 1)]
    entries = read(tmp_path)
    assert {key for key, entry in entries.items() if isinstance(entry.outcome, Reply)} == {"0", "1", "3"}
    assert entries["2"].failed_tries == 1


def test_second_interruption_drops_what_is_under_way(tmp_path: Path) -> None:
    async def behave(key: str, nth: int) -> Reply:
        if key == "0":
            return Reply(key)
        if key == "1":
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(0.05)
        await asyncio.Event().wait()
        raise AssertionError("never answered")

    with pytest.raises(KeyboardInterrupt):
        run(Scripted(behave), tmp_path, 100)
    assert list(read(tmp_path)) == ["0"]


def test_full_disk_ends_the_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add = Journal.add

    def full(journal: Journal, entries: list[Entry]) -> None:
        if len(journal.entries) == 3:
            raise JournalError("disk full")
        add(journal, entries)

    monkeypatch.setattr(Journal, "add", full)
    teacher = Scripted(reply)
    with pytest.raises(JournalError, match="disk full"):
        run(teacher, tmp_path, 100, Asking(concurrency=1))
    assert sum(teacher.asked.values()) == 4


@pytest.mark.parametrize(
    ("failed", "retry_after_s", "jitter", "seconds"),
    [
        (1, None, 1.0, 1.0),
        (1, None, 0.0, 0.5),
        (3, None, 1.0, 4.0),
        (3, 0.0, 1.0, 4.0),
        (1, 30.0, 1.0, 30.0),
        (1, 1e9, 1.0, 100.0),
        (5000, None, 1.0, 100.0),
    ],
)
def test_pause_grows_and_is_at_least_what_the_endpoint_asks_for_and_never_endless(
    failed: int, retry_after_s: float | None, jitter: float, seconds: float
) -> None:
    asking = Asking(first_backoff_s=1.0, longest_pause_s=100.0)

    assert asking.backoff_s(failed, retry_after_s, jitter) == seconds
