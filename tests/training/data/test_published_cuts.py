"""Published results depend on which rows are trained on and in which order: a change here is a change of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from student.task import load_task
from tests.training.data.real_data import real_dataset
from training.data.example import Example
from training.data.loaded import Labels
from training.data.sources import DemoRows, Source, Split, open_source

TICKETS = Path(__file__).parents[3] / "examples" / "tickets"


def _digest(examples: Sequence[Example]) -> str:
    digest = hashlib.sha256()
    for row in examples:
        content = [row.task, dict(row.inputs), row.label, row.rationale, row.source, list(row.choices), row.gold]
        digest.update(json.dumps([*content, dict(row.tags)]).encode())
    return digest.hexdigest()[:16]


def _cuts(source: Source) -> dict[Split, tuple[int, str]]:
    splits: tuple[Split, ...] = ("train", "validation", "test")
    loaded = {split: source.load(split).examples for split in splits}
    return {split: (len(examples), _digest(examples)) for split, examples in loaded.items()}


def test_tickets() -> None:
    assert _cuts(open_source(f"jsonl:{TICKETS}/rows.jsonl", task=load_task(TICKETS / "task.yaml"))) == {
        "train": (183, "313931e0a15f2ada"),
        "validation": (17, "50d245bc8a43228f"),
        "test": (200, "03e44d0ba57a8206"),
    }


@pytest.mark.parametrize(
    ("name", "digests"),
    [
        ("demo-nli", ("cb2f6279fee2641f", "4492933f0914ffa0", "81379e24f2ca4694")),
        ("demo-choices", ("ca85a5aa97cb9a04", "1e619ab2d59a9dca", "9de58c3030cb8c7f")),
        ("demo-math", ("a246fe5313605aeb", "7197ec8ca911170f", "d5c2b8348d2b0855")),
    ],
)
def test_generated_rows(name: str, digests: tuple[str, str, str]) -> None:
    cuts = _cuts(open_source(name, demo_rows=DemoRows(300, 50, 50)))

    rows = open_source(name, demo_rows=DemoRows(5, 5, 5)).load("train").examples
    assert {row.rationale_by for row in rows} == {"generator"}
    assert tuple(cuts.values()) == tuple(zip((300, 50, 50), digests, strict=True))


@pytest.mark.parametrize(
    ("name", "labels", "train", "validation", "test"),
    [
        ("cqa", "gold", (8809, "9c432ad781d12cb0"), (932, "0006a772165ab491"), (611, "e72ebad179785ea1")),
        ("cqa", "teacher", (8806, "57f8036ede0d700f"), (932, "0006a772165ab491"), (611, "e72ebad179785ea1")),
        ("svamp", "gold", (725, "6b24f81a72add03e"), (75, "8e5122c4d5702996"), (100, "30b10bce53846d3a")),
        ("svamp", "teacher", (693, "a58a5033f6ff6cc6"), (75, "8e5122c4d5702996"), (100, "30b10bce53846d3a")),
    ],
)
def test_real_releases(
    name: str, labels: Labels, train: tuple[int, str], validation: tuple[int, str], test: tuple[int, str]
) -> None:
    cuts = _cuts(open_source(f"{name}:{real_dataset(name)}", labels=labels))

    assert cuts == {"train": train, "validation": validation, "test": test}
