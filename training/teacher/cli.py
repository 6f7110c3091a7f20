"""`quickstep annotate`."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from student.task import find_task
from training.data.hub import Columns
from training.data.source_spec import FORMS
from training.teacher.annotate import Annotation, estimate, read_again
from training.teacher.annotate import annotate as run
from training.teacher.asking import Asking
from training.teacher.base import Local, Remote
from training.teacher.errors import TeacherError
from training.teacher.ledger import Ledger
from training.teacher.prices import Price, read_price
from training.teacher.prompt import Form, PromptWriter
from training.teacher.recorded import Recorded
from training.teacher.rows import Rows, input_files, read_input, split_of

_SAMPLING_TEMPERATURE = 0.7
_MAX_TOKENS = 512
_MOST = 10**9
_OURS = ("model", "messages", "prompt", "stream", "n", "temperature", "max_tokens")

_PROMPTED = ("completion", "zero_shot", "temperature", "max_tokens", "dry_run", "prices")
_TEACHERS: Mapping[str, tuple[str, ...]] = {
    "base_url": (
        *("model", "concurrency", "requests_per_minute", "timeout_s", "tries", "api_key_env", "request"),
        *_PROMPTED,
    ),
    "local": ("batch_size", "seed", "device", *_PROMPTED),
    "recorded": (),
    "parse_only": ("prices", "model"),
}
"""Which options go with which teacher."""


def annotate(argv: list[str]) -> int:
    """Have a teacher label and explain rows."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if problems := _misplaced(arguments):
        parser.error("; ".join(problems))
    task = None if arguments.task is None else find_task(arguments.task)
    whole = read_input(arguments.input, task=task, split=arguments.split, columns=_columns(arguments))
    rows = whole.first(arguments.rows)
    form: Form = "completion" if arguments.completion else "chat"
    asked = arguments.base_url is not None or arguments.local is not None
    writer = PromptWriter(rows.task, form, zero_shot=bool(arguments.zero_shot)) if asked else None
    annotation = Annotation(
        rows=rows,
        writer=writer,
        output=arguments.output,
        samples=arguments.samples,
        price=_price(arguments),
        read=_read_files(arguments),
    )
    if arguments.parse_only:
        return _tell(annotation, read_again(annotation))
    teacher = _recorded(arguments, whole) if writer is None else _asked(arguments, form, writer)
    if arguments.dry_run:
        most = _MAX_TOKENS if arguments.max_tokens is None else arguments.max_tokens
        sys.stdout.write(f"{estimate(annotation, teacher.identity, most).as_text()}\n")
        return 0
    return _tell(annotation, run(annotation, teacher, _asking(arguments), progress=not arguments.quiet))


def _tell(annotation: Annotation, ledger: Ledger) -> int:
    sys.stdout.write(f"{ledger.as_text()}\n")
    if ledger.unanswered:
        sys.stderr.write(
            f"quickstep annotate: {ledger.unanswered} rows have no answer yet; run the same command again to ask them\n"
        )
        return 1
    return 0


def _asked(arguments: argparse.Namespace, form: Form, writer: PromptWriter) -> Remote | Local:
    settings = _given(arguments, ("max_tokens",))
    settings["temperature"] = _temperature(arguments)
    if arguments.base_url is not None:
        from training.teacher.endpoint import Endpoint
        from training.teacher.endpoint_config import EndpointConfig

        settings |= _given(arguments, ("api_key_env",))
        if arguments.timeout_s is not None:
            settings["deadline_s"] = arguments.timeout_s
        fields = _fields(arguments.request or [])
        config = EndpointConfig(arguments.base_url, arguments.model, form=form, fields=fields, **settings)
        return Endpoint(config, writer.digest)

    from training.teacher.local import LocalConfig, LocalModel  # torch takes seconds to import: not for --help

    settings |= _given(arguments, ("batch_size", "seed", "device"))
    return LocalModel(LocalConfig(arguments.local, **settings), writer.digest)


def _temperature(arguments: argparse.Namespace) -> float:
    if arguments.temperature is None:
        return _SAMPLING_TEMPERATURE if arguments.samples > 1 else 0.0
    return float(arguments.temperature)


def _given(arguments: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """Options that were given, by name; the others keep the defaults of whom they are for."""
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def _recorded(arguments: argparse.Namespace, whole: Rows) -> Recorded:
    return Recorded(arguments.recorded, len(whole.rows), split_of(arguments.input, arguments.split))


def _asking(arguments: argparse.Namespace) -> Asking:
    asking = Asking(**_given(arguments, ("concurrency", "requests_per_minute", "tries")))
    # As many may fail together as are under way together.
    return Asking(**{**vars(asking), "failures_in_a_row": max(asking.failures_in_a_row, 4 * asking.concurrency)})


def _price(arguments: argparse.Namespace) -> Price | None:
    if arguments.prices is None:
        return None
    model = arguments.model or arguments.local
    if model is None:
        raise TeacherError("--prices: say of which model in the table, with --model")
    return read_price(arguments.prices, model)


def _columns(arguments: argparse.Namespace) -> Columns | None:
    """What is said of a hub dataset's columns; None where nothing is."""
    if not arguments.column and arguments.label_names is None:
        return None
    names: dict[str, str] = {}
    for item in arguments.column:
        ours, separator, theirs = item.partition("=")
        if not separator or not ours or not theirs:
            raise TeacherError(f"--column {item}: must have the form NAME=COLUMN, such as text=body")
        if ours in names:
            raise TeacherError(f"--column {item}: {ours} is {names[ours]!r} already; give it once")
        names[ours] = theirs
    return Columns(names, tuple(arguments.label_names or ()))


def _read_files(arguments: argparse.Namespace) -> tuple[Path, ...]:
    files = [input_files(arguments.input), arguments.recorded, arguments.prices]
    if arguments.task is not None:
        files.append(Path(arguments.task))
    return tuple(path for path in files if path is not None)


def _fields(given: list[str]) -> dict[str, Any]:
    """`--request` options as fields of a request; `null` takes a field out."""
    fields: dict[str, Any] = {}
    for item in given:
        name, separator, value = item.partition("=")
        if not separator or not name:
            raise TeacherError(f"--request {item}: must have the form NAME=VALUE")
        try:
            fields[name] = yaml.safe_load(value)
            json.dumps(fields[name], allow_nan=False)
        except (yaml.YAMLError, TypeError, ValueError):
            raise TeacherError(f"--request {item}: its value is no JSON or YAML that a request can hold") from None
        if name in _OURS and not (fields[name] is None and name in ("temperature", "max_tokens")):
            raise TeacherError(f"--request {name}: has an option of its own, or is not yours to set")
    return fields


def _misplaced(arguments: argparse.Namespace) -> list[str]:
    """Options that do not go together, all of them."""
    given = {name for name, value in vars(arguments).items() if value is not None and value is not False}
    chosen = [name for name in _TEACHERS if name in given]
    if len(chosen) != 1:
        return [f"give one of {', '.join(map(_flag, _TEACHERS))}: who answers?"]
    allowed = _TEACHERS[chosen[0]]
    options = sorted({name for names in _TEACHERS.values() for name in names})
    problems = [
        f"{_flag(name)} does not go with {_flag(chosen[0])}"
        for name in options
        if name not in allowed and name in given
    ]
    if chosen == ["base_url"] and arguments.model is None:
        problems.append("--base-url needs --model, the name that the endpoint knows the model by")
    if arguments.samples > 1 and arguments.temperature == 0:
        problems.append("--samples above 1 at --temperature 0 gives the same answer again and again; raise one of them")
    return problems


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST)) else -1
        if not least <= number <= _MOST:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {least} to {_MOST:,}")
        return number

    return read


def _number(least: float, most: float, *, above: bool = False) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (least < number if above else least <= number) or not number <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} must be a number {'above' if above else 'from'} {least:g} to {most:g}"
            )
        return number

    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quickstep annotate",
        description="Have a teacher LLM label and explain rows, by few-shot chain of thought.",
        epilog="Run the same command again to go on after an interruption: nothing is paid for twice. docs/teacher.md",
        allow_abbrev=False,
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        help=f"a file of JSON lines, or {', '.join(form for form in FORMS if ':' in form)}",
    )
    parser.add_argument("--task", help="of jsonl, csv and hub sources: a built-in task's name or a YAML file")
    parser.add_argument("--split", help="of releases and hub datasets: train, valid, test, ... (default: their first)")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="of hub datasets: the column of a field, label, choices or id, where it is called otherwise",
    )
    parser.add_argument(
        "--label-names", nargs="+", metavar="LABEL", help="of hub datasets: the labels of integers, 0 first"
    )
    parser.add_argument(
        *("--output", "-o"), type=Path, required=True, metavar="FILE", help="labelled rows; other files lie beside it"
    )
    parser.add_argument("--rows", "--limit", type=_whole(1), metavar="N", help="only the first so many")
    parser.add_argument("--samples", type=_whole(1), default=1, metavar="K", help="answers a row; the majority counts")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")

    who = parser.add_argument_group("teacher", "one of these")
    who.add_argument(
        "--base-url", metavar="URL", help="an OpenAI-compatible endpoint, such as http://localhost:8000/v1"
    )
    who.add_argument("--local", metavar="MODEL", help="a causal language model: a directory or a hub name")
    who.add_argument(
        "--recorded", type=Path, metavar="PATH", help="raw outputs: the release's palm folder, or JSON lines"
    )
    who.add_argument("--parse-only", action="store_true", help="ask nobody: read the journal's answers again")

    asked = parser.add_argument_group("what is asked")
    asked.add_argument("--zero-shot", action="store_true", help="show no demonstrations")
    asked.add_argument("--completion", action="store_true", help="send one text to go on with, for models without chat")
    asked.add_argument(
        "--temperature",
        type=_number(0, 5),
        help=f"default: 0, or {_SAMPLING_TEMPERATURE} with several samples",
    )
    asked.add_argument("--max-tokens", type=_whole(1), metavar="N", help=f"of an answer (default: {_MAX_TOKENS})")
    asked.add_argument("--prices", type=Path, metavar="FILE", help="YAML table of prices by model; see docs/teacher.md")
    asked.add_argument("--dry-run", action="store_true", help="print the first prompt, tokens and cost; ask nothing")

    remote = parser.add_argument_group("with --base-url")
    remote.add_argument("--model", help="as the endpoint knows it")
    remote.add_argument("--api-key-env", metavar="VARIABLE", help="environment variable of the key (OPENAI_API_KEY)")
    remote.add_argument("--concurrency", type=_whole(1), metavar="N", help="requests under way at a time (8)")
    remote.add_argument("--requests-per-minute", type=_number(0, 1e6, above=True), metavar="N", help="at most")
    remote.add_argument(
        "--timeout-s", type=_number(0, 86_400, above=True), metavar="S", help="of a whole request (120)"
    )
    remote.add_argument("--tries", type=_whole(1), metavar="N", help="of a question that fails for a time (6)")
    remote.add_argument(
        "--request", action="append", metavar="NAME=VALUE", help="another field of requests; null takes one out"
    )

    local = parser.add_argument_group("with --local")
    local.add_argument("--batch-size", type=_whole(1), metavar="N", help="questions at a time (8)")
    local.add_argument("--seed", type=_whole(0), metavar="N", help="of sampling (0)")
    local.add_argument("--device", help="as torch names it (default: a GPU where there is one)")
    return parser
