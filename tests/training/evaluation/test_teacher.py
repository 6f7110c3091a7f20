from __future__ import annotations

import json
from pathlib import Path

import pytest

from student.errors import DataError
from student.task import Task, find_task
from tests.training.data.release_files import write_release
from tests.training.evaluation.rows import TASKS
from training.data.example import Example
from training.evaluation.measured import Measured
from training.evaluation.rows import Selection
from training.evaluation.teacher import NO_ANSWER, NOT_AMONG_THE_ANSWERS, load_taught, pair

ROWS = [{"input": f"There are {number} apples and 2 more.", "label": f"( {number} + 2 )"} for number in range(1, 31)]


class _Silent:
    """A student that is not asked."""

    def __init__(self, *tasks: Task) -> None:
        self.tasks = {task.name: task for task in tasks}

    def replies(self, examples: object, *, rationales: bool = False) -> list[object]:
        raise AssertionError


def _measured(*names: str) -> Measured:
    student = _Silent(*(find_task(name) for name in names))
    return Measured("s", student, {}, None, {}, 1)  # type: ignore[arg-type]


def _outputs() -> list[str]:
    """The teacher subtracts in every third row, and says nothing in the first."""
    said = [f"There are {n}. The answer is ({n} {'-' if n % 3 == 0 else '+'} 2)." for n in range(1, 31)]
    return ["I do not know.", *said[1:]]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    write_release(tmp_path, "svamp", ROWS, _outputs(), split="train")
    return write_release(tmp_path, "svamp", ROWS, _outputs(), split="test")


def test_answers_that_come_with_the_data_are_held_against_gold(release: Path) -> None:
    taught = load_taught(_measured("svamp"), Selection((f"svamp:{release}",), None, "test", 100))
    assert taught.left_out == {NO_ANSWER: 1}
    assert len(taught.examples) == 29
    by_source = {row.source: row for row in taught.examples}
    third = by_source["svamp/test:2"]
    assert (third.label, third.gold) == ("3 - 2", "3 + 2")
    assert sum(row.label != row.gold for row in taught.examples) == 10


@pytest.mark.parametrize("split", ["train", "validation"])
def test_other_splits_have_the_teachers_answers_too(release: Path, split: str) -> None:
    taught = load_taught(_measured("svamp"), Selection((f"svamp:{release}",), None, split, 100))  # type: ignore[arg-type]
    assert any(row.label != row.gold for row in taught.examples)


def test_rows_are_counted_before_the_teacher_is_asked(release: Path) -> None:
    taught = load_taught(_measured("svamp"), Selection((f"svamp:{release}",), None, "test", 5))
    assert (len(taught.examples), taught.left_out) == (4, {NO_ANSWER: 1})


def test_recorded_answers_stand_for_a_teacher(tmp_path: Path) -> None:
    answers = [
        {"task": "demo-nli", "source": f"demo-nli/test:{number}", "answer": "neutral"} for number in range(0, 10, 2)
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, answers)))
    taught = load_taught(_measured("demo-nli"), Selection(("demo-nli",), None, "test", 10), tmp_path / "t.jsonl")
    assert [row.label for row in taught.examples] == ["neutral"] * 5
    assert {row.gold for row in taught.examples} > {"neutral"}
    assert taught.left_out == {NO_ANSWER: 5}


def _folders(tmp_path: Path) -> tuple[str, str]:
    """Two files of one name; the teacher of the second is wrong throughout."""
    for folder, answer in (("one", "1 + 1"), ("two", "1 - 1")):
        (tmp_path / folder).mkdir()
        rows = [
            {"inputs": {"problem": f"{folder} {number}"}, "label": "1 + 1", "teacher_label": answer}
            for number in range(5)
        ]
        (tmp_path / folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return f"jsonl:{tmp_path}/one/rows.jsonl", f"jsonl:{tmp_path}/two/rows.jsonl"


def test_teachers_of_two_files_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    one, two = _folders(tmp_path)
    for order in ((one, two), (two, one)):
        taught = load_taught(_measured("svamp"), Selection(order, None, "test", 100))
        wrong = {row.inputs["problem"] for row in taught.examples if row.label != row.gold}
        assert wrong == {f"two {number}" for number in range(5)}
        assert len(taught.examples) == 10


def test_recorded_answers_that_may_belong_to_either_of_two_rows_are_refused(tmp_path: Path) -> None:
    answers = [{"task": "svamp", "source": f"rows.jsonl:{number}", "answer": "1"} for number in range(1, 6)]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, answers)))
    with pytest.raises(DataError, match=r"5 rows of --data go by the name of another row \(such as rows\.jsonl:1\)"):
        load_taught(_measured("svamp"), Selection(_folders(tmp_path), None, "test", 100), tmp_path / "t.jsonl")


def test_source_without_a_teacher_is_refused() -> None:
    with pytest.raises(DataError, match="has no teacher labels of its own"):
        load_taught(_measured("demo-nli"), Selection(("demo-nli",), None, "test", 5))


def test_answers_out_of_the_answer_space_are_counted_apart() -> None:
    rows = [
        Example("mood", {"text": "x"}, "sad", None, "a"),
        Example("mood", {"text": "x"}, "sad", None, "b"),
        Example("where", {"question": "x"}, "zoo", None, "c", choices=("zoo", "park")),
        Example("where", {"question": "x"}, "zoo", None, "d", choices=("zoo", "park")),
        Example("sums", {"problem": "x"}, "1 + 1", None, "e"),
    ]
    given = {
        ("mood", "a"): " happy",
        ("mood", "b"): "angry",
        ("where", "c"): "park",
        ("where", "d"): "sea",
        ("sums", "e"): "nothing that can be read",
    }
    taught = pair(TASKS, rows, given)
    assert [row.source for row in taught.examples] == ["a", "c", "e"]
    assert taught.left_out == {NOT_AMONG_THE_ANSWERS: 2}
