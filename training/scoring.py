"""How a PyTorch student answers: the reference that every exported one is held to.

Written for clearness, not speed, and on purpose without the packed trie of `student.label_trie`: each answer is
decoded on its own, teacher-forced, so an error in the packing cannot hide in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, T5ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

from student.answers import conclusion
from student.task import ClosedLabels, FreeText, Task, merge_choices
from training.data.example import Example
from training.evaluation.outcome import Reply
from training.methods import Method
from training.objective import IGNORED, pad_rows

_ANSWERS_AT_ONCE = 256
"""Answers decoded in one forward pass: each brings its row's encoder states and logits over the vocabulary."""


@dataclass(frozen=True)
class Answered:
    """A student's answer to one example.

    Attributes:
        answer: the answer text.
        probabilities: one for each of `answers`, or None for free text.
        answers: the answer space of the row; empty for free text.
    """

    answer: str
    answers: tuple[str, ...]
    probabilities: tuple[float, ...] | None


def answer_space(task: Task, example: Example) -> tuple[str, ...]:
    """The answers among which a row's is to be found; empty for free text."""
    if isinstance(task.answer, ClosedLabels):
        return task.answer.labels
    if isinstance(task.answer, FreeText):
        return ()
    return merge_choices(example.choices)


class TorchStudent:
    """A PyTorch T5 with its tokenizer and tasks, answering in float32 or whatever dtype it has."""

    def __init__(
        self, model: T5ForConditionalGeneration, tokenizer: PreTrainedTokenizerBase, tasks: dict[str, Task]
    ) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.tasks = tasks

    @torch.inference_mode()
    def answer(self, examples: Sequence[Example]) -> list[Answered]:
        """Answer a batch of examples of one kind or of several; order is kept."""
        text = [i for i, row in enumerate(examples) if isinstance(self.tasks[row.task].answer, FreeText)]
        closed = [i for i in range(len(examples)) if i not in set(text)]
        answered: dict[int, Answered] = {}
        if closed:
            answered.update(zip(closed, self._tree_answers([examples[i] for i in closed]), strict=True))
        if text:
            texts = self.plain_answers([examples[i] for i in text])
            answered.update({i: Answered(t, (), None) for i, t in zip(text, texts, strict=True)})
        return [answered[i] for i in range(len(examples))]

    def replies(self, examples: Sequence[Example], *, rationales: bool = False) -> list[Reply]:
        """Answer a batch, with greedy rationales if they are asked for; rows of any length are answered."""
        answered = self.answer(examples)
        if not rationales:
            return [Reply(row.answer, row.answers, row.probabilities) for row in answered]
        written = self.rationale_ids(examples)
        end = self.model.config.eos_token_id
        return [
            Reply(row.answer, row.answers, row.probabilities, rationale=text, rationale_cut=ids[-1] != end)
            for row, ids, text in zip(answered, written, self._texts(written), strict=True)
        ]

    @torch.inference_mode()
    def explain(self, examples: Sequence[Example]) -> list[str]:
        """Greedy rationales, as text."""
        return self._texts(self.rationale_ids(examples))

    @torch.inference_mode()
    def answer_ids(self, examples: Sequence[Example]) -> list[list[int]]:
        """Greedy, unconstrained answers: token ids of each row, up to its task's `label_tokens`."""
        limits = [self.tasks[row.task].limits.label_tokens for row in examples]
        return self._generate(self._label_sources(examples), limits)

    @torch.inference_mode()
    def rationale_ids(self, examples: Sequence[Example]) -> list[list[int]]:
        """Greedy rationales: token ids of each row, up to its task's `rationale_tokens`."""
        sources = [self.tasks[row.task].rationale_source(row.inputs, row.choices) for row in examples]
        return self._generate(sources, [self.tasks[row.task].limits.rationale_tokens for row in examples])

    @torch.inference_mode()
    def plain_answers(self, examples: Sequence[Example]) -> list[str]:
        """What the student writes when nothing keeps it to the answer space."""
        return self._texts(self.answer_ids(examples))

    @torch.inference_mode()
    def constrained_answers(self, examples: Sequence[Example]) -> list[str]:
        """Greedy decoding kept to the answer space: at each step only the trie's children are allowed."""
        spaces = [answer_space(self.tasks[row.task], row) for row in examples]
        tokens = [[list(self.tokenizer(answer).input_ids) for answer in space] for space in spaces]
        end = self.model.config.eos_token_id

        def allowed(row: int, written: torch.Tensor) -> list[int]:
            prefix = written[1:].tolist()  # without the start token
            length = len(prefix)
            children = {ids[length] for ids in tokens[row] if len(ids) > length and ids[:length] == prefix}
            return sorted(children) or [end]

        limits = [max(map(len, row_tokens)) for row_tokens in tokens]
        written = self._generate(self._label_sources(examples), limits, prefix_allowed_tokens_fn=allowed)
        return [space[row_tokens.index(ids)] for space, row_tokens, ids in zip(spaces, tokens, written, strict=True)]

    def source_tokens(self, examples: Sequence[Example]) -> list[int]:
        """Length of each row's input with the label prefix, in tokens, `</s>` included."""
        sources = self._label_sources(examples)
        return [len(ids) for ids in self.tokenizer(sources).input_ids] if sources else []

    def _label_sources(self, examples: Sequence[Example]) -> list[str]:
        return [self.tasks[row.task].label_source(row.inputs, row.choices) for row in examples]

    def _texts(self, rows: Sequence[Sequence[int]]) -> list[str]:
        return [str(text).strip() for text in self.tokenizer.batch_decode(rows, skip_special_tokens=True)]

    def _generate(self, sources: Sequence[str], limits: Sequence[int], **options: Any) -> list[list[int]]:
        """Greedy decoding by `generate`: ids without the start token, `</s>` last where a row was finished."""
        input_ids, mask = self._encode(sources)
        output = self.model.generate(
            input_ids=input_ids,
            attention_mask=mask,
            max_new_tokens=max(limits),
            do_sample=False,
            num_beams=1,
            **options,
        )
        return [self._until_end(row)[:limit] for row, limit in zip(output[:, 1:].tolist(), limits, strict=True)]

    def _until_end(self, ids: list[int]) -> list[int]:
        end = self.model.config.eos_token_id
        return ids[: ids.index(end) + 1] if end in ids else ids

    def _encode(self, sources: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        encoded = self.tokenizer(list(sources), padding=True, return_tensors="pt").to(self.model.device)
        return encoded.input_ids, encoded.attention_mask

    def _tree_answers(self, examples: Sequence[Example]) -> list[Answered]:
        spaces = [answer_space(self.tasks[row.task], row) for row in examples]
        answered = []
        probabilities_of_rows = self.tree_probabilities(self._label_sources(examples), spaces)
        for space, probabilities in zip(spaces, probabilities_of_rows, strict=True):
            best = max(range(len(space)), key=lambda i: probabilities[i])
            answered.append(Answered(space[best], space, tuple(probabilities)))
        return answered

    @torch.inference_mode()
    def tree_probabilities(self, sources: Sequence[str], spaces: Sequence[Sequence[str]]) -> list[list[float]]:
        """Probability of each answer of each row: the product of softmaxes over the trie's children.

        Args:
            sources: student inputs, prefix included.
            spaces: the answers of each row; at least two, different in their tokens.
        """
        input_ids, mask = self._encode(sources)
        hidden = self.model.get_encoder()(input_ids=input_ids, attention_mask=mask).last_hidden_state
        tokens = [[list(self.tokenizer(answer).input_ids) for answer in space] for space in spaces]
        flat = [(row, ids) for row, space in enumerate(tokens) for ids in space]
        logarithms: list[float] = []
        for start in range(0, len(flat), _ANSWERS_AT_ONCE):
            part = flat[start : start + _ANSWERS_AT_ONCE]
            rows = torch.tensor([row for row, _ in part], device=hidden.device)
            logits = self.model(
                encoder_outputs=BaseModelOutput(last_hidden_state=hidden[rows]),
                attention_mask=mask[rows],
                labels=pad_rows([ids for _, ids in part], IGNORED).to(hidden.device),
            ).logits.float()
            for answer_logits, (row, ids) in zip(logits, part, strict=True):
                logarithm = 0.0
                for step, token in enumerate(ids):
                    children = sorted({other[step] for other in tokens[row] if other[:step] == ids[:step]})
                    scores = torch.log_softmax(answer_logits[step, children].double(), dim=-1)
                    logarithm += float(scores[children.index(token)])
                logarithms.append(logarithm)
        probabilities = iter(torch.tensor(logarithms, dtype=torch.float64).exp().tolist())
        return [[next(probabilities) for _ in space] for space in spaces]


class ConcludingStudent(TorchStudent):
    """A student that writes its rationale first and answers with what that ends in; its answers are free text.

    A rationale without the task's conclusion words answers nothing, which is an empty answer and never right.
    """

    def answer(self, examples: Sequence[Example]) -> list[Answered]:
        """Answer a batch by decoding each rationale; order is kept."""
        return [
            Answered(conclusion(self.tasks[row.task], rationale) or "", (), None)
            for row, rationale in zip(examples, self.explain(examples), strict=True)
        ]


def student_for(method: Method) -> type[TorchStudent]:
    """How students of a method answer."""
    return TorchStudent if method.answers_in_one_pass else ConcludingStudent
