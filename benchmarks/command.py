"""What the command lines of the scripts share: the `--results` option, and errors told without a traceback."""

from __future__ import annotations

import argparse
import math
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from benchmarks.machine import shown
from benchmarks.report import RESULTS
from student.errors import QuickstepError


def parser(
    name: str, description: str, epilog: str | None = None, *, result: str | None = None
) -> argparse.ArgumentParser:
    """A parser with `--results`; what `--help` says of defaults comes from them.

    Args:
        name: of the script.
        description: what it does.
        epilog: what else `--help` says.
        result: name of the file written, where it is not that of the script.
    """
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}", description=description, epilog=epilog, allow_abbrev=False
    )
    made.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="DIR",
        help=f"where {result or name}.json is written (default: {shown(RESULTS)})",
    )
    return made


def existing_program(text: str) -> Path:
    """A program's path, its links not followed: a virtual environment's interpreter is a link."""
    path = Path(text).absolute()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text}: there is no such program")
    return path


def above_zero(text: str) -> float:
    """A finite number above zero, as an option's type."""
    number = _number(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: must be a number above 0")
    return number


def share(text: str) -> float:
    """A number from 0 to 1, as an option's type."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a share from 0 to 1")
    return number


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def run(main: Callable[[list[str]], int]) -> NoReturn:
    """Run a script and leave with its exit status; 1 for a named failure, 130 when interrupted.

    A SIGTERM or a closed terminal leaves through every `with`, so that no server that the script started stays behind.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _leave)
    try:
        status = main(sys.argv[1:])
    except QuickstepError as error:
        sys.stderr.write(f"{error}\n")
        status = 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        status = 130
    sys.exit(status)
