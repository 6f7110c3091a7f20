"""From the teacher's raw text to a rationale and an answer, or to the reason why it has none.

The rationale that a student learns is the teacher's reasoning plus one concluding sentence in a fixed form, written
from the answer that was read:

    choices    `... So the answer is (c) train station.`  ->  `... So the answer is train station.`
    equations  `... The answer is ((84 / 2)).`            ->  `... The answer is 84 / 2.`
    labels     `... so the answer is **Neutral**.`        ->  `... So the answer is neutral.`

The letter is replaced by the choice it stands for, because that is what the student's label is too, and because
`student.answers.conclusion` can then compare the two. Only the conclusion's first sentence is the answer; a denial
in it (`not (a)`, `cannot be neutral`) names no answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from student.answers import MAX_EQUATION_CHARS, evaluate_equation
from student.errors import AnswerError
from student.task import ClosedLabels, FreeText, Task, choice_letter, merge_choices, normalise_answer
from training.data.equations import canonical_equation
from training.data.report import Rejected
from training.data.teacher_text import Parts, split_output

__all__ = ["Rejected", "TeacherAnswer", "read_output"]

SEVERAL_LETTERS = "teacher names several choices; the first is taken"
TEXT_UNLIKE_CHOICE = "teacher's text is not that of the choice of its letter; the letter is taken"
NO_LETTER = "teacher names a choice without its letter"
DENIES = "teacher says what the answer is not"
NO_ARITHMETIC = "teacher's equation is not plain arithmetic"

_DENIAL = re.compile(
    r"(?<!\w)(?:not|no|non|none|never|neither|nor|cannot|without|except)(?!\w)|n['’]t(?!\w)"
    r"|(?<!\w)(?:rather than|instead of|other than|anything but|opposite of)(?!\w)",
    re.IGNORECASE,
)
_WHOLE_SET = re.compile(r"(?<!\w)(?:all|any|each|one) of(?!\w)", re.IGNORECASE)
# Not after an initial or a title: `J. R. Smith`, `Dr. Smith`.
_SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bMrs)[.!?](?=[\"'”’)*_`]*\s)")
_EMPHASIS = re.compile(r"\*+|__|`")
_QUOTES = "\"'“”‘’"
_UNITED = re.compile(r"[\s,/&]*(?:or|and|/|&|,)[\s]*", re.IGNORECASE)
_HYPHENS = "‐‑‒–—-"
_STATED_VALUE = re.compile(r"[$€£]?\s*(-?[\d,]*\.?\d+)\s*%?(?:\s+[^\W\d_]+)*", re.ASCII)
_IN_BRACKETS = re.compile(r"\(.*\)")
_LETTERS_IN_ALPHABET = 26


@dataclass(frozen=True)
class TeacherAnswer:
    """What the teacher wrote, read.

    Attributes:
        rationale: the reasoning and a canonical concluding sentence.
        label: the answer in the task's form: a label, a choice (normalised), a canonical equation, a text.
        notes: what was not as it should be but could be read.
        own_words: the answer as the paper's release reads it: the words after a choice's letter, which may be none
            of the choices, and of an equation what stands in brackets; else the label.
    """

    rationale: str
    label: str
    notes: tuple[str, ...] = ()
    own_words: str = ""


@dataclass(frozen=True)
class _Answer:
    label: str
    notes: tuple[str, ...] = ()
    own_words: str | None = None


def read_output(
    raw: str, task: Task, inputs: Mapping[str, str], choices: Sequence[str] = (), *, cut: bool = False
) -> TeacherAnswer | Rejected:
    """Read an output: `<reasoning> So the answer is (c) train station.` and what follows.

    - *choices*: the first letter of the conclusion decides. Without a letter, the text must be one of the choices
      (ignoring case).
    - *labels*: the first label named, as a word of its own and ignoring case.
    - *equations*: the whole sentence; of `23 + 18 = 41` the side that is one. Both sides must have the same value.

    Args:
        raw: the teacher's output.
        task: the row's task.
        inputs: the row's fields.
        choices: the row's choices, as they were lettered for the teacher.
        cut: the output ended at its token limit (see `split_output`).
    """
    parts = split_output(raw, task, inputs, choices, cut=cut)
    if isinstance(parts, Rejected):
        return parts
    answer = _read_answer(parts, task, choices)
    if isinstance(answer, Rejected):
        return answer
    return TeacherAnswer(
        rationale=f"{parts.reasoning} {task.conclusion} {answer.label}.",
        label=answer.label,
        notes=(*parts.notes, *answer.notes),
        own_words=answer.label if answer.own_words is None else answer.own_words,
    )


def _read_answer(parts: Parts, task: Task, choices: Sequence[str]) -> _Answer | Rejected:
    if isinstance(task.answer, ClosedLabels):
        return _label(_first_sentence(parts.answer), task.answer.labels)
    if isinstance(task.answer, FreeText):
        sentence = _first_sentence(parts.answer)
        return _equation(sentence) if task.answer.parser == "equation" else _text(sentence)
    return _choice(parts.answer, choices)


def _choice(answer: str, choices: Sequence[str]) -> _Answer | Rejected:
    line = _EMPHASIS.sub("", answer)
    size = 1 if len(choices) <= _LETTERS_IN_ALPHABET else 2
    letter = re.compile(rf"(?<!\w)\(([a-z]{{1,{size}}})\)", re.IGNORECASE | re.ASCII)
    sentence = _first_sentence(line)
    first = letter.search(sentence)
    if first is None:
        return _choice_without_letter(line, sentence, choices, size)
    if _DENIAL.search(sentence[: first.start()]):
        return Rejected(DENIES)
    if _WHOLE_SET.search(sentence[: first.start()]):
        return Rejected("teacher names no single choice")
    label = _lettered(first[1], choices)
    if label is None:
        return Rejected("teacher's letter stands for no choice")
    if _same_start(line[first.end() :], label):
        # A choice may hold a full stop of its own (`U.S. Army`): the sentence ends after it.
        sentence = _first_sentence(line, first.end() + len(label))
    own_words = _without_stop(sentence[first.end() :]) or label
    notes = []
    if len({found[1].lower() for found in letter.finditer(sentence)}) > 1:
        notes.append(SEVERAL_LETTERS)
    if own_words not in (label, _without_stop(label)):
        notes.append(TEXT_UNLIKE_CHOICE)
    return _Answer(label, tuple(notes), own_words)


def _choice_without_letter(line: str, sentence: str, choices: Sequence[str], size: int) -> _Answer | Rejected:
    for text in (line, sentence):
        named = _without_stop(text).strip(_QUOTES)
        for choice in merge_choices(choices):
            if _without_stop(choice).casefold() == _without_stop(named).casefold():
                return _Answer(choice, (NO_LETTER,), named)
    # `b`, `b. chair` and `option B) chair`: a letter that only its stop or bracket tells from a word.
    bare = re.match(rf"(?:(?:choice|option)\s+)?[(\[]?([a-z]{{1,{size}}})(?:[).:\]]|$)", line, re.IGNORECASE | re.ASCII)
    label = _lettered(bare[1], choices) if bare else None
    if bare is None or label is None:
        return Rejected(DENIES if _DENIAL.search(sentence) else "teacher names no choice")
    own_words = _without_stop(line[bare.end() :])
    notes = () if own_words in ("", _without_stop(label)) else (TEXT_UNLIKE_CHOICE,)
    return _Answer(label, notes, own_words or label)


def _label(sentence: str, labels: Sequence[str]) -> _Answer | Rejected:
    text = _without_stop(_EMPHASIS.sub("", sentence)).strip(_QUOTES)
    said = _without_stop(text)
    for label in labels:
        if normalise_answer(label).casefold() == said.casefold():
            return _Answer(label)
    # A part of a longer word is another word, and `non-entailment` is the contrary of a label.
    longest_first = sorted(labels, key=len, reverse=True)
    pattern = "|".join(f"({re.escape(normalise_answer(label))})" for label in longest_first)
    whole = rf"(?<![\w{_HYPHENS}])(?<!\d\.)(?:{pattern})(?![\w{_HYPHENS}])(?!\.\d)"
    found = list(re.finditer(whole, text, re.IGNORECASE))
    if not found:
        return Rejected("teacher names none of the labels")
    if _DENIAL.search(text[: found[0].start()]):
        return Rejected(DENIES)
    if len(found) > 1 and _UNITED.fullmatch(text[found[0].end() : found[1].start()]):
        return Rejected("teacher names several labels")
    return _Answer(longest_first[(found[0].lastindex or 0) - 1])


def _equation(sentence: str) -> _Answer | Rejected:
    text = _without_stop(sentence).strip("*`$ ").removesuffix(".")
    if len(text) > 2 * MAX_EQUATION_CHARS:
        return Rejected(NO_ARITHMETIC)
    if text.count("(") > text.count(")"):
        return Rejected("teacher's equation has a bracket that is not closed")
    sides = text.split("=")
    try:
        if len(sides) > 1:
            return _sides(sides)
        in_brackets = _IN_BRACKETS.search(text)
        return _Answer(canonical_equation(text), own_words=in_brackets[0] if in_brackets else None)
    except AnswerError:
        return Rejected(NO_ARITHMETIC)


def _sides(sides: Sequence[str]) -> _Answer | Rejected:
    """The equation out of `23 + 18 = 41` or `41 = 23 + 18`; the value beside it may have a unit."""
    stated = [_STATED_VALUE.fullmatch(side.strip()) for side in sides]
    equations = [canonical_equation(side) for side, value in zip(sides, stated, strict=True) if value is None]
    values = [value[1] for value in stated if value is not None]
    chosen = equations[0] if equations else canonical_equation(values[0])
    expected = evaluate_equation(chosen)
    exact = all(abs(evaluate_equation(other) - expected) <= 1e-4 for other in equations)
    rounded = all(abs(evaluate_equation(value) - expected) <= _rounding(value) for value in values)
    return _Answer(chosen) if exact and rounded else Rejected("teacher's equation has not the value stated beside it")


def _rounding(value: str) -> float:
    """How far a number may be from what it was rounded from."""
    return 0.5 * 10.0 ** -len(value.partition(".")[2]) + 1e-9


def _text(sentence: str) -> _Answer | Rejected:
    text = _without_stop(sentence).strip("*`_ ")
    text = _without_stop(text).strip(_QUOTES).strip()
    return _Answer(text) if text else Rejected("teacher's conclusion is empty")


def _lettered(letters: str, choices: Sequence[str]) -> str | None:
    """The choice that a letter stands for, lettered as in the student's input."""
    for position, choice in enumerate(choices):
        if choice_letter(position) == letters.lower():
            return normalise_answer(choice)
    return None


def _first_sentence(text: str, start: int = 0) -> str:
    """A text up to the end of the sentence that `start` is in."""
    end = _SENTENCE_END.search(text, min(start, len(text)))
    return text if end is None else text[: end.end()]


def _same_start(text: str, label: str) -> bool:
    return text.strip().casefold().startswith(label.casefold())


def _without_stop(text: str) -> str:
    return normalise_answer(normalise_answer(text).removesuffix("."))
