from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from student.errors import DataError, QuickstepError
from tests.training.small import TASK_YAML
from training.config import SourceConfig
from training.data.mixture import Cuts, Mixture, load_mixture
from training.data.report import UnusableRows


def _row(number: int, **changes: Any) -> dict[str, Any]:
    return {"inputs": {"text": f"Ann does {number}."}, "label": "happy"} | changes


def _source(folder: Path, content: list[dict[str, Any]], name: str = "rows.jsonl", **keys: Any) -> SourceConfig:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(map(json.dumps, content)))
    (folder / "mood.yaml").write_text(TASK_YAML)
    return SourceConfig(source=f"jsonl:{folder / name}", task=str(folder / "mood.yaml"), **keys)


def _texts(mixture: Mixture) -> set[str]:
    return {row.inputs["text"] for row in mixture.training}


def _taught(number: int, *, gold: bool = False) -> dict[str, Any]:
    row = _row(number, teacher_label="sad")
    return row if gold else {key: value for key, value in row.items() if key != "label"}


def test_fractions_are_nested_and_leave_validation_rows_alone(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(200)]
    small, large, whole = (
        load_mixture([_source(tmp_path, rows, fraction=fraction)], Cuts(validation_share=0.2))
        for fraction in (0.25, 0.5, 1.0)
    )

    assert small.validation == large.validation == whole.validation
    assert _texts(small) < _texts(large) < _texts(whole)
    assert len(small.training) == round(0.25 * len(whole.training))
    told = small.as_dict()["sources"][0]
    assert (told["fraction"], told["subset_seed"]) == (0.25, 0)
    assert (told["training_rows"], told["validation_rows"]) == (len(small.training), len(small.validation))


def test_other_subset_seed_takes_other_rows(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(100)]
    one, other = (load_mixture([_source(tmp_path, rows, fraction=0.3, subset_seed=seed)], Cuts()) for seed in (0, 1))

    assert one.validation == other.validation
    assert _texts(one) != _texts(other)


@pytest.mark.parametrize("fraction", [None, 0.5])
def test_neither_the_name_of_a_file_nor_its_other_rows_decide_what_is_held_out_or_taken(
    tmp_path: Path, fraction: float | None
) -> None:
    rows = [_row(number) for number in range(200)]
    # Another teacher's file: other labels and rationales, rows left out and in another order.
    others = [_row(number, label="sad", rationale="So the answer is sad.", id=number) for number in range(199, 20, -1)]

    one = load_mixture([_source(tmp_path, rows, fraction=fraction)], Cuts(validation_share=0.2))
    other = load_mixture([_source(tmp_path, others, name="noisy.jsonl", fraction=fraction)], Cuts(validation_share=0.2))

    left = {row["inputs"]["text"] for row in others}
    validated, also_validated = ({row.inputs["text"] for row in mixture.validation} for mixture in (one, other))
    assert also_validated == validated & left
    assert not _texts(other) & validated and not _texts(one) & also_validated
    assert len(_texts(one) & _texts(other)) > 0.9 * len(_texts(other))


def test_rows_that_ask_the_same_are_on_one_side_of_the_cut(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(40)] + [
        {"inputs": {"text": f" ann  DOES {number}."}, "label": "sad"} for number in range(40)
    ]

    mixture = load_mixture([_source(tmp_path, rows)], Cuts(validation_share=0.3))

    assert mixture.duplicates.held_out.rows == mixture.overlaps[0].same.rows == 0
    assert len(mixture.validation) % 2 == 0 and mixture.validation


def test_first_rows_are_taken_of_the_training_rows(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(100)]

    some = load_mixture([_source(tmp_path, rows, rows=7)], Cuts())

    assert some.training == load_mixture([_source(tmp_path, rows)], Cuts()).training[:7]


def test_duplicates_are_reported_and_left_out_only_if_asked(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(40)] * 2
    entries = [_source(tmp_path, rows)]

    as_they_are = load_mixture(entries, Cuts(validation_share=0.2))
    distinct = load_mixture(entries, Cuts(validation_share=0.2, deduplicate=True))

    assert len(as_they_are.training) + len(as_they_are.validation) == 80
    assert as_they_are.duplicates.repeated.rows > 0
    assert as_they_are.duplicates == distinct.duplicates
    texts = [row.inputs["text"] for row in distinct.training]
    assert len(texts) == len(set(texts))
    assert not set(texts) & {row.inputs["text"] for row in distinct.validation}
    assert distinct.validation == as_they_are.validation
    told = [mixture.as_dict()["sources"][0]["duplicates_left_out"] for mixture in (as_they_are, distinct)]
    assert told == [0, len(as_they_are.training) - len(distinct.training)]


def test_duplicates_of_another_source_of_the_task_are_left_out(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(30)]
    entries = [_source(tmp_path / "a", rows, validation_rows=0), _source(tmp_path / "b", rows)]

    mixture = load_mixture(entries, Cuts(deduplicate=True))

    assert [told["training_rows"] + told["validation_rows"] for told in mixture.sources] == [
        30 - len(mixture.validation),
        len(mixture.validation),
    ]


def test_overlap_of_validation_rows_is_found_and_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [_row(number) for number in range(40)]
    entries = [_source(tmp_path / "a", rows), _source(tmp_path / "b", rows, validation_rows=0)]

    with caplog.at_level(logging.WARNING, logger="training"):
        mixture = load_mixture(entries, Cuts(validation_share=0.2))

    (overlap,) = mixture.as_dict()["overlap"]
    assert (overlap["task"], overlap["held_out"], overlap["rows"]) == ("mood", "validation", len(mixture.validation))
    assert overlap["same"]["rows"] == len(mixture.validation) > 0
    (warning,) = [record.getMessage() for record in caplog.records]
    assert f"{overlap['same']['rows']} ask what a training row asks" in warning
    (unwarned,) = load_mixture(entries, Cuts(validation_share=0.2, deduplicate=True)).overlaps
    assert unwarned.same.rows == 0


def test_test_rows_at_hand_are_compared_too(tmp_path: Path) -> None:
    for split, numbers in (("valid", range(60)), ("test", range(3))):
        rows = [
            {"premise": f"It is {number} .", "hypothesis": "No .", "label": "neutral", "explanations": ["So ."]}
            for number in numbers
        ]
        (tmp_path / f"esnli_{split}.json").write_text("\n".join(map(json.dumps, rows)))

    mixture = load_mixture([SourceConfig(source=f"esnli:{tmp_path}")], Cuts(validation_share=0.3))

    (_, test, *chosen_by) = mixture.overlaps
    validated = {row.inputs["premise"] for row in mixture.validation}
    assert (test.held_out, test.rows) == ("test", 3)
    assert test.same.rows == 3 - len({f"It is {number}." for number in range(3)} & validated)
    assert test.as_dict()["same_premise"]["rows"] == test.same.rows
    assert sum(one.same.rows for one in chosen_by) == 3 - test.same.rows
    assert mixture.overlaps[0].as_dict()["same_premise"] == {"rows": 0, "examples": []}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "has no rows"),
        ('{"premise": "It is 1 .", "hypothesis": "No ."}', "1 x label is missing"),
    ],
)
def test_test_rows_that_cannot_be_used_do_not_stop_training(tmp_path: Path, content: str, reason: str) -> None:
    rows = [
        {"premise": f"It is {number} .", "hypothesis": "No .", "label": "neutral", "explanations": ["So ."]}
        for number in range(60)
    ]
    (tmp_path / "esnli_valid.json").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "esnli_test.json").write_text(content)

    mixture = load_mixture([SourceConfig(source=f"esnli:{tmp_path}")], Cuts())

    (told,) = mixture.as_dict()["test_rows_not_checked"].values()
    assert reason in told
    assert [overlap.held_out for overlap in mixture.overlaps] == ["validation"]


def test_teacher_labelled_rows_without_gold_are_all_for_training(tmp_path: Path) -> None:
    rows = [_taught(number, gold=number < 50) for number in range(100)]

    mixture = load_mixture([_source(tmp_path, rows, labels="teacher")], Cuts(validation_share=0.3))

    assert len(mixture.training) + len(mixture.validation) == 100
    assert {row.label for row in mixture.training} == {"sad"}
    assert {row.label for row in mixture.validation} == {"happy"}
    assert all(int(row.inputs["text"][9:-1]) < 50 for row in mixture.validation)
    assert mixture.sources[0]["noted"]["label is missing: learned from, but never validated on"]["rows"] == 50
    assert mixture.sources[0]["teacher_agreement"] == 0
    mixture.check_validation()


@pytest.mark.parametrize("deduplicate", [False, True])
def test_labels_of_a_teacher_who_answered_few_rows_hold_out_the_rows_that_gold_ones_do(
    tmp_path: Path, deduplicate: bool
) -> None:
    rows = [_taught(number, gold=True) if number % 3 == 0 else _row(number) for number in range(100)]
    entry = _source(tmp_path, rows)

    gold, teacher = (
        load_mixture([entry], Cuts(labels=labels, validation_share=0.3, deduplicate=deduplicate))
        for labels in ("gold", "teacher")
    )

    assert [(row.source, row.label) for row in teacher.validation] == [
        (row.source, row.label) for row in gold.validation
    ]
    assert {row.label for row in teacher.validation} == {"happy"}
    assert any("teacher_agrees" not in row.tags for row in teacher.validation)
    assert _texts(teacher) < _texts(gold)
    assert {row.label for row in teacher.training} == {"sad"}


def test_row_without_gold_that_asks_what_a_held_out_row_asks_is_not_trained_on(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(40)] + [_taught(number) for number in range(80)]

    mixture = load_mixture([_source(tmp_path, rows, labels="teacher")], Cuts(validation_share=0.3))

    validated = {row.inputs["text"] for row in mixture.validation}
    assert validated and _texts(mixture) == {f"Ann does {number}." for number in range(80)} - validated


def test_teacher_whose_answers_are_all_held_out_is_refused(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(60)]
    held_out = load_mixture([_source(tmp_path, rows)], Cuts(validation_share=0.3)).validation[0].inputs["text"]
    taught = [row | {"teacher_label": "sad"} if row["inputs"]["text"] == held_out else row for row in rows]

    with pytest.raises(DataError, match="all 1 rows with labels to learn are held out for validation"):
        load_mixture([_source(tmp_path, taught)], Cuts(labels="teacher", validation_share=0.3))


def test_teacher_labels_alone_cannot_be_validated_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [_taught(number) for number in range(30)]

    with caplog.at_level(logging.WARNING, logger="training"):
        mixture = load_mixture([_source(tmp_path, rows)], Cuts(labels="teacher"))

    assert (len(mixture.training), mixture.validation) == (30, [])
    assert "none of its rows has a gold label" in caplog.text
    with pytest.raises(DataError, match=r"mood: no validation rows.*Add a source with gold labels"):
        mixture.check_validation()


def test_another_source_with_gold_labels_validates_teacher_labelled_rows(tmp_path: Path) -> None:
    taught = _source(tmp_path / "taught", [_taught(number) for number in range(100, 130)], labels="teacher")
    gold = _source(tmp_path / "gold", [_row(number) for number in range(40)])

    mixture = load_mixture([taught, gold], Cuts(validation_share=0.2))

    mixture.check_validation()
    assert {row.label for row in mixture.validation} == {"happy"}
    assert sum(row.label == "sad" for row in mixture.training) == 30


def test_file_of_validation_rows_is_taken_in_place_of_a_cut(tmp_path: Path) -> None:
    _source(tmp_path, [_row(number) for number in range(100, 105)], name="held_out.jsonl")
    entry = _source(
        tmp_path, [_taught(number) for number in range(30)], labels="teacher", validation=f"{tmp_path}/held_out.jsonl"
    )

    mixture = load_mixture([entry], Cuts())

    assert (len(mixture.training), len(mixture.validation)) == (30, 5)
    assert {row.label for row in mixture.validation} == {"happy"}


def test_file_of_validation_rows_without_gold_is_refused(tmp_path: Path) -> None:
    _source(tmp_path, [_taught(1)], name="held_out.jsonl")
    entry = _source(tmp_path, [_row(number) for number in range(30)], validation=f"{tmp_path}/held_out.jsonl")

    with pytest.raises(UnusableRows) as caught:
        load_mixture([entry], Cuts())
    told = str(caught.value)
    assert f"validation {tmp_path}/held_out.jsonl: 1 of 1 rows have no gold label (such as held_out.jsonl:1)" in told
    assert "Label them by hand, name a file of labelled rows, or leave validation out" in told


def test_file_of_validation_rows_of_which_too_many_lack_gold_is_refused_with_their_number(tmp_path: Path) -> None:
    held_out = [_row(1), _taught(2), {key: value for key, value in _row(3).items() if key != "label"}]
    _source(tmp_path, held_out, name="held_out.jsonl")
    entry = _source(tmp_path, [_row(number) for number in range(30)], validation=f"{tmp_path}/held_out.jsonl")

    assert len(load_mixture([entry], Cuts()).validation) == 1
    with pytest.raises(
        UnusableRows, match=r"held_out\.jsonl: 2 of 3 rows have no gold label .*All that is wrong: .*66"
    ):
        load_mixture([entry], Cuts(max_bad_share=0.5))


def test_file_of_validation_rows_that_is_broken_otherwise_is_told_as_it_is(tmp_path: Path) -> None:
    _source(tmp_path, [{"label": "happy"}], name="held_out.jsonl")
    entry = _source(tmp_path, [_row(number) for number in range(30)], validation=f"{tmp_path}/held_out.jsonl")

    with pytest.raises(UnusableRows, match=r"^held_out\.jsonl: 1 of 1 rows cannot be used .* inputs must be an object"):
        load_mixture([entry], Cuts())


def test_validation_rows_are_drawn_over_the_whole_of_a_sorted_file_and_do_not_depend_on_its_order(
    tmp_path: Path,
) -> None:
    rows = [_row(number) for number in range(200)]
    texts = [
        {row.inputs["text"] for row in load_mixture([_source(tmp_path, some, validation_rows=count)], cuts).validation}
        for some, count, cuts in (
            (rows, 20, Cuts(validation_share=0.5)),
            (rows[::-1], 20, Cuts(validation_share=0.5)),
            (rows, 40, Cuts(validation_share=0.5)),
            (rows, 20, Cuts(validation_share=0.5, seed=1)),
        )
    ]
    first, turned, more, other = texts
    held_out = load_mixture([_source(tmp_path, rows, validation_rows=200)], Cuts(validation_share=0.5)).validation

    assert len(first) == 20 and first == turned and first < more and first != other
    assert first != {row.inputs["text"] for row in held_out[:20]}
    places = sorted(next(place for place, row in enumerate(held_out) if row.inputs["text"] == text) for text in first)
    assert places[0] < len(held_out) / 3 and places[-1] > 2 * len(held_out) / 3


def test_source_with_no_validation_rows_asked_for_is_trained_on_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    extra = _source(tmp_path / "extra", [_row(number) for number in range(100, 130)], validation_rows=0)
    main = _source(tmp_path / "main", [_row(number) for number in range(40)])

    with caplog.at_level(logging.WARNING, logger="training"):
        mixture = load_mixture([extra, main], Cuts(validation_share=0.2))

    of_extra, of_main = ((told["training_rows"], told["validation_rows"]) for told in mixture.sources)
    assert of_extra == (30, 0)
    assert sum(of_main) == 40 and of_main[1] > 0
    assert "gold label" not in caplog.text


def test_each_source_is_told_also_the_one_that_is_unusable(tmp_path: Path) -> None:
    good = _source(tmp_path / "good", [_row(number) for number in range(40)])
    bad = _source(tmp_path / "bad", [{"label": "happy"}])
    told: list[list[str]] = []

    with pytest.raises(UnusableRows):
        load_mixture(
            [good, bad], Cuts(), tell=lambda mixture: told.append([entry["source"] for entry in mixture.sources])
        )

    assert told == [[good.source], [good.source, bad.source]]


def test_labels_of_a_source_go_before_those_of_the_recipe(tmp_path: Path) -> None:
    rows = [_taught(number, gold=True) for number in range(40)]

    gold = load_mixture([_source(tmp_path, rows, labels="gold")], Cuts(labels="teacher"))

    assert {row.label for row in gold.training} == {"happy"}


def test_all_sources_that_cannot_be_opened_are_named_before_any_is_loaded(tmp_path: Path) -> None:
    good = _source(tmp_path, [_row(number) for number in range(40)])
    told: list[Mixture] = []
    without_teacher = [SourceConfig(source=f"{kind}:data") for kind in ("esnli", "asdiv")]
    without_task = SourceConfig(source="csv:x", task=str(tmp_path / "nowhere.yaml"))

    with pytest.raises(QuickstepError) as caught:
        load_mixture([good, *without_teacher, without_task], Cuts(labels="teacher"), tell=told.append)

    for problem in ("esnli: has no teacher labels", "asdiv: has no teacher labels", "nowhere.yaml"):
        assert problem in str(caught.value)
    assert told == []


def test_rows_held_out_beyond_those_validated_on_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = _source(tmp_path, [_row(number) for number in range(60)], validation_rows=2)
    caplog.set_level("INFO", "training.data")
    mixture = load_mixture([source], Cuts(validation_share=0.3))
    told = mixture.sources[0]
    assert told["validation_rows"] == 2 < told["held_out_rows"]
    assert told["training_rows"] + told["held_out_rows"] == 60
    assert any("2 of them, drawn by data_seed, are validated on" in message for message in caplog.messages)


def test_test_rows_that_a_recipe_names_must_be_there_and_are_compared(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = [_row(number) for number in range(40)]
    _source(tmp_path, content, name="test.jsonl")
    entry = _source(tmp_path, content, test=str(tmp_path / "test.jsonl"))

    mixture = load_mixture([entry], Cuts())
    with pytest.raises(DataError, match=r"misspelt\.jsonl: cannot be read"):
        load_mixture([entry.model_copy(update={"test": str(tmp_path / "misspelt.jsonl")})], Cuts())

    found = {(one.held_out, one.among): one.same.rows for one in mixture.overlaps}
    assert found["test", "training"] == len(mixture.training) > 0
    assert found["test", "validation"] == len(mixture.validation) > 0
    assert any("ask what a validation row asks" in warning for warning in caplog.messages)
