"""Sends OpenTelemetry a span for each request, by OTLP over HTTP; the extra `otel` installs the libraries.

A span has the fields of a line of the service's log (`api/observing.py`). Of the client's own text it has the request's
id and the parent span alone.
"""

import threading
import time
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from api import VERSION
from api.settings import METHODS

_STOP_SECONDS_MAX: Final = 0.5
_NANOSECONDS: Final = 1_000_000_000
# OpenTelemetry's own words: for the name of a span, and for the method.
_OTHER: Final = ("HTTP", "_OTHER")


class Tracing:
    """Sends the spans of one worker from a thread, so it is made after the fork.

    `address` is the collector's; OpenTelemetry reads its other settings from the standard's variables.
    """

    def __init__(self, address: str) -> None:
        named = Resource({SERVICE_NAME: "order-ledger", SERVICE_VERSION: VERSION}).merge(
            OTELResourceDetector().detect()
        )
        # At its own exit it would wait half a minute for a collector that does not answer.
        self._provider = TracerProvider(resource=Resource.create(named.attributes), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(address)))
        self._tracer = self._provider.get_tracer("order_ledger", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    def answered(
        self, method: str, route: str | None, status: int, seconds: float, *, request_id: str | None, parent: str | None
    ) -> None:
        """Sends the span of a request that was answered just now. `parent` is its `traceparent` (W3C Trace Context);
        `tracestate` and `baggage` are left out, since a client may write anything into them."""
        name, known = (method, method) if method in METHODS else _OTHER
        attributes: dict[str, str | int] = {"http.request.method": known, "http.response.status_code": status}
        if route is not None:
            name = f"{name} {route}"
            attributes["http.route"] = route
        if request_id is not None:
            attributes["ledger.request_id"] = request_id
        ended = time.time_ns()
        span = self._tracer.start_span(
            name,
            Context() if parent is None else self._propagator.extract({"traceparent": parent}, Context()),
            SpanKind.SERVER,
            attributes,
            start_time=ended - round(seconds * _NANOSECONDS),
        )
        if status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(ended)

    def stop(self) -> None:
        """Sends the waiting spans, for half a second at most."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(_STOP_SECONDS_MAX)
