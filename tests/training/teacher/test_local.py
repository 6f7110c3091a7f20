from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.teacher.small import mood
from tests.training.teacher.tiny_model import TEMPLATE, write_model
from training.teacher.base import Ask, Refusal, Reply
from training.teacher.errors import TeacherError
from training.teacher.local import LocalConfig, LocalModel
from training.teacher.prompt import PromptWriter


def asks(*texts: str, form: Any = "completion") -> list[Ask]:
    writer = PromptWriter(mood(), form)
    return [Ask(text, number, 0, writer.write({"text": text})) for number, text in enumerate(texts)]


def local(folder: Path, **settings: Any) -> LocalModel:
    return LocalModel(LocalConfig(str(folder), device="cpu", **settings), "digest")


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


def test_weights_are_not_loaded_before_anything_is_asked(tmp_path: Path) -> None:
    folder = write_model(tmp_path, {":": "a"})
    (folder / "model.safetensors").unlink()

    teacher = local(folder)
    with pytest.raises(TeacherError, match=f"--local {folder}: cannot be loaded"):
        teacher.ask(asks("Rain."))


def test_device_that_is_not_there_is_told(tmp_path: Path) -> None:
    teacher = LocalModel(LocalConfig(str(write_model(tmp_path, {})), device="nonsense"), "digest")

    with pytest.raises(TeacherError, match="nonsense"):
        teacher.ask(asks("Rain."))


def test_model_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match=f"--local {tmp_path}: cannot be loaded"):
        local(tmp_path)
