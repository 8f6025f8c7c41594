"""`GET /metrics`: what an operator watches, in Prometheus' text format.

Everything lives in a registry of its own: two applications in one process (as tests have)
never count into one another.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.routing import Route

from worker.logs import get_logger
from worker.meter import FIGURES, Limit, Sum

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from prometheus_client import Metric
    from starlette.requests import Request

__all__ = ["InboxState", "Metrics", "metrics_route"]

_SECONDS = 2.0
"""How long a scrape waits for the inbox; Prometheus gives up after 10 s by default."""
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds. GitHub gives up on a delivery after 10 s."""
_OTHER = "other"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class InboxState:
    """How much accepted work waits, for how long its oldest has, and what workers counted.

    `late` are the pull requests that should have been looked at more than a minute ago.
    """

    depth: int
    oldest_seconds: float
    late: int = 0
    sums: tuple[Sum, ...] = ()
    limits: tuple[Limit, ...] = ()


class _Workers(Collector):
    """The figures of all workers, as the inbox has them."""

    def __init__(self) -> None:
        self.state = InboxState(0, 0.0)

    def describe(self) -> list[Metric]:
        """Return nothing: what there is shows at a scrape."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Return the families of a scrape."""
        for name, figure in FIGURES.items():
            kind = HistogramMetricFamily if figure.buckets else CounterMetricFamily
            family = kind(name, figure.help, labels=figure.labels)
            for one in self.state.sums:
                if one.name != name:
                    continue
                if isinstance(family, HistogramMetricFamily):
                    family.add_metric(one.labels, one.buckets, one.value)
                else:
                    family.add_metric(one.labels, one.value)
            yield family
        left = GaugeMetricFamily(
            "covgate_github_remaining",
            "What GitHub still allows within the hour.",
            labels=("installation",),
        )
        for limit in self.state.limits:
            left.add_metric((str(limit.installation_id),), limit.remaining)
        yield left


class Metrics:
    """The receiver's figures. `events` are the names that get a label of their own.

    Any other event is counted as "other": a stranger's request must not be able to make
    time series.
    """

    def __init__(self, events: Collection[str]) -> None:
        self.registry = CollectorRegistry()
        self._events = frozenset(events)
        self._deliveries = Counter(
            "covgate_deliveries",
            "Webhook deliveries by event and by what became of them.",
            ["event", "outcome"],
            registry=self.registry,
        )
        self._acknowledgement = Histogram(
            "covgate_acknowledgement_seconds",
            "From a delivery's headers to its answer.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._depth = Gauge(
            "covgate_inbox_subjects", "Accepted subjects that wait.", registry=self.registry
        )
        self._oldest = Gauge(
            "covgate_inbox_oldest_seconds",
            "For how long the oldest waiting subject has been due.",
            registry=self.registry,
        )
        self._late = Gauge(
            "covgate_checks_overdue",
            "Pull requests that should have been looked at more than a minute ago.",
            registry=self.registry,
        )
        self._workers = _Workers()
        self.registry.register(self._workers)
        self._up = Gauge(
            "covgate_inbox_up", "Whether the inbox answered this scrape.", registry=self.registry
        )
        # Looking a labelled counter up costs as much as counting, so each is kept.
        self._counters: dict[tuple[str, str], Counter] = {}

    def count_delivery(self, event: str, outcome: str, seconds: float) -> None:
        """Count one answered delivery that took `seconds`."""
        key = (event if event in self._events else _OTHER, outcome)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = self._deliveries.labels(*key)
        counter.inc()
        self._acknowledgement.observe(seconds)

    def record_inbox(self, state: InboxState | None) -> None:
        """Take the inbox's state over; None where it did not answer."""
        self._up.set(0 if state is None else 1)
        unknown = float("nan")
        self._depth.set(unknown if state is None else state.depth)
        self._oldest.set(unknown if state is None else state.oldest_seconds)
        self._late.set(unknown if state is None else state.late)
        self._workers.state = state or InboxState(0, 0.0)

    def render(self) -> bytes:
        """Return all figures as text."""
        return generate_latest(self.registry)


def metrics_route(metrics: Metrics, read_inbox: Callable[[], Awaitable[InboxState]]) -> Route:
    """Return the route of `GET /metrics`; it asks `read_inbox` on every scrape.

    An inbox that does not answer is a figure too (`covgate_inbox_up 0`), never an error:
    the other figures are wanted most just then.
    """

    async def scrape(_request: Request) -> Response:
        state: InboxState | None = None
        try:
            async with asyncio.timeout(_SECONDS):
                state = await read_inbox()
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with it, the scrape goes on
            _log.warning("inbox not readable", error=repr(error))
        metrics.record_inbox(state)
        return Response(metrics.render(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return Route("/metrics", scrape, methods=["GET"])
