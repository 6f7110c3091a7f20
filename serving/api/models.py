"""What requests and responses look like. Requests are parsed with these; responses are documented by them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_FIELDS = 64
MAX_CHOICES = 256
MAX_INSTANCES = 4096
"""Structural bounds that keep parsing cheap; tasks and settings bound more tightly."""

Fields = Annotated[dict[str, str], Field(max_length=MAX_FIELDS, description="The task's input fields.")]
ChoiceList = Annotated[
    list[str],
    Field(max_length=MAX_CHOICES, description="The answers to choose from, where the task takes them."),
]


Agrees = Annotated[
    bool,
    Field(description="Whether the rationale ends in the answer: it is written by itself and may come to another one."),
]

Abstained = Annotated[
    bool,
    Field(
        description="Whether the answer is less probable than the task's threshold: the best guess, not to be relied "
        "on. Always false for free text, and where no threshold was asked for at export."
    ),
]


MergedChoices = Annotated[
    list[str] | None,
    Field(description="Only where choices repeat: those given more than once, each of which counted as one answer."),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Instance(_Request):
    """One question of several."""

    inputs: Fields
    choices: ChoiceList | None = None


class Ask(_Request):
    """A request: one question as `inputs` (and `choices`), or several as `instances`."""

    task: Annotated[str, Field(description="A task's name, see GET /tasks.")]
    inputs: Fields | None = None
    choices: ChoiceList | None = None
    instances: Annotated[list[Instance], Field(max_length=MAX_INSTANCES, description="Several questions.")] | None = (
        None
    )


class Candidate(BaseModel):
    """An answer and how probable it is."""

    answer: str
    probability: Annotated[float, Field(ge=0, le=1)]


class Answer(BaseModel):
    """The answer to one question."""

    answer: Annotated[str, Field(description="The most probable answer, or the text the student wrote.")]
    probabilities: Annotated[
        list[Candidate] | None, Field(description="Of all answers, adding up to 1; null for free text.")
    ]
    value: Annotated[float | None, Field(description="The value of an answer that is an equation, else null.")]
    abstained: Abstained
    merged_choices: MergedChoices = None
    task: str
    bundle: Annotated[str, Field(description="Which student answered: name and short digest.")]
    prediction_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="Names this answer, here and only here.")]


class ExplainedAnswer(Answer):
    """The answer to one question, with the student's reasons."""

    rationale: str
    rationale_agrees: Agrees


class InstanceAnswer(BaseModel):
    """The answer to one of several questions."""

    answer: str
    probabilities: list[Candidate] | None
    value: float | None
    abstained: Abstained
    merged_choices: MergedChoices = None
    prediction_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class ExplainedInstanceAnswer(InstanceAnswer):
    """The answer to one of several questions, with the student's reasons."""

    rationale: str
    rationale_agrees: Agrees


class Answers(BaseModel):
    """The answers to several questions, in their order."""

    predictions: list[InstanceAnswer]
    task: str
    bundle: str


class ExplainedAnswers(BaseModel):
    """The answers to several questions with reasons, in their order."""

    predictions: list[ExplainedInstanceAnswer]
    task: str
    bundle: str


class ChoiceLimits(BaseModel):
    """How many choices a request brings."""

    min_choices: int
    max_choices: int


class TokenLimits(BaseModel):
    """Bounds in tokens of the student's tokenizer."""

    source_tokens: int
    label_tokens: int
    rationale_tokens: int


class SampleQuestion(BaseModel):
    """A question to try first: a valid request together with `task`."""

    inputs: dict[str, str]
    choices: list[str] | None = None


class TaskFacts(BaseModel):
    """What a client needs to know to ask a task's questions."""

    task: str
    description: str
    fields: list[str]
    answer_kind: Literal["closed", "choices", "text"]
    labels: Annotated[list[str] | None, Field(description="The answers of a closed task, else null.")]
    choices: Annotated[ChoiceLimits | None, Field(description="For tasks that take choices, else null.")]
    limits: TokenLimits
    sample: SampleQuestion | None


class TaskList(BaseModel):
    """The tasks of the student that is served."""

    tasks: list[TaskFacts]
    bundle: str


class Alive(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """The student answers."""

    status: Literal["ready"] = "ready"
    bundle: str
    precision: Annotated[str, Field(description="How the label path computes.")]


class FieldProblem(BaseModel):
    """One thing wrong with a request."""

    field: str
    message: str


class ProblemDocument(BaseModel):
    """An error (RFC 9457). Never contains what was sent."""

    type: Annotated[str, Field(description="`urn:quickstep:problem:` and the problem's short name.")]
    title: str
    status: int
    detail: str
    errors: Annotated[list[FieldProblem] | None, Field(description="What is wrong where, for 422.")] = None
