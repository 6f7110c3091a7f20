from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from student.errors import DataError
from student.task import find_task, parse_task
from training.data import hub
from training.data.hub import Columns, HubDataset
from training.data.sources import open_source

datasets = pytest.importorskip("datasets", reason="datasets is not installed: pip install 'quickstep[data]'")

NLI = parse_task(
    "name: nli\ntemplate: 'premise: {premise} hypothesis: {hypothesis}'\n"
    "answer: {kind: closed, labels: [entailment, neutral, contradiction]}",
    origin="test",
)
CQA = find_task("cqa")
LABELS = ["entailment", "neutral", "contradiction"]
ROWS: dict[str, list[Any]] = {
    "premise": ["A man sleeps.", "A dog runs.", "It rains."],
    "hypothesis": ["He is awake.", "An animal moves.", "It is Monday."],
    "label": [2, 0, -1],
    "explanation_1": ["Who sleeps is not awake.", "Dogs are animals.", "Who knows."],
}


@pytest.fixture(autouse=True)
def _no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def _saved(folder: Path, rows: Mapping[str, Any], names: list[str] | None = None, **splits: Any) -> str:
    """A directory as `save_to_disk` writes it."""
    dataset = datasets.Dataset.from_dict(rows)
    if names is not None:
        dataset = dataset.cast_column("label", datasets.ClassLabel(names=names))
    whole = datasets.DatasetDict({"train": dataset, **splits})
    whole.save_to_disk(str(folder / "mine"))
    return str(folder / "mine")


def test_integers_are_named_by_the_datasets_own_classes(tmp_path: Path) -> None:
    found = HubDataset(_saved(tmp_path, ROWS, LABELS), NLI, Columns({"rationale": "explanation_1"}))

    loaded = found.load("train", "gold")

    assert [(row.source, row.label) for row in loaded.examples] == [
        ("hub:mine/train:0", "contradiction"),
        ("hub:mine/train:1", "entailment"),
    ]
    assert loaded.examples[0].inputs == {"premise": "A man sleeps.", "hypothesis": "He is awake."}
    assert loaded.examples[0].rationale == "Who sleeps is not awake."
    assert loaded.report.dropped["label is missing"].examples == ["hub:mine/train:2"]


def test_integers_are_named_by_a_list(tmp_path: Path) -> None:
    rows = {"s1": ROWS["premise"], "s2": ROWS["hypothesis"], "gold": [0, 1, 7]}
    columns = Columns({"premise": "s1", "hypothesis": "s2", "label": "gold"}, LABELS)

    loaded = HubDataset(_saved(tmp_path, rows), NLI, columns).load("train", "gold")

    assert [row.label for row in loaded.examples] == ["entailment", "neutral"]
    assert loaded.report.dropped["label must be a text"].examples == ["hub:mine/train:2"]


def test_choices_are_a_column_of_lists(tmp_path: Path) -> None:
    rows = {"question": ["Where?"], "options": [["garage", "fridge"]], "label": ["fridge"]}

    (example,) = HubDataset(_saved(tmp_path, rows), CQA, Columns({"choices": "options"})).load("train", "gold").examples

    assert (example.choices, example.label) == (("garage", "fridge"), "fridge")


def test_teacher_labels_may_be_integers_too(tmp_path: Path) -> None:
    rows = ROWS | {"teacher_label": [2, 1, 1]}
    found = HubDataset(_saved(tmp_path, rows, LABELS), NLI, Columns(label_names=LABELS))

    loaded = found.load("train", "teacher")

    assert [(row.label, row.gold) for row in loaded.examples] == [
        ("contradiction", "contradiction"),
        ("neutral", "entailment"),
        ("neutral", None),
    ]
    assert loaded.report.teacher_agreement == 0.5


def test_folder_of_parquet_files_is_read(tmp_path: Path) -> None:
    (tmp_path / "parquet").mkdir()
    datasets.Dataset.from_dict(ROWS | {"label": LABELS}).to_parquet(str(tmp_path / "parquet" / "train.parquet"))

    loaded = HubDataset(str(tmp_path / "parquet"), NLI, Columns()).load("train", "gold")

    assert [row.label for row in loaded.examples] == LABELS


def test_splits_of_the_dataset_are_taken_and_a_missing_one_is_cut(tmp_path: Path) -> None:
    many = {"premise": [f"Premise {row}." for row in range(60)], "hypothesis": ["It is."] * 60}
    train = datasets.Dataset.from_dict(many | {"label": ["neutral"] * 60})
    location = _saved(tmp_path, {key: ROWS[key] for key in many} | {"label": LABELS}, test=train.select(range(5)))

    source = open_source(f"hub:{location}", task=NLI, validation_share=0.5)
    assert source.has_test
    assert len(source.load("test").examples) == 5
    assert not source.validates_apart
    datasets.DatasetDict({"train": train, "validation": train.select(range(4))}).save_to_disk(str(tmp_path / "both"))
    apart = open_source(f"hub:{tmp_path}/both", task=NLI, validation_share=0)
    assert (apart.has_test, apart.validates_apart) == (False, True)
    assert (len(apart.load("train").examples), len(apart.load("validation").examples)) == (60, 4)
    datasets.DatasetDict({"train": train}).save_to_disk(str(tmp_path / "one"))
    cut = open_source(f"hub:{tmp_path}/one", task=NLI, validation_share=0.5)
    parts = [{row.source for row in cut.load(part).examples} for part in ("train", "validation")]
    assert len(parts[0] | parts[1]) == 60 and not parts[0] & parts[1]


def test_all_problems_of_the_columns_are_told_at_once(tmp_path: Path) -> None:
    location = _saved(tmp_path, {"text": ["a"], "label": [1]})

    with pytest.raises(DataError) as caught:
        HubDataset(location, NLI, Columns({"premise": "sentence", "colour": "text"}))

    for problem in (
        "'colour' is not known; known: premise, hypothesis, label, teacher_label, rationale, choices, id",
        "premise is to be 'sentence', which the dataset does not have",
        "hypothesis has no column",
        "the column 'label' holds integers without names",
        "The dataset has text, label",
    ):
        assert problem in str(caught.value)


def test_choices_and_labels_must_have_a_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"choices has no column.*neither label nor teacher_label has a column"):
        HubDataset(_saved(tmp_path, {"question": ["Where?"]}), CQA, Columns())


def test_split_that_is_not_there_is_refused(tmp_path: Path) -> None:
    found = HubDataset(_saved(tmp_path, ROWS, LABELS), NLI, Columns())

    with pytest.raises(DataError, match="there is no such split; the dataset has train"):
        found.load("test", "gold")


def test_dataset_that_cannot_be_had_says_what_to_do_without_a_network() -> None:
    with pytest.raises(
        DataError, match=r"hub:nobody/nothing: cannot be loaded from the hub .* no folder of that name.* HF_HUB_OFFLINE"
    ):
        HubDataset("nobody/nothing", NLI, Columns())


def _remove_split(folder: Path) -> None:
    shutil.rmtree(folder / "train")


def _remove_rows_and_features(folder: Path) -> None:
    (folder / "train" / "data-00000-of-00001.arrow").unlink()
    (folder / "train" / "dataset_info.json").unlink()


def _cut_rows(folder: Path) -> None:
    rows = folder / "train" / "data-00000-of-00001.arrow"
    rows.write_bytes(rows.read_bytes()[:100])


def _forget_rows(folder: Path) -> None:
    (folder / "train" / "state.json").write_text("{}")


def _forget_splits(folder: Path) -> None:
    (folder / "dataset_dict.json").write_text('{"splits": []}')


def _break_features(folder: Path) -> None:
    (folder / "train" / "dataset_info.json").write_text('{"features": 3}')


@pytest.mark.parametrize(
    ("damage", "problems"),
    [
        (_remove_split, ["train/ is not there"]),
        (_remove_rows_and_features, ["train/dataset_info.json is not there", "data-00000-of-00001.arrow is not there"]),
        (_cut_rows, ["Expected to read"]),
        (_forget_rows, ["train/state.json names no data files"]),
        (_forget_splits, ["dataset_dict.json names no splits"]),
        (_break_features, ["int"]),
    ],
)
def test_damaged_folder_of_save_to_disk_is_told_by_what_is_wrong_in_it(
    tmp_path: Path, damage: Callable[[Path], None], problems: list[str]
) -> None:
    location = _saved(tmp_path, ROWS, LABELS)
    damage(Path(location))

    with pytest.raises(DataError, match="the folder cannot be loaded: ") as caught:
        HubDataset(location, NLI, Columns())
    assert all(problem in str(caught.value) for problem in problems)
    assert "network" not in str(caught.value) and "write or copy it again" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("train.jsonl", b'{"a":\n', "JSON parse error"),
        ("train.parquet", b"PAR1xx", "Parquet file size is 6 bytes"),
        ("notes.md", b"# Hello", "No (supported) data files found"),
    ],
)
def test_folder_of_broken_data_files_is_told_with_the_cause(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_bytes(content)

    with pytest.raises(DataError, match="the folder cannot be loaded: ") as caught:
        HubDataset(str(tmp_path / "mine"), NLI, Columns())
    assert problem in str(caught.value) and "network" not in str(caught.value)


def test_single_file_is_told_how_to_take_it(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")

    with pytest.raises(DataError, match="it is a file; take it as jsonl:<file> or csv:<file>"):
        HubDataset(str(tmp_path / "rows.csv"), NLI, Columns())


@pytest.mark.parametrize("location", ["nothing", "a/b/c/d", "/tmp/no/such/folder"])
def test_name_that_is_none_is_refused(location: str) -> None:
    with pytest.raises(DataError, match="must be written as hub:<owner>/<name>"):
        HubDataset(location, NLI, Columns())


def test_code_beside_the_data_is_never_run(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    ran = tmp_path / "ran"
    (folder / "mine.py").write_text(f"open({str(ran)!r}, 'w').write('x')\n")

    with pytest.raises(DataError, match="cannot be loaded"):
        HubDataset(str(folder), NLI, Columns())
    assert not ran.exists()


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)

    with pytest.raises(DataError, match=r"needs the package 'datasets'.*pip install 'quickstep\[data\]'"):
        hub.HubDataset("nobody/nothing", NLI, Columns())
