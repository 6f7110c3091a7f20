"""A student of a few thousand weights, trained and compiled once for all tests, through the real entries."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before any library reads them: tests never reach out, and share their cores with other work.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

from student.bundle import Bundle
from student.runtime import OnnxStudent
from training.config import SourceConfig, TrainConfig

# Timing never decides a test: the cores may be busy with something else.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

TINY = TrainConfig(
    preset="tiny",
    data=tuple(
        SourceConfig(source=source, rows=300, validation_rows=16)
        for source in ("demo-nli", "demo-choices", "demo-math")
    ),
    steps=30,
    batch_size=16,
    learning_rate=5e-3,
    warmup_steps=5,
    validate_every=30,
    threads=1,
)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run directory."""
    from training.run import train  # torch takes seconds to import: not for tests that do without

    output = tmp_path_factory.mktemp("tiny") / "run"
    train(TINY, output, progress=False)
    return output


@pytest.fixture(scope="session")
def tiny_bundle(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The run's student, compiled on its validation rows. Not to be changed: tests copy it first."""
    from export.compile import compile_bundle
    from training.checkpoint import load_checkpoint
    from training.validation_rows import read_rows

    checkpoint = load_checkpoint(tiny_run)
    rows = read_rows(checkpoint.path)
    return compile_bundle(checkpoint, tmp_path_factory.mktemp("bundles") / "tiny", rows, name="tiny", progress=False)


@pytest.fixture(scope="session")
def tiny_student(tiny_bundle: Bundle) -> OnnxStudent:
    """The runtime of the bundle, with one thread."""
    return OnnxStudent(tiny_bundle, threads=1)
