"""A shop's own numbers: the key that the shop gives an order, and the ids that other systems have for it."""

from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.order import commands as c
from domain.order import events as e
from domain.order.state import Order
from domain.refusals import ExternalIdTaken, InvalidField, OrderKeyTaken
from domain.strict_json import canonical, convert
from tests.conftest import ME, do, new_order
from tests.domain.test_charges import place
from tests.domain.test_decide import NOW, change, created, given

SHOPIFY = "6031234567890123456"


def changed(**fields: Any) -> e.ExternalIdsChanged:
    return e.ExternalIdsChanged(occurred_at=NOW, **fields)


def made(ledger: OrderLedger, **fields: Any) -> Order:
    return do(ledger.create, new_order(**fields), ME).order


def now(ledger: OrderLedger, order: Order, **external_ids: str) -> Order:
    return do(ledger.change, order.uuid, change(external_ids=external_ids), ME).order


def test_a_key_may_be_given_when_an_order_is_created_and_is_nobody_elses(ledger: OrderLedger) -> None:
    assert made(ledger, key="#1001").key == "#1001"
    assert len(made(ledger).key) == 20
    with pytest.raises(OrderKeyTaken, match="#1001"):
        made(ledger, key="#1001")


def test_the_same_request_with_its_own_key_is_answered_as_the_first_time(ledger: OrderLedger) -> None:
    again = Provenance("tester", None, "key-1")
    first = do(ledger.create, new_order(key="#1001"), again)
    second = do(ledger.create, new_order(key="#1001"), again)
    assert (second.order, second.replayed) == (first.order, True)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 65, "ключ", "a\n", 17])
def test_a_key_is_short_and_plain(key: Any) -> None:
    with pytest.raises(InvalidField) as refused:
        new_order(key=key)
    assert refused.value.field == "key"


def test_external_ids_are_recorded_as_they_change() -> None:
    assert place(external_ids={"shopify": SHOPIFY})[1:] == [changed(given={"shopify": SHOPIFY})]
    before = (created(), changed(given={"shopify": "1", "erp": "2"}))
    given(*before).when(change(external_ids={"shopify": "1", "erp": "2"})).then()
    order = (
        given(*before)
        .when(change(external_ids={"shopify": "3"}))
        .then(changed(given={"shopify": "3"}, removed=("erp",)))
    )
    assert order.external_ids == {"shopify": "3"}
    given(*before).when(change(external_ids=None)).then(changed(removed=("shopify", "erp")))
    back = (*before, changed(given={"shopify": "3"}, removed=("erp",)))
    order = (
        given(*back)
        .when(change(external_ids={"shopify": "1", "erp": "4"}))
        .then(changed(given={"erp": "4"}, given_again={"shopify": "1"}))
    )
    assert order.external_ids == {"shopify": "1", "erp": "4"}


def test_an_external_id_is_one_orders_in_its_system_for_ever(ledger: OrderLedger) -> None:
    first, second = made(ledger, external_ids={"shopify": SHOPIFY}), made(ledger)
    for give in (lambda: now(ledger, second, shopify=SHOPIFY), lambda: made(ledger, external_ids={"shopify": SHOPIFY})):
        with pytest.raises(ExternalIdTaken, match=str(first.uuid)):
            give()
    assert now(ledger, second, etsy=SHOPIFY).external_ids == {"etsy": SHOPIFY}
    now(ledger, first, shopify="other")
    with pytest.raises(ExternalIdTaken):
        now(ledger, second, shopify=SHOPIFY)
    assert now(ledger, first, shopify=SHOPIFY).external_ids == {"shopify": SHOPIFY}


@pytest.mark.parametrize(
    ("ids", "field"),
    [
        ({"": "1"}, "external_ids."),
        ({"a:b": "1"}, "external_ids.a:b"),
        ({"x" * 41: "1"}, f"external_ids.{'x' * 41}"),
        ({"shopify": ""}, "external_ids.shopify"),
        ({"shopify": "x" * 201}, "external_ids.shopify"),
    ],
)
def test_a_wrong_external_id_is_named(ids: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        place(external_ids=ids)
    assert refused.value.field == field


def test_an_order_has_at_most_20_external_ids_and_each_is_text() -> None:
    for ids in ({f"s{n}": "1" for n in range(21)}, {"shopify": 603}):
        with pytest.raises(InvalidField, match="external_ids"):
            convert({"external_ids": ids}, c.CreateOrder)


def test_a_command_without_own_numbers_has_the_canonical_bytes_of_before() -> None:
    for shape in (c.CreateOrder, c.ChangeOrder):
        assert not {b'"key"', b"external_ids"} & set(canonical(convert({}, shape)).split(b":"))
