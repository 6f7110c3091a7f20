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
from student.task import find_task
from tests.training.teacher.openai_server import Answer, Body, Hang, OpenAiServer, Status, Step, Trickle, Wait
from tests.training.teacher.small import (
    PRICE,
    QUICK,
    TASK_YAML,
    annotation,
    endpoint,
    ledger,
    mood,
    said,
    write_rows,
    written,
)
from training.data import jsonl
from training.teacher.annotate import Annotation, annotate, estimate, read_again
from training.teacher.asking import Asking
from training.teacher.base import Ask, Identity, Refusal, Reply
from training.teacher.errors import EndpointClosed, JournalError, TeacherError
from training.teacher.prompt import PromptWriter
from training.teacher.rows import read_input


def good(question: str, nth: int) -> Step:
    return Answer(said("good"))


def run(what: Annotation, server: OpenAiServer, asking: Asking = QUICK, **settings: Any) -> dict[str, Any]:
    annotate(what, endpoint(server.base_url, **settings), asking, progress=False)
    return ledger(what.output.parent)


def test_rows_come_out_labelled_in_the_order_of_the_input(tmp_path: Path) -> None:
    """The first question is answered last."""
    others = threading.Event()

    def step(question: str, nth: int) -> Step:
        if question == "Text 0":
            return Wait(others, Answer(said("bad")))
        if sum(server.asked.values()) == 10:
            others.set()
        return good(question, nth)

    with OpenAiServer(step) as server:
        counts = run(annotation(tmp_path, 10, price=PRICE), server)

    rows = written(tmp_path)
    assert [row["id"] for row in rows] == [f"r{n}" for n in range(10)]
    assert rows[0] == {
        "id": "r0",
        "inputs": {"text": "Text 0"},
        "label": "good",
        "teacher_label": "bad",
        "rationale": "It is written so. So the answer is bad.",
    }
    assert (counts["rows"], counts["rows_labelled"], counts["calls"]) == (10, 10, 10)
    assert (counts["prompt_tokens"], counts["output_tokens"], counts["cost"]) == (1000, 100, 0.0012)
    assert (counts["gold_compared"], counts["gold_agreement"]) == (10, 0.9)
    assert not written(tmp_path, "out.jsonl.rejected.jsonl")


def test_output_is_what_jsonl_sources_read(tmp_path: Path) -> None:
    with OpenAiServer(good) as server:
        run(annotation(tmp_path, 5), server)

    loaded = jsonl.load(tmp_path / "out.jsonl", mood())

    assert [example.label for example in loaded.examples] == ["good"] * 5
    assert all(example.rationale == said("good") for example in loaded.examples)


def test_rows_that_cannot_be_used_are_rejected_with_reason_and_raw_text(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"inputs": {"text": "one"}, "id": 1},
        {"inputs": {"wrong": "two"}, "id": 2},
        {"inputs": {"text": "three"}, "label": "gut"},
        {"inputs": {"text": "four"}, "label": "bad"},
        {"inputs": {"text": "five"}},
    ]
    texts = {"one": "It is not said. \ud800", "three": said("good"), "four": "So the answer is not bad.", "five": "Hm"}

    def step(question: str, nth: int) -> Step:
        if question == "five":
            return Status(422, "too rude")
        return Answer(texts[question], finish="length" if question == "four" else "stop")

    with OpenAiServer(step) as server:
        counts = run(annotation(tmp_path, rows), server)

    (labelled,) = written(tmp_path)
    assert labelled == {"inputs": {"text": "three"}, "teacher_label": "good", "rationale": said("good")}
    rejected = written(tmp_path, "out.jsonl.rejected.jsonl")
    assert [(row["source"], row["raw"]) for row in rejected] == [
        ("rows.jsonl:1", [texts["one"]]),
        ("rows.jsonl:2", []),
        ("rows.jsonl:4", [texts["four"]]),
        ("rows.jsonl:5", []),
    ]
    assert [row["reason"] for row in rejected] == [
        "teacher's output contains a lone surrogate",
        "inputs.text is missing; task 'mood' takes text",
        "teacher's output was cut at its token limit",
        "status 422: too rude",
    ]
    assert [counts[f"rows_{what}"] for what in ("labelled", "rejected", "refused", "unusable", "not_answered")] == [
        *(1, 2, 1, 1, 0)
    ]
    # A gold label that cannot be read is compared with nothing; an answer that cannot be read disagrees.
    assert (counts["gold_compared"], counts["gold_agreement"], counts["gold_unreadable"]) == (1, 0.0, 1)
    assert counts["noted"] == {"label is none of the task's labels": 1}


CONDITIONS: list[Step] = [
    Status(429),
    Status(429, headers={"Retry-After": "0"}),
    Status(429, headers={"Retry-After": "0.01"}),
    Status(429, headers={"Retry-After": "inf"}),
    Status(500),
    Hang(),
    Trickle(),
    Body('{"choices": [', missing_bytes=100),
    Body('{"choices": ['),
    Body('{"choices": []}'),
    Body('{"error": {"message": "overloaded"}}'),
]


def test_nothing_is_lost_or_paid_twice_whatever_the_endpoint_does(tmp_path: Path) -> None:
    def step(question: str, nth: int) -> Step:
        number = int(question.removeprefix("Text "))
        if nth <= 2 and number % 2:
            return CONDITIONS[(number // 2 + nth) % len(CONDITIONS)]
        return Answer(said("bad" if number % 3 else "good"))

    with OpenAiServer(step) as server:
        counts = run(annotation(tmp_path, 44), server, deadline_s=0.5)

    assert [row["id"] for row in written(tmp_path)] == [f"r{n}" for n in range(44)]
    assert [row["teacher_label"] for row in written(tmp_path)] == ["bad" if n % 3 else "good" for n in range(44)]
    assert set(server.paid.values()) == {1} and len(server.paid) == 44
    assert counts["failed_tries"] == 44 and counts["calls"] == 44


def test_finished_run_asks_nothing_again_and_writes_the_same(tmp_path: Path) -> None:
    what = annotation(tmp_path, 6)
    with OpenAiServer(good) as server:
        run(what, server)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        what.output.unlink()
        run(what, server)
        assert set(server.asked.values()) == {1}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_first_rows_are_part_of_the_full_run_that_follows(tmp_path: Path) -> None:
    whole = annotation(tmp_path, 9)
    with OpenAiServer(good) as server:
        some = Annotation(whole.rows.first(4), whole.writer, whole.output)
        counts = run(some, server)
        assert (counts["rows"], counts["rows_left_out"], counts["rows_not_answered"]) == (4, 5, 0)
        assert len(written(tmp_path)) == 4
        assert run(whole, server)["rows_left_out"] == 0
        assert set(server.paid.values()) == {1}
    assert len(written(tmp_path)) == 9


def test_rows_that_are_put_before_others_leave_the_others_answered(tmp_path: Path) -> None:
    with OpenAiServer(good) as server:
        run(annotation(tmp_path, [{"inputs": {"text": "b"}}, {"inputs": {"text": "b"}}]), server)
        run(annotation(tmp_path, [{"inputs": {"text": text}} for text in "abbb"]), server)
        # Rows with the same question are asked each by itself.
        assert server.paid == {"a": 1, "b": 3}
    assert [row["inputs"]["text"] for row in written(tmp_path)] == list("abbb")


def test_majority_of_the_samples_is_the_label_and_keeps_its_rationales(tmp_path: Path) -> None:
    answers = {"Text 0": "good bad bad", "Text 1": "bad good ?", "Text 2": "? ? ?"}

    def step(question: str, nth: int) -> Step:
        label = answers[question].split()[nth - 1]
        return Answer("Who knows" if label == "?" else f"Reason {nth}. So the answer is {label}.")

    with OpenAiServer(step) as server:
        counts = run(annotation(tmp_path, 3, samples=3), server, Asking(concurrency=1), temperature=0.7)

    first, second = written(tmp_path)
    assert (first["teacher_label"], first["votes"]) == ("bad", "2/3")
    assert first["rationale"] == "Reason 2. So the answer is bad."
    assert first["rationales"] == ["Reason 3. So the answer is bad."]
    assert (second["teacher_label"], second["votes"], second["rationales"]) == ("bad", "1/3", [])
    (rejected,) = written(tmp_path, "out.jsonl.rejected.jsonl")
    assert rejected["raw"] == ["Who knows"] * 3
    assert counts["rejected"] == {"teacher states no conclusion": 1} and counts["rows_with_fewer_samples"] == 0


def test_row_with_fewer_samples_than_asked_for_is_used_and_counted(tmp_path: Path) -> None:
    def step(question: str, nth: int) -> Step:
        return Status(400, "no more") if nth == 2 else Answer(said("good"))

    with OpenAiServer(step) as server:
        counts = run(annotation(tmp_path, 2, samples=3), server, Asking(concurrency=1), temperature=0.7)

    assert [row["votes"] for row in written(tmp_path)] == ["2/2", "2/2"]
    assert (counts["rows_with_fewer_samples"], counts["rows_refused"]) == (2, 0)


def test_more_samples_later_ask_for_the_further_ones_alone(tmp_path: Path) -> None:
    with OpenAiServer(good) as server:
        run(annotation(tmp_path, 2, samples=2), server, temperature=0.7)
        run(annotation(tmp_path, 2, samples=5), server, temperature=0.7)
        assert server.paid == {"Text 0": 5, "Text 1": 5}
        run(annotation(tmp_path, 2, samples=3), server, temperature=0.7)
        assert server.paid == {"Text 0": 5, "Text 1": 5}
    assert [row["votes"] for row in written(tmp_path)] == ["3/3", "3/3"]
    # All that was paid for stays in the ledger.
    assert ledger(tmp_path)["calls"] == 10


@pytest.mark.parametrize("status", [401, 403, 404])
def test_output_has_what_was_answered_before_the_endpoint_closed(tmp_path: Path, status: int) -> None:
    def step(question: str, nth: int) -> Step:
        return good(question, nth) if int(question.removeprefix("Text ")) < 5 else Status(status)

    with OpenAiServer(step) as server:
        with pytest.raises(EndpointClosed, match=f"status {status}"):
            run(annotation(tmp_path, 50), server, Asking(concurrency=1))
        assert sum(server.asked.values()) == 6
    assert len(written(tmp_path)) == 5
    assert ledger(tmp_path)["rows_not_answered"] == 45


def test_other_model_prompt_or_sampling_is_another_run(tmp_path: Path) -> None:
    with OpenAiServer(good) as server:
        run(annotation(tmp_path, 2), server)
        before = written(tmp_path)
        with pytest.raises(JournalError, match="request was"):
            run(annotation(tmp_path, 2), server, temperature=1.0)
        with pytest.raises(JournalError, match="prompt was"):
            run(annotation(tmp_path, 2, form="completion"), server, form="completion")
        assert sum(server.asked.values()) == 2
    assert written(tmp_path) == before


def test_output_is_never_written_over_somebody_elses_file(tmp_path: Path) -> None:
    what = annotation(tmp_path, 2)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "rows.jsonl")
    (tmp_path / "mine.jsonl").write_text("mine")
    (tmp_path / "x.ledger.json").write_text("mine")
    (tmp_path / "y.journal.jsonl").write_text("mine")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with OpenAiServer(good) as server:
        for name, problem in (
            ("rows.jsonl", "would be written over, but is read"),
            ("link.jsonl", "would be written over, but is read"),
            ("mine.jsonl", "is there already"),
            ("x", "is there already"),
            ("y", "of another kind"),
            ("", "is a folder"),
            ("mine.jsonl/out", "folder cannot be made"),
            ("o" * 300, "cannot be written there"),
        ):
            with pytest.raises(TeacherError, match=problem):
                annotate(
                    Annotation(what.rows, what.writer, tmp_path / name, read=what.read),
                    endpoint(server.base_url),
                    progress=False,
                )
        assert not server.requests
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_output_is_written_while_the_journal_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    what = annotation(tmp_path, 2)
    refused: list[str] = []
    write = type(what.files).write

    def second_run(files: Any, results: Any) -> None:
        with pytest.raises(JournalError) as caught:
            read_again(what)
        refused.append(str(caught.value))
        write(files, results)

    with OpenAiServer(good) as server:
        monkeypatch.setattr(type(what.files), "write", second_run)
        run(what, server)
    assert len(refused) == 1 and "another quickstep annotate is writing it" in refused[0]


def test_reading_again_asks_nothing_and_takes_the_new_rules(tmp_path: Path) -> None:
    with OpenAiServer(lambda question, nth: Answer("It is so. My verdict: good.")) as server:
        run(annotation(tmp_path, 2), server)
    assert not written(tmp_path)

    reworded = mood().model_copy(update={"conclusion": "My verdict:"})
    rows = read_input(str(tmp_path / "rows.jsonl"), task=reworded)
    counts = read_again(Annotation(rows, None, tmp_path / "out.jsonl"))

    assert counts.labelled == 2 and counts.spending.calls == 2
    assert [row["teacher_label"] for row in written(tmp_path)] == ["good"] * 2


def test_estimate_counts_what_is_left_and_writes_nothing(tmp_path: Path) -> None:
    what = annotation(tmp_path, 8, price=PRICE)
    before = sorted(tmp_path.iterdir())
    teacher = endpoint("http://127.0.0.1:1/v1")

    first = estimate(what, teacher.identity, max_tokens=50)

    assert sorted(tmp_path.iterdir()) == before
    assert first.calls == 8 and first.most_output_tokens == 400 and 0 < first.output_tokens < 400
    assert "Text 0" in first.as_text() and "The sun shines." in first.as_text() and "cost: about" in first.as_text()
    with OpenAiServer(good) as server:
        run(Annotation(what.rows.first(6), what.writer, what.output), server)
    left = estimate(what, teacher.identity, max_tokens=50)
    assert left.calls == 2 and left.first_prompt is not None and "Text 6" in left.first_prompt
    assert left.prompt_tokens == pytest.approx(first.prompt_tokens / 4, abs=2)


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


def test_real_outputs_replayed_agree_with_gold_as_known(tmp_path: Path) -> None:
    from tests.training.data.real_data import real_dataset
    from training.teacher.recorded import Recorded

    folder = real_dataset("svamp")
    rows = read_input(f"svamp:{folder}", split="train")
    annotate(Annotation(rows, None, tmp_path / "out.jsonl"), Recorded(folder / "palm", 800, "train"), progress=False)

    counts = ledger(tmp_path)
    assert counts["gold_agreement_by_own_words"] == pytest.approx(0.733, abs=0.002)
    assert counts["gold_agreement"] == 0.7425
    assert counts["rows_rejected"] == 33 and counts["rows_labelled"] == 767
    assert len(jsonl.load(tmp_path / "out.jsonl", find_task("svamp")).examples) == 767


def test_prompts_of_the_rows_are_those_of_the_writer(tmp_path: Path) -> None:
    with OpenAiServer(good) as server:
        run(annotation(tmp_path, 1), server)
    prompt = PromptWriter(mood(), "chat").write({"text": "Text 0"})
    assert server.requests[0]["messages"] == [
        {"role": message.role, "content": message.content} for message in prompt.messages
    ]
