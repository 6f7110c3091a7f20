"""The optimisers of a training run: AdamW, or Muon for the matrices with AdamW for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch


def make_optimizer(
    model: torch.nn.Module,
    name: str,
    *,
    learning_rate: float,
    embedding_rate_factor: float,
    weight_decay: float,
    adam_betas: tuple[float, float],
) -> torch.optim.Optimizer:
    """The optimiser of a model's parameters.

    Args:
        model: its embeddings (relative position biases among them) learn `embedding_rate_factor` times faster.
        name: `adamw`; or `muon`: Muon (Jordan et al. 2024) for the hidden layers' matrices, which makes their
            updates orthogonal, with steps scaled to the size of AdamW's (`match_rms_adamw`), AdamW for the rest.
        learning_rate: of everything but embeddings.
        embedding_rate_factor: see `TrainConfig`.
        weight_decay: decoupled, of all.
        adam_betas: AdamW's.
    """
    embeddings = _once(_parameters(model, torch.nn.Embedding))
    known = {id(parameter) for parameter in embeddings}
    others = [parameter for parameter in _once(model.parameters()) if id(parameter) not in known]
    matrices = [parameter for parameter in others if name == "muon" and parameter.ndim == 2]
    known |= {id(parameter) for parameter in matrices}
    adamw = torch.optim.AdamW(
        [
            {"params": [parameter for parameter in others if id(parameter) not in known], "lr": learning_rate},
            {"params": embeddings, "lr": learning_rate * embedding_rate_factor},
        ],
        weight_decay=weight_decay,
        betas=adam_betas,
    )
    if not matrices:
        return adamw
    muon = torch.optim.Muon(matrices, lr=learning_rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
    return JoinedOptimizer(muon, adamw)


class JoinedOptimizer(torch.optim.Optimizer):
    """Several optimisers of different parameters that step, are scheduled, saved and loaded as one.

    Args:
        parts: the optimisers; their parameter groups are shared with this one, so a schedule reaches them.
    """

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self._parts = parts
        super().__init__([group for part in parts for group in part.param_groups], defaults={})
        self._share()

    def _share(self) -> None:
        self.param_groups = [group for part in self._parts for group in part.param_groups]

    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """One step of each part."""
        if closure is not None:
            raise ValueError("closure: joined optimisers take none; compute the loss before step()")
        for part in self._parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Every part's state, by its number."""
        return {str(number): part.state_dict() for number, part in enumerate(self._parts)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` gave."""
        for number, part in enumerate(self._parts):
            part.load_state_dict(state_dict[str(number)])
        self._share()


def _parameters(model: torch.nn.Module, kind: type[torch.nn.Module]) -> Iterable[torch.nn.Parameter]:
    for module in model.modules():
        if isinstance(module, kind):
            yield from module.parameters(recurse=False)


def _once(parameters: Iterable[torch.nn.Parameter]) -> list[torch.nn.Parameter]:
    """Each parameter once: tied ones belong to several modules."""
    return list({id(parameter): parameter for parameter in parameters}.values())
