"""A local directory in the hub's T5 format: trained on, exported and served like any other student."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer
from transformers import T5Config, T5ForConditionalGeneration, T5TokenizerFast

from export.compile import compile_bundle
from student.question import Question
from student.runtime import OnnxStudent
from tests.training.small import TASK, recipe, rows, write_source
from training.checkpoint import load_checkpoint
from training.run import train
from training.scoring import TorchStudent
from training.validation_rows import read_rows

SHAPES: dict[str, dict[str, Any]] = {
    # t5-small: ReLU, embeddings tied, heads * d_kv = d_model.
    "v1.0": {"feed_forward_proj": "relu", "tie_word_embeddings": True, "d_model": 32, "num_heads": 2, "d_kv": 16},
    # flan-t5-small: gated GELU, output layer of its own, heads * d_kv is not d_model.
    "v1.1": {
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
        "d_model": 24,
        "num_heads": 3,
        "d_kv": 16,
    },
}


def _tokenizer() -> T5TokenizerFast:
    """A small tokenizer with the pieces of the hub's: sentencepiece marks, sentinels, no digits of their own."""
    texts = [text for row in rows() for text in (row["inputs"]["text"], row["label"], row.get("rationale", ""))]
    texts += ["[label] text:", "[rationale] text:"]
    tokenizer = Tokenizer(Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = UnigramTrainer(
        vocab_size=150, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return T5TokenizerFast(tokenizer_object=tokenizer, extra_ids=5)


@pytest.fixture(params=list(SHAPES))
def hub_directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    tokenizer = _tokenizer()
    config = T5Config(
        **SHAPES[request.param],
        # The hub's embeddings have more rows than its tokenizers have pieces.
        vocab_size=len(tokenizer) + 12,
        d_ff=48,
        num_layers=2,
        num_decoder_layers=2,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    torch.manual_seed(0)
    folder = tmp_path / "hub"
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    assert (folder / "tokenizer.json").is_file()
    return folder


def test_hub_student_is_trained_exported_and_answers_as_its_original(hub_directory: Path, tmp_path: Path) -> None:
    config = recipe(
        write_source(tmp_path),
        preset=None,
        pretrained=str(hub_directory),
        steps=3,
        validate_every=3,
        warmup_steps=0,
        dropout_rate=None,
    )
    train(config, tmp_path / "run", progress=False)
    checkpoint = load_checkpoint(tmp_path / "run")

    before, after = T5Config.from_pretrained(hub_directory), checkpoint.model.config
    for key in (
        "d_model",
        "d_kv",
        "num_heads",
        "feed_forward_proj",
        "tie_word_embeddings",
        "vocab_size",
        "dropout_rate",
    ):
        assert getattr(after, key) == getattr(before, key), key
    trained = checkpoint.model.state_dict()
    untrained = T5ForConditionalGeneration.from_pretrained(hub_directory).state_dict()
    query = "encoder.block.0.layer.0.SelfAttention.q.weight"
    assert not torch.equal(trained[query], untrained[query])
    assert torch.equal(trained["lm_head.weight"], trained["shared.weight"]) is before.tie_word_embeddings

    validation = read_rows(checkpoint.path)
    bundle = compile_bundle(checkpoint, tmp_path / "bundle", validation, name="hub", progress=False)

    result = bundle.parity()["against_pytorch"]
    assert result["rows"] == len(validation)
    assert result["max_probability_difference"] < 1e-5
    assert result["rationale"] == {"rows": len(validation), "equal": len(validation)}

    student = OnnxStudent(bundle, threads=1)
    original = TorchStudent(checkpoint.model, checkpoint.tokenizer, checkpoint.tasks)
    prepared = [student.prepare(Question(row.task, row.inputs), rationale=True) for row in validation]
    assert list(prepared[0].label_ids) == checkpoint.tokenizer(TASK.label_source(validation[0].inputs)).input_ids
    for ours, theirs in zip(student.predict(prepared), original.answer(validation), strict=True):
        assert ours.probabilities is not None and theirs.probabilities is not None
        assert [item.probability for item in ours.probabilities] == pytest.approx(theirs.probabilities, abs=1e-5)
        assert ours.answer == theirs.answer
    assert [item.rationale for item in student.explain(prepared)] == original.explain(validation)


def test_transformers_is_the_version_whose_t5_this_was_built_from() -> None:
    """5.23 read `tie_word_embeddings=False` as tied and scaled tied logits otherwise."""
    assert transformers.__version__.startswith("4.57.")


def test_untied_configuration_stays_untied(tmp_path: Path) -> None:
    config = T5Config(tie_word_embeddings=False, d_model=16, d_kv=8, num_heads=2, d_ff=16, num_layers=1, vocab_size=40)
    model = T5ForConditionalGeneration(config)
    model.save_pretrained(tmp_path)
    loaded = T5ForConditionalGeneration.from_pretrained(tmp_path)
    assert not loaded.config.tie_word_embeddings
    assert loaded.lm_head.weight.data_ptr() != loaded.shared.weight.data_ptr()
    assert torch.equal(loaded.lm_head.weight, model.lm_head.weight)
    assert not torch.equal(loaded.lm_head.weight, loaded.shared.weight)
