"""`quickstep data`: what sources hold, before anything is trained on them."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from student.arguments import positive
from student.errors import DataError
from training.config import SourceConfig, load_config
from training.data.example import Example, Unanswered
from training.data.mixture import Cuts, Mixture, load_mixture, open_entry
from training.data.source_spec import FORMS, is_generated, takes_task
from training.data.statistics import describe
from training.output_files import check_outputs, locations

_SHOWN_LABELS = 8


def main(argv: list[str]) -> int:
    """Report on data sources."""
    parser = argparse.ArgumentParser(
        prog="quickstep data",
        description="Load sources as training would and tell what became of their rows: dropped and repaired ones by "
        "reason, teacher agreement, labels, lengths in words, repeated questions, and questions that training rows "
        "share with validation or test rows.",
        epilog="Layouts of all sources: docs/data.md.",
    )
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help=", ".join(FORMS),
    )
    parser.add_argument("--recipe", type=Path, help="take sources, labels and cuts from this recipe instead")
    parser.add_argument("--task", help="task of the jsonl, csv and hub sources: a built-in name or a YAML file")
    parser.add_argument("--labels", choices=("gold", "teacher"), default="gold", help="default: %(default)s")
    parser.add_argument("--rows", type=positive, default=1000, help="rows of generated sources (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the whole report to this file")
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FILE",
        help="also write the rows with gold labels, and those without any answer, as JSON lines for a teacher",
    )
    arguments = parser.parse_args(argv)
    if bool(arguments.sources) == (arguments.recipe is not None):
        parser.error("give either sources or --recipe")
    if arguments.task and not any(map(takes_task, arguments.sources)):
        parser.error("--task is for jsonl, csv and hub sources; the others have a task of their own")
    # Not its warnings: what loading warns of stands in the report.
    logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stderr)

    if arguments.recipe is not None:
        config = load_config(arguments.recipe)
        entries, cuts = config.data, Cuts.of(config)
    else:
        entries = tuple(_entry(spec, arguments.task, arguments.rows) for spec in arguments.sources)
        cuts = Cuts(labels=arguments.labels)
    files = [file for entry in entries for file in (entry.validation, entry.test)]
    read = [arguments.recipe, *locations(entry.source for entry in entries), *files]
    outputs = {"--json": arguments.json, "--write": arguments.write}
    check_outputs(parser, outputs, [path for path in read if path is not None])
    mixture = load_mixture(entries, cuts)
    report = _report(mixture)
    sys.stdout.write(_text(mixture, report))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if arguments.write is not None:
        _write(arguments.write, entries)
    return 0


def _entry(spec: str, task: str | None, rows: int) -> SourceConfig:
    return SourceConfig(source=spec, task=task if takes_task(spec) else None, rows=rows if is_generated(spec) else None)


def _report(mixture: Mixture) -> dict[str, Any]:
    statistics: dict[str, Any] = {}
    for name, task in mixture.tasks.items():
        parts = {"training": mixture.training, "validation": mixture.validation}
        rows = {part: [row for row in examples if row.task == name] for part, examples in parts.items()}
        statistics[name] = {part: describe(task, examples) for part, examples in rows.items() if examples}
    return {**mixture.as_dict(), "statistics": statistics}


def _text(mixture: Mixture, report: dict[str, Any]) -> str:
    lines = [*(text for source in mixture.texts for text in (source, ""))]
    for task, parts in report["statistics"].items():
        for part, figures in parts.items():
            lines += [*_figures(f"{task}, {part}", figures), ""]
    lines += [
        f"{task}: no validation rows with gold labels; training needs some (docs/data.md)"
        for task in mixture.unvalidated
    ]
    found = mixture.duplicates
    lines += [
        f"repeated questions: {found.repeated.rows:,} training rows ask what an earlier one asks "
        f"({found.with_other_label.rows:,} with another label), {found.held_out.rows:,} what a validation row asks",
        *_examples(found.repeated.examples),
    ]
    for overlap in mixture.overlaps:
        lines.append(
            f"{overlap.task}: of {overlap.rows:,} {overlap.held_out} rows, {overlap.same.rows:,} ask what a "
            f"{overlap.among} row asks, {overlap.near.rows:,} nearly that"
        )
        if overlap.grouped is not None:
            lines[-1] += f"; {overlap.grouped.rows:,} have the premise of a {overlap.among} row"
        lines += _examples((*overlap.same.examples, *overlap.near.examples))
    lines += [f"{source}: test rows not checked: {reason}" for source, reason in mixture.unchecked.items()]
    return "\n".join(lines) + "\n"


def _figures(title: str, figures: dict[str, Any]) -> list[str]:
    lines = [f"{title}: {figures['rows']:,} rows, {figures['with_rationale']:,} with a rationale"]
    if figures["teacher_agreement"] is not None:
        lines.append(f"  teacher agrees with gold in {figures['teacher_agreement']:.1%}")
    for what, words in figures["words"].items():
        if words is not None:
            lines.append(
                f"  words of {what + ':':11} median {words['median']:4}, 95 % have at most {words['p95']:4}, "
                f"the longest {words['most']:4}"
            )
    named = list(figures["labels"].items())
    shown = ", ".join(f"{label} {rows / figures['rows']:.1%}" for label, rows in named[:_SHOWN_LABELS])
    others = len(named[_SHOWN_LABELS:]) + figures["other_labels"]
    more = f", and {others:,} others" if others else ""
    return [*lines, f"  {figures['labels_are']}: {shown}{more}"]


def _examples(pairs: Iterable[dict[str, str]]) -> list[str]:
    return [f"  {pair['row']} is like {pair['like']}" for pair in pairs]


def _write(path: Path, entries: Iterable[SourceConfig]) -> None:
    """All rows of the sources, none cut off for validation, in the layout of `jsonl:`."""
    opened = [open_entry(entry, Cuts(labels="gold", validation_share=0)) for entry in entries]
    names = sorted({source.task.name for source in opened})
    if len(names) > 1:
        raise DataError(f"--write: a file of rows is of one task; these sources are of {', '.join(names)}")
    # All of them first: a source that cannot be read must not leave half a file.
    loaded = [source.load("train") for source in opened]
    rows: list[Example | Unanswered] = []
    for one in loaded:
        rows += one.examples
        rows += one.unanswered
    path.write_text("".join(json.dumps(_row(row), ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _row(row: Example | Unanswered) -> dict[str, Any]:
    """A row for a teacher: what an earlier one said of it is left out."""
    content: dict[str, Any] = {"id": row.source, "inputs": dict(row.inputs)}
    if row.choices:
        content["choices"] = list(row.choices)
    if isinstance(row, Example):
        content["id"] = row.tags.get("id", row.source)
        content["label"] = row.label
        if row.rationale is not None and "teacher_agrees" not in row.tags:
            content["rationale"] = row.rationale
    return content
