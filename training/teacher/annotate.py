"""Annotation: ask what the journal has no answer to, then read the whole journal into the output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from training.teacher.asking import Asking, ask_remote
from training.teacher.base import NO_PROMPT, Ask, Identity, Local, Remote, Reply
from training.teacher.journal import Entry, Journal, is_journal
from training.teacher.ledger import Ledger
from training.teacher.outputs import OutputFiles, read_results
from training.teacher.prices import Price, Spending
from training.teacher.progress import Progress
from training.teacher.prompt import PromptWriter
from training.teacher.rows import InputRow, Rows

_CHARACTERS_A_TOKEN = 4
_ZERO_SHOT_TOKENS = 100


@dataclass(frozen=True)
class Annotation:
    """What is to be annotated, and where to.

    Attributes:
        rows: of the input, as far as they are wanted.
        writer: of the prompts; None for a teacher that reads none.
        output: the file of labelled rows.
        samples: of each row; above 1, the majority's answer is taken.
        price: of the model's tokens, where it is known.
        read: files that the run reads, and so must not write.
    """

    rows: Rows
    writer: PromptWriter | None
    output: Path
    samples: int = 1
    price: Price | None = None
    read: tuple[Path, ...] = ()

    @property
    def files(self) -> OutputFiles:
        """Where everything is written."""
        return OutputFiles(self.output)

    def identity(self, teacher: Identity) -> Identity:
        """What the journal must be of."""
        return {"task": self.rows.task.name, **teacher}

    def missing(self, journal: Journal | None) -> Iterator[tuple[int, InputRow, int]]:
        """Position, row and sample of what has no answer yet: row by row, so that rows become whole early."""
        for position, row in enumerate(self.rows.rows):
            if isinstance(row, InputRow):
                for sample in range(self.samples):
                    if journal is None or journal.reply(row.key, sample) is None:
                        yield position, row, sample

    def asks(self, journal: Journal | None) -> Iterator[Ask]:
        """What is missing, with its prompts."""
        for position, row, sample in self.missing(journal):
            prompt = self.writer.write(row.inputs, row.choices) if self.writer else NO_PROMPT
            yield Ask(row.key, position, sample, prompt)

    def wanted(self) -> int:
        """How many answers there will be when all is done."""
        return self.samples * sum(isinstance(row, InputRow) for row in self.rows.rows)


@dataclass(frozen=True)
class Estimate:
    """What a run would take, roughly: a token is counted as four characters.

    Attributes:
        first_prompt: of the run, for people; None where nothing is left to ask.
        calls: answers to ask for.
        prompt_tokens: read.
        output_tokens: written, if answers are as long as the demonstrations.
        most_output_tokens: written, if every answer goes to its limit.
        price: of them.
    """

    first_prompt: str | None
    calls: int
    prompt_tokens: int
    output_tokens: int
    most_output_tokens: int
    price: Price | None

    def as_text(self) -> str:
        """The estimate for people."""
        lines = [] if self.first_prompt is None else [self.first_prompt, ""]
        lines.append(
            f"{self.calls:,} answers to ask for: about {self.prompt_tokens:,} tokens read, {self.output_tokens:,} "
            f"written (at most {self.most_output_tokens:,})"
        )
        if self.price is not None:
            cost, most = (
                self.price.of(self.prompt_tokens, tokens) for tokens in (self.output_tokens, self.most_output_tokens)
            )
            lines.append(f"cost: about {cost:,.4f}, at most {most:,.4f} and what failed tries may cost")
        return "\n".join(lines)


def annotate(
    annotation: Annotation, teacher: Remote | Local, asking: Asking | None = None, *, progress: bool = True
) -> Ledger:
    """Ask a teacher what it was not asked yet, and write the output.

    However the asking ends, the output is written of all rows answered so far, and only then is an error raised.

    Args:
        annotation: what and where to.
        teacher: who is asked.
        asking: how a remote teacher is asked.
        progress: show a bar.

    Returns:
        The counts; `unanswered` says how many rows are left for another run.

    Raises:
        TeacherError: the output is not ours, the journal is of another run, or the asking had to end.
        KeyboardInterrupt: Ctrl-C.
    """
    files = annotation.files
    files.check(annotation.read)
    files.make_folder()
    with Journal(files.journal, annotation.identity(teacher.identity)) as journal:
        try:
            _ask(annotation, teacher, asking or Asking(), journal, progress=progress)
        finally:
            results = read_results(annotation.rows, journal, annotation.samples, annotation.price)
            files.write(results)
    return results.ledger


def read_again(annotation: Annotation) -> Ledger:
    """Write the output from the journal alone, asking nothing.

    Raises:
        TeacherError: there is no journal, or it is of another task.
    """
    files = annotation.files
    files.check(annotation.read)
    with Journal(files.journal, annotation.identity({}), read_only=True) as journal:
        results = read_results(annotation.rows, journal, annotation.samples, annotation.price)
        files.write(results)
    return results.ledger


def estimate(annotation: Annotation, identity: Identity, max_tokens: int) -> Estimate:
    """What a run would ask and cost. Nothing is asked or written.

    Args:
        annotation: what and where to.
        identity: of the teacher.
        max_tokens: of an answer.

    Raises:
        TeacherError: as `annotate` would.
    """
    annotation.files.check(annotation.read)
    if is_journal(annotation.files.journal):
        with Journal(annotation.files.journal, annotation.identity(identity)) as journal:
            asks = list(annotation.asks(journal))
    else:
        asks = list(annotation.asks(None))
    shown = annotation.writer.demonstrated_characters if annotation.writer else None
    an_answer = _ZERO_SHOT_TOKENS if shown is None else round(shown / _CHARACTERS_A_TOKEN)
    return Estimate(
        first_prompt=asks[0].prompt.shown() if asks else None,
        calls=len(asks),
        prompt_tokens=sum(ask.prompt.characters for ask in asks) // _CHARACTERS_A_TOKEN,
        output_tokens=min(an_answer, max_tokens) * len(asks),
        most_output_tokens=max_tokens * len(asks),
        price=annotation.price,
    )


def _ask(annotation: Annotation, teacher: Remote | Local, asking: Asking, journal: Journal, *, progress: bool) -> None:
    spending = Spending(annotation.price)
    for entry in journal.entries.values():
        if isinstance(entry.outcome, Reply):
            spending.add(entry.outcome)
    remaining = sum(1 for _ in annotation.missing(journal))
    if not remaining:
        return
    with Progress(remaining, annotation.wanted() - remaining, spending, bar=progress) as shown:
        asks = annotation.asks(journal)
        if isinstance(teacher, Local):
            _ask_local(teacher, asks, journal, shown)
        else:
            ask_remote(teacher, asks, journal, asking, shown.told)


def _ask_local(teacher: Local, asks: Iterable[Ask], journal: Journal, shown: Progress) -> None:
    iterator = iter(asks)
    while batch := list(islice(iterator, teacher.batch_rows)):
        entries = [Entry(ask.key, ask.sample, outcome) for ask, outcome in zip(batch, teacher.ask(batch), strict=True)]
        journal.add(entries)
        for entry in entries:
            shown.told(entry)
