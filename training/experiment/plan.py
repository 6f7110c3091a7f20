"""`Plan`: an experiment, read from YAML, and the runs that it is made of.

An experiment is a recipe and what is changed in it. Each axis is either named changes to the recipe's keys (`methods`,
`students`, `teachers`) or values of one key; every combination is a run, for each seed. Runs that would be the same (a
weight of rationales for a method without) are one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from student.validation import list_problems, read_yaml
from training.config import ConfigError, TrainConfig, recipe_content, to_config
from training.methods import DEFAULT_METHOD, METHODS

_RECIPES = ("recipe", "methods", "students", "teachers")
"""Keys that decide what the runs' recipes hold."""
_NAMED_CELLS = 3
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]*")

Changes = dict[str, Any]


class ExperimentConfig(BaseModel):
    """An experiment as it is written.

    Attributes:
        recipe: the recipe that every run starts from, relative to the experiment's file.
        methods: by name, what each method changes in the recipe; a name stands for itself where it changes nothing
            but `method` (`methods: [standard, step-by-step]`).
        students: by name, what each student changes (`mini: {preset: mini}`).
        teachers: by name, what each teacher changes, such as its files (`palm: {data: [...]}`).
        fractions: parts of every source's training rows (of its first `rows`, where it says how many); subsets are
            nested.
        rationale_weights: values of lambda, for methods that have it; none keeps the recipe's. 0 trains labels alone,
            as method standard does: the baseline of a sweep.
        seeds: every combination is run with each; a seed draws the subset too, so that intervals speak of both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: str
    methods: Annotated[dict[str, Changes], Field(min_length=1)]
    students: dict[str, Changes] = {}
    teachers: dict[str, Changes] = {}
    fractions: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1.0,)
    rationale_weights: tuple[Annotated[float, Field(ge=0)], ...] = ()
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0, 1, 2)

    @field_validator("methods", mode="before")
    @classmethod
    def _names_of_methods(cls, methods: object) -> object:
        if isinstance(methods, list) and all(isinstance(name, str) for name in methods):
            return {name: {"method": name} for name in methods}
        return methods

    @field_validator("methods", "students", "teachers")
    @classmethod
    def _named(cls, named: dict[str, Changes]) -> dict[str, Changes]:
        wrong = [name for name in named if _NAME.fullmatch(name.replace("-", "_")) is None]
        if wrong:
            raise ValueError(f"{', '.join(map(repr, wrong))}: names are letters, digits, '-', '_' and '.'")
        return named

    @field_validator("fractions", "rationale_weights", "seeds")
    @classmethod
    def _distinct(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        repeated = sorted({value for value in values if values.count(value) > 1})
        if repeated:
            raise ValueError(f"{', '.join(map(str, repeated))} given more than once")
        return values


@dataclass(frozen=True)
class Cell:
    """What a run is an example of, seeds left out.

    Attributes:
        student: name of the student; the recipe's own size or model where the experiment has no axis of students.
        teacher: name of the teacher; empty where there is no such axis.
        rationale_weight: lambda as the run has it.
        fraction: part of the training rows.
    """

    method: str
    student: str
    teacher: str
    rationale_weight: float
    fraction: float


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        name: of its directory, unique in the experiment.
        config: its recipe, resolved.
    """

    name: str
    cell: Cell
    seed: int
    config: TrainConfig


@dataclass(frozen=True)
class Plan:
    """An experiment and its runs in the order in which they are trained: every cell once, then the next seed."""

    config: ExperimentConfig
    runs: tuple[Run, ...]


def load_plan(path: Path) -> Plan:
    """Read an experiment and check the recipe of every run.

    Raises:
        ConfigError: naming every problem of the file, or of every run's recipe, at once.
    """
    content = read_yaml(path, "experiment", ConfigError, "docs/experiments.md has one")
    if not isinstance(content, dict):
        raise ConfigError(f"experiment {path}: must be a mapping with recipe and methods; docs/experiments.md has one")
    config, problems = _read(content)
    runs: tuple[Run, ...] = ()
    if config is not None:
        recipe = path.parent / config.recipe
        try:
            runs, wrong = _runs(config, recipe_content(recipe), recipe.parent)
            problems += wrong
        except ConfigError as error:
            problems.append(str(error))
    if config is None or problems:
        raise ConfigError(f"experiment {path}: {'; '.join(problems)}", problems)
    return Plan(config, runs)


def _read(content: Changes) -> tuple[ExperimentConfig | None, list[str]]:
    """An experiment's file, without the keys that are wrong; None where its runs cannot be told from the others."""
    try:
        return ExperimentConfig.model_validate(content), []
    except ValidationError as error:
        problems = list_problems(error, ExperimentConfig.model_fields)
        wrong = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    if any(name in _RECIPES or get_close_matches(name, _RECIPES) for name in wrong):
        return None, problems
    return ExperimentConfig.model_validate({key: content[key] for key in content if key not in wrong}), problems


def _runs(config: ExperimentConfig, base: Changes, folder: Path) -> tuple[tuple[Run, ...], list[str]]:
    """The runs, and what is wrong with their recipes."""
    runs: dict[tuple[Cell, int], Run] = {}
    # By problem, the cells that have it: of the recipe itself all do, and a cell for all its seeds.
    found: dict[str, list[str]] = {}
    for seed in config.seeds:
        for cell, changes in _cells(config, base):
            try:
                content = {**base, **changes, "seed": seed, "data": _part(changes, base, cell.fraction, seed)}
                recipe = to_config(content, folder, cell_name(cell))
            except ConfigError as error:
                for problem in error.problems:
                    if cell_name(cell) not in found.setdefault(problem, []):
                        found[problem].append(cell_name(cell))
                continue
            made = Cell(cell.method, cell.student, cell.teacher, recipe.rationale_weight, cell.fraction)
            name = cell_name(made, weighted=recipe.taught_by.learns_rationale)
            runs.setdefault((made, seed), Run(f"{name}-s{seed}", made, seed, recipe))
    problems = _told(found)
    names = [run.name for run in runs.values()]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"several runs would be called {', '.join(repeated)}; rename methods, students or teachers")
    return tuple(runs.values()), problems


def _told(found: Mapping[str, list[str]]) -> list[str]:
    """Problems with the cells that have them; those of the same cells together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for problem, cells in found.items():
        together.setdefault(tuple(cells), []).append(problem)
    told = []
    for names, problems in together.items():
        more = f" and {len(names) - _NAMED_CELLS} more" if len(names) > _NAMED_CELLS else ""
        told.append(f"{', '.join(names[:_NAMED_CELLS])}{more}: {'; '.join(problems)}")
    return told


def _cells(config: ExperimentConfig, base: Changes) -> Iterator[tuple[Cell, Changes]]:
    """Every combination of the axes, with what it changes in the recipe."""
    students = config.students or {_own_student(base): {}}
    teachers = config.teachers or {"": {}}
    weights: tuple[float | None, ...] = config.rationale_weights or (None,)
    for fraction, student, teacher, method, weight in itertools.product(
        config.fractions, students, teachers, config.methods, weights
    ):
        changes: Changes = {**students[student], **teachers[teacher], **config.methods[method]}
        taught_by = METHODS.get(str(changes.get("method", base.get("method", DEFAULT_METHOD))))
        if taught_by is not None:
            # What the recipe says for one method is not for those that have no use for it.
            if not taught_by.learns_rationale:
                changes.setdefault("rationale_weight", 0.0)
            elif weight is not None and "rationale_weight" not in config.methods[method]:
                changes["rationale_weight"] = weight
            if not taught_by.needs_rationales:
                changes.setdefault("rationales", {})
        yield Cell(method, student, teacher, changes.get("rationale_weight", -1.0), fraction), changes


def _part(changes: Changes, base: Changes, fraction: float, seed: int) -> object:
    """The sources with a part of their training rows."""
    data = changes.get("data", base.get("data"))
    if fraction == 1 or not isinstance(data, list):
        return data
    parts = []
    for source in data:
        if isinstance(source, Mapping):
            parts.append({**source, "fraction": fraction * source.get("fraction", 1), "subset_seed": seed})
        else:
            parts.append(source)
    return parts


def cell_name(cell: Cell, *, weighted: bool = False) -> str:
    """A cell as the name of a file; with its weight where that is above 0, or it has one by its method."""
    parts = [cell.student, cell.teacher, cell.method]
    if weighted or cell.rationale_weight > 0:
        parts.append(f"w{cell.rationale_weight:g}")
    return "-".join(part for part in [*parts, f"part{cell.fraction:g}"] if part)


def _own_student(base: Changes) -> str:
    """What to call the student where the recipe alone says which."""
    name = str(base.get("preset") or base.get("pretrained") or "student")
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(name).name) or "student"
