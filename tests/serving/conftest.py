from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.fakes import Running, serving


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """One server for tests that change nothing."""
    with serving() as running:
        yield running


@pytest.fixture
def own() -> Iterator[Running]:
    """A server for one test, with room for three waiting rows."""
    with serving(max_queue_rows=3, max_explain_queue_rows=3, max_instances=3, deadline_ms=20_000) as running:
        yield running
