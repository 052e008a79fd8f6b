"""Do charges (tax, tip, duty, fee, gift wrap) give the right events and totals?"""

from decimal import Decimal
from typing import Any

import pytest

from domain.order import commands as c
from domain.order import events as e
from domain.order.decide import create
from domain.refusals import AmountTooLarge, ChargeNotFound, InvalidField, OrderTooLong, TotalNegative
from domain.strict_json import canonical, convert
from tests.domain.test_decide import NOW, change, created, given, item, order_of, received, refunded, voucher

VAT = {"kind": "tax", "name": "VAT 21%", "rate": "0.21", "amount": "60.64"}


def charge(kind: str, amount: str, **fields: Any) -> e.Charge:
    return e.Charge(kind=kind, amount=amount, **fields)


def charged(*charges: e.Charge) -> e.ChargesChanged:
    return e.ChargesChanged(occurred_at=NOW, charges=charges)


def place(**body: Any) -> list[e.Event]:
    return create(convert(body, c.CreateOrder), order_id=1, key="k", currency_default="USD", now=NOW)


def test_an_order_is_created_with_its_charges_in_one_event_behind_its_items() -> None:
    *_, last = place(items=[{"unit_price": "1"}], charges=[VAT, {"kind": "tip", "amount": 5, "item": 1}])
    vat = charge("tax", "60.64", name="VAT 21%", rate="0.21")
    assert last == charged(vat, charge("tip", "5.00", item=1))


def test_charges_on_top_add_to_the_total_and_included_ones_inform() -> None:
    order = order_of([created(), item(unit_price="100.00"), charged(charge("tax", "21.00"), charge("tip", "3.50"))])
    assert (order.totals.total, order.totals.charges) == (12450, 2450)
    included = charged(charge("tax", "17.36", included=True))
    order = order_of([created(), item(unit_price="100.00"), included])
    assert (order.totals.total, order.totals.charges) == (10000, 0)


def test_paid_outstanding_and_credited_follow_the_total_with_its_charges() -> None:
    events = [created(), item(unit_price="100.00"), charged(charge("tax", "21.00")), received("100.00")]
    assert (order_of(events).totals.outstanding, order_of(events).totals.is_paid) == (2100, False)
    paid = [*events, received("21.00", "pi_2")]
    assert order_of(paid).totals.is_paid
    assert order_of([*paid, refunded("21.00")]).totals.credited == 2100


def test_the_charges_are_replaced_as_a_whole_and_the_same_again_is_no_event() -> None:
    before = (created(), item(), charged(charge("tax", "1.00")))
    given(*before).when(change(charges=[{"kind": "tip", "amount": "2"}])).then(charged(charge("tip", "2.00")))
    given(*before).when(change(charges=[{"kind": "tax", "amount": "1.00"}])).then()
    given(*before).when(change(charges=[])).then(charged())
    given(*before).when(change(charges=None)).then(charged())
    given(*before).when(change(notes=None)).then()


def test_one_charge_is_added_changed_and_removed_by_its_place() -> None:
    before = (created(), item(), charged(charge("tax", "1.00", name="VAT"), charge("tip", "2.00")))
    tax, tip = before[-1].charges
    fee = charge("fee", "3.00")
    given(*before).when(convert({"kind": "fee", "amount": "3"}, c.AddCharge)).then(charged(tax, tip, fee))
    changed = convert({"amount": "1.50", "included": True}, c.ChangedCharge)
    as_changed = charge("tax", "1.50", name="VAT", included=True)
    given(*before).when(c.ChangeCharge(charge=0, changed=changed)).then(charged(as_changed, tip))
    same = convert({"amount": "1.00", "name": "VAT"}, c.ChangedCharge)
    given(*before).when(c.ChangeCharge(charge=0, changed=same)).then()
    given(*before).when(c.RemoveCharge(charge=0)).then(charged(tip))


@pytest.mark.parametrize("command", [c.RemoveCharge(charge=1), c.ChangeCharge(charge=1, changed=c.ChangedCharge())])
def test_a_charge_that_is_not_there_is_not_found(command: c.Command) -> None:
    given(created(), charged(charge("tax", "1.00"))).when(command).then(ChargeNotFound, saying="no charge 1")


def test_the_charges_for_an_item_go_with_it() -> None:
    for_order = charge("tip", "1.00")
    before = (created(), item(1), item(2), charged(charge("tax", "2.00", item=2), for_order))
    given(*before).when(c.RemoveItem(item=2)).then(e.ItemRemoved(occurred_at=NOW, item=2), charged(for_order))
    given(*before).when(c.RemoveItem(item=1)).then(e.ItemRemoved(occurred_at=NOW, item=1))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"item": 3}, "charges[0].item"),
        ({"item": 0}, "charges[0].item"),
        ({"amount": "0.001"}, "charges[0].amount"),
        ({"rate": "0.12345678901"}, "charges[0].rate"),
    ],
)
def test_a_fault_of_a_charge_is_named_with_its_place(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        place(items=[{}, {}], charges=[VAT | wrong])
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "gift"}, "charges[0].kind"),
        ({"amount": "-1"}, "charges[0].amount"),
        ({"name": "x" * 201}, "charges[0].name"),
        ({"rate": "21%"}, "charges[0].rate"),
        ({"colour": "red"}, "charges[0].colour"),
    ],
)
def test_a_charge_of_another_shape_is_refused_with_its_place(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        convert({"charges": [VAT | wrong]}, c.CreateOrder)
    assert refused.value.field == field


def test_an_order_has_at_most_100_charges_however_they_come() -> None:
    with pytest.raises(InvalidField, match="charges"):
        convert({"charges": [VAT] * 101}, c.CreateOrder)
    full = (created(), charged(*[charge("tip", "0.01")] * 100))
    given(*full).when(convert(VAT, c.AddCharge)).then(OrderTooLong, saying="at most 100 charges")


def test_charges_keep_the_bounds_of_the_total() -> None:
    vast = {"kind": "fee", "amount": "999999999999999.99"}
    given(created(), item()).when(change(charges=[vast])).then(AmountTooLarge)
    owed = (created(), item(), charged(charge("fee", "5.00")), voucher("15.00"))
    given(*owed).when(change(charges=[])).then(TotalNegative)


def test_a_command_without_charges_has_the_canonical_bytes_of_before() -> None:
    for shape in (c.CreateOrder, c.ChangeOrder):
        assert b"charges" not in canonical(convert({}, shape))
    assert canonical(convert({"charges": [VAT]}, c.ChangeOrder)).count(b'"amount":"60.64"') == 1


def test_an_amount_of_a_charge_meets_no_float() -> None:
    *_, last = place(charges=[{"kind": "tax", "amount": Decimal("0.10").to_eng_string()}])
    assert last == charged(charge("tax", "0.10"))
