"""Does a change of a line record the right event?"""

import pytest

from domain.order import events as e
from domain.refusals import InvalidField, ItemNotFound
from tests.domain.test_decide import NOW, created, given, item, lines

LINE = item(1, "10.00", 2, shipping="1.00", discount_amount="3.00", product=e.Product(id=5))


def changed(unit_price: str, quantity: int, shipping: str, discount: str) -> e.ItemChanged:
    return e.ItemChanged(
        occurred_at=NOW, item=1, unit_price=unit_price, quantity=quantity, shipping=shipping, discount_amount=discount
    )


def test_price_discount_shipping_and_quantity_change_together_or_alone() -> None:
    before = given(created(), LINE, item(2))
    whole = lines(1, unit_price="9.5", quantity=3, shipping=0, discount_amount="4")
    order = before.when(whole).then(changed("9.50", 3, "0.00", "4.00"))
    assert (order.totals.total, order.items[0].product) == (2850 - 400 + 1000, e.Product(id=5))
    before.when(lines(1, unit_price="9")).then(changed("9.00", 2, "1.00", "3.00"))
    before.when(lines(1, discount_amount="0")).then(changed("10.00", 2, "1.00", "0.00"))
    before.when(lines(1, shipping="2.5", quantity=2)).then(changed("10.00", 2, "2.50", "3.00"))


def test_a_change_of_the_quantity_alone_is_recorded_as_ever() -> None:
    only = e.ItemQuantityChanged(occurred_at=NOW, item=1, quantity=3)
    given(created(), LINE).when(lines(1, quantity=3)).then(only)
    given(created(), LINE).when(lines(1, quantity=3, unit_price="10")).then(only)


def test_a_line_that_is_so_already_gets_no_event() -> None:
    given(created(), LINE).when(lines(1, unit_price="10", quantity=2, shipping="1", discount_amount="3.00")).then()


def test_a_line_that_is_not_there_is_not_found_and_a_wrong_amount_named() -> None:
    given(created(), LINE).when(lines(2, unit_price="1")).then(ItemNotFound)
    given(created(), LINE).when(lines(1, discount_amount="0.001")).then(InvalidField, saying="discount_amount")
    given(created(), LINE).when(lines(1)).then(InvalidField, saying="unit_price")


def test_a_discounted_line_takes_fewer_units_and_less_discount_in_one_change() -> None:
    before = given(created(), item(1, "10.00", 2, discount_amount="15.00"))
    before.when(lines(1, quantity=1, discount_amount="5")).then(changed("10.00", 1, "0.00", "5.00"))


@pytest.mark.parametrize("at", ["processing", "completed"])
def test_a_line_that_is_so_already_is_no_change_whatever_the_status(at: str) -> None:
    moved = e.StatusChanged(occurred_at=NOW, status=at)
    given(created(), LINE, moved).when(lines(1, unit_price="10.00")).then()
