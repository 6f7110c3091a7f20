from __future__ import annotations

import pytest

from training.data.demo.baselines import DemoTask, _NaiveBayes, shortcut_accuracy


# With few rows the baseline is weaker than with the 20,000 of `quickstep demo-data --baselines`: this holds that the
# data are not solved by a look at a part of them; the figures themselves are in the documentation.
@pytest.mark.parametrize(
    ("task", "view"), [("demo-nli", "hypothesis"), ("demo-choices", "choices"), ("demo-math", "numbers")]
)
def test_part_of_the_input_does_not_give_the_answer(task: DemoTask, view: str) -> None:
    accuracy = shortcut_accuracy(task, train_rows=2_000, test_rows=400)
    assert accuracy.view == view
    assert accuracy.rows == 400
    assert accuracy.share <= 0.60


def test_baseline_finds_a_shortcut_that_is_there() -> None:
    """A baseline that learns nothing would let every data set pass."""
    model = _NaiveBayes([(["not", number], "contradiction") for number in range(20)] + [(["a"], "neutral")] * 20)
    assert model.best(["not", 99]) == "contradiction"
    assert model.best(["a", 99]) == "neutral"


def test_baseline_is_reproducible() -> None:
    assert shortcut_accuracy("demo-nli", 300, 100) == shortcut_accuracy("demo-nli", 300, 100)
