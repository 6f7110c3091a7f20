"""`Settings`: everything that can be set, by environment (`QUICKSTEP_*`) or flag; flags win."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from serving.batching import QueueLimits
from serving.triton_target import checked_target

ENVIRONMENT_PREFIX = "QUICKSTEP_"
DEMO_STUDENT = Path(__file__).parent / "demo-student"


def _setting(default: Any, unit: str, description: str, *, ge: int | None = None, le: int | None = None) -> Any:
    return Field(default, description=description, json_schema_extra={"unit": unit}, ge=ge, le=le)


class Settings(BaseSettings):
    """How a student is served. Units stand in the names; bad combinations are refused at construction."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid", validate_default=True)

    bundle: Path = _setting(DEMO_STUDENT, "directory", "the student to serve")
    host: str = _setting("127.0.0.1", "address", "address to listen on; 0.0.0.0 for all")
    port: int = _setting(8000, "TCP port", "port to listen on; 0 takes a free one", ge=0, le=65535)
    engine: Literal["local", "triton"] = _setting(
        "local", "engine", "what runs the graphs: this process, or a Triton at triton-target"
    )
    triton_target: str = _setting(
        "127.0.0.1:8001",
        "host:port",
        "gRPC of Triton; several IPv4 addresses with commas, or dns:///name:port",
    )
    precision: Literal["auto", "fp32", "int8", "fp16", "bf16"] = _setting(
        "auto", "precision", "of the label path; auto takes int8 where the bundle has it, on cuda fp16"
    )
    device: Literal["cpu", "cuda"] = _setting("cpu", "device", "of the label path; cuda needs the extra gpu")
    threads: int = _setting(0, "threads", "threads of one graph run; 0 takes one per core", ge=0, le=1024)
    max_batch_rows: int = _setting(32, "rows", "most rows of one graph run", ge=1, le=4096)
    max_batch_tokens: int = _setting(4096, "tokens", "most rows times longest row of one graph run", ge=1, le=1 << 22)
    max_queue_rows: int = _setting(512, "rows", "rows that may wait for a label; more get 429", ge=1, le=1 << 20)
    max_queue_tokens: int = _setting(
        65536, "tokens", "tokens that may wait for a label; more get 429", ge=1, le=1 << 30
    )
    max_explain_queue_rows: int = _setting(
        64, "rows", "rows that may wait for a rationale; more get 429", ge=1, le=1 << 20
    )
    max_explain_queue_tokens: int = _setting(
        16384, "tokens", "tokens that may wait for a rationale; more get 429", ge=1, le=1 << 30
    )
    deadline_ms: int = _setting(2000, "ms", "a /predict not answered by then gets 504", ge=1, le=600_000)
    explain_deadline_ms: int = _setting(15000, "ms", "an /explain not answered by then gets 504", ge=1, le=600_000)
    max_body_bytes: int = _setting(1 << 20, "bytes", "longest request body; longer get 413", ge=1024, le=1 << 26)
    max_instances: int = _setting(64, "instances", "most instances of one request", ge=1, le=4096)
    max_connections: int = _setting(1024, "connections", "open connections; more get 503", ge=1, le=1 << 20)
    read_timeout_ms: int = _setting(
        10_000, "ms", "time for a request's headers, and again for its body", ge=10, le=600_000
    )
    keep_alive_s: int = _setting(15, "s", "an idle connection is closed after this", ge=1, le=3600)
    drain_delay_ms: int = _setting(
        500, "ms", "on SIGTERM, time between /readyz turning 503 and the port closing", ge=0, le=600_000
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "level", "least level logged")
    access_log: bool = _setting(False, "true|false", "log a line for each request, never its text")

    @field_validator("triton_target")
    @classmethod
    def _target_is_an_address(cls, target: str) -> str:
        return checked_target(target)

    @model_validator(mode="after")
    def _triton_has_its_own_devices(self) -> Settings:
        if self.engine == "triton" and self.device != "cpu":
            raise ValueError(
                f"device ({self.device}) is for engine local: what Triton runs on is said as its repository is written "
                "(quickstep triton --backend onnxruntime --gpu, or --backend tensorrt); leave --device out"
            )
        return self

    @model_validator(mode="after")
    def _requests_fit_the_queues(self) -> Settings:
        smallest = min(self.max_queue_rows, self.max_explain_queue_rows)
        if self.max_instances > smallest:
            raise ValueError(
                f"max_instances ({self.max_instances}) is above the smaller queue ({smallest} rows): no such "
                "request could be answered; lower it, or raise max_queue_rows and max_explain_queue_rows"
            )
        return self

    @property
    def label_limits(self) -> QueueLimits:
        """Bounds of the lane for labels."""
        return QueueLimits(self.max_batch_rows, self.max_batch_tokens, self.max_queue_rows, self.max_queue_tokens)

    @property
    def rationale_limits(self) -> QueueLimits:
        """Bounds of the lane for rationales."""
        return QueueLimits(
            self.max_batch_rows,
            self.max_batch_tokens,
            self.max_explain_queue_rows,
            self.max_explain_queue_tokens,
        )
