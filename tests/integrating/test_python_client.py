"""Does the client of docs/client/ledger.py work as it says, against a busy, a stopped and a killed service?"""

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from types import ModuleType
from typing import Any

import pytest
import requests

from tests.conftest import ROOT, Service
from tests.proxy import Proxy

FILE = ROOT / "docs" / "client" / "ledger.py"


@pytest.fixture(scope="module")
def client() -> ModuleType:
    """The client's file as a module, as if a shop had copied it."""
    spec = importlib.util.spec_from_file_location("copied_client", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def staff(service: Service, client: ModuleType) -> Any:
    return client.Ledger(service.base, service.key("orders:read", "orders:write", "audit:read"))


ORDER = {"currency": "EUR", "customer": {"id": 7}, "items": [{"unit_price": "79.99", "quantity": 2}]}


def test_the_client_needs_the_standard_library_alone_and_its_types_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import runpy; runpy.run_path({str(FILE)!r})"], check=False, timeout=30
    )
    assert done.returncode == 0
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", str(FILE)]
    checked = subprocess.run(mypy, cwd=FILE.parent, capture_output=True, text=True, check=False, timeout=120)
    assert checked.returncode == 0, checked.stdout


def test_an_order_is_made_paid_moved_and_refunded_to_the_cent(staff: Any) -> None:
    order = staff.create(ORDER)
    assert order["total"] == Decimal("159.98")
    for _ in range(2):
        paid = staff.pay(order["id"], Decimal("159.98"), provider="stripe", reference=f"pi_{order['id']}")
        assert (paid["is_paid"], len(paid["payments"])) == (True, 1)
    staff.move(order["id"], "processing", version=paid["version"])
    staff.change(order["id"], {"notes": "ring twice"})
    staff.refund(order["id"], Decimal("0.10"), provider="stripe", reference=f"re_{order['id']}")
    assert staff.order(order["uuid"])["amount_paid"] == Decimal("159.88")


def test_the_same_key_makes_one_order(staff: Any) -> None:
    assert staff.create(ORDER, key="cart-88")["id"] == staff.create(ORDER, key="cart-88")["id"]


def test_a_refusal_is_an_exception_with_code_and_fields(staff: Any, client: ModuleType, service: Service) -> None:
    with pytest.raises(client.Problem, match="items") as wrong:
        staff.create({"items": [{"unit_price": "1", "quantity": 0}]})
    assert (wrong.value.status, wrong.value.errors[0]["field"]) == (422, "items[0].quantity")
    order = staff.create(ORDER)
    with pytest.raises(client.Problem) as refused:
        staff.move(order["id"], "shipped")
    assert (refused.value.status, refused.value.code) == (409, "status-change-not-allowed")
    with pytest.raises(client.Problem) as late:
        staff.move(order["id"], "hold", version=99)
    assert late.value.status == 412
    with pytest.raises(client.Problem) as unknown:
        client.Ledger(service.base, "unknown").order(1)
    assert unknown.value.status == 401


def test_lists_go_on_through_every_page(staff: Any) -> None:
    made = [staff.create({**ORDER, "customer": {"id": 21}})["id"] for _ in range(7)]
    assert [order["id"] for order in staff.orders(customer=21, limit=3, ordering="id")] == made


def test_a_customer_lists_deletes_and_follows(staff: Any, client: ModuleType, service: Service) -> None:
    customer = client.Ledger(service.base, service.key(customer=22))
    order = staff.create({**ORDER, "customer": {"id": 22}})
    (own,) = customer.own_orders()
    assert own["total_amount"] == "159.98"
    customer.delete(own["id"])
    assert list(customer.own_orders()) == []
    (event,) = islice(customer.own_changes("orders:0"), 1)
    assert (event.type, event.data) == ("deleted", {"id": order["uuid"]})


def test_the_client_gives_its_key_to_no_other_address(staff: Any) -> None:
    with pytest.raises(ValueError, match="LEDGER_PUBLIC_URL"):
        staff._ask("GET", "http://127.0.0.1:1/api/v1/orders")


def test_a_client_above_its_rate_waits_as_long_as_it_is_told(
    client: ModuleType, make_service: Callable[..., Service]
) -> None:
    service = make_service(workers=1, LEDGER_RATE_LIMIT="2/1")
    busy = client.Ledger(service.base, service.key("orders:read", "orders:write"))
    order = busy.create(ORDER)
    assert {busy.order(order["id"])["id"] for _ in range(7)} == {order["id"]}
    assert '"status":429' in service.log()


def test_a_command_that_is_sent_while_the_service_is_away_is_done_once(
    client: ModuleType, make_service: Callable[..., Service]
) -> None:
    service = make_service(workers=1)
    ledger = client.Ledger(service.base, service.key("orders:read", "orders:write"))
    service.kill()
    back = threading.Timer(1, service.start)
    back.start()
    order = ledger.create(ORDER)
    back.join()
    assert [found["id"] for found in ledger.orders()] == [order["id"]]


def test_a_command_whose_answer_is_lost_is_repeated_and_done_once(
    client: ModuleType, make_service: Callable[..., Service]
) -> None:
    service = make_service(workers=1)
    key = service.key("orders:read", "orders:write")
    between, sent = Proxy(service.port), []

    def cut(data: bytes) -> bool | None:
        """Lets the first command through and cuts off its answer."""
        if b'"currency"' in data:
            sent.append(data)
        return False if len(sent) == 1 else None

    between.cut = cut
    order = client.Ledger(f"http://127.0.0.1:{between.port}", key).create(ORDER)
    between.close()
    assert len(sent) == 2
    listed = requests.get(f"{service.base}/api/v1/orders", headers={"Authorization": f"Bearer {key}"}, timeout=5).json()
    assert [found["id"] for found in listed["results"]] == [order["id"]]


def test_a_stream_goes_on_where_it_was_behind_a_stop_of_the_service(
    client: ModuleType, make_service: Callable[..., Service]
) -> None:
    service = make_service(workers=1)
    ledger = client.Ledger(service.base, service.key("orders:write", "audit:read"))
    ledger.create(ORDER)
    stream = ledger.events("orders:0")
    told = list(islice(stream, 2))
    service.stop()
    service.start()
    ledger.create(ORDER)
    told += islice(stream, 2)
    assert [event.data["position"] for event in told] == [1, 2, 3, 4]
    assert [event.position for event in told] == [f"orders:{n}" for n in range(1, 5)]
