from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.training.small import TASK_YAML
from training.config import ConfigError
from training.experiment.plan import Cell, cell_name, load_plan

RECIPE: dict[str, Any] = {
    "preset": "tiny",
    "data": [{"source": "jsonl:rows.jsonl", "task": "mood.yaml"}],
    "steps": 4,
}
EXPERIMENT: dict[str, Any] = {"recipe": "recipe.yaml", "methods": ["standard", "step-by-step"]}


def _write(folder: Path, experiment: dict[str, Any] | None = None, recipe: dict[str, Any] | None = None) -> Path:
    (folder / "mood.yaml").write_text(TASK_YAML)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE | (recipe or {})))
    path = folder / "experiment.yaml"
    path.write_text(yaml.safe_dump(EXPERIMENT | (experiment or {}), sort_keys=False))
    return path


def test_every_combination_is_a_run_and_seeds_come_last(tmp_path: Path) -> None:
    axes = {
        "students": {"tiny": {"preset": "tiny"}, "demo": {"preset": "demo"}},
        "fractions": [0.5, 1.0],
        "seeds": [7, 8],
    }
    runs = load_plan(_write(tmp_path, axes)).runs
    assert len(runs) == 2 * 2 * 2 * 2
    assert [run.seed for run in runs] == [7] * 8 + [8] * 8
    assert len({run.name for run in runs}) == len(runs)
    assert runs[0].name == "tiny-standard-part0.5-s7"
    assert {run.config.preset for run in runs if run.cell.student == "demo"} == {"demo"}
    assert all(run.config.seed == run.seed for run in runs)


def test_parts_of_the_data_are_drawn_by_the_seed(tmp_path: Path) -> None:
    runs = load_plan(_write(tmp_path, {"fractions": [0.25], "seeds": [3]})).runs
    (source,) = runs[0].config.data
    assert (source.fraction, source.subset_seed, source.rows) == (0.25, 3, None)
    whole = load_plan(_write(tmp_path, {"fractions": [1.0]})).runs
    assert whole[0].config.data[0].fraction is None


def test_a_fraction_is_of_the_recipes_own(tmp_path: Path) -> None:
    recipe = {"data": [{**RECIPE["data"][0], "fraction": 0.5}]}
    runs = load_plan(_write(tmp_path, {"fractions": [0.5]}, recipe)).runs
    assert runs[0].config.data[0].fraction == 0.25


def test_of_a_source_that_says_how_many_rows_a_part_of_these_is_taken(tmp_path: Path) -> None:
    recipe = {"data": [{"source": "demo-nli", "rows": 10}]}
    runs = load_plan(_write(tmp_path, {"fractions": [0.25, 1.0]}, recipe)).runs
    taken = {run.cell.fraction: (run.config.data[0].rows, run.config.data[0].fraction) for run in runs}
    assert taken == {0.25: (10, 0.25), 1.0: (10, None)}


def test_parts_that_are_nearly_alike_have_names_of_their_own(tmp_path: Path) -> None:
    runs = load_plan(_write(tmp_path, {"fractions": [0.12, 0.125, 0.001, 0.004]})).runs
    assert len({run.name for run in runs}) == len(runs)


def test_combinations_of_one_name_are_refused(tmp_path: Path) -> None:
    axes = {"students": {"a": {}, "a-b": {}}, "teachers": {"b-c": {}, "c": {}}, "methods": ["standard"]}
    with pytest.raises(ConfigError, match=r"several runs would be called a-b-c-standard-part1-s0"):
        load_plan(_write(tmp_path, axes))


def test_marks_for_rationales_are_not_for_methods_that_learn_none(tmp_path: Path) -> None:
    runs = load_plan(_write(tmp_path, {"seeds": [0]}, {"rationales": {"agree": True}})).runs
    assert {run.cell.method: run.config.rationales.agree for run in runs} == {"standard": False, "step-by-step": True}


def test_weights_are_for_methods_that_have_one(tmp_path: Path) -> None:
    runs = load_plan(_write(tmp_path, {"rationale_weights": [0.5, 1.0], "seeds": [0]})).runs
    assert [run.name for run in runs] == [
        "tiny-standard-part1-s0",
        "tiny-step-by-step-w0.5-part1-s0",
        "tiny-step-by-step-w1-part1-s0",
    ]
    assert [run.config.rationale_weight for run in runs] == [0.0, 0.5, 1.0]


def test_the_recipes_weight_is_not_that_of_a_method_without(tmp_path: Path) -> None:
    runs = load_plan(_write(tmp_path, {"seeds": [0]}, {"rationale_weight": 0.5})).runs
    assert [run.config.rationale_weight for run in runs] == [0.0, 0.5]


def test_teachers_change_the_data(tmp_path: Path) -> None:
    other = [{"source": "jsonl:noisy.jsonl", "task": "mood.yaml"}]
    runs = load_plan(_write(tmp_path, {"teachers": {"good": {}, "noisy": {"data": other}}, "seeds": [0]})).runs
    sources = {run.cell.teacher: run.config.data[0].source for run in runs}
    assert sources == {"good": f"jsonl:{tmp_path}/rows.jsonl", "noisy": f"jsonl:{tmp_path}/noisy.jsonl"}


def test_a_hub_names_student_has_a_name_for_files(tmp_path: Path) -> None:
    recipe = {"preset": None, "pretrained": "google/t5-v1_1-small"}
    assert load_plan(_write(tmp_path, None, recipe)).runs[0].cell.student == "t5-v1_1-small"


def test_cells_have_names_for_files() -> None:
    assert cell_name(Cell("step-by-step", "mini", "palm", 0.5, 0.25)) == "mini-palm-step-by-step-w0.5-part0.25"
    assert cell_name(Cell("standard", "mini", "", 0.0, 1.0)) == "mini-standard-part1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "colour: is no known key"),
        ({"methods": {}}, "methods: at least 1 needed"),
        ({"methods": {"a/b": {}}}, "'a/b': names are letters"),
        ({"fractions": [0]}, "fractions.0: "),
        ({"fractions": [1.5]}, "fractions.0: "),
        ({"seeds": [1, 1]}, "seeds: 1 given more than once"),
        ({"rationale_weights": [-0.5]}, "rationale_weights.0: "),
        ({"recipe": "none.yaml"}, "none.yaml: cannot be read"),
    ],
)
def test_wrong_experiment_is_refused_by_key(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_plan(_write(tmp_path, changes))
    assert message in str(caught.value)


def test_wrong_recipes_are_all_told_before_anything_runs_and_once_for_all_seeds(tmp_path: Path) -> None:
    methods = {"a": {"method": "magic"}, "b": {"steps": 0}, "c": {"method": "standard"}}
    with pytest.raises(ConfigError) as caught:
        load_plan(_write(tmp_path, {"methods": methods}))
    assert str(caught.value).count("method: ") == 1
    assert "tiny-a-" in str(caught.value) and "tiny-b-" in str(caught.value) and "tiny-c-" not in str(caught.value)


def test_problems_of_the_file_and_of_every_cell_are_told_together(tmp_path: Path) -> None:
    methods = {"a": {"method": "magic"}, "b": {"steps": 0}, "c": {"method": "standard"}}
    axes = {"methods": methods, "colour": "red", "seeds": [1, 1], "fractions": [1.0, 0.5]}
    with pytest.raises(ConfigError) as caught:
        load_plan(_write(tmp_path, axes, {"warmup_steps": 9, "size": 1}))
    seeds, colour, every, a, warm, b = caught.value.problems
    assert seeds == "seeds: 1 given more than once" and colour.startswith("colour: is no known key")
    assert every.startswith("tiny-a-part1, tiny-b-part1, tiny-c-part1 and 3 more: size: is no known key")
    assert a.startswith("tiny-a-part1, tiny-a-part0.5: method: 'magic' is unknown")
    assert warm.startswith("tiny-a-part1, tiny-c-part1, tiny-a-part0.5 and 1 more: warmup_steps: 9 of 4")
    assert b.startswith("tiny-b-part1, tiny-b-part0.5: steps: should be greater")


def test_recipes_are_not_judged_where_it_is_not_clear_what_they_hold(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_plan(_write(tmp_path, {"student": {"tiny": {"preset": "tiny"}}}, {"preset": None}))
    assert [problem[:28] for problem in caught.value.problems] == ["student: is no known key; di"]


def test_a_recipe_that_is_not_there_is_told_beside_the_problems_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"colour: is no known key.*none\.yaml: cannot be read"):
        load_plan(_write(tmp_path, {"recipe": "none.yaml", "colour": "red"}))


def test_a_weight_of_zero_is_the_first_point_of_a_sweep(tmp_path: Path) -> None:
    runs = load_plan(_write(tmp_path, {"rationale_weights": [0, 0.5], "seeds": [0]})).runs
    assert [(run.name, run.config.method, run.config.rationale_weight) for run in runs] == [
        ("tiny-standard-part1-s0", "standard", 0.0),
        ("tiny-step-by-step-w0-part1-s0", "step-by-step", 0.0),
        ("tiny-step-by-step-w0.5-part1-s0", "step-by-step", 0.5),
    ]


def test_experiment_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text("- a\n")
    with pytest.raises(ConfigError, match="must be a mapping with recipe and methods"):
        load_plan(tmp_path / "experiment.yaml")
