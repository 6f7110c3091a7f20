"""The `quickstep` command: hands each subcommand to the package that owns it, importing no other.

`quickstep serve --help` must not import torch, so the table below holds names, not functions.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib import metadata

from student.errors import QuickstepError

_COMMANDS: dict[str, tuple[str, str]] = {
    "data": ("training.data_cli:main", "tell what data sources hold, before training on them"),
    "train": ("training.cli:train", "train a student on labels and rationales"),
    "experiment": ("training.experiment.cli:experiment", "train and compare many runs of one recipe"),
    "evaluate": ("training.evaluation.evaluate_command:evaluate", "measure a checkpoint or a bundle on a data source"),
    "bias": ("training.evaluation.bias_command:bias", "which of its teacher's errors a student took over"),
    "annotate": ("training.teacher.cli:annotate", "have a teacher LLM label and explain rows"),
    "demo-data": ("training.cli:demo_data", "write the demo student's data as JSONL, with its shortcut baselines"),
    "export": ("export.cli:export", "compile a checkpoint into a bundle, behind the parity gate"),
    "serve": ("serving.cli:main", "answer /predict and /explain over HTTP"),
    "triton": ("serving.triton_cli:main", "write a Triton model repository from a bundle, and serve it"),
    "verify": ("student.commands:verify", "check a bundle's files and rerun its golden answers"),
    "predict": ("student.commands:predict", "answer questions from the command line"),
}
_EXTRAS = {"training": "train", "export": "export", "serving": "serve"}
_EXTRAS_OF_PACKAGES = {"openai": "teacher"}


def main(argv: list[str] | None = None) -> int:
    """Run `quickstep COMMAND ...` and return its exit status: 0, 1 for a named failure, 2 for wrong usage."""
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(_usage())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        sys.stdout.write(f"quickstep {metadata.version('quickstep')}\n")
        return 0
    command, *rest = arguments
    if command not in _COMMANDS:
        sys.stderr.write(f"quickstep: {command!r} is no command; choose from {', '.join(_COMMANDS)}\n")
        return 2
    return _run(command, rest)


def _run(command: str, rest: list[str]) -> int:
    module_name, function_name = _COMMANDS[command][0].split(":")
    try:
        return int(getattr(importlib.import_module(module_name), function_name)(rest))
    except ModuleNotFoundError as error:
        # From the module itself, or from what the command imports when it runs.
        extra = _EXTRAS.get(module_name.partition(".")[0])
        if extra is None or error.name is None or error.name.partition(".")[0] in _EXTRAS:
            raise
        extra = _EXTRAS_OF_PACKAGES.get(error.name.partition(".")[0], extra)
        sys.stderr.write(
            f"quickstep {command}: needs the package {error.name!r}, which is not installed; "
            f"run make setup in the repository, or: pip install 'quickstep[{extra}]'\n"
        )
        return 1
    except QuickstepError as error:
        sys.stderr.write(f"quickstep {command}: {error}\n")
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`quickstep ... | head`): not an error, but nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A place that cannot be written to (no permission, a full disk) is not ours to mend. Without a file it may be.
        if error.filename is None:
            raise
        sys.stderr.write(f"quickstep {command}: {error.filename}: cannot be read or written ({error.strerror})\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"quickstep {command}: interrupted\n")
        return 130


def _usage() -> str:
    width = max(map(len, _COMMANDS))
    lines = [f"  {name:<{width}}  {meaning}" for name, (_, meaning) in _COMMANDS.items()]
    return (
        "usage: quickstep COMMAND [OPTIONS]\n\n"
        "Distilling Step-by-Step: train T5 students on labels and rationales, serve answers in one pass.\n\n"
        "commands:\n" + "\n".join(lines) + "\n\n"
        "quickstep COMMAND --help says more about each.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
