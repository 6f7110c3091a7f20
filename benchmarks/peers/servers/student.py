"""The student as peers run it: whole texts in, the label's text out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_PREFIX = "PEER_"


@dataclass(frozen=True)
class Settings:
    """How a peer runs.

    Attributes:
        model: directory in the format of the peer's library, tokenizer included.
        label_tokens: tokens that are decoded at most.
        threads: of one worker.
        workers: processes.
        batch: most rows at once.
    """

    model: Path
    label_tokens: int
    threads: int
    workers: int
    batch: int

    def environment(self) -> dict[str, str]:
        """For a process that reads `from_environment`."""
        return {f"{_PREFIX}{name.upper()}": str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """What the one who started this process wants."""
        model, *numbers = (environment[f"{_PREFIX}{name.upper()}"] for name in cls.__dataclass_fields__)
        return cls(Path(model), *map(int, numbers))


class HfStudent:
    """Hugging Face `generate`, greedy, float32."""

    def __init__(self, settings: Settings) -> None:
        import torch
        from transformers import AutoTokenizer, T5ForConditionalGeneration

        torch.set_num_threads(settings.threads)
        self._torch = torch
        self._label_tokens = settings.label_tokens
        self._tokenizer = AutoTokenizer.from_pretrained(settings.model)
        self._model = T5ForConditionalGeneration.from_pretrained(settings.model).eval()

    def answer(self, texts: Sequence[str]) -> list[str]:
        """What the student writes for each text."""
        inputs = self._tokenizer(list(texts), padding=True, return_tensors="pt")
        with self._torch.inference_mode():
            written = self._model.generate(
                input_ids=inputs.input_ids,
                attention_mask=inputs.attention_mask,
                max_new_tokens=self._label_tokens,
                do_sample=False,
                num_beams=1,
            )
        answers: list[str] = self._tokenizer.batch_decode(written, skip_special_tokens=True)
        return answers


class CtStudent:
    """CTranslate2 in INT8, greedy."""

    def __init__(self, settings: Settings) -> None:
        import ctranslate2
        from transformers import AutoTokenizer

        self._label_tokens = settings.label_tokens
        self._tokenizer = AutoTokenizer.from_pretrained(settings.model)
        self._translator = ctranslate2.Translator(
            str(settings.model), device="cpu", compute_type="int8", intra_threads=settings.threads
        )

    def answer(self, texts: Sequence[str]) -> list[str]:
        """What the student writes for each text."""
        convert = self._tokenizer.convert_ids_to_tokens
        results = self._translator.translate_batch(
            [convert(ids) for ids in self._tokenizer(list(texts)).input_ids],
            beam_size=1,
            max_decoding_length=self._label_tokens,
        )
        ids = [self._tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in results]
        answers: list[str] = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return answers
