"""The books: do they balance, exactly, agree with the order documents, and pass Beancount itself?"""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.order import commands as c
from domain.order.state import Order
from projections.exports.beancount import export_beancount, provider_account
from tests.finance.bean_check import bean_check
from tests.finance.books import Balances, Books, read
from tests.finance.conftest import Desk
from tests.finance.stories import PROVIDERS, SIGNS, all_orders, tell
from tests.tampering import tamper

MakeDesk = Callable[..., Desk]
STANDING = ("new", "hold", "processing", "shipped", "completed", "failed")
CHARGES = {
    "tax": "Liabilities:Taxes",
    "duty": "Liabilities:Duties",
    "tip": "Income:Tips",
    "fee": "Income:Fees",
    "gift_wrap": "Income:Gift-Wrap",
}
ORDERS, CUSTOMERS = "Assets:Receivable:Orders", "Liabilities:Customers"


def written(desk: Desk, head: int | None = None) -> str:
    file = BytesIO()
    export_beancount(
        desk.ledger,
        file,
        head=desk.ledger.head() if head is None else head,
        zone=desk.settings.timezone,
        progress=lambda done, total: None,
    )
    return file.getvalue().decode()


def counted(desk: Desk, books: Books) -> Balances:
    """The balances that the accounts should have, counted from the order documents alone."""
    found: Balances = defaultdict(Decimal)
    for document in all_orders(desk):
        order = json.loads(document, parse_float=Decimal)
        is_due = order["status"] in STANDING
        kept = desk.ledger.order(UUID(order["uuid"]))
        charged_back = credited_by(kept, "chargeback", "chargeback_reversal")
        if is_due:
            found["Income:Sales", order["currency"]] -= order["items_subtotal"]
            found["Income:Shipping", order["currency"]] -= order["shipping_cost"]
            found["Income:Discounts", order["currency"]] += order["items_discount"]
            found["Income:Vouchers", order["currency"]] += order["total_discount"] - order["items_discount"]
            for charge in order["charges"]:
                if not charge["included"]:
                    found[CHARGES[charge["kind"]], order["currency"]] -= Decimal(charge["amount"])
            found[ORDERS, order["currency"]] += order["amount_outstanding"]
            found["Income:Refunds", order["currency"]] += credited_by(kept, "refund", "refund_failure")
            found["Expenses:Chargebacks", order["currency"]] += charged_back
            beyond = order["amount_paid"] - order["total"] + Decimal(kept.credited).scaleb(-kept.digits)
        else:
            lost = max(Decimal(0), min(charged_back, -order["amount_paid"]))
            found["Expenses:Chargebacks", order["currency"]] += lost
            beyond = order["amount_paid"] + lost
            found[ORDERS, order["currency"]] += max(0, -beyond)
        found[CUSTOMERS, order["currency"]] -= max(0, beyond)
        for movement in order["payments"]:
            amount = SIGNS[movement["kind"]] * Decimal(movement["amount"])
            found[books.providers[movement["provider"]], order["currency"]] += amount
    return {key: amount for key, amount in found.items() if amount}


def credited_by(order: Order, *kinds: str) -> Decimal:
    minor = sum(movement.credited for movement in order.payments if movement.kind in kinds)
    return Decimal(minor).scaleb(-order.digits)


def postings(desk: Desk) -> list[dict[str, str]]:
    """The accounts and amounts of each transaction, in the order of the log."""
    transactions = sorted(read(written(desk)).transactions, key=lambda each: each.position)
    return [{account: str(amount) for account, amount, _ in each.postings} for each in transactions]


# --- one order at a time ---


def test_an_order_its_payment_and_its_refund_are_booked_as_the_docstring_says(desk: Desk) -> None:
    order = desk.place(
        items=[{"unit_price": "79.99", "quantity": 2, "shipping": "5.00", "discount_amount": "10.00"}],
        voucher={"discount_amount": "4.98"},
    )
    desk.pay(order, "150", reference='pi_"1"')
    desk.clock.tick(days=1)
    desk.refund(order, "20", reference="re_1", payment_reference='pi_"1"')
    assert written(desk) == (
        "; The orders, to position 5 of the log.\n"
        'option "title" "Orders"\n'
        "\n"
        '2026-03-01 * "order 1 created for a guest, in USD; item 1 added: 2 × a line without a product at 79.99 USD;'
        ' voucher without a code applied, 4.98 USD off" ^order-1\n'
        "  position: 3\n"
        "  Income:Sales  -159.98 USD\n"
        "  Income:Shipping  -5.00 USD\n"
        "  Income:Discounts  10.00 USD\n"
        "  Income:Vouchers  4.98 USD\n"
        "  Assets:Receivable:Orders  150.00 USD\n"
        "\n"
        '2026-03-01 * "payment of 150.00 USD received by stripe, reference pi_\\"1\\"" ^order-1\n'
        "  position: 4\n"
        "  Assets:Receivable:Orders  -150.00 USD\n"
        "  Assets:Providers:Stripe  150.00 USD\n"
        "\n"
        '2026-03-02 * "refund of 20.00 USD by stripe, reference re_1, of payment pi_\\"1\\"" ^order-1\n'
        "  position: 5\n"
        "  Income:Refunds  20.00 USD\n"
        "  Assets:Providers:Stripe  -20.00 USD\n"
        "\n"
        "2026-03-01 open Assets:Providers:Stripe\n"
        '  provider: "stripe"\n'
        "\n"
        "2026-03-01 open Assets:Receivable:Orders\n"
        "\n"
        "2026-03-01 open Income:Discounts\n"
        "\n"
        "2026-03-02 open Income:Refunds\n"
        "\n"
        "2026-03-01 open Income:Sales\n"
        "\n"
        "2026-03-01 open Income:Shipping\n"
        "\n"
        "2026-03-01 open Income:Vouchers\n"
        "\n"
        "2026-03-01 commodity USD\n"
    )


def test_money_paid_beyond_the_total_is_owed_to_customers(desk: Desk) -> None:
    desk.pay(desk.place(), "130", force=True)
    assert postings(desk)[1] == {ORDERS: "-100.00", "Assets:Providers:Stripe": "130.00", CUSTOMERS: "-30.00"}


def test_a_cancelled_order_is_no_income_and_its_payments_are_owed_to_customers(desk: Desk) -> None:
    order = desk.pay(desk.place(), "60")
    desk.refund(desk.move(order, "cancelled"), "60")
    assert postings(desk)[2:] == [
        {"Income:Sales": "100.00", ORDERS: "-40.00", CUSTOMERS: "-60.00"},
        {CUSTOMERS: "60.00", "Assets:Providers:Stripe": "-60.00"},
    ]
    assert read(written(desk)).balances() == {}


def test_a_refunded_order_leaves_nothing_in_any_account(desk: Desk) -> None:
    order = desk.refund(desk.pay(desk.place(), "100"), "100")
    assert read(written(desk)).balances() == {("Income:Refunds", "USD"): 100, ("Income:Sales", "USD"): -100}
    desk.move(order, "processing", "refunded")
    assert read(written(desk)).balances() == {}


def test_a_refund_that_is_owed_again_is_receivable_again(desk: Desk) -> None:
    desk.refund(desk.pay(desk.place(), "100"), "100", owed_again=True)
    assert read(written(desk)).balances() == {(ORDERS, "USD"): 100, ("Income:Sales", "USD"): -100}


def test_failures_chargebacks_and_voids_are_booked_as_the_docstring_says(desk: Desk) -> None:
    order = desk.place()
    who = {"provider": "stripe", "reference": "x"}
    desk.pay(order, "100", reference="pi_1")
    desk.refund(order, "10")
    desk.give(order, c.FailRefund, amount="10", **who)
    desk.give(order, c.ChargeBack, amount="60", **who)
    desk.give(order, c.ReverseChargeback, amount="60", **who)
    desk.give(order, c.FailPayment, amount="30", **who)
    desk.pay(order, "5", reference="pi_2")
    desk.give(order, c.VoidPayment, provider="stripe", reference="pi_2", reason="by mistake")
    moved = postings(desk)[3:]
    assert moved == [
        {"Income:Refunds": "-10.00", "Assets:Providers:Stripe": "10.00"},
        {"Expenses:Chargebacks": "60.00", "Assets:Providers:Stripe": "-60.00"},
        {"Expenses:Chargebacks": "-60.00", "Assets:Providers:Stripe": "60.00"},
        {ORDERS: "30.00", "Assets:Providers:Stripe": "-30.00"},
        {ORDERS: "-5.00", "Assets:Providers:Stripe": "5.00"},
        {ORDERS: "5.00", "Assets:Providers:Stripe": "-5.00"},
    ]


def test_a_chargeback_of_a_refunded_order_is_lost(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "100")
    desk.refund(order, "100")
    order = desk.move(order, "processing", "refunded")
    desk.give(order, c.ChargeBack, amount="100", provider="stripe", reference="dp_1", force=True)
    balances = {account: str(amount) for (account, _), amount in read(written(desk)).balances().items()}
    assert balances == {"Expenses:Chargebacks": "100.00", "Assets:Providers:Stripe": "-100.00"}


def test_a_deleted_order_leaves_nothing_in_any_account(desk: Desk) -> None:
    desk.move(desk.place(), "deleted")
    assert len(postings(desk)) == 2
    assert read(written(desk)).balances() == {}


def test_events_that_change_no_amount_make_no_transaction(desk: Desk) -> None:
    order = desk.place()
    desk.give(order, c.ChangeOrder, notes="ring twice", billing_first_name="Ada")
    desk.move(order, "processing", "shipped", "completed")
    assert len(postings(desk)) == 1


def test_no_personal_data_stands_in_the_books(desk: Desk) -> None:
    personal = ("ada99", "ada@example.com", "Ada", "Lovelace", "1 Main St", "ring twice")
    order = desk.place(
        customer={"id": 7, "username": personal[0], "email": personal[1], "first_name": "Ada", "last_name": "Lovelace"},
        billing_first_name="Ada",
        billing_address=personal[4],
        notes=personal[5],
    )
    desk.pay(order, "100")
    assert not [text for text in personal if text in written(desk)]


def test_days_are_the_zones_and_of_payments_those_when_the_money_came(make_desk: MakeDesk) -> None:
    tehran = make_desk(LEDGER_TIMEZONE="Asia/Tehran")
    tehran.clock.now = tehran.clock.now.replace(hour=21)
    order = tehran.place()
    tehran.pay(order, "1", received_at="2024-12-31T20:29:59Z")
    tehran.refund(order, "1", refunded_at="2024-12-31T20:30:00Z")
    books = read(written(tehran))
    assert [each.day for each in books.transactions] == ["2026-03-02", "2024-12-31", "2025-01-01"]
    assert (books.opened[ORDERS], books.opened["USD"]) == ("2024-12-31", "2024-12-31")
    assert books.opened["Income:Sales"] == "2026-03-02"


def test_an_empty_ledger_has_empty_books(desk: Desk) -> None:
    assert read(written(desk)) == Books([], {}, {})


# --- many orders ---


@pytest.mark.parametrize("seed", range(4))
def test_every_transaction_balances_and_every_account_holds_what_the_orders_say(desk: Desk, seed: int) -> None:
    tell(desk, seed, steps=150)
    books = read(written(desk))
    for transaction in books.transactions:
        assert sum(amount for _, amount, _ in transaction.postings) == 0
        assert len({currency for _, _, currency in transaction.postings}) == 1
    assert books.balances() == counted(desk, books)
    assert len(books.balances()) > 8


def test_the_books_of_the_real_orders_hold_what_the_orders_say(olist: Desk) -> None:
    books = read(written(olist))
    assert books.balances() == counted(olist, books)
    assert len({each.order_id for each in books.transactions}) > 1_900


def test_accounts_and_commodities_are_opened_on_the_first_day_on_which_they_are_used(desk: Desk) -> None:
    tell(desk, seed=21, steps=150)
    books = read(written(desk))
    first: dict[str, str] = {}
    for transaction in books.transactions:
        for account, _, currency in transaction.postings:
            for name in (account, currency):
                first[name] = min(transaction.day, first.get(name, transaction.day))
    assert books.opened == first


def test_the_books_stand_at_one_position_whatever_comes_later(desk: Desk) -> None:
    tell(desk, seed=22, steps=40)
    head, then = desk.ledger.head(), written(desk)
    tell(desk, seed=23, steps=40)
    assert written(desk, head) == then != written(desk)


# --- names and words ---


@settings(deadline=None)
@given(st.sets(st.one_of(st.text(min_size=1, max_size=200), st.sampled_from(PROVIDERS)), max_size=6))
def test_every_provider_has_an_account_of_its_own_whose_name_beancount_takes(providers: set[str]) -> None:
    accounts = {provider_account(provider) for provider in providers if provider.isprintable()}
    assert len(accounts) == sum(provider.isprintable() for provider in providers)
    assert all(re.fullmatch(r"Assets:Providers:[A-Z0-9][A-Za-z0-9-]*", account) for account in accounts)


def test_a_plain_provider_has_a_plain_account_and_any_other_a_mark() -> None:
    assert provider_account("stripe") == "Assets:Providers:Stripe"
    assert provider_account("2checkout") == "Assets:Providers:2checkout"
    assert re.fullmatch(r"Assets:Providers:Pay-pal-[0-9a-f]{8}", provider_account("pay pal"))
    assert re.fullmatch(r"Assets:Providers:Stripe-[0-9a-f]{8}", provider_account("Stripe"))
    assert re.fullmatch(r"Assets:Providers:Provider-[0-9a-f]{8}", provider_account("پرداخت"))


def test_a_narration_is_one_line_whatever_a_client_wrote(desk: Desk) -> None:
    reference = 'a"b\\c\n2026-01-01 open Assets:Own\t"'
    desk.pay(desk.place(), "1", reference=reference)
    narration = read(written(desk)).transactions[1].narration
    assert narration.endswith(reference.replace("\n", " ").replace("\t", " "))


# --- as a program, and as Beancount sees it ---


def check(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([bean_check(), str(path)], capture_output=True, text=True, timeout=120, check=False)


def test_bean_check_takes_the_books_of_orders_of_every_kind(desk: Desk, tmp_path: Path) -> None:
    for seed in range(4):
        tell(desk, seed, steps=100)
    order = desk.place(currency="CLF", items=[{"unit_price": "999999999999998.9999"}])
    desk.pay(order, "999999999999998.9999", reference='a"b\\c\n\t', received_at="0001-01-01T00:00:00Z")
    desk.refund(order, "0.0001", refunded_at="2026-03-01T23:59:59Z")
    books = tmp_path / "orders.beancount"
    books.write_text(written(desk))
    done = check(books)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_bean_check_takes_the_books_of_the_real_orders(olist: Desk, tmp_path: Path) -> None:
    books = tmp_path / "orders.beancount"
    books.write_text(written(olist))
    done = check(books)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_bean_check_refuses_books_of_which_one_amount_was_changed(desk: Desk, tmp_path: Path) -> None:
    desk.pay(desk.place(), "60")
    books = tmp_path / "orders.beancount"
    books.write_text(written(desk).replace("  60.00 USD", "  60.01 USD"))
    assert check(books).returncode != 0


def test_the_command_writes_to_a_file_or_to_standard_output(desk: Desk, tmp_path: Path) -> None:
    tell(desk, seed=31, steps=30)
    file = tmp_path / "orders.beancount"
    done = desk.run("export", "beancount", "--output", str(file))
    assert done.returncode == 0, done.stderr
    assert file.read_text() == desk.run("export", "beancount").stdout.decode() == written(desk)
    again = desk.run("export", "beancount", "--output", str(file))
    assert again.returncode == 2
    assert b"is there already" in again.stderr


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET payload = replace(payload, '60.00', '61.00') WHERE position = 3",
        "DELETE FROM events WHERE position = 3",
    ],
)
def test_books_are_not_made_of_a_log_that_was_altered(desk: Desk, tmp_path: Path, damage: str) -> None:
    desk.pay(desk.place(), "60")
    desk.place()
    tamper(desk.settings.ledger, damage)
    done = desk.run("export", "beancount", "--output", str(tmp_path / "orders.beancount"))
    assert done.returncode == 1
    assert b"position 3" in done.stderr
    assert list(tmp_path.glob("orders.beancount*")) == []
