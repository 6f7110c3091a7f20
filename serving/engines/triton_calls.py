"""What Triton is asked for some rows: tensors of few shapes, since Triton batches requests of one shape alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from student.bundle import Bundle
from student.label_trie import TrieBatch
from student.padding import bucket, pad_rows, power_of_two
from student.question import PreparedQuestion
from student.triton_backend import INPUTS, MAX_BATCH, Array, Role

Feeds = dict[str, Array]
T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """A request to Triton: which rows it answers, and with what.

    Attributes:
        role: the model.
        rows: places of the rows among those that are asked together.
        feeds: inputs by name, a row for each.
    """

    role: Role
    rows: tuple[int, ...]
    feeds: Feeds


def prediction_calls(bundle: Bundle, rows: Sequence[PreparedQuestion]) -> list[Call]:
    """What Triton is asked for the answers of these rows: rows of one model and one padded shape together."""
    by_shape: dict[tuple[Role, int, int, int], list[int]] = {}
    for place, row in enumerate(rows):
        if row.space is not None:
            trie = row.space.trie
            role: Role = "label_tree" if trie.nodes > 1 else "label_root"
            length = _padded(bundle, row.label_ids)
            shape = (role, length, power_of_two(trie.nodes), power_of_two(trie.edges))
            by_shape.setdefault(shape, []).append(place)
    calls = []
    for (role, length, nodes, edges), places in by_shape.items():
        for part in _parts(places):
            tries = [space.trie for space in (rows[place].space for place in part) if space is not None]
            feeds = _source(bundle, [rows[place].label_ids for place in part], length)
            packed = TrieBatch.pack(tries, nodes=nodes, edges=edges).feeds()
            feeds |= {name: packed[name] for name in INPUTS[role] if name in packed}
            calls.append(Call(role, part, feeds))
    written = [(place, row.label_ids, row.task.limits.label_tokens) for place, row in enumerate(rows) if not row.space]
    return [*calls, *_text_calls(bundle, written)]


def rationale_calls(bundle: Bundle, rows: Sequence[PreparedQuestion]) -> list[Call]:
    """What Triton is asked for the rationales of these rows."""
    wanted = [(place, row.rationale_ids or (), row.task.limits.rationale_tokens) for place, row in enumerate(rows)]
    return list(_text_calls(bundle, wanted))


def one_token_call(bundle: Bundle, row: PreparedQuestion) -> Call:
    """The cheapest text: whether somebody writes at all."""
    (call,) = _text_calls(bundle, [(0, row.label_ids, 1)])
    return call


def _text_calls(bundle: Bundle, wanted: Sequence[tuple[int, tuple[int, ...], int]]) -> Iterator[Call]:
    """Texts: each one's place, input and longest output."""
    by_length: dict[int, list[tuple[int, tuple[int, ...], int]]] = {}
    for one in wanted:
        by_length.setdefault(_padded(bundle, one[1]), []).append(one)
    for length, texts in by_length.items():
        for part in _parts(texts):
            feeds = _source(bundle, [ids for _, ids, _ in part], length)
            feeds["max_tokens"] = np.array([[most] for _, _, most in part], dtype=np.int64)
            yield Call("text", tuple(place for place, _, _ in part), feeds)


def _padded(bundle: Bundle, ids: Sequence[int]) -> int:
    return bucket(len(ids), bundle.length_buckets, "source tokens")


def _source(bundle: Bundle, rows: Sequence[Sequence[int]], length: int) -> Feeds:
    ids, mask = pad_rows(rows, length, bundle.manifest.pad_token)
    return {"input_ids": ids, "source_mask": mask}


def _parts(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), MAX_BATCH):
        yield tuple(items[start : start + MAX_BATCH])
