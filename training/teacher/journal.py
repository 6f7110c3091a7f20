"""The journal: every raw answer that was paid for, written before anything is made of it.

    <output>.journal.jsonl
        {"journal": "quickstep annotate", "version": 1, "run": {"model": ..., "prompt": ...}}
        {"key": ..., "sample": 0, "text": ..., "finish": ..., "prompt_tokens": ..., "output_tokens": ..., ...}
        {"key": ..., "sample": 0, "refused": "...", "failed_tries": 0}
        {"key": ..., "sample": 0, "failed": "...", "failed_tries": 6}

A line is on disk before the next question is counted as answered. A run that is killed leaves at most one torn line,
the last; it is cut off when the journal is opened again, and that question asked again.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeGuard

from training.teacher.base import Identity, Refusal, Reply
from training.teacher.errors import JournalError

_KIND = "quickstep annotate"
_VERSION = 1
_FIRST_BYTES = json.dumps({"journal": _KIND})[:-1].encode()
_Key = tuple[str, int]


@dataclass(frozen=True)
class Failure:
    """That a question was given up for this time; a later run asks it again."""

    reason: str


@dataclass(frozen=True)
class Entry:
    """One line of the journal.

    Attributes:
        key: of the row.
        sample: which of the row's samples, from 0.
        outcome: what came of it.
        failed_tries: requests that failed before that.
    """

    key: str
    sample: int
    outcome: Reply | Refusal | Failure
    failed_tries: int = 0


class Journal:
    """An open, locked journal; use it in a `with`.

    Attributes:
        path: the file.
        entries: by row and sample, what is known; an answer is never replaced.
        failed_tries: requests that failed, over all runs.
        identity: of the run that the answers are of.

    Args:
        path: the file; made if it is not there.
        identity: of the run that wants to write, its task among it; what is in it must be what the file says.
        read_only: the run asks nothing, so an identity of fewer things is enough and the file must be there.

    Raises:
        JournalError: the file is something else, belongs to another run, is in use, or cannot be written.
    """

    def __init__(self, path: Path, identity: Identity, *, read_only: bool = False) -> None:
        self.path = path
        self.identity: Identity = identity
        self.entries: dict[_Key, Entry] = {}
        self.failed_tries = 0
        if read_only and not path.exists():
            raise JournalError(f"journal {path}: is not there, so there is nothing to read again; ask a teacher first")
        try:
            created = not path.exists()
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise JournalError(f"journal {path}: cannot be opened ({error.strerror})") from None
        try:
            self._lock()
            self._read(identity, read_only=read_only)
            if created:
                _sync_folder(path.parent)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._file)

    def reply(self, key: str, sample: int) -> Reply | None:
        """The answer to a row's sample, or None."""
        entry = self.entries.get((key, sample))
        return entry.outcome if entry is not None and isinstance(entry.outcome, Reply) else None

    def add(self, entries: Sequence[Entry]) -> None:
        """Write lines; they are on disk when this returns.

        Raises:
            JournalError: the disk is full or fails; a line that was written in part is taken back.
        """
        content = b"".join(_line(_as_json(entry)) for entry in entries)
        end = os.fstat(self._file).st_size
        try:
            _write(self._file, content)
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, end)
            raise JournalError(
                f"journal {self.path}: cannot be written ({error.strerror}); make room and run the same command again"
            ) from None
        for entry in entries:
            self._remember(entry)

    def _remember(self, entry: Entry) -> None:
        self.failed_tries += entry.failed_tries
        known = self.entries.get((entry.key, entry.sample))
        if known is None or not isinstance(known.outcome, Reply):
            self.entries[entry.key, entry.sample] = entry

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise JournalError(f"journal {self.path}: cannot be locked ({error.strerror})") from None
            raise JournalError(
                f"journal {self.path}: another quickstep annotate is writing it; wait for it, or give another --output"
            ) from None

    def _read(self, identity: Identity, *, read_only: bool) -> None:
        content = self.path.read_bytes()
        head, newline, rest = content.partition(b"\n")
        if not newline and (not content or _FIRST_BYTES.startswith(content) or content.startswith(_FIRST_BYTES)):
            # New, or killed while it was made: nothing was asked yet.
            self._begin(identity)
            return
        run = self._run_of(_object(head))
        *lines, last = rest.split(b"\n")
        for number, line in enumerate(lines, start=2):
            entry = _entry(_object(line))
            if entry is None:
                raise JournalError(
                    f"journal {self.path}: line {number} cannot be read; restore the file, or cut that line out to "
                    "have its question asked again"
                )
            self._remember(entry)
        if last:
            os.ftruncate(self._file, len(content) - len(last))
        differing = _differing(run, identity, tuple(identity) if read_only else (*run, *identity))
        if not differing:
            self.identity = run
        elif read_only or any(isinstance(entry.outcome, Reply) for entry in self.entries.values()):
            raise JournalError(
                f"journal {self.path}: holds answers of another run ({'; '.join(differing)}), and the two must not be "
                "mixed; give another --output, or the settings of that run to go on with it"
            )
        else:
            # A run that got no answer (its model was misspelt) is no reason to refuse the next.
            self.entries.clear()
            self.failed_tries = 0
            self._begin(identity)

    def _begin(self, identity: Identity) -> None:
        os.ftruncate(self._file, 0)
        _write(self._file, _line({"journal": _KIND, "version": _VERSION, "run": dict(identity)}))
        os.fsync(self._file)

    def _run_of(self, head: Mapping[str, Any] | None) -> Identity:
        if head is None or head.get("journal") != _KIND or not isinstance(head.get("run"), dict):
            raise JournalError(
                f"journal {self.path}: is a file of another kind and is left as it is; give another --output"
            )
        if head.get("version") != _VERSION:
            raise JournalError(
                f"journal {self.path}: has version {head.get('version')!r}, this is {_VERSION}; give another --output"
            )
        run: Identity = head["run"]
        return run


def is_journal(path: Path) -> bool:
    """Whether a file begins as a journal does."""
    try:
        with path.open("rb") as file:
            return file.read(len(_FIRST_BYTES)) == _FIRST_BYTES
    except OSError:
        return False


def _differing(run: Identity, identity: Identity, names: Sequence[str]) -> list[str]:
    return [
        f"{name} was {run.get(name)!r}, now {identity.get(name)!r}"
        for name in dict.fromkeys(names)
        if run.get(name) != identity.get(name)
    ]


def _as_json(entry: Entry) -> dict[str, object]:
    match entry.outcome:
        case Reply() as reply:
            outcome: dict[str, object] = {
                "text": reply.text,
                "finish": reply.finish,
                "prompt_tokens": reply.prompt_tokens,
                "output_tokens": reply.output_tokens,
            }
        case Refusal() as refusal:
            outcome = {"refused": refusal.reason}
        case Failure() as failure:
            outcome = {"failed": failure.reason}
    return {"key": entry.key, "sample": entry.sample, **outcome, "failed_tries": entry.failed_tries}


def _entry(line: Mapping[str, Any] | None) -> Entry | None:
    if line is None:
        return None
    key, sample, tries = line.get("key"), line.get("sample"), line.get("failed_tries", 0)
    if not (isinstance(key, str) and _is_count(sample) and _is_count(tries)):
        return None
    outcome: Reply | Refusal | Failure
    if isinstance(line.get("text"), str):
        finish = line.get("finish")
        tokens = [line.get(name) for name in ("prompt_tokens", "output_tokens")]
        if not all(count is None or _is_count(count) for count in tokens):
            return None
        outcome = Reply(line["text"], finish if isinstance(finish, str) else None, *tokens)
    elif isinstance(line.get("refused"), str):
        outcome = Refusal(line["refused"])
    elif isinstance(line.get("failed"), str):
        outcome = Failure(line["failed"])
    else:
        return None
    return Entry(key, sample, outcome, tries)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _line(content: Mapping[str, object]) -> bytes:
    # ASCII: a model may write a lone surrogate, which has no place in UTF-8 but must not be lost.
    return json.dumps(content, ensure_ascii=True).encode("ascii") + b"\n"


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _sync_folder(folder: Path) -> None:
    """The entry of a new file in its folder is on disk only when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
