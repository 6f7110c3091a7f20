"""Hugging Face transformers in float32: `generate`, and the one-step scoring that a PyTorch user writes by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import T5ForConditionalGeneration

from benchmarks.peers.system import LABEL_TOKENS, Work

_SHAPES = 64
"""Batches and lengths that a process may compile, each more than once."""


class HfGenerate:
    """`generate`, greedy, for as many tokens as a label has."""

    def __init__(self, work: Work, threads: int) -> None:
        torch.set_num_threads(threads)
        self._work = work
        self._model = T5ForConditionalGeneration.from_pretrained(work.model).eval()

    @torch.inference_mode()
    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label written, -1 for any other text."""
        return written_labels(self._model, self._work, input_ids)


class HfCompile:
    """`generate` as above with a static cache, encoder and decoder compiled, as transformers documents it.

    https://huggingface.co/docs/transformers/v4.57.1/llm_optims: `cache_implementation="static"`, and `forward` through
    `torch.compile(mode="reduce-overhead", fullgraph=True)`. `generate` calls the encoder by itself, so it is compiled
    too. Each batch and length is compiled for itself in its first call, which takes minutes; what comes out is cached
    on disk by torch.
    """

    def __init__(self, work: Work, threads: int) -> None:
        torch.set_num_threads(threads)
        self._work = work
        model = T5ForConditionalGeneration.from_pretrained(work.model).eval()
        # transformers 4.57 gives the static cache a layer for each of `num_layers`, which are the encoder's, and fails
        # at the second call where the decoder has fewer. The encoder has its own copy of the configuration.
        model.config.num_layers = model.config.num_decoder_layers
        torch._dynamo.config.recompile_limit = _SHAPES
        torch._inductor.config.compile_threads = 1  # no further processes
        for part in (model, model.encoder):
            part.forward = torch.compile(part.forward, mode="reduce-overhead", fullgraph=True, dynamic=False)
        self._model = model
        self._compiled: set[tuple[int, ...]] = set()

    @torch.inference_mode()
    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label written, -1 for any other text; the first call of a batch and length compiles."""
        if input_ids.shape not in self._compiled:
            # The cache is made in the first call and found in the second, which is compiled anew.
            self._write(input_ids)
            self._compiled.add(input_ids.shape)
        return self._write(input_ids)

    def _write(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        return written_labels(self._model, self._work, input_ids, cache_implementation="static")


class HfStep:
    """Encoder and one decoder step; the label with the best first token."""

    def __init__(self, work: Work, threads: int) -> None:
        torch.set_num_threads(threads)
        self._first = [label[0] for label in work.labels]
        self._model = T5ForConditionalGeneration.from_pretrained(work.model).eval()

    @torch.inference_mode()
    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label whose first token scores best."""
        ids = torch.from_numpy(input_ids)
        start = torch.zeros((len(ids), 1), dtype=torch.int64)
        logits = self._model(input_ids=ids, attention_mask=torch.ones_like(ids), decoder_input_ids=start).logits
        best: list[int] = logits[:, 0, self._first].argmax(dim=-1).tolist()
        return best


def written_labels(model: Any, work: Work, input_ids: npt.NDArray[np.int64], **options: Any) -> list[int]:
    """Index of the label that `model.generate` writes for each row, -1 for any other text."""
    ids = torch.from_numpy(input_ids)
    written = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=LABEL_TOKENS,
        do_sample=False,
        num_beams=1,
        **options,
    )
    return [work.index_of(row) for row in written[:, 1:].tolist()]
