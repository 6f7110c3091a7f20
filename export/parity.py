"""The parity gate: a bundle answers as its PyTorch original does, on real rows, or it is not written.

Compared, on the same rows:

- label probabilities with the same tree scoring in float32 PyTorch (`training.scoring`): largest difference bounded;
- labels with that scoring: equal on every row whose best two probabilities are further apart than rounding;
- labels with `generate` constrained to the trie: gated where exactly one node branches, since only there the
  two are the same thing (with more, greedy decoding goes to the better first token, the product to the better
  answer); reported elsewhere;
- labels with plain `generate`: reported;
- rationales and free-text answers with greedy `generate`: token for token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from tqdm import tqdm

from export.agreement import Agreement
from export.precision_parity import PrecisionThresholds, Share
from student.errors import ParityError
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from student.task import normalise_answer
from training.data.example import Example
from training.scoring import TorchStudent


class Thresholds(BaseModel):
    """What the gate demands.

    Attributes:
        max_probability_difference: largest difference of any answer's probability.
        min_label_agreement: share of rows with the same label, over rows whose best two probabilities are
            further apart than twice the row's own largest difference (nearer ones are a tie in float32).
        min_constrained_agreement: the same against constrained `generate`, over rows where one node branches.
        min_text_agreement: share of rationales and free-text answers that are the same, token for token.
        every_precision: of the label path in each precision, float32 included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_probability_difference: Share = 1e-4
    min_label_agreement: Share = 1.0
    min_constrained_agreement: Share = 1.0
    min_text_agreement: Share = 1.0
    every_precision: PrecisionThresholds = PrecisionThresholds()


@dataclass
class ParityResult:
    """What the comparison found.

    Attributes:
        rows: rows compared.
        max_probability_difference: over all rows with a closed answer space.
        label: rows with a clear margin, against tree scoring in PyTorch.
        constrained_one_branch: against constrained `generate`, rows where one node branches.
        constrained_more_branches: the same, other rows; reported only.
        plain_generate: closed rows against unconstrained `generate`; reported only.
        free_text: free-text answers against `generate`.
        rationale: rationales against `generate`.
        differing: the first rows that differ, by source, for looking into.
    """

    rows: int = 0
    max_probability_difference: float = 0.0
    label: Agreement = field(default_factory=Agreement)
    constrained_one_branch: Agreement = field(default_factory=Agreement)
    constrained_more_branches: Agreement = field(default_factory=Agreement)
    plain_generate: Agreement = field(default_factory=Agreement)
    free_text: Agreement = field(default_factory=Agreement)
    rationale: Agreement = field(default_factory=Agreement)
    differing: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the report."""
        return asdict(self)

    def failures(self, thresholds: Thresholds) -> list[str]:
        """Each demand that is not met, in words."""
        failures = []
        gap, allowed = self.max_probability_difference, thresholds.max_probability_difference
        if not gap <= allowed:
            failures.append(f"label probabilities differ by {gap:.2e}, at most {allowed:.0e} is allowed")
        for name, agreement, least in (
            ("labels against tree scoring", self.label, thresholds.min_label_agreement),
            ("labels against constrained generate", self.constrained_one_branch, thresholds.min_constrained_agreement),
            ("free-text answers", self.free_text, thresholds.min_text_agreement),
            ("rationales", self.rationale, thresholds.min_text_agreement),
        ):
            if agreement.share < least:
                failures.append(f"{name}: {agreement.equal} of {agreement.rows} rows agree, {least:.1%} are demanded")
        return failures


def compare(
    original: TorchStudent,
    compiled: OnnxStudent,
    examples: Sequence[Example],
    *,
    batch_size: int = 16,
    progress: bool = True,
) -> ParityResult:
    """Answer the same rows by both and compare.

    Args:
        original: the PyTorch student, in float32.
        compiled: the bundle's runtime.
        examples: real rows; rows over a task's token limit are the caller's to leave out.
        batch_size: rows in a batch, the same rows for both.
        progress: show a progress bar.
    """
    result = ParityResult(rows=len(examples))
    with tqdm(total=len(examples), desc="parity", unit="row", disable=not progress) as bar:
        for start in range(0, len(examples), batch_size):
            _compare_batch(result, original, compiled, examples[start : start + batch_size])
            bar.update(min(batch_size, len(examples) - start))
    return result


def require(failures: Sequence[str], differing: Sequence[str] = ()) -> None:
    """Pass or refuse.

    Args:
        failures: each demand that is not met, in words.
        differing: rows that differ.

    Raises:
        ParityError: naming the demands and the first of the rows.
    """
    if failures:
        rows = f"; rows that differ: {', '.join(differing[:5])}" if differing else ""
        raise ParityError(f"no bundle is written: {'; '.join(failures)}{rows}")


def _compare_batch(
    result: ParityResult, original: TorchStudent, compiled: OnnxStudent, rows: Sequence[Example]
) -> None:
    questions = [compiled.prepare(Question(row.task, row.inputs, row.choices), rationale=True) for row in rows]
    closed = [i for i, question in enumerate(questions) if question.space is not None]
    text = [i for i, question in enumerate(questions) if question.space is None]
    if closed:
        _compare_closed(result, original, compiled, [rows[i] for i in closed], [questions[i] for i in closed])
    if text:
        _compare_written(
            result.free_text,
            result,
            [rows[i] for i in text],
            original.answer_ids([rows[i] for i in text]),
            compiled.answer_ids([questions[i] for i in text]),
        )
    _compare_written(result.rationale, result, rows, original.rationale_ids(rows), compiled.rationale_ids(questions))


def _compare_closed(
    result: ParityResult,
    original: TorchStudent,
    compiled: OnnxStudent,
    rows: Sequence[Example],
    questions: Sequence[PreparedQuestion],
) -> None:
    references = original.answer(rows)
    for row, reference in zip(rows, references, strict=True):
        # No comparison finds a nan: whatever it is compared with, the answer is no.
        if not math.isfinite(sum(reference.probabilities or ())):
            raise ParityError(f"{row.source}: the PyTorch student's own probabilities are not finite; train again")
    constrained = original.constrained_answers(rows)
    plain = original.plain_answers(rows)
    for i, prediction in enumerate(compiled.predict(questions)):
        space, reference = questions[i].space, references[i]
        assert space is not None and prediction.probabilities is not None and reference.probabilities is not None
        gap = max(
            abs(ours.probability - theirs)
            for ours, theirs in zip(prediction.probabilities, reference.probabilities, strict=True)
        )
        result.max_probability_difference = max(result.max_probability_difference, gap)
        best, second = sorted(reference.probabilities, reverse=True)[:2]
        if best - second > 2 * gap:
            _count(result.label, result, prediction.answer == reference.answer, rows[i], "label")
        one_branch = len(space.trie.branch_starts) == 1
        agreement = result.constrained_one_branch if one_branch else result.constrained_more_branches
        if one_branch and best - second > 2 * gap:
            _count(agreement, result, prediction.answer == constrained[i], rows[i], "constrained generate")
        elif not one_branch:
            agreement.add(prediction.answer == constrained[i])
        result.plain_generate.add(prediction.answer == normalise_answer(plain[i]))


def _compare_written(
    agreement: Agreement,
    result: ParityResult,
    rows: Sequence[Example],
    expected: Sequence[Sequence[int]],
    written: Sequence[Sequence[int]],
) -> None:
    for row, theirs, ours in zip(rows, expected, written, strict=True):
        _count(agreement, result, list(theirs) == list(ours), row, "generated tokens")


def _count(agreement: Agreement, result: ParityResult, equal: bool, row: Example, what: str) -> None:
    agreement.add(equal)
    if not equal and len(result.differing) < 20:
        result.differing.append(f"{row.source} ({what})")
