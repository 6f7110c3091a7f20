from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from student.task import find_task
from training.data.report import Rejected
from training.data.teacher_output import TeacherAnswer
from training.teacher.consistency import Majority, majority

NLI, SVAMP = find_task("esnli"), find_task("svamp")


def answers(*labels: str) -> list[TeacherAnswer | Rejected]:
    """An answer for each label; `?` cannot be read."""
    return [Rejected("?") if label == "?" else TeacherAnswer(f"{n}", label) for n, label in enumerate(labels)]


def test_most_votes_win_and_the_first_of_them_is_the_rationale() -> None:
    chosen = majority(NLI, answers("neutral", "entailment", "?", "entailment"))

    assert isinstance(chosen, Majority)
    assert chosen.votes == "2/4" and [answer.rationale for answer in chosen.answers] == ["1", "3"]


def test_of_equally_many_the_first_seen_wins() -> None:
    chosen = majority(NLI, answers("?", "neutral", "entailment", "entailment", "neutral"))

    assert isinstance(chosen, Majority) and chosen.answers[0].label == "neutral"


def test_equations_of_the_same_value_are_the_same_answer() -> None:
    chosen = majority(SVAMP, answers("7 - 3", "2 + 3", "3 + 2", "5"))

    assert isinstance(chosen, Majority) and chosen.votes == "3/4" and chosen.answers[0].label == "2 + 3"


def test_samples_that_cannot_be_read_give_the_commonest_reason() -> None:
    assert majority(NLI, [Rejected("a"), Rejected("b"), Rejected("b")]) == Rejected("b")


@given(st.lists(st.sampled_from(["entailment", "neutral", "contradiction"]), min_size=1, max_size=9))
def test_no_other_answer_has_more_votes(labels: list[str]) -> None:
    chosen = majority(NLI, answers(*labels))

    assert isinstance(chosen, Majority)
    assert len(chosen.answers) == max(labels.count(label) for label in labels) == labels.count(chosen.answers[0].label)
