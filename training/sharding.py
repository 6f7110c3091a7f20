"""A student too large for one device, sharded over the processes of a run (`fsdp: true`).

Each process keeps its part of every weight, gradient and optimiser state, and gathers a block's weights while it
computes that block: torch's `fully_shard` (FSDP2). What is written is whole: checkpoints and students are in the hub's
format, and an optimiser's state is that of a run that is not sharded, so either can go on from the other's.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import T5ForConditionalGeneration
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME

from student.errors import CheckpointError
from training.objective import StepByStepTrainer
from training.processes import Processes
from training.shared_batches import IGNORED


def shard(model: T5ForConditionalGeneration, processes: Processes, *, bf16: bool) -> None:
    """Shard a model in place, block by block; embeddings, the last norms and the head stay together.

    Args:
        model: whole, the same in every process.
        processes: that share it.
        bf16: compute in bfloat16; weights, gradients' sums and the optimiser's state stay float32.
    """
    # Of the position biases, which no layer changes in place.
    warnings.filterwarnings("ignore", message=r"FSDP2-wrapped module \(FSDPT5Block\) returned a view tensor")
    accelerator = torch.accelerator.current_accelerator()
    mesh = init_device_mesh("cpu" if accelerator is None else accelerator.type, (processes.count,))
    policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if bf16 else MixedPrecisionPolicy()
    for stack in (model.encoder, model.decoder):
        for block in stack.block:
            fully_shard(block, mesh=mesh, mp_policy=policy)
    fully_shard(model, mesh=mesh, mp_policy=policy, reshard_after_forward=False)
    # accelerate would wrap it for data parallelism, and in autocast, which the policy takes the place of.
    model._is_accelerate_prepared = True


@contextmanager
def parts_callable(model: T5ForConditionalGeneration) -> Iterator[None]:
    """Within this, a sharded model's encoder and `generate` can be called; all processes make the same calls.

    Only the whole model's forward gathers the weights that no block holds, and keeps them until they are given back.
    """
    if not is_sharded(model):
        yield
        return
    token = torch.ones((1, 1), dtype=torch.long, device=model.device)
    with torch.no_grad():
        model(input_ids=token, attention_mask=token, labels=token)
    try:
        yield
    finally:
        _reshard(model)


def is_sharded(model: torch.nn.Module) -> bool:
    """Whether `shard` was applied to it."""
    return isinstance(model, FSDPModule)


def whole_student(model: T5ForConditionalGeneration, processes: Processes) -> T5ForConditionalGeneration:
    """The main process gets a whole copy in memory, of the library's class; the others' is not to be used."""
    weights = _whole_weights(model, keep=processes.is_main)
    with torch.device("meta"):
        plain = T5ForConditionalGeneration(copy.deepcopy(model.config))
    # Others hold no weights to fill theirs with.
    processes.from_main(lambda: fill(plain, weights))
    plain.generation_config = model.generation_config
    return plain


def fill(plain: T5ForConditionalGeneration, weights: dict[str, torch.Tensor]) -> None:
    """Give a model on the meta device its weights, in place.

    Args:
        plain: every weight of it is on the meta device.
        weights: by name; of tied ones, one.

    Raises:
        CheckpointError: weights are missing, tied ones aside, or belong to no part of the model.
    """
    # Not strict because of tied ones, which are there once.
    unexpected = plain.load_state_dict(weights, strict=False, assign=True).unexpected_keys
    plain.tie_weights()
    missing = [name for name, parameter in plain.named_parameters() if parameter.is_meta]
    problems = [
        f"{said} {', '.join(sorted(names)[:3])} ({len(names)} in all)"
        for said, names in (("lacks", missing), ("has no place for", unexpected))
        if names
    ]
    if problems:
        raise CheckpointError(
            f"the whole student, put together from its shards, {' and '.join(problems)}; its checkpoints are "
            "untouched. This is a fault of Quickstep with these versions of torch and transformers: please report it"
        )


def load_whole(model: T5ForConditionalGeneration, checkpoint: Path) -> None:
    """Give a sharded model a whole checkpoint's weights; each process reads all and keeps its part."""
    _reshard(model)
    weights = T5ForConditionalGeneration.from_pretrained(checkpoint).state_dict()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            sharded = cast(DTensor, parameter)
            sharded.to_local().copy_(_part(weights[name], sharded).to_local())


class ShardedTrainer(StepByStepTrainer):
    """A trainer of a sharded model."""

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """As in a trainer of whole models; all processes make as many passes, for which they gather weights."""
        if "rationale_labels" not in inputs:
            token = inputs["input_ids"][:1, :1]
            nothing = {"input_ids": token, "attention_mask": torch.ones_like(token)}
            nothing["labels"] = torch.full_like(token, IGNORED)
            inputs = {**inputs, **{f"rationale_{name}": tensor for name, tensor in nothing.items()}}
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the whole model, from the main process."""
        weights = _whole_weights(self.model, keep=self.args.should_save)
        if self.args.should_save:
            self._save(output_dir, state_dict=weights)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        load_whole(self.model, Path(resume_from_checkpoint))

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        state = self.optimizer.state_dict()
        state["state"] = {
            number: {name: _whole(value, keep=self.args.should_save) for name, value in of_one.items()}
            for number, of_one in state["state"].items()
        }
        if self.args.should_save:
            self.write(lambda: torch.save(state, Path(output_dir) / OPTIMIZER_NAME))
            self.write(lambda: torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULER_NAME))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        # Mapped, not read: each process takes its part of each tensor.
        state = torch.load(Path(checkpoint) / OPTIMIZER_NAME, map_location="cpu", mmap=True, weights_only=True)
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        for number, of_one in state["state"].items():
            for name, value in of_one.items():
                if value.shape == parameters[number].shape:
                    of_one[name] = _part(value, parameters[number])
        self.optimizer.load_state_dict(state)
        self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULER_NAME, weights_only=True))


def _whole_weights(model: T5ForConditionalGeneration, *, keep: bool) -> dict[str, torch.Tensor]:
    """Weights by name, tied ones once, in memory; every process takes part, those that do not keep them get none."""
    _reshard(model)
    whole = {name: _whole(parameter.detach(), keep=keep) for name, parameter in model.named_parameters()}
    return {name: tensor for name, tensor in whole.items() if tensor is not None}


def _whole(tensor: Any, *, keep: bool) -> Any:
    whole = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return (whole.cpu() if isinstance(whole, torch.Tensor) else whole) if keep else None


def _part(whole: torch.Tensor, like: DTensor) -> DTensor:
    """This process's part of a tensor that every process has."""
    return distribute_tensor(whole.to(like.device, like.dtype), like.device_mesh, like.placements, src_data_rank=None)


def _reshard(model: T5ForConditionalGeneration) -> None:
    cast(FSDPModule, model).reshard()
