from __future__ import annotations

from collections.abc import Iterator

import pytest

from serving.triton_server import TritonServer
from serving.triton_wheel import NoTriton, unpacked_triton
from student.bundle import Bundle
from tests.serving.fakes import Running, serving
from tests.serving.real_triton import triton_server


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


@pytest.fixture(scope="module")
def triton(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    """A real Triton that serves the tiny bundle, for the tests of a module."""
    try:
        unpacked_triton()
    except NoTriton as error:
        pytest.skip(str(error))
    with triton_server(tmp_path_factory.mktemp("triton"), tiny_bundle) as server:
        server.wait_until_ready(120)
        yield server
