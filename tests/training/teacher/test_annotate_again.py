from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.machine import ROOT
from tests.training.teacher.openai_server import Answer, OpenAiServer, Status, Step, Wait
from tests.training.teacher.small import (
    TASK_YAML,
    annotation,
    answer_good,
    ledger,
    mood,
    run_against,
    said,
    write_rows,
    written,
)
from training.teacher.annotate import Annotation, annotate, read_again
from training.teacher.asking import Asking
from training.teacher.base import Ask, Identity, Refusal, Reply
from training.teacher.errors import EndpointClosed, JournalError
from training.teacher.rows import read_input


def test_finished_run_asks_nothing_again_and_writes_the_same(tmp_path: Path) -> None:
    what = annotation(tmp_path, 6)
    with OpenAiServer(answer_good) as server:
        run_against(what, server)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        what.output.unlink()
        run_against(what, server)
        assert set(server.asked.values()) == {1}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_first_rows_are_part_of_the_full_run_that_follows(tmp_path: Path) -> None:
    whole = annotation(tmp_path, 9)
    with OpenAiServer(answer_good) as server:
        some = Annotation(whole.rows.first(4), whole.writer, whole.output)
        counts = run_against(some, server)
        assert (counts["rows"], counts["rows_left_out"], counts["rows_not_answered"]) == (4, 5, 0)
        assert len(written(tmp_path)) == 4
        assert run_against(whole, server)["rows_left_out"] == 0
        assert set(server.paid.values()) == {1}
    assert len(written(tmp_path)) == 9


def test_rows_that_are_put_before_others_leave_the_others_answered(tmp_path: Path) -> None:
    with OpenAiServer(answer_good) as server:
        run_against(annotation(tmp_path, [{"inputs": {"text": "b"}}, {"inputs": {"text": "b"}}]), server)
        run_against(annotation(tmp_path, [{"inputs": {"text": text}} for text in "abbb"]), server)
        # Rows with the same question are asked each by itself.
        assert server.paid == {"a": 1, "b": 3}
    assert [row["inputs"]["text"] for row in written(tmp_path)] == list("abbb")


def test_more_samples_later_ask_for_the_further_ones_alone(tmp_path: Path) -> None:
    with OpenAiServer(answer_good) as server:
        run_against(annotation(tmp_path, 2, samples=2), server, temperature=0.7)
        run_against(annotation(tmp_path, 2, samples=5), server, temperature=0.7)
        assert server.paid == {"Text 0": 5, "Text 1": 5}
        run_against(annotation(tmp_path, 2, samples=3), server, temperature=0.7)
        assert server.paid == {"Text 0": 5, "Text 1": 5}
    assert [row["votes"] for row in written(tmp_path)] == ["3/3", "3/3"]
    # All that was paid for stays in the ledger.
    assert ledger(tmp_path)["calls"] == 10


@pytest.mark.parametrize("status", [401, 403, 404])
def test_output_has_what_was_answered_before_the_endpoint_closed(tmp_path: Path, status: int) -> None:
    def step(question: str, nth: int) -> Step:
        return answer_good(question, nth) if int(question.removeprefix("Text ")) < 5 else Status(status)

    with OpenAiServer(step) as server:
        with pytest.raises(EndpointClosed, match=f"status {status}"):
            run_against(annotation(tmp_path, 50), server, Asking(concurrency=1))
        assert sum(server.asked.values()) == 6
    assert len(written(tmp_path)) == 5
    assert ledger(tmp_path)["rows_not_answered"] == 45


def test_other_model_prompt_or_sampling_is_another_run(tmp_path: Path) -> None:
    with OpenAiServer(answer_good) as server:
        run_against(annotation(tmp_path, 2), server)
        before = written(tmp_path)
        with pytest.raises(JournalError, match="request was"):
            run_against(annotation(tmp_path, 2), server, temperature=1.0)
        with pytest.raises(JournalError, match="prompt was"):
            run_against(annotation(tmp_path, 2, form="completion"), server, form="completion")
        assert sum(server.asked.values()) == 2
    assert written(tmp_path) == before


def test_output_is_written_while_the_journal_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    what = annotation(tmp_path, 2)
    refused: list[str] = []
    write = type(what.files).write

    def second_run(files: Any, results: Any) -> None:
        with pytest.raises(JournalError) as caught:
            read_again(what)
        refused.append(str(caught.value))
        write(files, results)

    with OpenAiServer(answer_good) as server:
        monkeypatch.setattr(type(what.files), "write", second_run)
        run_against(what, server)
    assert len(refused) == 1 and "another quickstep annotate is writing it" in refused[0]


def test_reading_again_asks_nothing_and_takes_the_new_rules(tmp_path: Path) -> None:
    with OpenAiServer(lambda question, nth: Answer("It is so. My verdict: good.")) as server:
        run_against(annotation(tmp_path, 2), server)
    assert not written(tmp_path)

    reworded = mood().model_copy(update={"conclusion": "My verdict:"})
    rows = read_input(str(tmp_path / "rows.jsonl"), task=reworded)
    counts = read_again(Annotation(rows, None, tmp_path / "out.jsonl"))

    assert counts.labelled == 2 and counts.spending.calls == 2
    assert [row["teacher_label"] for row in written(tmp_path)] == ["good"] * 2


class OnThisMachine:
    batch_rows = 3

    def __init__(self, fail_at: int | None = None) -> None:
        self.identity: Identity = {"model": "here"}
        self.batches: list[int] = []
        self.fail_at = fail_at

    def ask(self, asks: Sequence[Ask]) -> list[Reply | Refusal]:
        if len(self.batches) == self.fail_at:
            raise KeyboardInterrupt
        self.batches.append(len(asks))
        return [Refusal("too long") if ask.position == 1 else Reply(said("good")) for ask in asks]


def test_local_teacher_is_asked_in_batches_and_an_interruption_keeps_those_answered(tmp_path: Path) -> None:
    what = annotation(tmp_path, 8)
    with pytest.raises(KeyboardInterrupt):
        annotate(what, OnThisMachine(fail_at=1), progress=False)
    assert len(written(tmp_path)) == 2 and ledger(tmp_path)["rows_refused"] == 1

    teacher = OnThisMachine()
    annotate(what, teacher, progress=False)
    # What was refused is asked again: it cost nothing.
    assert teacher.batches == [3, 3]
    assert len(written(tmp_path)) == 7


def _command(folder: Path, base_url: str, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "student.cli", "annotate", str(folder / "rows.jsonl")),
        *("--task", str(folder / "mood.yaml"), "--output", str(folder / "out.jsonl")),
        *("--base-url", base_url, "--model", "m", "--quiet", *more),
    ]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_run_that_is_killed_goes_on_to_the_same_files(tmp_path: Path, ending: signal.Signals) -> None:
    """The server holds an answer back until the process is gone: what it had answered by then is paid for."""
    folders = [tmp_path / name for name in ("whole", "killed")]
    for folder in folders:
        folder.mkdir()
        write_rows(folder, 40)
        (folder / "mood.yaml").write_text(TASK_YAML)
    held, release = threading.Event(), threading.Event()
    killing = False

    def step(question: str, nth: int) -> Step:
        answer = Answer(said("good" if question.endswith("3") else "bad"))
        if killing and sum(server.asked.values()) > 15 and not release.is_set():
            held.set()
            return Wait(release, answer)
        return answer

    with OpenAiServer(step) as server:
        subprocess.run(_command(folders[0], server.base_url, "--concurrency", "3"), cwd=ROOT, check=True)
        server.asked, server.paid, killing = Counter(), Counter(), True
        command = _command(folders[1], server.base_url, "--concurrency", "3")
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
            assert held.wait(60) and running.stderr is not None
            journaled = _journaled(folders[1])
            running.send_signal(ending)
            if ending == signal.SIGINT:
                assert "interrupted" in "".join(running.stderr.readline() for _ in range(2))
                release.set()
            assert running.wait(60) == (-9 if ending == signal.SIGKILL else 130)
        release.set()
        assert 10 < journaled < 40
        if ending == signal.SIGINT:
            # Those under way when it was interrupted were waited for, and the output is there already.
            assert len(written(folders[1])) == _journaled(folders[1]) == sum(server.asked.values())
        subprocess.run(command, cwd=ROOT, check=True)

    # Of the questions under way at the kill alone, which never reached the journal, some are asked again.
    again = sum(times - 1 for times in server.asked.values())
    assert again <= (3 if ending == signal.SIGKILL else 0)
    for name in ("out.jsonl", "out.jsonl.rejected.jsonl"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    counts = [json.loads((folder / "out.jsonl.ledger.json").read_text()) for folder in folders]
    assert counts[0] == counts[1] and counts[0]["calls"] == 40


def _journaled(folder: Path) -> int:
    lines = (folder / "out.jsonl.journal.jsonl").read_bytes().split(b"\n")
    return sum(b'"text"' in line for line in lines)
