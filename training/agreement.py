"""What has to be the same in all processes of a run, and is checked before they train together."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from secrets import token_hex

import torch
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration

from student.errors import DataError
from training.config import TrainConfig
from training.processes import Processes
from training.run_directory import MARK, resolved

_PACKAGES = ("quickstep", "torch", "transformers", "tokenizers")


def agree_on_start(config: TrainConfig, processes: Processes) -> None:
    """Refuse processes with other recipes, or other versions of what a run is made of.

    Raises:
        DataError: in the main process; ToldByMain in the others.
    """
    processes.agree(_digest(resolved(config).encode()), on="recipes")
    versions = " ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    processes.agree(versions, on=f"versions of {', '.join(_PACKAGES)}")


def agree_on_student(
    model: T5ForConditionalGeneration, tokenizer: PreTrainedTokenizerBase, processes: Processes
) -> None:
    """Refuse processes that begin with other weights or tokenizers, such as two revisions of the same hub name.

    Args:
        model: whole, before it is sharded.
        tokenizer: the model's.
        processes: that are to train it together.

    Raises:
        DataError: in the main process; ToldByMain in the others.
    """
    if processes.count == 1:
        return
    processes.agree(_digest(tokenizer.backend_tokenizer.to_str().encode("utf-8", "surrogatepass")), on="tokenizers")
    weights = hashlib.sha256()
    for name, parameter in model.named_parameters():
        weights.update(f"{name} {tuple(parameter.shape)} {parameter.dtype}\n".encode())
        weights.update(parameter.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    processes.agree(weights.hexdigest(), on="weights to begin with")


def agree_on_directory(output: Path, processes: Processes) -> None:
    """Refuse processes that do not see the main one's run directory; it has to be there.

    Raises:
        DataError: in the main process; ToldByMain in the others.
    """
    if processes.count == 1:
        return
    mark = output / f"{MARK}{processes.from_main(lambda: token_hex(8))}"
    processes.from_main(mark.touch)
    try:
        processes.together(lambda: _see(mark))
    finally:
        if processes.is_main:
            mark.unlink()


def _see(mark: Path) -> None:
    if not mark.is_file():
        raise DataError(
            f"{mark.parent}: is not the main process's run directory; --output has to name one place that all "
            "machines see"
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
