from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from student.task import normalise_answer
from training.tokenizer import train_tokenizer

TEXTS = [
    "[label] demo nli premise: A man sleeps. hypothesis: He is awake.",
    "[rationale] demo problem: Ann has 4 apples and buys 3 more.",
    "contradiction",
    "Who sleeps is not awake. So the answer is contradiction.",
] * 5
PRINTABLE = "".join(character for character in string.printable if not character.isspace())
TOKENIZER = train_tokenizer(TEXTS, vocab_size=300)
"""Trained once: hypothesis calls its tests hundreds of times."""


def _texts(tokenizer: PreTrainedTokenizerFast, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True))


def test_special_ids_are_those_of_t5() -> None:
    assert (TOKENIZER.pad_token_id, TOKENIZER.eos_token_id, TOKENIZER.unk_token_id) == (0, 1, 2)
    assert TOKENIZER.convert_ids_to_tokens([0, 1, 2]) == ["<pad>", "</s>", "<unk>"]


def test_every_text_ends_in_the_end_token() -> None:
    assert TOKENIZER("A man.").input_ids[-1] == 1
    assert TOKENIZER("").input_ids == [1]
    assert 1 not in TOKENIZER("A man.").input_ids[:-1]


@pytest.mark.parametrize("number", ["7", "42", "1000", "1,234.56", "x9y8"])
def test_digits_are_single_tokens(number: str) -> None:
    pieces = TOKENIZER.convert_ids_to_tokens(TOKENIZER(number).input_ids)
    assert [piece for piece in pieces if any(character.isdigit() for character in piece)] == [
        character for character in number if character.isdigit()
    ]


def test_no_piece_of_the_vocabulary_joins_digits() -> None:
    for piece in TOKENIZER.get_vocab():
        assert len(piece) == 1 or not any(character.isdigit() for character in piece)


@given(st.text(alphabet=PRINTABLE + " "))
def test_printable_ascii_survives_without_unknown_tokens(text: str) -> None:
    text = normalise_answer(text)
    if any(special in text for special in ("<pad>", "</s>", "<unk>")):
        return
    ids = TOKENIZER(text).input_ids
    assert 2 not in ids
    assert _texts(TOKENIZER, ids) == text


def test_other_characters_are_unknown_and_harmless() -> None:
    assert 2 in TOKENIZER("雪").input_ids


def test_vocabulary_stays_within_its_bound() -> None:
    assert len(TOKENIZER) <= 300
    assert len(train_tokenizer(TEXTS * 50, vocab_size=150)) <= 150


def test_training_is_reproducible() -> None:
    assert train_tokenizer(TEXTS, vocab_size=300).get_vocab() == TOKENIZER.get_vocab()
