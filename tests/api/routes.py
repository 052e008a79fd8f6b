"""Every address of the contract that takes a key, with a request for it and the key that it takes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import requests

from tests.api.conftest import ORDERS, SHOP, STOREFRONT, payment, refund

SCOPES = (
    *("orders:read", "orders:write", "audit:read", "finance:read", "finance:write"),
    *("privacy:read", "webhooks:read"),
)


class Route(NamedTuple):
    """One address of the contract.

    `path` has places for an order's {id} and {uuid}; `takes` is 'customer' or the scope that the key needs.
    """

    method: str
    path: str
    takes: str
    body: Callable[[], dict[str, Any] | None] = lambda: None

    def ask(self, client: requests.Session, base: str, order: dict[str, Any], **more: Any) -> requests.Response:
        url = base + self.path.format_map(order)
        return client.request(self.method, url, json=self.body(), timeout=30, **more)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


VOID = {"provider": "stripe", "reference": "pi_void", "reason": "by mistake"}
READS = [
    Route("GET", SHOP, "customer"),
    Route("GET", f"{SHOP}/{{id}}", "customer"),
    Route("GET", STOREFRONT.rstrip("/"), "customer"),
    Route("GET", f"{STOREFRONT}{{uuid}}", "customer"),
    Route("GET", ORDERS, "orders:read"),
    Route("GET", f"{ORDERS}/{{id}}", "orders:read"),
    Route("GET", f"{ORDERS}/{{uuid}}", "orders:read"),
]
# The routes stand in an order in which one order of two items, worth at least 50, can be given all of them.
WRITES = [
    Route("POST", ORDERS, "orders:write", lambda: {"items": []}),
    Route("PATCH", f"{ORDERS}/{{id}}", "orders:write", lambda: {"notes": "changed"}),
    Route("POST", f"{ORDERS}/{{id}}/items", "orders:write", lambda: {"unit_price": "1"}),
    Route("PATCH", f"{ORDERS}/{{id}}/items/1", "orders:write", lambda: {"quantity": 2}),
    Route("DELETE", f"{ORDERS}/{{id}}/items/2", "orders:write"),
    Route("PATCH", f"{ORDERS}/{{id}}/items/1", "orders:write", lambda: {"unit_price": "49", "metadata": {"a": "b"}}),
    Route("PUT", f"{ORDERS}/{{id}}/charges", "orders:write", lambda: {"charges": []}),
    Route("POST", f"{ORDERS}/{{id}}/charges", "orders:write", lambda: {"kind": "tip", "amount": "1"}),
    Route("PATCH", f"{ORDERS}/{{id}}/charges/0", "orders:write", lambda: {"amount": "2"}),
    Route("DELETE", f"{ORDERS}/{{id}}/charges/0", "orders:write"),
    Route("POST", f"{ORDERS}/{{id}}/payments", "orders:write", lambda: payment("5")),
    *(
        Route("POST", f"{ORDERS}/{{id}}/{movements}", "orders:write", lambda: refund("5"))
        for movements in ("refunds", "refund-failures", "chargebacks", "chargeback-reversals", "payment-failures")
    ),
    Route("POST", f"{ORDERS}/{{id}}/voids", "finance:write", lambda: VOID),
    Route("POST", f"{ORDERS}/{{id}}/status", "orders:write", lambda: {"status": "hold"}),
    Route("DELETE", f"{STOREFRONT}{{uuid}}", "customer"),
]
# Other tests look at the answers of these routes; here only the caller's rights count.
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
    Route("GET", "/api/v1/webhooks", "webhooks:read"),
    *(Route("GET", f"/api/v1/privacy/{path}", "privacy:read") for path in ("erasures", "orders/{id}/erasures")),
]
# The commands that an order needs before a route, by the last part of the route's address.
_BEFORE = {
    "refunds": ("payments",),
    "refund-failures": ("payments", "refunds"),
    "chargebacks": ("payments",),
    "chargeback-reversals": ("payments", "chargebacks"),
    "payment-failures": ("payments",),
    "voids": ("payments",),
}


def prepare(route: Route, staff: requests.Session, order: dict[str, Any]) -> None:
    """Gives the order the commands that it needs before the route can be asked."""
    last = route.path.rpartition("/")[2]
    if route.method == "DELETE" and (paid := staff.get(f"{ORDERS}/{order['id']}").json().get("amount_paid")):
        # A paid order cannot be deleted.
        assert staff.post(f"{ORDERS}/{order['id']}/refunds", json=refund(str(paid))).ok
    for before in _BEFORE.get(last, ()):
        body = refund("5") | ({"reference": VOID["reference"]} if last == "voids" else {})
        assert staff.post(f"{ORDERS}/{order['id']}/{before}", json=body).ok
