"""What `/metrics` tells. A registry for each app, so that two apps in one process do not count together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from serving.engines.base import Engine, LaneName

LANES: tuple[LaneName, ...] = ("labels", "rationales")
OTHER_ROUTE = "other"
"""Stands for every path that is no route: paths are the client's text and must not become label values."""

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SHORT_SECONDS = (0.00005, 0.0001, 0.00025, *_SECONDS)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counters and histograms of one app; children are resolved once, not per request."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "quickstep_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self._latency = Histogram(
            "quickstep_request_seconds",
            "From the headers to the last byte of the response.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._rejected = Counter(
            "quickstep_rejected",
            "Requests without an answer, by problem type.",
            ["reason"],
            registry=self.registry,
        )
        self._queue_rows = Gauge("quickstep_queue_rows", "Rows that wait.", ["lane"], registry=self.registry)
        self._queue_tokens = Gauge("quickstep_queue_tokens", "Tokens that wait.", ["lane"], registry=self.registry)
        batch_rows = Histogram(
            "quickstep_batch_rows", "Rows of each graph run.", ["lane"], buckets=_ROWS, registry=self.registry
        )
        self._batch_rows = {lane: batch_rows.labels(lane) for lane in LANES}
        batch_tokens = Counter(
            "quickstep_batch_tokens",
            "Source tokens of graph runs: of texts, and the padding that makes a batch's rows equally long.",
            ["lane", "kind"],
            registry=self.registry,
        )
        self._text_tokens = {lane: batch_tokens.labels(lane, "text") for lane in LANES}
        self._padding_tokens = {lane: batch_tokens.labels(lane, "padding") for lane in LANES}
        self._abstained = Counter(
            "quickstep_abstained", "Answers below their task's threshold.", ["task"], registry=self.registry
        )
        rationales = Counter(
            "quickstep_rationales", "Rationales, by whether they end in the answer.", ["agrees"], registry=self.registry
        )
        self._rationales = {agrees: rationales.labels(str(agrees).lower()) for agrees in (True, False)}
        self._tokenize = self._stage("quickstep_tokenize_seconds", "Validation and tokenization of one request.")
        self._queue = self._stage("quickstep_queue_seconds", "Longest wait of a request's rows.")
        self._infer = self._stage("quickstep_infer_seconds", "Longest graph run of a request's rows.")
        self._request_children: dict[tuple[str, int], Counter] = {}
        self._latency_children: dict[str, Histogram] = {}

    def _stage(self, name: str, description: str) -> dict[LaneName, Histogram]:
        stage = Histogram(name, description, ["lane"], buckets=_SHORT_SECONDS, registry=self.registry)
        return {lane: stage.labels(lane) for lane in LANES}

    def watch(self, engine: Engine) -> None:
        """Read the queue depths from the engine whenever metrics are asked for."""
        for lane in LANES:
            self._queue_rows.labels(lane).set_function(partial(_rows, engine, lane))
            self._queue_tokens.labels(lane).set_function(partial(_tokens, engine, lane))

    def observe_request(self, route: str, status: int, seconds: float) -> None:
        """Count a finished request; `route` is a route's path or `OTHER_ROUTE`."""
        counter = self._request_children.get((route, status))
        if counter is None:
            counter = self._request_children[route, status] = self._requests.labels(route, str(status))
        histogram = self._latency_children.get(route)
        if histogram is None:
            histogram = self._latency_children[route] = self._latency.labels(route)
        counter.inc()
        histogram.observe(seconds)

    def observe_stages(self, lane: LaneName, tokenize_s: float, queue_s: float, infer_s: float) -> None:
        """Record where an answered request's time went."""
        self._tokenize[lane].observe(tokenize_s)
        self._queue[lane].observe(queue_s)
        self._infer[lane].observe(infer_s)

    def observe_batch(self, lane: LaneName, tokens: Sequence[int]) -> None:
        """Record one graph run, by the source tokens of its rows; called on the lane's thread."""
        self._batch_rows[lane].observe(len(tokens))
        self._text_tokens[lane].inc(sum(tokens))
        self._padding_tokens[lane].inc(max(tokens) * len(tokens) - sum(tokens))

    def observe_abstention(self, task: str) -> None:
        """Count an answer that the student would rather not give; `task` is one of the bundle's."""
        self._abstained.labels(task).inc()

    def observe_rationale(self, agrees: bool) -> None:
        """Count a rationale that was sent."""
        self._rationales[agrees].inc()

    def reject(self, reason: str) -> None:
        """Count a request that got a problem; `reason` is the problem type's slug."""
        self._rejected.labels(reason).inc()

    def render(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)


def _rows(engine: Engine, lane: LaneName) -> int:
    return engine.depth(lane).rows


def _tokens(engine: Engine, lane: LaneName) -> int:
    return engine.depth(lane).tokens
