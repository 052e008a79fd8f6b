"""Several files of one provider: a payment is settled once, and a missing payment is missing in all of them."""

import asyncio
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import ReceivePayment, VoidPayment
from domain.order.state import Order
from domain.reconciling import WriteConditions
from domain.strict_json import convert
from tests.conftest import ME, Clock, do, new_order
from tests.reconciliation.conftest import PATH, Office, by_outcome, only, reconciling_in, results_of
from tests.tampering import tamper

DUP_1 = (
    "pi_a,payment,100.00,1.00,99.00,EUR,2026-03-01T10:00:00Z,,po_1",
    "po_1,payout,-99.00,0,-99.00,EUR,2026-03-05T10:00:00Z,,",
)
DUP_2 = (
    "pi_a,payment,100.00,1.00,99.00,EUR,2026-03-06T10:00:00Z,,po_2",
    "pi_b,payment,50.00,0.50,49.50,EUR,2026-03-06T11:00:00Z,,po_2",
    "po_2,payout,-148.50,0,-148.50,EUR,2026-03-09T10:00:00Z,,",
)


def paid_in(office: Office, currency: str, reference: str, amount: str, day: str) -> Order:
    order = office.place(currency=currency)
    return office.pay(order, amount, reference=reference, received_at=f"{day}T09:00:00Z")


@pytest.fixture
def euros(desk: Office) -> Office:
    paid_in(desk, "EUR", "pi_a", "100.00", "2026-03-01")
    paid_in(desk, "EUR", "pi_b", "50.00", "2026-03-06")
    return desk


@pytest.mark.parametrize("first", [0, 1])
def test_a_payment_in_two_files_is_settled_once_and_the_second_line_names_the_first(euros: Office, first: int) -> None:
    files = [("dup1.csv", DUP_1), ("dup2.csv", DUP_2)]
    started = {name: euros.start(*rows, file=name) for name, rows in (files[first], files[1 - first])}
    one, two = (euros.get(started[name]).json for name in ("dup1.csv", "dup2.csv"))
    assert (one["outcomes"], two["outcomes"]) == ({"matched": 1}, {"settled_already": 1, "matched": 1})
    (again,) = by_outcome(two)["settled_already"]
    assert again["settled_by"] == {"reconciliation": one["id"], "file": "dup1.csv", "row": 2}
    assert (again["is_open"], again["lines"][0]["row"], again["entries"][0]["reference"]) == (True, 2, "pi_a")
    assert "settled_by" not in by_outcome(two)["matched"][0]


def test_looking_again_without_news_records_nothing_whatever_the_other_files_say(euros: Office) -> None:
    started = [euros.start(*rows) for rows in (DUP_2, DUP_1)]
    head = euros.ledger.head()
    before = [euros.get(one).json for one in started]
    assert [euros.decide(one, "run").json["version"] for one in started] == [one["version"] for one in before]
    assert euros.ledger.head() == head


@pytest.mark.parametrize("first", [0, 1])
def test_lines_that_are_no_payment_together_do_not_take_it_from_the_line_that_settled_it(
    desk: Office, first: int
) -> None:
    paid_in(desk, "EUR", "pi_a", "100.00", "2026-03-01")
    rows = [("10.00", "02"), ("20.00", "03")], [("90.00", "04")]
    files = [[f"pi_a,payment,{amount},0,{amount},EUR,2026-03-{day}T10:00:00Z,," for amount, day in of] for of in rows]
    started = {place: desk.start(*files[place]) for place in (first, 1 - first)}
    for _ in range(2):
        assert desk.decide(started[0], "run").json["outcomes"] == {"settled_already": 1}
        assert desk.decide(started[1], "run").json["outcomes"] == {"amount_differs": 1}


def test_a_closed_file_keeps_its_payment(euros: Office) -> None:
    second = euros.start(*DUP_2)
    assert euros.decide(second, "close").json["status"] == "closed"
    first = euros.start(*DUP_1)
    assert first["outcomes"] == {"settled_already": 1}
    assert euros.get(second).json["outcomes"] == {"matched": 2}


def test_a_closed_file_does_not_take_a_payment_that_another_file_had_settled_already(euros: Office) -> None:
    first, second = euros.start(*DUP_1, file="dup1.csv"), euros.start(*DUP_2, file="dup2.csv")
    euros.decide(second, "explain", results=[only(second, "settled_already")], reason="paid out twice")
    assert euros.decide(second, "close").json["status"] == "closed"
    assert euros.decide(first, "run").json["outcomes"] == {"matched": 1}
    assert euros.decide(first, "close").json["status"] == "closed"


def test_a_withdrawn_file_frees_its_payments_and_stays_in_the_list(euros: Office) -> None:
    first, second = euros.start(*DUP_1), euros.start(*DUP_2)
    withdrawn = euros.decide(first, "withdraw", reason="the wrong file").json
    assert (withdrawn["status"], withdrawn["open"], withdrawn["withdrawn"]) == ("withdrawn", 0, "the wrong file")
    assert euros.get(second).json["outcomes"] == {"matched": 2}
    listed = euros.ask(PATH, euros.writer, params={"status": "withdrawn"}).json["reconciliations"]
    assert [one["id"] for one in listed] == [first["id"]]
    for decision, body in (("run", {}), ("close", {}), ("explain", {"results": ["x" * 20], "reason": "so"})):
        assert euros.decide(first, decision, **body).status_code in (404, 409)


def test_a_payment_of_another_currency_is_not_this_files_to_have(desk: Office) -> None:
    office = desk
    for reference, currency, day in (
        ("e1", "EUR", "01"),
        ("e2", "EUR", "20"),
        ("u1", "USD", "02"),
        ("u2", "USD", "21"),
    ):
        paid_in(office, currency, reference, "50.00", f"2026-03-{day}")
    rows = ["{0}1,payment,50.00,0,50.00,{1},2026-03-01T10:00:00Z,,", "{0}2,payment,50.00,0,,{1},2026-03-21T10:00:00Z,,"]
    rows.append("po_{0},payout,-1.00,0,-1.00,{1},2026-03-31T10:00:00Z,,")
    euros = office.start(*(row.format("e", "EUR") for row in rows))
    assert euros["outcomes"] == {"matched": 2}
    dollars = office.start(rows[0].format("u", "USD"), rows[2].format("u", "USD"))
    assert dollars["outcomes"] == {"missing_in_settlement": 1, "matched": 1}


def test_a_missing_payment_is_missing_no_more_when_another_file_brings_it(desk: Office) -> None:
    office = desk
    for reference, day in (("a", "01"), ("b", "10"), ("c", "31")):
        office.paid(reference, received_at=f"2026-01-{day}T09:00:00Z")
    january = office.start(
        "a,payment,50.00,0,50.00,USD,2026-01-02T10:00:00Z,,", "f,fee,-1.00,0,-1.00,USD,2026-01-31T10:00:00Z,,"
    )
    assert {of: len(found) for of, found in by_outcome(january).items()} == {
        "missing_in_settlement": 1,
        "overdue": 1,
        "matched": 1,
    }
    office.start("c,payment,50.00,0,50.00,USD,2026-02-02T10:00:00Z,,")
    assert office.get(january).json["outcomes"] == {"missing_in_settlement": 1, "matched": 1}
    office.start("b,payment,50.00,0,50.00,USD,2026-01-12T10:00:00Z,,")
    assert (office.get(january).json["outcomes"], office.get(january).json["open"]) == ({"matched": 1}, 0)


# Files of January, February and March. A payment due on 26 February is missing in March's file once February's is
# there, and in January's until then.
MONTHS = tuple(f"x,fee,-{day[-1]}.00,0,-{day[-1]}.00,USD,2026-{day}T10:00:00Z,," for day in ("01-05", "02-23", "03-02"))


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0)])
def test_a_payment_missing_between_two_files_is_found_in_whatever_order_they_come(
    office: Office, order: tuple[int, ...]
) -> None:
    office.paid("gone", received_at="2026-02-23T09:00:00Z")
    office.clock.tick(days=60)
    files = {month: office.start(MONTHS[month]) for month in order}
    found = [office.get(files[month]).json["outcomes"] for month in range(3)]
    assert found == [{}, {}, {"missing_in_settlement": 1}]


@pytest.mark.parametrize(
    ("withdrawn", "left"),
    [(0, [{}, {"missing_in_settlement": 1}]), (1, [{"overdue": 1}, {}]), (2, [{}, {"overdue": 1}])],
)
def test_a_payment_missing_in_a_withdrawn_file_is_missed_by_another(
    office: Office, withdrawn: int, left: list[dict[str, int]]
) -> None:
    office.paid("gone", received_at="2026-02-23T09:00:00Z")
    office.clock.tick(days=60)
    files = [office.start(month) for month in MONTHS]
    assert office.decide(files.pop(withdrawn), "withdraw", reason="so").status_code == 200
    assert [office.get(file).json["outcomes"] for file in files] == left


# The first days of March, all of March, and its end.
OVERLAPPING = tuple(
    (f"x,fee,-{number}.00,0,-{number}.00,USD,{first}T10:00:00Z,,", f"y,fee,-1.00,0,-1.00,USD,{last}T10:00:00Z,,")
    for number, (first, last) in enumerate(
        [("2026-03-01", "2026-03-12"), ("2026-03-01", "2026-03-31"), ("2026-03-06", "2026-03-31")]
    )
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_payment_missing_in_several_files_is_missed_by_the_first_of_them_alone(
    desk: Office, order: tuple[int, ...]
) -> None:
    desk.paid("gone", received_at="2026-03-05T09:00:00Z")
    files = {number: desk.start(*OVERLAPPING[number]) for number in order}
    assert [desk.get(files[number]).json["outcomes"] for number in range(3)] == [{"missing_in_settlement": 1}, {}, {}]
    explained = files[0] | desk.get(files[0]).json
    desk.decide(explained, "explain", results=[only(explained, "missing_in_settlement")], reason="so")
    assert desk.decide(explained, "close").status_code == 200
    assert [desk.decide(files[number], "run").json["outcomes"] for number in (1, 2)] == [{}, {}]
    desk.decide(explained, "withdraw", reason="so")
    assert desk.get(files[1]).json["outcomes"] == {"missing_in_settlement": 1}


@pytest.mark.parametrize(("day", "found"), [("02-20", "missing_in_settlement"), ("02-10", "overdue")])
def test_a_payment_recorded_after_its_file_was_closed_is_missed_by_the_next_one(
    desk: Office, day: str, found: str
) -> None:
    january, february, march = (desk.start(month) for month in MONTHS)
    for closed in (january, february):
        assert desk.decide(closed, "close").status_code == 200
    desk.paid("late", received_at=f"2026-{day}T10:00:00Z")
    assert desk.decide(march, "run").json["outcomes"] == {found: 1}


def test_a_payment_that_no_file_covers_yet_is_in_transit_and_overdue_after_the_delay(office: Office) -> None:
    office.paid("a")
    one = office.start("a,payment,50.00,0,50.00,USD,@,,")
    office.clock.tick(days=1)
    office.paid("b")
    assert office.decide(one, "run").json["outcomes"] == {"in_transit": 1, "matched": 1}
    office.clock.tick(days=4)
    late = office.decide(one, "run").json
    assert (late["outcomes"], late["open"]) == ({"overdue": 1, "matched": 1}, 1)


def test_a_payment_that_is_dated_ahead_is_neither_in_transit_nor_overdue(office: Office) -> None:
    office.paid("a")
    office.paid("ahead", received_at="2026-03-02T05:00:00Z")
    assert office.start("a,payment,50.00,0,50.00,USD,@,,")["outcomes"] == {"matched": 1}


def test_a_confirmed_match_holds_before_a_better_line_of_another_file(desk: Office) -> None:
    office = desk
    order = office.paid("pi_1", received_at="2026-03-01T09:00:00Z")
    first = office.start(f"bank-1,payment,50.00,0,50.00,USD,2026-03-02T10:00:00Z,{order.id},")
    office.decide(first, "confirm", results=[only(first, "suggested")])
    second = office.start("pi_1,payment,50.00,0,50.00,USD,2026-03-01T10:00:00Z,,")
    assert second["outcomes"] == {"settled_already": 1}
    assert office.get(first).json["open"] == 0


def test_a_file_is_taken_in_though_another_one_that_it_concerns_cannot_be_looked_at_again(euros: Office) -> None:
    second = euros.start(*DUP_2)
    ledger = euros.settings.ledger
    tamper(ledger, "UPDATE kept_files SET content = x'00' WHERE sha256 = ?", second["file_sha256"])
    assert euros.start(*DUP_1)["outcomes"] == {"matched": 1}
    assert euros.get(second).json["version"] == second["version"]


def test_two_files_at_once_settle_a_payment_once(euros: Office) -> None:
    answers = asyncio.run(euros.upload_at_once(euros.file(*DUP_1), euros.file(*DUP_2)))
    found = [euros.get(answer.json).json["outcomes"] for answer in answers]
    assert found == [{"matched": 1}, {"settled_already": 1, "matched": 1}]


def test_a_void_payment_is_not_expected_and_its_line_is_missing_in_the_ledger(
    desk: Office,
) -> None:
    order = desk.paid("pi_1", received_at="2026-03-01T09:00:00Z")
    desk.give(order, VoidPayment, reference="pi_1", provider="stripe", reason="typed twice")
    assert desk.start("x,fee,-1.00,0,-1.00,USD,2026-03-20T10:00:00Z,,")["results"] == []
    assert desk.start("pi_1,payment,50.00,0,50.00,USD,2026-03-02T10:00:00Z,,")["outcomes"] == {"missing_in_ledger": 1}


def test_a_void_payment_is_not_expected_though_an_import_brought_a_void_one_of_its_reference_meanwhile(
    desk: Office,
) -> None:
    order = desk.paid("pi_1", received_at="2026-03-01T09:00:00Z")
    typed = {"at": "2026-03-02T09:00:00Z", "provider": "stripe", "reference": "pi_1"}
    history = [typed | {"type": "payment", "amount": "50.00"}, typed | {"type": "void", "reason": "another order's"}]
    desk.bring(msgspec.json.encode({"key": "W-1", "items": [{"unit_price": "50.00"}], "history": history}))
    desk.give(order, VoidPayment, reference="pi_1", provider="stripe", reason="never came")
    assert desk.start("x,fee,-1.00,0,-1.00,USD,2026-03-20T10:00:00Z,,")["results"] == []
    assert desk.start("pi_1,payment,50.00,0,50.00,USD,2026-03-02T10:00:00Z,,")["outcomes"] == {"missing_in_ledger": 1}


# --- in any order ---

PAYMENTS = [f"pi_{number}" for number in range(6)]
LINES = st.tuples(
    st.sampled_from([*PAYMENTS, "x"]),
    st.sampled_from(["10.00", "10.00", "10.00", "9.99"]),
    st.integers(1, 28),
    st.sampled_from(["", "", "1", "3"]),
    st.sampled_from(["USD,,,", "USD,,,", "EUR,10.00,USD,", "EUR,,,1.0"]),
)
FILES = st.lists(st.lists(LINES, max_size=4).map(tuple), min_size=3, max_size=3, unique=True)


def _file(rows: Iterable[tuple[str, str, int, str, str]]) -> bytes:
    lines = [
        f"{reference},payment,{amount},0,,2026-03-{day:02d}T10:00:00Z,{order},,{currencies}"
        for reference, amount, day, order, currencies in rows
    ]
    header = "reference,kind,gross,fee,net,occurred_at,order,payout,currency,original,original_currency,exchange_rate"
    return "\n".join([header, *lines, ""]).encode()


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ledger of orders with a payment or two each."""
    folder = tmp_path_factory.mktemp("paid")
    ledger = OrderLedger(SQLiteRecorder(folder / "ledger.db"), clock=Clock())
    for first, second in (PAYMENTS[:2], PAYMENTS[2:4], PAYMENTS[4:]):
        order = do(ledger.create, new_order(items=[{"unit_price": "20.00"}]), ME).order
        for reference in (first, second):
            given = {"amount": "10.00", "reference": reference, "provider": "p", "received_at": "2026-02-28T00:00:00Z"}
            do(ledger.change, order.uuid, convert(given, ReceivePayment), ME)
    ledger.log_of_events.close()
    return folder


def _comes_to(folder: Path, files: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """The results of each file, after all were taken in one by one and run again.

    Asserts that every report can be made again, byte for byte.
    """
    with reconciling_in(folder, days=60) as reconciling:
        started = [(name, reconciling.start(BytesIO(file), name, "p", None, ME).reconciliation) for name, file in files]
        again = {name: reconciling.run_again(state.uuid, WriteConditions(ME)).reconciliation for name, state in started}
        return {name: results_of(reconciling, state) for name, state in again.items()}


@given(FILES, st.permutations(range(3)))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_in_any_order_come_to_the_same(paid: Path, files: list[Any], order: list[int]) -> None:
    named = [(f"{place}.csv", _file(rows)) for place, rows in enumerate(files)]
    found = []
    for together in (named, [named[place] for place in order]):
        with TemporaryDirectory() as folder:
            found.append(_comes_to(Path(copytree(paid, Path(folder) / "ledger")), together))
    assert found[0] == found[1]
    settled = [
        entry["position"]
        for results in found[0].values()
        for result in results
        if result["outcome"] in ("matched", "amount_differs")
        for entry in result["entries"]
    ]
    assert len(settled) == len(set(settled))
