"""`OnnxStudent`: answers questions from a bundle. No torch, no web."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from student.bound_path import BoundLabelPath
from student.bundle import Bundle
from student.decoding import GreedyDecoder
from student.label_path import LabelPath
from student.label_trie import LabelTrie
from student.manifest import Device, GoldenAnswer, LabelGraphs, Precision
from student.padding import pad_rows
from student.prediction import Explanation, Prediction
from student.question import PreparedQuestion, Question
from student.reader import Reader, golden_differences
from student.sessions import choose_precision, open_cuda_session, open_session, usable_cores

IntArray = npt.NDArray[np.int64]

_SHALLOW = LabelTrie.build([(2,), (3,)], start_token=0)
_DEEP = LabelTrie.build([(2, 3), (2, 4)], start_token=0)
"""One for each of the label path's graphs, for runs whose answer nobody wants."""


class OnnxStudent(Reader):
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
        super().__init__(bundle, choose_precision(bundle, precision, device))
        self.threads = threads or usable_cores()
        label, rationale = bundle.manifest.label[self.precision], bundle.manifest.rationale
        rationale_threads = max(1, self.threads // 2)
        self._label = _open_label_path(bundle, label, device, self.threads)
        self._decoder = GreedyDecoder.open(
            bundle.path,
            rationale,
            rationale_threads,
            start_token=bundle.manifest.start_token,
            end_token=bundle.manifest.end_token,
        )

    @classmethod
    def load(
        cls, path: Path, threads: int = 0, precision: Precision | None = None, device: Device = "cpu"
    ) -> OnnxStudent:
        """Open, verify and load a bundle.

        Raises:
            BundleError: the bundle is missing, changed or incomplete, or cannot be loaded as the constructor says.
        """
        return cls(Bundle.open(path), threads, precision, device)

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
            for (i, question, _), logits in zip(closed, edge_logits, strict=True):
                predictions[i] = self.scored(question, logits)
        text = [(i, question) for i, question in enumerate(batch) if question.space is None]
        if text:
            written = self.answer_ids([question for _, question in text])
            for (i, question), token_ids in zip(text, written, strict=True):
                predictions[i] = self.written(question, token_ids)
        return [predictions[i] for i in range(len(batch))]

    def explain(self, batch: Sequence[PreparedQuestion]) -> list[Explanation]:
        """Answer a batch and write each rationale.

        Raises:
            ValueError: a question was prepared without its rationale input.
        """
        rationales = self.rationale_ids(batch)
        return [
            self.explained(question, prediction, token_ids)
            for question, prediction, token_ids in zip(batch, self.predict(batch), rationales, strict=True)
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
        differences = []
        for number, expected in enumerate(golden, start=1):
            prepared = self.prepare(Question(expected.task, expected.inputs, expected.choices), rationale=rationales)
            (answer,) = self.explain([prepared]) if rationales else self.predict([prepared])
            found = golden_differences(expected, answer, self.precision, tolerance)
            if found:
                differences.append(f"golden answer {number} ({expected.task}): {'; '.join(found)}")
        return differences

    def _decode(self, sources: Sequence[tuple[int, ...]], limits: Sequence[int]) -> list[list[int]]:
        input_ids, mask = self._pad(sources)
        return self._decoder.decode(input_ids, mask, limits)

    def _pad(self, rows: Sequence[tuple[int, ...]]) -> tuple[IntArray, npt.NDArray[np.int32]]:
        return pad_rows(rows, max(map(len, rows)), self.bundle.manifest.pad_token)


def _open_label_path(bundle: Bundle, graphs: LabelGraphs, device: Device, threads: int) -> LabelPath:
    def opened(name: str) -> ort.InferenceSession:
        return open_cuda_session(bundle.path / name) if device == "cuda" else open_session(bundle.path / name, threads)

    root, tree = opened(graphs.root), opened(graphs.tree) if graphs.tree else None
    if device == "cpu":
        return LabelPath(root, tree)
    return BoundLabelPath(root, tree, device=device, lengths=bundle.length_buckets)
