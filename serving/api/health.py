"""`GET /livez`, `GET /readyz` and `GET /metrics`: for those who run the server."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving.api.models import Alive, Ready
from serving.api.routes import parts

router = APIRouter()

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Does the process run?")
async def livez() -> Response:
    """Say that the process runs, whatever else may be wrong."""
    return Response(Alive().model_dump_json(), media_type="application/json")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Should requests be sent here?")
async def readyz(request: Request) -> Response:
    """Say whether the student has been loaded and warmed up, and the server is not shutting down."""
    student = parts(request).lifecycle.require_ready()
    ready = Ready(bundle=student.bundle.label, precision=student.precision)
    return Response(ready.model_dump_json(), media_type="application/json")


@router.get("/metrics", summary="Prometheus metrics")
async def metrics(request: Request) -> Response:
    """Tell counts, times and queue depths in Prometheus's text format."""
    return Response(parts(request).metrics.render(), media_type=METRICS_TYPE)
