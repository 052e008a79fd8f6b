"""What does a node do that starts, or starts a worker anew, while PostgreSQL is away?"""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import Client, Service
from tests.crash.processes import workers
from tests.log.test_service_on_postgres import made_key
from tests.postgres import Cluster, files_in
from tests.privacy.conftest import MINA
from tests.proxy import Proxy
from tests.waiting import until

ORDERS = "/api/v1/orders"


@pytest.fixture
def node(cluster: Cluster, tmp_path: Path) -> Iterator[tuple[Service, Proxy, Client]]:
    """A stopped node of one worker that has served, the proxy before its PostgreSQL, and a client with a staff key."""
    proxy = Proxy(cluster.port)
    service = Service(tmp_path, workers=1, LEDGER_URL=proxy.url(cluster.new_database()), **files_in(tmp_path))
    assert service.run("import", "-", stdin=json.dumps(MINA).encode()).returncode == 0
    scopes = ("orders:read", "orders:write", "privacy:write", "audit:read", "audit:personal")
    staff = service.client(made_key(service, *scopes))
    service.start().stop()
    yield service, proxy, staff
    if service.process and service.process.poll() is None:
        service.kill()
    proxy.close()


def go_away(proxy: Proxy) -> None:
    proxy.cut = lambda _: True
    proxy.cut_all()


def come_back(proxy: Proxy) -> None:
    proxy.cut = lambda _: None


def answers(service: Service) -> bool:
    try:
        return requests.get(f"{service.base}/healthz", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def assert_serves_what_it_has(staff: Client) -> None:
    assert staff.get(f"{ORDERS}/1").json()["billing_address"] == "Neckarhalde 17"
    assert staff.get(ORDERS).json()["count"] == 1
    began = time.monotonic()
    refused = staff.post(ORDERS, json=MINA)
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    assert time.monotonic() - began < 3
    assert staff.get("/readyz").status_code == 503
    stranger = staff.get(ORDERS, headers={"Authorization": "Bearer " + "0" * 64})
    assert stranger.status_code == 503, "it may be a key that is not known here yet"


def assert_goes_on(staff: Client) -> None:
    made = until(lambda: (answer := staff.post(ORDERS, json=MINA)).status_code == 201 and answer)
    assert staff.get(f"{ORDERS}/{made.json()['id']}").json()["billing_address"] == "Neckarhalde 17"
    until(lambda: staff.get("/readyz").status_code == 200)


def test_a_node_starts_serves_its_views_and_goes_on_by_itself(node: tuple[Service, Proxy, Client]) -> None:
    service, proxy, staff = node
    go_away(proxy)
    service.begin_serving()
    until(lambda: answers(service), 30)
    assert_serves_what_it_has(staff)
    come_back(proxy)
    assert_goes_on(staff)
    assert "until it answers, the views are served as they are" in service.log()
    assert service.run("verify").returncode == 0


def test_a_worker_that_starts_serves_its_views_and_goes_on_by_itself(node: tuple[Service, Proxy, Client]) -> None:
    service, proxy, staff = node
    service.start()
    assert staff.get(ORDERS).status_code == 200
    go_away(proxy)
    (worker,) = workers(service)
    os.kill(worker, signal.SIGKILL)
    until(lambda: answers(service), 30)
    assert_serves_what_it_has(staff)
    come_back(proxy)
    assert_goes_on(staff)


def test_a_node_logs_lines_and_no_tracebacks_while_postgresql_is_away(node: tuple[Service, Proxy, Client]) -> None:
    service, proxy, staff = node
    service.start()
    go_away(proxy)
    until(lambda: requests.get(f"{service.base}/readyz", timeout=5).status_code == 503)
    time.sleep(2)  # each thread tries PostgreSQL more than once meanwhile
    assert staff.post(ORDERS, json=MINA).status_code == 503
    assert [line for line in service.log().splitlines() if "Traceback" in line] == []


def test_a_node_that_never_served_says_so_and_ends(node: tuple[Service, Proxy, Client], tmp_path: Path) -> None:
    service, proxy, _ = node
    go_away(proxy)
    (tmp_path / "new").mkdir()
    new = Service(tmp_path / "new", LEDGER_URL=service.url, **files_in(tmp_path / "new"))
    done = new.run("serve", "--port", str(new.port))
    # Not 2, with which systemd would leave it stopped (deploy/order-ledger.service), also when the log is back.
    assert (done.returncode, b"cannot be opened" in done.stderr) == (1, True)


def test_keys_left_by_an_erasure_that_was_cut_off_are_destroyed_before_any_is_used(
    node: tuple[Service, Proxy, Client], cluster: Cluster
) -> None:
    service, proxy, staff = node
    service.start()
    order = staff.get(f"{ORDERS}/1").json()["uuid"]
    database = service.url.rpartition("/")[2]
    keys = "SELECT wrapped IS NOT NULL FROM order_ledger_keys.data_keys"
    # The proxy cuts between the commit of the log's transaction and of the keys': a new connection runs the second
    # first.
    is_open = [True]
    proxy.cut = lambda data: True if b"destroyed_at = $1" in data and is_open and is_open.pop() else None
    assert staff.post("/api/v1/privacy/customers/7/erasures", json={}).status_code == 503
    go_away(proxy)
    assert cluster.do(keys, database=database) == [(True,), (True,)]
    service.kill()
    service.begin_serving()
    until(lambda: answers(service), 30)
    come_back(proxy)
    until(lambda: cluster.do(keys, database=database) == [(False,), (False,)])
    told = staff.get(f"/api/v1/audit/orders/{order}/events", params={"personal": "contact,invoice"})
    assert b"Neckarhalde" not in told.content


def test_an_erasure_whose_connection_was_lost_is_finished_without_a_start(
    node: tuple[Service, Proxy, Client], cluster: Cluster
) -> None:
    service, proxy, staff = node
    service.start()
    is_open = [True]
    proxy.cut = lambda data: True if b"destroyed_at = $1" in data and is_open and is_open.pop() else None
    assert staff.post("/api/v1/privacy/customers/7/erasures", json={}).status_code == 503
    assert not is_open
    proxy.cut_all()
    database = service.url.rpartition("/")[2]
    keys = "SELECT wrapped IS NOT NULL FROM order_ledger_keys.data_keys"
    until(lambda: cluster.do(keys, database=database) == [(False,), (False,)])
    answer = staff.post("/api/v1/privacy/customers/7/erasures", json={})
    assert (answer.status_code, answer.json()["recorded"]) == (200, False)
