from __future__ import annotations

import pytest

from serving.batching import BatchQueue, Item, QueueLimits, State
from serving.errors import Overloaded

LIMITS = QueueLimits(max_batch_rows=4, max_batch_tokens=100, max_queue_rows=8, max_queue_tokens=200)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def item(name: str, tokens: int = 10, group: str = "closed", deadline: float = 1e9) -> Item[str]:
    return Item(name, tokens, group, deadline)


def queue(*items: Item[str], clock: Clock | None = None, limits: QueueLimits = LIMITS) -> BatchQueue[str]:
    filled: BatchQueue[str] = BatchQueue(limits, clock=clock or Clock())
    for one in items:
        filled.put([one])
    return filled


def names(batch: list[Item[str]] | None) -> list[str]:
    assert batch is not None
    return [one.payload for one in batch]


def test_batch_keeps_the_order_of_arrival() -> None:
    waiting = queue(*map(item, "abcdef"))
    assert names(waiting.take()) == ["a", "b", "c", "d"]
    assert names(waiting.take()) == ["e", "f"]
    assert (waiting.rows, waiting.tokens) == (0, 0)


def test_batch_stays_within_its_tokens() -> None:
    waiting = queue(item("a", 40), item("b", 40), item("c", 40))
    batches = [names(waiting.take()), names(waiting.take())]
    assert sorted(map(len, batches)) == [1, 2] and "a" in batches[0]


def test_short_rows_do_not_wait_inside_a_long_ones_padding() -> None:
    limits = QueueLimits(max_batch_rows=8, max_batch_tokens=4096, max_queue_rows=8, max_queue_tokens=4096)
    waiting = queue(item("a", 30), item("long", 200), item("b", 40), item("c", 25), limits=limits)
    assert names(waiting.take()) == ["a", "b", "c"]
    assert names(waiting.take()) == ["long"]


def test_row_longer_than_a_batch_runs_alone() -> None:
    waiting = queue(item("huge", 150), item("a", 10))
    assert names(waiting.take()) == ["huge"]
    assert names(waiting.take()) == ["a"]


def test_batch_takes_rows_of_its_group_from_behind_others() -> None:
    waiting = queue(item("a"), item("text", group="text"), item("b"))
    assert names(waiting.take()) == ["a", "b"]
    assert names(waiting.take()) == ["text"]


def test_oldest_row_leads_however_many_others_fit_each_other() -> None:
    waiting = queue(item("a"), item("odd", 90))
    taken = []
    for number in range(4):
        waiting.put([item(f"new{number}")])
        taken.append(names(waiting.take())[0])
    assert taken[1] == "odd"


def test_full_queue_takes_all_rows_of_a_request_or_none() -> None:
    waiting = queue(*(item(str(number)) for number in range(6)))
    with pytest.raises(Overloaded) as refused:
        waiting.put([item("x"), item("y"), item("z")])
    assert refused.value.reason == "queue-rows-full"
    assert refused.value.retry_after_s >= 1
    assert waiting.rows == 6
    waiting.put([item("x"), item("y")])
    assert waiting.rows == 8


def test_tokens_are_bounded_but_an_empty_queue_takes_any_request() -> None:
    waiting = queue(item("huge", 500))
    with pytest.raises(Overloaded) as refused:
        waiting.put([item("a")])
    assert refused.value.reason == "queue-tokens-full"


def test_row_is_refused_when_its_wait_would_outlast_its_deadline() -> None:
    clock = Clock()
    waiting = queue(item("a"), clock=clock)
    batch = waiting.take()
    assert batch is not None
    waiting.finish(batch, seconds=1.0)
    waiting.put([item("b"), item("c")])
    with pytest.raises(Overloaded) as refused:
        waiting.put([item("d", deadline=1.5)])
    assert (refused.value.reason, refused.value.retry_after_s) == ("wait-too-long", 2)
    waiting.put([item("e", deadline=2.5)])


def test_expired_row_is_never_handed_out_and_frees_its_room() -> None:
    clock = Clock()
    waiting = queue(item("late", deadline=1.0), item("a"), clock=clock)
    clock.now = 1.0
    assert names(waiting.take()) == ["a"]
    assert (waiting.rows, waiting.tokens) == (0, 0)


def test_abandoned_row_is_never_handed_out_and_frees_its_room() -> None:
    gone, stays = item("gone", 30), item("stays")
    waiting = queue(gone, stays)
    waiting.abandon([gone])
    assert (waiting.rows, waiting.tokens) == (1, 10)
    assert names(waiting.take()) == ["stays"]
    assert gone.state is State.ABANDONED


def test_running_row_is_claimed_again_only_while_it_is_wanted() -> None:
    clock = Clock()
    left, late, fine = item("left"), item("late", deadline=1.0), item("fine")
    waiting = queue(left, late, fine, clock=clock)
    waiting.take()
    waiting.abandon([left])
    clock.now = 2.0
    assert [waiting.claim(one) for one in (left, late, fine)] == [False, False, True]


def test_closed_queue_returns_what_waits_and_ends_the_worker() -> None:
    waiting = queue(item("a"))
    assert names(waiting.close()) == ["a"]
    assert waiting.take() is None
