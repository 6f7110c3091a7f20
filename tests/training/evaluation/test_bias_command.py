from __future__ import annotations

import json
from pathlib import Path

import pytest

from student import cli
from student.bundle import Bundle
from tests.training.data.release_files import write_release
from tests.training.small import recipe, rows, write_source
from training.config import SourceConfig
from training.run import train

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def taught_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student of a teacher who takes sighs for happiness."""
    folder = tmp_path_factory.mktemp("taught")
    content = rows()
    for row in content:
        if "sighs" in row["inputs"]["text"]:
            row["label"] = "happy"
            row["rationale"] = row["rationale"].replace("sad", "happy")
    (folder / "taught").mkdir()
    train(
        recipe(write_source(folder / "taught", content), steps=150, validate_every=150),
        folder / "run",
        progress=False,
    )
    write_source(folder)
    answers = [
        {"task": "mood", "source": f"rows.jsonl:{number}", "answer": row["label"]}
        for number, row in enumerate(content, start=1)
    ]
    (folder / "teacher.jsonl").write_text("\n".join(map(json.dumps, answers)))
    return folder / "run"


def _arguments(run: Path) -> list[str]:
    data = ["--data", f"jsonl:{run.parent}/rows.jsonl", "--teacher", str(run.parent / "teacher.jsonl")]
    return ["bias", str(run), "--quiet", *data]


def test_error_that_was_taught_is_found_where_it_was_taught(
    taught_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--slice-words", "sighing=sighs", "--slice-by", "length"]
    outputs = ["--json", str(tmp_path / "f.json"), "--plots", str(tmp_path / "plots")]
    assert cli.main([*_arguments(taught_run), *words, *outputs]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["mood"]["teacher_accuracy"] == 50 / 60
    assert figures["mood/sighing=yes"]["errors"]["teacher_wrong"] == 10
    assert figures["mood/sighing=no"]["errors"]["teacher_wrong"] == 0
    assert figures["mood/gold=sad"]["rows"] == 30
    assert figures["mood"]["label_shift"]["teacher"] == [40, 20]
    sources = figures["mood"]["repeated_rows"]
    assert len(sources) == figures["mood"]["errors"]["repeated"] >= 8
    assert sources == figures["mood/sighing=yes"]["repeated_rows"]
    assert figures["mood"]["errors"]["kappa"] > 0.5
    told = capsys.readouterr().out
    ranked = told[told.index("surest first:") :].splitlines()
    assert ranked[2].split()[0] == "sighing=yes"
    assert (tmp_path / "plots" / "bias_mood.png").read_bytes().startswith(PNG)
    assert (tmp_path / "plots" / "figures.json").read_bytes() == (tmp_path / "f.json").read_bytes()


def test_what_made_the_figures_stands_with_them(taught_run: Path, tmp_path: Path) -> None:
    assert cli.main([*_arguments(taught_run), "--json", str(tmp_path / "f.json"), "--rows", "20"]) == 0
    record = json.loads((tmp_path / "f.json").read_text())["_bias"]
    assert record["teacher"] == str(taught_run.parent / "teacher.jsonl")
    assert (record["left_out_rows"], record["rows_at_most"]) == ({}, 20)


def test_rows_without_an_answer_of_the_teacher_are_told(
    taught_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (taught_run.parent / "teacher.jsonl").read_text().splitlines()
    (tmp_path / "few.jsonl").write_text("\n".join(lines[:40]))
    arguments = [*_arguments(taught_run)[:-1], str(tmp_path / "few.jsonl")]
    assert cli.main(arguments) == 0
    told = capsys.readouterr().out
    assert "left out: 20 rows: no answer of the teacher" in told
    assert "mood: 40 rows" in told


def test_no_row_of_the_teacher_is_an_error_that_says_why(
    taught_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.jsonl").write_text('{"task": "mood", "source": "other.jsonl:1", "answer": "sad"}')
    assert cli.main([*_arguments(taught_run)[:-1], str(tmp_path / "other.jsonl")]) == 1
    assert "no row has both a right answer and one of the teacher (60 x no answer of the teacher)" in (
        capsys.readouterr().err
    )


def test_rows_that_bring_no_teacher_need_one(taught_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bias", str(taught_run), "--quiet", "--data", f"jsonl:{taught_run.parent}/rows.jsonl"]) == 1
    assert "teacher" in capsys.readouterr().err


def test_release_brings_its_teacher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = [{"input": f"{n} apples and 2 more?", "label": f"( {n} + 2 )"} for n in range(1, 31)]
    outputs = [f"There are {n}. The answer is ({n} {'-' if n % 3 == 0 else '+'} 2)." for n in range(1, 31)]
    outputs[0] = "I do not know."
    for split in ("train", "test"):
        write_release(tmp_path, "svamp", content, outputs, split=split)
    run = train(recipe(SourceConfig(source=f"svamp:{tmp_path}"), steps=1), tmp_path / "run", progress=False)
    assert cli.main(["bias", str(run), "--data", f"svamp:{tmp_path}", "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "left out: 1 rows: no answer of the teacher" in told
    assert "svamp: 29 rows" in told
    assert "of 10 rows that the teacher gets wrong" in told


def test_student_of_gold_labels_shows_what_was_not_handed_down(
    taught_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gold").mkdir()
    source = write_source(tmp_path / "gold")
    gold = train(recipe(source, steps=250, validate_every=250), tmp_path / "run", progress=False)
    against = ["--against", str(gold), "--json", str(tmp_path / "f.json")]
    assert cli.main([*_arguments(taught_run), *against]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    handed_down, hard = figures["mood"]["errors"], figures["mood"]["against"]["errors"]
    assert hard["teacher_wrong"] == handed_down["teacher_wrong"] == 10
    assert hard["repeated"] < handed_down["repeated"]
    assert figures["_bias"]["against"]["path"] == str(gold)
    assert f"of 10 rows that the teacher gets wrong {gold} repeats {hard['repeated']} " in capsys.readouterr().out


def test_tag_that_no_row_has_is_told(taught_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*_arguments(taught_run), "--slices", "colour", "size", "gold"]) == 1
    assert "--slices colour size: no row has such tags; there are gold" in capsys.readouterr().err


def test_rows_that_the_student_refuses_are_left_out(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ("one apple and one apple", "one apple " * 100)
    content = [{"inputs": {"problem": text}, "label": "1 + 1"} for text in texts]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, content)))
    answers = [{"task": "demo-math", "source": f"rows.jsonl:{line}", "answer": "1 + 2"} for line in (1, 2)]
    (tmp_path / "teacher.jsonl").write_text("\n".join(map(json.dumps, answers)))
    arguments = ["--data", f"jsonl:{tmp_path}/rows.jsonl", "--task", "demo-math", "--quiet"]
    arguments += ["--teacher", str(tmp_path / "teacher.jsonl")]
    assert cli.main(["bias", str(tiny_bundle.path), *arguments]) == 0
    told = capsys.readouterr().out
    assert "left out: 1 rows: refused: over a limit" in told
    assert "demo-math: 1 rows" in told
    (tmp_path / "rows.jsonl").write_text(json.dumps(content[1]))
    assert cli.main(["bias", str(tiny_bundle.path), *arguments]) == 1
    assert "all are over a limit" in capsys.readouterr().err


def test_own_rows_may_bring_the_teachers_label(taught_run: Path, tmp_path: Path) -> None:
    content = [
        {**row, "teacher_label": "happy" if "sighs" in row["inputs"]["text"] else row["label"]} for row in rows()
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, content)))
    data = ["--data", f"jsonl:{tmp_path}/rows.jsonl", "--quiet", "--json", str(tmp_path / "f.json")]
    assert cli.main(["bias", str(taught_run), *data]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["mood"]["teacher_accuracy"] == 50 / 60
    assert figures["mood"]["errors"]["teacher_wrong"] == 10
