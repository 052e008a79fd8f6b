"""Does `fields` narrow the objects of an answer, exactly, wherever staff ask, and never a contract of customers?"""

from typing import Any

import pytest

from api.openapi.operations import OPERATIONS, Operation
from domain.log.keys import SCOPES
from tests.api.conftest import ORDERS, SHOP, STOREFRONT, Customer, assert_problem, paid, placed
from tests.conftest import Client, Service

NARROWABLE = [of for of in OPERATIONS if of.can_be_narrowed]


@pytest.fixture(scope="module")
def everything(service: Service) -> Client:
    return service.client(service.key(*SCOPES))


def test_a_list_has_the_fields_that_are_asked_for_in_the_documents_order(staff: Client) -> None:
    placed(staff)
    placed(staff, currency="BHD", items=[{"unit_price": "79.900"}])
    asked = {"fields": "total, id,currency,,id", "limit": "1"}
    answer = staff.get(ORDERS, params=asked)
    page = answer.json()
    assert list(page) == ["count", "next", "previous", "results"]
    assert [list(order) for order in page["results"]] == [["id", "total", "currency"]]
    assert b'"total":79.900,' in answer.content
    assert "fields=total" in page["next"]
    assert list(staff.get(page["next"]).json()["results"][0]) == ["id", "total", "currency"]
    whole = staff.get(ORDERS, params={"limit": "1"})
    assert staff.get(ORDERS, params={"limit": "1", "fields": ""}).json()["results"] == whole.json()["results"]
    assert answer.headers["Ledger-Position"] == whole.headers["Ledger-Position"]


def test_an_order_has_the_fields_asked_for_and_is_not_sent_again_unchanged(staff: Client) -> None:
    order = placed(staff)
    url = f"{ORDERS}/{order['id']}"
    answer = staff.get(url, params={"fields": "items,uuid"})
    assert answer.json() == {"uuid": order["uuid"], "items": order["items"]}
    again = staff.get(url, params={"fields": "uuid"}, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("of", NARROWABLE, ids=lambda of: of.id)
def test_unknown_fields_are_all_named_with_the_known_ones(of: Operation, everything: Client) -> None:
    url = of.path.format_map(dict.fromkeys(("order_id", "customer_id"), 1) | NAMED)
    answer = everything.get(url, params={"fields": f"{of.fields[0]},nots,no te"})
    problem = assert_problem(answer, 400, "invalid-parameter", field="fields")
    assert "not known here: nots, no te; known are " in problem["detail"]
    assert all(name in problem["detail"] for name in of.fields)


NAMED = {"name": "k", "webhook_id": "w", "reconciliation": "r", "period": "2026-03"}


def test_rows_of_every_list_are_narrowed(service: Service, everything: Client) -> None:
    order = paid(everything, placed(everything, customer={"id": 31}))
    one = {"order_id": order["id"], "customer_id": 31}
    nowhere = one | dict.fromkeys(NAMED, "{")
    known = [of for of in NARROWABLE if "{" not in of.path.format_map(nowhere) and of.id != "getCheckpoint"]
    assert len(known) > 12
    for of in known:
        url = of.path.format_map(one)
        whole: Any = everything.get(url).json()
        narrowed: Any = everything.get(url, params={"fields": of.fields[0]}).json()
        if not of.rows:
            assert narrowed == {of.fields[0]: whole[of.fields[0]]}, of.id
            continue
        assert narrowed.keys() == whole.keys(), of.id
        for rows in of.rows:
            assert len(narrowed[rows]) == len(whole[rows])
            assert all(row.keys() <= {of.fields[0]} for row in narrowed[rows])


def test_the_contracts_of_customers_know_no_parameter_fields(staff: Client, new_customer: Any) -> None:
    customer: Customer = new_customer()
    order = placed(staff, customer)
    for path, id_ in ((SHOP, order["id"]), (STOREFRONT.rstrip("/"), order["uuid"])):
        for url in (path, f"{path}/{id_}"):
            whole = customer.get(url)
            assert customer.get(url, params={"fields": "id"}).json().keys() == whole.json().keys()
    assert customer.get(SHOP, params={"fields": "nots"}).json()["results"][0]["id"] == order["id"]


def test_commands_take_no_parameter_fields(staff: Client) -> None:
    order = placed(staff)
    answer = staff.patch(f"{ORDERS}/{order['id']}", json={}, params={"fields": "id"})
    assert_problem(answer, 400, "invalid-parameter", field="fields")


def test_an_unknown_key_gets_a_401_before_unknown_fields_are_named(service: Service) -> None:
    stranger = service.client("none")
    assert_problem(stranger.get(ORDERS, params={"fields": "nots"}), 401, "not-authenticated")
