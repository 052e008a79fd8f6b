"""Does each movement of money change an order as docs/money.md says, and is none recorded twice?"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.aggregate import Event
from domain.ledger import OrderLedger
from domain.order import commands as c
from domain.order import events as e
from domain.order.movements import EFFECTS
from domain.order.state import Order, is_payable
from domain.refusals import (
    AmountExceedsLeft,
    ChargebackNotFound,
    InvalidField,
    PaymentNotFound,
    PaymentNotVoidable,
    PaymentReferenceTaken,
    ReferenceTaken,
    RefundNotFound,
    StatusChangeNotAllowed,
)
from domain.strict_json import convert
from tests.conftest import ME, do, new_order
from tests.domain.test_decide import (
    BEGUN,
    EVERY_STATUS,
    NOW,
    become,
    created,
    given,
    item,
    order_of,
    pay,
    received,
    refund,
    refunded,
    status,
)

SHAPES = {
    "payment_failure": c.FailPayment,
    "refund_failure": c.FailRefund,
    "chargeback": c.ChargeBack,
    "chargeback_reversal": c.ReverseChargeback,
}
AT = {
    "payment_failure": "failed_at",
    "refund_failure": "failed_at",
    "chargeback": "charged_back_at",
    "chargeback_reversal": "reversed_at",
}
OF = {
    "payment_failure": ("payment_reference", "pi_1", PaymentNotFound),
    "refund_failure": ("refund_reference", "re_1", RefundNotFound),
    "chargeback": ("payment_reference", "pi_1", PaymentNotFound),
    "chargeback_reversal": ("chargeback_reference", "dp_1", ChargebackNotFound),
}
each_kind = pytest.mark.parametrize("kind", SHAPES)


def take_back(kind: str, amount: str, reference: str = "x_1", **fields: Any) -> c.Command:
    return convert({"amount": amount, "reference": reference, "provider": "stripe"} | fields, SHAPES[kind])


def taken_back(kind: str, amount: str, reference: str = "x_1", **fields: Any) -> Event:
    """The event of a movement of this kind, at the time of the stories' beginning."""
    who = {"amount": amount, "reference": reference, "provider": "stripe"}
    return EFFECTS[kind].event(**{"occurred_at": BEGUN, AT[kind]: BEGUN} | who | fields)


def void(reference: str = "pi_1", reason: str = "typed twice") -> c.VoidPayment:
    return c.VoidPayment(reference=reference, provider="stripe", reason=reason)


VOIDED = e.PaymentVoided(occurred_at=BEGUN, amount="100.00", provider="stripe", reference="pi_1", reason="typed twice")


def sums(order: Order) -> dict[str, Any]:
    totals = order.totals
    return {
        "paid": totals.paid,
        "outstanding": totals.outstanding,
        "is_paid": totals.is_paid,
        "is_payable": is_payable(order, totals),
    }


PAID = (created(), item(unit_price="100.00"), received("100.00"))
BEFORE: dict[str, tuple[Event, ...]] = {
    "payment_failure": PAID,
    "refund_failure": (*PAID, refunded("40.00")),
    "chargeback": PAID,
    "chargeback_reversal": (*PAID, taken_back("chargeback", "40.00", "dp_1")),
}
OWED = {"paid": 6000, "outstanding": 4000, "is_paid": False, "is_payable": True}
NOT_OWED = {"paid": 6000, "outstanding": 0, "is_paid": True, "is_payable": False}
WHOLE = {"paid": 10000, "outstanding": 0, "is_paid": True, "is_payable": False}


@pytest.mark.parametrize(
    ("kind", "after"),
    [("payment_failure", OWED), ("refund_failure", WHOLE), ("chargeback", NOT_OWED), ("chargeback_reversal", WHOLE)],
)
def test_each_movement_changes_the_sums_owed_as_its_document_says(kind: str, after: dict[str, Any]) -> None:
    expected = taken_back(kind, "40.00", occurred_at=NOW, **{AT[kind]: NOW})
    order = given(*BEFORE[kind]).when(take_back(kind, "40")).then(expected)
    assert sums(order) == after


def test_a_chargeback_that_is_owed_again_is_outstanding() -> None:
    assert sums(order_of([*PAID, taken_back("chargeback", "40.00", owed_again=True)])) == OWED


def test_a_refund_that_failed_and_is_made_again_is_owed_no_more_than_once() -> None:
    story = (*PAID, refunded("40.00"), taken_back("refund_failure", "40.00"), refunded("40.00", "re_2"))
    assert sums(order_of(story)) == NOT_OWED
    assert order_of(story).credited == 4000


def test_a_failed_part_of_a_refund_gives_back_no_more_than_was_credited_of_it() -> None:
    overpaid = (created(), item(unit_price="60.00"), received("100.00"), refunded("50.00"))  # 10.00 are credited
    assert order_of(overpaid).credited == 1000
    assert order_of([*overpaid, taken_back("refund_failure", "4.00", refund_reference="re_1")]).credited == 600
    after = order_of([*overpaid, taken_back("refund_failure", "50.00", refund_reference="re_1")])
    assert (after.credited, after.totals.paid, after.totals.outstanding) == (0, 10000, 0)


def test_a_reversal_gives_back_the_credit_of_its_own_chargeback() -> None:
    story = (
        *PAID,
        taken_back("chargeback", "30.00", "dp_1", owed_again=True),
        taken_back("chargeback", "20.00", "dp_2"),
        taken_back("chargeback_reversal", "30.00", chargeback_reference="dp_1"),
    )
    assert (order_of(story).credited, order_of(story).totals.paid) == (2000, 8000)


@each_kind
@pytest.mark.parametrize("at", EVERY_STATUS)
def test_a_movement_of_money_is_recorded_in_every_status(kind: str, at: str) -> None:
    event = taken_back(kind, "40.00", occurred_at=NOW, **{AT[kind]: NOW})
    given(*BEFORE[kind], status(at)).when(take_back(kind, "40")).then(event)


@each_kind
def test_more_than_is_left_is_taken_back_only_where_it_is_forced(kind: str) -> None:
    most = {"payment_failure": "100", "chargeback": "100"}.get(kind, "40")
    command = take_back(kind, f"{most}.01")
    given(*BEFORE[kind]).when(command).then(AmountExceedsLeft, saying=f"{most}.00 USD")
    forced = take_back(kind, f"{most}.01", force=True)
    given(*BEFORE[kind]).when(forced).then(
        taken_back(kind, f"{most}.01", occurred_at=NOW, forced=True, **{AT[kind]: NOW})
    )


@each_kind
def test_a_named_movement_is_taken_back_no_further_than_is_left_of_it(kind: str) -> None:
    field, name, _ = OF[kind]
    more = {"payment": received("50.00", "pi_2"), "refund": refunded("10.00", "re_2")}
    about = EFFECTS[kind].about
    other = more.get(str(about)) or taken_back("chargeback", "10.00", "dp_2")
    most = {"payment": "100", "refund": "40", "chargeback": "40"}[str(about)]
    story = (*BEFORE[kind], other, taken_back(kind, "30.00", "x_0", **{field: name}))
    left = f"{int(most) - 30}.00"
    given(*story).when(take_back(kind, f"{left[:-1]}1", **{field: name})).then(AmountExceedsLeft, saying=f"{left} USD")
    given(*story).when(take_back(kind, left, **{field: name})).then(
        taken_back(kind, left, occurred_at=NOW, **{AT[kind]: NOW, field: name})
    )


@each_kind
def test_a_movement_that_the_order_does_not_have_is_not_taken_back_even_by_force(kind: str) -> None:
    field, _, refusal = OF[kind]
    given(*BEFORE[kind]).when(take_back(kind, "1", force=True, **{field: "another"})).then(refusal, saying="another")


@each_kind
def test_the_same_movement_again_records_nothing_and_with_another_amount_is_refused(kind: str) -> None:
    story = (*BEFORE[kind], taken_back(kind, "40.00"))
    given(*story).when(take_back(kind, "40")).then()
    given(*story).when(take_back(kind, "39")).then(ReferenceTaken, saying="40.00 USD")


def test_the_same_chargeback_that_is_to_be_owed_again_is_refused() -> None:
    story = (*BEFORE["chargeback"], taken_back("chargeback", "40.00"))
    given(*story).when(take_back("chargeback", "40", owed_again=True)).then(ReferenceTaken, saying="40.00 USD")


@each_kind
def test_a_movement_earlier_than_what_it_takes_back_is_refused(kind: str) -> None:
    early = (BEGUN - timedelta(seconds=1)).isoformat()
    given(*BEFORE[kind]).when(take_back(kind, "1", **{AT[kind]: early})).then(InvalidField, saying=AT[kind])
    given(*BEFORE[kind]).when(take_back(kind, "0")).then(InvalidField, saying="amount")


@pytest.mark.parametrize("kind", ["payment_failure", "chargeback"])
@pytest.mark.parametrize("named", [{}, {"payment_reference": "pi_1"}], ids=["unnamed", "named"])
def test_a_movement_earlier_than_its_payment_is_refused_where_a_void_one_came_before(
    kind: str, named: dict[str, str]
) -> None:
    story = (*PAID, VOIDED, received("100.00", received_at=NOW))
    early = {AT[kind]: (NOW - timedelta(seconds=1)).isoformat()}
    given(*story).when(take_back(kind, "1", **early, **named)).then(InvalidField, saying=AT[kind])


def test_a_chargeback_after_a_refund_takes_the_money_twice() -> None:
    story = (*PAID, refunded("100.00"), status("completed"))
    given(*story).when(take_back("chargeback", "100")).then(AmountExceedsLeft, saying="0.00 USD")
    order = order_of([*story, taken_back("chargeback", "100.00", "dp_1", forced=True)])
    assert (order.totals.paid, order.totals.outstanding, is_payable(order, order.totals)) == (-10000, 0, False)
    won = order_of([*story, taken_back("chargeback", "100.00", "dp_1"), taken_back("chargeback_reversal", "100.00")])
    assert (won.totals.paid, won.totals.outstanding) == (0, 0)


@pytest.mark.parametrize("kind", ["payment_failure", "chargeback"])
def test_money_that_was_pulled_back_is_not_refunded(kind: str) -> None:
    story = (*PAID, taken_back(kind, "60.00", payment_reference="pi_1"))
    answer = given(*story).when(refund("40.01", payment_reference="pi_1"))
    assert answer.refusal
    assert "40.00 USD" in answer.refusal.detail


@pytest.mark.parametrize(
    "gone",
    [refunded("100.00"), taken_back("payment_failure", "100.00"), taken_back("chargeback", "100.00"), VOIDED],
    ids=lambda event: type(event).__name__,
)
def test_an_order_is_refunded_or_deleted_only_where_nothing_that_was_received_is_left(gone: Event) -> None:
    for at, to in (("completed", "refunded"), ("failed", "deleted")):
        given(*PAID, status(at)).when(become(to)).then(StatusChangeNotAllowed)
        given(*PAID, gone, status(at)).when(become(to)).then(e.StatusChanged(occurred_at=NOW, status=to))


# --- void ---


def test_a_void_takes_the_whole_payment_and_the_order_is_to_be_paid_again() -> None:
    event = e.PaymentVoided(occurred_at=NOW, amount="100.00", provider="stripe", reference="pi_1", reason="typed twice")
    order = given(*PAID).when(void()).then(event)
    assert sums(order) == {"paid": 0, "outstanding": 10000, "is_paid": False, "is_payable": True}


def test_a_void_again_records_nothing() -> None:
    given(*PAID, VOIDED).when(void()).then()
    given(*PAID).when(void("pi_2")).then(PaymentNotFound, saying="pi_2")


@pytest.mark.parametrize("kind", ["refund", "payment_failure", "chargeback"])
def test_a_payment_of_which_something_was_recorded_is_not_void(kind: str) -> None:
    gone = refunded("1.00", payment_reference="pi_1") if kind == "refund" else taken_back(kind, "1.00")
    given(*PAID, gone).when(void()).then(PaymentNotVoidable, saying="99.00 USD")


def test_a_payment_that_is_void_is_recorded_again_under_its_reference() -> None:
    event = received("90.00", occurred_at=NOW, received_at=NOW)
    order = given(*PAID, VOIDED).when(pay("90")).then(event)
    assert order.totals.paid == 9000
    given(*PAID, VOIDED, received("90.00")).when(pay("90")).then()


# --- in the whole ledger ---

TEN = {"items": [{"unit_price": "10.00"}]}


def placed(ledger: OrderLedger) -> UUID:
    return do(ledger.create, new_order(**TEN), ME).order.uuid


def test_a_reference_is_one_movements_of_its_kind_in_the_whole_ledger(ledger: OrderLedger) -> None:
    one, other = placed(ledger), placed(ledger)
    for uuid, name in ((one, "pi_1"), (other, "pi_2")):
        do(ledger.change, uuid, pay("10", name), ME)
    first = do(ledger.change, one, take_back("chargeback", "10", "dp_1"), ME)
    assert do(ledger.change, one, take_back("chargeback", "10", "dp_1"), ME).order == first.order
    with pytest.raises(ReferenceTaken, match="another order"):
        do(ledger.change, other, take_back("chargeback", "10", "dp_1"), ME)
    do(ledger.change, other, take_back("payment_failure", "10", "dp_1"), ME)


def test_a_payment_typed_on_the_wrong_order_is_voided_and_recorded_on_the_right_one(ledger: OrderLedger) -> None:
    wrong, right = placed(ledger), placed(ledger)
    do(ledger.change, wrong, pay("10"), ME)
    with pytest.raises(PaymentReferenceTaken, match="another order"):
        do(ledger.change, right, pay("10"), ME)
    void_at = do(ledger.change, wrong, void(), ME).order
    assert do(ledger.change, right, pay("10"), ME).order.totals.is_paid
    with pytest.raises(PaymentReferenceTaken, match="another order"):
        do(ledger.change, wrong, pay("10"), ME)
    assert do(ledger.change, wrong, void(), ME).order == void_at
    do(ledger.change, right, void(), ME)
    again = do(ledger.change, wrong, pay("10"), ME).order
    assert [movement.number for movement in again.payments] == [1, 1, 3]
    with pytest.raises(PaymentNotFound):
        do(ledger.change, placed(ledger), void(), ME)
