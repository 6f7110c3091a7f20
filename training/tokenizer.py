"""A tokenizer trained on the data at hand, in the form that T5's own take (unigram pieces, ids 0, 1, 2 special)."""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Iterator, Mapping

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer
from transformers import PreTrainedTokenizerFast

from student.task import Task
from training.data.example import Example

PAD, EOS, UNK = "<pad>", "</s>", "<unk>"
_ALPHABET = [character for character in string.printable if not character.isspace()]
_ALPHABET_STEP = 1e-4
"""By how much the trainer tells the characters of the alphabet apart that are no pieces of their own accord."""


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Train a unigram tokenizer.

    Digits are single tokens, so that a number never seen in training is still written with known ones. All
    printable ASCII is in the vocabulary, so plain English never meets `<unk>`. The same texts give the same ids.

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
            initial_alphabet=_ALPHABET,
            show_progress=False,
        ),
    )
    tokenizer = _canonical(tokenizer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", special_tokens=[(EOS, tokenizer.token_to_id(EOS))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=EOS, unk_token=UNK)


def texts_of(tasks: Mapping[str, Task], examples: Iterable[Example]) -> Iterator[str]:
    """What a student of these rows reads and writes: label and question, and the same for a rationale."""
    for row in examples:
        task = tasks[row.task]
        yield task.label_source(row.inputs, row.choices)
        yield row.label
        if row.rationale is not None:
            yield task.rationale_source(row.inputs, row.choices)
            yield row.rationale


def _canonical(tokenizer: Tokenizer) -> Tokenizer:
    """The same pieces, with ids and scores that do not change from run to run.

    The trainer (tokenizers 0.22) walks through hash maps: the last bits of its sums differ between runs, and it
    ranks the alphabet's rare characters at random. Two runs of one seed would have different ids.
    """
    content = json.loads(tokenizer.to_str())
    special, pieces = content["model"]["vocab"][:3], content["model"]["vocab"][3:]
    lowest = min(score for _, score in pieces)
    rare = lowest + _ALPHABET_STEP * len(_ALPHABET)
    scored = [(piece, round(lowest if piece in _ALPHABET and score <= rare else score, 6)) for piece, score in pieces]
    content["model"]["vocab"] = [*special, *sorted(scored, key=lambda item: (-item[1], item[0]))]
    return Tokenizer.from_str(json.dumps(content))
