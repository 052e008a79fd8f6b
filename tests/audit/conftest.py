"""The application in this process, and one order of each event: shared by the tests for auditors."""

import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import Result

from domain.log.keys import Keys
from domain.order.commands import (
    AddItem,
    ChangeItem,
    ChangeItemQuantity,
    ChangeOrder,
    ChangeStatus,
    ChargeBack,
    FailPayment,
    FailRefund,
    GiveToCustomer,
    ReceivePayment,
    RefundPayment,
    RemoveItem,
    ReverseChargeback,
    VoidPayment,
)
from domain.order.state import Order
from projections.proof.signing import Checkpoints, create_key
from tests.application import Application, several
from tests.conftest import forget

AUDIT = "/api/v1/audit"
HOST = "shop.example"


class Office(Application):
    """The application, and an auditor who asks it."""

    def __init__(self, folder: Path, *, with_key: bool = True) -> None:
        super().__init__(folder)
        self.keys = Keys(self.ledger.log_of_events)
        if with_key and not self.settings.key.exists():
            create_key(self.settings.key)
        self.checkpoints = Checkpoints(self.ledger, self.views, key=self.settings.key, kept=self.settings.checkpoints)
        self.auditor = self.key("audit:read")

    def ask(self, path: str, key: str | None = None, method: str = "GET", **options: Any) -> Result:
        return self.request(method, path, key or self.auditor, host=HOST, **options)

    def audit(self, path: str, **parameters: Any) -> Any:
        """The JSON of an answer to the auditor, with exact amounts."""
        answer = self.ask(AUDIT + path, params=parameters)
        assert answer.status_code == 200, answer.text
        return exact(answer.content)

    def refused(self, path: str, status: int, **parameters: Any) -> Any:
        """The problem in an answer to the auditor."""
        answer = self.ask(AUDIT + path, params=parameters)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json

    def feed(self, **parameters: Any) -> list[dict[str, Any]]:
        """Every event of the feed, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.audit("/events", **parameters)
            found += page["events"]
            if page["next"] is None:
                return found
            parameters["after"] = page["next"]


def exact(text: bytes | str) -> Any:
    return json.loads(text, parse_float=Decimal)


def one_of_each(office: Office) -> Order:
    """An order with fifteen events of the common types; `one_of_what_few_have` has the others."""
    order = office.place(
        customer={"id": 7, "username": "ada", "email": "ada@example.com", "first_name": "Ada"},
        items=[
            {"product": {"id": 1, "name": "Lamp"}, "unit_price": "40.00", "quantity": 2, "shipping": "5.00"},
            {"unit_price": "10.00"},
        ],
        voucher={"code": "WELCOME", "discount_amount": "5.00"},
        notes="ring twice",
    )
    for shape, fields in (
        (AddItem, {"product": {"id": 3, "name": "Bulb"}, "unit_price": "1.50", "quantity": 4}),
        (ChangeItemQuantity, {"item": 1, "quantity": 1}),
        (RemoveItem, {"item": 2}),
        (ChangeOrder, {"voucher": None}),
        (ChangeOrder, {"billing_first_name": "Ada", "billing_address": "1 Main St"}),
        (ChangeOrder, {"notes": "ring once"}),
        (ChangeOrder, {"payment_method": {"id": 1, "name": "Card"}}),
        (ChangeOrder, {"shipping_method": {"id": 2, "name": "Courier"}, "shipping_cost": "7.50"}),
        (ReceivePayment, {"amount": "50.00", "reference": "pi_123", "provider": "stripe", "method": "card"}),
        (RefundPayment, {"amount": "9.99", "reference": "re_9", "provider": "stripe", "payment_reference": "pi_123"}),
        (ChangeStatus, {"status": "processing", "reason": "paid in part"}),
    ):
        order = office.give(order, shape, **fields)
    return order


def one_of_what_few_have(office: Office) -> Order:
    """An order with the events that few orders have and `one_of_each` lacks."""
    vat = {"kind": "tax", "name": "VAT 21%", "rate": "0.21", "amount": "21.00"}
    others = [{"kind": "tax", "amount": "1", "included": True}, {"kind": "tip", "amount": "2"}]
    order = office.place(charges=[vat, *others, {"kind": "gift_wrap", "amount": "3"}])
    who = {"provider": "stripe"}
    line = {"unit_price": "90", "quantity": 2, "shipping": "4", "discount_amount": "1"}
    lines = [{"item": 1, "quantity": 1, "amount": "9", "restock": True}, {"charge": 0, "amount": "0.64"}]
    for shape, fields in (
        (ReceivePayment, {"amount": "100", "reference": "pi_r"} | who),
        (RefundPayment, {"amount": "10", "reference": "re_r", "payment_reference": "pi_r", "owed_again": True} | who),
        (RefundPayment, {"amount": "9.64", "reference": "re_l", "lines": lines} | who),
        (FailRefund, {"amount": "2", "reference": "re_r", "refund_reference": "re_r"} | who),
        (ChargeBack, {"amount": "5", "reference": "dp_r", "payment_reference": "pi_r", "owed_again": True} | who),
        (ReverseChargeback, {"amount": "5", "reference": "dp_r", "chargeback_reference": "dp_r"} | who),
        (FailPayment, {"amount": "40", "reference": "pyr_r"} | who),
        (ReceivePayment, {"amount": "1", "reference": "pi_v", "force": True} | who),
        (VoidPayment, {"reference": "pi_v", "reason": "typed twice"} | who),
        (ChangeItem, {"item": 1, "changed": line}),
        (ChangeOrder, {"external_ids": {"shopify": "603", "erp": "17"}}),
        (ChangeOrder, {"external_ids": {"shopify": "604"}}),
        (ChangeOrder, {"metadata": {"utm_source": "newsletter"}}),
        (GiveToCustomer, {"id": 8}),
        (ChangeOrder, {"shipping_first_name": "Grace", "shipping_city": {"name": "Arlington"}}),
        (ChangeOrder, {"charges": []}),
    ):
        order = office.give(order, shape, **fields)
    office.clock.tick()
    order = forget(office.ledger, order.uuid)
    office.views.catch_up()
    return order


def reconcile(office: Office) -> str:
    """Starts a reconciliation of one line; returns its UUID."""
    header = "reference,kind,gross,fee,net,currency,occurred_at,order,payout\n"
    line = "pi_9,payment,9.00,0.00,9.00,USD,2026-03-01T09:00:00Z,,\n"
    answer = office.ask(
        "/api/v1/finance/reconciliations",
        office.key("finance:read", "finance:write"),
        "POST",
        params={"provider": "stripe", "file": "march.csv"},
        body=header + line,
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


@pytest.fixture(scope="session")
def unused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an office without orders: copying them is faster than making them."""
    made = Office(tmp_path_factory.mktemp("unused"))
    made.close()
    return made.folder


@pytest.fixture
def office(unused: Path, tmp_path: Path) -> Iterator[Office]:
    shutil.copytree(unused, tmp_path, symlinks=True, dirs_exist_ok=True)
    made = Office(tmp_path)
    yield made
    made.close()


@pytest.fixture
def make_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    yield from several(Office, tmp_path)
