"""A causal language model of a few thousand weights that writes what the test wants."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

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
