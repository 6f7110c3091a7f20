"""From the teacher's raw text to a rationale and an answer, or to the reason why it has none.

The teacher (PaLM 540B, few-shot) was cut at a token limit, so after its answer it goes on inventing
questions; everything from the first `Q:` on is dropped. The rationale that a student learns is the teacher's
reasoning plus one concluding sentence in a fixed form, written from the answer that was read:

    cqa     `... So the answer is (c) train station.`  ->  `... So the answer is train station.`
    svamp   `... The answer is ((84 / 2)).`            ->  `... The answer is 84 / 2.`

The letter is replaced by the choice it stands for, because that is what the student's label is too, and
because `student.answers.conclusion` can then compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from student.errors import AnswerError
from student.task import merge_choices, normalise_answer
from training.data.checks import is_unicode
from training.data.equations import canonical_equation
from training.data.report import Rejected

__all__ = ["Rejected", "TeacherAnswer", "parse_cqa", "parse_svamp"]

SEVERAL_LETTERS = "teacher names several choices; the first is taken"
TEXT_UNLIKE_CHOICE = "teacher's text is not that of the choice of its letter; the letter is taken"
NO_LETTER = "teacher names a choice without its letter"
QUESTION_ECHOED = "teacher repeats the question; what follows its 'A:' is taken"

_NEXT_QUESTION = re.compile(r"(?<!\w)Q:")
_ECHO_END = re.compile(r"\n\s*A:")
_LETTER = re.compile(r"(?<!\w)\(([a-z])\)", re.IGNORECASE | re.ASCII)
_CQA_CONCLUSION = re.compile(r"\bso the answer is\b", re.IGNORECASE)
_SVAMP_CONCLUSION = re.compile(r"\b(?:so,? )?the answer is\b", re.IGNORECASE)


@dataclass(frozen=True)
class TeacherAnswer:
    """What the teacher wrote, read.

    Attributes:
        rationale: the reasoning and a canonical concluding sentence.
        label: the answer: a choice (normalised), or a canonical equation.
        notes: what was not as it should be but could be read.
    """

    rationale: str
    label: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Parts:
    reasoning: str
    answer: str
    notes: tuple[str, ...]


def parse_cqa(raw: str, choices: Sequence[str]) -> TeacherAnswer | Rejected:
    """Read a cqa output: `<reasoning> So the answer is (c) train station.` and what follows.

    The first letter after the conclusion words decides. Without a letter, the text must be one of the choices
    (ignoring case).

    Args:
        raw: the teacher's output.
        choices: the question's choices, as they were lettered for the teacher.
    """
    parts = _split(raw, _CQA_CONCLUSION)
    if isinstance(parts, Rejected):
        return parts
    letters = list(_LETTER.finditer(parts.answer))
    if not letters:
        return _cqa_without_letter(parts, choices)
    position = ord(letters[0][1].lower()) - ord("a")
    if position >= len(choices):
        return Rejected("teacher's letter stands for no choice")
    label = normalise_answer(choices[position])
    notes = list(parts.notes)
    if len({letter[1].lower() for letter in letters}) > 1:
        notes.append(SEVERAL_LETTERS)
    if _without_stop(parts.answer[letters[0].end() :]) != _without_stop(label):
        notes.append(TEXT_UNLIKE_CHOICE)
    return TeacherAnswer(f"{parts.reasoning} So the answer is {label}.", label, tuple(notes))


def parse_svamp(raw: str) -> TeacherAnswer | Rejected:
    """Read a svamp output: `<reasoning> The answer is (84 / 2).` and what follows.

    The whole sentence is the equation: of `(31 * 6) / 19`, what follows the bracket belongs to it.
    """
    parts = _split(raw, _SVAMP_CONCLUSION)
    if isinstance(parts, Rejected):
        return parts
    if parts.answer.count("(") > parts.answer.count(")"):
        return Rejected("teacher's equation has a bracket that is not closed")
    try:
        label = canonical_equation(_without_stop(parts.answer))
    except AnswerError:
        return Rejected("teacher's equation is not plain arithmetic")
    return TeacherAnswer(f"{parts.reasoning} The answer is {label}.", label, parts.notes)


def _split(raw: str, conclusion: re.Pattern[str]) -> _Parts | Rejected:
    if not is_unicode(raw):
        return Rejected("teacher's output contains a lone surrogate")
    head = _NEXT_QUESTION.split(raw, maxsplit=1)[0]
    # The last conclusion counts, as for the student's own rationales.
    match = next(reversed(list(conclusion.finditer(head))), None)
    if match is None:
        return Rejected("teacher states no conclusion")
    # Only its line: an output may be cut between the `Q` and the `:` of the next question.
    answer = head[match.end() :].strip().partition("\n")[0].strip()
    if not answer:
        return Rejected("teacher's conclusion is empty")
    *echo, reasoning = _ECHO_END.split(head[: match.start()])
    reasoning = normalise_answer(reasoning)
    if not reasoning:
        return Rejected("teacher gives no reasoning")
    return _Parts(reasoning, answer, (QUESTION_ECHOED,) if echo else ())


def _cqa_without_letter(parts: _Parts, choices: Sequence[str]) -> TeacherAnswer | Rejected:
    named = _without_stop(parts.answer).casefold()
    for choice in merge_choices(choices):
        if _without_stop(choice).casefold() == named:
            rationale = f"{parts.reasoning} So the answer is {choice}."
            return TeacherAnswer(rationale, choice, (*parts.notes, NO_LETTER))
    return Rejected("teacher names no choice")


def _without_stop(text: str) -> str:
    return normalise_answer(normalise_answer(text).removesuffix("."))
