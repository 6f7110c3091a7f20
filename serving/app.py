"""`create_app`: the FastAPI app from its parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from serving.api import health, openapi, routes
from serving.engines.base import Engine
from serving.front import Front
from serving.gateway import Gateway
from serving.lifecycle import Lifecycle
from serving.limits import LingeringResponse
from serving.metrics import Metrics
from serving.problems import (
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    RequestRefused,
    describe,
    http_problem,
    problem_body,
)
from serving.settings import Settings
from student.errors import QuickstepError
from student.task import Task

_PATHS = [
    *(route.path for route in (*routes.router.routes, *health.router.routes) if isinstance(route, APIRoute)),
    "/docs",
    "/openapi.json",
]


@dataclass(frozen=True)
class Parts:
    """What an app is made of; routes find it in `app.state.parts`."""

    settings: Settings
    lifecycle: Lifecycle
    gateway: Gateway
    metrics: Metrics


def create_app(settings: Settings, engine: Engine, metrics: Metrics | None = None) -> FastAPI:
    """Build the app around an engine.

    The engine is started beside the app: `/livez` and `/readyz` answer while the student is being loaded.

    Args:
        settings: bounds and deadlines.
        engine: answers rows; not started yet.
        metrics: what the engine counts its batches in, if it does.
    """
    metrics = metrics if metrics is not None else Metrics()
    metrics.watch(engine)
    lifecycle = Lifecycle(engine)
    gateway = Gateway(lifecycle, settings, metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        starting = asyncio.create_task(lifecycle.start())
        try:
            yield
        finally:
            # Asked to end while still loading: nobody needs the warm-up any more.
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            await engine.stop()
            gateway.stop()

    app = FastAPI(
        title="Quickstep",
        version=metadata.version("quickstep"),
        description="Answers from a distilled student: labels in one pass, reasons when asked for.",
        lifespan=lifespan,
        redoc_url=None,
        # A redirect would repeat the Host header, and there is nothing to redirect to.
        redirect_slashes=False,
    )
    app.state.parts = Parts(settings, lifecycle, gateway, metrics)
    app.include_router(routes.router)
    app.include_router(health.router)
    app.add_middleware(Front, lifecycle=lifecycle, metrics=metrics, routes=_PATHS, access_log=settings.access_log)
    _answer_errors(app, metrics)
    _document(app, lifecycle)
    return app


def _answer_errors(app: FastAPI, metrics: Metrics) -> None:
    async def domain_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, QuickstepError)
        kind, detail, errors, headers = describe(error)
        metrics.reject(kind.slug)
        form = LingeringResponse if isinstance(error, RequestRefused) and error.linger else Response
        return form(problem_body(kind, detail, errors), kind.status, headers, MEDIA_TYPE)

    async def http_error(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 0)
        metrics.reject({404: NOT_FOUND.slug, 405: METHOD_NOT_ALLOWED.slug}.get(status, "other"))
        return http_problem(request, error)

    app.add_exception_handler(QuickstepError, domain_error)
    app.add_exception_handler(HTTPException, http_error)


def _document(app: FastAPI, lifecycle: Lifecycle) -> None:
    built: dict[bool, dict[str, Any]] = {}

    def document() -> dict[str, Any]:
        started = lifecycle.started
        tasks: Mapping[str, Task] = started.bundle.tasks if started is not None else {}
        with_examples = started is not None
        if with_examples not in built:
            built[with_examples] = openapi.build(app, tasks)
        return built[with_examples]

    app.openapi = document  # type: ignore[method-assign]
