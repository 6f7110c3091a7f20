"""A load of questions for a running server, checked as they are answered: `make load-test`.

Of ten requests eight ask one question, one asks eight at once, one asks for a rationale. Questions are JSON lines of
`task`, `inputs` and, where the task takes them, `choices`; by default the golden questions of the demo student.
An answer fails if its status is not 200 or if it is not in the answer space.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from locust import FastHttpUser, constant, events

from student.task import merge_choices

DEMO_QUESTIONS = Path(__file__).resolve().parent.parent / "serving" / "demo-student" / "golden.json"
INSTANCES = 8

_questions: dict[str, list[dict[str, Any]]] = defaultdict(list)
_labels: dict[str, list[str] | None] = {}


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add `--questions` to Locust's own options."""
    parser.add_argument(
        "--questions",
        type=Path,
        env_var="QUICKSTEP_QUESTIONS",
        help="JSON lines of task, inputs and choices (default: golden questions of the demo student)",
    )


def load_questions(environment: Any, **_: object) -> None:
    """Read the questions before anybody asks one."""
    file: Path | None = environment.parsed_options.questions
    try:
        text = (file or DEMO_QUESTIONS).read_text(encoding="utf-8")
        entries = [json.loads(line) for line in text.splitlines() if line.strip()] if file else json.loads(text)
        for entry in entries:
            question = {"inputs": entry["inputs"]}
            if entry.get("choices"):
                question["choices"] = entry["choices"]
            _questions[entry["task"]].append(question)
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Not an exception: Locust would log it and go on without questions.
        sys.exit(f"--questions {file or DEMO_QUESTIONS}: cannot be read as questions ({error!r}); give another file")
    if not _questions:
        sys.exit(f"--questions {file}: holds no question")


def predict(user: Asker) -> None:
    """Ask one question."""
    task, questions = _some_questions(1)
    user.ask("/predict", "/predict", {"task": task, **questions[0]}, questions)


def predict_several(user: Asker) -> None:
    """Ask several questions of one task at once."""
    task, questions = _some_questions(INSTANCES)
    user.ask("/predict", f"/predict ({INSTANCES} instances)", {"task": task, "instances": questions}, questions)


def explain(user: Asker) -> None:
    """Ask one question and for the reasons."""
    task, questions = _some_questions(1)
    user.ask("/explain", "/explain", {"task": task, **questions[0]}, questions)


def learn_labels(environment: Any, **_: object) -> None:
    """Ask the server for its tasks' labels, before anybody asks it anything else."""
    try:
        with urlopen(f"{environment.host}/tasks", timeout=10) as response:
            tasks = json.load(response)["tasks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", error)
        sys.exit(f"load test: no Quickstep server answers at {environment.host} ({reason}); start one with: make serve")
    _labels.update({task["task"]: task["labels"] for task in tasks})


class Asker(FastHttpUser):  # type: ignore[misc]  # Locust is not typed for mypy here
    """Somebody who asks again as soon as answered."""

    wait_time = constant(0)
    tasks = {predict: 8, predict_several: 1, explain: 1}  # noqa: RUF012 - Locust's own form

    def ask(self, path: str, name: str, content: dict[str, Any], questions: Sequence[dict[str, Any]]) -> None:
        """Send a request and check its answers."""
        with self.client.post(path, json=content, name=name, catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}")
                return
            said = response.json()
            answers = said["predictions"] if "instances" in content else [said]
            if len(answers) != len(questions):
                response.failure(f"{len(answers)} answers to {len(questions)} questions")
                return
            for answer, question in zip(answers, questions, strict=True):
                if not self._allowed(answer["answer"], content["task"], question):
                    response.failure(f"{content['task']}: an answer outside its answer space")
                    return

    def _allowed(self, answer: object, task: str, question: dict[str, Any]) -> bool:
        space = merge_choices(question["choices"]) if "choices" in question else _labels[task]
        return isinstance(answer, str) if space is None else answer in space


def _some_questions(count: int) -> tuple[str, list[dict[str, Any]]]:
    task = random.choice(list(_questions))
    return task, random.choices(_questions[task], k=count)


events.init_command_line_parser.add_listener(add_option)
events.init.add_listener(load_questions)
events.test_start.add_listener(learn_labels)
