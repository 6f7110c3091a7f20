from __future__ import annotations

import json
from pathlib import Path

import pytest

from student import cli
from student.task import find_task
from tests.training.data.release_files import write_release
from tests.training.teacher.openai_server import Answer, OpenAiServer, Status, Step, unused_port
from tests.training.teacher.small import TASK_YAML, ledger, said, write_rows, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rows(tmp_path, 4)
    (tmp_path / "mood.yaml").write_text(TASK_YAML)
    (tmp_path / "recorded.jsonl").write_text("".join(json.dumps({"text": said("good")}) + "\n" for _ in range(4)))
    (tmp_path / "prices.yaml").write_text("m: {prompt_per_million: 1.0, output_per_million: 2.0}\n")
    return tmp_path


def run(folder: Path, *arguments: str, source: str = "rows.jsonl") -> int:
    given = ["annotate", str(folder / source), "--output", str(folder / "out.jsonl"), "--quiet"]
    return cli.main([*given, "--task", str(folder / "mood.yaml"), *arguments])


def good(question: str, nth: int) -> Step:
    return Answer(said("good"))


def test_endpoint_labels_rows_and_the_figures_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAiServer(good) as server:
        options = ["--base-url", server.base_url, "--model", "m", "--prices", str(folder / "prices.yaml")]
        assert run(folder, *options, "--request", "seed=3", "--request", "max_tokens=null", "--temperature", "0.5") == 0
        assert all((body["seed"], body["temperature"]) == (3, 0.5) for body in server.requests)
        assert all("max_tokens" not in body for body in server.requests)

    assert len(written(folder)) == 4
    told = capsys.readouterr().out
    assert "mood: 4 rows, 4 labelled, 0 rejected" in told
    assert "400 tokens read, 40 written, cost 0.0005" in told and "agrees with gold in 100.0% of 4 rows" in told


def test_samples_are_drawn_at_a_temperature(folder: Path) -> None:
    with OpenAiServer(good) as server:
        assert run(folder, "--base-url", server.base_url, "--model", "m", "--samples", "3") == 0
        assert [body["temperature"] for body in server.requests] == [0.7] * 12
    assert {row["votes"] for row in written(folder)} == {"3/3"}


def test_dry_run_shows_the_prompt_and_asks_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.iterdir())
    with OpenAiServer(good) as server:
        options = ["--base-url", server.base_url, "--model", "m", "--prices", str(folder / "prices.yaml")]
        assert run(folder, *options, "--dry-run", "--zero-shot", "--completion", "--rows", "3") == 0
        assert not server.requests
    told = capsys.readouterr().out
    assert "Q: Text 0\nA:" in told and "The sun shines." not in told
    assert "3 answers to ask for" in told and "cost: about" in told
    assert sorted(folder.iterdir()) == before


def test_recorded_outputs_of_the_release_are_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"question": "Where?", "choices": ["a", "b", "c", "d", "e"], "answer": "b", "id": "1"}] * 3
    raws = ["There. So the answer is (b) b.\n\nQ: And", "There. So the answer is (b) c.", "Who knows"]
    write_release(tmp_path, "cqa", rows, raws[:2], raws[2:], split="test")

    command = ["annotate", f"cqa:{tmp_path}", "--split", "test", "--recorded", str(tmp_path / "palm"), "--quiet"]
    assert cli.main([*command, "--output", str(tmp_path / "new" / "out.jsonl")]) == 0

    counts = ledger(tmp_path / "new")
    assert (counts["gold_agreement"], counts["gold_agreement_by_own_words"]) == (0.6667, 0.3333)
    assert "agrees with gold in 66.7% of 3 rows (33.3% by its own words)" in capsys.readouterr().out


def test_reading_again_needs_no_teacher(folder: Path) -> None:
    assert run(folder, "--recorded", str(folder / "recorded.jsonl")) == 0
    before = written(folder)
    (folder / "out.jsonl").unlink()
    (folder / "recorded.jsonl").unlink()

    assert run(folder, "--parse-only") == 0
    assert written(folder) == before


def test_rows_left_without_an_answer_are_a_failure_that_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(question: str, nth: int) -> Step:
        return Status(500) if question == "Text 2" else good(question, nth)

    with OpenAiServer(step) as server:
        assert run(folder, "--base-url", server.base_url, "--model", "m", "--tries", "1") == 1
    assert "1 rows have no answer yet; run the same command again" in capsys.readouterr().err
    assert len(written(folder)) == 3


def test_unreachable_endpoint_names_its_address_and_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{unused_port()}/v1"
    assert run(folder, "--base-url", url, "--model", "m") == 1
    told = capsys.readouterr().err
    assert f"endpoint {url}: 5 requests in a row failed" in told and "see that the server is up" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ([], ["give one of --base-url, --local, --recorded, --parse-only"]),
        (["--base-url", "http://x/v1", "--local", "y"], ["give one of"]),
        (["--base-url", "http://x/v1"], ["--base-url needs --model"]),
        (
            ["--recorded", "x", "--model", "m", "--zero-shot"],
            ["--model does not go with", "--zero-shot does not go with"],
        ),
        (["--recorded", "x", "--temperature", "0"], ["--temperature does not go with --recorded"]),
        (["--local", "x", "--concurrency", "2"], ["--concurrency does not go with --local"]),
        (["--base-url", "http://x/v1", "--model", "m", "--seed", "1"], ["--seed does not go with --base-url"]),
        (
            ["--base-url", "http://x/v1", "--model", "m", "--samples", "2", "--temperature", "0"],
            ["the same answer again"],
        ),
        (["--base-url", "http://x/v1", "--model", "m", "--rows", "0"], ["no whole number from 1"]),
        (["--base-url", "http://x/v1", "--model", "m", "--rows", "1" + "0" * 5000], ["no whole number from 1"]),
        (["--base-url", "http://x/v1", "--model", "m", "--rows", "٣"], ["no whole number from 1"]),
        (["--base-url", "http://x/v1", "--model", "m", "--timeout-s", "inf"], ["must be a number above 0"]),
        (["--base-url", "http://x/v1", "--model", "m", "--temperature", "nan"], ["must be a number from 0"]),
        (["--base-url", "http://x/v1", "--model", "m", "--requests-per-minute", "0"], ["must be a number above 0"]),
    ],
)
def test_options_that_cannot_be_meant_are_wrong_usage(
    folder: Path, arguments: list[str], problems: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(folder, *arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert all(problem in told for problem in problems)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--base-url", "localhost:8000/v1", "--model", "m"], "has no http:// or https://"),
        (["--base-url", "http://x/v1", "--model", "m", "--request", "x"], "must have the form NAME=VALUE"),
        (["--base-url", "http://x/v1", "--model", "m", "--request", "model=y"], "has an option of its own"),
        (["--base-url", "http://x/v1", "--model", "m", "--request", "temperature=1"], "has an option of its own"),
        (["--base-url", "http://x/v1", "--model", "m", "--request", "x=.nan"], "no JSON or YAML"),
        (["--base-url", "http://x/v1", "--model", "m", "--prices", "none.yaml"], "prices none.yaml: cannot be read"),
        (["--recorded", "none.jsonl"], "none.jsonl: cannot be read"),
        (["--parse-only"], "is not there, so there is nothing to read again"),
    ],
)
def test_failure_is_one_line(
    folder: Path, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, *arguments) == 1
    told = capsys.readouterr().err
    assert problem in told and told.startswith("quickstep annotate: ") and told.count("\n") == 1


def test_builtin_task_is_taken_by_its_name(tmp_path: Path) -> None:
    fields = {name: "x" for name in find_task("esnli").fields}
    write_rows(tmp_path, [{"inputs": fields}])
    (tmp_path / "recorded.jsonl").write_text(json.dumps({"text": "It is so. So the answer is neutral."}))

    command = ["annotate", str(tmp_path / "rows.jsonl"), "--task", "esnli", "--output", str(tmp_path / "out.jsonl")]
    assert cli.main([*command, "--recorded", str(tmp_path / "recorded.jsonl"), "--quiet"]) == 0
    assert written(tmp_path)[0]["teacher_label"] == "neutral"
