"""Optimum with ONNX Runtime in float32: `ORTModelForSeq2SeqLM.generate`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from optimum.onnxruntime import ORTModelForSeq2SeqLM

from benchmarks.peers.huggingface import written_labels
from benchmarks.peers.system import Work, made_by_package, whole


class Optimum:
    """`generate`, greedy, for as many tokens as a label has."""

    def __init__(self, work: Work, threads: int) -> None:
        self._work = work
        folder = made_by_package(work.folder, "optimum", "optimum-onnx", "transformers", "torch")
        if not folder.exists():
            with whole(folder) as unfinished:
                ORTModelForSeq2SeqLM.from_pretrained(work.model, export=True).save_pretrained(unfinished)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._model = ORTModelForSeq2SeqLM.from_pretrained(folder, session_options=options)

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label written, -1 for any other text."""
        return written_labels(self._model, self._work, input_ids)
