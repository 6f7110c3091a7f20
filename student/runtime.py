"""`OnnxStudent`: answers questions from a bundle. No torch, no web."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from student.answers import concludes_in, equation_value
from student.bound_path import BoundLabelPath
from student.bundle import TOKENIZER, Bundle
from student.confidence import Confidence
from student.decoding import GreedyDecoder
from student.errors import BundleError, QuickstepError, TaskError
from student.label_path import LabelPath
from student.label_trie import LabelTrie
from student.manifest import Device, GoldenAnswer, LabelGraphs, Precision
from student.question import AnswerSpace, PreparedQuestion, Question, QuestionPreparer
from student.sessions import choose_precision, open_cuda_session, open_session, usable_cores

IntArray = npt.NDArray[np.int64]

GOLDEN_TOLERANCE: dict[Precision, float] = {"fp32": 1e-3, "int8": 1e-3, "fp16": 1e-2, "bf16": 5e-2}
"""Largest difference of a golden answer's probability: another processor sums in another order, and then rounds."""

UNCALIBRATED = Confidence()
"""Probabilities as the student gives them."""

_SHALLOW = LabelTrie.build([(2,), (3,)], start_token=0)
_DEEP = LabelTrie.build([(2, 3), (2, 4)], start_token=0)
"""One for each of the label path's graphs, for runs whose answer nobody wants."""


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
        abstained: the answer is less probable than the task's threshold: the best guess, not to be relied on.
        merged_choices: choices that were given more than once, each of which counted as one answer.
    """

    answer: str
    probabilities: tuple[AnswerProbability, ...] | None
    value: float | None
    abstained: bool = False
    merged_choices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """What a client is told; `merged_choices` only where there are any."""
        told: dict[str, object] = {
            "answer": self.answer,
            "probabilities": None
            if self.probabilities is None
            else [{"answer": entry.answer, "probability": entry.probability} for entry in self.probabilities],
            "value": self.value,
            "abstained": self.abstained,
        }
        return {**told, "merged_choices": list(self.merged_choices)} if self.merged_choices else told


@dataclass(frozen=True)
class Explanation:
    """An answer with the student's rationale.

    Attributes:
        rationale: written by itself, from the same question; nothing forces it to end in the answer.
        rationale_agrees: whether it does.
    """

    prediction: Prediction
    rationale: str
    rationale_agrees: bool


class OnnxStudent:
    """A student loaded from a bundle; all methods may be called from several threads.

    Args:
        bundle: a verified bundle.
        threads: threads of a label pass; 0 takes one for each core this process may use. Rationales take half as many,
            so that they leave room for labels.
        precision: of the label path; None takes the fastest that the bundle has and the device runs.
        device: of the label path.

    Raises:
        BundleError: a graph or the tokenizer cannot be loaded, the bundle has not this precision, or the device is not
            there or does not run it.
    """

    def __init__(
        self, bundle: Bundle, threads: int = 0, precision: Precision | None = None, device: Device = "cpu"
    ) -> None:
        self.bundle = bundle
        self.threads = threads or usable_cores()
        self.precision = choose_precision(bundle, precision, device)
        label, rationale = bundle.manifest.label[self.precision], bundle.manifest.rationale
        self._confidence = bundle.manifest.confidence.get(self.precision, {})
        rationale_threads = max(1, self.threads // 2)
        self._label = _open_label_path(bundle, label, device, self.threads)
        self._decoder = GreedyDecoder.open(
            bundle.path,
            rationale,
            rationale_threads,
            start_token=bundle.manifest.start_token,
            end_token=bundle.manifest.end_token,
        )
        self._tokenizer = load_tokenizer(bundle.path / TOKENIZER)
        try:
            self._preparer = QuestionPreparer(bundle.tasks, self._tokenizer, bundle.manifest.start_token)
        except TaskError as error:
            raise BundleError(f"bundle {bundle.path}: {error}") from None

    @classmethod
    def load(
        cls, path: Path, threads: int = 0, precision: Precision | None = None, device: Device = "cpu"
    ) -> OnnxStudent:
        """Open, verify and load a bundle.

        Raises:
            BundleError: the bundle is missing, changed or incomplete, or cannot be loaded as the constructor says.
        """
        return cls(Bundle.open(path), threads, precision, device)

    def prepare(self, question: Question, *, rationale: bool = False) -> PreparedQuestion:
        """Check and tokenise a question; see `student.question.QuestionPreparer.prepare`."""
        return self._preparer.prepare(question, rationale=rationale)

    def warm_up(self) -> None:
        """Run the label path once at every bucket's length, for whatever is allocated or compiled at first use."""
        tries = [_SHALLOW] if self.bundle.manifest.label[self.precision].tree is None else [_SHALLOW, _DEEP]
        for length in self.bundle.manifest.length_buckets:
            input_ids, mask = self._pad([(self.bundle.manifest.end_token,) * length])
            for trie in tries:
                self._label.edge_logits(input_ids, mask, [trie])

    def predict(self, batch: Sequence[PreparedQuestion]) -> list[Prediction]:
        """Answer a batch: one label pass for closed answer spaces, greedy decoding for free text."""
        predictions: dict[int, Prediction] = {}
        closed = [(i, question, question.space) for i, question in enumerate(batch) if question.space is not None]
        if closed:
            input_ids, mask = self._pad([question.label_ids for _, question, _ in closed])
            tries = [space.trie for _, _, space in closed]
            edge_logits = self._label.edge_logits(input_ids, mask, tries)
            for (i, question, space), logits in zip(closed, edge_logits, strict=True):
                predictions[i] = _choose(space, logits, self._confidence.get(question.task.name, UNCALIBRATED))
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
            Explanation(prediction, rationale, concludes_in(question.task, rationale, prediction.answer))
            for question, prediction, rationale in zip(batch, self.predict(batch), rationales, strict=True)
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
        self, golden: Sequence[GoldenAnswer], *, tolerance: float | None = None, rationales: bool = True
    ) -> list[str]:
        """Ask the golden questions again.

        Args:
            golden: the bundle's golden answers, or some of them.
            tolerance: largest difference of a probability; None takes `GOLDEN_TOLERANCE`.
            rationales: also write and compare the rationales, which takes a decoding loop each.

        Returns:
            One line for each question that is answered otherwise; empty if all agree.
        """
        allowed = GOLDEN_TOLERANCE[self.precision] if tolerance is None else tolerance
        differences = []
        for number, expected in enumerate(golden, start=1):
            found = self._golden_differences(expected, allowed, rationales)
            if found:
                differences.append(f"golden answer {number} ({expected.task}): {'; '.join(found)}")
        return differences

    def _golden_differences(self, expected: GoldenAnswer, tolerance: float, rationales: bool) -> list[str]:
        question = Question(expected.task, expected.inputs, expected.choices)
        prepared = self.prepare(question, rationale=rationales)
        (prediction,) = self.predict([prepared])
        if prediction.answer != expected.answer:
            return [f"answers {prediction.answer!r}, expected {expected.answer!r}"]
        given = [item.probability for item in prediction.probabilities or ()]
        wanted = expected.probabilities[self.precision] if expected.probabilities is not None else ()
        if len(given) != len(wanted):
            return [f"{len(given)} probabilities, expected {len(wanted)}"]
        found = []
        gap = max((abs(a - b) for a, b in zip(given, wanted, strict=True)), default=0.0)
        if not gap <= tolerance:
            found.append(f"probabilities differ by {gap:.2e}, at most {tolerance:.0e} is allowed")
        if rationales and self.explain([prepared])[0].rationale != expected.rationale:
            found.append("the rationale differs")
        return found

    def _decode(self, sources: Sequence[tuple[int, ...]], limits: Sequence[int]) -> list[list[int]]:
        input_ids, mask = self._pad(sources)
        return self._decoder.decode(input_ids, mask, limits)

    def _texts(self, rows: Sequence[Sequence[int]]) -> list[str]:
        return [text.strip() for text in self._tokenizer.decode_batch(rows, skip_special_tokens=True)]

    def _pad(self, rows: Sequence[tuple[int, ...]]) -> tuple[IntArray, npt.NDArray[np.int32]]:
        longest = max(map(len, rows))
        input_ids = np.full((len(rows), longest), self.bundle.manifest.pad_token, dtype=np.int64)
        mask = np.zeros((len(rows), longest), dtype=np.int32)
        for number, row in enumerate(rows):
            input_ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
        return input_ids, mask


def _choose(space: AnswerSpace, edge_logits: npt.NDArray[np.float32], confidence: Confidence) -> Prediction:
    probabilities = space.trie.probabilities(edge_logits, confidence.temperature)
    if not math.isfinite(float(probabilities.sum())):
        raise QuickstepError("the label graph gave scores that are not finite")
    best = int(probabilities.argmax())
    return Prediction(
        answer=space.answers[best],
        probabilities=tuple(
            AnswerProbability(answer, float(probability))
            for answer, probability in zip(space.answers, probabilities, strict=True)
        ),
        value=None,
        abstained=confidence.abstains(float(probabilities[best])),
        merged_choices=space.repeated,
    )


def _open_label_path(bundle: Bundle, graphs: LabelGraphs, device: Device, threads: int) -> LabelPath:
    def opened(name: str) -> ort.InferenceSession:
        return open_cuda_session(bundle.path / name) if device == "cuda" else open_session(bundle.path / name, threads)

    root, tree = opened(graphs.root), opened(graphs.tree) if graphs.tree else None
    if device == "cpu":
        return LabelPath(root, tree)
    return BoundLabelPath(root, tree, device=device, lengths=bundle.length_buckets)


def load_tokenizer(file: Path) -> Tokenizer:
    """A bundle's tokenizer, which neither pads nor cuts.

    Raises:
        BundleError: the file is none.
    """
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises Exception itself
        raise BundleError(f"bundle {file}: is no tokenizer ({error}); export again") from error
    # Padding and cutting are ours: whatever the training side left switched on must not act here.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
