"""Does the log have a line for each request with nothing personal in it, and do the metrics count the requests?"""

import json
import os
import pty
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ROOT, Service
from tests.ports import free_port, is_free
from tests.waiting import until

ORDERS = "/api/v1/orders"
SOON_SECONDS = 10
PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("observed")
    made = Service(folder, LEDGER_METRICS=f"127.0.0.1:{free_port()}", LEDGER_LOG_LEVEL="debug")
    made.run("import", "-", stdin=b"")
    assert made.run("key", "create").returncode == 0
    made.start()
    yield made
    made.kill()


def lines(service: Service) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.log().splitlines() if line.startswith("{")]


def line_of(service: Service, request_id: str) -> dict[str, Any]:
    return next(line for line in lines(service) if line.get("request_id") == request_id)


def scraped(service: Service) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The values of the samples by name and labels."""
    answer = requests.get(f"http://{service.environment['LEDGER_METRICS']}/metrics", timeout=10)
    assert answer.status_code == 200
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def labels(**given: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(given.items()))


def test_each_request_is_one_line_with_its_route_and_nothing_personal(service: Service) -> None:
    staff = service.client(service.key("orders:write", "orders:read"))
    made = staff.post(
        ORDERS,
        json={"customer": {"id": 7, "email": "ada@example.com"}, "items": [{}], "notes": "ring twice"},
        headers={"X-Request-Id": "made"},
    )
    staff.get(f"{ORDERS}/{made.json()['id']}", headers={"X-Request-Id": "read"})
    staff.get(ORDERS, params={"search": "ada@example.com"}, headers={"X-Request-Id": "listed"})
    staff.get(ORDERS, params={"status": "lost-ada"}, headers={"X-Request-Id": "wrong"})
    staff.get("/nothing/ada@example.com", headers={"X-Request-Id": "nowhere"})
    requests.get(service.base + ORDERS, headers={"X-Request-Id": "nobody"}, timeout=10)
    until(lambda: "nobody" in service.log())
    line = line_of(service, "made")
    assert set(line) == {"time", "level", "method", "route", "status", "duration_ms", "key", "request_id", "position"}
    told = {name: line[name] for name in ("level", "method", "route", "status", "position")}
    assert told == {
        "level": "info",
        "method": "POST",
        "route": ORDERS,
        "status": 201,
        "position": made.headers["Ledger-Position"],
    }
    assert line["key"] == staff.headers["Authorization"].split()[1][:8]
    assert line["duration_ms"] > 0
    assert line_of(service, "read")["route"] == ORDERS + "/{order_id}"
    assert line_of(service, "wrong")["code"] == "invalid-parameter"
    nowhere = line_of(service, "nowhere")
    assert ("route" in nowhere, nowhere["status"]) == (False, 404)
    nobody = line_of(service, "nobody")
    assert ("key" in nobody, nobody["status"], nobody["code"]) == (False, 401, "not-authenticated")
    assert "ada@" not in service.log()
    assert "lost-ada" not in service.log()
    assert "ring twice" not in service.log()


def test_a_message_of_the_server_is_a_line_as_any_other(service: Service) -> None:
    assert service.process
    before = len(service.log())
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    of_workers = [pid for pid in children.read_text().split() if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(int(of_workers[-1]), signal.SIGKILL)
    until(lambda: "SIGKILL" in service.log()[before:])
    said = [json.loads(line) for line in service.log()[before:].splitlines()]
    assert [line["level"] for line in said if "SIGKILL" in line.get("message", "")] == ["error"]


def test_each_of_many_requests_at_once_is_a_whole_line_once(service: Service) -> None:
    """Lines are written in batches, by two workers into one file."""
    staff = service.client(service.key("orders:read"))
    ids = [f"at-once-{number}" for number in range(400)]

    def ask(request_id: str) -> None:
        assert staff.get(ORDERS, headers={"X-Request-Id": request_id}).ok

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, ids))
    until(lambda: sorted(told for line in lines(service) if (told := line.get("request_id")) in ids) == sorted(ids))


def test_the_level_says_which_lines_are_written(tmp_path: Path) -> None:
    quiet = Service(tmp_path, LEDGER_LOG_LEVEL="warning").start()
    requests.get(quiet.base + ORDERS, timeout=10)
    quiet.kill()
    assert lines(quiet) == []


def test_a_terminal_gets_the_plain_form(tmp_path: Path) -> None:
    service = Service(tmp_path)
    ours, theirs = pty.openpty()
    service.process = service.popen(
        "serve", "--port", str(service.port), "--workers", "1", stdout=theirs, stderr=theirs
    )
    told = b""
    try:
        until(lambda: answers(service))
        requests.get(service.base + ORDERS, timeout=10)
        while b"not-authenticated" not in told:
            told += os.read(ours, 4096)
    finally:
        service.kill()
    assert f"GET {ORDERS} 401".encode() in told
    assert b"{" not in told


def answers(service: Service) -> bool:
    try:
        return requests.get(service.base + "/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_the_metrics_say_what_was_asked_done_and_refused(service: Service) -> None:
    before = scraped(service)
    staff = service.client(service.key("orders:write", "orders:read"))
    order = staff.post(ORDERS, json={"items": [{"unit_price": "5"}]}).json()
    staff.post(f"{ORDERS}/{order['id']}/refunds", json={"amount": "1", "reference": "r", "provider": "p"})
    for _ in range(5):
        staff.get(ORDERS)
    after = scraped(service)

    def rise(name: str, **given: str) -> float:
        key = labels(**given)
        return after[name][key] - before.get(name, {}).get(key, 0.0)

    assert rise("ledger_request_seconds_count", method="GET", route=ORDERS, status="200") == 5
    assert rise("ledger_request_seconds_bucket", method="POST", route=ORDERS, status="201", le="+Inf") == 1
    assert rise("ledger_commands_total", command="CreateOrder") == 1
    assert rise("ledger_refusals_total", command="RefundPayment", code="refund-exceeds-received") == 1
    assert rise("ledger_commit_seconds_count") >= 1
    assert rise("ledger_feed_seconds_count") >= 1
    assert rise("ledger_batch_commands_count") >= 1
    head = requests.get(service.base + "/readyz", timeout=10).json()["log"]
    assert f"orders:{after['ledger_log_position'][()]:.0f}" == head
    assert after["ledger_views_lag_events"][()] == 0
    assert after["ledger_up"][()] == 1
    until(lambda: scraped(service).get("ledger_signed_head_age_seconds", {}).get((), -1) >= 0)
    assert len(after["ledger_worker_memory_bytes"]) == service.workers
    assert min(after["ledger_worker_memory_bytes"].values()) > 10_000_000


def test_made_up_methods_make_no_measures(service: Service) -> None:
    """The metrics' file must not grow with such methods either: anybody can send them, without a key."""
    scraped(service)
    for nth in range(20):
        for path in ("/healthz", ORDERS, "/nowhere"):
            assert requests.request(f"MADE{nth}UP", service.base + path, timeout=10).status_code < 500
    methods = {dict(given)["method"] for given in scraped(service)["ledger_request_seconds_count"]}
    assert methods <= {"GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
    assert "other" in methods


def test_metrics_are_off_the_public_address_and_end_with_the_service(tmp_path: Path) -> None:
    port = free_port()
    service = Service(tmp_path, LEDGER_METRICS=f"127.0.0.1:{port}").start()
    assert requests.get(service.base + "/metrics", timeout=10).status_code == 404
    assert requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).status_code == 200
    assert service.stop() == 0
    until(lambda: is_free(port))


@pytest.mark.skipif(PROMTOOL is None, reason="Prometheus is not installed")
def test_the_alerts_are_rules_that_prometheus_takes() -> None:
    subprocess.run([str(PROMTOOL), "check", "rules", str(ROOT / "deploy" / "alerts.yml")], check=True, timeout=30)


def test_alerts_and_dashboard_ask_for_metrics_that_there_are(service: Service) -> None:
    staff = service.client(service.key("orders:write", "orders:read"))
    order = staff.post(ORDERS, json={"items": [{"unit_price": "5"}]}).json()
    staff.post(f"{ORDERS}/{order['id']}/refunds", json={"amount": "1", "reference": "r", "provider": "p"})
    until(lambda: "ledger_signed_head_age_seconds" in scraped(service))
    there = set(scraped(service))
    for name in ("alerts.yml", "dashboard.json"):
        named = {word for word in words_of((ROOT / "deploy" / name).read_text()) if word.startswith("ledger_")}
        assert named
        assert named <= there, name


def words_of(text: str) -> set[str]:
    return set("".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split())


@pytest.mark.skipif(PROMETHEUS is None, reason="Prometheus is not installed")
def test_a_real_prometheus_fetches_the_metrics(service: Service, tmp_path: Path) -> None:
    port = free_port()
    config = {
        "global": {"scrape_interval": "1s"},
        "rule_files": [str(ROOT / "deploy" / "alerts.yml")],
        "scrape_configs": [
            {"job_name": "order-ledger", "static_configs": [{"targets": [service.environment["LEDGER_METRICS"]]}]}
        ],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    options = (f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data")
    with (tmp_path / "prometheus.log").open("wb") as log:
        prometheus = subprocess.Popen(
            [str(PROMETHEUS), *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )

    def found() -> bool:
        try:
            answer = requests.get(
                f"http://127.0.0.1:{port}/api/v1/query", params={"query": "ledger_log_position"}, timeout=5
            )
            return bool(answer.json()["data"]["result"])
        except (requests.ConnectionError, KeyError, ValueError):
            return False

    try:
        until(found)
    finally:
        prometheus.kill()
        prometheus.wait()
