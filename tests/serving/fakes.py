"""A small deterministic student, a server on a real socket, and ways to hold and break the engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from zlib import crc32

import httpx

from serving.app import create_app
from serving.engines.base import Engine
from serving.engines.local import LaneLimits, LocalEngine
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.server import Server, bind, url_of
from serving.settings import Settings
from student.errors import InputError, Problem
from student.manifest import GoldenAnswer
from student.prediction import AnswerProbability, Explanation, Prediction
from student.question import PreparedQuestion, Question
from student.task import Choices, ClosedLabels, Task, find_task, merge_choices, repeated_choices

TASKS = {name: find_task(name) for name in ("demo-nli", "demo-choices", "cqa", "svamp")}
NLI = {"premise": "a dog runs", "hypothesis": "an animal moves"}


@dataclass(frozen=True)
class FakeBundle:
    """What the gateway tells about a bundle."""

    label: str = "fake@0123456789ab"
    length_buckets: tuple[int, ...] = (4, 16, 1024)
    tasks: Mapping[str, Task] = field(default_factory=lambda: TASKS)

    def golden(self) -> tuple[GoldenAnswer, ...]:
        """One question of each task."""
        return tuple(
            GoldenAnswer(
                task=task.name,
                inputs=dict.fromkeys(task.fields, "golden"),
                choices=("golden one", "golden two") if isinstance(task.answer, Choices) else (),
                answer="",
                probabilities=None,
                rationale="",
            )
            for task in self.tasks.values()
        )


class FakePanic(BaseException):
    """A panic of native code, as pyo3 raises it."""


class FakeStudent:
    """Answers by checksum. Words in the text command it: `panic` and `wrong-*` break the row, `unsure` abstains.

    `gate` holds every run while it is cleared; `ran` lists the rows of every run.
    """

    precision = "fp32"

    def __init__(self) -> None:
        self.bundle = FakeBundle()
        self.gate = threading.Event()
        self.gate.set()
        self.forgetful = False
        self.entered = threading.Semaphore(0)
        self.ran: list[list[str]] = []
        self._texts: dict[tuple[int, ...], tuple[str, tuple[str, ...]]] = {}

    def prepare(self, question: Question, *, rationale: bool = False) -> PreparedQuestion:
        task = self.bundle.tasks.get(question.task)
        if task is None:
            raise InputError([Problem("task", "is unknown")])
        task.validate_request(question.inputs, question.choices)
        source = task.label_source(question.inputs, question.choices)
        if "tokenizer-panic" in source:
            raise FakePanic(source)
        words = tuple(crc32(word.encode()) for word in source.split())
        if len(words) > task.limits.source_tokens:
            raise InputError([Problem("inputs", f"{len(words)} tokens; at most {task.limits.source_tokens}")])
        self._texts[words] = (source, tuple(question.choices))
        return PreparedQuestion(task, words, words if rationale else None, None)

    def warm_up(self) -> None:
        pass

    def check_golden(self, golden: Sequence[GoldenAnswer], *, rationales: bool) -> list[str]:
        return ["golden answer 1 (cqa): answers 'b', expected 'a'"] if self.forgetful else []

    def predict(self, batch: Sequence[PreparedQuestion]) -> list[Prediction]:
        rows = [self._texts[row.label_ids] for row in batch]
        self.ran.append([source for source, _ in rows])
        self.entered.release()
        assert self.gate.wait(20)
        if any("panic" in source for source, _ in rows):
            raise FakePanic("\n".join(source for source, _ in rows))
        if any("too-few-rows" in source for source, _ in rows):
            return []
        return [
            self._choose(prepared.task, source, choices)
            for prepared, (source, choices) in zip(batch, rows, strict=True)
        ]

    def explain(self, batch: Sequence[PreparedQuestion]) -> list[Explanation]:
        return [Explanation(prediction, f"because {prediction.answer}", True) for prediction in self.predict(batch)]

    def _choose(self, task: Task, source: str, choices: tuple[str, ...]) -> Prediction:
        if isinstance(task.answer, ClosedLabels):
            answers = tuple(task.answer.labels)
        elif isinstance(task.answer, Choices):
            answers = merge_choices(choices)
        else:
            return Prediction("( 1 + 2 )", None, 3.0)
        chosen = answers[crc32(source.encode()) % len(answers)]
        rest = 0.2 / (len(answers) - 1)
        probabilities = [0.8 if answer == chosen else rest for answer in answers]
        if "wrong-nan" in source:
            probabilities[0] = float("nan")
        if "wrong-sum" in source:
            probabilities = [0.8] * len(answers)
        if "wrong-label" in source:
            chosen = "no such label"
        pairs = zip(answers, probabilities, strict=True)
        if "wrong-type" in source:
            pairs = zip(answers, [cast("float", "a half")] * len(answers), strict=True)
        found = tuple(AnswerProbability(*pair) for pair in pairs)
        return Prediction(chosen, found, None, "unsure" in source, repeated_choices(choices))


@dataclass
class Running:
    """A server that answers under `url`."""

    url: str
    student: FakeStudent
    server: Server
    client: httpx.Client
    lifecycle: Lifecycle

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parsed = httpx.URL(self.url)
        return parsed.host, parsed.port or 0

    def predict(self, text: str, path: str = "/predict") -> httpx.Response:
        """Ask the closed demo task."""
        body = {"task": "demo-nli", "inputs": {"premise": text, "hypothesis": "it is so"}}
        return self.client.post(path, json=body)

    def metric(self, name: str) -> float:
        """The value of one metrics line, 0 if there is none."""
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        return 0.0


@contextmanager
def serving(
    student: FakeStudent | None = None, *, engine: Engine | None = None, wait: bool = True, **settings: object
) -> Iterator[Running]:
    """Serve a fake student, or another engine, on a free port of the loopback, in a thread; always stopped."""
    student = student or FakeStudent()
    chosen = Settings.model_validate({"port": 0, "drain_delay_ms": 0, **settings})
    metrics = Metrics()
    limits = LaneLimits(chosen.label_limits, chosen.rationale_limits)
    app = create_app(chosen, engine or LocalEngine(lambda: student, limits, metrics.observe_batch), metrics)
    server = Server(app, chosen)
    bound = bind(chosen.host, chosen.port)
    runner = asyncio.Runner(loop_factory=server.config.get_loop_factory())
    listening = threading.Event()

    async def serve() -> None:
        async def tell() -> None:
            while not server.started:
                await asyncio.sleep(0.001)
            if wait:
                await app.state.parts.lifecycle.settled.wait()
            listening.set()

        telling = asyncio.create_task(tell())
        await server.serve(sockets=[bound])
        await telling

    def run() -> None:
        with runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="test-server")
    thread.start()
    assert listening.wait(20)
    url = url_of(bound)
    try:
        with httpx.Client(base_url=url, timeout=20) as client:
            if wait:
                # The warm-up is over and does not count.
                student.ran.clear()
                while student.entered.acquire(blocking=False):
                    pass
            yield Running(url, student, server, client, app.state.parts.lifecycle)
    finally:
        student.gate.set()
        server.should_exit = True
        thread.join(20)
        bound.close()
        assert not thread.is_alive()
