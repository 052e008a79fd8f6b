"""Is each request a span for OpenTelemetry where the operator wants it, with nothing personal in it?"""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.conftest import Service
from tests.crash.test_trouble import held_lock
from tests.operating.test_observing import ORDERS
from tests.ports import free_port
from tests.waiting import until

Starts = Callable[..., Service]
STOP_SECONDS_MAX = 5
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(ThreadingHTTPServer):
    """A collector of OTLP over HTTP, which keeps the requests that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]

    def spans(self) -> dict[str, Span]:
        """The spans by their requests' ids."""
        found = [
            span
            for request in self.requests()
            for of_resource in request.resource_spans
            for scope in of_resource.scope_spans
            for span in scope.spans
        ]
        return {attributes(span)["ledger.request_id"]: span for span in found}


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.add(self.path)
        self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def attributes(of: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in of.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.shutdown()
    made.server_close()


def test_each_request_is_a_span_with_its_route_and_nothing_personal(collector: Collector, make_service: Starts) -> None:
    """Spans that wait when the service stops are sent then."""
    service = make_service(OTEL_EXPORTER_OTLP_ENDPOINT=collector.address, OTEL_BSP_SCHEDULE_DELAY="60000")
    key = service.key("orders:write", "orders:read")
    staff = service.client(key)
    # Of the client's tracing headers only the parent goes on, since the others may hold anything.
    beside = {"tracestate": "ada=ada@example.com", "baggage": "customer=Lovelace", "User-Agent": "Lovelace"}
    made = staff.post(
        ORDERS,
        json={
            "customer": {"id": 7001234, "email": "ada@example.com"},
            "billing_first_name": "Ada",
            "billing_last_name": "Lovelace",
            "items": [{}],
        },
        headers={"X-Request-Id": "made", "traceparent": f"00-{TRACE}-{CALLER}-01", **beside},
    )
    assert made.status_code == 201, made.text
    staff.get(f"{ORDERS}/{made.json()['id']}", headers={"X-Request-Id": "read", "traceparent": "ada@example.com"})
    staff.get(ORDERS, params={"search": "Lovelace", "customer": "7001234"}, headers={"X-Request-Id": "listed"})
    staff.get("/customers/ada@example.com", headers={"X-Request-Id": "nowhere"})
    staff.request("LOVELACE", ORDERS, headers={"X-Request-Id": "made-up"})
    requests.get(service.base + ORDERS, headers={"X-Request-Id": "nobody", "traceparent": "0" * 999}, timeout=10)
    assert service.stop() == 0
    spans = collector.spans()

    assert collector.paths == {"/v1/traces"}
    assert attributes(spans["made"]) == {
        "http.request.method": "POST",
        "http.route": ORDERS,
        "http.response.status_code": 201,
        "ledger.request_id": "made",
    }
    one = ORDERS + "/{order_id}"
    assert {name: spans[name].name for name in ("made", "read", "listed", "nowhere", "nobody")} == {
        "made": f"POST {ORDERS}",
        "read": f"GET {one}",
        "listed": f"GET {ORDERS}",
        "nowhere": "GET",
        "nobody": f"GET {ORDERS}",
    }
    assert attributes(spans["read"])["http.route"] == one
    assert (spans["made-up"].name, attributes(spans["made-up"])["http.request.method"]) == (f"HTTP {ORDERS}", "_OTHER")
    assert "http.route" not in attributes(spans["nowhere"])
    assert attributes(spans["nobody"])["http.response.status_code"] == 401
    assert {span.kind for span in spans.values()} == {Span.SPAN_KIND_SERVER}
    assert {span.status.code for span in spans.values()} == {Status.STATUS_CODE_UNSET}
    assert all(0 < span.end_time_unix_nano - span.start_time_unix_nano < 10_000_000_000 for span in spans.values())

    assert (spans["made"].trace_id.hex(), spans["made"].parent_span_id.hex()) == (TRACE, CALLER)
    others = [span for name, span in spans.items() if name != "made"]
    assert {span.parent_span_id for span in others} == {b""}
    assert len({span.trace_id for span in others}) == len(others)

    resources = [attributes(of.resource) for request in collector.requests() for of in request.resource_spans]
    assert {resource["service.name"] for resource in resources} == {"order-ledger"}
    sent = b"".join(collector.bodies).lower()
    secrets = (key, key[:8], "lovelace", "ada@", "example.com", "7001234", f"{ORDERS}/{made.json()['id']}", "127.0.0.1")
    assert [secret for secret in secrets if secret.lower().encode() in sent] == []


def test_a_request_that_cannot_be_done_is_a_span_that_failed(collector: Collector, make_service: Starts) -> None:
    service = make_service(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector.address + "/spans")
    staff = service.client(service.key("orders:write"))
    with held_lock(service):
        assert staff.post(ORDERS, json={"items": []}, headers={"X-Request-Id": "no"}).status_code == 503
    assert service.stop() == 0
    assert collector.paths == {"/spans"}
    assert collector.spans()["no"].status.code == Status.STATUS_CODE_ERROR


def test_every_worker_sends_its_own_spans_while_it_serves(collector: Collector, make_service: Starts) -> None:
    service = make_service(
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.address, OTEL_BSP_SCHEDULE_DELAY="100", OTEL_SERVICE_NAME="till"
    )

    def workers() -> set[str]:
        requests.get(service.base + "/healthz", timeout=10)
        resources = [attributes(of.resource) for request in collector.requests() for of in request.resource_spans]
        assert {resource["service.name"] for resource in resources} <= {"till"}
        return {resource["service.instance.id"] for resource in resources}

    until(lambda: len(workers()) == service.workers)


@pytest.mark.parametrize(
    "name", ["OTEL_SDK_DISABLED=true", "OTEL_TRACES_EXPORTER=none", "OTEL_SERVICE_NAME=only-a-name"]
)
def test_no_span_is_sent_where_the_standard_says_so(name: str, collector: Collector, tmp_path: Path) -> None:
    variable, _, value = name.partition("=")
    endpoint = {} if "only" in value else {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    service = Service(tmp_path, OTEL_BSP_SCHEDULE_DELAY="100", **{variable: value}, **endpoint).start()
    assert requests.get(service.base + "/healthz", timeout=10).ok
    assert service.stop() == 0
    assert collector.bodies == []


def test_a_collector_that_is_away_or_hangs_holds_up_no_answer_and_no_stop(
    make_service: Starts,
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as silent:  # it takes connections and never answers
        for port in (free_port(), silent.server_port):
            service = make_service(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}", OTEL_BSP_SCHEDULE_DELAY="50")
            for _ in range(20):
                began = time.monotonic()
                assert requests.get(service.base + "/healthz", timeout=10).ok
                assert time.monotonic() - began < 1
            if port != silent.server_port:
                until(lambda service=service: "exporting span" in service.log())
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < STOP_SECONDS_MAX
            said = [line for line in service.log().splitlines() if "SIGKILL" in line or "Traceback" in line]
            assert said == []


def test_nothing_of_opentelemetry_is_loaded_by_default(make_service: Starts) -> None:
    """So tracing costs nothing by default."""
    service = make_service(OTEL_SERVICE_NAME="till", PYTHONVERBOSE="1")
    assert requests.get(service.base + "/healthz", timeout=10).ok
    assert "import 'api.observing'" in service.log()
    assert "import 'opentelemetry" not in service.log()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "it should be like 'http://127.0.0.1:4318'"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'; spans are sent by 'http/protobuf' alone",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "9999"},
            "OpenTelemetry cannot be set up so: max_export_batch_size must be less than or equal to max_queue_size.",
        ),
    ],
)
def test_a_place_to_which_no_span_can_go_is_named_before_anything_starts(
    settings: dict[str, str], told: str, tmp_path: Path
) -> None:
    done = Service(tmp_path, **settings).run("serve", "--port", str(free_port()))
    assert (done.returncode, done.stdout) == (2, b"")
    assert told in " ".join(done.stderr.decode().split())
    assert list(tmp_path.iterdir()) == []


def test_the_service_names_the_extra_that_is_missing_for_spans(tmp_path: Path) -> None:
    """A file of this name hides the real `opentelemetry`, so none of its modules can be found."""
    (tmp_path / "opentelemetry.py").touch()
    folder = tmp_path / "ledger"
    folder.mkdir()
    wanted = Service(folder, PYTHONPATH=str(tmp_path), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")
    done = wanted.run("serve", "--port", str(free_port()))
    assert (done.returncode, done.stdout) == (2, b"")
    told = "OTEL_EXPORTER_OTLP_ENDPOINT needs the extra `otel`: `pip install 'order-ledger[otel]'` brings it."
    assert done.stderr.decode().splitlines() == [f"error: {told}"]
    assert list(folder.iterdir()) == []
    assert wanted.begin().run("verify").returncode == 0  # only a service sends spans
    off = Service(folder, PYTHONPATH=str(tmp_path)).start()
    assert off.stop() == 0
