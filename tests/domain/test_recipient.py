"""Does an order keep its recipient and shipping address, as it keeps its billing address?"""

from typing import Any

import pytest

from domain.order import commands as c
from domain.order import events as e
from domain.refusals import InvalidField
from domain.strict_json import canonical, convert
from projections.orders.search import search_text, staff_search_text
from tests.domain.test_charges import place
from tests.domain.test_decide import NOW, change, created, given, order_of

ADDRESS: dict[str, Any] = {
    "shipping_country": {"id": 1, "name": "Canada", "code": "CA"},
    "shipping_state": {"id": 1, "name": "Ontario", "code": "ON"},
    "shipping_city": {"id": 1, "name": "Ottawa"},
    "shipping_address": "24 Sussex Drive",
    "shipping_postal_code": "K1M 1M4",
    "shipping_national_code": "046-454-286",
    "shipping_mobile_number": "+1 613 555 0199",
    "shipping_first_name": "Grace",
    "shipping_last_name": "Hopper",
}
RECIPIENT = e.Recipient(
    country=e.Country(id=1, name="Canada", code="CA"),
    state=e.State(id=1, name="Ontario", code="ON"),
    city=e.City(id=1, name="Ottawa"),
    address="24 Sussex Drive",
    postal_code="K1M 1M4",
    national_code="046-454-286",
    mobile_number="+1 613 555 0199",
    first_name="Grace",
    last_name="Hopper",
)


def recipient_changed(recipient: e.Recipient) -> e.RecipientChanged:
    return e.RecipientChanged(occurred_at=NOW, personal=e.RecipientPersonal(shipping=recipient))


def test_an_order_is_created_with_its_recipient_in_an_event_of_its_own() -> None:
    assert place(**ADDRESS)[1:] == [recipient_changed(RECIPIENT)]
    assert len(place(**dict.fromkeys(ADDRESS))) == 1
    assert order_of(place(**ADDRESS)).recipient == RECIPIENT


def test_a_field_that_is_left_out_stays_and_null_empties_it() -> None:
    before = (created(), recipient_changed(e.Recipient(first_name="Grace", address="24 Sussex Drive")))
    command = change(shipping_last_name="Hopper", shipping_address=None)
    given(*before).when(command).then(recipient_changed(e.Recipient(first_name="Grace", last_name="Hopper")))
    given(*before).when(change(shipping_first_name="Grace")).then()
    given(*before).when(change(billing_first_name="Ada")).then(
        e.BillingChanged(occurred_at=NOW, personal=e.BillingPersonal(billing=e.Billing(first_name="Ada")))
    )


@pytest.mark.parametrize("country", ["IR", "CA"])
def test_a_shipping_address_is_checked_by_its_own_country(country: str) -> None:
    wrong = {"shipping_country": {"code": country}, "shipping_postal_code": "K1M_1M4"}
    with pytest.raises(InvalidField) as refused:
        place(billing_country={"code": "DE"}, **wrong)
    assert refused.value.field == "shipping_postal_code"


def test_staff_find_an_order_by_whom_and_where_it_goes_and_customers_search_as_before() -> None:
    order = order_of(place(**ADDRESS))
    for word in ("grace hopper", "ottawa", "ontario", "canada", "24 sussex", "k1m 1m4", "046-454-286"):
        assert word in staff_search_text(order)
        assert word not in search_text(order)


def test_a_command_without_a_recipient_has_the_canonical_bytes_of_before() -> None:
    for shape in (c.CreateOrder, c.ChangeOrder):
        assert b"shipping_country" not in canonical(convert({}, shape))
