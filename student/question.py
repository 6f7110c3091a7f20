"""Questions: what a client asks, checked, tokenised, and given its answer space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tokenizers import Tokenizer

from student.errors import InputError, Problem, TaskError
from student.label_trie import LabelTrie, TrieError
from student.task import Choices, ClosedLabels, Task, merge_choices, repeated_choices

_SHORT_CHARS = 4000


@dataclass(frozen=True)
class Question:
    """What a client asks, not yet checked."""

    task: str
    inputs: Mapping[str, str]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerSpace:
    """The answers among which one is found, with their trie.

    Attributes:
        repeated: answers that a request brought more than once; each is in `answers` once.
    """

    answers: tuple[str, ...]
    trie: LabelTrie
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreparedQuestion:
    """A checked and tokenised question, ready to be batched.

    Attributes:
        label_ids: token ids of the input with the label prefix, `</s>` included.
        rationale_ids: the same with the rationale prefix; None unless asked for.
        space: the answer space; None for free text.
    """

    task: Task
    label_ids: tuple[int, ...]
    rationale_ids: tuple[int, ...] | None
    space: AnswerSpace | None

    @property
    def source_tokens(self) -> int:
        """Length of the longer of the two inputs."""
        return max(len(self.label_ids), len(self.rationale_ids or ()))


class QuestionPreparer:
    """Checks and tokenises the questions of some tasks.

    Args:
        tasks: by name.
        tokenizer: the student's; must neither cut nor pad.
        start_token: the token that the decoder starts with.

    Raises:
        TaskError: a task's closed labels cannot be told apart in the student's tokens, or are over a limit.
    """

    def __init__(self, tasks: Mapping[str, Task], tokenizer: Tokenizer, start_token: int) -> None:
        self._tasks = tasks
        self._tokenizer = tokenizer
        self._start_token = start_token
        self._longest_piece = max(map(len, tokenizer.get_vocab()))
        self._closed = {
            task.name: self._closed_space(task, task.answer)
            for task in tasks.values()
            if isinstance(task.answer, ClosedLabels)
        }

    def closed_space(self, task: str) -> AnswerSpace | None:
        """The answer space of a task with closed labels, else None."""
        return self._closed.get(task)

    def prepare(self, question: Question, *, rationale: bool = False) -> PreparedQuestion:
        """Check and tokenise a question.

        Args:
            question: what is asked.
            rationale: also prepare the rationale input, for `explain`.

        Raises:
            InputError: the question does not fit its task; every problem is named, no input is repeated.
        """
        task = self._tasks.get(question.task)
        if task is None:
            known = ", ".join(self._tasks)
            raise InputError([Problem("task", f"is unknown; this student answers {known}")])
        task.validate_request(question.inputs, question.choices)
        sources = [task.label_source(question.inputs, question.choices)]
        if rationale:
            sources.append(task.rationale_source(question.inputs, question.choices))
        answers = merge_choices(question.choices)
        self._require_encodable(task, sources, question.choices)
        ids = self._encode([*sources, *answers])
        source_ids, answer_ids = ids[: len(sources)], ids[len(sources) :]
        problems = []
        longest, limit = max(map(len, source_ids)), task.limits.source_tokens
        if longest > limit:
            problems.append(
                Problem("inputs", f"{longest} tokens with {_extras(task)}; task {task.name!r} takes at most {limit}")
            )
        space = self._closed.get(task.name)
        if isinstance(task.answer, Choices):
            try:
                space = _answer_space(task, answers, answer_ids, self._start_token)
                if len(answers) < len(question.choices):
                    space = replace(space, repeated=repeated_choices(question.choices))
            except TrieError as error:
                problems.append(_choice_problem(error, question.choices, answers))
        if problems:
            raise InputError(problems)
        return PreparedQuestion(task, source_ids[0], source_ids[1] if rationale else None, space)

    def _require_encodable(self, task: Task, sources: Sequence[str], choices: Sequence[str]) -> None:
        """Refuse texts so long that they need not be tokenised: past this many characters no limit can hold."""
        most = task.limits.label_tokens * self._longest_piece
        problems = [
            Problem(f"choices.{place}", f"{len(choice)} characters; at most {most} are read")
            for place, choice in enumerate(choices)
            if len(choice) > most
        ]
        most = task.limits.source_tokens * self._longest_piece
        # Choices are part of the source: where one is too long by itself, the inputs are not to blame.
        if not problems and (given := max(map(len, sources))) > most:
            problems.append(
                Problem(
                    "inputs",
                    f"{given} characters with {_extras(task)}; at most {most} are read, and of those task "
                    f"{task.name!r} takes {task.limits.source_tokens} tokens",
                )
            )
        if problems:
            raise InputError(problems)

    def _encode(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        # encode_batch() lets go of the GIL, so that a long text does not stop a server's event loop, but wakes threads
        # for it: for short texts that takes longer than the work, and from cores that the graphs run on.
        if sum(map(len, texts)) > _SHORT_CHARS:
            encodings = self._tokenizer.encode_batch(list(texts))
        else:
            encodings = [self._tokenizer.encode(text) for text in texts]
        return [tuple(encoding.ids) for encoding in encodings]

    def _closed_space(self, task: Task, labels: ClosedLabels) -> AnswerSpace:
        try:
            return _answer_space(task, labels.labels, self._encode(labels.labels), self._start_token)
        except TrieError as error:
            names = ", ".join(repr(labels.labels[position]) for position in error.positions)
            raise TaskError(f"task {task.name}: labels {names}: {error}") from None


def _answer_space(
    task: Task, answers: tuple[str, ...], tokens: Sequence[Sequence[int]], start_token: int
) -> AnswerSpace:
    limit = task.limits.label_tokens
    empty = [position for position, ids in enumerate(tokens) if len(ids) < 2]
    if empty:
        raise TrieError(f"{_numbered(empty)} empty in the student's tokens", empty)
    long = [position for position, ids in enumerate(tokens) if len(ids) > limit]
    if long:
        given = ", ".join(str(len(tokens[position])) for position in long)
        raise TrieError(f"{_numbered(long)} {given} tokens long, at most {limit} are allowed", long)
    return AnswerSpace(answers, LabelTrie.build(tokens, start_token))


def _numbered(positions: Sequence[int]) -> str:
    """What a `TrieError` says of these answers, with `{}` where their numbers stand."""
    return "answer {} is" if len(positions) == 1 else f"answers {', '.join(['{}'] * len(positions))} are"


def _choice_problem(error: TrieError, choices: Sequence[str], answers: tuple[str, ...]) -> Problem:
    # Choices are the sender's text: they are named by their place.
    places = [_place(choices, answers[position]) for position in error.positions]
    field = f"choices.{places[0]}" if len(places) == 1 else "choices"
    return Problem(field, error.template.replace("answer", "choice").format(*(place + 1 for place in places)))


def _extras(task: Task) -> str:
    return "template and choices" if task.takes_choices else "the template"


def _place(choices: Sequence[str], answer: str) -> int:
    """Place of the first choice that is this answer once normalised."""
    return next(i for i, choice in enumerate(choices) if merge_choices([choice]) == (answer,))
