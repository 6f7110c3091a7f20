"""Hugging Face transformers in float32: `generate`, and the one-step scoring that a PyTorch user writes by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import T5ForConditionalGeneration

from benchmarks.peers.system import LABEL_TOKENS, Work


class HfGenerate:
    """`generate`, greedy, for as many tokens as a label has."""

    name = "hf-generate"
    precision = "fp32"

    def __init__(self, work: Work, threads: int) -> None:
        torch.set_num_threads(threads)
        self._work = work
        self._threads = threads
        self._model = T5ForConditionalGeneration.from_pretrained(work.model).eval()

    @torch.inference_mode()
    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label written, -1 for any other text."""
        torch.set_num_threads(self._threads)
        return written_labels(self._model, self._work, input_ids)


def written_labels(model: Any, work: Work, input_ids: npt.NDArray[np.int64]) -> list[int]:
    """Index of the label that `model.generate` writes for each row, -1 for any other text."""
    ids = torch.from_numpy(input_ids)
    written = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=LABEL_TOKENS,
        do_sample=False,
        num_beams=1,
    )
    return [work.index_of(row) for row in written[:, 1:].tolist()]


class HfStep:
    """Encoder and one decoder step; the label with the best first token."""

    name = "hf-step"
    precision = "fp32"

    def __init__(self, work: Work, threads: int) -> None:
        self._threads = threads
        self._first = [label[0] for label in work.labels]
        self._model = T5ForConditionalGeneration.from_pretrained(work.model).eval()

    @torch.inference_mode()
    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label whose first token scores best."""
        torch.set_num_threads(self._threads)
        ids = torch.from_numpy(input_ids)
        start = torch.zeros((len(ids), 1), dtype=torch.int64)
        logits = self._model(input_ids=ids, attention_mask=torch.ones_like(ids), decoder_input_ids=start).logits
        best: list[int] = logits[:, 0, self._first].argmax(dim=-1).tolist()
        return best
