"""The environment that `make serve` makes: small, and without what only training needs."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_MB = 400


@pytest.fixture(scope="module")
def site_packages() -> Path:
    folders = sorted((ROOT / ".venv-serve").glob("lib/python3.*/site-packages"))
    if not folders:
        pytest.skip("no .venv-serve here; `make test` and `make serve` make it")
    return folders[0]


def test_serving_environment_has_no_training_packages(site_packages: Path) -> None:
    installed = {entry.name.partition("-")[0].lower() for entry in site_packages.glob("*.dist-info")}
    assert "onnxruntime" in installed
    assert not installed & {"torch", "transformers", "optimum", "accelerate", "datasets", "tensorflow"}


def test_serving_environment_is_under_400_mb(site_packages: Path) -> None:
    size_mb = sum(file.lstat().st_size for file in site_packages.rglob("*") if file.is_file()) / 1e6
    assert size_mb < MAX_MB
