from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from student import cli
from tests.training.small import TASK_YAML
from training.data import jsonl
from training.data.example import Example


def _row(number: int, **changes: Any) -> dict[str, Any]:
    row = {"inputs": {"text": f"Ann does {number}."}, "label": "happy" if number % 4 else "sad"}
    return row | {"rationale": f"So the answer is {row['label']}."} | changes


@pytest.fixture
def rows(tmp_path: Path) -> str:
    """Forty questions, of which two come again, once with another label."""
    content = [_row(number) for number in range(40)]
    content += [_row(1), _row(3, label="sad"), {"inputs": {"text": "bad"}, "label": "none"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, content)))
    (tmp_path / "mood.yaml").write_text(TASK_YAML)
    return f"jsonl:{tmp_path}/rows.jsonl"


def _task(rows: str) -> str:
    return f"{Path(rows.partition(':')[2]).parent}/mood.yaml"


def test_report_tells_of_dropped_rows_lengths_labels_and_repetitions(
    rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["data", rows, "--task", _task(rows)]) == 0

    told = capsys.readouterr().out
    for line in (
        "rows.jsonl: 43 rows read, 42 used (42 with a rationale), 1 dropped (2.3%)",
        "label is none of the task's labels",
        "mood, training: ",
        "  words of input:      median    4, 95 % have at most    4, the longest    4",
        "  labels: happy ",
        "repeated questions: ",
        "(1 with another label)",
        "mood: of ",
    ):
        assert line in told


def test_report_is_written_as_json_whole(rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"

    assert cli.main(["data", rows, "demo-math", "--rows", "50", "--task", _task(rows), "--json", str(report)]) == 0

    content = json.loads(report.read_text())
    assert [source["source"] for source in content["sources"]] == [rows, "demo-math"]
    assert content["statistics"].keys() == {"mood", "demo-math"}
    mood = content["statistics"]["mood"]
    assert mood["training"]["rows"] + mood["validation"]["rows"] == 42
    assert content["statistics"]["demo-math"]["training"]["rows"] == 50
    assert content["duplicates"]["repeated"]["rows"] + content["duplicates"]["held_out"]["rows"] == 2
    assert [(found["task"], found["held_out"]) for found in content["overlap"]] == [
        ("mood", "validation"),
        ("demo-math", "validation"),
    ]


def test_recipe_says_which_sources_and_cuts(rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = {"source": "jsonl:rows.jsonl", "task": "mood.yaml", "fraction": 0.5}
    recipe = {"preset": "tiny", "data": [source], "validation_share": 0.3, "deduplicate": True}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    report = tmp_path / "report.json"

    assert cli.main(["data", "--recipe", f"{tmp_path}/recipe.yaml", "--json", str(report)]) == 0

    (told,) = json.loads(report.read_text())["sources"]
    assert told["fraction"] == 0.5
    left = told["rows_used"] - told["validation_rows"] - told["duplicates_left_out"]
    assert told["training_rows"] == round(0.5 * left)


def test_rows_are_written_for_a_teacher_with_those_that_have_no_answer(tmp_path: Path) -> None:
    problems = "".join(
        f'<Problem ID="p{number}"><Body>{number} boxes.</Body><Question>How many?</Question>'
        f"<Answer>{number + 1}</Answer><Formula>{formula}</Formula></Problem>"
        for number, formula in enumerate([*(f"{number}+1={number + 1}" for number in range(30)), "x=31"])
    )
    (tmp_path / "ASDiv.xml").write_text(f"<Corpus>{problems}</Corpus>")
    written = tmp_path / "rows.jsonl"

    assert cli.main(["data", f"asdiv:{tmp_path}", "--write", str(written)]) == 0

    lines = [json.loads(line) for line in written.read_text().splitlines()]
    assert len(lines) == 31
    assert lines[4] == {"id": "p4", "inputs": {"problem": "4 boxes. How many?"}, "label": "4 + 1"}
    assert lines[30] == {"id": "asdiv/train:p30", "inputs": {"problem": "30 boxes. How many?"}}


def test_written_rows_are_read_as_they_were(rows: str, tmp_path: Path) -> None:
    from student.task import find_task

    written = tmp_path / "written.jsonl"
    task = find_task(_task(rows))

    assert cli.main(["data", rows, "--task", _task(rows), "--write", str(written)]) == 0

    def learned(path: Path) -> list[tuple[object, ...]]:
        examples: list[Example] = jsonl.load(path, task).examples
        return [(dict(row.inputs), row.label, row.rationale, row.choices) for row in examples]

    assert learned(written) == learned(tmp_path / "rows.jsonl")


def test_rows_of_several_tasks_are_not_written_into_one_file(
    rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["data", rows, "demo-math", "--task", _task(rows), "--rows", "30"]

    assert cli.main([*arguments, "--write", f"{tmp_path}/x.jsonl"]) == 1
    assert "these sources are of demo-math, mood" in capsys.readouterr().err
    assert not (tmp_path / "x.jsonl").exists()


def test_rows_that_cannot_be_validated_on_are_told(
    rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taught = [{"inputs": {"text": f"Ann does {number}."}, "teacher_label": "sad"} for number in range(9)]
    (tmp_path / "taught.jsonl").write_text("\n".join(map(json.dumps, taught)))
    arguments = ["data", f"jsonl:{tmp_path}/taught.jsonl", "--task", _task(rows), "--labels", "teacher"]

    assert cli.main(arguments) == 0
    assert "mood: no validation rows with gold labels; training needs some" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either sources or --recipe"),
        (["demo-nli", "--recipe", "r.yaml"], "give either sources or --recipe"),
        (["demo-nli", "--json", "no/such/dir/x.json"], "there is no directory"),
        (["demo-nli", "--rows", "0"], "no whole number"),
        (["demo-nli", "--task", "cqa"], "--task is for jsonl, csv and hub sources"),
        (["--recipe", "r.yaml", "--task", "cqa"], "--task is for jsonl, csv and hub sources"),
    ],
)
def test_wrong_usage_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["data", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_source_without_any_usable_row_is_a_named_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"label": "5"}')

    assert cli.main(["data", f"jsonl:{tmp_path}/rows.jsonl", "--task", "svamp"]) == 1
    assert "1 x inputs must be an object with the task's fields" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--write", "--json"])
def test_what_is_read_is_never_overwritten(flag: str, rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(rows.partition(":")[2])
    before = path.read_bytes()
    with pytest.raises(SystemExit) as ended:
        cli.main(["data", rows, "--task", _task(rows), flag, str(path)])
    assert ended.value.code == 2
    assert "is read by this command" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_two_outputs_are_not_one_file(rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = ["--json", str(tmp_path / "o"), "--write", str(tmp_path / "o")]
    with pytest.raises(SystemExit):
        cli.main(["data", rows, "--task", _task(rows), *outputs])
    assert "is written by --json too" in capsys.readouterr().err


def test_output_that_is_a_directory_is_refused_before_anything_is_read(
    rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["data", rows, "--task", _task(rows), "--json", str(tmp_path)])
    assert "is a directory" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/version").is_file(), reason="needs a folder in which nobody may make a file")
@pytest.mark.parametrize("flag", ["--json", "--write"])
def test_place_that_cannot_be_written_to_is_told_in_one_line(
    rows: str, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["data", rows, "--task", _task(rows), flag, "/proc/report.json"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("quickstep data: /proc/report.json: cannot be read or written (") and told.count("\n") == 1
