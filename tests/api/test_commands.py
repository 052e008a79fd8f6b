"""Does each command record the contract's events, once, and answer with the order after them?"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import requests

from domain.ledger import FOLD_EVENTS_MAX
from domain.log.sqlite import connect
from tests.api.conftest import (
    NOBODY,
    ORDERS,
    SHOP,
    STOREFRONT,
    Customer,
    assert_problem,
    events,
    key_of,
    last,
    moved,
    nothing_recorded,
    paid,
    payment,
    placed,
    refund,
    topics,
)
from tests.conftest import Client, Service

NewCustomer = Callable[[], Customer]
Document = dict[str, Any]

_IRAN = {"id": 1, "name": "ایران", "code": "IR"}
_WHOLE_ORDER: Document = {
    "currency": "USD",
    "customer": {
        "id": 900,
        "username": "john",
        "email": "john@example.com",
        "first_name": "John",
        "last_name": "Doe",
    },
    "payment_method": {"id": 1, "name": "Card", "image": None},
    "shipping_method": {"id": 1, "name": "Courier", "image": None},
    "shipping_cost": "0",
    "notes": None,
    "billing_country": {"id": 1, "name": "Canada", "code": "CA"},
    "billing_state": {"id": 1, "name": "California", "code": "CA"},
    "billing_city": {"id": 1, "name": "Anytown"},
    "billing_address": "123 Main St",
    "billing_postal_code": "12345",
    "billing_national_code": None,
    "billing_mobile_number": None,
    "billing_first_name": "John",
    "billing_last_name": "Doe",
    "items": [
        {
            "product": {"id": 42, "name": "Wireless Headphones", "slug": "wireless-headphones"},
            "variant": 101,
            "unit_price": "79.99",
            "quantity": 2,
            "shipping": "5.00",
            "discount_amount": "10.00",
            "offer": 5,
        }
    ],
    "voucher": {"code": "WELCOME", "discount_amount": "0"},
}


class Given(NamedTuple):
    """A command as the client sends it, and the expected answer and events."""

    method: str
    path: str
    body: Document | None
    status: int
    topic: str


# Each command is given to an order with two items, of which 10.00 was received as `pi`.
_COMMANDS: dict[str, Callable[[str], Given]] = {
    "change": lambda _: Given("PATCH", "", {"notes": "Ring twice"}, 200, "notes_changed"),
    "add item": lambda _: Given("POST", "/items", {"unit_price": "5"}, 200, "item_added"),
    "change quantity": lambda _: Given("PATCH", "/items/1", {"quantity": 3}, 200, "item_quantity_changed"),
    "remove item": lambda _: Given("DELETE", "/items/2", None, 200, "item_removed"),
    "change status": lambda _: Given("POST", "/status", {"status": "processing"}, 200, "status_changed"),
    "receive payment": lambda _: Given("POST", "/payments", payment("20"), 201, "payment_received"),
    "fail payment": lambda pi: Given(
        "POST", "/payment-failures", refund("4", payment_reference=pi), 201, "payment_failed"
    ),
    "charge back": lambda pi: Given(
        "POST", "/chargebacks", refund("4", payment_reference=pi), 201, "payment_charged_back"
    ),
    "void payment": lambda pi: Given(
        "POST", "/voids", {"provider": "stripe", "reference": pi, "reason": "by mistake"}, 201, "payment_voided"
    ),
    "refund payment": lambda pi: Given("POST", "/refunds", refund("4", payment_reference=pi), 201, "payment_refunded"),
}
each_command = pytest.mark.parametrize("name", _COMMANDS)


def fresh(staff: Client, name: str) -> tuple[Document, Given]:
    """A new order that can be given the named command, and the command."""
    order = placed(staff, items=[{"unit_price": "100.00"}, {"unit_price": "50.00"}])
    order = paid(staff, order, "10.00")
    return order, _COMMANDS[name](order["payments"][0]["reference"])


def give(client: Client, order: Document, command: Given, by: str = "id", **headers: str) -> requests.Response:
    return client.request(
        command.method, f"{ORDERS}/{order[by]}{command.path}", json=command.body, headers=headers or None
    )


# --- create ---


def test_an_order_is_created_with_all_that_its_body_says(service: Service, staff: Client) -> None:
    answer = staff.post(ORDERS, json=_WHOLE_ORDER)
    order = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"3"')
    assert answer.headers["Location"] == f"{service.base}{ORDERS}/{order['id']}"
    assert staff.get(answer.headers["Location"]).content == answer.content
    assert topics(service, order["uuid"]) == ["created", "item_added", "voucher_applied"]
    kept = {
        name: value
        for name, value in _WHOLE_ORDER.items()
        if name.startswith(("billing_", "payment_m", "shipping_m")) or name in ("notes", "currency")
    }
    assert {name: order[name] for name in kept} == kept
    assert order["customer"] == {"id": 900, "username": "john", "full_name": "John Doe"}


def test_the_document_is_the_shops_object_and_then_the_fields_for_staff(
    staff: Client, new_customer: NewCustomer
) -> None:
    customer = new_customer()
    order = placed(staff, customer, voucher={"code": "V", "discount_amount": "1"})
    order = paid(staff, order, "50.00", received_at="2026-01-01T12:00:00+02:00")
    shop = customer.get(f"{SHOP}/{order['id']}").json()
    storefront = customer.get(f"{STOREFRONT}{order['uuid']}").json()
    own = ["uuid", "version", "currency", "items", "voucher", "payments", "storefront_status", "charges"]
    own += [name.replace("billing", "shipping") for name in shop if name.startswith("billing_")]
    own += ["metadata", "external_ids"]
    assert list(order) == list(shop) + own
    assert {name: order[name] for name in shop} == shop
    assert order["items"] == storefront["items"]
    assert (order["uuid"], order["storefront_status"]) == (storefront["id"], storefront["status"])
    assert (order["version"], order["currency"]) == (4, "USD")
    assert order["voucher"] == {"code": "V", "discount_amount": "1.00"}
    (received,) = order["payments"]
    assert (received["amount"], received["received_at"]) == ("50.00", "2026-01-01T10:00:00Z")


def test_a_new_order_requires_nothing_and_the_rest_is_null_zero_or_empty(service: Service, staff: Client) -> None:
    order = placed(staff, items=[])
    assert topics(service, order["uuid"]) == ["created"]
    nothing = ("customer", "payment_method", "shipping_method", "notes", "voucher")
    assert {order[name] for name in order if name in nothing or name.startswith("billing_")} == {None}
    assert (order["status"], order["currency"], order["items"], order["payments"]) == ("new", "USD", [], [])
    assert (order["shipping_cost"], order["total"]) == (0, 0)
    one = placed(staff, items=[{}])["items"][0]
    assert (one["unit_price"], one["quantity"], one["shipping"], one["discount_amount"]) == ("0.00", 1, "0.00", "0.00")


def test_id_key_and_uuid_are_the_ledgers_own(staff: Client) -> None:
    first, second = placed(staff), placed(staff)
    assert second["id"] == first["id"] + 1
    assert re.fullmatch("[0-9a-f]{20}", first["key"])
    assert first["key"] != second["key"]
    assert str(UUID(first["uuid"])) == first["uuid"]
    assert UUID(first["uuid"]).version == 4


def test_a_creation_is_one_append(service: Service, staff: Client) -> None:
    order = placed(staff, items=[{}, {}], voucher={"code": "V"}, notes="personal")
    recorded = events(service, order["uuid"])
    positions = [event.position for event in recorded]
    assert positions == list(range(positions[0], positions[0] + 4))
    assert [event.version for event in recorded] == [1, 2, 3, 4]
    assert len({event.request_id for event in recorded}) == 1


def contact_in(service: Service, order: dict[str, Any]) -> list[dict[str, Any]]:
    """The data of each of an order's events with the sealed contact parts opened, as an auditor reads them."""
    auditor = service.client(service.key("audit:read", "audit:personal"))
    answer = auditor.get(f"/api/v1/audit/orders/{order['id']}/events", params={"personal": "contact"})
    told = answer.json()["events"]
    return [{**event["data"], **(event.get("personal", {}).get("contact") or {})} for event in told]


def test_amounts_are_recorded_as_decimal_text_and_personal_data_apart(service: Service, staff: Client) -> None:
    answer = staff.post(ORDERS, json=_WHOLE_ORDER | {"notes": "at the back door", "shipping_cost": 2.5})
    created, added, applied = events(service, answer.json()["uuid"])
    assert created.topic.removesuffix("+sealed") == "order.created.v2"
    assert (created.payload["customer_id"], created.payload["shipping_cost"]) == (900, "2.50")
    created.payload.pop("personal")
    assert not any(text in str(created.payload) for text in ("John", "door", "Main", "12345", "example"))
    contact = str(contact_in(service, answer.json())[0])
    assert "at the back door" in contact
    assert "john@example.com" in contact
    amounts = {name: added.payload[name] for name in ("unit_price", "shipping", "discount_amount")}
    assert amounts == {"unit_price": "79.99", "shipping": "5.00", "discount_amount": "10.00"}
    assert applied.payload["discount_amount"] == "0.00"


@pytest.mark.parametrize("price", ["79.90", 79.9, "79.9"])
def test_an_amount_is_text_or_a_number_and_the_same(price: Any, staff: Client) -> None:
    assert placed(staff, items=[{"unit_price": price}])["items"][0]["unit_price"] == "79.90"


def test_an_amount_does_not_pass_through_a_float(staff: Client) -> None:
    body = b'{"items": [{"unit_price": 999999999999998.99}]}'
    answer = staff.post(ORDERS, data=body, headers={"Content-Type": "application/json"})
    assert '"unit_price":"999999999999998.99"' in answer.text
    assert '"total":999999999999998.99,' in answer.text


# --- every command ---


@each_command
def test_a_command_records_its_event_and_answers_with_the_order(name: str, service: Service, staff: Client) -> None:
    order, command = fresh(staff, name)
    answer = give(staff, order, command)
    assert (answer.status_code, answer.headers["ETag"]) == (command.status, f'"{order["version"] + 1}"')
    after = answer.json()
    assert after["version"] == order["version"] + 1
    event = last(service, order)
    assert event.topic.rpartition(".v")[0] == f"order.{command.topic}"
    assert (event.version, event.request_id) == (after["version"], answer.headers["X-Request-Id"])
    read = staff.get(f"{ORDERS}/{order['id']}")
    assert (read.content, read.headers["ETag"]) == (answer.content, answer.headers["ETag"])


@each_command
def test_a_command_names_its_order_by_uuid_as_well(name: str, staff: Client) -> None:
    order, command = fresh(staff, name)
    assert give(staff, order, command, by="uuid").status_code == command.status


@each_command
def test_a_command_to_an_order_that_does_not_exist_gets_404(name: str, service: Service, staff: Client) -> None:
    _, command = fresh(staff, name)
    with nothing_recorded(service):
        for nobody in ("999999999999", "0", NOBODY, "x", "-1", "9" * 30):
            assert_problem(give(staff, {"id": nobody}, command), 404, "order-not-found")


@each_command
def test_a_command_for_the_version_that_the_order_has_is_taken(name: str, staff: Client) -> None:
    order, command = fresh(staff, name)
    headers = {"If-Match": f'"{order["version"]}"'}
    assert give(staff, order, command, **headers).status_code == command.status


@each_command
def test_a_command_for_another_version_gets_412_with_the_current_one(
    name: str, service: Service, staff: Client
) -> None:
    order, command = fresh(staff, name)
    with nothing_recorded(service):
        refused = give(staff, order, command, **{"If-Match": '"1"'})
    told = assert_problem(refused, 412, "order-moved")
    assert refused.headers["ETag"] == f'"{order["version"]}"'
    assert str(order["version"]) in told["detail"]


@each_command
def test_the_same_idempotency_key_again_gives_the_first_answer_and_records_nothing(
    name: str, service: Service, staff: Client
) -> None:
    order, command = fresh(staff, name)
    first = give(staff, order, command, **{"Idempotency-Key": f"again-{order['id']}"})
    assert "Idempotency-Replayed" not in first.headers
    assert last(service, order).idempotency_key == f"again-{order['id']}"
    staff.patch(f"{ORDERS}/{order['id']}", json={"billing_address": "moved on"})
    with nothing_recorded(service):
        again = give(staff, order, command, **{"Idempotency-Key": f"again-{order['id']}"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["ETag"] == first.headers["ETag"]


@each_command
def test_an_idempotency_key_sent_with_another_command_gets_422(name: str, service: Service, staff: Client) -> None:
    order, command = fresh(staff, name)
    headers = {"Idempotency-Key": f"other-{order['id']}"}
    give(staff, order, command, **headers)
    with nothing_recorded(service):
        refused = staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "hold"}, headers=headers)
        assert_problem(refused, 422, "idempotency-key-reused")
        assert_problem(staff.post(ORDERS, json={"items": []}, headers=headers), 422, "idempotency-key-reused")


# --- idempotency and versions ---


def test_the_same_idempotency_key_creates_one_order(service: Service, staff: Client) -> None:
    headers = {"Idempotency-Key": "create-once"}
    first = staff.post(ORDERS, json=_WHOLE_ORDER, headers=headers)
    with nothing_recorded(service):
        again = staff.post(ORDERS, json=dict(reversed(_WHOLE_ORDER.items())), headers=headers)
        refused = staff.post(ORDERS, json={**_WHOLE_ORDER, "notes": "other"}, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert (again.headers["Idempotency-Replayed"], again.headers["Location"]) == ("true", first.headers["Location"])
    assert_problem(refused, 422, "idempotency-key-reused")


def test_the_same_idempotency_key_sent_many_times_at_once_records_once(service: Service, staff: Client) -> None:
    order = placed(staff)

    def send(_: int) -> requests.Response:
        client = service.client(key_of(staff))
        body = payment("10.00", reference="at-once")
        return client.post(f"{ORDERS}/{order['id']}/payments", json=body, headers={"Idempotency-Key": "at-once"})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert topics(service, order["uuid"]) == ["created", "item_added", "payment_received"]


def test_an_idempotency_key_belongs_to_its_caller(service: Service, staff: Client) -> None:
    other = service.client(service.key("orders:write"))
    headers = {"Idempotency-Key": "one-each"}
    first = staff.post(ORDERS, json={"items": []}, headers=headers).json()
    second = other.post(ORDERS, json={"items": []}, headers=headers)
    assert "Idempotency-Replayed" not in second.headers
    assert second.json()["id"] != first["id"]


def test_a_refused_command_leaves_no_key_behind(service: Service, staff: Client) -> None:
    order = placed(staff)
    headers = {"Idempotency-Key": "refused-first"}
    with nothing_recorded(service):
        status = {"status": "refunded"}
        assert staff.post(f"{ORDERS}/{order['id']}/status", json=status, headers=headers).status_code == 409
        body = payment("1000")
        assert staff.post(f"{ORDERS}/{order['id']}/payments", json=body, headers=headers).status_code == 409
    taken = staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "hold"}, headers=headers)
    assert (taken.status_code, taken.headers.get("Idempotency-Replayed")) == (200, None)


def test_a_command_that_changes_nothing_keeps_its_idempotency_key(service: Service, staff: Client) -> None:
    order = placed(staff, notes="same")
    headers = {"Idempotency-Key": "no-change"}
    first = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "same"}, headers=headers)
    assert topics(service, order["uuid"]) == ["created", "item_added"]
    staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "other"})
    with nothing_recorded(service):
        again = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "same"}, headers=headers)
        refused = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "third"}, headers=headers)
    assert (again.headers.get("Idempotency-Replayed"), again.content) == ("true", first.content)
    assert_problem(refused, 422, "idempotency-key-reused")


def test_a_payment_that_was_known_already_keeps_its_idempotency_key(service: Service, staff: Client) -> None:
    order, known = placed(staff), payment("10")
    url, headers = f"{ORDERS}/{order['id']}/payments", {"Idempotency-Key": "known-payment"}
    staff.post(url, json=known)
    assert staff.post(url, json=known, headers=headers).status_code == 201
    with nothing_recorded(service):
        assert_problem(staff.post(url, json=payment("20"), headers=headers), 422, "idempotency-key-reused")


def test_a_command_goes_to_the_order_that_the_log_has_under_the_id(make_service: Callable[..., Service]) -> None:
    """The views are asked first, and may be wrong."""
    service = make_service(workers=1)
    staff = service.client(service.key("orders:read", "orders:write"))
    order, other = placed(staff), placed(staff)
    with closing(connect(service.folder / "views.db", "NORMAL", writes=True)) as views:
        views.execute("DELETE FROM orders WHERE uuid = ?", (order["uuid"],))
        views.execute("UPDATE orders SET id = ? WHERE uuid = ?", (order["id"], other["uuid"]))
    for each in (order, other):
        changed = staff.patch(f"{ORDERS}/{each['id']}", json={"notes": "mine"})
        assert (changed.status_code, changed.json()["uuid"]) == (200, each["uuid"])


def test_a_repeated_command_of_a_long_history_is_answered_with_the_order_as_it_left_it(staff: Client) -> None:
    """Such an order is folded before the command is given again."""
    order = placed(staff)
    url, first = f"{ORDERS}/{order['id']}", {"Idempotency-Key": "long-history"}
    for nth in range(FOLD_EVENTS_MAX):
        staff.patch(url, json={"notes": str(nth)})
    paid = staff.post(f"{url}/payments", json=(known := payment("10")), headers=first)
    assert paid.status_code == 201, paid.text
    assert int(paid.headers["ETag"].strip('"')) > FOLD_EVENTS_MAX
    staff.patch(url, json={"notes": "the last ones"})
    for headers in (first, {}):
        again = staff.post(f"{url}/payments", json=known, headers=headers)
        assert (again.status_code, again.content) == (paid.status_code, paid.content)
        assert ("Idempotency-Replayed" in again.headers) == bool(headers)


def test_a_replay_comes_before_the_version_that_it_was_for(service: Service, staff: Client) -> None:
    order = placed(staff)
    headers = {"Idempotency-Key": "replay-first", "If-Match": '"2"'}
    first = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "n"}, headers=headers)
    again = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "n"}, headers=headers)
    assert (again.status_code, again.content) == (200, first.content)


def test_a_customers_delete_takes_an_idempotency_key_too(
    service: Service, staff: Client, new_customer: NewCustomer
) -> None:
    customer = new_customer()
    order = placed(staff, customer)
    headers = {"Idempotency-Key": "delete"}
    first = customer.delete(f"{STOREFRONT}{order['uuid']}/", headers=headers)
    with nothing_recorded(service):
        again = customer.delete(f"{STOREFRONT}{order['uuid']}/", headers=headers)
    assert (first.status_code, again.status_code) == (204, 204)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_idempotency_keys_hold_after_the_service_was_started_again(make_service: Callable[..., Service]) -> None:
    service = make_service(workers=1)
    staff = service.client(service.key("orders:write"))
    order = placed(staff)
    commands = [
        ("POST", ORDERS, {"notes": "n", "items": []}),
        ("POST", f"{ORDERS}/{order['id']}/payments", payment("100")),
        ("PATCH", f"{ORDERS}/{order['id']}", {"notes": "n"}),
        ("POST", f"{ORDERS}/{order['id']}/status", {"status": "processing"}),
    ]

    def send_all() -> list[requests.Response]:
        return [
            staff.request(method, url, json=body, headers={"Idempotency-Key": f"restart-{number}"})
            for number, (method, url, body) in enumerate(commands)
        ]

    first = send_all()
    service.stop()
    service.start()
    with nothing_recorded(service):
        again = send_all()
    assert [answer.content for answer in again] == [answer.content for answer in first]
    assert {answer.headers["Idempotency-Replayed"] for answer in again} == {"true"}


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "naïve"])
def test_an_idempotency_key_that_is_none_gets_400(key: str, service: Service, staff: Client) -> None:
    with nothing_recorded(service):
        refused = staff.post(ORDERS, json={"items": []}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert_problem(refused, 400, "invalid-parameter", field="Idempotency-Key")


@pytest.mark.parametrize("version", ["7", '"x"', '"-1"', "", '"1" "2"', '"1_0"'])
def test_a_version_that_is_none_gets_400(version: str, service: Service, staff: Client) -> None:
    order = placed(staff)
    with nothing_recorded(service):
        refused = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "n"}, headers={"If-Match": version})
    assert_problem(refused, 400, "invalid-parameter", field="If-Match")


def test_a_command_for_any_version_is_taken(staff: Client) -> None:
    order = placed(staff)
    answer = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "n"}, headers={"If-Match": "*"})
    assert answer.status_code == 200


def test_commands_that_meet_each_other_are_all_taken(service: Service, staff: Client) -> None:
    order = placed(staff, items=[])

    def add_items(_: int) -> list[int]:
        client = service.client(key_of(staff))
        return [client.post(f"{ORDERS}/{order['id']}/items", json={}).status_code for _ in range(5)]

    with ThreadPoolExecutor(8) as threads:
        statuses = [status for answers in threads.map(add_items, range(8)) for status in answers]
    assert statuses == [200] * 40
    assert [event.version for event in events(service, order["uuid"])] == list(range(1, 42))
    after = staff.get(f"{ORDERS}/{order['id']}").json()
    assert [item["id"] for item in after["items"]] == list(range(1, 41))


def test_orders_created_at_once_each_get_an_id_of_their_own(service: Service, staff: Client) -> None:

    def create(_: int) -> int:
        return service.client(key_of(staff)).post(ORDERS, json={"items": []}).json()["id"]

    with ThreadPoolExecutor(8) as threads:
        ids = sorted(threads.map(create, range(16)))
    assert ids == list(range(ids[0], ids[0] + 16))


def test_a_reader_that_has_the_orders_version_already_gets_304(staff: Client) -> None:
    order = placed(staff)
    answer = staff.get(f"{ORDERS}/{order['id']}", headers={"If-None-Match": '"2"'})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", '"2"')
    assert staff.get(f"{ORDERS}/{order['id']}", headers={"If-None-Match": '"1"'}).status_code == 200
    assert staff.get(f"{ORDERS}/{order['id']}", headers={"If-None-Match": "*"}).status_code == 304


# --- change ---

_CARD, _BIKE = {"id": 1, "name": "Card"}, {"id": 2, "name": "Bike"}


@pytest.mark.parametrize(
    ("body", "recorded"),
    [
        ({"notes": "n"}, ["notes_changed"]),
        ({"billing_address": "a", "billing_city": {"id": 1, "name": "c"}}, ["billing_changed"]),
        ({"payment_method": _CARD}, ["payment_method_changed"]),
        ({"shipping_method": _BIKE, "shipping_cost": "3"}, ["shipping_changed"]),
        ({"shipping_cost": 3}, ["shipping_changed"]),
        ({"voucher": {"code": "V", "discount_amount": "1"}}, ["voucher_applied"]),
        (
            {
                "voucher": {"discount_amount": "1"},
                "shipping_cost": "3",
                "payment_method": _CARD,
                "billing_first_name": "f",
                "notes": "n",
            },
            ["billing_changed", "notes_changed", "payment_method_changed", "shipping_changed", "voucher_applied"],
        ),
        ({}, []),
        ({"notes": None, "billing_address": None, "payment_method": None, "shipping_cost": "0"}, []),
        ({"voucher": None}, []),
    ],
)
def test_a_change_records_one_event_for_each_kind_of_it(
    body: Document, recorded: list[str], service: Service, staff: Client
) -> None:
    order = placed(staff)
    answer = staff.patch(f"{ORDERS}/{order['id']}", json=body)
    assert answer.status_code == 200
    assert sorted(topics(service, order["uuid"])[2:]) == recorded
    assert answer.json()["version"] == 2 + len(recorded)
    with nothing_recorded(service):
        assert staff.patch(f"{ORDERS}/{order['id']}", json=body).content == answer.content


def test_a_field_that_a_change_leaves_out_stays_and_null_empties_it(staff: Client) -> None:
    order = placed(staff, notes="n", billing_address="a", billing_city={"id": 1, "name": "c"}, payment_method=_CARD)
    after = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": None, "billing_city": None}).json()
    assert (after["notes"], after["billing_city"], after["billing_address"]) == (None, None, "a")
    assert after["payment_method"] == {**_CARD, "image": None}


def test_a_voucher_is_changed_and_taken_away(service: Service, staff: Client) -> None:
    order = placed(staff, voucher={"code": "A", "discount_amount": "1"})
    url = f"{ORDERS}/{order['id']}"
    assert staff.patch(url, json={"voucher": {"code": "B", "discount_amount": "2"}}).json()["total"] == 98
    after = staff.patch(url, json={"voucher": None}).json()
    assert (after["voucher"], after["total"]) == (None, 100)
    assert topics(service, order["uuid"])[2:] == ["voucher_applied", "voucher_applied", "voucher_removed"]


_DETAILS = {"notes": "n", "billing_address": "a", "payment_method": _CARD}
_CURRENCY_BEARING = {"shipping_cost": "1", "shipping_method": _BIKE, "voucher": {"discount_amount": "1"}}
_TO = {
    "new": [],
    "hold": ["hold"],
    "processing": ["processing"],
    "shipped": ["processing", "shipped"],
    "completed": ["processing", "completed"],
    "failed": ["failed"],
    "cancelled": ["cancelled"],
    "refunded": ["cancelled", "refunded"],
    "deleted": ["deleted"],
}


@pytest.mark.parametrize("status", _TO)
def test_the_status_decides_which_changes_are_taken(status: str, service: Service, staff: Client) -> None:
    order = moved(staff, placed(staff), *_TO[status])
    url = f"{ORDERS}/{order['id']}"
    attempts = [
        *(("details", staff.patch, url, {name: value}) for name, value in _DETAILS.items()),
        *(("contents", staff.patch, url, {name: value}) for name, value in _CURRENCY_BEARING.items()),
        ("contents", staff.post, f"{url}/items", {}),
        ("contents", staff.patch, f"{url}/items/1", {"quantity": 2}),
        ("contents", staff.delete, f"{url}/items/1", None),
    ]
    allowed = {"new": {"details", "contents"}, "hold": {"details", "contents"}, "refunded": set(), "deleted": set()}
    before = len(events(service, order["uuid"]))
    taken = 0
    for kind, send, address, body in attempts:
        answer = send(address, json=body)
        if kind in allowed.get(status, {"details"}):
            assert answer.status_code == 200, (kind, body, answer.text)
            taken += 1
        else:
            assert_problem(answer, 409, "order-not-changeable")
    assert len(events(service, order["uuid"])) == before + taken


# --- items ---


def test_items_are_added_changed_and_removed(service: Service, staff: Client) -> None:
    order = placed(staff, items=[])
    url = f"{ORDERS}/{order['id']}/items"
    item = _WHOLE_ORDER["items"][0]
    added = staff.post(url, json=item).json()
    assert added["items"] == [{"id": 1, **item, "total_price": "159.98"}]
    assert staff.patch(f"{url}/1", json={"quantity": 3}).json()["items"][0]["total_price"] == "239.97"
    assert staff.delete(f"{url}/1").json()["items"] == []
    recorded = events(service, order["uuid"])[1:]
    assert [(event.payload["item"], event.payload.get("quantity")) for event in recorded] == [(1, 2), (1, 3), (1, None)]


def test_the_quantity_that_an_item_has_already_records_nothing(service: Service, staff: Client) -> None:
    order = placed(staff, items=[{"quantity": 2}])
    with nothing_recorded(service):
        answer = staff.patch(f"{ORDERS}/{order['id']}/items/1", json={"quantity": 2})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')


@pytest.mark.parametrize("item", ["2", "0", "x", "-1", "9" * 30, "1.0"])
def test_an_item_that_does_not_exist_gets_404(item: str, service: Service, staff: Client) -> None:
    order = placed(staff)
    with nothing_recorded(service):
        url = f"{ORDERS}/{order['id']}/items/{item}"
        assert_problem(staff.patch(url, json={"quantity": 2}), 404, "item-not-found")
        assert_problem(staff.delete(url), 404, "item-not-found")


def test_a_change_that_would_make_the_total_negative_gets_409(service: Service, staff: Client) -> None:
    order = placed(staff, voucher={"discount_amount": "90"})
    url = f"{ORDERS}/{order['id']}"
    with nothing_recorded(service):
        for answer in (
            staff.delete(f"{url}/items/1"),
            staff.patch(url, json={"voucher": {"discount_amount": "100.01"}}),
            staff.post(f"{url}/items", json={"unit_price": "1", "shipping": "200", "discount_amount": "102"}),
            staff.post(ORDERS, json={"items": [], "voucher": {"discount_amount": "0.01"}}),
        ):
            assert_problem(answer, 409, "total-negative")
    assert staff.patch(url, json={"voucher": {"discount_amount": "100"}}).json()["total"] == 0


def test_a_discount_larger_than_its_item_is_refused_and_says_what_to_do(service: Service, staff: Client) -> None:
    large = {"unit_price": "1", "shipping": "2", "discount_amount": "3.01"}
    order = placed(staff, items=[{"unit_price": "10", "quantity": 9, "discount_amount": "80"}])
    url = f"{ORDERS}/{order['id']}/items"
    with nothing_recorded(service):
        created = staff.post(ORDERS, json={"items": [{"unit_price": "1"}, large]})
        assert_problem(created, 422, "invalid-field", field="items[1].discount_amount")
        assert_problem(staff.post(url, json=large), 422, "invalid-field", field="discount_amount")
        told = assert_problem(staff.patch(f"{url}/1", json={"quantity": 7}), 409, "discount-exceeds-item")
    assert "80.00 USD" in told["detail"]
    assert "discount_amount" in told["detail"]


# --- status ---

_ALLOWED = {
    "new": "hold processing failed cancelled deleted",
    "hold": "new processing failed cancelled deleted",
    "processing": "hold shipped completed failed cancelled refunded",
    "shipped": "completed failed refunded",
    "completed": "refunded",
    "failed": "new hold processing cancelled deleted",
    "cancelled": "refunded deleted",
    "refunded": "",
    "deleted": "",
}


@pytest.mark.parametrize("status", _TO)
def test_a_status_changes_only_as_the_table_says(status: str, service: Service, staff: Client) -> None:
    allowed = _ALLOWED[status].split()
    order = moved(staff, placed(staff), *_TO[status])
    with nothing_recorded(service):
        for other in sorted(set(_TO) - set(allowed)):
            refused = staff.post(f"{ORDERS}/{order['id']}/status", json={"status": other})
            told = assert_problem(refused, 409, "status-change-not-allowed")
            assert all(name in told["detail"] for name in allowed)
    for other in allowed:
        changed = moved(staff, placed(staff), *_TO[status], other)
        assert changed["status"] == other
        assert last(service, changed).payload["status"] == other


def test_a_status_change_records_its_reason(service: Service, staff: Client) -> None:
    order = placed(staff)
    staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "failed", "reason": "card declined"})
    assert contact_in(service, order)[-1]["reason"] == "card declined"
    staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "hold", "reason": None})
    assert contact_in(service, order)[-1].get("reason") is None


@pytest.mark.parametrize(("first", "to"), [([], "deleted"), (["cancelled"], "deleted"), (["cancelled"], "refunded")])
def test_money_received_must_be_refunded_before_an_order_is_deleted_or_refunded(
    first: list[str], to: str, service: Service, staff: Client
) -> None:
    order = moved(staff, paid(staff, placed(staff), "60.00"), *first)
    url = f"{ORDERS}/{order['id']}"
    staff.post(f"{url}/refunds", json=refund("59.99"))
    with nothing_recorded(service):
        assert_problem(staff.post(f"{url}/status", json={"status": to}), 409, "status-change-not-allowed")
    staff.post(f"{url}/refunds", json=refund("0.01"))
    assert staff.post(f"{url}/status", json={"status": to}).json()["status"] == to


# --- payments and refunds ---


def test_a_payment_is_recorded_with_all_that_its_body_says(service: Service, staff: Client) -> None:
    order = placed(staff)
    body = payment("50", received_at="2026-01-01T12:00:00.5+02:00")
    after = staff.post(f"{ORDERS}/{order['id']}/payments", json=body).json()
    payload = last(service, order).payload
    kept = {name: payload[name] for name in ("amount", "reference", "provider", "method", "received_at")}
    assert kept == {**body, "amount": "50.00", "received_at": "2026-01-01T10:00:00.500000Z"}
    assert (after["amount_paid"], after["amount_outstanding"], after["is_paid"]) == (50, 50, False)
    assert after["payments"][0]["reference"] == body["reference"]


def test_a_payment_without_a_time_was_received_now(service: Service, staff: Client) -> None:
    order = paid(staff, placed(staff), received_at=None)
    payload = last(service, order).payload
    assert payload["received_at"] == payload["occurred_at"]


def test_payments_add_up_to_paid_and_not_beyond(service: Service, staff: Client) -> None:
    order = paid(staff, placed(staff), "99.98")
    url = f"{ORDERS}/{order['id']}/payments"
    with nothing_recorded(service):
        told = assert_problem(staff.post(url, json=payment("0.03")), 409, "payment-exceeds-outstanding")
        assert "0.02" in told["detail"]
    after = staff.post(url, json=payment("0.02")).json()
    assert (after["is_paid"], after["storefront_status"]) == (True, "paid")
    with nothing_recorded(service):
        assert_problem(staff.post(url, json=payment("0.01")), 409, "order-not-payable")


@pytest.mark.parametrize("status", ["cancelled", "refunded", "deleted"])
def test_an_order_that_is_not_payable_takes_no_payment(status: str, service: Service, staff: Client) -> None:
    order = moved(staff, placed(staff), *_TO[status])
    with nothing_recorded(service):
        refused = staff.post(f"{ORDERS}/{order['id']}/payments", json=payment("1"))
    assert_problem(refused, 409, "order-not-payable")


def test_force_records_money_that_arrived_all_the_same(service: Service, staff: Client) -> None:
    order = moved(staff, placed(staff), "cancelled")
    answer = staff.post(f"{ORDERS}/{order['id']}/payments", json=payment("150", force=True))
    assert (answer.status_code, answer.json()["amount_paid"], answer.json()["amount_outstanding"]) == (201, 150, 0)
    assert last(service, order).payload["forced"] is True
    assert answer.json()["payments"][0]["forced"] is True


def test_force_needs_the_scope_finance_write(service: Service, staff: Client) -> None:
    order = placed(staff)
    clerk = service.client(service.key("orders:read", "orders:write", "finance:read"))
    url = f"{ORDERS}/{order['id']}/payments"
    with nothing_recorded(service):
        told = assert_problem(clerk.post(url, json=payment("1000", force=True)), 403, "not-allowed")
        assert "finance:write" in told["detail"]
    assert clerk.post(url, json=payment("1", force=False)).status_code == 201


def test_finance_write_alone_does_not_give_commands(service: Service, staff: Client) -> None:
    order = placed(staff)
    treasurer = service.client(service.key("finance:write"))
    refused = treasurer.post(f"{ORDERS}/{order['id']}/payments", json=payment("1", force=True))
    assert_problem(refused, 403, "not-allowed")


def test_a_payment_is_void_by_the_scope_finance_write_alone_and_for_a_reason(service: Service, staff: Client) -> None:
    order = paid(staff, placed(staff), "30.00", reference="pi_mistake")
    url, body = f"{ORDERS}/{order['id']}/voids", {"provider": "stripe", "reference": "pi_mistake"}
    treasurer, clerk = (service.client(service.key(scope)) for scope in ("finance:write", "orders:write"))
    assert_problem(clerk.post(url, json=body | {"reason": "typed twice"}), 403, "not-allowed")
    assert_problem(treasurer.post(url, json=body), 422, "invalid-field")
    answer = treasurer.post(url, json=body | {"reason": "typed twice"})
    assert (answer.status_code, answer.json()["amount_paid"]) == (201, 0)
    told = {name: answer.json()["payments"][1][name] for name in ("kind", "amount", "reference", "reason")}
    assert told == {"kind": "void", "amount": "30.00", "reference": "pi_mistake", "reason": "typed twice"}
    assert treasurer.post(url, json=body | {"reason": "typed twice"}).content == answer.content


@pytest.mark.parametrize("name", ["payment-failures", "refund-failures", "chargebacks", "chargeback-reversals"])
def test_a_forced_failure_or_chargeback_needs_the_scope_finance_write(
    name: str, service: Service, staff: Client
) -> None:
    order = placed(staff)
    url, body = f"{ORDERS}/{order['id']}/{name}", refund("1000")
    clerk = service.client(service.key("orders:write"))
    assert_problem(staff.post(url, json=body), 409, "amount-exceeds-left")
    assert_problem(clerk.post(url, json=body | {"force": True}), 403, "not-allowed")
    answer = staff.post(url, json=body | {"force": True})
    assert (answer.status_code, answer.json()["payments"][0]["forced"]) == (201, True)
    assert staff.post(url, json=body).content == answer.content


def test_the_same_payment_again_answers_as_the_first_time_and_records_nothing(service: Service, staff: Client) -> None:
    order, body = placed(staff), payment("30.00")
    url = f"{ORDERS}/{order['id']}/payments"
    first = staff.post(url, json=body)
    moved(staff, paid(staff, order, "70.00"), "processing")
    with nothing_recorded(service):
        again = staff.post(url, json={**body, "amount": "30"})
    assert (again.status_code, again.content, again.headers["ETag"]) == (201, first.content, first.headers["ETag"])


def test_a_payments_reference_is_unique_in_the_whole_ledger(service: Service, staff: Client) -> None:
    order, other, body = placed(staff), placed(staff), payment("30")
    staff.post(f"{ORDERS}/{order['id']}/payments", json=body)
    with nothing_recorded(service):
        for where, amount in ((order, "31"), (other, "30"), (other, "31")):
            refused = staff.post(f"{ORDERS}/{where['id']}/payments", json={**body, "amount": amount})
            assert_problem(refused, 409, "payment-reference-taken")
    elsewhere = {**body, "provider": "paypal"}
    assert staff.post(f"{ORDERS}/{other['id']}/payments", json=elsewhere).status_code == 201


def test_white_space_around_a_reference_and_a_provider_makes_no_other_one(service: Service, staff: Client) -> None:
    order, other, body = placed(staff), placed(staff), payment("30.00")
    first = staff.post(f"{ORDERS}/{order['id']}/payments", json=body)
    named = {"reference": f" {body['reference']}\n", "provider": f"\u00a0{body['provider']}\t"}
    with nothing_recorded(service):
        assert staff.post(f"{ORDERS}/{order['id']}/payments", json=body | named).content == first.content
        refused = staff.post(f"{ORDERS}/{other['id']}/payments", json=body | named)
        assert_problem(refused, 409, "payment-reference-taken")
    back = refund("10")
    around = {"reference": f"{back['reference']} ", "payment_reference": named["reference"]}
    refunded = staff.post(f"{ORDERS}/{order['id']}/refunds", json=back | around).json()["payments"][-1]
    assert (refunded["reference"], refunded["payment_reference"]) == (back["reference"], body["reference"])
    failed = refund("10", refund_reference=around["reference"])
    after = staff.post(f"{ORDERS}/{order['id']}/refund-failures", json=failed).json()
    assert after["payments"][-1]["refund_reference"] == back["reference"]


@pytest.mark.parametrize("field", ["reference", "provider"])
def test_a_reference_of_white_space_alone_is_none(field: str, service: Service, staff: Client) -> None:
    url = f"{ORDERS}/{placed(staff)['id']}/payments"
    with nothing_recorded(service):
        answer = staff.post(url, json=payment("30.00") | {field: " \t\u00a0"})
        problem = assert_problem(answer, 422, "invalid-field", field=field)
    assert "must be text of 1 to 200 characters, not all of them white space" in problem["detail"]


def test_a_partial_refund_does_not_ask_the_customer_to_pay_again(staff: Client) -> None:
    order = paid(staff, placed(staff), amount="100")
    url = f"{ORDERS}/{order['id']}"
    for status in ("processing", "shipped"):
        staff.post(f"{url}/status", json={"status": status})
    after = staff.post(f"{url}/refunds", json=refund("10")).json()
    assert (after["amount_paid"], after["amount_outstanding"]) == (90, 0)
    assert (after["is_paid"], after["is_payable"], after["storefront_status"]) == (True, False, "paid")
    assert_problem(staff.post(f"{url}/payments", json=payment("10")), 409, "order-not-payable")
    whole = staff.post(f"{url}/refunds", json=refund("90")).json()
    assert (whole["amount_paid"], whole["amount_outstanding"], whole["is_paid"], whole["is_payable"]) == (
        0,
        0,
        True,
        False,
    )


def test_a_refund_that_is_owed_again_is_outstanding_again(staff: Client) -> None:
    order = paid(staff, placed(staff), amount="100")
    url = f"{ORDERS}/{order['id']}"
    after = staff.post(f"{url}/refunds", json={**refund("100"), "owed_again": True}).json()
    assert (after["amount_outstanding"], after["is_paid"], after["is_payable"]) == (100, False, True)
    assert after["payments"][1]["owed_again"] is True
    assert staff.post(f"{url}/payments", json=payment("100")).json()["is_paid"] is True


def test_a_refund_first_gives_back_an_overpayment(staff: Client) -> None:
    order = placed(staff)
    url = f"{ORDERS}/{order['id']}"
    staff.post(f"{url}/payments", json=payment("150", force=True))
    after = staff.post(f"{url}/refunds", json={**refund("70"), "owed_again": False}).json()
    assert (after["amount_paid"], after["amount_outstanding"], after["is_paid"]) == (80, 0, True)
    again = staff.post(f"{url}/refunds", json={**refund("10"), "owed_again": True}).json()
    assert (again["amount_outstanding"], again["is_paid"]) == (10, False)


def test_a_refunds_reference_is_unique_among_refunds_alone(service: Service, staff: Client) -> None:
    order, other = paid(staff, placed(staff)), paid(staff, placed(staff))
    body = refund("10", reference=order["payments"][0]["reference"])
    url = f"{ORDERS}/{order['id']}/refunds"
    first = staff.post(url, json=body)
    assert first.status_code == 201
    with nothing_recorded(service):
        again = staff.post(url, json=body)
        assert (again.status_code, again.content) == (201, first.content)
        for where, amount in ((order, "11"), (other, "10")):
            refused = staff.post(f"{ORDERS}/{where['id']}/refunds", json={**body, "amount": amount})
            assert_problem(refused, 409, "refund-reference-taken")


def test_a_refund_is_recorded_with_all_that_its_body_says(service: Service, staff: Client) -> None:
    order = paid(staff, placed(staff), received_at="2026-01-01T00:00:00Z")
    named = order["payments"][0]["reference"]
    body = refund("10", payment_reference=named, reason="late", refunded_at="2026-01-02T00:00:00Z")
    after = staff.post(f"{ORDERS}/{order['id']}/refunds", json=body).json()
    payload = contact_in(service, order)[-1]
    assert {name: payload[name] for name in body} == {**body, "amount": "10.00"}
    assert (after["amount_paid"], after["amount_outstanding"], after["is_payable"]) == (90, 0, False)
    assert [entry["kind"] for entry in after["payments"]] == ["payment", "refund"]


def test_no_more_is_refunded_than_was_received(service: Service, staff: Client) -> None:
    order = paid(staff, paid(staff, placed(staff), "30"), "70")
    small = order["payments"][0]["reference"]
    url = f"{ORDERS}/{order['id']}/refunds"
    with nothing_recorded(service):
        assert_problem(staff.post(url, json=refund("100.01")), 409, "refund-exceeds-received")
        too_much = refund("30.01", payment_reference=small)
        assert_problem(staff.post(url, json=too_much), 409, "refund-exceeds-received")
        unknown = refund("1", payment_reference="pi_nobody")
        assert_problem(staff.post(url, json=unknown), 409, "payment-not-found")
        elsewhere = refund("1", payment_reference=small, provider="paypal")
        assert_problem(staff.post(url, json=elsewhere), 409, "payment-not-found")
    assert staff.post(url, json=refund("30", payment_reference=small)).status_code == 201
    with nothing_recorded(service):
        again = refund("0.01", payment_reference=small)
        assert_problem(staff.post(url, json=again), 409, "refund-exceeds-received")
    assert staff.post(url, json=refund("70")).json()["amount_paid"] == 0


# --- refused bodies ---


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"id": 7}, "id"),
        ({"customer": {}}, "customer.id"),
        ({"customer": {"id": "1"}}, "customer.id"),
        ({"customer": {"id": -1}}, "customer.id"),
        ({"customer": {"id": 10**15}}, "customer.id"),
        ({"customer": {"id": True}}, "customer.id"),
        ({"customer": {"id": 1.0}}, "customer.id"),
        ({"customer": {"id": 1, "age": 7}}, "customer.age"),
        ({"customer": [1]}, "customer"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "XYZ"}, "currency"),
        ({"currency": "XAU"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"currency": "HRK"}, "currency"),
        ({"notes": 7}, "notes"),
        ({"notes": "\x00"}, "notes"),
        ({"notes": "\ud800"}, "notes"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"shipping_cost": None}, "shipping_cost"),
        ({"shipping_cost": "1.234"}, "shipping_cost"),
        ({"currency": "JPY", "shipping_cost": "1.5"}, "shipping_cost"),
        ({"voucher": {"discount_amount": "-1"}}, "voucher.discount_amount"),
        ({"items": {}}, "items"),
        ({"items": [None]}, "items[0]"),
        ({"items": [{}, {"quantity": 0}]}, "items[1].quantity"),
        ({"items": [{"quantity": 10**12}]}, "items[0].quantity"),
        ({"items": [{"quantity": 1.5}]}, "items[0].quantity"),
        ({"items": [{"quantity": "2"}]}, "items[0].quantity"),
        ({"items": [{"product": {"id": 1, "price": 2}}]}, "items[0].product.price"),
        ({"items": [{"variant": "x"}]}, "items[0].variant"),
        *(
            ({"items": [{"unit_price": price}]}, "items[0].unit_price")
            for price in (
                "NaN",
                "Infinity",
                "-1",
                -1,
                "79.999",
                79.999,
                "1e9",
                "1_000",
                "1,000",
                "٧٩",
                "۷۹",
                "",
                " 1",
                "+1",
                ".5",
                "5.",
                "0x10",
                True,
                None,
                [],
                {},
                "1" * 16,
                10**15,
                "9" * 5000,
            )
        ),
        ({"billing_country": {"id": 1, "name": "Canada", "planet": "Earth"}}, "billing_country.planet"),
        ({"billing_postal_code": 12345}, "billing_postal_code"),
        ({"billing_postal_code": "x" * 17}, "billing_postal_code"),
        ({"billing_postal_code": "12345\n"}, "billing_postal_code"),
        ({"billing_mobile_number": "call me"}, "billing_mobile_number"),
        ({"billing_country": _IRAN, "billing_postal_code": "123456789"}, "billing_postal_code"),
        ({"billing_country": _IRAN, "billing_postal_code": "K1A 0B1"}, "billing_postal_code"),
        ({"billing_country": _IRAN, "billing_postal_code": "۱۲۳۴۵۶۷۸۹۰"}, "billing_postal_code"),
        ({"billing_country": _IRAN, "billing_national_code": "0012345678"}, "billing_national_code"),
        ({"billing_country": _IRAN, "billing_national_code": "123"}, "billing_national_code"),
        ({"billing_country": _IRAN, "billing_mobile_number": "9523296536"}, "billing_mobile_number"),
        ({"billing_country": _IRAN, "billing_mobile_number": "+989523296536"}, "billing_mobile_number"),
    ],
)
def test_a_field_that_is_wrong_gets_a_422_that_names_it(
    body: Document, field: str, service: Service, staff: Client
) -> None:
    with nothing_recorded(service):
        assert_problem(staff.post(ORDERS, json={"items": [], **body}), 422, "invalid-field", field=field)


@pytest.mark.parametrize(
    "billing",
    [
        {"billing_postal_code": "1234567890", "billing_mobile_number": "09523296536"},
        {"billing_national_code": "0012345679"},
        {"billing_postal_code": None, "billing_national_code": None, "billing_mobile_number": None},
    ],
)
def test_billing_fields_that_irans_rules_allow_are_taken(billing: Document, staff: Client) -> None:
    order = placed(staff, billing_country=_IRAN, **billing)
    assert {name: order[name] for name in billing} == billing


def test_a_change_of_country_checks_the_rest_of_the_billing_again(service: Service, staff: Client) -> None:
    order = placed(staff, billing_postal_code="K1A 0B1", billing_country={"id": 1, "name": "Canada", "code": "CA"})
    with nothing_recorded(service):
        refused = staff.patch(f"{ORDERS}/{order['id']}", json={"billing_country": _IRAN})
    assert_problem(refused, 422, "invalid-field", field="billing_postal_code")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {"status": "hold"}, "status"),
        ("", {"items": []}, "items"),
        ("", {"currency": "EUR"}, "currency"),
        ("", {"shipping_cost": None}, "shipping_cost"),
        ("/items", {"quantity": -1}, "quantity"),
        ("/items", {"id": 1}, "id"),
        ("/items/1", {}, "quantity"),
        ("/items/1", {"quantity": 0}, "quantity"),
        ("/items/1", {"quantity": 2, "offer": 1}, "offer"),
        ("/status", {}, "status"),
        ("/status", {"status": "pending"}, "status"),
        ("/status", {"status": None}, "status"),
        ("/status", {"status": "hold", "reason": 7}, "reason"),
        ("/payments", {"reference": "r", "provider": "p"}, "amount"),
        ("/payments", {"amount": "1", "provider": "p"}, "reference"),
        ("/payments", {"amount": "1", "reference": "r"}, "provider"),
        ("/payments", {"amount": "1", "reference": "", "provider": "p"}, "reference"),
        ("/payments", {"amount": "1", "reference": "r" * 201, "provider": "p"}, "reference"),
        ("/payments", {"amount": "0", "reference": "r", "provider": "p"}, "amount"),
        ("/payments", {"amount": "0.001", "reference": "r", "provider": "p"}, "amount"),
        ("/payments", {"amount": "1", "reference": "r", "provider": "p", "force": "yes"}, "force"),
        ("/payments", {"amount": "1", "reference": "r", "provider": "p", "received_at": "2026-01-01"}, "received_at"),
        (
            "/payments",
            {"amount": "1", "reference": "r", "provider": "p", "received_at": "2026-01-01T00:00:00"},
            "received_at",
        ),
        (
            "/payments",
            {"amount": "1", "reference": "r", "provider": "p", "received_at": "0001-01-01T00:00:00+14:00"},
            "received_at",
        ),
        (
            "/payments",
            {"amount": "1", "reference": "r", "provider": "p", "received_at": "9999-12-31T23:59:59.9999999Z"},
            "received_at",
        ),
        ("/refunds", {"amount": "0", "reference": "r", "provider": "p"}, "amount"),
        ("/refunds", {"amount": "1", "reference": "r", "provider": "p", "force": True}, "force"),
        (
            "/refunds",
            {"amount": "1", "reference": "r", "provider": "p", "refunded_at": "2026-02-30T00:00:00Z"},
            "refunded_at",
        ),
    ],
)
def test_a_commands_field_that_is_wrong_gets_a_422_that_names_it(
    path: str, body: Document, field: str, service: Service, staff: Client
) -> None:
    order = paid(staff, placed(staff), "10.00")
    method = "PATCH" if path in ("", "/items/1") else "POST"
    with nothing_recorded(service):
        answer = staff.request(method, f"{ORDERS}/{order['id']}{path}", json=body)
        assert_problem(answer, 422, "invalid-field", field=field)


# --- the staff's list ---


@pytest.fixture(scope="module")
def mixed(staff: Client, new_customer: NewCustomer) -> tuple[int, dict[str, Document]]:
    """A customer's id, and orders of the customer that differ in the fields that only staff can filter by."""
    customer = new_customer()
    made = {
        "unpaid": placed(staff, customer),
        "paid": paid(staff, placed(staff, customer)),
        "cancelled": moved(staff, placed(staff, customer), "cancelled"),
        "euros": placed(staff, customer, currency="EUR"),
        "deleted": moved(staff, placed(staff, customer), "deleted"),
    }
    return customer.id, made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "unpaid paid cancelled euros"),
        ("currency=EUR", "euros"),
        ("currency=eur", "euros"),
        ("currency=USD", "unpaid paid cancelled"),
        ("currency=nope", ""),
        ("is_paid=true", "paid"),
        ("is_paid=0", "unpaid cancelled euros"),
        ("is_payable=1", "unpaid euros"),
        ("is_payable=false", "paid cancelled"),
        ("key={paid}", "paid"),
        ("key=nope", ""),
        ("status=cancelled", "cancelled"),
        ("status_in=deleted", "deleted"),
        ("is_paid=&is_payable=&currency=&key=", "unpaid paid cancelled euros"),
        ("search={euros}&is_paid=false", "euros"),
    ],
)
def test_staff_narrow_their_list_by_more_than_customers_can(
    query: str, found: str, staff: Client, mixed: tuple[int, dict[str, Document]]
) -> None:
    customer_id, made = mixed
    keys = {name: order["key"] for name, order in made.items()}
    answer = staff.get(f"{ORDERS}?customer={customer_id}&ordering=id&{query.format(**keys)}")
    assert answer.status_code == 200, answer.text
    assert [order["key"] for order in answer.json()["results"]] == [keys[name] for name in found.split()]


def test_the_staffs_list_shows_whole_documents(staff: Client, mixed: tuple[int, dict[str, Document]]) -> None:
    customer_id, made = mixed
    shown = staff.get(f"{ORDERS}?customer={customer_id}&ordering=id").json()["results"]
    assert shown == [made[name] for name in ("unpaid", "paid", "cancelled", "euros")]


def test_staff_see_guests_orders_and_every_customers(staff: Client, mixed: tuple[int, dict[str, Document]]) -> None:
    guest = placed(staff)
    shown = staff.get(f"{ORDERS}?id_min={mixed[1]['unpaid']['id']}&limit=100").json()["results"]
    assert guest["id"] in {order["id"] for order in shown}
    assert len({order["customer"] and order["customer"]["id"] for order in shown}) > 1


def test_the_staffs_list_is_paged_like_the_shops(staff: Client, mixed: tuple[int, dict[str, Document]]) -> None:
    page = staff.get(f"{ORDERS}?customer={mixed[0]}&limit=2&offset=1&ordering=id").json()
    address = f"{staff.base}{ORDERS}?customer={mixed[0]}&limit=2"
    assert (page["count"], len(page["results"])) == (4, 2)
    assert page["next"] == f"{address}&offset=3&ordering=id"
    assert page["previous"] == f"{address}&ordering=id"


@pytest.mark.parametrize("name", ["colour", "storefront_status", "Limit", "customer_id", "page", ""])
def test_the_staffs_list_refuses_a_parameter_that_it_does_not_know(name: str, staff: Client) -> None:
    assert_problem(staff.get(f"{ORDERS}?{name}=1"), 400, "invalid-parameter", field=name or None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("customer", "x"), ("customer", "-1"), ("is_paid", "maybe"), ("is_payable", "2"), ("status", "gone")],
)
def test_the_staffs_list_names_the_parameter_that_it_cannot_understand(name: str, value: str, staff: Client) -> None:
    assert_problem(staff.get(f"{ORDERS}?{name}={value}"), 400, "invalid-parameter", field=name)


@pytest.mark.parametrize("reference", ["999999999999", "0", "x", NOBODY, "9" * 30, "%00"])
def test_reading_an_order_that_does_not_exist_gets_404(reference: str, staff: Client) -> None:
    assert_problem(staff.get(f"{ORDERS}/{reference}"), 404, "order-not-found")


def test_an_order_is_read_by_its_id_or_its_uuid(staff: Client) -> None:
    order = placed(staff)
    by_id, by_uuid = staff.get(f"{ORDERS}/{order['id']}"), staff.get(f"{ORDERS}/{order['uuid']}")
    assert by_id.content == by_uuid.content
    assert by_id.json() == order
    assert by_id.headers["ETag"] == '"2"'


def test_an_order_needs_an_item_or_says_that_it_has_none(service: Service, staff: Client) -> None:
    with nothing_recorded(service):
        for body in ({}, {"customer": {"id": 7}}):
            answer = staff.post(ORDERS, json=body)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "items")
    assert staff.post(ORDERS, json={"items": []}).status_code == 201


def test_every_fault_in_a_new_order_is_named_at_once(staff: Client) -> None:
    wrong = {
        "currency": "USD",
        "billing_postal_code": "?",
        "shipping_postal_code": "?",
        "shipping_cost": "0.001",
        "customer": {},
        "voucher": {"discount_amount": "0.001"},
        "items": [{"unit_price": "1.001", "shipping": "0.001"}, {"unit_price": "1", "discount_amount": "2"}],
        "charges": [{"kind": "tax", "amount": "1", "item": 3}, {"kind": "tip", "amount": "0.001"}],
    }
    answer = staff.post(ORDERS, json=wrong)
    assert answer.status_code == 422, answer.text
    assert {error["field"] for error in answer.json()["errors"]} == {
        "billing_postal_code",
        "shipping_postal_code",
        "shipping_cost",
        "customer.id",
        "voucher.discount_amount",
        "items[0].unit_price",
        "items[0].shipping",
        "items[1].discount_amount",
        "charges[0].item",
        "charges[1].amount",
    }
