"""Is a closed period closed for ever, and does each movement stand in the report of one period?"""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.ledger import OrderLedger
from domain.order.commands import ReceivePayment, RefundPayment
from domain.order.state import Order
from domain.period.months import month_named
from domain.period.state import Period
from domain.proof import checkpoint
from domain.refusals import InvalidField
from domain.strict_json import convert
from projections.history import HistoryReader
from projections.periods.closing import Periods
from projections.proof.signing import Checkpoints, NoSigningKey, create_key
from projections.proof.verifying_files import check_files
from projections.views.views import Views
from tests.conftest import ME, Clock, Service, do, new_order
from tests.tampering import tamper


class Books:
    """A ledger in June 2026 with one large order, whose payments a test receives at any time."""

    def __init__(self, ledger: OrderLedger, views: Views, clock: Clock, folder: Path) -> None:
        self.ledger, self.views, self.clock = ledger, views, clock
        self.periods = Periods(ledger, views)
        self.public = create_key(folder / "ledger.key")
        self.checkpoints = Checkpoints(ledger, views, key=folder / "ledger.key", kept=folder / "checkpoints.txt")
        clock.tick(days=92)
        self.order: Order = do(ledger.create, new_order(currency="EUR", items=[{"unit_price": "100000"}]), ME).order
        self._count = 0

    def pay(self, at: str, provider: str = "stripe", amount: str = "10.00") -> str:
        """The reference of a new payment received at this time."""
        return self._give(ReceivePayment, provider, amount=amount, received_at=at)

    def refund(self, at: str, provider: str = "stripe") -> str:
        return self._give(RefundPayment, provider, amount="4.00", refunded_at=at)

    def _give(self, shape: Any, provider: str, **fields: str) -> str:
        self.clock.tick()
        self._count += 1
        reference = f"r{self._count}"
        fields |= {"provider": provider, "reference": reference}
        do(self.ledger.change, self.order.uuid, convert(fields, shape), ME)
        return reference

    def close(self, month: str, provider: str = "stripe", zone: str = "UTC") -> Period:
        self.clock.tick()
        return self.periods.close(provider, month_named(month, ZoneInfo(zone)), self.checkpoints, ME)[0]

    def report(self, month: str, provider: str = "stripe", zone: str = "UTC", form: str = "json") -> bytes:
        return self.periods.report(provider, month_named(month, ZoneInfo(zone)), form)

    def told(self, month: str, **of: str) -> Any:
        return json.loads(self.report(month, **of), parse_float=Decimal)

    def stands(self, month: str, **of: str) -> list[tuple[str, str, bool]]:
        """The reference, the month and the late mark of each movement in a report."""
        return [(one["reference"], one["period"], one["late"]) for one in self.told(month, **of)["movements"]]


@pytest.fixture
def books(ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path) -> Books:
    return Books(ledger, views, clock, tmp_path)


def test_closing_is_an_event_with_its_actor_time_and_signed_head(books: Books) -> None:
    books.pay("2026-03-05T10:00:00Z")
    head = books.ledger.head()
    period = books.close("2026-03")
    assert period.position == head
    assert checkpoint.verify(period.checkpoint.encode(), books.public).size == head
    raw = books.ledger.log_of_events.raw_record(head + 1)
    assert raw
    told = HistoryReader(books.ledger).audit_event(raw)
    assert (told["type"], told["topic"], told["period"]) == ("PeriodClosed", "period.closed.v1", "2026-03")
    assert told["actor"] == "tester"
    assert told["summary"] == f"2026-03 of stripe closed with 1 movement, looking at the log to position {head}"


def test_a_movement_of_a_closed_month_is_late_and_stands_in_the_next_months_report(books: Books) -> None:
    early, april = books.pay("2026-03-31T23:59:59.999999Z"), books.pay("2026-04-01T00:00:00Z")
    other = books.pay("2026-03-05T10:00:00Z", "paypal")
    books.close("2026-03")
    late, refund = books.pay("2026-03-31T23:59:59.999999Z"), books.refund("2026-03-07T00:00:00Z")
    assert books.stands("2026-03") == [(early, "2026-03", False)]
    behind = [(april, "2026-04", False), (late, "2026-03", True), (refund, "2026-03", True)]
    assert books.stands("2026-04") == behind
    assert books.stands("2026-03", provider="paypal") == [(other, "2026-03", False)]
    open_ = books.told("2026-04")
    assert (open_["status"], open_["count"], open_["late"]) == ("open", 3, 2)
    total = {"currency": "EUR", "count": 3, "received": "20.00", "refunded": "4.00", "net": "16.00"}
    assert open_["totals"] == [total]
    closed = books.close("2026-04")
    assert (closed.movements, closed.late) == (3, 2)
    later = books.pay("2026-03-02T00:00:00Z")
    assert books.stands("2026-04") == behind
    assert books.stands("2026-05") == [(later, "2026-03", True)]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_closed_periods_report_is_the_same_to_the_byte_whatever_comes(
    form: str, books: Books, views: Views, ledger: OrderLedger, tmp_path: Path
) -> None:
    books.pay("2026-02-05T10:00:00Z")
    books.close("2026-02")
    for at in ("2026-02-07T10:00:00Z", "2026-03-05T10:00:00Z", "2026-03-05T09:00:00Z"):
        books.pay(at)
    period = books.close("2026-03")
    first = books.report("2026-03", form=form)
    assert first.count(b"\n") > 3
    for at in ("2026-02-07T10:00:00Z", "2026-03-05T10:00:00Z"):
        books.pay(at)
    books.close("2026-04")
    books.close("2026-01")
    assert books.close("2026-03") == period
    again = Views(ledger, tmp_path / "anew.db")
    again.rebuild()
    for seen in (Periods(ledger, views), Periods(ledger, again)):
        assert seen.report("stripe", month_named("2026-03", ZoneInfo("Asia/Tehran")), form) == first
        assert getattr(seen.reproduce(period), form)() == first
    again.close()


def test_closing_again_records_nothing(books: Books) -> None:
    books.pay("2026-03-05T10:00:00Z")
    books.close("2026-03")
    head = books.ledger.head()
    books.close("2026-03")
    assert books.ledger.head() == head


def test_months_are_those_of_the_time_zone(books: Books) -> None:
    inside, outside = books.pay("2026-03-31T21:59:59.999999Z"), books.pay("2026-03-31T22:00:00Z")
    period = books.close("2026-03", zone="Europe/Berlin")
    assert (str(period.since), str(period.until)) == ("2026-02-28 23:00:00+00:00", "2026-03-31 21:59:59.999999+00:00")
    assert [one[0] for one in books.stands("2026-03", zone="Europe/Berlin")] == [inside]
    assert [one[0] for one in books.stands("2026-04", zone="Europe/Berlin")] == [outside]


@pytest.mark.parametrize(
    ("month", "provider", "zone", "saying"),
    [
        ("2026-06", "stripe", "UTC", "not over yet"),
        ("2026-13", "stripe", "UTC", "no month"),
        ("0000-01", "stripe", "UTC", "no month"),
        ("march", "stripe", "UTC", "like 2026-03"),
        ("2026-04", "strpie", "UTC", "there are stripe"),
        ("2026-04", "stripe", "Europe/Berlin", "months of UTC"),
    ],
)
def test_a_period_that_cannot_be_closed_is_refused_and_records_nothing(
    month: str, provider: str, zone: str, saying: str, books: Books
) -> None:
    books.pay("2026-03-05T10:00:00Z")
    books.close("2026-03")
    head = books.ledger.head()
    with pytest.raises(InvalidField, match=saying):
        books.close(month, provider, zone)
    assert books.ledger.head() == head


def test_no_period_is_closed_without_a_signing_key(books: Books, tmp_path: Path) -> None:
    books.pay("2026-03-05T10:00:00Z")
    (tmp_path / "ledger.key").unlink()
    with pytest.raises(NoSigningKey):
        books.close("2026-03")


@pytest.mark.parametrize("seed", range(8))
def test_each_movement_stands_in_one_report_in_whatever_order_months_are_closed(seed: int, books: Books) -> None:
    random = Random(seed)
    months = [f"2026-{month:02d}" for month in range(1, 6)]
    paid = [books.pay("2026-01-01T00:00:00Z")]
    for _ in range(40):
        if random.random() < 0.2:
            books.close(random.choice(months))
        else:
            paid.append(books.pay(f"{random.choice(months)}-{random.choice(('01', '15', '28'))}T12:00:00Z"))
    found = Counter(one[0] for month in [*months, "2026-06"] for one in books.stands(month))
    assert found == Counter(paid)


def test_months_that_are_closed_at_the_same_time_lose_no_movement(books: Books) -> None:
    months = ["2026-02", "2026-03", "2026-04"]
    paid = [books.pay(f"{month}-03T12:00:00Z") for month in months]
    threads = [Thread(target=books.close, args=(month,)) for month in months]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    paid += [books.pay(f"{month}-04T12:00:00Z") for month in months]
    assert [period.month for period in books.periods.closed("stripe")] == months
    found = Counter(one[0] for month in [*months, "2026-05"] for one in books.stands(month))
    assert found == Counter(paid)


def test_verify_finds_a_kept_report_that_is_altered(books: Books) -> None:
    books.pay("2026-03-05T10:00:00Z")
    period = books.close("2026-03")
    log = books.ledger.log_of_events
    raws = list(log.raw_records())
    assert not list(check_files(log, None, raws))
    tamper(log.path, "DELETE FROM kept_files WHERE sha256 IN (?, ?)", period.report_sha256, period.csv_sha256)
    assert [problem.position for problem in check_files(log, None, raws)] == [period.position + 1] * 2


def test_the_command_line_closes_lists_and_reports_periods(tmp_path: Path) -> None:
    service = Service(tmp_path).begin()
    line = {
        "id": 1,
        "created_at": "2026-03-01T09:00:00Z",
        "currency": "EUR",
        "items": [{"unit_price": "50.00"}],
        "history": [{"at": "2026-03-02T09:00:00Z", "type": "payment", "amount": "50.00", "provider": "stripe",
                     "reference": "pi_1"}],
    }  # fmt: skip
    assert service.run("import", "-", stdin=json.dumps(line).encode()).returncode == 0
    refused = service.run("period", "close", "2026-03", "--provider", "stripe")
    assert (refused.returncode, b"key create" in refused.stderr) == (2, True)
    service.run("key", "create")
    closed = service.run("period", "close", "2026-03", "--provider", "stripe")
    assert closed.returncode == 0, closed.stderr
    assert closed.stdout.startswith(b"2026-03 of stripe is closed: 1 movement")
    as_json = service.run("period", "report", "2026-03", "--provider", "stripe", "--json").stdout
    as_csv = service.run("period", "report", "2026-03", "--provider", "stripe", "--csv").stdout
    late = line | {"id": 2, "history": [line["history"][0] | {"reference": "pi_2"}]}
    assert service.run("import", "-", stdin=json.dumps(late).encode()).returncode == 0
    assert service.run("period", "report", "2026-03", "--provider", "stripe", "--json").stdout == as_json
    assert service.run("period", "report", "2026-03", "--provider", "stripe", "--csv").stdout == as_csv
    next_ = json.loads(service.run("period", "report", "2026-04", "--provider", "stripe", "--json").stdout)
    assert [(one["reference"], one["late"]) for one in next_["movements"]] == [("pi_2", True)]
    assert b"pi_2" in service.run("period", "report", "2026-04", "--provider", "stripe").stdout
    assert b"2026-03" in service.run("period", "list").stdout
    verified = service.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
