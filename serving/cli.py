"""`quickstep serve`: flags, the ready line, the exit status."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from serving.settings import ENVIRONMENT_PREFIX, Settings
from student.errors import QuickstepError

if TYPE_CHECKING:
    from serving.engines.base import Engine
    from serving.metrics import Metrics

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def main(argv: list[str]) -> int:
    """Serve a student until SIGTERM or SIGINT.

    Returns:
        0 after a signal, 1 if the student cannot be served or the port not be listened on, 2 for wrong usage.
    """
    arguments = vars(_parser().parse_args(argv))
    try:
        settings = Settings(**{name: text for name, text in arguments.items() if text is not None})
    except ValidationError as error:
        _complain(_settings_message(error))
        return 2
    logging.basicConfig(level=settings.log_level.upper(), format=_LOG_FORMAT)
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.getLogger().level))
    for name, meant in _mistyped_variables():
        logging.getLogger(__name__).warning("%s is no setting and has no effect; did you mean %s?", name, meant)
    try:
        _serve(settings)
    except QuickstepError as error:
        _complain(str(error))
        return 1
    return 0


def _serve(settings: Settings) -> None:
    # Imported here: `--help` and wrong usage need neither FastAPI nor ONNX Runtime.
    from serving.app import create_app
    from serving.metrics import Metrics
    from serving.server import Server, bind, url_of

    metrics = Metrics()
    engine = _engine(settings, metrics)
    bound = bind(settings.host, settings.port)
    app = create_app(settings, engine, metrics)
    lifecycle = app.state.parts.lifecycle
    server = Server(app, settings)

    async def announce() -> None:
        await lifecycle.settled.wait()
        if lifecycle.started is not None:
            student, bundle = lifecycle.started, lifecycle.started.bundle
            tasks = ", ".join(bundle.tasks)
            _say(f"ready: {url_of(bound)} serves {bundle.label} in {student.precision} (tasks: {tasks})")

    async def serve() -> None:
        announcing = asyncio.create_task(announce())
        await server.serve(sockets=[bound])
        announcing.cancel()

    with bound, asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(serve())
    if lifecycle.failure is not None:
        if isinstance(lifecycle.failure, QuickstepError):
            raise lifecycle.failure
        raise QuickstepError(f"the student could not be loaded: {type(lifecycle.failure).__name__}; see the log")


def _engine(settings: Settings, metrics: Metrics) -> Engine:
    precision = None if settings.precision == "auto" else settings.precision
    if settings.engine == "triton":
        try:
            from serving.engines.triton import TritonEngine
        except ModuleNotFoundError as error:
            raise QuickstepError(
                f"engine triton: needs the package {error.name!r}, which is not installed; "
                "run make serve in the repository, or: pip install 'quickstep[serve,triton]'"
            ) from None
        from student.bundle import Bundle

        return TritonEngine(
            lambda: Bundle.open(settings.bundle),
            settings.triton_target,
            precision,
            {"labels": settings.max_queue_rows, "rationales": settings.max_explain_queue_rows},
            metrics.observe_batch,
        )
    from serving.engines.local import LaneLimits, LocalEngine
    from student.runtime import OnnxStudent

    return LocalEngine(
        lambda: OnnxStudent.load(settings.bundle, settings.threads, precision, settings.device),
        LaneLimits(settings.label_limits, settings.rationale_limits),
        metrics.observe_batch,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quickstep serve",
        description="Answer /predict and /explain over HTTP from one student.",
        epilog="A flag wins over its environment variable.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, field in Settings.model_fields.items():
        unit, environment = _unit(field), f"{ENVIRONMENT_PREFIX}{name.upper()}"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            metavar=unit.upper().replace(" ", "_"),
            help=f"{field.description} [{unit}; default {_default(field)}; {environment}]",
        )
    return parser


def _mistyped_variables() -> Iterator[tuple[str, str]]:
    """Variables that are nearly a setting's, each with that setting's. Others with the prefix have other readers."""
    known = [f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in sorted(os.environ):
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known:
            for meant in get_close_matches(name, known, n=1, cutoff=0.85):
                yield name, meant


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    return str(extra["unit"])


def _default(field: FieldInfo) -> str:
    value = field.default
    return str(value).lower() if isinstance(value, bool) else str(value)


def _settings_message(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"])
        flag = f"--{name.replace('_', '-')} ({ENVIRONMENT_PREFIX}{name.upper()}): " if name else ""
        given = f"; given {item['input']!r}" if name else ""
        lines.append(f"{flag}{_as_flags(item['msg'].removeprefix('Value error, '))}{given}")
    return "\n".join(lines)


def _as_flags(message: str) -> str:
    """A message of the settings with their names written as the user types them."""
    return re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda match: _as_flag(match.group()), message)


def _as_flag(name: str) -> str:
    return f"--{name.replace('_', '-')}" if name in Settings.model_fields else name


def _complain(message: str) -> None:
    sys.stderr.write(f"quickstep serve: {message}\n")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
