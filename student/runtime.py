"""`OnnxStudent`: answers questions from a bundle. No torch, no web."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from student.answers import equation_value
from student.bundle import TOKENIZER, Bundle, GoldenAnswer
from student.decoding import GreedyDecoder
from student.errors import BundleError, InputError, Problem, QuickstepError
from student.label_trie import LabelTrie, TrieBatch, TrieError
from student.task import ClosedLabels, FreeText, Task, merge_choices

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Question:
    """What a client asks, not yet checked."""

    task: str
    inputs: Mapping[str, str]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerSpace:
    """The answers among which one is found, with their trie."""

    answers: tuple[str, ...]
    trie: LabelTrie


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


@dataclass(frozen=True)
class AnswerProbability:
    """One answer of the answer space and its probability."""

    answer: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes:
        probabilities: in the order of the answer space; None for free text.
        value: the value of an equation that can be read, else None.
    """

    answer: str
    probabilities: tuple[AnswerProbability, ...] | None
    value: float | None


@dataclass(frozen=True)
class Explanation:
    """An answer with the student's rationale."""

    prediction: Prediction
    rationale: str


class OnnxStudent:
    """A student loaded from a bundle; all methods may be called from several threads.

    Args:
        bundle: a verified bundle.
        threads: threads of a label pass; 0 takes one for each core this process may use. Rationales take half as many,
            so that they leave room for labels.

    Raises:
        BundleError: a graph or the tokenizer cannot be loaded.
    """

    def __init__(self, bundle: Bundle, threads: int = 0) -> None:
        self.bundle = bundle
        self.threads = threads or _usable_cores()
        graphs = bundle.manifest.graphs["fp32"]
        rationale_threads = max(1, self.threads // 2)
        self._label = _session(bundle.path / graphs.label, self.threads)
        self._decoder = GreedyDecoder(
            _session(bundle.path / graphs.encoder, rationale_threads),
            _session(bundle.path / graphs.decoder_first, rationale_threads),
            _session(bundle.path / graphs.decoder_next, rationale_threads),
            start_token=bundle.manifest.start_token,
            end_token=bundle.manifest.end_token,
        )
        self._tokenizer = _tokenizer(bundle.path / TOKENIZER)
        self._longest_piece = max(map(len, self._tokenizer.get_vocab()))
        self._closed = {
            task.name: self._closed_space(task, task.answer)
            for task in bundle.tasks.values()
            if isinstance(task.answer, ClosedLabels)
        }

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> OnnxStudent:
        """Open, verify and load a bundle.

        Raises:
            BundleError: the bundle is missing, changed, incomplete or cannot be loaded.
        """
        return cls(Bundle.open(path), threads)

    def prepare(self, question: Question, *, rationale: bool = False) -> PreparedQuestion:
        """Check and tokenise a question.

        Args:
            question: what is asked.
            rationale: also prepare the rationale input, for `explain`.

        Raises:
            InputError: the question does not fit its task; every problem is named, no input is repeated.
        """
        task = self.bundle.tasks.get(question.task)
        if task is None:
            known = ", ".join(self.bundle.tasks)
            raise InputError([Problem("task", f"is unknown; this student answers {known}")])
        task.validate_request(question.inputs, question.choices)
        space = self._space(task, question.choices)
        label_ids = self._source_ids(task, task.label_source(question.inputs, question.choices))
        rationale_ids = None
        if rationale:
            rationale_ids = self._source_ids(task, task.rationale_source(question.inputs, question.choices))
        return PreparedQuestion(task, label_ids, rationale_ids, space)

    def predict(self, batch: Sequence[PreparedQuestion]) -> list[Prediction]:
        """Answer a batch: one label pass for closed answer spaces, greedy decoding for free text."""
        predictions: dict[int, Prediction] = {}
        closed = [(i, question, question.space) for i, question in enumerate(batch) if question.space is not None]
        if closed:
            input_ids, mask = self._pad([question.label_ids for _, question, _ in closed])
            tries = [space.trie for _, _, space in closed]
            edge_logits = self._edge_logits(input_ids, mask, tries)
            for (i, _, space), logits in zip(closed, edge_logits, strict=True):
                predictions[i] = _choose(space, logits)
        text = [(i, question) for i, question in enumerate(batch) if question.space is None]
        if text:
            written = self._texts(self.answer_ids([question for _, question in text]))
            for (i, question), answer in zip(text, written, strict=True):
                predictions[i] = Prediction(answer, None, equation_value(question.task, answer))
        return [predictions[i] for i in range(len(batch))]

    def explain(self, batch: Sequence[PreparedQuestion]) -> list[Explanation]:
        """Answer a batch and write each rationale.

        Raises:
            ValueError: a question was prepared without its rationale input.
        """
        rationales = self._texts(self.rationale_ids(batch))
        return [
            Explanation(prediction, rationale)
            for prediction, rationale in zip(self.predict(batch), rationales, strict=True)
        ]

    def answer_ids(self, batch: Sequence[PreparedQuestion]) -> list[list[int]]:
        """Greedy, unconstrained answers: token ids of each row, up to its task's `label_tokens`."""
        return self._decode(
            [question.label_ids for question in batch], [question.task.limits.label_tokens for question in batch]
        )

    def rationale_ids(self, batch: Sequence[PreparedQuestion]) -> list[list[int]]:
        """Greedy rationales: token ids of each row, up to its task's `rationale_tokens`.

        Raises:
            ValueError: a question was prepared without its rationale input.
        """
        sources = []
        for question in batch:
            if question.rationale_ids is None:
                raise ValueError("prepare the question with rationale=True to explain it")
            sources.append(question.rationale_ids)
        return self._decode(sources, [question.task.limits.rationale_tokens for question in batch])

    def check_golden(
        self, golden: Sequence[GoldenAnswer], *, tolerance: float = 1e-3, rationales: bool = True
    ) -> list[str]:
        """Ask the golden questions again.

        Args:
            golden: the bundle's golden answers, or some of them.
            tolerance: largest difference of a probability (another processor rounds differently).
            rationales: also write and compare the rationales, which takes a decoding loop each.

        Returns:
            One line for each question that is answered otherwise; empty if all agree.
        """
        differences = []
        for number, expected in enumerate(golden, start=1):
            question = Question(expected.task, expected.inputs, expected.choices)
            prepared = self.prepare(question, rationale=rationales)
            (prediction,) = self.predict([prepared])
            name = f"golden answer {number} ({expected.task})"
            if prediction.answer != expected.answer:
                differences.append(f"{name}: answers {prediction.answer!r}, expected {expected.answer!r}")
                continue
            if prediction.probabilities is not None and expected.probabilities is not None:
                given = [item.probability for item in prediction.probabilities]
                if len(given) != len(expected.probabilities):
                    differences.append(f"{name}: {len(given)} probabilities, expected {len(expected.probabilities)}")
                    continue
                gap = max(abs(a - b) for a, b in zip(given, expected.probabilities, strict=True))
                if gap > tolerance:
                    differences.append(f"{name}: probabilities differ by {gap:.2e}, at most {tolerance:.0e} is allowed")
            if rationales and self.explain([prepared])[0].rationale != expected.rationale:
                differences.append(f"{name}: the rationale differs")
        return differences

    def _edge_logits(self, input_ids: IntArray, mask: IntArray, tries: Sequence[LabelTrie]) -> npt.NDArray[np.float32]:
        feeds = {"input_ids": input_ids, "attention_mask": mask, **TrieBatch.pack(tries).feeds()}
        logits: npt.NDArray[np.float32] = self._label.run(None, feeds)[0]
        return logits

    def _decode(self, sources: Sequence[tuple[int, ...]], limits: Sequence[int]) -> list[list[int]]:
        input_ids, mask = self._pad(sources)
        return self._decoder.decode(input_ids, mask, limits)

    def _texts(self, rows: Sequence[Sequence[int]]) -> list[str]:
        return [text.strip() for text in self._tokenizer.decode_batch(rows, skip_special_tokens=True)]

    def _pad(self, rows: Sequence[tuple[int, ...]]) -> tuple[IntArray, IntArray]:
        longest = max(map(len, rows))
        input_ids = np.full((len(rows), longest), self.bundle.manifest.pad_token, dtype=np.int64)
        mask = np.zeros((len(rows), longest), dtype=np.int64)
        for number, row in enumerate(rows):
            input_ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
        return input_ids, mask

    def _source_ids(self, task: Task, text: str) -> tuple[int, ...]:
        limit = task.limits.source_tokens
        # No piece is longer than the longest: past this many characters there is nothing to count.
        if len(text) > limit * self._longest_piece:
            raise InputError(
                [
                    Problem(
                        "inputs", f"{len(text)} characters with the template; that is over {limit} tokens in any case"
                    )
                ]
            )
        # encode() holds the GIL, encode_batch() does not: a long text must not stop a server's event loop.
        ids = tuple(self._tokenizer.encode_batch([text])[0].ids)
        if len(ids) > limit:
            raise InputError(
                [Problem("inputs", f"{len(ids)} tokens with the template; task {task.name!r} takes at most {limit}")]
            )
        return ids

    def _space(self, task: Task, choices: Sequence[str]) -> AnswerSpace | None:
        if isinstance(task.answer, FreeText):
            return None
        if isinstance(task.answer, ClosedLabels):
            return self._closed[task.name]
        answers = merge_choices(choices)
        try:
            return self._build_space(task, answers)
        except TrieError as error:
            # Choices are the sender's text: they are named by their place.
            first = [choices_index(choices, answers[position]) for position in error.positions]
            field = f"choices.{first[0]}" if len(first) == 1 else "choices"
            message = error.template.replace("answer", "choice").format(*(place + 1 for place in first))
            raise InputError([Problem(field, message)]) from None

    def _closed_space(self, task: Task, labels: ClosedLabels) -> AnswerSpace:
        try:
            return self._build_space(task, labels.labels)
        except TrieError as error:
            names = ", ".join(repr(labels.labels[position]) for position in error.positions)
            raise BundleError(f"bundle {self.bundle.path}: task {task.name}: labels {names}: {error}") from None

    def _build_space(self, task: Task, answers: tuple[str, ...]) -> AnswerSpace:
        limit = task.limits.label_tokens
        longest = limit * self._longest_piece
        for position, answer in enumerate(answers):
            if len(answer) > longest:
                raise TrieError(f"answer {{}} is over {limit} tokens", [position])
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(answers))]
        for position, ids in enumerate(tokens):
            if len(ids) < 2:
                raise TrieError("answer {} is empty in the student's tokens", [position])
            if len(ids) > limit:
                raise TrieError(f"answer {{}} has {len(ids)} tokens, at most {limit} are allowed", [position])
        return AnswerSpace(answers, LabelTrie.build(tokens, self.bundle.manifest.start_token))


def choices_index(choices: Sequence[str], answer: str) -> int:
    """Place of the first choice that is this answer once normalised."""
    return next(i for i, choice in enumerate(choices) if merge_choices([choice]) == (answer,))


def _choose(space: AnswerSpace, edge_logits: npt.NDArray[np.float32]) -> Prediction:
    probabilities = space.trie.probabilities(edge_logits[: space.trie.edges])
    if not math.isfinite(float(probabilities.sum())):
        raise QuickstepError("the label graph gave scores that are not finite")
    return Prediction(
        answer=space.answers[int(probabilities.argmax())],
        probabilities=tuple(
            AnswerProbability(answer, float(probability))
            for answer, probability in zip(space.answers, probabilities, strict=True)
        ),
        value=None,
    )


def _usable_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


def _session(file: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exception classes share no base but Exception
        raise BundleError(f"bundle {file}: ONNX Runtime cannot load it: {error}; export again") from error


def _tokenizer(file: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises Exception itself
        raise BundleError(f"bundle {file}: is no tokenizer ({error}); export again") from error
    # Padding and cutting are ours: whatever the training side left switched on must not act here.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
