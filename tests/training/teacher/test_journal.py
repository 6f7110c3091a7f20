from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from training.teacher.base import Identity, Refusal, Reply
from training.teacher.errors import JournalError
from training.teacher.journal import Entry, Failure, Journal, is_journal

RUN: Identity = {"task": "mood", "model": "m", "prompt": "abc", "temperature": 0.0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl.journal.jsonl"


def test_what_was_added_is_there_when_it_is_opened_again(path: Path) -> None:
    entries = [
        Entry("a", 0, Reply("text \u2028 \ud800\n", "stop", 5, 6), failed_tries=2),
        Entry("a", 1, Refusal("filter")),
        Entry("b", 0, Failure("away"), failed_tries=3),
    ]
    with Journal(path, RUN) as journal:
        journal.add(entries[:2])
        journal.add(entries[2:])

    with Journal(path, RUN) as journal:
        assert list(journal.entries.values()) == entries
        assert journal.failed_tries == 5
        assert journal.reply("a", 0) == entries[0].outcome
        assert journal.reply("a", 1) is None and journal.reply("c", 0) is None
    assert is_journal(path)


def test_answer_takes_the_place_of_a_failure_and_is_never_replaced(path: Path) -> None:
    with Journal(path, RUN) as journal:
        for outcome in (Failure("away"), Refusal("no"), Reply("first"), Reply("second"), Failure("away")):
            journal.add([Entry("a", 0, outcome, 1)])

    with Journal(path, RUN) as journal:
        assert journal.reply("a", 0) == Reply("first")
        assert journal.failed_tries == 5


@pytest.mark.parametrize(
    "torn", [b"{", b'{"key": "b", "sample": 0, "text": "cut', b'{"key": "b", "sample": 0, "text": "x"}']
)
def test_torn_last_line_is_cut_off(path: Path, torn: bytes) -> None:
    with Journal(path, RUN) as journal:
        journal.add([Entry("a", 0, Reply("kept"))])
    whole = path.read_bytes()
    path.write_bytes(whole + torn)

    with Journal(path, RUN) as journal:
        assert journal.reply("a", 0) == Reply("kept") and journal.reply("b", 0) is None
        journal.add([Entry("b", 0, Reply("again"))])
    with Journal(path, RUN) as journal:
        assert journal.reply("b", 0) == Reply("again")


@pytest.mark.parametrize("length", [0, 1, 10, 40, 80])
def test_journal_killed_while_it_was_made_is_begun_again(path: Path, length: int) -> None:
    with Journal(path, RUN):
        head = path.read_bytes()
    path.write_bytes(head[:length])

    with Journal(path, RUN) as journal:
        assert not journal.entries
    assert path.read_bytes() == head


@pytest.mark.parametrize(
    "content",
    [
        b"a file of somebody",
        b'{"inputs": {}}\n',
        b"\n",
        b"[1, 2]\n{}\n",
        b'{"journal": "other"}\n',
        b"\xff\n",
        b"[" * 9999 + b"\n",
    ],
)
def test_file_of_another_kind_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(JournalError, match="of another kind"):
        Journal(path, RUN)
    assert path.read_bytes() == content and not is_journal(path)


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "{}",
        '{"key": "a", "text": "without its sample"}',
        '{"key": "a", "sample": -1, "text": "x"}',
        '{"key": "a", "sample": true, "text": "x"}',
        '{"key": 1, "sample": 0, "text": "x"}',
        '{"key": "a", "sample": 0}',
        '{"key": "a", "sample": 0, "text": null}',
        '{"key": "a", "sample": 0, "text": "x", "prompt_tokens": -5}',
        '{"key": "a", "sample": 0, "text": "x", "failed_tries": "many"}',
    ],
)
def test_broken_line_in_the_middle_is_named_and_nothing_is_cut(path: Path, line: str) -> None:
    with Journal(path, RUN) as journal:
        journal.add([Entry("a", 0, Reply("kept"))])
    content = path.read_text() + line + "\n" + json.dumps({"key": "b", "sample": 0, "text": "x"}) + "\n"
    path.write_text(content)

    with pytest.raises(JournalError, match="line 3 cannot be read"):
        Journal(path, RUN)
    assert path.read_text() == content


def test_journal_of_another_run_is_refused_with_what_differs(path: Path) -> None:
    with Journal(path, RUN) as journal:
        journal.add([Entry("a", 0, Reply("paid for"))])

    with pytest.raises(JournalError) as caught:
        Journal(path, {**RUN, "model": "other", "seed": 1})

    message = str(caught.value)
    assert "model was 'm', now 'other'" in message and "seed was None, now 1" in message
    assert "temperature" not in message and "give another --output" in message


def test_journal_without_an_answer_is_begun_again_by_another_run(path: Path) -> None:
    other = {**RUN, "model": "spelt right"}
    with Journal(path, {**RUN, "model": "misspelt"}) as journal:
        journal.add([Entry("a", 0, Failure("the run ended"), 1), Entry("b", 0, Refusal("status 400"))])

    with Journal(path, other) as journal:
        assert journal.identity == other and not journal.entries and journal.failed_tries == 0
    with Journal(path, other) as journal:
        assert journal.identity == other


def test_journal_to_be_read_again_needs_the_same_task_alone(path: Path) -> None:
    with pytest.raises(JournalError, match="is not there"):
        Journal(path, {"task": "mood"}, read_only=True)
    assert not path.exists()
    with Journal(path, RUN):
        pass
    with Journal(path, {"task": "mood"}, read_only=True) as journal:
        assert journal.identity == RUN
    with pytest.raises(JournalError, match="task was 'mood', now 'other'"):
        Journal(path, {"task": "other"}, read_only=True)


def test_second_run_at_the_same_time_is_refused(path: Path) -> None:
    with Journal(path, RUN), pytest.raises(JournalError, match="another quickstep annotate is writing it"):
        Journal(path, RUN)
    with Journal(path, RUN):
        pass


def test_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"out: cannot be opened \(Is a directory\)"):
        (tmp_path / "out").mkdir()
        Journal(tmp_path / "out", RUN)


def test_full_disk_is_told_and_takes_back_half_a_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(path, RUN) as journal:
        journal.add([Entry("a", 0, Reply("kept"))])
        whole, write = path.read_bytes(), os.write

        def fill(file: int, content: bytes) -> int:
            if len(content) < 10:
                raise OSError(28, "No space left on device")
            return write(file, content[:-5])

        monkeypatch.setattr(os, "write", fill)
        with pytest.raises(JournalError, match="No space left on device"):
            journal.add([Entry("b", 0, Reply("lost"))])
        monkeypatch.undo()
        assert path.read_bytes() == whole
        assert journal.reply("b", 0) is None


def test_lines_and_a_new_file_are_on_disk_before_they_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def note(file: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{file}"))
        fsync(file)

    monkeypatch.setattr(os, "fsync", note)
    with Journal(path, RUN) as journal:
        assert synced == [str(path), str(path.parent)]
        journal.add([Entry("a", 0, Reply("x"))])
        assert synced[2:] == [str(path)]
