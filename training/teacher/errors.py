"""What can go wrong with a teacher.

TeacherError            the run cannot go on; the message says what to do
├── JournalError        the journal is of another run, in use, or cannot be written
└── EndpointClosed      the endpoint refuses this run as a whole, or does not answer any more

RowRefused              one question gets no answer, now or later; others may
TryAgain                one request failed; the same request may succeed later
├── Unreachable         nothing listens at the endpoint's address
└── Throttled           the endpoint wants fewer requests
Stopped                 no more is asked: the run ends
"""

from __future__ import annotations

from student.errors import QuickstepError


class TeacherError(QuickstepError):
    """Annotation cannot go on."""


class JournalError(TeacherError):
    """The journal cannot be used."""


class EndpointClosed(TeacherError):
    """The endpoint refuses, or does not answer any more."""


class RowRefused(Exception):
    """One question gets no answer; asking again would not help."""


class TryAgain(Exception):
    """A request failed in a way that may pass.

    Args:
        message: what happened.
        retry_after_s: how long the endpoint asks to wait; None where it does not say.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class Unreachable(TryAgain):
    """No connection could be made."""


class Throttled(TryAgain):
    """The endpoint has too many requests, of ours or of others."""


class Stopped(Exception):
    """Raised to those who wait for their turn when there are no more turns."""
