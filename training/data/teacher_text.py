"""A teacher's raw text cut into reasoning and concluding sentence, whoever wrote it.

What surrounds them differs by teacher. A base model goes on inventing questions after its answer, up to its token
limit; a chat model sets words in bold; a reasoning model thinks aloud first; any of them may repeat the question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from student.task import CHOICES_FIELD, Task, normalise_answer, render_choices
from training.data.checks import is_unicode
from training.data.report import Rejected

QUESTION_ECHOED = "teacher repeats the question; what follows it is taken"
CUT = "teacher's output was cut at its token limit"
NO_CONCLUSION = "teacher states no conclusion"

_THOUGHT_TAG = re.compile(r"<(/?(?:think|thinking|reasoning))>", re.IGNORECASE)
_ANSWER_BEGINS = re.compile(r"\n[^\S\n]*A:")
_LEADING_ANSWER = re.compile(r"\A\s*(?:A|Answer):")
_LEADING_QUESTION = re.compile(r"\s*Q:")
_EMPHASIS = "*_`"


@dataclass(frozen=True)
class Parts:
    """What a teacher wrote, cut.

    Attributes:
        reasoning: what leads to the conclusion, in one line.
        answer: what follows the conclusion words, to the end of its line.
        notes: what was not as it should be but could be read.
    """

    reasoning: str
    answer: str
    notes: tuple[str, ...] = ()


def question_text(task: Task, inputs: Mapping[str, str], choices: Sequence[str] = ()) -> str:
    """The question as a teacher reads it: a line for each field, named where there are several.

    The fields stand in the order of the task's template; choices are lettered as in the student's input.
    """
    fields = [(name, normalise_answer(inputs[name])) for name in task.fields]
    lines = [value if len(fields) == 1 else f"{name}: {value}" for name, value in fields]
    if task.takes_choices:
        lines.append(f"{CHOICES_FIELD}: {render_choices(choices)}")
    return "\n".join(lines)


def split_output(
    raw: str, task: Task, inputs: Mapping[str, str], choices: Sequence[str] = (), *, cut: bool = False
) -> Parts | Rejected:
    """Find the last conclusion of an output, before the teacher goes on to a next question.

    The task's own conclusion words count; where they are nowhere, the same words without their `So`.

    Args:
        raw: the output.
        task: whose conclusion words are looked for.
        inputs: the row's fields: what repeats them is no next question.
        choices: the row's choices.
        cut: the output ended at the token limit. It is then read only if a next question had begun, which shows
            that the conclusion is whole.
    """
    if not is_unicode(raw):
        return Rejected("teacher's output contains a lone surrogate")
    text = _without_thought(raw)
    if text is None:
        return Rejected(f"{CUT}, while it was thinking")
    text, echoed = _without_question(text, task, inputs, choices)
    exact, tolerant = _conclusion_words(task.conclusion)
    concluded = tolerant.search(text)
    end = _next_question(text, task, inputs, len(text) if concluded is None else concluded.start())
    head = text if end is None else text[:end]
    # The last conclusion counts, as for the student's own rationales.
    found = list(exact.finditer(head)) or list(tolerant.finditer(head))
    if cut and (end is None or not found):
        return Rejected(CUT)
    if not found:
        return Rejected(NO_CONCLUSION)
    # Only its line: an output may be cut between the `Q` and the `:` of the next question.
    answer = head[found[-1].end() :].strip().partition("\n")[0].strip()
    if not answer.strip(f"{_EMPHASIS} ."):
        return Rejected("teacher's conclusion is empty")
    reasoning = normalise_answer(head[: found[-1].start()]).rstrip(f"{_EMPHASIS} ")
    if reasoning.endswith((",", ";")):
        # `It was in 1982, so the answer is ...`: the conclusion becomes a sentence of its own.
        reasoning = f"{reasoning[:-1].rstrip()}."
    if not reasoning.strip(" ."):
        return Rejected("teacher gives no reasoning")
    return Parts(reasoning, answer, (QUESTION_ECHOED,) if echoed else ())


def _without_thought(raw: str) -> str | None:
    """What a reasoning model says beside its thinking; None if that never came to an end."""
    said: list[str] = []
    thinking = False
    for number, piece in enumerate(_THOUGHT_TAG.split(raw)):
        if number % 2 == 0:
            if not thinking:
                said.append(piece)
            continue
        ends = piece.startswith("/")
        if ends and not thinking:
            # Where the prompt's template opens the block, the output has its end alone.
            said.clear()
        thinking = not ends
    return None if thinking else "".join(said)


def _without_question(text: str, task: Task, inputs: Mapping[str, str], choices: Sequence[str]) -> tuple[str, bool]:
    """The text without a repetition of the question at its start, and whether there was one."""
    asked = question_text(task, inputs, choices)
    # Where there are several fields, reasoning may well begin with the words of the first.
    for shown in (asked, inputs[task.fields[0]]) if len(task.fields) == 1 else (asked,):
        end = _end_of_repetition(text, shown)
        if end is not None:
            rest = text[end:]
            begins = _ANSWER_BEGINS.search(rest)
            # The question alone may have matched, with its choices to follow.
            if begins is not None and _part_of(rest[: begins.start()], asked):
                return rest[begins.end() :], True
            return _LEADING_ANSWER.sub("", rest, count=1), True
    begins = _ANSWER_BEGINS.search(text)
    if begins is not None and (_LEADING_QUESTION.match(text) or _part_of(text[: begins.start()], asked)):
        return text[begins.end() :], True
    return _LEADING_ANSWER.sub("", text, count=1), False


def _end_of_repetition(text: str, shown: str) -> int | None:
    """Where a repetition of the question at the start of a text ends; None if it is the start of a sentence."""
    words = r"\s+".join(re.escape(word) for word in shown.split())
    repeated = re.match(rf"\s*(Q:\s*)?{words}", text, re.IGNORECASE)
    if repeated is None or not text[repeated.end() :].strip():
        return None
    alone = repeated[1] or shown.rstrip().endswith("?") or re.match(r"[ \t]*\n|\s*A:", text[repeated.end() :])
    return repeated.end() if alone else None


def _part_of(text: str, question: str) -> bool:
    """Whether a text is a part of the question, by its words alone: punctuation and breaks do not count."""
    words, asked = (re.findall(r"\w+", part.casefold()) for part in (text, question))
    return f" {' '.join(words)} " in f" {' '.join(asked)} "


def _conclusion_words(conclusion: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The task's words, and the same with their first `So` left to choice."""
    given = [word.rstrip(",") for word in conclusion.split()]
    rest = given[1:] if given[0].casefold() == "so" and len(given) > 1 else given
    words = r",?\s+".join(re.escape(word) for word in rest)
    last = r"(?!\w)" if given[-1][-1:].isalnum() else ""
    led = r"(?:so,?\s+)" if len(rest) < len(given) else r"(?:so,?\s+)?"
    exact, tolerant = (rf"(?<!\w){lead}{words}{last}[\s:]*" for lead in (led, r"(?:(?:so|thus|hence|therefore),?\s+)?"))
    return re.compile(exact, re.IGNORECASE), re.compile(tolerant, re.IGNORECASE)


def _next_question(text: str, task: Task, inputs: Mapping[str, str], concluded: int) -> int | None:
    """Where the teacher goes on to a question of its own making.

    A question before the conclusion (at `concluded`) that is the row's own is none; after it, every one is.
    """
    first = task.fields[0]
    own = [word.casefold() for word in inputs[first].split()]
    seen = 2 * len(inputs[first]) + len(first) + 10
    for marker in re.finditer(rf"(?<!\w)Q:|^[ \t]*{re.escape(first)}:", text, re.IGNORECASE | re.MULTILINE):
        if marker[0] == "q:":
            continue
        said = text[marker.end() : marker.end() + seen].lstrip().removeprefix(f"{first}:")
        if marker.start() > concluded or [word.casefold() for word in said.split()[: len(own)]] != own:
            return marker.start()
    return None
