"""Does the answer name all faults of a request at once, in each kind of command?"""

import json
import time
from typing import Any

import pytest

from domain.order.commands import ImportOrder
from domain.refusals import InvalidField
from domain.strict_json import decode
from tests.api.conftest import ORDERS, SHOP, STOREFRONT, Customer, assert_problem, nothing_recorded, paid, placed
from tests.conftest import Client, Service

THUMBNAILS = {"id": 1, "image": {"id": 1, "thumbnails": [{"id": 1}] * 21}}
IN_IRAN = {"billing_country": {"code": "IR"}, "billing_postal_code": "1", "billing_national_code": "2"}
CODES = ("billing_postal_code", "billing_national_code")
WRONG_CHARGE = {"kind": "tax", "amount": "0.001", "rate": "0.12345678901", "item": 9}
OF_CHARGE = {"amount", "rate", "item"}
FUTURE = "2199-01-01T00:00:00Z"
MOVED = {"provider": "stripe", "reference": "r-1", "amount": "0.001"}
WRONG: dict[str, tuple[str, str, dict[str, Any], set[str]]] = {
    "details": (
        "PATCH",
        "",
        {
            **IN_IRAN,
            "shipping_postal_code": "?",
            "payment_method": THUMBNAILS,
            "shipping_method": THUMBNAILS,
            "shipping_cost": "0.001",
            "voucher": {"discount_amount": "0.001"},
            "charges": [WRONG_CHARGE, {"kind": "tip", "amount": "0.001"}],
        },
        {
            *("billing_postal_code", "billing_national_code", "shipping_postal_code", "shipping_cost"),
            *("payment_method.image.thumbnails", "shipping_method.image.thumbnails", "voucher.discount_amount"),
            *(f"charges[0].{name}" for name in OF_CHARGE),
            "charges[1].amount",
        },
    ),
    "an item": (
        "POST",
        "/items",
        {"unit_price": "0.001", "shipping": "0.001", "discount_amount": "0.001"},
        {"unit_price", "shipping", "discount_amount"},
    ),
    "an item's change": (
        "PATCH",
        "/items/1",
        {"unit_price": "0.001", "shipping": "0.001", "discount_amount": "0.001"},
        {"unit_price", "shipping", "discount_amount"},
    ),
    "charges": ("PUT", "/charges", {"charges": [WRONG_CHARGE]}, {f"charges[0].{name}" for name in OF_CHARGE}),
    "a charge": ("POST", "/charges", WRONG_CHARGE, OF_CHARGE),
    "a payment": ("POST", "/payments", {**MOVED, "received_at": FUTURE}, {"amount", "received_at"}),
    "a refund": (
        "POST",
        "/refunds",
        {
            **MOVED,
            "refunded_at": FUTURE,
            "lines": [
                {"item": 9, "amount": "0.001", "restock": True},
                {"charge": 9, "amount": "1", "quantity": 1},
                {"shipping": "0"},
                {},
            ],
        },
        {
            *("amount", "refunded_at", "lines[0].item", "lines[0].amount", "lines[0].quantity"),
            *("lines[1].charge", "lines[1].quantity", "lines[2].shipping", "lines[3]"),
        },
    ),
    **{
        name: ("POST", f"/{name}", {**MOVED, at: FUTURE}, {"amount", at})
        for name, at in (
            ("payment-failures", "failed_at"),
            ("refund-failures", "failed_at"),
            ("chargebacks", "charged_back_at"),
            ("chargeback-reversals", "reversed_at"),
        )
    },
    "values that fit nothing, and such as are refused anywhere": (
        "POST",
        "/payments",
        {"provider": "\x00", "reference": "", "amount": -1, "force": "no", "methods": "card"},
        {"provider", "reference", "amount", "force", "methods"},
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_every_field_at_fault_in_a_command_is_named(what: str, service: Service, staff: Client) -> None:
    method, path, body, fields = WRONG[what]
    order = paid(staff, placed(staff), "50.00")
    with nothing_recorded(service):
        answer = staff.request(method, f"{ORDERS}/{order['id']}{path}", json=body)
    problem = assert_problem(answer, 422, "invalid-field")
    assert {fault["field"] for fault in problem["errors"]} == fields
    assert all(fault["message"] in problem["detail"] for fault in problem["errors"])


def test_faults_beside_an_unknown_currency_are_named_with_it(staff: Client) -> None:
    body = {"currency": "XXY", "customer": {"username": "u"}, "items": [], **IN_IRAN, "payment_method": THUMBNAILS}
    problem = assert_problem(staff.post(ORDERS, json=body), 422, "invalid-field")
    assert {fault["field"] for fault in problem["errors"]} == {
        *("currency", "customer.id", "billing_postal_code", "billing_national_code", "payment_method.image.thumbnails"),
    }


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (
            {"currency": "XXY", "items": [{"quantity": 0}], "nots": 1, **IN_IRAN},
            {"currency", "items[0].quantity", "nots", "billing_postal_code", "billing_national_code"},
        ),
        (
            {"currency": "EUR", "items": [{"unit_price": "x"}, {"unit_price": "0.001"}], "shipping_cost": "0.001"},
            {"items[0].unit_price", "items[1].unit_price", "shipping_cost"},
        ),
        ({"items": 7, "charges": [{"kind": "tax", "amount": "1", "item": 1}], **IN_IRAN}, {"items", *CODES}),
        ({"currency": "XXY"}, {"items", "currency"}),
        ({"items[0]": 1, "items[9999999]": 1, "items[x": 1, "a.b": 1, "items": []}, None),
        ({"metadata": {"items[0].x": 1}, "currency": "XXY", "items": []}, {"metadata.items[0].x", "currency"}),
        ({"items": [{"unit_price": "1", "quantity": 0, "discount_amount": "9"}]}, {"items[0].quantity"}),
        ({"currency": "XXY", "items": [{"quantity": -1}], **IN_IRAN}, {"currency", "items[0].quantity", *CODES}),
        ({"currency": "XXY", "customer": {"id": 10**15}, "items": []}, {"currency", "customer.id"}),
        ({"currency": "XXY", "notes": "\x00", "items": []}, {"currency", "notes"}),
        (
            {"items": [], "charges": [{"kind": "x"}, {"kind": "tip", "amount": "0.001"}], **IN_IRAN},
            {"charges[0].kind", "charges[0].amount", "charges[1].amount", *CODES},
        ),
    ],
)
def test_faults_of_shape_and_of_rules_in_a_new_order_are_named_together(
    body: dict[str, Any], fields: set[str] | None, service: Service, staff: Client
) -> None:
    with nothing_recorded(service):
        problem = assert_problem(staff.post(ORDERS, json=body), 422, "invalid-field")
    assert {fault["field"] for fault in problem["errors"]} == (fields or body.keys() - {"items"})


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"notes": 7, "billing_postal_code": "1", "shipping_cost": "0.001"}, {"notes", *CODES[:1], "shipping_cost"}),
        ({"nots": -1, "voucher": {"discount_amount": "0.001"}}, {"nots", "voucher.discount_amount"}),
        (
            {"charges": [{"kind": "x"}, {"kind": "tip", "amount": "0.001"}], "shipping_postal_code": "?"},
            {"charges[0].kind", "charges[0].amount", "charges[1].amount", "shipping_postal_code"},
        ),
        ({"nots": 1, "notes": "well"}, {"nots"}),
    ],
)
def test_faults_of_shape_and_of_rules_in_a_change_of_an_order_are_named_together(
    body: dict[str, Any], fields: set[str], service: Service, staff: Client
) -> None:
    order = placed(staff, billing_country={"code": "IR"})
    with nothing_recorded(service):
        problem = assert_problem(staff.patch(f"{ORDERS}/{order['id']}", json=body), 422, "invalid-field")
    assert {fault["field"] for fault in problem["errors"]} == fields


LINES = [{"item": "1", "amount": "1"}, {"item": 9, "amount": "1"}, {"shipping": "0"}]


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    [
        ("POST", "/payments", {"amount": "0.001", "currency": "USD"}, {"amount", "currency"}),
        (
            "POST",
            "/payments",
            {"amount": "x", "received_at": FUTURE, "amuont": "1"},
            {"amount", "received_at", "amuont"},
        ),
        ("POST", "/payments", {"amount": "x"}, {"amount"}),
        (
            "POST",
            "/refunds",
            {"amount": True, "refunded_at": FUTURE, "lines": LINES[1:2]},
            {"amount", "refunded_at", "lines[0].item"},
        ),
        ("POST", "/refunds", {"amount": "x", "lines": [{"item": 1, "amount": "1"}]}, {"amount"}),
        ("POST", "/refunds", {"amount": "1", "lines": LINES}, {"lines[0].item", "lines[1].item", "lines[2].shipping"}),
        ("POST", "/chargebacks", {"force": "no", "amount": "0"}, {"force", "amount"}),
        ("POST", "/items", {"unit_price": "0.001", "quantity": 0}, {"unit_price", "quantity"}),
        ("POST", "/items", {"unit_price": "x", "nots": 1}, {"unit_price", "nots"}),
        ("PATCH", "/items/1", {"unit_price": "0.001", "quantity": 0}, {"unit_price", "quantity"}),
        ("PATCH", "/items/1", {"quantity": 0}, {"quantity"}),
        ("PATCH", "/items/1", {"unit_price": "x"}, {"unit_price"}),
        (
            "PUT",
            "/charges",
            {"charges": [{"kind": "x"}, WRONG_CHARGE]},
            {"charges[0].kind", "charges[0].amount", *(f"charges[1].{name}" for name in OF_CHARGE)},
        ),
        ("POST", "/charges", {"kind": "x", "amount": "0.001", "item": 9}, {"kind", "amount", "item"}),
        ("POST", "/charges", {"amount": "x", "item": 9}, {"kind", "amount", "item"}),
    ],
)
def test_faults_of_shape_and_of_rules_in_any_command_are_named_together(
    method: str, path: str, body: dict[str, Any], fields: set[str], service: Service, staff: Client
) -> None:
    order = paid(staff, placed(staff), "50.00")
    if "amount" in body and "charges" not in path:
        body = {"provider": "stripe", "reference": "r-1", **body}
    with nothing_recorded(service):
        problem = assert_problem(
            staff.request(method, f"{ORDERS}/{order['id']}{path}", json=body), 422, "invalid-field"
        )
    assert {fault["field"] for fault in problem["errors"]} == fields


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ({"currency": "XXY", "nots": 1, **IN_IRAN}, {"currency", "nots", *CODES}),
        (
            {
                "history": [{"type": "payment", **MOVED, "at": FUTURE}, {"type": "x"}, {"type": "y"}],
            },
            {"history[0].amount", "history[0].at", "history[1].type", "history[2].type"},
        ),
        ({"items": [{"quantity": 0}], "charges": [{"kind": "tip", "amount": "1", "item": 1}]}, {"items[0].quantity"}),
        ({"notes": 7}, {"notes"}),
    ],
)
def test_faults_of_shape_and_of_rules_in_a_line_of_a_batch_are_named_together(
    line: dict[str, Any], fields: set[str], service: Service, staff: Client
) -> None:
    with nothing_recorded(service):
        answer = staff.post(f"{ORDERS}:batch", data=json.dumps(line), headers={"Content-Type": "application/x-ndjson"})
    (told,) = map(json.loads, answer.text.splitlines())
    assert {fault["field"] for fault in told["problem"]["errors"]} == fields


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "a b", "scopes": ["x"], "expires_at": "x"}, {"name", "scopes", "expires_at"}),
        ({"customer_id": "7", "origins": ["x"], "nots": 1}, {"customer_id", "origins[0]", "nots"}),
        ({"customer_id": "7"}, {"customer_id"}),
    ],
)
def test_faults_of_shape_and_of_rules_in_a_new_key_are_named_together(
    body: dict[str, Any], fields: set[str], service: Service
) -> None:
    client = service.client(service.key("keys:write"))
    with nothing_recorded(service):
        problem = assert_problem(client.post("/api/v1/keys", json=body), 422, "invalid-field")
    assert {fault["field"] for fault in problem["errors"]} == fields


MALFORMED = {"limit": "x", "offset": "-1"}
OF_LIST = {
    **MALFORMED,
    **{
        "ordering": "nots",
        "status": "nots",
        "id_min": "x",
        "has_notes": "x",
        "payment_method": "x",
        "billing_city_in": "x",
    },
    **{"created_from": "x", "created_to": "x", "created_date": "x", "updated_to": "2024-02-31"},
}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (
            ORDERS,
            OF_LIST | {"customer": "x", "guest": "x", "is_paid": "x", "external_id": "x", "id_in": "x", "nots": "1"},
        ),
        ("/api/v1/customers", MALFORMED | {"ordering": "nots", "nots": "1", "no": "1"}),
        (
            "/api/v1/finance/payments",
            {"from": "x", "to": "x", "kind": "x", "order": "x", "after": "x", "limit": "x"},
        ),
        (f"{ORDERS}/1", {"nots": "1", "no": "1"}),
    ],
)
def test_every_parameter_at_fault_in_a_query_is_named(path: str, asked: dict[str, str], staff: Client) -> None:
    problem = assert_problem(staff.get(path, params=asked), 400, "invalid-parameter")
    assert {fault["field"] for fault in problem["errors"]} == asked.keys()


def test_every_parameter_at_fault_in_a_customers_query_is_named(new_customer: Any) -> None:
    customer: Customer = new_customer()
    for path, asked in ((SHOP, OF_LIST), (STOREFRONT, MALFORMED | {"status": "nots"})):
        problem = assert_problem(customer.get(path, params=asked), 400, "invalid-parameter")
        assert {fault["field"] for fault in problem["errors"]} == asked.keys()


def test_a_body_that_is_no_order_is_refused_in_a_moment() -> None:
    """A body that is no order once took hundredths of a second in the largest shape, for each such line of a batch."""
    began = time.process_time()
    for _ in range(50):
        with pytest.raises(InvalidField):
            decode(b"[]", ImportOrder)
    assert time.process_time() - began < 0.25


def test_every_fault_in_a_commands_headers_and_parameters_is_named(staff: Client) -> None:
    order = placed(staff)
    wrong = {"headers": {"Idempotency-Key": "a b", "If-Match": "x"}, "params": {"nots": "1", "dry_run": "maybe"}}
    for url, body in ((ORDERS, {"items": []}), (f"{ORDERS}/{order['id']}/status", {"status": "hold"})):
        answer = staff.post(url, json=body, **wrong)
        assert answer.status_code == 400
        named = {error["field"] for error in answer.json()["errors"]}
        assert named == {"Idempotency-Key", "If-Match", "nots", "dry_run"}
