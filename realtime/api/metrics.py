"""/metrics: what all workers have counted, in Prometheus' words, for whoever has the token or the permission."""

import logging
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from realtime import auth, conf, credentials, outbox
from realtime import metrics as measured
from realtime import node as nodes
from realtime.api import throttling
from realtime.metrics import COUNTER, GAUGE, METRICS, Metric, Samples

logger = logging.getLogger(__name__)

PERMISSION: Final = "realtime.view_metrics"
OUTBOX: Final = (
    Metric("aether_outbox_pending", GAUGE, "Publications that are committed and have no offset yet.", lambda _: {}),
    Metric("aether_outbox_oldest_seconds", GAUGE, "Age of the oldest of them.", lambda _: {}),
)
"""What the database is asked for, once for each answer: it is the same for all workers."""


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics of all workers, or with 401 or 403; with 429 whoever tries too many bad tokens."""
    if not has_token(request):
        user: Any = request.user
        if (token := auth.token_of(request.headers.get("Authorization", ""))) is not None:
            identity = credentials.of_token(token)
            user = identity.user if identity else None
        if user is None or not user.is_authenticated:
            quota = throttling.spend(request, anonymous=True)
            if quota is not None and quota.left < 0:
                return _refuse(429, f"Too many attempts; try again in {quota.reset} seconds.", quota.reset)
            return _refuse(401, "Send the METRICS_TOKEN, or the token of a user with the permission.")
        if not user.has_perm(PERMISSION):
            return _refuse(403, f"You need the permission {PERMISSION}.")
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Answer())
    return HttpResponse(encode(registry), content_type=content_type)


def has_token(request: HttpRequest) -> bool:
    """Say whether *request* comes from a scraper with the METRICS_TOKEN."""
    expected, given = conf.load().metrics_token, auth.token_of(request.headers.get("Authorization", ""))
    return bool(expected) and given is not None and constant_time_compare(given, expected)


class Answer(Collector):
    """The metrics as they are now."""

    def collect(self) -> Iterator[Family]:
        """Yield each metric with its samples; those of the outbox are left out while the database is away."""
        here = nodes.here()
        reading = here.meter.total() if here else measured.read(None)
        for metric in METRICS:
            yield _family(metric, reading.get(metric.name, {}))
        for metric, samples in _outbox():
            yield _family(metric, samples)


def _outbox() -> Iterator[tuple[Metric, Samples]]:
    try:
        found = outbox.backlog()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The metrics are without the outbox, since the database does not answer: %s", error)
        return
    for metric, number in zip(OUTBOX, found, strict=True):
        yield metric, {(): [float(number)]}


def _family(metric: Metric, samples: Samples) -> Family:
    if metric.kind == COUNTER:
        counter = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, (number,) in samples.items():
            counter.add_metric(labels, number)
        return counter
    if metric.kind == GAUGE:
        gauge = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, (number,) in samples.items():
            gauge.add_metric(labels, number)
        return gauge
    histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bounds = [*map(floatToGoString, metric.bounds), "+Inf"]
    for labels, (*counts, total) in samples.items():
        histogram.add_metric(labels, list(zip(bounds, accumulate(counts), strict=True)), total)
    return histogram


def _refuse(status: int, why: str, wait: int = 0) -> HttpResponse:
    headers = {401: {"WWW-Authenticate": 'Bearer realm="metrics"'}, 429: {"Retry-After": f"{wait}"}}.get(status, {})
    return HttpResponse(f"{why}\n", status=status, headers=headers, content_type="text/plain; charset=utf-8")
