"""OpenVINO: the encoder and one decoder step, converted from PyTorch; INT8 by NNCF's quantization after training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino

from benchmarks.peers.system import Work, made_by_package, whole
from student.manifest import Precision

_MODEL = "model.xml"


class OpenVino:
    """The one-step scoring of `HfStep`, on OpenVINO's CPU plugin with its documented settings for latency."""

    def __init__(self, work: Work, threads: int, precision: Precision) -> None:
        folder = made_by_package(work.folder, f"openvino-{precision}", "openvino", "nncf", "torch")
        if not folder.exists():
            with whole(folder) as unfinished:
                openvino.save_model(_converted(work, precision), unfinished / _MODEL, compress_to_fp16=False)
        self._first = [label[0] for label in work.labels]
        self._model = openvino.Core().compile_model(
            folder / _MODEL,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": threads,
                # Where the processor knows bfloat16 it would be taken instead of float32, and called fp32 here.
                "INFERENCE_PRECISION_HINT": "f32",
            },
        )

    def answer(self, input_ids: npt.NDArray[np.int64]) -> list[int]:
        """Index of the label whose first token scores best."""
        # NNCF may leave an axis of one position in the output's shape.
        logits = self._model((input_ids, np.ones_like(input_ids)))[0].reshape(len(input_ids), -1)
        best: list[int] = logits[:, self._first].argmax(axis=-1).tolist()
        return best


def _converted(work: Work, precision: Precision) -> openvino.Model:
    model = _one_step(work.model)
    if precision == "fp32":
        return model
    import nncf

    rows = nncf.Dataset(
        [{"input_ids": row[None], "attention_mask": np.ones_like(row[None])} for row in work.calibration]
    )
    return nncf.quantize(model, rows, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(work.calibration))


def _one_step(folder: Path) -> openvino.Model:
    """`input_ids` and `attention_mask` [batch, source] int64 to the start's logits [batch, vocabulary] float32."""
    import torch
    from transformers import T5ForConditionalGeneration

    student = T5ForConditionalGeneration.from_pretrained(folder).eval()

    class OneStep(torch.nn.Module):
        """The encoder, and the decoder at the start token."""

        def __init__(self) -> None:
            super().__init__()
            self.student = student  # a part of it: tracing refuses weights from elsewhere

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            """[batch, source] int64, twice -> [batch, vocabulary] float32."""
            start = torch.zeros((input_ids.shape[0], 1), dtype=torch.int64)
            logits: torch.Tensor = self.student(
                input_ids=input_ids, attention_mask=attention_mask, decoder_input_ids=start, use_cache=False
            ).logits
            return logits[:, 0]

    # Two rows of two tokens: with one of either, tracing would take its size for a constant.
    example = torch.full((2, 2), student.config.eos_token_id)
    with torch.no_grad():
        return openvino.convert_model(
            OneStep(), example_input={"input_ids": example, "attention_mask": torch.ones_like(example)}
        )
