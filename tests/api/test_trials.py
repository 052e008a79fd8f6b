"""Does a tried command answer with the events that it would record, and record nothing?"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import ORDERS, STOREFRONT, Customer, assert_problem, nothing_recorded, payment, placed
from tests.conftest import Client, Service

TRIED = {"dry_run": "true"}


def test_an_order_that_is_tried_is_told_with_its_events_and_is_not_there(service: Service, staff: Client) -> None:
    body = {"items": [{"unit_price": "5.00"}], "customer": {"id": 7}}
    with nothing_recorded(service):
        answer = staff.post(ORDERS, json=body, params=TRIED, headers={"Idempotency-Key": "tried-only"})
    told = answer.json()
    assert (answer.status_code, told["dry_run"], told["order"]["total"]) == (200, True, 5)
    assert [event["type"] for event in told["events"]] == ["OrderCreated", "ItemAdded"]
    assert "Location" not in answer.headers
    assert staff.post(ORDERS, json=body, headers={"Idempotency-Key": "tried-only"}).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "events"),
    [
        ("PATCH", "", {"notes": "n"}, ["NotesChanged"]),
        ("PATCH", "", {}, []),
        ("POST", "/items", {"unit_price": "1"}, ["ItemAdded"]),
        ("PATCH", "/items/1", {"quantity": 2}, ["ItemQuantityChanged"]),
        ("DELETE", "/items/1", None, ["ItemRemoved"]),
        ("POST", "/status", {"status": "hold"}, ["StatusChanged"]),
        ("POST", "/payments", payment("5"), ["PaymentReceived"]),
    ],
)
def test_a_change_that_is_tried_is_told_and_leaves_the_order_as_it_was(
    method: str, path: str, body: Any, events: list[str], service: Service, staff: Client
) -> None:
    order = placed(staff)
    url = f"{ORDERS}/{order['id']}"
    with nothing_recorded(service):
        answer = staff.request(method, url + path, json=body, params=TRIED)
    told = answer.json()
    assert (answer.status_code, [event["type"] for event in told["events"]]) == (200, events)
    assert told["order"]["version"] == order["version"] + len(events)
    assert staff.get(url).json() == order


@pytest.mark.parametrize(
    ("path", "body", "asked", "status", "code"),
    [
        ("payments", payment("999"), TRIED, 409, "payment-exceeds-outstanding"),
        ("status", {"status": "gone"}, TRIED, 422, "invalid-field"),
        ("status", {"status": "hold"}, {"dry_runn": "1"}, 400, "invalid-parameter"),
        ("status", {"status": "hold"}, {"dry_run": "maybe"}, 400, "invalid-parameter"),
    ],
)
def test_a_command_that_would_be_refused_is_refused_when_it_is_tried(
    path: str, body: Any, asked: dict[str, str], status: int, code: str, service: Service, staff: Client
) -> None:
    url = f"{ORDERS}/{placed(staff)['id']}"
    with nothing_recorded(service):
        assert_problem(staff.post(f"{url}/{path}", json=body, params=asked), status, code)


def test_a_customer_can_try_to_delete(service: Service, staff: Client, new_customer: Callable[[], Customer]) -> None:
    customer = new_customer()
    url = f"{STOREFRONT}{placed(staff, customer)['uuid']}"
    with nothing_recorded(service):
        answer = customer.delete(url, params=TRIED)
    assert (answer.status_code, [event["type"] for event in answer.json()["events"]]) == (200, ["StatusChanged"])
    assert customer.delete(url).status_code == 204
