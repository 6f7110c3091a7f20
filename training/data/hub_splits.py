"""Opening a dataset of the Hugging Face hub, or a folder in one of the hub's formats, and saying why it cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from student.errors import DataError

_DICT, _STATE, _INFO = "dataset_dict.json", "state.json", "dataset_info.json"
"""What `save_to_disk` writes beside the data: of several splits, and of each."""
_FOLDER = (
    "a folder holds what save_to_disk wrote, or Parquet, JSON lines or CSV files; write or copy it again, or take "
    "single files as jsonl:<file> or csv:<file>"
)


def open_splits(location: str) -> dict[str, Any]:
    """The splits of a dataset by name; from the hub it is downloaded, unless it lies in the cache.

    Args:
        location: `<owner>/<name>`, `<owner>/<name>/<config>` or a folder.

    Raises:
        DataError: the package is missing or the dataset cannot be had; of a folder it says what is wrong in it.
    """
    datasets = _datasets()
    opened = _open_folder(datasets, location) if Path(location).is_dir() else _open_hub(datasets, location)
    return dict(opened) if isinstance(opened, datasets.DatasetDict) else {"train": opened}


def _datasets() -> ModuleType:
    try:
        import datasets
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("student", "training"):
            raise
        raise DataError(
            f"hub: needs the package {error.name!r}, which is not installed; run make setup in the repository, or: "
            "pip install 'quickstep[data]'"
        ) from None
    module: ModuleType = datasets
    return module


def _open_hub(datasets: ModuleType, location: str) -> Any:
    owner, _, rest = location.partition("/")
    name, _, config = rest.partition("/")
    if not owner or not name or "/" in config:
        raise DataError(
            f"hub:{location}: must be written as hub:<owner>/<name> or hub:<owner>/<name>/<config>, or be a folder "
            f"{_instead_of_folder(location)}"
        )
    try:
        return datasets.load_dataset(f"{owner}/{name}", config or None)
    # What is wrong has many types: the network's, the hub's, those of files that are no data, of code (RuntimeError).
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise DataError(
            f"hub:{location}: cannot be loaded from the hub ({_told(error)}), and there is no folder of that name. "
            "Without a network or with HF_HUB_OFFLINE set, only what lies in the cache can be: fetch it once where "
            "there is a network, and point HF_HOME to that cache, or give a folder that save_to_disk wrote"
        ) from None


def _instead_of_folder(location: str) -> str:
    return "(it is a file; take it as jsonl:<file> or csv:<file>)" if Path(location).is_file() else "that is there"


def _open_folder(datasets: ModuleType, location: str) -> Any:
    folder = Path(location)
    try:
        saved = any((folder / name).is_file() for name in (_DICT, _STATE))
        problems = list(_saved_problems(folder)) if saved else []
        if not problems:
            return datasets.load_from_disk(location) if saved else datasets.load_dataset(location)
    # Besides the above: a file of `save_to_disk` that is JSON, but not what it was (LookupError, TypeError).
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, datasets.exceptions.DatasetsError) as error:
        problems = [_told(error)]
    raise DataError(f"hub:{location}: the folder cannot be loaded: {'; '.join(problems)}; {_FOLDER}")


def _saved_problems(folder: Path) -> Iterator[str]:
    """What of a folder that `save_to_disk` wrote is missing or broken."""
    if not (folder / _DICT).is_file():
        yield from _split_problems(folder)
        return
    splits = (_json(folder / _DICT) or {}).get("splits")
    if not isinstance(splits, list) or not splits or not all(isinstance(split, str) for split in splits):
        yield f"{_DICT} names no splits"
        return
    for split in splits:
        yield from _split_problems(folder / split, f"{split}/")


def _split_problems(folder: Path, name: str = "") -> Iterator[str]:
    if not folder.is_dir():
        yield f"{name} is not there"
        return
    found = {file: _json(folder / file) for file in (_STATE, _INFO)}
    for file, content in found.items():
        if not (folder / file).is_file():
            yield f"{name}{file} is not there"
        elif content is None:
            yield f"{name}{file} is no JSON object"
    state = found[_STATE]
    files = [] if state is None else state.get("_data_files")
    if not isinstance(files, list) or not all(isinstance(one, dict) and "filename" in one for one in files):
        yield f"{name}{_STATE} names no data files"
        return
    for one in files:
        if not (folder / str(one["filename"])).is_file():
            yield f"{name}{one['filename']} is not there"


def _json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _told(error: BaseException) -> str:
    """The first line of an error and of what caused it: `datasets` often says only that something failed."""
    told: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        line = str(cause).strip().partition("\n")[0]
        told.append(line if line and not isinstance(cause, LookupError) else f"{type(cause).__name__} {line}".strip())
        cause = cause.__cause__
    return ": ".join(dict.fromkeys(told))
