from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from tests.training.teacher.small import mood
from training.teacher.base import Ask, Refusal, Reply
from training.teacher.errors import TeacherError
from training.teacher.local import LocalModel
from training.teacher.prompt import PromptWriter

END = "<|end|>"
TEMPLATE = "{% for m in messages %}{{ m.role }}:{{ m.content }}\n{% endfor %}assistant:"


def write_model(folder: Path, chain: dict[str, str], *, template: str | None = None, positions: int = 2048) -> Path:
    """A model that writes after each character the one that the chain gives for it, and else the end."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([*letters, END])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END)
    fast.chat_template = template
    fast.save_pretrained(folder)

    size = len(vocabulary)
    config = GPT2Config(
        vocab_size=size,
        n_embd=size - size % 2 + 2,
        n_layer=1,
        n_head=2,
        n_positions=positions,
        eos_token_id=vocabulary[END],
        bos_token_id=vocabulary[END],
        tie_word_embeddings=False,
    )
    model = GPT2LMHeadModel(config)
    following = [vocabulary[END]] * size
    for before, after in chain.items():
        token, following_token = (fast(character).input_ids[0] for character in (before, after))
        following[token] = following_token
    with torch.no_grad():
        # Each token is a direction of its own, and the layer adds nothing to it.
        for parameter in model.parameters():
            parameter.zero_()
        model.transformer.ln_f.weight.fill_(1.0)
        model.transformer.wte.weight[:, :size] = torch.eye(size)
        for token, next_token in enumerate(following):
            model.lm_head.weight[next_token, token] = 1.0
    model.save_pretrained(folder)
    return folder


def asks(*texts: str, form: Any = "completion") -> list[Ask]:
    writer = PromptWriter(mood(), form)
    return [Ask(text, number, 0, writer.write({"text": text})) for number, text in enumerate(texts)]


def local(folder: Path, **settings: Any) -> LocalModel:
    return LocalModel(str(folder), "digest", device="cpu", **settings)


def test_answer_ends_where_the_model_ends_it(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {":": "a", "a": "b"}))

    (ask,) = asks("Rain.")
    assert teacher.ask([ask]) == [Reply("ab", "stop", teacher.prompt_tokens(ask.prompt), 2)]


def test_rows_of_unlike_lengths_in_a_batch_answer_as_alone(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {":": "a", "a": "b"}))
    several = asks("x", "A much longer question than the others.", "yy")

    assert teacher.ask(several) == [teacher.ask([ask])[0] for ask in several]


def test_answer_at_the_limit_is_cut(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {":": "a", "a": "a"}), max_tokens=5)

    (reply,) = teacher.ask(asks("Rain."))
    assert isinstance(reply, Reply) and (reply.text, reply.output_tokens) == ("aaaaa", 5) and reply.cut


def test_model_is_stopped_where_it_invents_a_question(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {":": "a", "a": "\n", "\n": "Q", "Q": ":"}), max_tokens=200)

    (reply,) = teacher.ask(asks("Rain."))
    assert isinstance(reply, Reply) and reply.text == "a\nQ:" and not reply.cut


def test_chat_template_writes_the_prompt(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {":": "a"}, template=TEMPLATE))
    (ask,) = asks("Rain.", form="chat")

    expected = "".join(f"{message.role}:{message.content}\n" for message in ask.prompt.messages) + "assistant:"
    assert teacher.prompt_tokens(ask.prompt) == len(expected.encode())
    assert teacher.ask([ask]) == [Reply("a", "stop", len(expected.encode()), 1)]


def test_model_without_chat_template_names_the_option(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {}))

    with pytest.raises(TeacherError, match=r"has no chat template.*--completion"):
        teacher.ask(asks("Rain.", form="chat"))


def test_what_a_chat_template_refuses_is_told(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {}, template="{{ raise_exception('roles must alternate') }}"))

    with pytest.raises(TeacherError, match=r"chat template refuses the prompt .roles must alternate."):
        teacher.ask(asks("Rain.", form="chat"))


def test_prompt_without_room_for_an_answer_is_refused_alone(tmp_path: Path) -> None:
    teacher = local(write_model(tmp_path, {":": "a"}, positions=700), max_tokens=100)

    short, long = teacher.ask(asks("Rain.", "Rain. " * 100))
    assert isinstance(short, Reply) and short.text == "a"
    assert isinstance(long, Refusal) and "do not fit into 700 positions" in long.reason


def test_sampling_is_repeatable_by_its_seed(tmp_path: Path) -> None:
    folder = write_model(tmp_path, {":": "a", "a": "a"})
    several = asks(*"abcdef")

    drawn = [
        [getattr(reply, "text", "") for reply in local(folder, temperature=5.0, max_tokens=8, seed=seed).ask(several)]
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert local(folder, temperature=1.0, seed=1).identity != local(folder, temperature=1.0).identity
    assert local(folder, seed=1).identity == local(folder).identity


def test_model_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match=f"--local {tmp_path}: cannot be loaded"):
        local(tmp_path)
