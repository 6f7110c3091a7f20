"""Which rows share a run: padding costs tokens, and every run of a graph costs some by itself."""

from __future__ import annotations

from collections.abc import Sequence

RUN_TOKENS = 40
"""What a run of the label path costs besides its tokens, in tokens.

By p50 at 32 and 128 tokens (benchmarks/results/latency_cpu.json, INT8) it is 33 to 38 from the demo student to
t5-v1_1-base: nodes, threads that wake, and a decoder that does not grow with the source.
"""

LOOP_TOKENS = 1000
"""The same of a decoding loop, which runs a graph for every token that is written."""


def share_runs(
    lengths: Sequence[int], run_tokens: int, max_rows: int = 1 << 30, max_tokens: int = 1 << 60
) -> list[list[int]]:
    """Rows in as few tokens as possible: over all runs, rows times longest, and `run_tokens` for each.

    Sorted by length, the rows of a run of the best solution are neighbours, so it is found exactly by dynamic
    programming, in steps that grow with the square of the number of rows.

    Args:
        lengths: tokens of each row.
        run_tokens: what a run costs by itself.
        max_rows: of a run.
        max_tokens: rows times longest of a run; a row above it runs alone.

    Returns:
        Places in `lengths`, a list for each run.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    cost = [0.0]
    first = [0]
    for end, place in enumerate(order, start=1):
        longest = lengths[place]
        best, start_of_best = float("inf"), end - 1
        for start in range(end - 1, max(-1, end - 1 - max_rows), -1):
            tokens = (end - start) * longest
            if tokens > max_tokens and end - start > 1:
                break
            if cost[start] + tokens < best:
                best, start_of_best = cost[start] + tokens, start
        cost.append(best + run_tokens)
        first.append(start_of_best)
    runs = []
    end = len(order)
    while end:
        runs.append(order[first[end] : end])
        end = first[end]
    return runs[::-1]
