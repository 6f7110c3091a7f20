"""A tokenizer trained on the data at hand, in the form that T5's own take (unigram pieces, ids 0, 1, 2 special)."""

from __future__ import annotations

import string
from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer
from transformers import PreTrainedTokenizerFast

PAD, EOS, UNK = "<pad>", "</s>", "<unk>"


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Train a unigram tokenizer.

    Digits are single tokens, so that a number never seen in training is still written with known ones. All
    printable ASCII is in the vocabulary, so plain English never meets `<unk>`.

    Args:
        texts: what the student will read and write, prefixes included.
        vocab_size: upper bound of the vocabulary; small data give fewer pieces.
    """
    tokenizer = Tokenizer(Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Digits(individual_digits=True)]
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        texts,
        UnigramTrainer(
            vocab_size=vocab_size,
            special_tokens=[PAD, EOS, UNK],
            unk_token=UNK,
            initial_alphabet=[character for character in string.printable if not character.isspace()],
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", special_tokens=[(EOS, tokenizer.token_to_id(EOS))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=EOS, unk_token=UNK)
