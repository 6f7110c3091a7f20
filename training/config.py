"""`TrainConfig`: a training recipe, read from YAML, checked as a whole before anything starts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError

from student.errors import DataError, QuickstepError
from student.rules import Ruled, rule
from student.validation import list_problems, load_yaml, read_yaml, yaml_problem
from training.data.rationale_quality import RationaleFilter
from training.data.source_spec import (
    HUB,
    KINDS,
    OWN_FILES,
    is_generated,
    kind_of,
    location_of,
    parse_source,
    task_problem,
)
from training.methods import DEFAULT_METHOD, METHODS, Method
from training.presets import PRESETS

TRACKERS = (
    "azure_ml",
    "clearml",
    "codecarbon",
    "comet_ml",
    "dagshub",
    "dvclive",
    "flyte",
    "mlflow",
    "neptune",
    "swanlab",
    "trackio",
    "wandb",
)
"""Where the trainer can send figures to besides TensorBoard (transformers' integrations)."""


class ConfigError(QuickstepError):
    """A recipe is wrong; the message names every problem.

    Attributes:
        problems: one by one, without the name of the recipe.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message)


class _Strict(Ruled):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceConfig(_Strict):
    """Where rows come from.

    Attributes:
        source: `cqa:<folder>`, `svamp:<folder>`, `anli:<folder>`, `esnli:<folder>`, `asdiv:<folder>`,
            `jsonl:<file>`, `csv:<file>` (your own rows, with their `task`), `hub:<owner>/<name>` or `hub:<folder>`
            (with a `task`), or `demo-nli`, `demo-choices`, `demo-math` (made by our generator). Relative paths are
            relative to the recipe.
        task: a built-in task's name or a YAML file, relative to the recipe; for `jsonl`, `csv` and `hub`.
        labels: whose answers are learned from this source; None leaves it to the recipe.
        rows: how many training rows: generated data need it, others take the first so many (absent: all).
        fraction: which part of these, as nested subsets: those of a smaller one are among those of a larger one.
        subset_seed: another seed gives other subsets.
        validation_rows: how many rows to validate on at most, drawn from those held out; 0 leaves all rows for
            training, as an extra set wants.
        validation: a file of rows with gold labels to validate on, for `jsonl` and `csv`; absent: a part of the rows.
        test: a file of rows with gold labels to report on, for `jsonl` and `csv`; rows that are trained or validated on
            as well are told.
        columns: for `hub`, the dataset's columns by our names, where they differ.
        label_names: for `hub`, the labels of integers, 0 first, where the dataset does not name them.
    """

    source: str
    task: str | None = None
    labels: Literal["gold", "teacher"] | None = None
    rows: Annotated[int, Field(ge=1)] | None = None
    fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    subset_seed: int = 0
    validation_rows: Annotated[int, Field(ge=0)] = 500
    validation: str | None = None
    test: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    label_names: tuple[str, ...] = ()

    @rule("source")
    def _source_is_one(self) -> Iterator[str]:
        try:
            parse_source(self.source)
        except DataError as error:
            yield str(error)

    @rule("source", "task")
    def _task_is_given_where_it_is_wanted(self) -> Iterator[str]:
        if (problem := task_problem(self.source, given=self.task is not None)) is not None:
            yield problem

    @rule("source", "validation", "test")
    def _files_differ(self) -> Iterator[str]:
        parts = {"source": location_of(self.source), "validation": self.validation, "test": self.test}
        given = {name: os.path.normpath(path) for name, path in parts.items() if path}
        for one, other in itertools.combinations(given, 2):
            if given[one] == given[other]:
                yield f"{one} and {other} are one file, {parts[other]}; name files of different rows"

    @rule("source", "rows")
    def _generated_rows_are_counted(self) -> Iterator[str]:
        if is_generated(self.source) and self.rows is None:
            yield f"{self.source} is generated: say how many rows"

    @rule("subset_seed", "fraction")
    def _subset_is_of_a_fraction(self) -> Iterator[str]:
        if self.subset_seed and self.fraction is None:
            yield "subset_seed chooses the subsets of a fraction; give a fraction, or leave it out"

    @rule("source", "validation")
    def _validation_is_of_own_files(self) -> Iterator[str]:
        yield from self._only_of_own_files("validation")

    @rule("source", "test")
    def _test_is_of_own_files(self) -> Iterator[str]:
        yield from self._only_of_own_files("test")

    def _only_of_own_files(self, key: str) -> Iterator[str]:
        if getattr(self, key) is not None and kind_of(self.source) not in OWN_FILES:
            yield f"{key} is a file for {' and '.join(OWN_FILES)} sources; leave it out of {self.source}"

    @rule("source", "columns")
    def _columns_are_of_the_hub(self) -> Iterator[str]:
        if self.columns and kind_of(self.source) != HUB:
            yield f"columns is for hub sources; leave it out of {self.source}"

    @rule("source", "label_names")
    def _label_names_are_of_the_hub(self) -> Iterator[str]:
        if self.label_names and kind_of(self.source) != HUB:
            yield f"label_names is for hub sources; leave it out of {self.source}"

    def relative_to(self, folder: Path) -> SourceConfig:
        """The same source with its paths taken from `folder`."""
        kind, location = kind_of(self.source), location_of(self.source)
        # A hub name looks like a relative path: it is one only if the directory is there.
        is_path = kind in KINDS and bool(location) and (kind != HUB or (folder / location).is_dir())
        changes: dict[str, Any] = {"source": f"{kind}:{folder / location}" if is_path else self.source}
        if self.task is not None and self.task.endswith((".yaml", ".yml")):
            changes["task"] = str(folder / self.task)
        for key in ("validation", "test"):
            if getattr(self, key) is not None:
                changes[key] = str(folder / getattr(self, key))
        return self.model_copy(update=changes)


class TrainConfig(_Strict):
    """Everything that decides a training run.

    Attributes:
        preset: train from scratch in this size (`training.presets.PRESETS`); or
        pretrained: a hub name or a local directory in the hub's format, relative to the recipe.
        tokenizer: with a preset, a hub name or a local directory whose tokenizer is taken; one is trained on the rows
            where none is given.
        data: the sources; several tasks make one student.
        method: how the student is taught (`training.methods`).
        labels: learn the dataset's own labels or the teacher's.
        rationale_weight: lambda in L = L_label + lambda * L_rationale, of method step-by-step; 0 trains labels alone.
            Other methods have one loss: there it is 0.
        rationales: which of the training rows' rationales are good enough to learn from; all, if nothing is said.
        steps: optimiser steps.
        batch_size: examples a step, of all processes and parts (each gives a label row and, where there is one, a
            rationale row).
        gradient_accumulation: parts in which each process learns from its share of a step's examples, one after the
            other; a step learns the same from as many examples, in less memory.
        gradient_checkpointing: compute what happens inside the layers again for the backward pass instead of keeping
            it; the same steps in less memory and more time.
        optimizer: `adamw`; or `muon`, which steps the hidden layers' matrices orthogonally (the rest by AdamW);
            meant for training from scratch.
        learning_rate: peak learning rate; falls to zero along a cosine.
        embedding_rate_factor: how many times faster the embeddings learn. Trained from scratch, T5's embeddings start
            at a deviation of 1 and its matrices near 0.1: the same absolute step is ten times smaller a change to
            the former. Adafactor, T5's own optimiser, scales by that; AdamW does not. 1 for pretrained models.
        warmup_steps: steps until the peak; None takes a tenth of the steps, at most 100.
        weight_decay: AdamW's decoupled weight decay.
        adam_beta2: AdamW's second moment decay; 0.98 reacts faster, which short runs want.
        dropout_rate: dropout; None keeps a pretrained model's own.
        bf16: compute in bfloat16 where that is safe (torch autocast); weights stay float32. Meant for
            processors and GPUs with bfloat16 instructions.
        fsdp: shard weights, gradients and the optimiser's state over the processes that `torchrun` started, for
            students too large for one device; with `bf16`, what is gathered and computed is bfloat16.
        group_by_length: batch rows of similar length, which saves padding.
        validate_every: steps between validations; the best student by mean accuracy over tasks is kept.
        validation_share: part of the rows kept for validation where a dataset has no such split.
        max_bad_share: stop if more than this part of a source's rows is unusable.
        deduplicate: leave out training rows that ask what an earlier one or a validation row asks; they are
            reported in any case.
        seed: of weights and order; another seed is another run on the same rows.
        data_seed: of generated rows and of the validation split.
        threads: CPU threads; 0 leaves it to torch.
        trackers: where else the figures that TensorBoard gets are sent (`TRACKERS`).
    """

    preset: str | None = None
    pretrained: str | None = None
    tokenizer: str | None = None
    data: Annotated[tuple[SourceConfig, ...], Field(min_length=1)]
    method: str = DEFAULT_METHOD
    labels: Literal["gold", "teacher"] = "gold"
    rationale_weight: Annotated[float, Field(ge=0)] = 1.0
    rationales: RationaleFilter = RationaleFilter()
    steps: Annotated[int, Field(ge=1)] = 1000
    batch_size: Annotated[int, Field(ge=1)] = 32
    gradient_accumulation: Annotated[int, Field(ge=1)] = 1
    gradient_checkpointing: bool = False
    optimizer: Literal["adamw", "muon"] = "adamw"
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    embedding_rate_factor: Annotated[float, Field(gt=0)] = 1.0
    warmup_steps: Annotated[int, Field(ge=0)] | None = None
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    adam_beta2: Annotated[float, Field(gt=0, lt=1)] = 0.999
    dropout_rate: Annotated[float, Field(ge=0, lt=1)] | None = None
    bf16: bool = False
    fsdp: bool = False
    group_by_length: bool = False
    validate_every: Annotated[int, Field(ge=1)] = 250
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    max_bad_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    deduplicate: bool = False
    seed: int = 0
    data_seed: int = 0
    threads: Annotated[int, Field(ge=0)] = 0
    trackers: tuple[str, ...] = ()

    @classmethod
    def completed(cls, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Methods without a second loss have no weight for it, unless the recipe says one, which is then refused."""
        method = METHODS.get(str(content.get("method", DEFAULT_METHOD)))
        if method is not None and not method.learns_rationale:
            return {"rationale_weight": 0.0, **content}
        return content

    @rule("preset", "pretrained")
    def _one_model(self) -> Iterator[str]:
        if self.preset is None and self.pretrained is None:
            yield "neither preset nor pretrained is given; one of them says which model to train"
        if self.preset is not None and self.pretrained is not None:
            yield "preset and pretrained are both given; leave one out (on the command line: --set preset=null)"

    @rule("preset")
    def _preset_is_known(self) -> Iterator[str]:
        if self.preset is not None and self.preset not in PRESETS:
            yield f"preset: {self.preset!r} is unknown; choose from {', '.join(PRESETS)}"

    @rule("preset", "pretrained", "tokenizer")
    def _tokenizer_is_of_a_preset(self) -> Iterator[str]:
        if self.tokenizer is not None and self.preset is None and self.pretrained is not None:
            yield "tokenizer: a pretrained model brings its own; leave it out, or train from scratch with a preset"

    @rule("method")
    def _method_is_known(self) -> Iterator[str]:
        if self.method not in METHODS:
            yield f"method: {self.method!r} is unknown; choose from {', '.join(METHODS)}"

    @rule("method", "rationale_weight")
    def _weight_has_a_loss(self) -> Iterator[str]:
        if self.rationale_weight and self.method in METHODS and not self.taught_by.learns_rationale:
            yield (
                f"rationale_weight: {self.rationale_weight:g} with method {self.method}, which has no second loss; "
                "leave it out (on the command line: --set rationale_weight=0), or use method: step-by-step"
            )

    @rule("method", "rationales")
    def _marks_have_rationales(self) -> Iterator[str]:
        if self.rationales != RationaleFilter() and self.method in METHODS and not self.taught_by.needs_rationales:
            yield f"rationales: method {self.method} learns none; leave the marks out"

    @rule("warmup_steps", "steps")
    def _warmup_ends(self) -> Iterator[str]:
        if self.warmup_steps is not None and self.warmup_steps >= self.steps:
            yield (
                f"warmup_steps: {self.warmup_steps} of {self.steps} steps; the peak learning rate would never be "
                "reached, so give fewer"
            )

    @rule("data")
    def _sources_differ(self) -> Iterator[str]:
        given = [(source.source, source.task) for source in self.data]
        repeated = sorted({source for source, task in given if given.count((source, task)) > 1})
        if repeated:
            yield f"data: {', '.join(repeated)} given more than once"

    @rule("batch_size", "gradient_accumulation")
    def _batch_has_equal_parts(self) -> Iterator[str]:
        if self.batch_size % self.gradient_accumulation:
            yield (
                f"batch_size: {self.batch_size} examples a step cannot be taken in {self.gradient_accumulation} equal "
                "parts (gradient_accumulation); give a multiple of it"
            )

    @rule("fsdp", "optimizer")
    def _matrices_are_whole(self) -> Iterator[str]:
        if self.fsdp and self.optimizer == "muon":
            yield (
                "optimizer: muon with fsdp; Muon makes the update of a whole matrix orthogonal, and a shard is a part "
                "of one: use adamw"
            )

    @rule("trackers")
    def _trackers_are_known(self) -> Iterator[str]:
        unknown = sorted(set(self.trackers) - set(TRACKERS))
        if unknown:
            yield (
                f"trackers: {', '.join(unknown)} is unknown; choose from {', '.join(TRACKERS)} (tensorboard is always "
                "written)"
            )

    @property
    def taught_by(self) -> Method:
        """The method."""
        return METHODS[self.method]

    @property
    def warmup(self) -> int:
        """Steps until the peak, whether or not the recipe gives them."""
        return min(100, self.steps // 10) if self.warmup_steps is None else self.warmup_steps


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a recipe.

    Args:
        path: YAML file; relative paths in it are relative to its folder.
        overrides: `key=value` pairs that replace top-level keys; values are YAML.

    Raises:
        ConfigError: naming every problem at once.
    """
    content = recipe_content(path)
    problems = []
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator:
            problems.append(f"--set {override}: must have the form key=value")
            continue
        try:
            content[key] = load_yaml(value)
        except yaml.YAMLError as error:
            problems.append(f"--set {override}: is not YAML: {yaml_problem(error)}")
    if problems:
        raise ConfigError("; ".join(problems), problems)
    return to_config(content, path.parent, f"recipe {path}")


def recipe_content(path: Path) -> dict[str, Any]:
    """A recipe's keys as they stand in its file, not yet checked.

    Raises:
        ConfigError: the file cannot be read or is no mapping.
    """
    content = read_yaml(path, "recipe", ConfigError, "examples lie in recipes/")
    if not isinstance(content, dict):
        raise ConfigError(f"recipe {path}: must be a mapping; see recipes/ for examples")
    return dict(content)


def to_config(content: dict[str, Any], folder: Path, origin: str) -> TrainConfig:
    """Check a recipe's keys.

    Args:
        content: the keys.
        folder: what relative paths are relative to.
        origin: what to call the recipe in errors.

    Raises:
        ConfigError: naming every problem at once.
    """
    try:
        return _resolved(TrainConfig.model_validate(content), folder)
    except ValidationError as error:
        problems = list_problems(error, TrainConfig.model_fields)
        raise ConfigError(f"{origin}: {'; '.join(problems)}", problems) from None


def _resolved(config: TrainConfig, folder: Path) -> TrainConfig:
    changes: dict[str, Any] = {"data": tuple(source.relative_to(folder) for source in config.data)}
    # A hub name looks like a relative path: it is one only if the directory is there.
    for key in ("pretrained", "tokenizer"):
        name = getattr(config, key)
        if name is not None and (folder / name).is_dir():
            changes[key] = str(folder / name)
    return config.model_copy(update=changes)
