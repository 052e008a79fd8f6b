"""The payment journal: every payment and refund once, in the order in which the log has them, in every format."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest

from api.workbooks import XLSX
from domain.ledger import OrderLedger
from domain.order import commands as c
from domain.settlement.tables.cells import Number
from domain.settlement.tables.sheet import sheet_rows
from projections.payments import list as payments
from projections.views.views import Views
from tests.conftest import ME, do, new_order
from tests.finance.conftest import Desk
from tests.finance.stories import SIGNS, all_orders, tell
from tests.tampering import tamper

MakeDesk = Callable[..., Desk]
_NEW_YEAR = "2026-01-01T00:00:00Z"


def table(views: Views) -> list[tuple[Any, ...]]:
    return views.reader.execute("SELECT * FROM payments ORDER BY position").fetchall()


def many_payments(count: int) -> bytes:
    """Import lines of orders with so many payments altogether."""
    return b"\n".join(_order_paid(first, min(50, count - first)) for first in range(0, count, 50))


def _order_paid(first: int, count: int) -> bytes:
    history = [
        {"at": _NEW_YEAR, "type": "payment", "amount": "1", "reference": f"m-{i}", "provider": "stripe"}
        for i in range(first, first + count)
    ]
    return json.dumps({"items": [{"unit_price": str(count)}], "history": history, "created_at": _NEW_YEAR}).encode()


def exact(documents: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(document, parse_float=Decimal) for document in documents]


# --- rows ---


def test_a_payment_and_its_refund_stand_in_the_journal_with_the_contracts_fields(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "60", reference="pi_a", method="card", received_at="2026-02-28T09:00:00.5+03:30")
    desk.refund(order, "9.99", reference="re_a", payment_reference="pi_a", reason="scratched")
    payment = {
        "position": 3,
        "kind": "payment",
        "order_id": order.id,
        "key": order.key,
        "provider": "stripe",
        "method": "card",
        "reference": "pi_a",
        "payment_reference": None,
        "amount": "60.00",
        "currency": "USD",
        "received_at": "2026-02-28T05:30:00.500000Z",
        "recorded_at": "2026-03-01T10:30:01Z",
        "forced": False,
        "late": False,
    }
    refund = {
        **payment,
        "position": 4,
        "kind": "refund",
        "reference": "re_a",
        "payment_reference": "pi_a",
        "amount": "9.99",
        "received_at": "2026-03-01T10:30:02Z",
        "recorded_at": "2026-03-01T10:30:02Z",
    }
    assert desk.page() == {"payments": [payment, refund], "next": None}
    assert list(desk.page()["payments"][0]) == list(payment)


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("USD", "7.9", "7.90"), ("JPY", "500", "500.00"), ("KWD", "0.001", "0.001"), ("CLF", "0.0001", "0.0001")],
)
def test_an_amount_has_the_digits_that_it_has_in_the_order_document(
    desk: Desk, currency: str, amount: str, shown: str
) -> None:
    desk.pay(desk.place(currency=currency, items=[{"unit_price": "900"}]), amount)
    (order,) = exact(all_orders(desk))
    assert [desk.page()["payments"][0]["amount"], order["payments"][0]["amount"]] == [shown, shown]


def test_amounts_larger_than_any_sqlite_integer_are_exact_alone_and_added_up(desk: Desk) -> None:
    largest = "999999999999998.9999"
    for _ in range(3):
        desk.pay(desk.place(currency="CLF", items=[{"unit_price": largest}]), largest)
    assert [payment["amount"] for payment in desk.journal()] == [largest] * 3
    (total,) = desk.summary()["totals"]
    assert [total["received"], total["net"]] == ["2999999999999996.9997"] * 2


def test_a_refund_has_the_method_of_the_payment_that_it_names_and_none_where_it_names_none(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "10", reference="same", method="card", provider="adyen")
    desk.pay(order, "20", reference="same", method="boleto")
    desk.refund(order, "5", payment_reference="same")
    desk.refund(order, "5")
    assert [row["method"] for row in desk.journal(kind="refund")] == ["boleto", None]


def test_a_forced_payment_is_marked_as_one(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "100")
    desk.pay(order, "0.01", force=True)
    assert [row["forced"] for row in desk.journal()] == [False, True]


# --- filters ---


@pytest.fixture
def mixed(desk: Desk) -> Desk:
    """Five rows with the references a, b, c, d and e."""
    dollars, euros = desk.place(), desk.place(currency="EUR")
    desk.pay(dollars, "10", reference="a", method="card", received_at="2026-02-27T00:00:00Z")
    desk.pay(euros, "20", reference="b", method="card", received_at="2026-02-28T23:59:59.999999Z")
    desk.pay(euros, "30", reference="c", provider="paypal", received_at="2026-03-01T00:00:00Z")
    desk.refund(dollars, "5", reference="d", payment_reference="a", refunded_at="2026-03-02T09:00:00Z")
    desk.pay(dollars, "1", reference="e", received_at="2025-01-01T00:00:00Z")
    return desk


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "abcde"),
        ({"provider": "paypal"}, "c"),
        ({"provider": "Paypal"}, ""),
        ({"method": "card"}, "abd"),
        ({"currency": "EUR"}, "bc"),
        ({"currency": "eur"}, "bc"),
        ({"kind": "refund"}, "d"),
        ({"kind": "payment", "currency": "USD"}, "ae"),
        ({"order": "1"}, "ade"),
        ({"order": "3"}, ""),
        ({"since": "2026-03-01"}, "cd"),
        ({"to": "2026-02-28"}, "abe"),
        ({"since": "2026-02-28", "to": "2026-02-28"}, "b"),
        ({"since": "2026-03-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}, "c"),
        ({"to": "2026-02-28T23:59:59.999998Z"}, "ae"),
        ({"method": "", "kind": ""}, "abcde"),
    ],
)
def test_filters_narrow_the_journal_its_csv_and_its_summary_alike(
    mixed: Desk, wanted: dict[str, str], found: str
) -> None:
    assert "".join(row["reference"] for row in mixed.journal(**wanted)) == found
    assert "".join(row["reference"] for row in mixed.csv(**wanted)) == found
    assert sum(total["count"] for total in mixed.summary(**wanted)["totals"]) == len(found)


def test_an_order_is_named_by_its_id_or_its_uuid(mixed: Desk) -> None:
    (first, _) = exact(all_orders(mixed))
    assert mixed.journal(order=first["uuid"]) == mixed.journal(order=str(first["id"]))
    assert mixed.journal(order=first["uuid"].upper()) == mixed.journal(order=str(first["id"]))


def test_a_day_is_a_day_of_the_configured_zone(make_desk: MakeDesk) -> None:
    tehran = make_desk(LEDGER_TIMEZONE="Asia/Tehran")
    order = tehran.place()
    tehran.pay(order, "1", reference="before", received_at="2026-03-01T20:29:59.999999Z")
    tehran.pay(order, "1", reference="after", received_at="2026-03-01T20:30:00Z")
    assert [row["reference"] for row in tehran.journal(to="2026-03-01")] == ["before"]
    assert [row["reference"] for row in tehran.journal(since="2026-03-02")] == ["after"]
    assert [row["day"] for row in tehran.summary(group_by="day")["rows"]] == ["2026-03-01", "2026-03-02"]


# --- page by page ---


def test_pages_neither_repeat_nor_skip_while_payments_arrive(desk: Desk) -> None:
    tell(desk, seed=1, steps=60)
    seen, after = [], None
    for arriving in range(100):
        page = desk.page(limit=3, **({"after": after} if after else {}))
        seen += page["payments"]
        after = page["next"]
        if after is None:
            break
        if arriving < 4:
            tell(desk, seed=arriving + 2, steps=15)
    assert [row["position"] for row in seen] == [row[0] for row in table(desk.views)]
    assert len(seen) > 30


def test_a_reader_at_the_end_goes_on_from_the_ledger_position_of_the_last_page(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "1")
    last = desk.ask("/payments")
    assert last.json["next"] is None
    desk.pay(order, "2")
    news = desk.page(after=last.headers["ledger-position"])
    assert [row["amount"] for row in news["payments"]] == ["2.00"]


def test_a_page_that_ends_with_the_journal_names_no_next_one(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "1")
    desk.pay(order, "1")
    assert desk.page(limit=2)["next"] is None
    assert desk.page(limit=1)["next"] == f"orders:{desk.page()['payments'][0]['position']}"


def test_a_page_has_a_hundred_rows_unless_asked_and_never_more_than_a_thousand(desk: Desk) -> None:
    desk.bring(many_payments(1_001))
    lengths = [len(desk.page(**asked)["payments"]) for asked in ({}, {"limit": 0}, {"limit": 7}, {"limit": 5_000})]
    assert lengths == [100, 100, 7, 1_000]


def test_a_read_waits_for_the_position_that_it_names(desk: Desk) -> None:
    elsewhere = OrderLedger(desk.ledger.log_of_events)
    order = do(elsewhere.create, new_order(items=[{"unit_price": "5"}]), ME).order
    assert desk.views.position() < desk.ledger.head()
    answer = desk.ask("/payments", params={"min_position": f"orders:{desk.ledger.head()}"})
    assert answer.headers["ledger-position"] == f"orders:{desk.ledger.head()}"
    assert desk.summary(min_position=f"orders:{desk.ledger.head()}", order=str(order.id))["rows"] == []


# --- as CSV ---


def as_csv(value: Any) -> str:
    """The CSV text for a JSON value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if str(value).startswith(("=", "+", "-", "@", "\t")) else str(value)


def test_csv_says_what_json_says_and_takes_no_text_for_a_formula(desk: Desk) -> None:
    tell(desk, seed=3, steps=120)
    order = desk.place()
    desk.pay(order, "1", reference="=HYPERLINK(1)", provider='quo"te,\nline', method="@home")
    desk.pay(order, "1", reference="-5", provider="+1", method="\tx")
    rows, lines = desk.journal(), desk.csv()
    assert list(lines[0]) == list(rows[0])
    assert lines[-1]["method"] == "'\tx"
    assert [list(line.values()) for line in lines[:-1]] == [
        [as_csv(cell) for cell in row.values()] for row in rows[:-1]
    ]


def test_csv_has_every_row_that_matches_whatever_a_page_would_hold(desk: Desk) -> None:
    desk.bring(many_payments(2 * payments.CHUNK_ROWS))
    lines = desk.csv(limit=5)
    assert [int(line["position"]) for line in lines] == [row[0] for row in table(desk.views)]
    assert len(desk.csv(after=f"orders:{lines[-2]['position']}")) == 1


def test_csv_for_spreadsheets_has_a_byte_order_mark_and_long_references_as_text(desk: Desk) -> None:
    desk.pay(desk.place(), "1", reference="4646080478327021")
    desk.pay(desk.place(), "1", reference="123")
    plain = desk.ask("/payments", headers={"Accept": "text/csv"})
    marked = desk.ask("/payments", headers={"Accept": "text/csv"}, params={"bom": "true"})
    assert plain.content.startswith(b"position,")
    assert marked.content.decode("utf-8").startswith("\ufeffposition,")
    rows = list(csv.DictReader(StringIO(marked.content.decode("utf-8-sig"))))
    assert [row["reference"] for row in rows] == ["'4646080478327021", "123"]
    assert ",4646080478327021," in plain.text
    for path in ("/payments", "/summary"):
        for form in ("text/csv", "application/json"):
            assert desk.ask(path, params={"bom": "maybe"}, headers={"Accept": form}).status_code == 400


def test_the_journal_comes_as_a_workbook_with_every_reference_as_text(desk: Desk) -> None:
    desk.pay(desk.place(), "1", reference="4646080478327021")
    answer = desk.ask("/payments", headers={"Accept": XLSX})
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    header, row = [list(cells) for _, cells in sheet_rows(BytesIO(answer.content), "Payments", 1)]
    told = dict(zip(header, row, strict=True))
    assert (told["reference"], told["amount"]) == ("4646080478327021", Number("1.00"))


def test_csv_of_an_empty_journal_is_its_heading(desk: Desk) -> None:
    assert desk.ask("/payments", headers={"Accept": "text/csv"}).text.startswith("position,kind,order_id,key,")
    assert desk.csv() == []


def test_csv_stands_at_one_position_though_payments_arrive_and_views_are_made_anew_meanwhile(desk: Desk) -> None:
    desk.bring(many_payments(2 * payments.CHUNK_ROWS + 10))
    before = [row[0] for row in table(desk.views)]
    parts = payments.walk(lambda: desk.views.reader, payments.Filter(), after=0, until=desk.views.position())
    seen = [movement.position for movement in next(parts)]
    desk.pay(desk.place(), "1")
    desk.views.rebuild()
    seen += [movement.position for part in parts for movement in part]
    assert seen == before
    assert len(table(desk.views)) == len(before) + 1


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/html", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("application/json;q=0.1, text/*", "text/csv; charset=utf-8"),
    ],
)
def test_json_is_answered_unless_csv_is_preferred(desk: Desk, accept: str, kind: str) -> None:
    answer = desk.ask("/payments", headers={"Accept": accept})
    assert (answer.headers["content-type"], answer.headers["vary"]) == (kind, "Accept")
    assert answer.headers["ledger-position"] == "orders:0"


# --- the log, folded once ---


@pytest.mark.parametrize("seed", range(3))
def test_a_journal_fed_as_things_happen_equals_one_made_anew(desk: Desk, seed: int) -> None:
    tell(desk, seed, steps=80)
    live = table(desk.views)
    assert live
    desk.views.rebuild()
    assert table(desk.views) == live


def assert_journal_is_what_orders_say(desk: Desk) -> None:
    """Asserts that the rows of each order add up to its paid amount, and equal its payments one by one."""
    paid: dict[int, Decimal] = defaultdict(Decimal)
    rows = defaultdict(list)
    for row in desk.journal(limit=1_000):
        paid[row["order_id"]] += Decimal(row["amount"]) * SIGNS[row["kind"]]
        rows[row["order_id"]].append((row["kind"], row["amount"], row["provider"], row["reference"]))
    for order in exact(all_orders(desk)):
        assert paid.pop(order["id"], 0) == order["amount_paid"], order["id"]
        told = [(each["kind"], each["amount"], each["provider"], each["reference"]) for each in order["payments"]]
        assert rows.pop(order["id"], []) == told
    assert not paid
    assert not rows


@pytest.mark.parametrize("seed", range(3))
def test_an_orders_rows_add_up_to_what_was_paid_of_it(desk: Desk, seed: int) -> None:
    tell(desk, seed, steps=150)
    assert_journal_is_what_orders_say(desk)


def test_the_rows_of_every_real_order_add_up_to_what_was_paid_of_it(olist: Desk) -> None:
    assert_journal_is_what_orders_say(olist)
    assert len(all_orders(olist)) == 2_000


@pytest.mark.parametrize("column", ["payload", "recorded_at"])
def test_the_rows_of_a_damaged_order_go_and_no_others(desk: Desk, column: str) -> None:
    whole, damaged = desk.place(), desk.place()
    for order in (whole, damaged, whole, damaged):
        desk.pay(order, "10")
    last = "(SELECT max(position) FROM events WHERE originator_id = ?)"
    tamper(desk.settings.ledger, f"UPDATE events SET {column} = 'x' WHERE position = {last}", str(damaged.uuid))
    desk.views.rebuild()
    assert list(desk.views.stopped()) == [str(damaged.uuid)]
    assert [row["order_id"] for row in desk.journal()] == [whole.id] * 2
    assert desk.summary()["totals"][0]["received"] == "20.00"


def test_a_time_is_exact_to_the_microsecond_from_the_calendars_beginning_to_a_day_from_now(desk: Desk) -> None:
    order = desk.place()
    for at in ("0001-01-01T00:00:00.000001Z", "2026-03-02T10:29:59.999999Z"):
        desk.pay(order, "1", received_at=at)
    ends = [datetime.fromisoformat(row["received_at"]) for row in desk.journal()]
    assert ends == [datetime(1, 1, 1, 0, 0, 0, 1, UTC), datetime(2026, 3, 2, 10, 29, 59, 999_999, UTC)]


def test_each_kind_of_movement_is_a_row_under_its_kind_and_the_payment_that_it_comes_down_to(desk: Desk) -> None:
    order = desk.place()
    who = {"provider": "stripe"}
    desk.pay(order, "100", reference="pi_1", method="card")
    desk.refund(order, "10", reference="re_1", payment_reference="pi_1")
    desk.give(order, c.FailRefund, amount="10", reference="re_1", refund_reference="re_1", **who)
    desk.give(order, c.ChargeBack, amount="60", reference="dp_1", payment_reference="pi_1", **who)
    won = {"reference": "dp_1", "chargeback_reference": "dp_1", "force": True}
    desk.give(order, c.ReverseChargeback, amount="60", **won, **who)
    desk.give(order, c.FailPayment, amount="100", reference="pyr_1", **who)
    desk.pay(order, "5", reference="pi_2", method="transfer")
    desk.give(order, c.VoidPayment, reference="pi_2", reason="typed twice", **who)
    rows = [
        (row["kind"], row["amount"], row["reference"], row["payment_reference"], row["method"], row["forced"])
        for row in desk.journal()
    ]
    assert rows == [
        ("payment", "100.00", "pi_1", None, "card", False),
        ("refund", "10.00", "re_1", "pi_1", "card", False),
        ("refund_failure", "10.00", "re_1", "pi_1", "card", False),
        ("chargeback", "60.00", "dp_1", "pi_1", "card", False),
        ("chargeback_reversal", "60.00", "dp_1", "pi_1", "card", True),
        ("payment_failure", "100.00", "pyr_1", None, None, False),
        ("payment", "5.00", "pi_2", None, "transfer", False),
        ("void", "5.00", "pi_2", "pi_2", "transfer", False),
    ]
    assert [row["kind"] for row in desk.csv()] == [row[0] for row in rows]
    assert [row["reference"] for row in desk.journal(kind="void")] == ["pi_2"]
    (total,) = desk.summary()["totals"]
    assert total == {"currency": "USD", "count": 8, "received": "0.00", "refunded": "0.00", "net": "0.00"}
    (back,) = desk.summary(kind="chargeback")["totals"]
    assert back == {"currency": "USD", "count": 1, "received": "0.00", "refunded": "60.00", "net": "-60.00"}
