"""How the run of a student divided its sources, from the recipe in its record.

Rows that a run was trained on say nothing of its student. Which those are is decided by more than a share and a
seed: a source may be validated on a file of its own, or trained on whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from student.errors import DataError
from training.data.hub import Columns
from training.data.source_spec import is_generated, kind_of, location_of
from training.data.sources import Split


@dataclass(frozen=True)
class Cut:
    """How the rows of one source were divided.

    Attributes:
        share: part of the rows that was held out; 0 where all were trained on.
        seed: of the cut.
        validation: the file that was validated on in place of a part.
        test: the file that the run reports on in place of the source itself.
        columns: of a dataset of the hub, as far as the recipe names any.
        max_bad_share: largest part of the rows that may be unusable.
    """

    share: float = 0.1
    seed: int = 0
    validation: Path | None = None
    test: Path | None = None
    columns: Columns | None = None
    max_bad_share: float = 1.0


@dataclass(frozen=True)
class RecordedCuts:
    """What a recipe says of all its sources.

    Attributes:
        config: the recipe, as a student's record keeps it; empty where it is not known.
    """

    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def everywhere(self) -> Cut:
        """The cut of a source of which the recipe says nothing else."""
        return Cut(float(self.config.get("validation_share", 0.1)), int(self.config.get("data_seed", 0)))

    def of(self, spec: str, split: Split) -> Cut:
        """How a source was divided; one that the recipe does not name is divided as others of it.

        Args:
            spec: the source.
            split: the part that is asked for.

        Raises:
            DataError: the part is not clear, or all of the source's rows were trained on.
        """
        named = [entry for entry in self._entries if _same(entry["source"], spec)]
        if split != "test":
            self._check(spec, split, named)
        if not named:
            return self.everywhere
        entry = named[0]
        names, labels = entry.get("columns") or {}, tuple(entry.get("label_names") or ())
        return Cut(
            share=self.everywhere.share if _validated(entry) else 0,
            seed=self.everywhere.seed,
            validation=_validation_file(entry) if split != "test" else None,
            test=_file(entry, "test"),
            columns=Columns(names, labels) if names or labels else None,
            max_bad_share=float(self.config.get("max_bad_share", 1.0)),
        )

    def differ_from(self, other: RecordedCuts) -> list[str]:
        """Where another run may have been trained on what this one validated on, for people.

        Nothing is said of a source that only one of the two names.
        """
        told = []
        one, two = self.everywhere, other.everywhere
        if (one.share, one.seed) != (two.share, two.seed):
            told.append(f"share {two.share:g}, seed {two.seed}, not share {one.share:g}, seed {one.seed}")
        told += [
            f"{ours['source']} by {_way(theirs)}, not by {_way(ours)}"
            for ours in self._entries
            for theirs in other._entries
            if _same(ours["source"], theirs["source"]) and _way(ours) != _way(theirs)
        ]
        return list(dict.fromkeys(told))

    @property
    def _entries(self) -> list[Mapping[str, Any]]:
        data = self.config.get("data")
        found = data if isinstance(data, list | tuple) else ()
        return [entry for entry in found if isinstance(entry, Mapping) and isinstance(entry.get("source"), str)]

    def _check(self, spec: str, split: Split, named: list[Mapping[str, Any]]) -> None:
        if is_generated(spec):
            return
        advice = "Leave --data out for the run's validation rows, or give rows it was not trained on, with --split test"
        ways = list(dict.fromkeys(map(_way, named)))
        if len(ways) > 1:
            raise DataError(
                f"--data {spec} --split {split}: the run took this source {len(named)} times and validated it by "
                f"{' and by '.join(ways)}. {advice}"
            )
        if named:
            if split == "validation" and not _validated(named[0]):
                raise DataError(
                    f"--data {spec} --split validation: the run trained on all of its rows (validation_rows: 0)."
                    f" {advice}"
                )
            return
        otherwise = [
            entry for entry in self._entries if kind_of(entry["source"]) == kind_of(spec) and _way(entry) != _CUT
        ]
        if otherwise:
            raise DataError(
                f"--data {spec} --split {split}: is none of the run's sources, and it validated "
                f"{otherwise[0]['source']} by {_way(otherwise[0])}; if this is that source, name it so. {advice}"
            )


_CUT = "a part of its rows"


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    location, other_location = location_of(one), location_of(other)
    return (
        kind_of(one) == kind_of(other) and bool(location) and Path(location).resolve() == Path(other_location).resolve()
    )


def _validated(entry: Mapping[str, Any]) -> bool:
    return entry.get("validation_rows") != 0


def _file(entry: Mapping[str, Any], key: str) -> Path | None:
    given = entry.get(key)
    return Path(given) if isinstance(given, str) else None


def _validation_file(entry: Mapping[str, Any]) -> Path | None:
    return _file(entry, "validation") if _validated(entry) else None


def _way(entry: Mapping[str, Any]) -> str:
    """How a source was validated, for people."""
    if not _validated(entry):
        return "none of its rows"
    return _CUT if _validation_file(entry) is None else f"the file {_validation_file(entry)}"
