from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from student import cli
from student.errors import QuickstepError

ROOT = Path(__file__).parents[2]
COMMANDS = (
    *("data", "train", "experiment", "evaluate", "bias", "annotate"),
    *("demo-data", "export", "serve", "triton", "verify", "predict"),
)


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    usage = capsys.readouterr().out
    for command in COMMANDS:
        assert f"\n  {command} " in usage


def test_no_command_is_wrong_usage_and_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert capsys.readouterr().out.startswith("usage: quickstep COMMAND")


def test_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["dance"]) == 2
    assert f"'dance' is no command; choose from {', '.join(COMMANDS)}" in capsys.readouterr().err


def test_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"quickstep {metadata.version('quickstep')}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_no_torch(command: str) -> None:
    script = (
        "import sys\n"
        "from student import cli\n"
        f"try: cli.main(['{command}', '--help'])\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "print(*sorted({'torch', 'transformers', 'onnx'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
    assert done.stdout.startswith(f"usage: quickstep {command} ")


@pytest.mark.parametrize(("command", "extra"), [("serve", "serve"), ("train", "train"), ("export", "export")])
def test_missing_package_names_the_extra(command: str, extra: str) -> None:
    """A module that is hidden from the import system is told as one that is not installed."""
    hidden = {"serve": "pydantic_settings", "train": "yaml", "export": "logging"}[command]
    script = (
        "import importlib.abc, sys\n"
        "import student.cli as cli\n"
        "class Hide(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == '{hidden}': raise ModuleNotFoundError('No module named {hidden}', name='{hidden}')\n"
        f"sys.modules.pop('{hidden}', None)\n"
        "sys.meta_path.insert(0, Hide())\n"
        f"sys.exit(cli.main(['{command}', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"needs the package '{hidden}', which is not installed" in done.stderr
    assert f"pip install 'quickstep[{extra}]'" in done.stderr


def test_package_missing_inside_a_command_names_the_extra(tmp_path: Path) -> None:
    """torch is imported by the running command, not with its module: the advice must be the same."""
    script = (
        "import importlib.abc, sys\n"
        "import student.cli as cli\n"
        "class Hide(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'transformers': raise ModuleNotFoundError('No module named x', name='transformers')\n"
        "sys.meta_path.insert(0, Hide())\n"
        f"sys.exit(cli.main(['export', {str(tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs the package 'transformers', which is not installed" in done.stderr
    assert "pip install 'quickstep[export]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_annotate_without_the_client_library_names_its_extra(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"inputs": {"premise": "A", "hypothesis": "B"}}')
    command = ["annotate", str(tmp_path / "rows.jsonl"), "--task", "esnli", "--output", str(tmp_path / "out.jsonl")]
    script = (
        "import sys\n"
        "import student.cli as cli\n"
        "sys.modules['openai'] = None\n"
        f"sys.exit(cli.main({[*command, '--base-url', 'http://localhost:1/v1', '--model', 'm']!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs the package 'openai', which is not installed" in done.stderr
    assert "pip install 'quickstep[teacher]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_named_failure_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str]) -> int:
        raise QuickstepError(f"cannot do {argv}")

    monkeypatch.setattr("student.commands.verify", fail)
    assert cli.main(["verify", "x"]) == 1
    assert capsys.readouterr().err == "quickstep verify: cannot do ['x']\n"


def test_interruption_is_status_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(argv: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("student.commands.verify", interrupt)
    assert cli.main(["verify"]) == 130
    assert capsys.readouterr().err == "quickstep verify: interrupted\n"


def test_reader_that_has_gone_is_no_failure() -> None:
    """`quickstep ... | head -1` with more output than a pipe holds."""
    command = [sys.executable, "-m", "student.cli", "demo-data", "demo-nli", "--rows", "1000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline().startswith("{")
        running.stdout.close()
        errors = running.stderr.read()
        assert running.wait() == 0
    assert errors == ""
