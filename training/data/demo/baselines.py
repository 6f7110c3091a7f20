"""What guessing from a part of the input gives: the demo data must not be solvable without reading it.

A naive Bayes classifier over unigrams and bigrams of the view that each task's `shortcut` leaves (the hypothesis
alone, the choices alone, the numbers alone), trained on the training split, measured on the test split.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from student.answers import same_answer
from student.task import find_task, normalise_answer
from training.data.demo import choices, math_problems, nli
from training.data.example import Example

DemoTask = Literal["demo-nli", "demo-choices", "demo-math"]


@dataclass(frozen=True)
class ShortcutAccuracy:
    """Accuracy of a baseline.

    Attributes:
        view: what the baseline sees.
        share: accuracy on the test rows.
        rows: number of test rows.
    """

    view: str
    share: float
    rows: int


def shortcut_accuracy(
    task: DemoTask, train_rows: int = 20_000, test_rows: int = 2_000, seed: int = 0
) -> ShortcutAccuracy:
    """Train the shortcut baseline of a task and measure it."""
    if task == "demo-nli":
        return _measure(
            "hypothesis",
            list(nli.generate("train", train_rows, seed)),
            list(nli.generate("test", test_rows, seed)),
            _predict_label(nli.shortcut, lambda row: row.label, lambda row, label: label),
        )
    if task == "demo-math":
        return _measure(
            "numbers",
            list(math_problems.generate("train", train_rows, seed)),
            list(math_problems.generate("test", test_rows, seed)),
            _predict_label(_number_view, _pattern, _fill_pattern),
        )
    return _measure(
        "choices",
        list(choices.generate("train", train_rows, seed)),
        list(choices.generate("test", test_rows, seed)),
        _predict_choice,
    )


Trainer = Callable[[Sequence[Example]], Callable[[Example], str]]


def _measure(view: str, train: Sequence[Example], test: Sequence[Example], trainer: Trainer) -> ShortcutAccuracy:
    predict = trainer(train)
    right = sum(same_answer(find_task(row.task), predict(row), row.label) for row in test)
    return ShortcutAccuracy(view, right / len(test), len(test))


class _NaiveBayes:
    """Multinomial naive Bayes with add-one smoothing."""

    def __init__(self, rows: Iterable[tuple[Sequence[Hashable], str]]) -> None:
        self._features: dict[str, Counter[Hashable]] = defaultdict(Counter)
        self._classes: Counter[str] = Counter()
        for features, label in rows:
            self._features[label].update(features)
            self._classes[label] += 1
        self._known = len(set().union(*self._features.values()))

    def best(self, features: Sequence[Hashable]) -> str:
        return max(self._classes, key=lambda label: self.score(features, label))

    def score(self, features: Sequence[Hashable], label: str) -> float:
        counts = self._features[label]
        total = counts.total() + self._known
        return math.log(self._classes[label]) + sum(math.log((counts[f] + 1) / total) for f in features)


def _predict_label(
    view: Callable[[Example], str], target: Callable[[Example], str], answer: Callable[[Example, str], str]
) -> Trainer:
    def train(rows: Sequence[Example]) -> Callable[[Example], str]:
        model = _NaiveBayes((_grams(view(row)), target(row)) for row in rows)
        return lambda row: answer(row, model.best(_grams(view(row))))

    return train


def _predict_choice(rows: Sequence[Example]) -> Callable[[Example], str]:
    """Which choice is right more often than its share: by its words, its place and how many choices there are."""
    model = _NaiveBayes(
        (_choice_features(row, i), "right" if normalise_answer(choice) == row.label else "wrong")
        for row in rows
        for i, choice in enumerate(row.choices)
    )

    def margin(row: Example, i: int) -> float:
        features = _choice_features(row, i)
        return model.score(features, "right") - model.score(features, "wrong")

    return lambda row: row.choices[max(range(len(row.choices)), key=lambda i: margin(row, i))]


def _choice_features(row: Example, i: int) -> list[Hashable]:
    return [*_grams(row.choices[i]), ("whole", row.choices[i]), ("place", i), ("length", len(row.choices[i]))]


def _number_view(row: Example) -> str:
    """Facts about the numbers that tell more than the digits: order, divisibility, size, how many."""
    numbers = [int(number) for number in math_problems.shortcut(row).split()]
    facts = [f"count{len(numbers)}"]
    for i in range(len(numbers) - 1):
        a, b = numbers[i], numbers[i + 1]
        facts.append(f"order{i}{'<' if a < b else '>' if a > b else '='}")
        low, high = min(a, b), max(a, b)
        facts.append(f"divides{i}{low > 0 and high % low == 0}")
        facts.append(f"ratio{i}{min(10, high // max(low, 1))}")
    facts += [f"size{i}-{len(str(number))}-{min(number, 13)}" for i, number in enumerate(numbers)]
    return " ".join(facts)


def _pattern(row: Example) -> str:
    """The equation with its numbers replaced by their places in the problem: `n0 + n1`."""
    places = {number: f"n{i}" for i, number in reversed(list(enumerate(math_problems.shortcut(row).split())))}
    return " ".join(places.get(part, part) for part in row.label.split())


def _fill_pattern(row: Example, pattern: str) -> str:
    numbers = math_problems.shortcut(row).split()
    parts = pattern.split()
    # A pattern for more numbers than the problem has is a wrong answer, not an error.
    return " ".join(
        numbers[int(part[1:])] if part.startswith("n") and int(part[1:]) < len(numbers) else part for part in parts
    )


def _grams(text: str) -> list[Hashable]:
    words = text.lower().split()
    return [*words, *itertools.pairwise(words)]
