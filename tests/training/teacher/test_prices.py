from __future__ import annotations

from pathlib import Path

import pytest

from training.teacher.base import Reply
from training.teacher.errors import TeacherError
from training.teacher.prices import Price, Spending, read_price


def table(folder: Path, text: str) -> Path:
    path = folder / "prices.yaml"
    path.write_text(text)
    return path


def test_price_is_that_of_the_model(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "m: {prompt_per_million: 0.5, output_per_million: 2}\nother/x: {prompt_per_million: 0, output_per_million: 0}",
    )

    assert read_price(path, "m") == Price(prompt_per_million=0.5, output_per_million=2.0)
    assert read_price(path, "m").of(2_000_000, 500_000) == 2.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("m: {prompt_per_million: 1e999, output_per_million: 1}", "m.prompt_per_million"),
        ("m: {prompt_per_million: .inf, output_per_million: 1}", "m.prompt_per_million"),
        ("m: {prompt_per_million: .nan, output_per_million: 1}", "m.prompt_per_million"),
        ("m: {prompt_per_million: -1, output_per_million: 1}", "m.prompt_per_million"),
        ("m: {prompt_per_million: 1}", "m.output_per_million: is missing"),
        ("m: {prompt_per_million: 1, output_per_million: 1, per_call: 2}", "m.per_call: is no known key"),
        ("m: 5", "m: "),
        ("[1]", "expected <model>"),
        ("", "expected <model>"),
        ("m: {", "is not YAML"),
        ("n: {prompt_per_million: 1, output_per_million: 1}", "has no price of 'm'; it has n"),
    ],
)
def test_table_that_cannot_be_right_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(TeacherError) as caught:
        read_price(table(tmp_path, text), "m")
    assert str(caught.value).startswith(f"prices {tmp_path}") and problem in str(caught.value)


def test_missing_table_and_one_that_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="cannot be read"):
        read_price(tmp_path / "prices.yaml", "m")
    (tmp_path / "prices.yaml").write_bytes(b"\xff")
    with pytest.raises(TeacherError, match="is not UTF-8"):
        read_price(tmp_path / "prices.yaml", "m")


def test_spending_counts_tokens_and_tells_of_answers_without() -> None:
    spending = Spending(Price(prompt_per_million=1.0, output_per_million=10.0))
    assert spending.cost == 0 and spending.estimate(100) is None
    for reply in (Reply("", None, 1000, 100), Reply("", None, 3000, 300), Reply("")):
        spending.add(reply)

    assert (spending.calls, spending.calls_without_tokens) == (3, 1)
    assert spending.cost == pytest.approx(0.008)
    assert spending.estimate(100) == pytest.approx(0.4)


def test_cost_without_a_price_is_unknown() -> None:
    spending = Spending(None)
    spending.add(Reply("", None, 5, 5))

    assert spending.cost is None and spending.estimate(10) is None
