"""A teacher on this machine: a causal language model in the hub's format, run by transformers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jinja2.exceptions import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from training.teacher.base import CUT, Ask, Identity, Refusal, Reply
from training.teacher.errors import TeacherError
from training.teacher.prompt import NEXT_QUESTION, Prompt


@dataclass(frozen=True)
class LocalConfig:
    """How a model is run.

    Attributes:
        model: a directory in the hub's format, or a hub name.
        temperature: 0 takes the likeliest words.
        max_tokens: of an answer.
        batch_size: questions at a time.
        seed: of sampling. A sample's words depend on its batch too: a run that was interrupted may draw others.
        device: as torch names it; None takes a GPU where there is one.
    """

    model: str
    temperature: float = 0.0
    max_tokens: int = 512
    batch_size: int = 8
    seed: int = 0
    device: str | None = None


class LocalModel:
    """Runs a model; it is loaded when it is first asked.

    Args:
        config: how.
        prompt_digest: of the prompts that will be asked, for the identity.

    Raises:
        TeacherError: the model is a directory without a tokenizer, or is not on the hub.
    """

    def __init__(self, config: LocalConfig, prompt_digest: str) -> None:
        self.batch_rows = config.batch_size
        self._config = config
        self._name = f"--local {config.model}"
        self._device = config.device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._tokenizer: Any = self._load(lambda: AutoTokenizer.from_pretrained(config.model))
        if self._tokenizer.pad_token_id is None:
            # What stands in padded places is masked: any token does.
            self._tokenizer.pad_token_id = 0 if self._tokenizer.eos_token_id is None else self._tokenizer.eos_token_id
        self.identity: Identity = {
            "teacher": "local",
            "model": config.model,
            "prompt": prompt_digest,
            "temperature": config.temperature,
            "max_tokens": config.max_tokens,
            "seed": config.seed if config.temperature else None,
        }

    @cached_property
    def _model(self) -> Any:
        name = self._config.model
        return self._load(lambda: AutoModelForCausalLM.from_pretrained(name, dtype="auto").to(self._device).eval())

    def _load(self, load: Callable[[], Any]) -> Any:
        try:
            return load()
        # AssertionError is how torch says that it was built without a GPU.
        except (OSError, ValueError, KeyError, RuntimeError, AssertionError) as error:
            raise TeacherError(f"{self._name}: cannot be loaded as a causal language model ({error})") from None

    def ask(self, asks: Sequence[Ask]) -> list[Reply | Refusal]:
        """Answer a batch; see `training.teacher.base.Local`.

        A prompt that leaves no room for an answer within the model's positions is refused.

        Raises:
            TeacherError: the model's chat template refuses the messages, or the batch does not fit into memory.
        """
        sources = [self._source(ask.prompt) for ask in asks]
        outcomes: list[Reply | Refusal] = [self._too_long(source) or Reply("") for source in sources]
        asked = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Reply)]
        if asked:
            try:
                replies = self._generate([sources[i] for i in asked], self._batch_seed([asks[i] for i in asked]))
            except torch.OutOfMemoryError:
                raise TeacherError(
                    f"{self._name}: {len(asked)} questions at a time do not fit into memory; lower --batch-size"
                ) from None
            for place, reply in zip(asked, replies, strict=True):
                outcomes[place] = reply
        return outcomes

    def prompt_tokens(self, prompt: Prompt) -> int:
        """How many tokens a prompt has."""
        return len(self._source(prompt))

    def _source(self, prompt: Prompt) -> list[int]:
        if prompt.text:
            return list(self._tokenizer(prompt.text).input_ids)
        if self._tokenizer.chat_template is None:
            raise TeacherError(
                f"{self._name}: has no chat template, as of a model that goes on with a text; add --completion"
            )
        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        try:
            ids: list[int] = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True)
        except TemplateError as error:
            raise TeacherError(
                f"{self._name}: its chat template refuses the prompt ({error}); try --completion"
            ) from None
        return ids

    def _too_long(self, source: Sequence[int]) -> Refusal | None:
        positions = getattr(self._model.config, "max_position_embeddings", None)
        if positions is None or len(source) + self._config.max_tokens <= positions:
            return None
        tokens = f"a prompt of {len(source)} tokens and an answer of {self._config.max_tokens}"
        return Refusal(f"{tokens} do not fit into {positions} positions")

    def _generate(self, sources: Sequence[Sequence[int]], seed: int) -> list[Reply]:
        width = max(map(len, sources))
        padding = [width - len(source) for source in sources]
        padded = [[self._tokenizer.pad_token_id] * n + list(s) for n, s in zip(padding, sources, strict=True)]
        mask = [[0] * n + [1] * (width - n) for n in padding]
        torch.manual_seed(seed)
        sampling: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        if self._config.temperature:
            sampling = {"do_sample": True, "temperature": self._config.temperature, "top_p": 1.0, "top_k": 0}
        config = GenerationConfig.from_model_config(self._model.config)
        config.update(max_new_tokens=self._config.max_tokens, pad_token_id=self._tokenizer.pad_token_id, **sampling)
        with torch.inference_mode():
            written = self._model.generate(
                input_ids=torch.tensor(padded, device=self._device),
                attention_mask=torch.tensor(mask, device=self._device),
                generation_config=config,
                stop_strings=[NEXT_QUESTION],
                tokenizer=self._tokenizer,
            )
        return [self._reply(source, row[width:].tolist()) for source, row in zip(sources, written, strict=True)]

    def _reply(self, source: Sequence[int], written: Sequence[int]) -> Reply:
        """The tokens up to the end that the model set, and whether it set one."""
        ends = self._model.generation_config.eos_token_id
        stops = set(ends if isinstance(ends, list) else [ends]) | {self._tokenizer.eos_token_id}
        length = next((place for place, token in enumerate(written) if token in stops), len(written))
        text: str = self._tokenizer.decode(written[:length], skip_special_tokens=True)
        whole = length < self._config.max_tokens or NEXT_QUESTION in text
        return Reply(text, "stop" if whole else CUT, len(source), length)

    def _batch_seed(self, asks: Sequence[Ask]) -> int:
        named = "/".join(f"{ask.key}.{ask.sample}" for ask in asks)
        return int.from_bytes(hashlib.sha256(f"{self._config.seed}/{named}".encode()).digest()[:7], "big")
