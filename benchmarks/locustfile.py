"""A load of questions for a running server, checked as they are answered: `make load-test`.

Of ten requests eight ask one question, one asks eight at once, one asks for a rationale; --mix changes that. Questions
are JSON lines of `task`, `inputs` and, where the task takes them, `choices`; by default the golden questions of the
demo student. An answer fails if its status is not 200 or if it is not in the answer space.

Closed loop by default, open loop with --arrival-rate (`benchmarks/load_user.py`). At the end it says where the time
went, from the server's own `Server-Timing`, and, where an objective is given, whether it was met: the exit status is 1
if not. Locust's own options do the rest: --csv, --html, --autostart for its web page, --processes, --master, --worker.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from locust import events
from locust.runners import WorkerRunner

from benchmarks.load_user import LoadUser, listen
from student.task import merge_choices

DEMO_QUESTIONS = Path(__file__).resolve().parent.parent / "serving" / "demo-student" / "golden.json"
INSTANCES = 8
KINDS = ("predict", "batch", "explain")
MIX = "predict=8,batch=1,explain=1"

_questions: dict[str, list[dict[str, Any]]] = defaultdict(list)
_labels: dict[str, list[str] | None] = {}


def add_options(parser: Any) -> None:
    """Add what is asked to Locust's own options."""
    parser.add_argument(
        "--questions",
        env_var="QUICKSTEP_QUESTIONS",
        include_in_web_ui=False,
        help="JSON lines of task, inputs and choices (default: golden questions of the demo student)",
    )
    parser.add_argument("--mix", type=_mix_text, default=MIX, help=f"shares of requests (default: {MIX})")


def mix(text: str) -> dict[str, int]:
    """Weights by kind of request, as `predict=8,explain=1`; one that is not named has none.

    Raises:
        ValueError: a kind is unknown, a weight is no whole number, or nothing is left to ask.
    """
    shares = dict.fromkeys(KINDS, 0)
    for part in text.split(","):
        kind, _, share = part.partition("=")
        if kind.strip() not in shares or not share.strip().isdecimal():
            raise ValueError(f"{part!r}: must be one of {', '.join(KINDS)} with a weight, as in {MIX}")
        shares[kind.strip()] = int(share)
    if not any(shares.values()):
        raise ValueError(f"{text!r}: asks for nothing; give one of {', '.join(KINDS)} a weight above 0")
    return shares


def _mix_text(text: str) -> str:
    try:
        mix(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def load_questions(environment: Any, **_: object) -> None:
    """Read the questions before anybody asks one."""
    file: str | None = environment.parsed_options.questions
    try:
        text = Path(file or DEMO_QUESTIONS).read_text(encoding="utf-8")
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


def learn_labels(environment: Any, **_: object) -> None:
    """Ask the server for its tasks, before anybody asks it anything else."""
    if not isinstance(environment.runner, WorkerRunner):
        try:
            with urlopen(f"{environment.host}/tasks", timeout=10) as response:
                tasks = [(task["task"], task["labels"], task["fields"]) for task in json.load(response)["tasks"]]
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            reason = getattr(error, "reason", error)
            sys.exit(
                f"load test: no Quickstep server answers at {environment.host} ({reason}); start one with: make serve"
            )
        # The master's options travel to its workers as the users start.
        environment.parsed_options.known_labels = {name: labels for name, labels, _ in tasks}
        _require_askable({name: fields for name, _, fields in tasks}, environment.parsed_options.questions)


def _require_askable(fields: Mapping[str, list[str]], file: str | None) -> None:
    """Leave if the server could answer none of somebody's questions of a task, before it is asked a thousand times."""
    problems = [f"the server has no task {task}, only {', '.join(fields)}" for task in _questions if task not in fields]
    for task, questions in _questions.items():
        missing = {name for question in questions for name in fields.get(task, ()) if name not in question["inputs"]}
        if missing:
            problems.append(f"questions of {task} lack {', '.join(sorted(missing))}")
    if problems:
        sys.exit(f"--questions {file or DEMO_QUESTIONS}: {'; '.join(problems)}; give questions of the served student")


class Asker(LoadUser):
    """Somebody who asks questions."""

    def on_start(self) -> None:
        """Know what may be answered, and what is to be asked."""
        options = self.environment.parsed_options
        _labels.update(options.known_labels)
        self._weights = mix(options.mix)

    def ask(self, due: float | None) -> None:
        """One question, several at once, or one with its reasons."""
        kind = random.choices(KINDS, [self._weights[kind] for kind in KINDS])[0]
        asked = random.choice(list(_questions))
        questions = random.choices(_questions[asked], k=INSTANCES if kind == "batch" else 1)
        if kind == "batch":
            name, path = f"/predict ({INSTANCES} instances)", "/predict"
            content: dict[str, Any] = {"instances": questions}
        else:
            name = path = f"/{kind}"
            content = dict(questions[0])
        content["task"] = asked
        with self.post(path, name, content, due) as sent:
            problem = _problem(sent.response, content, questions)
            if problem is not None:
                sent.failure(problem)


def _problem(response: Any, content: dict[str, Any], questions: Sequence[dict[str, Any]]) -> str | None:
    """What is wrong with a response; None if nothing."""
    if response.status_code == 0:
        # No response: what the connection says of it, without its address, so that equal ones are counted together.
        error = response.error
        return f"no response: {getattr(error, 'strerror', None) or type(error).__name__}"
    if response.status_code != 200:
        return f"status {response.status_code}{_detail(response)}"
    try:
        return _wrong(response.json(), content, questions)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "no answer of Quickstep's"


def _detail(response: Any) -> str:
    """What a problem of the server's says; it never quotes the request."""
    try:
        return f": {response.json()['detail']}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _wrong(said: Any, content: dict[str, Any], questions: Sequence[dict[str, Any]]) -> str | None:
    answers = said["predictions"] if "instances" in content else [said]
    if len(answers) != len(questions):
        return f"{len(answers)} answers to {len(questions)} questions"
    for answer, question in zip(answers, questions, strict=True):
        space = merge_choices(question["choices"]) if "choices" in question else _labels[content["task"]]
        if not (isinstance(answer["answer"], str) if space is None else answer["answer"] in space):
            return f"{content['task']}: an answer outside its answer space"
    return None


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(load_questions)
events.test_start.add_listener(learn_labels)
listen()
