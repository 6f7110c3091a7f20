"""Small inputs and quick settings for tests of annotation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from student.task import Task, parse_task
from tests.training.teacher.openai_server import Answer, OpenAiServer, Step
from training.teacher.annotate import Annotation, annotate
from training.teacher.asking import Asking
from training.teacher.endpoint import Endpoint
from training.teacher.endpoint_config import EndpointConfig
from training.teacher.prices import Price
from training.teacher.prompt import PromptWriter
from training.teacher.rows import read_input

TASK_YAML = """
name: mood
description: What is the writer's mood?
template: "mood: {text}"
answer: {kind: closed, labels: [good, bad]}
demonstrations:
  - {inputs: {text: "The sun shines."}, rationale: People like the sun., label: good}
  - {inputs: {text: "My shoe is lost."}, rationale: Losing things is no fun., label: bad}
"""
QUICK = Asking(concurrency=4, first_backoff_s=0.001, longest_pause_s=0.05)


def mood() -> Task:
    return parse_task(TASK_YAML, "mood")


def said(label: str) -> str:
    return f"It is written so. So the answer is {label}."


def write_rows(folder: Path, rows: int | Sequence[dict[str, Any]]) -> Path:
    path = folder / "rows.jsonl"
    if isinstance(rows, int):
        rows = [{"inputs": {"text": f"Text {row}"}, "label": "good", "id": f"r{row}"} for row in range(rows)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def annotation(folder: Path, rows: int | Sequence[dict[str, Any]], **settings: Any) -> Annotation:
    path = write_rows(folder, rows)
    return Annotation(
        rows=read_input(str(path), task=mood()),
        writer=PromptWriter(mood(), settings.pop("form", "chat")),
        output=folder / "out.jsonl",
        read=(path,),
        **settings,
    )


def endpoint(base_url: str, **settings: Any) -> Endpoint:
    config = EndpointConfig(base_url, "m", **{"deadline_s": 20.0, **settings})
    return Endpoint(config, PromptWriter(mood(), config.form).digest)


def written(folder: Path, name: str = "out.jsonl") -> list[dict[str, Any]]:
    lines = (folder / name).read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def ledger(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "out.jsonl.ledger.json").read_text(encoding="utf-8"))
    return content


PRICE = Price(prompt_per_million=1.0, output_per_million=2.0)


def answer_good(question: str, nth: int) -> Step:
    return Answer(said("good"))


def run_against(what: Annotation, server: OpenAiServer, asking: Asking = QUICK, **settings: Any) -> dict[str, Any]:
    annotate(what, endpoint(server.base_url, **settings), asking, progress=False)
    return ledger(what.output.parent)
