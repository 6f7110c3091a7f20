"""What a Triton serves: its models, of which bundle, in which precision, with which tensors."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import TypeVar

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from serving.engines.triton_errors import AWAY
from student.bundle import Bundle
from student.manifest import Precision
from student.triton_backend import DIGEST, INPUTS, OUTPUTS, PRECISION, Role, roles_of

T = TypeVar("T")

PATIENCE_S = 0.4
"""Seconds that an answer is waited for."""


class Unfit(Exception):
    """Triton is not there, or serves something else."""


def connect(target: str) -> InferenceServerClient:
    """A client of one channel.

    Args:
        target: `host:port`, or several with commas, which share the channel; gRPC takes them in turns.
    """
    addresses = [address.strip() for address in target.split(",")]
    policy = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})
    return InferenceServerClient(
        addresses[0] if len(addresses) == 1 else f"ipv4:{','.join(addresses)}",
        channel_args=[
            ("grpc.service_config", policy),
            # gRPC would take the environment's http_proxy, which has no business on the way to Triton.
            ("grpc.enable_http_proxy", 0),
            # Triton that comes back is found within the watch's patience, not gRPC's, which grows to minutes.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 500),
        ],
    )


async def require_ready(client: InferenceServerClient, role: Role) -> None:
    """Ask whether a model is ready.

    Raises:
        Unfit: it is not, or nobody answers.
    """
    if not await _answer(client.is_model_ready(role, client_timeout=PATIENCE_S)):
        raise Unfit(f"Triton: model {role} is not ready")


async def served_precision(client: InferenceServerClient, bundle: Bundle, wanted: Precision | None) -> Precision:
    """The precision that Triton serves this bundle in.

    Args:
        client: connected.
        bundle: the gateway's.
        wanted: that it must be; None takes the one it is.

    Raises:
        Unfit: a model is missing, not ready, of another bundle or precision, or of other tensors.
    """
    told = await _parameters(client, "label_root")
    precision = next((name for name in bundle.manifest.label if name == told.get(PRECISION)), None)
    if precision is None or wanted not in (None, precision):
        raise Unfit(
            f"Triton computes in {told.get(PRECISION)}, wanted is {wanted or ' or '.join(bundle.manifest.label)}; "
            "write its model repository again"
        )
    for role in roles_of(bundle, precision):
        served = (await _parameters(client, role)).get(DIGEST)
        if served != bundle.digest:
            raise Unfit(
                f"Triton: model {role} is of bundle {served}, the gateway's is {bundle.digest}; "
                "write its model repository from the gateway's bundle"
            )
        await _require_tensors(client, role)
    return precision


async def _parameters(client: InferenceServerClient, role: Role) -> dict[str, str]:
    """What the model's configuration tells its backend."""
    await require_ready(client, role)
    answer = await _answer(client.get_model_config(role, client_timeout=PATIENCE_S))
    return {name: parameter.string_value for name, parameter in answer.config.parameters.items()}


async def _require_tensors(client: InferenceServerClient, role: Role) -> None:
    answer = await _answer(client.get_model_metadata(role, client_timeout=PATIENCE_S))
    inputs, outputs = {tensor.name for tensor in answer.inputs}, {tensor.name for tensor in answer.outputs}
    if inputs != set(INPUTS[role]) or outputs != {OUTPUTS[role]}:
        raise Unfit(
            f"Triton: model {role} takes {', '.join(sorted(inputs))} and gives "
            f"{', '.join(sorted(outputs))}; wanted are {', '.join(INPUTS[role])} and {OUTPUTS[role]}"
        )


async def _answer(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except InferenceServerException as error:
        if str(error.status()).endswith(("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")):
            raise Unfit(AWAY) from None
        raise Unfit(f"Triton: {error.message()}") from None
