from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from student.errors import DataError
from training.data.hub import Columns
from training.evaluation.recorded_cuts import Cut, RecordedCuts


def _cuts(*entries: dict[str, Any], **config: Any) -> RecordedCuts:
    return RecordedCuts({"validation_share": 0.2, "data_seed": 3, "max_bad_share": 0.5, "data": list(entries)} | config)


def test_source_that_the_recipe_names_is_cut_as_it_was() -> None:
    cuts = _cuts({"source": "csv:a.csv", "validation_rows": 5}, {"source": "csv:b.csv", "validation": "held.csv"})

    assert cuts.of("csv:a.csv", "validation") == Cut(0.2, 3, max_bad_share=0.5)
    assert cuts.of("csv:b.csv", "validation") == Cut(0.2, 3, Path("held.csv"), max_bad_share=0.5)
    assert cuts.of("csv:b.csv", "train").validation == Path("held.csv")


def test_same_file_by_another_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cuts = _cuts({"source": "jsonl:data/rows.jsonl", "validation": "data/held.jsonl"})

    assert cuts.of(f"jsonl:{tmp_path}/data/../data/rows.jsonl", "validation").validation == Path("data/held.jsonl")


def test_columns_of_a_hub_dataset_are_those_of_the_recipe() -> None:
    cuts = _cuts({"source": "hub:a/b", "columns": {"text": "body"}, "label_names": ["x", "y"]})

    assert cuts.of("hub:a/b", "test").columns == Columns({"text": "body"}, ("x", "y"))
    assert cuts.of("hub:a/c", "test").columns is None


def test_test_rows_are_those_of_the_file_that_the_run_names() -> None:
    cuts = _cuts({"source": "csv:a.csv", "test": "test.csv"}, {"source": "csv:b.csv"})

    assert cuts.of("csv:a.csv", "test").test == Path("test.csv")
    assert cuts.of("csv:b.csv", "test").test is None


def test_rows_that_were_all_trained_on_are_no_validation_rows() -> None:
    cuts = _cuts({"source": "asdiv:data", "validation_rows": 0})

    with pytest.raises(DataError, match=r"trained on all of its rows.*Leave --data out"):
        cuts.of("asdiv:data", "validation")
    assert cuts.of("asdiv:data", "train").share == 0


def test_source_that_the_recipe_does_not_name_is_refused_where_its_like_was_validated_otherwise() -> None:
    cuts = _cuts({"source": "jsonl:there/rows.jsonl", "validation": "there/held.jsonl"}, {"source": "svamp:there"})

    with pytest.raises(DataError, match=r"validated jsonl:there/rows\.jsonl by the file there/held\.jsonl; if this is"):
        cuts.of("jsonl:here/rows.jsonl", "train")
    assert cuts.of("jsonl:here/rows.jsonl", "test").validation is None
    assert cuts.of("svamp:here", "validation") == Cut(0.2, 3)


def test_source_that_was_taken_twice_in_two_ways_is_refused() -> None:
    cuts = _cuts({"source": "jsonl:a", "validation_rows": 0}, {"source": "jsonl:a", "validation_rows": 9})

    with pytest.raises(DataError, match="took this source 2 times and validated it by none of its rows and by a part"):
        cuts.of("jsonl:a", "validation")
    assert cuts.of("jsonl:a", "test")


def test_generated_rows_are_never_those_that_were_trained_on() -> None:
    cuts = _cuts({"source": "demo-nli", "rows": 10, "validation_rows": 0})

    assert cuts.of("demo-nli", "validation").seed == 3


@pytest.mark.parametrize("config", [{}, {"data": None}, {"data": ["cqa"]}])
def test_unknown_recipe_is_taken_for_one_with_the_defaults(config: dict[str, Any]) -> None:
    assert RecordedCuts(config).of("jsonl:rows.jsonl", "validation") == Cut()


def test_two_runs_differ_by_share_seed_or_the_validation_of_a_source_both_name() -> None:
    one = _cuts({"source": "jsonl:a", "validation_rows": 9}, {"source": "jsonl:b", "validation_rows": 0})

    assert one.differ_from(_cuts({"source": "jsonl:a", "validation_rows": 3})) == []
    assert one.differ_from(_cuts({"source": "jsonl:c", "validation_rows": 0})) == []
    assert one.differ_from(_cuts(data_seed=1)) == ["share 0.2, seed 1, not share 0.2, seed 3"]
    assert one.differ_from(_cuts({"source": "jsonl:a", "validation_rows": 0})) == [
        "jsonl:a by none of its rows, not by a part of its rows"
    ]
