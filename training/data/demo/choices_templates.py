"""All templates of the choices task: questions by relation, openers before them, remarks in rationales."""

from __future__ import annotations

from training.data.demo.choices_wording import HELD_OUT, Template
from training.data.demo.choices_wordings_doing import DOING
from training.data.demo.choices_wordings_naming import NAMING
from training.data.demo.split import held_out

WORDINGS = {**DOING, **NAMING}

_OPENERS = """
Here is a question.
Here is an easy one.
A question from {name}:
{name} asks:
Please answer this question.
Quick question:
Think about this.
Tell me:
{name} would like to know:
A question for {name}:
Choose the right answer.
Please choose one.
"""

OPENERS = held_out(
    [Template(f"opener-{number}", line) for number, line in enumerate(_OPENERS.strip().splitlines())],
    HELD_OUT,
    "demo-choices/openers",
)

REMARKS = (
    "None of the other {others} fits.",
    "The other {others} do not fit.",
    "It cannot be {wrong}.",
    "",
)
