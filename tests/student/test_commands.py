from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from student import cli
from student.bundle import Bundle, write_manifest
from student.question import Question
from student.runtime import OnnxStudent

GOOD = {"task": "demo-choices", "inputs": {"question": "Where is milk kept?"}, "choices": ["fridge", "garage"]}
MATH = {"task": "demo-math", "inputs": {"problem": "4 plus 3?"}}


def _changed_golden(bundle: Bundle, tmp_path: Path, **changes: Any) -> Path:
    folder = Path(shutil.copytree(bundle.path, tmp_path / "copy"))
    golden = json.loads((folder / "golden.json").read_text())
    golden[0] |= changes
    (folder / "golden.json").write_text(json.dumps(golden))
    (folder / "manifest.json").unlink()
    write_manifest(folder, **bundle.manifest.model_dump(exclude={"files", "format"}))
    return folder


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_verify_agrees_with_a_fresh_bundle(tiny_bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", str(tiny_bundle.path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tiny_bundle.label}: 12 files as in the manifest\nfp32: 12 of 12 golden answers the same\n"
    assert err == ""


def test_verify_fails_on_a_changed_golden_answer(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _changed_golden(tiny_bundle, tmp_path, rationale="Because.")
    assert cli.main(["verify", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert "11 of 12 golden answers the same" in out
    assert "golden answer 1 (demo-nli): the rationale differs" in err


def test_verify_fails_on_golden_probabilities_of_another_answer_space(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = tiny_bundle.golden()[0]
    assert golden.probabilities is not None
    folder = _changed_golden(tiny_bundle, tmp_path, probabilities={"fp32": golden.probabilities["fp32"][:2]})
    assert cli.main(["verify", str(folder)]) == 1
    assert "golden answer 1 (demo-nli): 3 probabilities, expected 2" in capsys.readouterr().err


def test_verify_fails_where_probabilities_are_missing(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["verify", str(_changed_golden(tiny_bundle, tmp_path, probabilities=None))]) == 1
    assert "golden answer 1 (demo-nli): 3 probabilities, expected 0" in capsys.readouterr().err


def test_verify_counts_a_question_with_two_faults_once(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _changed_golden(tiny_bundle, tmp_path, probabilities={"fp32": (0.0, 0.0, 0.0)}, rationale="Because.")
    assert cli.main(["verify", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert "11 of 12 golden answers the same" in out
    assert "probabilities differ by" in err and "the rationale differs" in err


def test_verify_refuses_a_bundle_without_golden_answers(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(tiny_bundle.path, tmp_path / "copy"))
    (folder / "golden.json").write_text("[]")
    (folder / "manifest.json").unlink()
    write_manifest(folder, **tiny_bundle.manifest.model_dump(exclude={"files", "format"}))
    assert cli.main(["verify", str(folder)]) == 1
    assert "holds no golden answers" in capsys.readouterr().err


def test_predict_tells_of_a_line_that_is_not_utf8_and_goes_on(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_bytes(b'{"task": "\xff"}\n' + json.dumps({**MATH, "choices": None}).encode())
    assert cli.main(["predict", str(tiny_bundle.path), str(questions)]) == 1
    wrong, right = _lines(capsys.readouterr().out)
    assert wrong == {"line": 1, "errors": [{"field": "line", "message": "is not UTF-8"}]}
    assert "answer" in right


def test_verify_fails_on_a_changed_file(
    tiny_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(tiny_bundle.path, tmp_path / "copy"))
    weights = bytearray((folder / "weights.bin").read_bytes())
    weights[100] ^= 1
    (folder / "weights.bin").write_bytes(weights)
    assert cli.main(["verify", str(folder)]) == 1
    assert "weights.bin: was changed after export" in capsys.readouterr().err


def test_predict_answers_lines_in_order(
    tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "questions.jsonl"
    # More than one batch, with blank lines.
    questions.write_text("\n\n".join(json.dumps(row) for row in [GOOD, MATH] * 10) + "\n")

    # An option may stand anywhere.
    assert cli.main(["predict", str(tiny_bundle.path), "--precision", "fp32", str(questions)]) == 0

    answers = _lines(capsys.readouterr().out)
    assert [answer["task"] for answer in answers] == ["demo-choices", "demo-math"] * 10
    (expected,) = tiny_student.predict([tiny_student.prepare(_question(GOOD))])
    assert expected.probabilities is not None
    for answer in answers[::2]:
        assert answer["answer"] == expected.answer
        assert answer["bundle"] == tiny_bundle.label
        assert [item["answer"] for item in answer["probabilities"]] == ["fridge", "garage"]
        assert [item["probability"] for item in answer["probabilities"]] == pytest.approx(
            [item.probability for item in expected.probabilities], abs=1e-5
        )
    assert {answer["probabilities"] for answer in answers[1::2]} == {None}


def test_predict_explains_when_asked(
    tiny_bundle: Bundle,
    tiny_student: OnnxStudent,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(GOOD)))
    assert cli.main(["predict", str(tiny_bundle.path), "--explain"]) == 0
    (answer,) = _lines(capsys.readouterr().out)
    (expected,) = tiny_student.explain([tiny_student.prepare(_question(GOOD), rationale=True)])
    assert (answer["rationale"], answer["rationale_agrees"]) == (expected.rationale, expected.rationale_agrees)


@pytest.mark.parametrize(
    ("line", "field", "message"),
    [
        ("{", "line", "is not JSON: Expecting property name"),
        ("[" * 100_000, "line", "is not JSON"),
        ("[]", "line", "must be an object"),
        ('{"task": "demo-math", "instances": []}', "instances", "write one question a line"),
        ('{"task": 5, "inputs": {}}', "task", "must be given"),
        ('{"task": "other", "inputs": {}}', "task", "is unknown"),
        ('{"task": "demo-math"}', "inputs", "must be an object"),
        ('{"task": "demo-math", "inputs": {"problem": 5}}', "inputs.problem", "must be a text"),
        ('{"task": "demo-choices", "inputs": {"question": "x"}, "choices": "ab"}', "choices", "must be a list"),
        ('{"task": "demo-choices", "inputs": {"question": "x"}, "choices": ["a", 5]}', "choices.1", "must be a text"),
        (r'{"task": "demo-math", "inputs": {"problem": "\ud800"}}', "inputs.problem", "lone surrogate"),
    ],
)
def test_bad_line_gives_an_error_and_the_others_their_answers(
    tiny_bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    field: str,
    message: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([json.dumps(GOOD), line, json.dumps(MATH)])))
    assert cli.main(["predict", str(tiny_bundle.path)]) == 1
    first, bad, last = _lines(capsys.readouterr().out)
    assert (first["task"], last["task"]) == ("demo-choices", "demo-math")
    assert bad["errors"][0]["field"] == field
    assert message in bad["errors"][0]["message"]


def test_bad_lines_alone_are_all_reported(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{\n\n{\n"))
    assert cli.main(["predict", str(tiny_bundle.path)]) == 1
    assert [(answer["line"], set(answer)) for answer in _lines(capsys.readouterr().out)] == [
        (number, {"line", "errors"}) for number in (1, 3)
    ]


@pytest.mark.parametrize("command", ["verify", "predict"])
def test_missing_bundle_is_a_named_failure(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, str(tmp_path / "none")]) == 1
    assert f"quickstep {command}: bundle {tmp_path / 'none'}: no such directory" in capsys.readouterr().err


def _question(row: dict[str, Any]) -> Question:
    return Question(row["task"], row["inputs"], tuple(row.get("choices", ())))
