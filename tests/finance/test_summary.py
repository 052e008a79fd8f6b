"""The sums of payments and refunds: the groups, and the totals that they add up to."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from api.workbooks import XLSX
from domain.currencies import digits_of
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.moments import instant
from domain.order.movements import Movement
from domain.order.state import Order
from domain.settlement.tables.sheet import sheet_rows
from projections.payments import table as payments
from projections.payments.list import Filter, page, walk
from projections.payments.sums import GROUPINGS, summary
from projections.periods.table import Periods
from tests.finance.conftest import Desk
from tests.finance.stories import tell

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MakeDesk = Callable[..., Desk]


def added(rows: list[dict[str, Any]]) -> dict[str, list[Decimal]]:
    """The count, received, refunded and net amounts of each currency."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal()] * 4)
    for row in rows:
        figures = (Decimal(row[name]) for name in ("count", "received", "refunded", "net"))
        found[row["currency"]] = [a + b for a, b in zip(found[row["currency"]], figures, strict=True)]
    return dict(found)


def test_a_summary_says_what_came_what_went_and_what_is_left(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "60", reference="pi_a", method="card")
    desk.pay(order, "40", provider="paypal")
    desk.refund(order, "9.99", payment_reference="pi_a")
    total = {"currency": "USD", "count": 3, "received": "100.00", "refunded": "9.99", "net": "90.01"}
    assert desk.summary() == {"rows": [total], "totals": [total]}
    card = {"count": 2, "received": "60.00", "refunded": "9.99", "net": "50.01"}
    paypal = {"count": 1, "received": "40.00", "refunded": "0.00", "net": "40.00"}
    assert desk.summary(group_by="method,day,provider") == {
        "rows": [
            {"method": None, "day": "2026-03-01", "provider": "paypal", "currency": "USD", **paypal},
            {"method": "card", "day": "2026-03-01", "provider": "stripe", "currency": "USD", **card},
        ],
        "totals": [total],
    }


def test_refunds_of_a_day_can_be_more_than_came_in_on_it(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "1", received_at="2026-02-01T00:00:00Z")
    desk.refund(order, "1", refunded_at="2026-02-02T00:00:00Z")
    assert [row["net"] for row in desk.summary(group_by="day")["rows"]] == ["1.00", "-1.00"]


def test_an_empty_journal_adds_up_to_no_rows_and_no_totals(desk: Desk) -> None:
    assert desk.summary(group_by="day,provider,method,currency") == {"rows": [], "totals": []}


def test_money_of_two_currencies_is_never_added(desk: Desk) -> None:
    for currency in ("USD", "EUR"):
        desk.pay(desk.place(currency=currency), "10")
    assert [(row["provider"], row["currency"]) for row in desk.summary(group_by="provider")["rows"]] == [
        ("stripe", "EUR"),
        ("stripe", "USD"),
    ]


def test_totals_add_up_to_the_rows_however_they_are_grouped(desk: Desk) -> None:
    tell(desk, seed=11, steps=150)
    totals = added(desk.summary()["totals"])
    assert len(totals) > 1
    for count in range(4):
        for names in permutations(GROUPINGS, count):
            found = desk.summary(group_by=",".join(names))
            assert added(found["rows"]) == added(found["totals"]) == totals
            assert all(list(row)[:count] == list(names) for row in found["rows"])


def test_sums_are_by_week_month_and_the_orders_status_too(desk: Desk) -> None:
    order = desk.place()
    desk.pay(order, "60", received_at="2025-12-29T10:00:00Z")
    order = desk.pay(order, "40", received_at="2026-01-05T10:00:00Z")
    desk.move(order, "processing")
    desk.pay(desk.place(), "5", received_at="2026-01-05T10:00:00Z")
    rows = desk.summary(group_by="week")["rows"]
    assert [(row["week"], row["received"]) for row in rows] == [("2026-W01", "60.00"), ("2026-W02", "45.00")]
    rows = desk.summary(group_by="month")["rows"]
    assert [(row["month"], row["received"]) for row in rows] == [("2025-12", "60.00"), ("2026-01", "45.00")]
    rows = desk.summary(group_by="status")["rows"]
    assert [(row["status"], row["received"]) for row in rows] == [("new", "5.00"), ("processing", "100.00")]


def sheets_of(content: bytes, *names: str) -> list[list[list[Any]]]:
    return [[list(cells) for _, cells in sheet_rows(BytesIO(content), name, 1)] for name in names]


def test_the_sums_come_as_csv_and_as_a_workbook_with_the_same_figures(desk: Desk) -> None:
    tell(desk, seed=13, steps=60)
    told = desk.summary(group_by="provider,month")
    columns = ["provider", "month", "currency", "count", "received", "refunded", "net"]
    plain = [[row[name] or "" for name in columns] for row in told["rows"]]
    asked = {"params": {"group_by": "provider,month", "bom": "true"}}
    answer = desk.ask("/summary", headers={"Accept": "text/csv"}, **asked)
    assert answer.content.startswith(b"\xef\xbb\xbfprovider,month,currency,")
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[2:] for row in rows[1:]] == [[str(cell) for cell in row[2:]] for row in plain]
    answer = desk.ask("/summary", headers={"Accept": XLSX}, **asked)
    assert answer.headers["content-disposition"].endswith('"summary.xlsx"')
    groups, totals = sheets_of(answer.content, "Groups", "Totals")
    assert groups[0] == columns
    assert [[cell.text for cell in row[3:]] for row in groups[1:]] == [[str(cell) for cell in row[3:]] for row in plain]
    assert len(totals) == 1 + len(told["totals"])


def test_a_name_given_twice_or_left_empty_changes_nothing(desk: Desk) -> None:
    tell(desk, seed=12, steps=40)
    assert desk.summary(group_by=" ,day,, day ,") == desk.summary(group_by="day")
    assert desk.summary(group_by="") == desk.summary()


def test_totals_of_the_real_orders_add_up_to_the_journal(olist: Desk) -> None:
    found = olist.summary(group_by="day,method")
    paid = sum(Decimal(row["amount"]) for row in olist.journal(limit=1_000))
    assert added(found["rows"]) == added(found["totals"])
    assert added(found["totals"])["BRL"][3] == paid > 0


# --- against a plain model ---

MOMENTS = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-3 * 24 * 60, 3 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes)),
)
MOVEMENTS = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(("stripe", "Stripe", "پی")),
        "method": st.sampled_from((None, "", "card")),
        "amount": st.one_of(st.integers(1, 10**4), st.integers(1, 10**19)),
        "currency": st.sampled_from(("USD", "JPY", "CLF")),
        "at": MOMENTS,
        "is_refund": st.booleans(),
    }
)


@contextmanager
def journal(movements: list[dict[str, Any]]) -> Iterator[sqlite3.Connection]:
    """A connection to a journal with these movements, each of its own order."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        database = Database(connection)
        database.table("positions").create({"log": str, "position": int}, pk="log")
        connection.execute("INSERT INTO positions VALUES ('orders', 99)")
        payments.Payments().create(database)
        payments.Payments().index(database)
        Periods().create(database)
        payments.Payments().put(
            connection, [row(position, **movement) for position, movement in enumerate(movements, 1)]
        )
        yield connection


def row(
    position: int, *, provider: str, method: str | None, amount: int, currency: str, at: datetime, is_refund: bool
) -> payments.Row:
    paid = Movement(kind="payment", amount=amount, provider=provider, reference="p", payment="p", at=at, method=method)
    back = Movement(kind="refund", amount=amount, provider=provider, reference="r", at=at, of="p", payment="p")
    order = Order(
        uuid=UUID(int=position),
        version=9,
        id=position,
        key="k",
        currency=currency,
        digits=digits_of(currency),
        created_at=NOON,
        updated_at=NOON,
        status="new",
        payments=(paid, back) if is_refund else (paid,),
    )
    raw = RawRecord(position, str(order.uuid).encode(), 9, b"", b"", instant(NOON).encode(), b"", None, None, b"")
    return payments.row(raw, order)


def plain_day(moment: datetime, zone: ZoneInfo) -> str:
    try:
        return moment.astimezone(zone).date().isoformat()
    except OverflowError:
        return moment.date().isoformat()


@settings(deadline=None)
@given(
    st.lists(MOVEMENTS, max_size=12),
    st.lists(st.sampled_from([name for name in GROUPINGS if name != "status"]), unique=True),
    st.sampled_from(("UTC", "Asia/Tehran", "America/New_York", "Pacific/Kiritimati")),
)
def test_a_summary_is_what_a_plain_loop_adds_up(movements: list[dict[str, Any]], names: list[str], zone: str) -> None:
    expected: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for movement in movements:
        day = plain_day(movement["at"], ZoneInfo(zone))
        year, week, _ = date.fromisoformat(day).isocalendar()
        labels = movement | {"day": day, "month": day[:7], "week": f"{year:04d}-W{week:02d}"}
        of_group = expected[(*(labels[name] for name in names), movement["currency"])]
        of_group[0] += 1
        of_group[2 if movement["is_refund"] else 1] += movement["amount"]
    with journal(movements) as connection:
        found = summary(connection, Filter(), group_by=names, zone=ZoneInfo(zone))
    assert found.position == 99
    assert len(found.rows) == len(expected)
    for each in found.rows:
        label = (*(each.labels[name] for name in names), each.currency)
        assert [each.count, each.received, each.refunded] == expected[label]
        assert each.net == each.received - each.refunded


@settings(deadline=None)
@given(st.lists(MOVEMENTS, max_size=12), st.integers(0, 12), st.integers(1, 5))
def test_pages_and_parts_are_what_a_plain_slice_is(movements: list[dict[str, Any]], after: int, limit: int) -> None:
    with journal(movements) as connection:
        found = page(connection, Filter(kind="payment"), after=after, limit=limit)
        parts = walk(lambda: connection, Filter(kind="payment"), after=after, until=99)
        walked = [(each.position, each.amount) for part in parts for each in part]
    expected = [
        (position, movement["amount"])
        for position, movement in enumerate(movements, 1)
        if position > after and not movement["is_refund"]
    ]
    assert walked == expected
    assert [(each.position, each.amount) for each in found.movements] == expected[:limit]
    assert found.is_last == (len(expected) <= limit)


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Europe/Berlin", "2025-03-29T22:59:59Z", "2025-03-29"),
        ("Europe/Berlin", "2025-03-29T23:00:00Z", "2025-03-30"),
        ("Europe/Berlin", "2025-03-30T21:59:59Z", "2025-03-30"),
        ("Europe/Berlin", "2025-03-30T22:00:00Z", "2025-03-31"),
        ("Africa/Monrovia", "1971-01-01T00:44:29Z", "1970-12-31"),
        ("Africa/Monrovia", "1971-01-01T00:44:30Z", "1971-01-01"),
    ],
)
def test_a_day_begins_when_the_zone_says(make_desk: MakeDesk, zone: str, at: str, day: str) -> None:
    desk = make_desk(LEDGER_TIMEZONE=zone)
    desk.pay(desk.place(), "1", received_at=at)
    assert desk.summary(group_by="day")["rows"][0]["day"] == day
    assert desk.summary(since=day, to=day)["totals"][0]["count"] == 1
