"""What `manifest.json` and `golden.json` of a bundle hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from student.confidence import Confidence

FORMAT = 2
Precision = Literal["fp32", "int8", "fp16", "bf16"]
"""How the label path computes. The rationale path is float32 always."""

Device = Literal["cpu", "cuda"]
"""Where the label path computes. The rationale path stays on the CPU."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What a student may be called."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelGraphs(_Frozen):
    """Files of the label path in one precision.

    Attributes:
        root: encoder, and decoder at the root of the trie.
        tree: encoder, and decoder at all nodes of a trie; None where no task needs more than the root.
    """

    root: str
    tree: str | None = None


class RationaleGraphs(_Frozen):
    """Files of the rationale path.

    Attributes:
        encoder: source tokens to hidden states.
        decoder_first: the decoder's first step, which makes the cache.
        decoder_next: its later steps, which read the cache.
    """

    encoder: str
    decoder_first: str
    decoder_next: str


class FileRecord(_Frozen):
    """Size and digest of a file."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(_Frozen):
    """What a bundle is and what made it.

    Attributes:
        format: version of the bundle format.
        name: name of the student.
        label: the label path's graph files, by precision.
        rationale: the rationale path's graph files.
        start_token: id that the decoder starts with.
        end_token: id of `</s>`.
        pad_token: id that fills up shorter rows.
        max_source_tokens: longest input, over all tasks.
        length_buckets: source lengths, ascending, up to `max_source_tokens`. Rows share a batch with those of their
            bucket; where shapes have to be fixed, they are padded to its length.
        confidence: by precision and task, what turns scores into calibrated probabilities; a task without closed
            answers has none.
        files: every other file of the bundle.
        made_by: versions, training configuration, data digest, validation figures.
    """

    format: Literal[2] = 2
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    label: Annotated[dict[Precision, LabelGraphs], Field(min_length=1)]
    rationale: RationaleGraphs
    start_token: Annotated[int, Field(ge=0)]
    end_token: Annotated[int, Field(ge=0)]
    pad_token: Annotated[int, Field(ge=0)]
    max_source_tokens: Annotated[int, Field(ge=8)]
    length_buckets: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    confidence: dict[Precision, dict[str, Confidence]]
    files: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")], FileRecord]
    made_by: dict[str, Any]

    @model_validator(mode="after")
    def _holds_together(self) -> Manifest:
        if "fp32" not in self.label:
            raise ValueError(f"label: holds {', '.join(self.label)}; fp32 must be among them, as the reference")
        lengths = self.length_buckets
        if list(lengths) != sorted(set(lengths)) or lengths[-1] != self.max_source_tokens:
            raise ValueError(f"length_buckets {lengths}: must ascend and end in {self.max_source_tokens}")
        return self


class GoldenAnswer(_Frozen):
    """A question with the answer that the student gave when it was compiled.

    Attributes:
        answer: the same in every precision.
        probabilities: by precision, in the order of the answer space; None for free text.
    """

    task: str
    inputs: dict[str, str]
    choices: tuple[str, ...] = ()
    answer: str
    probabilities: dict[Precision, tuple[float, ...]] | None
    rationale: str
