"""Every address of the contract that takes a key: what it is asked, and whose key it takes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import requests

from tests.api.conftest import ORDERS, SHOP, STOREFRONT, payment, refund

SCOPES = ("orders:read", "orders:write", "audit:read", "finance:read", "finance:write")


class Route(NamedTuple):
    """`path` has places for an order's {id} and {uuid}; `takes` is 'customer' or the scope that is needed."""

    method: str
    path: str
    takes: str
    body: Callable[[], dict[str, Any] | None] = lambda: None

    def ask(self, client: requests.Session, base: str, order: dict[str, Any], **more: Any) -> requests.Response:
        url = base + self.path.format_map(order)
        return client.request(self.method, url, json=self.body(), timeout=30, **more)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


READS = [
    Route("GET", SHOP, "customer"),
    Route("GET", f"{SHOP}/{{id}}", "customer"),
    Route("GET", STOREFRONT.rstrip("/"), "customer"),
    Route("GET", f"{STOREFRONT}{{uuid}}", "customer"),
    Route("GET", ORDERS, "orders:read"),
    Route("GET", f"{ORDERS}/{{id}}", "orders:read"),
    Route("GET", f"{ORDERS}/{{uuid}}", "orders:read"),
]
# In an order in which all can be given to one order of two items that is worth at least 50.
WRITES = [
    Route("POST", ORDERS, "orders:write", lambda: {"items": []}),
    Route("PATCH", f"{ORDERS}/{{id}}", "orders:write", lambda: {"notes": "changed"}),
    Route("POST", f"{ORDERS}/{{id}}/items", "orders:write", lambda: {"unit_price": "1"}),
    Route("PATCH", f"{ORDERS}/{{id}}/items/1", "orders:write", lambda: {"quantity": 2}),
    Route("DELETE", f"{ORDERS}/{{id}}/items/2", "orders:write"),
    Route("PUT", f"{ORDERS}/{{id}}/charges", "orders:write", lambda: {"charges": []}),
    Route("POST", f"{ORDERS}/{{id}}/charges", "orders:write", lambda: {"kind": "tip", "amount": "1"}),
    Route("PATCH", f"{ORDERS}/{{id}}/charges/0", "orders:write", lambda: {"amount": "2"}),
    Route("DELETE", f"{ORDERS}/{{id}}/charges/0", "orders:write"),
    Route("POST", f"{ORDERS}/{{id}}/payments", "orders:write", lambda: payment("5")),
    Route("POST", f"{ORDERS}/{{id}}/refunds", "orders:write", lambda: refund("5")),
    Route("POST", f"{ORDERS}/{{id}}/status", "orders:write", lambda: {"status": "hold"}),
    Route("DELETE", f"{STOREFRONT}{{uuid}}", "customer"),
]
# Whose answers have tests of their own elsewhere; here it matters only who may ask.
OFFICES = [
    *(
        Route("GET", f"/api/v1/audit/{path}", "audit:read")
        for path in (
            "events",
            "checkpoint",
            "orders/{id}",
            "orders/{id}/events",
            "orders/{id}/changes",
            "orders/{id}/evidence",
        )
    ),
    *(Route("GET", f"/api/v1/finance/{path}", "finance:read") for path in ("payments", "summary")),
    Route("GET", "/api/v1/customers", "orders:read"),
]
