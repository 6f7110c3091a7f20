"""Questions as the server takes them, and whether it answered as the student in this process does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.http_client import Reply
from student.prediction import Prediction

PROBABILITY_TOLERANCE = 1e-6
"""Server and this process run the same graph on the same processor: only the way through JSON lies between."""


def request_content(task: str, inputs: Mapping[str, str], choices: Sequence[str]) -> dict[str, object]:
    """The body of a request for one question."""
    content: dict[str, object] = {"task": task, "inputs": dict(inputs)}
    return {**content, "choices": list(choices)} if choices else content


def differences(reply: Reply, expected: Prediction) -> list[str]:
    """In what a reply differs from the student's own prediction; empty if in nothing."""
    if reply.status != 200:
        return [f"status {reply.status}: {reply.body[:300].decode(errors='replace')}"]
    content = reply.json()
    found = []
    if content["answer"] != expected.answer:
        found.append(f"answers {content['answer']!r}, the student in this process {expected.answer!r}")
    if content["value"] != expected.value:
        found.append(f"value {content['value']!r}, the student in this process {expected.value!r}")
    if not _same_probabilities(content["probabilities"], expected):
        found.append("probabilities differ from those of the student in this process")
    return found


def _same_probabilities(given: Sequence[Mapping[str, Any]] | None, expected: Prediction) -> bool:
    if given is None or expected.probabilities is None:
        return given is None and expected.probabilities is None
    return [entry["answer"] for entry in given] == [entry.answer for entry in expected.probabilities] and all(
        math.isclose(entry["probability"], wanted.probability, abs_tol=PROBABILITY_TOLERANCE)
        for entry, wanted in zip(given, expected.probabilities, strict=True)
    )
