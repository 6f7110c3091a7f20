from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from student.task import find_task
from tests.training.teacher.openai_server import Answer, Body, Hang, OpenAiServer, Status, Step, Trickle, Wait
from tests.training.teacher.small import (
    PRICE,
    annotation,
    answer_good,
    endpoint,
    ledger,
    mood,
    run_against,
    said,
    written,
)
from training.data import jsonl
from training.teacher.annotate import Annotation, annotate, estimate
from training.teacher.asking import Asking
from training.teacher.errors import TeacherError
from training.teacher.prompt import PromptWriter
from training.teacher.rows import read_input


def test_rows_come_out_labelled_in_the_order_of_the_input(tmp_path: Path) -> None:
    """The first question is answered last."""
    others = threading.Event()

    def step(question: str, nth: int) -> Step:
        if question == "Text 0":
            return Wait(others, Answer(said("bad")))
        if sum(server.asked.values()) == 10:
            others.set()
        return answer_good(question, nth)

    with OpenAiServer(step) as server:
        counts = run_against(annotation(tmp_path, 10, price=PRICE), server)

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
    with OpenAiServer(answer_good) as server:
        run_against(annotation(tmp_path, 5), server)

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
        counts = run_against(annotation(tmp_path, rows), server)

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
        counts = run_against(annotation(tmp_path, 44), server, deadline_s=0.5)

    assert [row["id"] for row in written(tmp_path)] == [f"r{n}" for n in range(44)]
    assert [row["teacher_label"] for row in written(tmp_path)] == ["bad" if n % 3 else "good" for n in range(44)]
    assert set(server.paid.values()) == {1} and len(server.paid) == 44
    assert counts["failed_tries"] == 44 and counts["calls"] == 44


def test_majority_of_the_samples_is_the_label_and_keeps_its_rationales(tmp_path: Path) -> None:
    answers = {"Text 0": "good bad bad", "Text 1": "bad good ?", "Text 2": "? ? ?"}

    def step(question: str, nth: int) -> Step:
        label = answers[question].split()[nth - 1]
        return Answer("Who knows" if label == "?" else f"Reason {nth}. So the answer is {label}.")

    with OpenAiServer(step) as server:
        counts = run_against(annotation(tmp_path, 3, samples=3), server, Asking(concurrency=1), temperature=0.7)

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
        counts = run_against(annotation(tmp_path, 2, samples=3), server, Asking(concurrency=1), temperature=0.7)

    assert [row["votes"] for row in written(tmp_path)] == ["2/2", "2/2"]
    assert (counts["rows_with_fewer_samples"], counts["rows_refused"]) == (2, 0)


def test_output_is_never_written_over_somebody_elses_file(tmp_path: Path) -> None:
    what = annotation(tmp_path, 2)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "rows.jsonl")
    (tmp_path / "mine.jsonl").write_text("mine")
    (tmp_path / "x.ledger.json").write_text("mine")
    (tmp_path / "y.journal.jsonl").write_text("mine")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with OpenAiServer(answer_good) as server:
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


def test_estimate_counts_what_is_left_and_writes_nothing(tmp_path: Path) -> None:
    what = annotation(tmp_path, 8, price=PRICE)
    before = sorted(tmp_path.iterdir())
    teacher = endpoint("http://127.0.0.1:1/v1")

    first = estimate(what, teacher.identity, max_tokens=50)

    assert sorted(tmp_path.iterdir()) == before
    assert first.calls == 8 and first.most_output_tokens == 400 and 0 < first.output_tokens < 400
    assert "Text 0" in first.as_text() and "The sun shines." in first.as_text() and "cost: about" in first.as_text()
    with OpenAiServer(answer_good) as server:
        run_against(Annotation(what.rows.first(6), what.writer, what.output), server)
    left = estimate(what, teacher.identity, max_tokens=50)
    assert left.calls == 2 and left.first_prompt is not None and "Text 6" in left.first_prompt
    assert left.prompt_tokens == pytest.approx(first.prompt_tokens / 4, abs=2)


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
    with OpenAiServer(answer_good) as server:
        run_against(annotation(tmp_path, 1), server)
    prompt = PromptWriter(mood(), "chat").write({"text": "Text 0"})
    assert server.requests[0]["messages"] == [
        {"role": message.role, "content": message.content} for message in prompt.messages
    ]
