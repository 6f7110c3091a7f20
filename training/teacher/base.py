"""What a teacher is to the rest: something that is asked and replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from training.teacher.prompt import Prompt

Identity = Mapping[str, str | int | float | bool | None]
"""What must be the same for two answers to be of one run: model, prompt, sampling. Never a secret, never an address."""

CUT = "length"
"""The finish of an answer that ended at its token limit, as OpenAI's protocol calls it."""


NO_PROMPT = Prompt()
"""What a recorded teacher reads."""


@dataclass(frozen=True)
class Ask:
    """One thing to ask: a question's sample.

    Attributes:
        key: of the row, from its content (see `training.teacher.rows`).
        position: of the row in the input, from 0.
        sample: which of the row's samples, from 0.
        prompt: what the teacher reads; empty for a teacher that reads none.
    """

    key: str
    position: int
    sample: int
    prompt: Prompt = NO_PROMPT


@dataclass(frozen=True)
class Reply:
    """What a teacher wrote.

    Attributes:
        text: as it came.
        finish: why it ended (`stop`, `length`, ...); None where the teacher does not say.
        prompt_tokens: read; None where the teacher does not say.
        output_tokens: written, thinking included; None where the teacher does not say.
    """

    text: str
    finish: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def cut(self) -> bool:
        """Whether the answer ended at its token limit."""
        return self.finish == CUT


@dataclass(frozen=True)
class Refusal:
    """That a question gets no answer, and why."""

    reason: str


class Remote(Protocol):
    """A teacher that is asked over a network, several questions at a time; `name` is for errors."""

    name: str
    identity: Identity

    async def ask(self, ask: Ask) -> Reply:
        """Ask once, without trying again.

        Raises:
            RowRefused: this question gets no answer.
            TryAgain: the request failed in a way that may pass.
            EndpointClosed: no question will be answered.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Local(Protocol):
    """A teacher on this machine, asked in batches."""

    identity: Identity
    batch_rows: int

    def ask(self, asks: Sequence[Ask]) -> list[Reply | Refusal]:
        """Answer a batch, in its order."""
        ...
