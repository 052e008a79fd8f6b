"""Is the memory of a request freed with its answer? A worker collects cycles seldom, and bodies are large."""

import gc
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.finance.conftest import FINANCE, Desk

JSON = "application/json"
ORDERS = "/api/v1/orders"
UPLOADS = f"{FINANCE}/reconciliations?provider=p"
ASKED: dict[str, tuple[str, str, str, Any, int]] = {
    "an order": ("POST", ORDERS, JSON, {"items": [{}]}, 201),
    "a key that is taken": ("POST", ORDERS, JSON, {"key": "k", "items": [{}]}, 409),
    "a change that is not allowed": ("POST", f"{ORDERS}/1/status", JSON, {"status": "refunded"}, 409),
    "a field that is none": ("POST", ORDERS, JSON, {"items": [{}], "x": 1}, 422),
    "an order that is not there": ("POST", f"{ORDERS}/99/items", JSON, {"unit_price": "1"}, 404),
    "a body that is no JSON": ("POST", ORDERS, JSON, "{", 400),
    "a body of another kind": ("POST", ORDERS, "text/plain", "{}", 415),
    "an address that is none": ("POST", "/nothing", JSON, {}, 404),
    "a trial": ("POST", f"{ORDERS}?dry_run=true", JSON, {"key": "k", "items": [{}]}, 409),
    "a settlement file": ("POST", UPLOADS, "text/csv", "reference,kind\n1,2\n", 422),
    "a decision": ("POST", f"{FINANCE}/reconciliations/{'0' * 32}/run", JSON, {}, 404),
    "an audit of what is not there": ("GET", "/api/v1/audit/orders/99/changes", JSON, None, 404),
    "changes": ("GET", "/api/v1/audit/orders/1/changes", JSON, None, 200),
    "payments as a workbook": ("GET", f"{FINANCE}/payments", JSON, None, 200),
}


@pytest.fixture
def collected() -> Iterator[list[Any]]:
    """Garbage of cycles, which only the test collects."""
    gc.collect()
    gc.disable()
    yield gc.garbage
    gc.set_debug(0)
    gc.enable()
    gc.garbage.clear()


@pytest.mark.parametrize("what", ASKED)
def test_nothing_of_a_request_waits_for_the_collector(what: str, desk: Desk, collected: list[Any]) -> None:
    method, path, media, body, status = ASKED[what]
    key = desk.key("orders:read", "orders:write", "finance:read", "finance:write", "audit:read")
    headers = {"Authorization": f"Token {key}", "Content-Type": media}

    def ask() -> int:
        sent = body if body is None or isinstance(body, str) else json.dumps(body)
        return desk.client.simulate_request(method, path, body=sent, headers=headers).status_code

    desk.place(key="k")
    ask()  # makes the objects that are made once and kept
    gc.collect()
    assert ask() == status
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    assert [repr(each)[:200] for each in collected if isinstance(each, Exception)] == []
