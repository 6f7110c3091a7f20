from __future__ import annotations

import json

import pytest

from student.errors import DataError
from training.data.report import LoadReport


def _report() -> LoadReport:
    report = LoadReport("cqa/train")
    for row in range(8):
        report.use(with_rationale=row != 0)
    report.note("a choice is repeated", "cqa/train:1")
    for row in (8, 9, 10, 11, 12):
        report.drop("answer is none of the choices", f"cqa/train:{row}")
    report.drop("line is not JSON", "cqa/train:13 (line 14)")
    report.compare_teacher(agrees=True)
    report.compare_teacher(agrees=False)
    return report


def test_every_row_is_used_or_dropped() -> None:
    report = _report()

    assert (report.rows_read, report.rows_used, report.rows_dropped) == (14, 8, 6)
    assert report.rows_with_rationale == 7
    assert report.dropped_share == pytest.approx(6 / 14)


def test_few_examples_are_kept_for_each_reason() -> None:
    tally = _report().dropped["answer is none of the choices"]

    assert tally.rows == 5
    assert tally.examples == ["cqa/train:8", "cqa/train:9", "cqa/train:10"]


def test_check_passes_when_the_share_is_allowed() -> None:
    _report().check(max_bad_share=0.43)


def test_check_names_share_and_counts_by_reason() -> None:
    with pytest.raises(DataError) as caught:
        _report().check(max_bad_share=0.05)

    message = str(caught.value)
    assert message.startswith("cqa/train: 6 of 14 rows cannot be used (42.9%; at most 5.0% allowed")
    assert "5 x answer is none of the choices (such as cqa/train:8, cqa/train:9, cqa/train:10)" in message
    assert "1 x line is not JSON (such as cqa/train:13 (line 14))" in message


def test_check_refuses_a_dataset_without_any_row_left() -> None:
    with pytest.raises(DataError, match="0 of 0 rows"):
        LoadReport("empty").check(max_bad_share=1.0)


def test_notes_do_not_count_as_bad() -> None:
    report = LoadReport("cqa/train")
    report.use(with_rationale=False)
    report.note("rationale is missing", "cqa/train:0")

    report.check(max_bad_share=0.0)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_check_refuses_a_number_that_is_no_share(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        _report().check(share)


def test_report_as_dict_goes_through_json() -> None:
    saved = json.loads(json.dumps(_report().as_dict()))

    assert saved["rows_read"] == 14
    assert saved["dropped"]["line is not JSON"] == {"rows": 1, "examples": ["cqa/train:13 (line 14)"]}
    assert saved["teacher_agreement"] == 0.5


def test_agreement_is_absent_where_nothing_was_compared() -> None:
    assert LoadReport("jsonl").as_dict()["teacher_agreement"] is None
    assert "agrees" not in LoadReport("jsonl").as_text()


def test_report_as_text_is_an_aligned_table() -> None:
    assert _report().as_text().splitlines() == [
        "cqa/train: 14 rows read, 8 used (7 with a rationale), 6 dropped (42.9%)",
        "teacher agrees with gold in 50.0% of 2 rows",
        "severity  rows  share  reason                         such as",
        "dropped      5  35.7%  answer is none of the choices  cqa/train:8, cqa/train:9, cqa/train:10",
        "dropped      1   7.1%  line is not JSON               cqa/train:13 (line 14)",
        "noted        1   7.1%  a choice is repeated           cqa/train:1",
    ]
