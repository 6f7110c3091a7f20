"""Slices that a user names, as tags: by length, by the right answer, by a field's value, by words that occur."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from student.errors import DataError
from student.task import Task
from training.data.example import Example
from training.evaluation.outcome import right_answer

LENGTH = "length"
GOLD = "gold"
MOST_VALUES = 20
"""A field with more different values than this makes no slices."""


@dataclass(frozen=True)
class WordList:
    """A named list of words: rows in which one of them occurs make the slice `name=yes`, the others `name=no`."""

    name: str
    words: tuple[str, ...]


def parse_word_list(text: str) -> WordList:
    """Read `female=she,her,woman`.

    Raises:
        ValueError: it is written otherwise.
    """
    name, _, rest = text.partition("=")
    words = tuple(word.strip().casefold() for word in rest.split(",") if word.strip())
    if not name.isidentifier() or not words:
        raise ValueError(f"{text!r}: must be NAME=WORD,WORD,... with a name of letters, digits and _")
    return WordList(name, words)


def add_slices(
    examples: Sequence[Example], tasks: Mapping[str, Task], by: Sequence[str], words: Sequence[WordList]
) -> list[Example]:
    """Rows with a tag for every slice asked for.

    Args:
        examples: rows, of one task or several.
        tasks: their tasks, by name.
        by: `length` (words of all inputs, in quarters of the task's rows), `gold` (the right answer, for tasks with
            closed labels), or an input field's name (its value).
        words: word lists; whole words (or phrases) in any input field count, case does not.

    Raises:
        DataError: a slice cannot be made, or has the name of a tag that the rows bring; all are named.
    """
    _require_possible(examples, tasks, by, words)
    borders = {task: _quarters([row for row in examples if row.task == task]) for task in tasks} if LENGTH in by else {}
    sliced = []
    for row in examples:
        tags = dict(row.tags)
        for name in by:
            if name == LENGTH:
                tags[name] = _quarter(_length(row), borders[row.task])
            elif name == GOLD:
                if tasks[row.task].answer.kind == "closed":
                    tags[name] = right_answer(row)
            elif name in row.inputs:
                tags[name] = " ".join(row.inputs[name].split())
        for word_list in words:
            tags[word_list.name] = "yes" if _occurs(word_list, row) else "no"
        sliced.append(replace(row, tags=tags))
    return sliced


def _require_possible(
    examples: Sequence[Example], tasks: Mapping[str, Task], by: Sequence[str], words: Sequence[WordList]
) -> None:
    problems = []
    present = dict.fromkeys(row.task for row in examples)
    fields = dict.fromkeys(field for name in present for field in tasks[name].fields)
    brought = {tag for row in examples for tag in row.tags}
    named = [*by, *(one.name for one in words)]
    problems += [f"{name}: given more than once" for name in dict.fromkeys(named) if named.count(name) > 1]
    problems += [
        f"{name}: the rows bring a tag of this name; report by it with --slices, or take another name"
        for name in named
        if name in brought
    ]
    for name in by:
        if name in (LENGTH, GOLD):
            continue
        if name not in fields:
            problems.append(f"{name}: is no input field; slice by {', '.join([LENGTH, GOLD, *fields])}")
            continue
        values = len({row.inputs[name] for row in examples if name in row.inputs})
        if values > MOST_VALUES:
            problems.append(
                f"{name}: has {values} different values, at most {MOST_VALUES} make slices; name words of it"
            )
    if problems:
        raise DataError(f"slices: {'; '.join(problems)}")


def _length(row: Example) -> int:
    return sum(len(text.split()) for text in row.inputs.values())


def _quarters(rows: Sequence[Example]) -> list[int]:
    """The last length of each quarter but the longest; equal ones once."""
    lengths = [_length(row) for row in rows]
    if len(lengths) < 2:
        return []
    borders = {int(border) for border in statistics.quantiles(lengths, n=4, method="inclusive")}
    return sorted(border for border in borders if border < max(lengths))


def _quarter(length: int, borders: Sequence[int]) -> str:
    lowest = 0
    for border in borders:
        if length <= border:
            return f"{lowest}-{border} words"
        lowest = border + 1
    return f"{lowest}+ words"


def _occurs(word_list: WordList, row: Example) -> bool:
    words = "|".join(map(re.escape, word_list.words))
    return any(re.search(rf"(?<!\w)(?:{words})(?!\w)", text.casefold()) for text in row.inputs.values())
