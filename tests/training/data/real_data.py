"""The development datasets, which are not part of the project: tests that need them skip without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE_REPOSITORY = Path(__file__).parents[3] / "../shared/datasets"


def real_dataset(name: str) -> Path:
    folder = Path(os.environ.get("QUICKSTEP_DATASETS") or _BESIDE_REPOSITORY) / name
    if not folder.is_dir():
        pytest.skip(f"no {name} data: set QUICKSTEP_DATASETS to the folder that holds {name}/")
    return folder
