"""A table of prices that the user gives, and what tokens cost by it. Prices change: none stand in the code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from student.validation import problems_of, read_yaml
from training.teacher.base import Reply
from training.teacher.errors import TeacherError

_MILLION = 1e6
_MOST = 1e9
_Amount = Annotated[float, Field(ge=0, le=_MOST, allow_inf_nan=False)]


class Price(BaseModel):
    """What a model costs.

    Attributes:
        prompt_per_million: of a million tokens that it reads, in the currency of the table.
        output_per_million: of a million tokens that it writes, thinking included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prompt_per_million: _Amount
    output_per_million: _Amount

    def of(self, prompt_tokens: float, output_tokens: float) -> float:
        """The cost of so many tokens."""
        return (prompt_tokens * self.prompt_per_million + output_tokens * self.output_per_million) / _MILLION


@dataclass
class Spending:
    """Tokens of the answers, and what they cost.

    Attributes:
        price: None where no price is known.
        calls: answers counted.
        prompt_tokens: read.
        output_tokens: written.
        calls_without_tokens: answers that did not say how many; they are not in the cost.
    """

    price: Price | None
    calls: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    calls_without_tokens: int = 0

    def add(self, reply: Reply) -> None:
        """Count an answer."""
        self.calls += 1
        if reply.prompt_tokens is None or reply.output_tokens is None:
            self.calls_without_tokens += 1
        self.prompt_tokens += reply.prompt_tokens or 0
        self.output_tokens += reply.output_tokens or 0

    @property
    def cost(self) -> float | None:
        """So far; None where no price is known."""
        return None if self.price is None else self.price.of(self.prompt_tokens, self.output_tokens)

    def estimate(self, calls: int) -> float | None:
        """The cost of so many answers like those counted; None where nothing can be said yet."""
        told = self.calls - self.calls_without_tokens
        return None if self.cost is None or not told else self.cost / told * calls


def read_price(path: Path, model: str) -> Price:
    """Read a table of prices and take a model's.

    Args:
        path: YAML: `<model>: {prompt_per_million: 0.15, output_per_million: 0.6}`.
        model: as it is asked for.

    Raises:
        TeacherError: the file is no such table, or the model is not in it.
    """
    content = read_yaml(path, "prices", TeacherError)
    try:
        table = TypeAdapter(dict[str, Price]).validate_python(content)
    except ValidationError as error:
        raise TeacherError(
            f"prices {path}: {problems_of(error)}; expected <model>: {{prompt_per_million: 0.15, "
            "output_per_million: 0.6}"
        ) from None
    if model not in table:
        raise TeacherError(f"prices {path}: has no price of {model!r}; it has {', '.join(table) or 'none'}")
    return table[model]
