"""What is made of a journal: labelled rows, rejected rows, the ledger. Making it again costs nothing.

<output>                  rows as `jsonl:` sources read them, in the order of the input
<output>.rejected.jsonl   rows without a label, why, and what the teacher wrote
<output>.ledger.json      `training.teacher.ledger`
<output>.journal.jsonl    `training.teacher.journal`
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from student.task import Task
from training.data.checks import is_unicode
from training.data.report import Rejected, Tally
from training.data.teacher_output import TeacherAnswer, read_output
from training.teacher.base import Refusal, Reply
from training.teacher.consistency import majority
from training.teacher.errors import TeacherError
from training.teacher.journal import Journal, is_journal
from training.teacher.ledger import Ledger
from training.teacher.prices import Price, Spending
from training.teacher.rows import InputRow, Rows, UnusableRow


@dataclass(frozen=True)
class OutputFiles:
    """The files of an annotation.

    Attributes:
        rows: the labelled rows.
    """

    rows: Path

    @property
    def rejected(self) -> Path:
        """The rejected rows."""
        return self._beside("rejected.jsonl")

    @property
    def ledger(self) -> Path:
        """The ledger."""
        return self._beside("ledger.json")

    @property
    def journal(self) -> Path:
        """The raw answers."""
        return self._beside("journal.jsonl")

    def check(self, read: Iterable[Path]) -> None:
        """See that nothing is overwritten but what an earlier run of the same command wrote.

        Args:
            read: files that the run reads.

        Raises:
            TeacherError: a file of the output is one of those, is somebody else's, or cannot be there.
        """
        try:
            self._check(read)
        except OSError as error:
            raise TeacherError(f"--output {self.rows}: cannot be written there ({error.strerror})") from None

    def _check(self, read: Iterable[Path]) -> None:
        made = (self.rows, self.rejected, self.ledger)
        taken = sorted({str(path) for path in (*made, self.journal) for other in read if _same_file(path, other)})
        if taken:
            raise TeacherError(
                f"--output {self.rows}: {', '.join(taken)} would be written over, but is read by this run"
            )
        if self.rows.is_dir():
            raise TeacherError(f"--output {self.rows}: is a folder; name a file in it")
        foreign = [str(path) for path in made if path.exists()]
        if foreign and not is_journal(self.journal):
            raise TeacherError(
                f"--output {self.rows}: {', '.join(foreign)} is there already, and no journal beside it says that this "
                "command made it; give another --output, or move it away"
            )

    def make_folder(self) -> None:
        """Make the folder that the files lie in.

        Raises:
            TeacherError: it cannot be made.
        """
        try:
            self.rows.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TeacherError(f"--output {self.rows}: its folder cannot be made ({error.strerror})") from None

    def write(self, results: Results) -> None:
        """Write all three, each whole or not at all; call it while the journal is locked.

        Raises:
            TeacherError: the disk is full or fails.
        """
        try:
            _replace(self.rows, "".join(map(_line, results.labelled)))
            _replace(self.rejected, "".join(map(_line, results.rejected)))
            _replace(self.ledger, json.dumps(results.ledger.as_dict(), indent=1) + "\n")
        except OSError as error:
            raise TeacherError(
                f"--output {self.rows}: cannot be written ({error.strerror}); all answers are in {self.journal.name}: "
                "run the same command again"
            ) from None

    def _beside(self, ending: str) -> Path:
        return self.rows.with_name(f"{self.rows.name}.{ending}")


@dataclass(frozen=True)
class Results:
    """What an annotation comes to.

    Attributes:
        labelled: rows with a teacher's label and rationale.
        rejected: rows without, and why.
        ledger: the counts.
    """

    labelled: list[dict[str, object]]
    rejected: list[dict[str, object]]
    ledger: Ledger


def read_results(rows: Rows, journal: Journal, samples: int, price: Price | None) -> Results:
    """Read every answer of a journal.

    Args:
        rows: of the input, as far as they are wanted.
        journal: open.
        samples: of each row; answers beyond them are paid for but not read.
        price: of the model's tokens.
    """
    spending = Spending(price)
    for entry in journal.entries.values():
        if isinstance(entry.outcome, Reply):
            spending.add(entry.outcome)
    ledger = Ledger(
        rows.task,
        journal.identity,
        spending,
        samples,
        rows=len(rows.rows),
        rows_left_out=rows.left_out,
        failed_tries=journal.failed_tries,
    )
    results = Results([], [], ledger)
    for row in rows.rows:
        if isinstance(row, UnusableRow):
            ledger.unusable.setdefault(row.reason, Tally()).add(row.source)
            results.rejected.append({"source": row.source, "reason": row.reason, "raw": []})
        else:
            _read_row(rows.task, row, journal, results)
    return results


def _read_row(task: Task, row: InputRow, journal: Journal, results: Results) -> None:
    ledger = results.ledger
    entries = [journal.entries.get((row.key, sample)) for sample in range(ledger.samples)]
    outcomes = [entry.outcome for entry in entries if entry is not None]
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    if not replies:
        refusals = [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)]
        if refusals:
            ledger.refused.setdefault(refusals[0], Tally()).add(row.source)
            results.rejected.append({**_asked(row), "source": row.source, "reason": refusals[0], "raw": []})
        else:
            ledger.unanswered += 1
        return
    ledger.fewer_samples += len(replies) < ledger.samples
    read = [read_output(reply.text, task, row.inputs, row.choices, cut=reply.cut) for reply in replies]
    _note(row, read, ledger)
    chosen = majority(task, read)
    if isinstance(chosen, Rejected):
        ledger.agreement.compare(task, row, None)
        ledger.rejected.setdefault(chosen.reason, Tally()).add(row.source)
        raw = [reply.text for reply in replies]
        results.rejected.append({**_asked(row), "source": row.source, "reason": chosen.reason, "raw": raw})
        return
    answer = chosen.answers[0]
    ledger.agreement.compare(task, row, answer)
    ledger.labelled += 1
    line = {**_asked(row), "teacher_label": answer.label, "rationale": answer.rationale}
    if ledger.samples > 1:
        line["votes"] = chosen.votes
        line["rationales"] = [other.rationale for other in chosen.answers[1:]]
    results.labelled.append(line)


def _note(row: InputRow, read: Sequence[TeacherAnswer | Rejected], ledger: Ledger) -> None:
    for answer in read:
        for note in answer.notes if isinstance(answer, TeacherAnswer) else ():
            ledger.noted.setdefault(note, Tally()).add(row.source)
    for problem in (row.gold_problem, row.without_gold):
        if problem is not None:
            ledger.noted.setdefault(problem, Tally()).add(row.source)


def _asked(row: InputRow) -> dict[str, object]:
    """What is known of a row without the teacher."""
    line: dict[str, object] = {} if row.id is None else {"id": row.id}
    line["inputs"] = dict(row.inputs)
    if row.choices:
        line["choices"] = list(row.choices)
    if row.gold is not None:
        line["label"] = row.gold
    return line


def _line(content: Mapping[str, object]) -> str:
    text = json.dumps(content, ensure_ascii=False)
    # A raw output may hold a lone surrogate, which has no place in UTF-8.
    return (text if is_unicode(text) else json.dumps(content)) + "\n"


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return path.absolute() == other.absolute()


def _replace(path: Path, content: str) -> None:
    beside = path.with_name(f".{path.name}.writing")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
