from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from export import int8_plan
from export.calibration import CalibrationRow, calibrate, channel_extents
from export.int8 import Int8, Range
from export.int8_plan import _agreement, _cost, _probabilities, plan_int8
from export.linears import Float32
from export.smoothing import smoothed
from export.t5_weights import T5Weights
from student.label_trie import MAX_DEPTH, LabelTrie
from tests.export.shapes import PAD, SHAPES, SOURCES, SPACES, WordTokenizer, random_t5

TOKENIZER = WordTokenizer()


def _rows() -> list[CalibrationRow]:
    tries = [LabelTrie.build(TOKENIZER(space).input_ids, PAD) for space in SPACES]
    return [CalibrationRow(tuple(TOKENIZER(source).input_ids), trie) for source in SOURCES for trie in tries]


@pytest.fixture(scope="module", params=["v1.0", "v1.1, odd heads"])
def weights(request: pytest.FixtureRequest) -> T5Weights:
    return T5Weights.of(random_t5(**SHAPES[request.param]), 32, MAX_DEPTH)


def _with_outliers(weights: T5Weights) -> T5Weights:
    """The same student, with one channel of each feed-forward's inner value 4,096 times as large."""
    layers = []
    for layer in weights.encoder:
        dense = layer.dense
        first, up, output = dense.first.copy(), None if dense.up is None else dense.up.copy(), dense.output.copy()
        (first if up is None else up)[:, 0] *= 4096
        output[0] /= 4096
        layers.append(replace(layer, dense=replace(dense, first=first, up=up, output=output)))
    return replace(weights, encoder=tuple(layers))


def test_smoothing_changes_nothing_in_float32_and_tames_outliers(weights: T5Weights) -> None:
    rows = _rows()
    wild = _with_outliers(weights)
    reference = _probabilities(weights, Float32(), rows)
    even = smoothed(wild, channel_extents(wild, rows))
    assert _cost(reference, _probabilities(even, Float32(), rows)) < 1e-5
    costs = [
        _cost(reference, _probabilities(student, Int8(calibrate(student, rows, progress=False)), rows))
        for student in (wild, even)
    ]
    assert costs[1] < costs[0] / 2


def test_student_that_int8_leaves_alone_is_left_alone(weights: T5Weights) -> None:
    rows = _rows()
    reference = _probabilities(weights, Float32(), rows)
    reached = _agreement(reference, _probabilities(weights, Int8(calibrate(weights, rows, progress=False)), rows))
    plan = plan_int8(weights, rows, min_clear_agreement=reached, progress=False)
    assert plan.weights is weights
    assert plan.as_dict() == {"smoothed": False, "float32_blocks": []}


def test_outliers_are_smoothed_before_any_block_is_given_up(weights: T5Weights) -> None:
    rows = _rows()
    wild = _with_outliers(weights)
    reference = _probabilities(weights, Float32(), rows)
    agreements = [
        _agreement(reference, _probabilities(student, Int8(calibrate(student, rows, progress=False)), rows))
        for student in (wild, smoothed(wild, channel_extents(wild, rows)))
    ]
    if agreements[0] == agreements[1]:
        pytest.skip("this student's answers bear the outliers")
    plan = plan_int8(wild, rows, min_clear_agreement=agreements[1], progress=False)
    assert plan.as_dict() == {"smoothed": True, "float32_blocks": []}


def test_block_that_costs_most_stays_in_float32(weights: T5Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*arguments: object, **options: object) -> dict[str, Range]:
        """One block's ranges are so small that nearly everything is cut off; smoothing does not help."""
        found = calibrate(*arguments, **options)  # type: ignore[arg-type]
        bad = [site for site in found if site.startswith("decoder.0.cross")]
        return found | {site: Range(found[site].scale / 5000, 128) for site in bad}

    monkeypatch.setattr(int8_plan, "calibrate", cut)
    rows = _rows()
    plan = plan_int8(weights, rows, min_clear_agreement=1.0, progress=False)
    assert plan.islands[0] == "decoder.0.cross"
    reference = _probabilities(weights, Float32(), rows)
    found = _probabilities(plan.weights, plan.linears, rows)
    assert _agreement(reference, found) == 1.0


def test_agreement_counts_clear_answers_only() -> None:
    clear, unclear = np.array([0.9, 0.1]), np.array([0.51, 0.49])
    turned = np.array([0.4, 0.6])
    assert _agreement([clear, clear, unclear], [clear, turned, turned]) == 0.5
    assert _agreement([unclear], [turned]) == 1.0
