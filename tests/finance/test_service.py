"""The journal of the real service, read during writes and during a rebuild of its views."""

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

from tests.conftest import Client, Service

ORDERS, PAYMENTS = "/api/v1/orders", "/api/v1/finance/payments"
PAYMENTS_MADE = 30


def pay_many(client: Client, name: str) -> None:
    order = client.post(ORDERS, json={"items": [{"unit_price": str(PAYMENTS_MADE)}]}).json()
    for i in range(PAYMENTS_MADE):
        body = {"amount": "1", "reference": f"{name}-{i}", "provider": "stripe"}
        assert client.post(f"{ORDERS}/{order['id']}/payments", json=body).status_code == 201


def read_on(client: Client, count: int) -> Iterator[dict[str, Any]]:
    """The rows, page after page, up to `count`. At the end of the journal it asks again."""
    after, found = "orders:0", 0
    while found < count:
        answer = client.get(PAYMENTS, params={"after": after, "limit": 7})
        page = answer.json()
        yield from page["payments"]
        found += len(page["payments"])
        after = page["next"] or answer.headers["Ledger-Position"]


def test_a_reader_meets_every_payment_once_while_two_clients_write_and_views_are_made_anew(
    service: Service, staff: Client
) -> None:
    writers = [service.client(service.key("orders:write")) for _ in range(2)]
    with ThreadPoolExecutor() as threads:
        writing = [threads.submit(pay_many, client, f"w{i}") for i, client in enumerate(writers)]
        rebuilding = threads.submit(service.run, "rebuild")
        seen = list(read_on(staff, 2 * PAYMENTS_MADE))
        for each in writing:
            each.result()
        assert rebuilding.result().returncode == 0
    positions = [row["position"] for row in seen]
    assert positions == sorted(set(positions))
    references = {f"w{i}-{j}" for i in range(2) for j in range(PAYMENTS_MADE)}
    assert {row["reference"] for row in seen} == references
    assert staff.get(PAYMENTS, params={"limit": 1_000}).json()["payments"] == seen
    answer = staff.get(PAYMENTS, headers={"Accept": "text/csv"})
    assert answer.headers["Transfer-Encoding"] == "chunked"
    lines = csv.DictReader(StringIO(answer.text, newline=""))
    assert [int(line["position"]) for line in lines] == positions
