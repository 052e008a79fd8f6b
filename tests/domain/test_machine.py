"""Do ledger and views agree with a plain model of orders, after any commands in any order?

The model is `plain.py`: the contract's rules as dictionaries of decimals.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.importing import import_lines
from domain.ledger import OrderLedger, Outcome
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance
from domain.order import commands as c
from domain.refusals import Refusal
from domain.strict_json import convert
from projections.orders import list as lists
from projections.views.views import Views
from tests.conftest import do
from tests.domain import plain
from tests.domain.plain import (
    NEXT,
    UNITS,
    Plain,
    closed_to,
    covers_discount,
    is_below_nothing,
    plain_order,
    storefront_status,
    totals,
)

# From the contract's table: the same amounts under the storefront's names.
STOREFRONT = {
    "items_subtotal": "subtotal",
    "items_discount": "savings_on_items",
    "total_discount": "amount_saved",
    "shipping_cost": "shipping",
    "total": "total_amount",
    "quantity": "items_count",
}
COUNTS = st.integers(0, 2000)
DISCOUNTS = st.integers(0, 600)
QUANTITIES = st.integers(1, 5)


def answer(give: Callable[[], Outcome]) -> Any:
    """The outcome of a command, or the code of its refusal."""
    try:
        return give()
    except Refusal as refused:
        return refused.code


class Orders(RuleBasedStateMachine):
    orders: Bundle[UUID] = Bundle("orders")
    sent: Bundle[tuple[UUID, c.Command, str, int]] = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.model: dict[UUID, Plain] = {}
        self.marks = 0
        self.events = 0
        self.open()

    def open(self) -> None:
        self.ledger = OrderLedger(SQLiteRecorder(self.folder / "ledger.db"))
        self.views = Views(self.ledger, self.folder / "views.db")
        self.views.ensure()

    def close(self) -> None:
        self.views.close()
        self.ledger.log_of_events.close()

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.folder)

    def mark(self) -> str:
        """A word that no earlier call returned."""
        self.marks += 1
        return f"mark-{self.marks}"

    def amount(self, order: Plain, count: int) -> Decimal:
        return count * UNITS[order["currency"]]

    def give(self, uuid: UUID, shape: type[c.Command], refusal: str | None, after: Plain, **fields: Any) -> Any:
        """Gives a command, and asserts the model's answer: the refusal's code, or the order `after`."""
        if refusal is None and is_below_nothing(after):
            refusal = "total-negative"
        command, key = convert(fields, shape), self.mark()
        outcome = answer(lambda: do(self.ledger.change, uuid, command, Provenance("tester", None, key)))
        if isinstance(outcome, str):
            assert outcome == refusal
            return multiple()
        assert refusal is None
        self.events += after["version"] - self.model[uuid]["version"]
        self.model[uuid] = after
        assert outcome.order.version == after["version"]
        return multiple((uuid, command, key, outcome.order.version))

    def changed(self, uuid: UUID, **fields: Any) -> Plain:
        """The model's order with these fields changed by one event."""
        order = self.model[uuid]
        return order | fields | {"version": order["version"] + 1}

    # --- clients ---

    @precondition(lambda self: len(self.model) < 4)
    @rule(
        target=orders,
        currency=st.sampled_from(sorted(UNITS)),
        lines=st.lists(st.tuples(COUNTS, QUANTITIES, COUNTS, DISCOUNTS), max_size=3),
        shipping=COUNTS,
        voucher=st.none() | DISCOUNTS,
        imported=st.booleans(),
    )
    def create(
        self,
        currency: str,
        lines: list[tuple[int, int, int, int]],
        shipping: int,
        voucher: int | None,
        imported: bool,
    ) -> Any:
        unit = UNITS[currency]
        items = [
            {"unit_price": price * unit, "quantity": quantity, "shipping": ship * unit, "discount_amount": off * unit}
            for price, quantity, ship, off in lines
        ]
        order = plain_order(currency, items, shipping * unit, None if voucher is None else voucher * unit)
        body = {"currency": currency, "items": items, "shipping_cost": order["shipping"]}
        if voucher is not None:
            body["voucher"] = {"discount_amount": order["voucher"]}
        uuid = self.recorded(body, imported=imported)
        assert (uuid is None) == (is_below_nothing(order) or not all(map(covers_discount, items)))
        if uuid is None:
            return multiple()
        self.model[uuid] = order
        self.events += order["version"]
        return uuid

    def recorded(self, body: Plain, *, imported: bool) -> UUID | None:
        """The id of the order that a command or an import made of this body, or None where it was refused."""
        text = json.dumps(body, default=str)
        if imported:
            result = import_lines(self.ledger, BytesIO(text.encode()), on_rejected=lambda *_: None)
            return None if result.rejected else self.ledger.uuid_of(len(self.model) + 1)
        command = convert(json.loads(text), c.CreateOrder)
        outcome = answer(lambda: do(self.ledger.create, command, Provenance("tester")))
        return None if outcome in ("total-negative", "invalid-field") else outcome.order.uuid

    @rule(target=sent, uuid=orders, price=COUNTS, quantity=QUANTITIES, shipping=COUNTS, discount=DISCOUNTS)
    def add_item(self, uuid: UUID, price: int, quantity: int, shipping: int, discount: int) -> Any:
        order = self.model[uuid]
        number = order["lines_ever"] + 1
        line = {
            "unit_price": self.amount(order, price),
            "quantity": quantity,
            "shipping": self.amount(order, shipping),
            "discount_amount": self.amount(order, discount),
        }
        after = self.changed(uuid, lines=order["lines"] | {number: line}, lines_ever=number)
        written = {name: value if name == "quantity" else str(value) for name, value in line.items()}
        refusal = closed_to(order, "items") or (None if covers_discount(line) else "invalid-field")
        return self.give(uuid, c.AddItem, refusal, after, **written)

    @rule(target=sent, uuid=orders, number=st.integers(1, 4), quantity=QUANTITIES)
    def change_quantity(self, uuid: UUID, number: int, quantity: int) -> Any:
        order = self.model[uuid]
        line = order["lines"].get(number)
        refusal: str | None = "item-not-found"
        after = order
        if line and line["quantity"] == quantity:
            refusal = None
        elif line:
            fewer = line | {"quantity": quantity}
            refusal = closed_to(order, "items") or (None if covers_discount(fewer) else "discount-exceeds-item")
            after = self.changed(uuid, lines=order["lines"] | {number: fewer})
        return self.give(uuid, c.ChangeItemQuantity, refusal, after, item=number, quantity=quantity)

    @rule(target=sent, uuid=orders, number=st.integers(1, 4))
    def remove_item(self, uuid: UUID, number: int) -> Any:
        order = self.model[uuid]
        refusal = closed_to(order, "items") if number in order["lines"] else "item-not-found"
        left = {at: line for at, line in order["lines"].items() if at != number}
        return self.give(uuid, c.RemoveItem, refusal, self.changed(uuid, lines=left), item=number)

    @rule(target=sent, uuid=orders, notes=st.sampled_from([None, "a", "b"]))
    def change_notes(self, uuid: UUID, notes: str | None) -> Any:
        order = self.model[uuid]
        if order["notes"] == notes:
            return self.give(uuid, c.ChangeOrder, None, order, notes=notes)
        return self.give(uuid, c.ChangeOrder, closed_to(order, "notes"), self.changed(uuid, notes=notes), notes=notes)

    @rule(target=sent, uuid=orders, shipping=COUNTS, voucher=st.none() | DISCOUNTS)
    def change_shipping_and_voucher(self, uuid: UUID, shipping: int, voucher: int | None) -> Any:
        order = self.model[uuid]
        wanted = {
            "shipping": self.amount(order, shipping),
            "voucher": None if voucher is None else self.amount(order, voucher),
        }
        changes = sum(order[name] != value for name, value in wanted.items())
        after = order | wanted | {"version": order["version"] + changes}
        body = {
            "shipping_cost": str(wanted["shipping"]),
            "voucher": None if voucher is None else {"discount_amount": str(wanted["voucher"])},
        }
        return self.give(uuid, c.ChangeOrder, closed_to(order, "items") if changes else None, after, **body)

    @rule(target=sent, uuid=orders, counts=st.lists(st.tuples(COUNTS, st.booleans()), max_size=2))
    def change_charges(self, uuid: UUID, counts: list[tuple[int, bool]]) -> Any:
        order = self.model[uuid]
        charges = [(self.amount(order, count), is_included) for count, is_included in counts]
        body = [{"kind": "tax", "amount": str(amount), "included": included} for amount, included in charges]
        if charges == order["charges"]:
            return self.give(uuid, c.ChangeOrder, None, order, charges=body)
        after = self.changed(uuid, charges=charges)
        return self.give(uuid, c.ChangeOrder, closed_to(order, "items"), after, charges=body)

    @rule(target=sent, uuid=orders, data=st.data(), straight=st.booleans())
    def become(self, uuid: UUID, data: st.DataObject, straight: bool) -> Any:
        order = self.model[uuid]
        ways = NEXT[order["status"]].split() if straight else []
        status = data.draw(st.sampled_from(ways or sorted(NEXT)))
        refusal = None if plain.may_become(order, status) else "status-change-not-allowed"
        return self.give(uuid, c.ChangeStatus, refusal, self.changed(uuid, status=status), status=status)

    @rule(target=sent, uuid=orders, count=COUNTS, all_of_it=st.booleans(), force=st.booleans())
    def pay(self, uuid: UUID, count: int, all_of_it: bool, force: bool) -> Any:
        order, reference = self.model[uuid], self.mark()
        amount = totals(order)["amount_outstanding"] if all_of_it else self.amount(order, count)
        refusal = plain.refusal_to_pay(order, amount, force=force)
        after = self.changed(uuid, payments=order["payments"] | {reference: amount})
        body = {"amount": str(amount), "reference": reference, "provider": "p", "force": force}
        return self.give(uuid, c.ReceivePayment, refusal, after, **body)

    @rule(target=sent, uuid=orders, count=COUNTS, all_of_it=st.booleans(), again=st.booleans(), data=st.data())
    def refund(self, uuid: UUID, count: int, all_of_it: bool, again: bool, data: st.DataObject) -> Any:
        order = self.model[uuid]
        amount = totals(order)["amount_paid"] if all_of_it else self.amount(order, count)
        of = data.draw(st.sampled_from([None, "nobody", *order["payments"]]))
        refusal = plain.refusal_to_refund(order, amount, of)
        credited = order["credited"] + (Decimal(0) if again else plain.beyond_overpaid(order, amount))
        after = self.changed(uuid, refunds=[*order["refunds"], (amount, of)], credited=credited)
        body = {"amount": str(amount), "reference": self.mark(), "provider": "p", "payment_reference": of}
        return self.give(uuid, c.RefundPayment, refusal, after, **body, owed_again=again)

    @rule(of=orders, by=orders, data=st.data())
    def tell_a_payment_again(self, of: UUID, by: UUID, data: st.DataObject) -> None:
        payments = self.model[of]["payments"]
        if not payments or self.model[of]["currency"] != self.model[by]["currency"]:
            return
        reference = data.draw(st.sampled_from(sorted(payments)))
        body = {"amount": str(payments[reference]), "reference": reference, "provider": "p"}
        command = convert(body, c.ReceivePayment)
        outcome = answer(lambda: do(self.ledger.change, by, command, Provenance("tester")))
        if of == by:
            assert outcome.order.payments[-1].reference == reference
        else:
            assert outcome == "payment-reference-taken"

    @rule(again=consumes(sent))
    def send_again(self, again: tuple[UUID, c.Command, str, int]) -> None:
        uuid, command, key, version = again
        outcome = do(self.ledger.change, uuid, command, Provenance("tester", None, key))
        assert (outcome.replayed, outcome.order.version) == (True, version)

    # --- operators ---

    @rule(what=st.sampled_from(["reopen", "rebuild", "delete the views"]))
    def operate(self, what: str) -> None:
        if what == "rebuild":
            self.views.rebuild()
            return
        self.close()
        if what == "delete the views":
            for file in self.folder.glob("views.db*"):
                file.unlink()
        self.open()

    # --- claims after each step ---

    @invariant()
    def ledger_and_views_have_what_the_model_has(self) -> None:
        assert self.ledger.head() == self.events
        assert self.views.catch_up() == self.events
        self.compare_rows()
        for uuid, order in self.model.items():
            self.compare_documents(uuid, order)

    def compare_rows(self) -> None:
        rows = self.views.reader.execute(
            "SELECT uuid, status, storefront_status, currency, is_paid, is_payable, has_notes FROM orders ORDER BY id"
        ).fetchall()
        assert rows == [
            (
                str(uuid),
                order["status"],
                storefront_status(order),
                order["currency"],
                totals(order)["is_paid"],
                totals(order)["is_payable"],
                order["notes"] is not None,
            )
            for uuid, order in self.model.items()
        ]

    def compare_documents(self, uuid: UUID, order: Plain) -> None:
        staff, storefront, sums = self.document(uuid, "staff"), self.document(uuid, "storefront"), totals(order)
        assert {name: staff[name] for name in sums} == sums
        assert {name: staff[name] for name in ("status", "notes", "version", "currency")}.items() <= order.items()
        assert [line["id"] for line in staff["items"]] == list(order["lines"])
        payments = [payment["reference"] for payment in staff["payments"] if payment["kind"] == "payment"]
        assert payments == list(order["payments"])
        assert storefront["status"] == staff["storefront_status"] == storefront_status(order)
        alike = STOREFRONT | ({"charges_total": "charges_total"} if order["charges"] else {})
        assert {ours: Decimal(storefront[theirs]) for ours, theirs in alike.items()}.items() <= sums.items()
        assert ("charges_total" in staff, "charges_total" in storefront) == (bool(order["charges"]),) * 2

    def document(self, uuid: UUID, name: str) -> Plain:
        found = lists.one(self.views.reader, document=name, uuid=uuid)
        assert found.position == self.events
        return json.loads(found.document.replace(b"\0", b""), parse_float=Decimal, parse_int=Decimal)


def test_ledger_and_views_agree_with_a_plain_model_whatever_is_done() -> None:
    run_state_machine_as_test(
        Orders,
        settings=settings(
            max_examples=20,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
