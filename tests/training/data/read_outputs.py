"""Questions with an answer to them, and a teacher's outputs read as theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from student.task import Task, find_task, parse_task
from training.data.teacher_output import (
    Rejected,
    TeacherAnswer,
    read_output,
)

CHOICES = ["garage", "chair", "train station", "table", "england"]
REASONING = "It must be furniture."
QUESTION = "Where do people sit down to wait?"
PROBLEM = "Ann picked 20 flowers. 7 roses.\nHow many?"
PREMISE = {"premise": "A man is asleep on a bench.", "hypothesis": "A man is awake."}


def _plain(parsed: TeacherAnswer | Rejected) -> TeacherAnswer | Rejected:
    """Without the teacher's own words, which have a test of their own."""
    return replace(parsed, own_words="") if isinstance(parsed, TeacherAnswer) else parsed


def parse_cqa(raw: str, choices: Sequence[str], *, cut: bool = False) -> TeacherAnswer | Rejected:
    return _plain(read_output(raw, find_task("cqa"), {"question": QUESTION}, choices, cut=cut))


def parse_svamp(raw: str, *, cut: bool = False) -> TeacherAnswer | Rejected:
    return _plain(read_output(raw, find_task("svamp"), {"problem": PROBLEM}, cut=cut))


def parse_nli(raw: str, *, cut: bool = False) -> TeacherAnswer | Rejected:
    return _plain(read_output(raw, find_task("anli"), PREMISE, cut=cut))


def task_of(answer: str, conclusion: str = "So the answer is") -> Task:
    return parse_task(f"{{name: own, template: '{{text}}', answer: {answer}, conclusion: '{conclusion}'}}", "own")
