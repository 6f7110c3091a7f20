"""A teacher that was asked long ago: its raw outputs are replayed, and nothing is paid.

Either the release's folder `palm/` (`<split>_CoT_<k>.json`), or JSON lines of one's own, a line a row of the input:

    {"text": "..."}
    {"texts": ["...", "..."]}                  several samples of one question
    {"text": "...", "finish": "length"}        it ended at its token limit
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from student.errors import DataError
from training.data.checks import is_text_list
from training.data.json_lines import JsonLine, read_json_lines
from training.data.release import read_teacher_outputs
from training.data.report import Rejected
from training.teacher.base import Ask, Identity, Refusal, Reply

_EXPECTED = 'a folder of <split>_CoT_<k>.json, or JSON lines: {"text": "..."} or {"texts": ["...", "..."]}'
_TOLD_LINES = 5

NO_SAMPLE = "the recording has no such sample"


class Recorded:
    """Replays raw outputs.

    Args:
        path: folder of the release, or JSON lines.
        rows: of the input, all of them: output k belongs to row k.
        split: of the release; for a folder.

    Raises:
        DataError: the outputs cannot be read, or are not as many as the rows.
    """

    batch_rows = 512

    def __init__(self, path: Path, rows: int, split: str | None) -> None:
        if path.is_dir():
            if split is None:
                raise DataError(f"recorded {path}: is a folder of the release, whose input is <dataset>:<folder>")
            self._outputs = [[Reply(text)] for text in read_teacher_outputs(path, split, _EXPECTED)]
        else:
            self._outputs = _read_lines(path)
        if len(self._outputs) != rows:
            raise DataError(
                f"recorded {path}: {len(self._outputs)} outputs for {rows} rows; output k belongs to row k, so the two "
                "must be equal in number"
            )
        content = json.dumps([[[reply.text, reply.finish] for reply in replies] for replies in self._outputs])
        self.identity: Identity = {
            "teacher": "recorded",
            "outputs": hashlib.sha256(content.encode()).hexdigest(),
        }

    def ask(self, asks: Sequence[Ask]) -> list[Reply | Refusal]:
        """The outputs of a batch; see `training.teacher.base.Local`."""
        return [self._output(ask.position, ask.sample) for ask in asks]

    def _output(self, position: int, sample: int) -> Reply | Refusal:
        replies = self._outputs[position]
        return replies[sample] if sample < len(replies) else Refusal(NO_SAMPLE)


def _read_lines(path: Path) -> list[list[Reply]]:
    lines = read_json_lines(path, _EXPECTED)
    outputs = [_replies(line) for line in lines]
    wrong = [line.number for line, replies in zip(lines, outputs, strict=True) if replies is None]
    if wrong:
        named = ", ".join(map(str, wrong[:_TOLD_LINES]))
        more = f" and {len(wrong) - _TOLD_LINES} more" if len(wrong) > _TOLD_LINES else ""
        raise DataError(f"recorded {path}: line {named}{more}: hold no raw output; expected {_EXPECTED}")
    return [replies for replies in outputs if replies is not None]


def _replies(line: JsonLine) -> list[Reply] | None:
    if isinstance(line.value, Rejected):
        return None
    text, texts, finish = (line.value.get(name) for name in ("text", "texts", "finish"))
    finish = finish if isinstance(finish, str) else None
    if isinstance(text, str) and texts is None:
        return [Reply(text, finish)]
    return [Reply(one, finish) for one in texts] if text is None and is_text_list(texts) else None
