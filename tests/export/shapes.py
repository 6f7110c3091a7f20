"""T5s with random weights in the shapes that exist, and tries for them."""

from __future__ import annotations

from typing import Any

import torch
from transformers import T5Config, T5ForConditionalGeneration

VOCABULARY = 40
PAD, END = 0, 1

V1_0 = {"feed_forward_proj": "relu", "tie_word_embeddings": True}
V1_1 = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}

SHAPES: dict[str, dict[str, Any]] = {
    "v1.0": V1_0,
    "v1.1": V1_1,
    # t5-v1_1-small: heads * d_kv is not d_model.
    "v1.1, odd heads": V1_1 | {"d_model": 24, "num_heads": 3, "d_kv": 16},
    "tied and gated": V1_1 | {"tie_word_embeddings": True},
    "more encoder layers": V1_1 | {"num_layers": 3, "num_decoder_layers": 1},
    "more decoder layers": V1_0 | {"num_layers": 1, "num_decoder_layers": 3},
    "exact gelu": V1_0 | {"feed_forward_proj": "gelu"},
    "gated silu": V1_1 | {"feed_forward_proj": "gated-silu"},
    "one head, near positions": V1_0 | {"num_heads": 1, "relative_attention_max_distance": 6},
}


def random_t5(seed: int = 0, **changes: Any) -> T5ForConditionalGeneration:
    """A small T5 in evaluation mode.

    Weights are larger than T5's own initialisation makes them: near-even probabilities would hide errors.
    Norms and position biases are drawn as well, which T5 starts at one and near nothing.
    """
    config = T5Config(
        **{
            "vocab_size": VOCABULARY,
            "d_model": 16,
            "d_kv": 8,
            "num_heads": 2,
            "d_ff": 24,
            "num_layers": 2,
            "num_decoder_layers": 2,
            "relative_attention_num_buckets": 8,
            "relative_attention_max_distance": 12,
            "dropout_rate": 0.1,
            "pad_token_id": PAD,
            "eos_token_id": END,
            "decoder_start_token_id": PAD,
        }
        | changes
    )
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            drawn = torch.randn(weight.shape, generator=generator)
            if "layer_norm" in name:
                weight.copy_(1 + 0.3 * drawn)
            elif "relative_attention_bias" in name or "shared" in name or "lm_head" in name:
                weight.copy_(drawn)
            else:
                # With tied embeddings a quiet decoder only repeats its input.
                scale = 1.8 if config.tie_word_embeddings and name.startswith("decoder") else 0.6
                weight.copy_(drawn * scale * weight.shape[1] ** -0.5)
    return model


class WordTokenizer:
    """What `training.scoring` asks of a tokenizer, for texts that are token ids: `"5 6"` is 5, 6, `</s>`."""

    pad_token_id = PAD

    def __call__(self, texts: str | list[str], padding: bool = False, return_tensors: str | None = None) -> Any:
        from transformers import BatchEncoding

        rows = [[*map(int, text.split()), END] for text in ([texts] if isinstance(texts, str) else texts)]
        if return_tensors is None:
            return BatchEncoding({"input_ids": rows[0] if isinstance(texts, str) else rows})
        longest = max(map(len, rows))
        return BatchEncoding(
            {
                "input_ids": torch.tensor([row + [PAD] * (longest - len(row)) for row in rows]),
                "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]),
            }
        )


# One padded batch: sources of different length (one is `</s>` alone), tries of every form.
SOURCES = ["5 6 7 8 9 10 11 12 13 14 15 16 17 18", "3", "", "20 21 22 23 24", "9 9 9 9 9 9", "4 5"]
SPACES: list[list[str]] = [
    ["5", "6", "7"],  # one position
    ["5 6", "5 7", "8"],  # shared beginnings
    ["5", "5 6", "5 6 7", "5 6 7 8", "9"],  # each the beginning of the next
    ["5 6 7 8 9 10 11 12 13 14 2", "5 6 7 8 9 10 11 12 13 14 3"],  # deep, one branch
    ["5 6 7 8", "5 6 8 7", "6 5 7", "6 5 8", "6 7", "30 31 32 33", "30 31 33"],  # several branches
    ["10 11 12", ""],  # an answer that is `</s>` alone
]
