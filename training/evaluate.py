"""What training and the benchmarks use of `training.evaluation`: rows answered, and how many rightly."""

from training.evaluation.answering import answer_all, batched
from training.evaluation.groups import summarise
from training.evaluation.outcome import Outcome

__all__ = ["Outcome", "answer_all", "batched", "summarise"]
