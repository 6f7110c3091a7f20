from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from training.config import ConfigError, SourceConfig, TrainConfig, load_config
from training.presets import PRESETS

MINIMAL: dict[str, Any] = {"preset": "tiny", "data": [{"source": "demo-nli", "rows": 100}]}


def _write(folder: Path, content: Any) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_minimal_recipe_has_the_documented_defaults(tmp_path: Path) -> None:
    config = load_config(_write(tmp_path, MINIMAL))
    assert (config.labels, config.rationale_weight, config.steps, config.seed) == ("gold", 1.0, 1000, 0)
    assert config.data[0].validation_rows == 500
    assert TrainConfig.model_validate(config.model_dump(mode="json")) == config


def test_paths_are_taken_from_the_recipes_folder(tmp_path: Path) -> None:
    (tmp_path / "t5").mkdir()
    content = {
        "pretrained": "t5",
        "data": [
            {"source": "jsonl:rows.jsonl", "task": "mine.yaml"},
            {"source": "cqa:/data/cqa"},
            {"source": "jsonl:rows.jsonl", "task": "cqa"},
            {"source": "demo-nli", "rows": 1},
        ],
    }
    config = load_config(_write(tmp_path, content))
    assert config.pretrained == str(tmp_path / "t5")
    assert [source.source for source in config.data] == [
        f"jsonl:{tmp_path}/rows.jsonl",
        "cqa:/data/cqa",
        f"jsonl:{tmp_path}/rows.jsonl",
        "demo-nli",
    ]
    assert [source.task for source in config.data] == [f"{tmp_path}/mine.yaml", None, "cqa", None]


def test_files_of_validation_rows_and_folders_of_the_hubs_format_are_taken_from_the_recipes_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / "saved").mkdir()
    content = {
        "preset": "tiny",
        "data": [
            {"source": "csv:rows.tsv", "task": "cqa", "validation": "held_out.tsv", "test": "test.tsv"},
            {"source": "hub:saved", "task": "cqa"},
            {"source": "hub:tau/commonsense_qa", "task": "cqa"},
        ],
    }
    config = load_config(_write(tmp_path, content))
    assert [source.source for source in config.data] == [
        f"csv:{tmp_path}/rows.tsv",
        f"hub:{tmp_path}/saved",
        "hub:tau/commonsense_qa",
    ]
    assert config.data[0].validation == f"{tmp_path}/held_out.tsv"
    assert config.data[0].test == f"{tmp_path}/test.tsv"


def test_problems_of_a_source_are_told_at_once(tmp_path: Path) -> None:
    source = {"source": "demo-nli", "fraction": 0.5, "validation": "b", "label_names": ["no"]}
    with pytest.raises(ConfigError) as caught:
        load_config(_write(tmp_path, MINIMAL | {"data": [source]}))
    for problem in ("say how many rows", "validation is a file", "label_names is for hub"):
        assert problem in str(caught.value)


def test_hub_name_stays_one(tmp_path: Path) -> None:
    content = {"pretrained": "google/t5-v1_1-small", "data": [{"source": "demo-nli", "rows": 1}]}
    assert load_config(_write(tmp_path, content)).pretrained == "google/t5-v1_1-small"


def test_overrides_replace_keys_and_are_yaml(tmp_path: Path) -> None:
    config = load_config(
        _write(tmp_path, MINIMAL), ["steps=7", "learning_rate=3.0e-4", "dropout_rate=null", "bf16=true"]
    )
    assert (config.steps, config.learning_rate, config.dropout_rate, config.bf16) == (7, 3e-4, None, True)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps", "--set steps: must have the form key=value"),
        ("steps=[", "--set steps=[: is not YAML"),
        ("colour=red", "colour: is no known key; known: preset, pretrained, tokenizer, data"),
        ("steps=many", "steps: should be a valid integer"),
        ("steps=many", "; given 'many'"),
        ("stesp=5", "stesp: is no known key; did you mean steps?"),
        ("data=[{source: demo-math, rows: 5, foo: 1}]", "data.0.foo: is no known key"),
    ],
)
def test_wrong_override_is_refused(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(_write(tmp_path, MINIMAL), [override])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": None}, "neither preset nor pretrained is given"),
        ({"pretrained": "t5-small"}, "both given; leave one out (on the command line: --set preset=null)"),
        ({"preset": "huge"}, f"preset: 'huge' is unknown; choose from {', '.join(PRESETS)}"),
        ({"data": []}, "data: at least 1 needed, 0 given"),
        ({"data": [{"source": "demo-nli"}]}, "demo-nli is generated: say how many rows"),
        ({"data": [{"source": "demo-nli", "rows": 0}]}, "data.0.rows: "),
        ({"data": [{"source": "demo-nli", "rows": 1, "colour": "red"}]}, "data.0.colour: "),
        ({"data": [{"source": "jsonl:a", "fraction": 0}]}, "data.0.fraction: "),
        ({"data": [{"source": "jsonl:a", "fraction": 1.5}]}, "data.0.fraction: "),
        ({"data": [{"source": "jsonl:a", "subset_seed": 1}]}, "give a fraction, or leave it out"),
        ({"data": [{"source": "cqa:a", "validation": "b"}]}, "validation is a file for jsonl and csv sources"),
        ({"data": [{"source": "hub:a", "test": "b"}]}, "test is a file for jsonl and csv sources"),
        ({"data": [{"source": "foo:bar"}]}, "source 'foo:bar': unknown; use one of cqa:<folder>"),
        ({"data": [{"source": "cqa"}]}, "source 'cqa': must be written as cqa:<folder>"),
        ({"data": [{"source": "csv:a.csv"}]}, "source 'csv:a.csv': give its task as well"),
        ({"data": [{"source": "cqa:a", "task": "svamp"}]}, "source 'cqa:a': has its own task; leave the task out"),
        (
            {"data": [{"source": "csv:a.csv", "task": "cqa", "validation": "v.csv", "test": "./v.csv"}]},
            "validation and test are one file, ./v.csv; name files of different rows",
        ),
        (
            {"data": [{"source": "csv:a.csv", "task": "cqa", "test": "a.csv"}]},
            "source and test are one file, a.csv; name files of different rows",
        ),
        ({"data": [{"source": "csv:a", "columns": {"label": "gold"}}]}, "columns is for hub sources"),
        ({"data": [{"source": "csv:a", "label_names": ["no", "yes"]}]}, "label_names is for hub sources"),
        ({"data": [{"source": "csv:a", "labels": "mine"}]}, "data.0.labels: "),
        ({"data": [{"source": "csv:a", "validation_rows": -1}]}, "data.0.validation_rows: "),
        ({"deduplicate": "often"}, "deduplicate: "),
        ({"steps": 0}, "steps: "),
        ({"rationale_weight": -1}, "rationale_weight: "),
        ({"learning_rate": 0}, "learning_rate: "),
        ({"dropout_rate": 1}, "dropout_rate: "),
        ({"validation_share": 1}, "validation_share: "),
        ({"max_bad_share": 1.1}, "max_bad_share: "),
        ({"labels": "mine"}, "labels: "),
        ({"threads": -1}, "threads: "),
        ({"colour": "red"}, "colour: "),
        ({"steps": 50, "warmup_steps": 50}, "warmup_steps: 50 of 50 steps"),
        ({"data": [{"source": "demo-nli", "rows": 1}] * 2}, "data: demo-nli given more than once"),
        ({"method": "magic"}, "method: 'magic' is unknown; choose from step-by-step, standard"),
        (
            {"preset": None, "pretrained": "t5-small", "tokenizer": "t5-small"},
            "tokenizer: a pretrained model brings its",
        ),
        ({"method": "standard", "rationale_weight": 0.5}, "rationale_weight: 0.5 with method standard, which has no"),
        ({"method": "single-task", "rationale_weight": 1}, "rationale_weight: 1 with method single-task"),
        ({"method": "standard", "rationales": {"agree": True}}, "rationales: method standard learns none"),
        ({"rationales": {"min_words": 9, "max_words": 8}}, "min_words (9) is above max_words (8)"),
        ({"rationales": {"max_repetition": 2}}, "rationales.max_repetition: "),
        ({"gradient_accumulation": 0}, "gradient_accumulation: "),
        ({"batch_size": 30, "gradient_accumulation": 4}, "30 examples a step cannot be taken in 4 equal parts"),
        ({"fsdp": True, "optimizer": "muon"}, "optimizer: muon with fsdp; Muon makes the update of a whole matrix"),
        ({"trackers": ["wandb", "notebook"]}, "trackers: notebook is unknown; choose from azure_ml, clearml"),
    ],
)
def test_wrong_recipe_is_refused_by_key(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=r"recipe\.yaml") as caught:
        load_config(_write(tmp_path, MINIMAL | changes))
    assert message in str(caught.value)


def test_impossible_combinations_are_told_together(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"preset": None, "method": "standard", "rationale_weight": 1.0}
    changes |= {"steps": 5, "warmup_steps": 9, "gradient_accumulation": 5}
    changes |= {"fsdp": True, "optimizer": "muon", "trackers": ["notebook"]}
    with pytest.raises(ConfigError) as caught:
        load_config(_write(tmp_path, MINIMAL | changes))
    for part in (
        "neither preset nor pretrained",
        "rationale_weight: 1 with method standard",
        "warmup_steps: 9 of 5",
        "muon with fsdp",
        "notebook is unknown",
        "in 5 equal parts",
    ):
        assert part in str(caught.value)


def test_wrong_keys_and_wrong_combinations_are_told_in_one_message(tmp_path: Path) -> None:
    source = {"source": "cqa:x", "colour": "red", "rows": 0, "validation": "y", "subset_seed": 2}
    changes = {"pretrained": "t5", "method": "magic", "colour": "red", "warmup_steps": 9, "steps": 5, "data": [source]}
    with pytest.raises(ConfigError) as caught:
        load_config(_write(tmp_path, MINIMAL | changes), ["batch_size=0"])
    assert [problem.partition(";")[0] for problem in caught.value.problems] == [
        "data.0.rows: should be greater than or equal to 1",
        "data.0.colour: is no known key",
        "data.0: subset_seed chooses the subsets of a fraction",
        "data.0: validation is a file for jsonl and csv sources",
        "batch_size: should be greater than or equal to 1",
        "colour: is no known key",
        "preset and pretrained are both given",
        "method: 'magic' is unknown",
        "warmup_steps: 9 of 5 steps",
    ]


def test_nothing_is_said_of_a_combination_of_which_a_part_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(_write(tmp_path, {"presett": "tiny", "steps": "x", "warmup_steps": 2000, "data": MINIMAL["data"]}))
    assert len(caught.value.problems) == 2
    assert "did you mean preset?" in str(caught.value) and "neither" not in str(caught.value)


def test_method_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="method: should be a valid string"):
        load_config(_write(tmp_path, MINIMAL | {"method": ["standard"]}))


def test_all_wrong_overrides_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--set steps: must have .*; --set data=\[: is not YAML"):
        load_config(_write(tmp_path, MINIMAL), ["steps", "data=["])


@pytest.mark.parametrize("method", ["standard", "single-task", "rationale-given"])
def test_methods_with_one_loss_have_no_weight_for_a_second(tmp_path: Path, method: str) -> None:
    config = load_config(_write(tmp_path, MINIMAL | {"method": method}))
    assert config.rationale_weight == 0
    # What a run saves is read again as it was.
    assert load_config(_write(tmp_path, config.model_dump(mode="json"))) == config


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(_write(tmp_path, MINIMAL | {"steps": 0, "batch_size": 0, "colour": "red"}))
    for key in ("steps: ", "batch_size: ", "colour: "):
        assert key in str(caught.value)


def test_a_wrong_entry_does_not_make_its_list_too_short(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(_write(tmp_path, MINIMAL | {"data": [{"source": "demo-nli", "rows": 0}]}))
    assert "needed" not in str(caught.value)


@pytest.mark.parametrize(("steps", "warmup"), [(5, 0), (400, 40), (4000, 100)])
def test_warmup_is_a_tenth_of_the_steps_unless_given(steps: int, warmup: int, tmp_path: Path) -> None:
    assert load_config(_write(tmp_path, MINIMAL | {"steps": steps})).warmup == warmup
    assert load_config(_write(tmp_path, MINIMAL | {"steps": steps, "warmup_steps": 3})).warmup == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [("a: [", "is not YAML: .* at line 1, column 5"), ("- a", "must be a mapping"), ("", "mapping")],
)
def test_text_that_is_no_recipe_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(_write(tmp_path, content))


def test_recipe_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_config(tmp_path / "recipe.yaml")


def test_key_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("preset: tiny\ndata: [{source: demo-nli, rows: 3}]\npreset: base\n")
    with pytest.raises(ConfigError, match=r"is not YAML: preset is given twice at line 3"):
        load_config(tmp_path / "recipe.yaml")


def test_missing_recipe_says_where_examples_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .* examples lie in recipes/"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("recipe", sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml")), ids=lambda p: p.stem)
def test_recipe_in_the_repository_is_valid(recipe: Path) -> None:
    load_config(recipe)


def test_presets_have_the_hubs_shapes() -> None:
    assert (PRESETS["small"].d_model, PRESETS["small"].heads, PRESETS["small"].d_kv) == (512, 6, 64)
    assert (PRESETS["base"].d_model, PRESETS["base"].heads, PRESETS["base"].layers) == (768, 12, 12)


def test_source_without_colon_is_left_alone() -> None:
    source = SourceConfig(source="demo-math", rows=3)
    assert source.relative_to(Path("/elsewhere")) == source
