"""`--datasets`: where the paper's data are, for the scripts that want them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection
from pathlib import Path

VARIABLE = "QUICKSTEP_DATASETS"


def add_datasets(parser: argparse.ArgumentParser, folders: Collection[str]) -> None:
    """Add the option.

    Args:
        parser: of the script.
        folders: that it may want, for `--help`.
    """
    parser.add_argument(
        "--datasets",
        type=Path,
        default=os.environ.get(VARIABLE) or None,
        metavar="DIR",
        help=f"folder that holds {_listed(folders)} in the release layout (default: ${VARIABLE})",
    )


def require_datasets(parser: argparse.ArgumentParser, given: Path | None, folders: Collection[str]) -> None:
    """End with a usage error where a dataset that is wanted is not there.

    Args:
        parser: of the script.
        given: the option's value.
        folders: that are wanted; none where the script can do without.
    """
    if not folders:
        return
    if given is None:
        parser.error(f"say where the datasets are: --datasets DIR or {VARIABLE}; DIR holds {_listed(folders)}")
    if missing := sorted(name for name in folders if not (given / name).is_dir()):
        parser.error(f"--datasets {given}: holds no {_listed(missing)}")


def _listed(folders: Collection[str]) -> str:
    return ", ".join(f"{name}/" for name in sorted(folders))
