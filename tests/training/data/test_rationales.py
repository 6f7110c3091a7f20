from __future__ import annotations

import pytest

from student.answers import conclusion
from student.task import find_task
from training.data.rationales import concluded, reasoning

CQA = find_task("cqa")


@pytest.mark.parametrize(
    ("rationale", "expected"),
    [
        ("Milk spoils. So the answer is refrigerator.", "Milk spoils."),
        ("Milk  spoils.\nso the ANSWER is refrigerator.", "Milk spoils."),
        ("Is it so the answer is garage? No. So the answer is shelf.", "Is it so the answer is garage? No."),
        ("Milk spoils when warm.", "Milk spoils when warm."),
        ("So the answer is shelf.", ""),
    ],
)
def test_reasoning_ends_at_the_last_conclusion(rationale: str, expected: str) -> None:
    assert reasoning(CQA, rationale) == expected


def test_concluded_rationale_concludes_with_the_answer() -> None:
    text = concluded(CQA, "Milk spoils.", "ice box")
    assert text == "Milk spoils. So the answer is ice box."
    assert conclusion(CQA, text) == "ice box"
    assert reasoning(CQA, text) == "Milk spoils."
