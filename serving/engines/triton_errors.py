"""What Triton's errors mean: its status alone does not tell them apart."""

from __future__ import annotations

from tritonclient.utils import InferenceServerException

from serving.errors import DeadlineExceeded, EngineFailure, NotReady, ServingError

AWAY = "Triton does not answer"

_STUB, _SICK = "Stub process", "not healthy"
"""Of Triton's Python backend, once a model's process has ended or says nothing for a second; measured with 2.51."""


def is_away(error: InferenceServerException) -> bool:
    """Whether nobody took the request, as far as gRPC knows."""
    return str(error.status()).endswith(("UNAVAILABLE", "CANCELLED"))


def broken_model(error: InferenceServerException) -> str | None:
    """What is wrong where a model's process is gone: Triton says that the model is ready, and fails on each request.

    The message names the model and quotes no request.
    """
    message = str(error.message())
    if _STUB in message and _SICK in message:
        return f"Triton: {message.strip().rstrip('.')}; Triton does not start it again, so start Triton again"
    return None


def failure_of(error: InferenceServerException) -> ServingError:
    """What a request is told that Triton did not answer."""
    status = str(error.status())
    if status.endswith("DEADLINE_EXCEEDED"):
        return DeadlineExceeded("no answer within the deadline")
    if is_away(error):
        return NotReady(AWAY)
    broken = broken_model(error)
    if broken is not None:
        return NotReady(broken)
    # The message is left out: it may quote the request.
    return EngineFailure(f"Triton failed on this request ({status.removeprefix('StatusCode.')})")
