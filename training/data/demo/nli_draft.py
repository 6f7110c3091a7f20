"""What each kind of inference row is before it becomes an `Example`."""

from __future__ import annotations

from dataclasses import dataclass

from training.data.demo.nli_scene import Label


@dataclass(frozen=True)
class Draft:
    """A row in words.

    Attributes:
        premise: what is given.
        hypothesis: what is judged.
        label: how the hypothesis stands to the premise.
        rationale: why; ends in the label.
        template: name of the phrasing, premise's and hypothesis's.
        seen_template: whether training may show both phrasings.
        words: the words used from lists of which a part is held out.
    """

    premise: str
    hypothesis: str
    label: Label
    rationale: str
    template: str
    seen_template: bool
    words: frozenset[str]
