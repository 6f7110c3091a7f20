"""What can go wrong between a valid request and its answer. Knows nothing of HTTP.

QuickstepError (student.errors)
└── ServingError
    ├── NotReady          no student is loaded yet, or none could be
    ├── Overloaded        the queue is full, or the wait would outlast the deadline
    ├── DeadlineExceeded  the answer did not come in time
    ├── EngineFailure     the engine raised on this row
    ├── WrongResult       the engine returned something that cannot be this row's answer
    └── ClientGone        nobody waits for the answer any more

Messages never contain request text.
"""

from __future__ import annotations

from typing import Literal

from student.errors import QuickstepError


class ServingError(QuickstepError):
    """Base of what can go wrong while a request is served."""


class NotReady(ServingError):
    """No student answers: it is being loaded, could not be loaded, or its engine has stopped."""


OverloadReason = Literal["queue-rows-full", "queue-tokens-full", "wait-too-long"]


class Overloaded(ServingError):
    """There is no room in the queue; `retry_after_s` is when there may be some."""

    def __init__(self, reason: OverloadReason, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.reason: OverloadReason = reason
        self.retry_after_s = retry_after_s


class DeadlineExceeded(ServingError):
    """The answer did not come in time; a row that was still queued is not executed."""


class EngineFailure(ServingError):
    """The engine raised on this row, alone in its batch."""


class WrongResult(ServingError):
    """The engine returned something that cannot be this row's answer."""


class ClientGone(ServingError):
    """The client closed its connection before the answer was there."""
