"""The tie-out: opening balance + lines by kind − payouts = closing balance."""

from domain.reconciliation.tieout import Row, tie_out
from domain.settlement.lines import Balance
from tests.settlement.making import line


def balances(opening: int, closing: int, account: str = "A", row: int = 1, currency: str = "USD") -> list[Balance]:
    return [
        Balance(row, account, currency, "opening", opening),
        Balance(row + 1, account, currency, "closing", closing),
    ]


LINES = (
    line(gross=5000, fee=175),
    line(gross=3000, fee=100),
    line(kind="refund", gross=-1000),
    line(kind="Loyalty Bonus", gross=7),
    line(kind="payout", gross=-6732, reference="po_1"),
)


def test_each_kind_is_a_row_of_gross_fee_and_net_with_payouts_last() -> None:
    (statement,) = tie_out(LINES, balances(500, 500))
    assert statement.rows == [
        Row("opening", 0, 500, 0, 500),
        Row("payment", 2, 8000, 275, 7725),
        Row("refund", 1, -1000, 0, -1000),
        Row("Loyalty Bonus", 1, 7, 0, 7),
        Row("payout", 1, -6732, 0, -6732),
        Row("closing", 0, 500, 0, 500),
    ]
    assert statement.ties


def test_a_closing_balance_that_the_lines_do_not_come_to_is_unexplained() -> None:
    (statement,) = tie_out(LINES, balances(500, 499))
    assert statement.unexplained == (Row("unexplained: closing balance", 0, -1, 0, -1),)
    assert statement.rows[-1] == statement.unexplained[0]
    assert not statement.ties


def test_differences_of_two_payouts_are_never_netted() -> None:
    lines = [
        line(gross=1000, payout="po_1"),
        line(kind="payout", gross=-999, payout="po_1"),
        line(gross=1000, payout="po_2"),
        line(kind="payout", gross=-1001, reference="po_2"),
    ]
    (statement,) = tie_out(lines, balances(0, 0))
    assert [(row.item, row.net) for row in statement.unexplained] == [
        ("unexplained: payout po_1", -1),
        ("unexplained: payout po_2", 1),
    ]


def test_a_payout_whose_lines_are_elsewhere_and_lines_whose_payout_is_say_nothing() -> None:
    (statement,) = tie_out([line(payout="po_1"), line(kind="payout", gross=-300, reference="po_0")])
    assert statement.ties


def test_a_statement_without_stated_balances_begins_at_nothing_and_says_so() -> None:
    (statement,) = tie_out(LINES)
    assert (statement.is_stated, statement.opening, statement.closing) == (False, 0, 0)


def test_currencies_are_apart() -> None:
    statements = tie_out(
        [line(gross=100), line(gross=200, currency="EUR")], [*balances(0, 100), *balances(0, 0, currency="JPY")]
    )
    assert [(s.currency, s.is_stated, s.closing) for s in statements] == [
        ("EUR", False, 200),
        ("JPY", True, 0),
        ("USD", True, 100),
    ]


def test_accounts_add_up_and_an_accounts_days_do_not() -> None:
    stated = [*balances(10, 20, row=1), *balances(20, 35, row=10), *balances(5, 5, account="B", row=20)]
    (statement,) = tie_out([line(gross=25)], stated)
    assert (statement.opening, statement.closing, statement.ties) == (15, 40, True)


def test_an_account_with_one_balance_alone_counts_for_neither() -> None:
    (statement,) = tie_out([line(gross=25)], balances(10, 20)[:1])
    assert not statement.is_stated
