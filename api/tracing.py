"""What does OpenTelemetry hear of a request? One span, sent by OTLP over HTTP; the extra `otel` brings what that needs.

A span has what a line of the log has (`api/observing.py`): the route's template and never the path, and nothing else
that a client wrote but the id of its request and where it comes from in a trace.
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
    """Sends the spans of one worker, by a thread of its own: it is made behind the fork.

    `address` is where spans go; what else there is to set, OpenTelemetry reads from the standard's own variables.
    """

    def __init__(self, address: str) -> None:
        named = Resource({SERVICE_NAME: "order-ledger", SERVICE_VERSION: VERSION}).merge(
            OTELResourceDetector().detect()
        )
        # It would wait for half a minute when the worker ends, for a collector that does not answer.
        self._provider = TracerProvider(resource=Resource.create(named.attributes), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(address)))
        self._tracer = self._provider.get_tracer("order_ledger", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    def answered(
        self,
        method: str,
        route: str | None,
        status: int,
        seconds: float,
        *,
        request_id: str | None,
        parent: str | None,
    ) -> None:
        """Tells of a request that was answered just now; `parent` is its `traceparent` (W3C Trace Context), which alone
        is taken of its trace: `tracestate` and `baggage` may hold anything."""
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
        """Sends what is not sent yet; what takes longer than half a second is lost."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(_STOP_SECONDS_MAX)
