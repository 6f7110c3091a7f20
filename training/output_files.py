"""Whether a command may write where it was told to: never over what it reads."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from training.data.source_spec import location_of


def check_outputs(
    parser: argparse.ArgumentParser, outputs: Mapping[str, Path | None], inputs: Iterable[Path | str]
) -> None:
    """End with status 2 where an output has no place, or is a file that is read or written otherwise.

    Args:
        parser: of the command.
        outputs: files to write, by flag; None where none is asked for.
        inputs: files and folders that the command reads; names that are neither are passed over.
    """
    read = [path.resolve() for path in map(Path, inputs) if path.exists()]
    written: dict[Path, str] = {}
    for flag, path in outputs.items():
        if path is None:
            continue
        if path.is_dir():
            parser.error(f"{flag} {path}: is a directory; give the name of a file")
        if not path.parent.is_dir():
            parser.error(f"{flag} {path}: there is no directory {path.parent}")
        place = path.resolve()
        if any(place == one or (place.exists() and one in place.parents) for one in read):
            parser.error(f"{flag} {path}: is read by this command, which would overwrite it; give another file")
        if place in written:
            parser.error(f"{flag} {path}: is written by {written[place]} too; give another file")
        written[place] = flag


def locations(specs: Iterable[str]) -> list[str]:
    """What stands after the colon of sources such as `jsonl:<file>`."""
    return [location for location in map(location_of, specs) if location]
