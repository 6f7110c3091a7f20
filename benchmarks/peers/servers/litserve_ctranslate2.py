"""LitServe before CTranslate2, batched by LitServe: https://lightning.ai/docs/litserve/features/batching.

    python -m benchmarks.peers.servers.litserve_ctranslate2 PORT

with the environment variables of `Settings`.
"""

from __future__ import annotations

import sys
from typing import Any

import litserve

from benchmarks.peers.servers.student import CtStudent, Settings

_WAIT_S = 0.005
"""For companions of a batch; LitServe takes no batch without a wait."""


class Answer(litserve.LitAPI):  # type: ignore[misc]  # no types
    """Texts in, labels out."""

    def setup(self, device: str) -> None:
        """In each worker."""
        self._student = CtStudent(Settings.from_environment())

    def decode_request(self, request) -> str:  # type: ignore[no-untyped-def]  # LitServe makes a schema of its type
        """The source text."""
        return str(request["text"])

    def predict(self, x: Any) -> Any:
        """A list of texts where batches are on, else one text."""
        return self._student.answer(x) if isinstance(x, list) else self._student.answer([x])[0]

    def encode_response(self, output):  # type: ignore[no-untyped-def]  # as above
        """The label."""
        return {"label": output}


def main() -> None:
    """Serve on loopback until SIGTERM."""
    settings = Settings.from_environment()
    batched = {"max_batch_size": settings.batch, "batch_timeout": _WAIT_S} if settings.batch > 1 else {}
    server = litserve.LitServer(Answer(**batched), accelerator="cpu", workers_per_device=settings.workers)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main()
