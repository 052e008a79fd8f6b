"""Providers' fees and payouts in the books: each line once, so that the balance left is the provider's debt."""

import subprocess
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from projections.exports.beancount import export_beancount
from tests.finance.bean_check import bean_check
from tests.finance.books import Books, read
from tests.reconciliation.conftest import HEADER, Office, by_outcome

HOLDS, FEES, PAYOUTS = "Assets:Providers:Stripe", "Expenses:Fees:Stripe", "Assets:Payouts:Stripe"
STATEMENT = (
    "pi_1,payment,50.00,1.75,48.25,USD,@,,po_1",
    "re_1,refund,-10.00,0.25,-10.25,USD,@,,po_1",
    "fee_1,fee,-2.00,0.00,-2.00,USD,@,,po_1",
    "adj_1,adjustment,3.00,0.00,3.00,USD,@,,po_1",
    "res_1,reserve,-5.00,0.00,-5.00,USD,@,,po_1",
    "po_1,payout,-30.00,0.50,-30.50,USD,@,,po_1",
)


def books(office: Office) -> tuple[str, Books]:
    file = BytesIO()
    export_beancount(
        office.ledger,
        file,
        head=office.ledger.head(),
        zone=office.settings.timezone,
        progress=lambda done, total: None,
    )
    text = file.getvalue().decode()
    return text, read(text)


def stated(office: Office, *rows: str) -> None:
    office.refund(office.paid("pi_1"), "10.00", reference="re_1", payment_reference="pi_1")
    office.start(*rows)


def test_fees_adjustments_and_payouts_leave_what_the_provider_still_holds(office: Office) -> None:
    stated(office, *STATEMENT)
    found = books(office)[1].balances()
    assert found[HOLDS, "USD"] == sum(Decimal(row.split(",")[4]) for row in STATEMENT) == Decimal("3.50")
    assert found[FEES, "USD"] == Decimal("1.75") + Decimal("0.25") + Decimal("2.00") + Decimal("0.50")
    assert found[PAYOUTS, "USD"] == Decimal("30.00")
    assert found["Expenses:Adjustments:Stripe", "USD"] == Decimal("-3.00")
    assert found["Expenses:Unclassified:Stripe", "USD"] == Decimal("5.00")
    assert sum(found.values()) == 0


def test_a_transaction_says_which_line_of_which_file_it_is_of(office: Office) -> None:
    stated(office, *STATEMENT)
    settled = [each for each in books(office)[1].transactions if each.order_id is None]
    assert [each.narration for each in settled] == [
        "fee fee_1 by stripe, row 4 of march.csv",
        "adjustment adj_1 by stripe, row 5 of march.csv",
        "reserve res_1 by stripe, row 6 of march.csv",
        "payout po_1 by stripe, row 7 of march.csv",
        "fees of 2 payments, refunds and chargebacks by stripe, of march.csv",
    ]
    assert {each.position for each in settled} == {office.ledger.head()}


def test_currencies_without_a_point_and_with_three_digits_behind_it_stay_exact(office: Office) -> None:
    office.start("f_1,fee,-1500,0,-1500,JPY,@,,", "f_2,fee,-1.234,0.000,-1.234,KWD,@,,")
    found = books(office)[1].balances()
    assert (found[FEES, "JPY"], found[FEES, "KWD"]) == (Decimal("1500"), Decimal("1.234"))


def test_a_line_that_stands_in_two_files_is_booked_once_and_two_alike_in_one_file_twice(office: Office) -> None:
    fee = "f_1,fee,-2.00,0.00,-2.00,USD,@,,"
    when = office.file(fee).splitlines()[1]
    office.start(when, when)
    office.start(when, when, "x,fee,-1.00,0.00,-1.00,USD,@,,")
    assert books(office)[1].balances()[FEES, "USD"] == Decimal("5.00")


def test_fees_without_a_reference_are_told_apart_by_file_payout_and_row(office: Office) -> None:
    office.start(",fee,-0.25,0,-0.25,EUR,2026-03-05,,po_f1", ",fee,-0.25,0,-0.25,EUR,2026-03-05,,po_f1")
    office.start(",fee,-0.25,0,-0.25,EUR,2026-03-05,,po_f2")
    assert books(office)[1].balances()[FEES, "EUR"] == Decimal("0.75")


def test_a_withdrawn_file_is_not_booked(office: Office) -> None:
    one = office.start("f_1,fee,-2.00,0.00,-2.00,USD,@,,")
    office.decide(one, "withdraw", reason="another shop's")
    assert books(office)[1].balances() == {}


def test_a_file_that_is_reconciled_by_other_rules_too_is_booked_once(office: Office) -> None:
    row = office.file("f_1,fee,-2.00,0.00,-2.00,USD,@,,")
    assert office.upload(row).status_code == 201
    again = office.upload(row, rules='version = "2"')
    assert again.status_code == 201, again.text
    assert books(office)[1].balances()[FEES, "USD"] == Decimal("2.00")


def test_a_line_that_moves_nothing_is_in_no_books(office: Office) -> None:
    office.start("x,adjustment,0.00,0.00,0.00,USD,@,,")
    assert books(office)[1].transactions == []


def test_a_line_that_the_ledger_does_not_have_is_in_no_books(office: Office) -> None:
    office.start("pi_9,payment,50.00,0.00,50.00,USD,@,,")
    assert books(office)[1].balances() == {}


def test_bean_check_takes_the_books_of_fees_and_payouts(office: Office, tmp_path: Path) -> None:
    stated(office, *STATEMENT)
    file = tmp_path / "books.beancount"
    file.write_text(books(office)[0], encoding="utf-8")
    checked = subprocess.run([bean_check(), str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


CONVERSIONS, GAINS = "Assets:Conversions:Stripe", "Income:Exchange:Stripe"
EURO_HEADER = f"{HEADER},original,original_currency,exchange_rate"
EURO = "pi_1,payment,45.75,1.00,44.75,EUR,2026-03-02T10:00:00Z,,,50.00,USD,0.915"
EXPECTED = 'version = "1"\n[rates."USD/EUR"]\nrate = "0.92"\n'


def test_a_payment_settled_in_another_currency_is_booked_in_it_and_its_loss_apart(
    office: Office,
) -> None:
    office.paid("pi_1")
    answer = office.upload(f"{EURO_HEADER}\n{EURO}\n", rules=EXPECTED)
    (result,) = answer.json["results"]
    assert (result["outcome"], result["is_open"]) == ("rate_differs", True)
    assert result["exchange"] == {
        **{"paid": "50.00", "currency": "USD", "settled": "45.75", "settled_currency": "EUR"},
        **{"expected": "46.00", "gain": "-0.25"},
    }
    assert [result["lines"][0][name] for name in ("original", "original_currency", "exchange_rate")] == [
        "50.00",
        "USD",
        "0.915",
    ]
    found = books(office)[1].balances()
    assert (found[HOLDS, "EUR"], found[FEES, "EUR"]) == (Decimal("44.75"), Decimal("1.00"))
    assert (HOLDS, "USD") not in found
    assert (found[CONVERSIONS, "USD"], found[CONVERSIONS, "EUR"]) == (Decimal("50.00"), Decimal("-46.00"))
    assert found[GAINS, "EUR"] == Decimal("0.25")


def test_an_exchange_that_two_files_have_is_booked_once(office: Office) -> None:
    office.paid("pi_1")
    office.upload(f"{EURO_HEADER}\n{EURO}\n")
    office.upload(f"{EURO_HEADER}\n{EURO}\nx,fee,-1.00,,,EUR,2026-03-02T10:00:00Z,,,,,\n")
    assert books(office)[1].balances()[HOLDS, "EUR"] == Decimal("43.75")


def test_an_exchange_whose_match_was_broken_is_booked_no_more(office: Office) -> None:
    office.paid("pi_1")
    one = office.upload(f"{EURO_HEADER}\n{EURO}\n").json
    office.decide(one, "break", results=[one["results"][0]["id"]], reason="another's")
    assert books(office)[1].balances()[HOLDS, "USD"] == Decimal("50.00")


def test_a_line_in_another_currency_is_matched_by_hand_to_a_payment_of_its_original_currency(office: Office) -> None:
    paid = office.paid("pi_1")
    one = office.upload(f"{EURO_HEADER}\n{EURO.replace('pi_1', 'x').replace('50.00', '49.00')}\n").json
    (waiting,) = by_outcome(office.decide(one, "run").json).get("in_transit", [None])
    entry = office.ask("/payments", office.writer).json["payments"][0]["position"]
    found = office.decide(one, "match", lines=[2], entries=[entry], reason="the customer's bank took a dollar")
    assert found.status_code == 200, found.text
    (result,) = found.json["results"]
    assert (result["outcome"], result["differs"][0]["expected"], result["differs"][0]["actual"]) == (
        *("matched", "50.00", "49.00"),
    )
    assert waiting is None or waiting["entries"][0]["order_id"] == paid.id
