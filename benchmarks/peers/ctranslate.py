"""CTranslate2 in INT8: `translate_batch` for whole labels and for one step, and `score_batch`."""

from __future__ import annotations

import json
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt

from benchmarks.peers.system import LABEL_TOKENS, Work, made_by_package, whole


class _Translator:
    def __init__(self, work: Work, threads: int) -> None:
        self._work = work
        folder = made_by_package(work.folder, "ctranslate2", "ctranslate2", "transformers")
        if not folder.exists():
            converter = ctranslate2.converters.TransformersConverter(str(work.model))
            with whole(folder) as unfinished:
                converter.convert(str(unfinished), quantization="int8", force=True)
        self._translator = ctranslate2.Translator(str(folder), device="cpu", compute_type="int8", intra_threads=threads)
        self._tokens = _vocabulary(folder)
        self._labels = [[self._tokens[token] for token in label] for label in work.labels]

    def _sources(self, input_ids: npt.NDArray[np.int64]) -> list[list[str]]:
        return [[self._tokens[token] for token in row] for row in input_ids.tolist()]


class CtGenerate(_Translator):
    """`translate_batch`, greedy, for as many tokens as a label has."""

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label written, -1 for any other text."""
        results = self._translator.translate_batch(
            self._sources(input_ids), beam_size=1, max_decoding_length=LABEL_TOKENS, return_end_token=True
        )
        written = [result.hypotheses[0] for result in results]
        return [self._labels.index(tokens) if tokens in self._labels else -1 for tokens in written]


class CtStep(_Translator):
    """`translate_batch` for one step: its first token names the label."""

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label that begins with the token written, -1 for any other."""
        results = self._translator.translate_batch(self._sources(input_ids), beam_size=1, max_decoding_length=1)
        first = [label[:1] for label in self._labels]
        written = [result.hypotheses[0][:1] for result in results]
        return [first.index(tokens) if tokens in first else -1 for tokens in written]


class CtScore(_Translator):
    """`score_batch` of every label: the likelihood of its tokens."""

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the likeliest label."""
        sources = [source for source in self._sources(input_ids) for _ in self._labels]
        # score_batch adds `</s>` itself.
        targets = [label[:-1] for label in self._labels] * len(input_ids)
        scores = [sum(result.log_probs) for result in self._translator.score_batch(sources, targets)]
        best: list[int] = np.array(scores).reshape(len(input_ids), len(self._labels)).argmax(axis=1).tolist()
        return best


def _vocabulary(folder: Path) -> list[str]:
    return [str(token) for token in json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))]
