"""Is a shop's file imported line by line, each line whole, once and with its times, or rejected with the reason?"""

import io
import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.importing import BATCH_LINES_MAX, LINE_BYTES_MAX, ImportCounts, import_lines
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.money import Amount
from domain.order import commands as c
from domain.order.imported import import_order
from domain.order.movements import Movement
from domain.order.state import Order
from domain.refusals import InvalidField, OrderNotFound
from domain.strict_json import convert
from tests.conftest import ME, Clock, do, new_order

CREATED = "2024-05-01T09:00:00Z"
PAID = {"at": "2024-05-01T09:05:00Z", "type": "payment", "amount": "99.33", "reference": "p-1", "provider": "olist"}
PROCESSING = {"at": "2024-05-01T09:06:00Z", "type": "status", "status": "processing", "reason": None}
GIVEN_BACK = {
    "at": "2024-05-03T10:00:00Z",
    "type": "refund",
    "amount": "10.00",
    "reference": "r-1",
    "provider": "olist",
    "payment_reference": "p-1",
}


def line(**fields: Any) -> dict[str, Any]:
    """The contract's example of an import line, with these fields replaced."""
    example = {
        "id": 7,
        "created_at": CREATED,
        "currency": "BRL",
        "customer": {"id": 3},
        "items": [{"unit_price": "99.33"}],
        "history": [PAID | {"method": "credit_card"}, PROCESSING, GIVEN_BACK],
    }
    return example | fields


def imported(ledger: OrderLedger, *lines: dict[str, Any] | bytes) -> tuple[ImportCounts, dict[int, str]]:
    """The result of importing these lines, and the reasons of the rejected lines by line number."""
    texts = [text if isinstance(text, bytes) else json.dumps(text, ensure_ascii=False).encode() for text in lines]
    rejected: dict[int, str] = {}
    result = import_lines(ledger, io.BytesIO(b"\n".join(texts)), on_rejected=rejected.__setitem__)
    assert result.rejected == len(rejected)
    return result, rejected


def test_long_histories_are_recorded_some_thousand_events_at_a_time(ledger: OrderLedger) -> None:
    """No other client can write during a transaction, and PostgreSQL ends one that keeps the lock for seconds."""
    at_once: list[int] = []
    ledger.feed = lambda written: at_once.append(len(written)) or 0
    told = [{"at": CREATED, "type": "details", "notes": str(number)} for number in range(1_000)]
    result, _ = imported(ledger, *(line(id=number, history=told) for number in range(1, 16)))
    assert (result.imported, sum(at_once)) == (15, 15 * 1_002)
    assert max(at_once) < 6_000


def unexpected(number: int, reason: str) -> None:
    pytest.fail(f"line {number}: {reason}")


def order(ledger: OrderLedger, order_id: int) -> Order:
    return ledger.order(ledger.uuid_of(order_id))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# --- a line that is taken ---


def test_the_contracts_example_comes_in_with_its_history(ledger: OrderLedger) -> None:
    assert imported(ledger, line()) == (ImportCounts(imported=1, events=5), {})
    found = order(ledger, 7)
    assert (found.status, found.currency, found.version) == ("processing", "BRL", 5)
    assert found.payments == (
        Movement(
            kind="payment",
            amount=9933,
            provider="olist",
            reference="p-1",
            at=moment(PAID["at"]),
            payment="p-1",
            method="credit_card",
        ),
        Movement(
            kind="refund",
            amount=1000,
            provider="olist",
            reference="r-1",
            at=moment(GIVEN_BACK["at"]),
            of="p-1",
            payment="p-1",
            credited=1000,
        ),
    )


def test_imported_events_occurred_at_their_own_times_and_are_recorded_now(ledger: OrderLedger, clock: Clock) -> None:
    imported(ledger, line())
    found = order(ledger, 7)
    assert (found.created_at, found.updated_at) == (moment(CREATED), moment(GIVEN_BACK["at"]))
    occurred = [json.loads(event.state)["occurred_at"] for event in ledger.recorder.select_notifications(None, 10)]
    assert occurred == [CREATED, CREATED, PAID["at"], PROCESSING["at"], GIVEN_BACK["at"]]
    recorded = ledger.log_of_events.reader.execute("SELECT DISTINCT recorded_at, actor FROM events").fetchall()
    assert recorded == [(clock.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "cli:import")]


def test_a_history_has_every_kind_of_movement_of_its_money(ledger: OrderLedger) -> None:
    def entry(kind: str, amount: str, reference: str, **fields: str) -> dict[str, Any]:
        told = {"at": GIVEN_BACK["at"], "type": kind, "provider": "olist", "amount": amount, "reference": reference}
        return told | fields

    void = {"at": GIVEN_BACK["at"], "type": "void", "provider": "olist", "reference": "p-2", "reason": "typed twice"}
    history = [
        PAID,
        entry("refund", "10", "r-1", payment_reference="p-1"),
        entry("refund_failure", "10", "r-1", refund_reference="r-1"),
        entry("chargeback", "99.33", "d-1", payment_reference="p-1", charged_back_at="2024-05-02T00:00:00Z"),
        entry("chargeback_reversal", "99.33", "d-1", chargeback_reference="d-1"),
        entry("payment_failure", "99.33", "f-1", payment_reference="p-1"),
        entry("payment", "99.33", "p-2"),
        void,
    ]
    assert imported(ledger, line(history=history))[0].imported == 1
    found = order(ledger, 7)
    kinds = [movement.kind for movement in found.payments]
    assert kinds == [str(each["type"]) for each in history]
    assert found.payments[3].at == moment("2024-05-02T00:00:00Z")
    assert (found.totals.paid, found.totals.outstanding) == (0, 9933)


def test_a_payment_that_is_void_in_its_own_history_leaves_its_reference_to_another(ledger: OrderLedger) -> None:
    void = {"at": PAID["at"], "type": "void", "provider": "olist", "reference": "p-1", "reason": "another's"}
    mistaken, right, other = line(id=1, history=[PAID, void]), line(id=2, history=[PAID]), line(id=3, history=[PAID])
    twice = line(id=4, history=[PAID, void, PAID, void])
    result, rejected = imported(ledger, mistaken, right, other, twice)
    assert (result.imported, list(rejected)) == (3, [3])
    numbers = [[movement.number for movement in order(ledger, order_id).payments] for order_id in (1, 2, 4)]
    assert numbers == [[1, 1], [2], [3, 3, 4, 4]]
    assert not imported(ledger, mistaken | {"id": 5})[1]
    assert imported(ledger, other)[0].rejected == 1


def test_a_line_without_a_time_was_created_now(ledger: OrderLedger, clock: Clock) -> None:
    imported(ledger, {})
    assert order(ledger, 1).created_at == clock.now


def test_a_line_keeps_the_id_key_and_uuid_that_it_gives(ledger: OrderLedger) -> None:
    uuid = UUID("a3d5c8e7-9b4f-4a2e-8c7d-1f3e5a6b9c0d")
    imported(ledger, {"id": 10**12, "key": "A-1.b_2", "uuid": str(uuid)})
    found = ledger.order(uuid)
    assert (found.id, found.key) == (10**12, "A-1.b_2")


def test_integers_go_on_behind_the_largest_that_was_imported(ledger: OrderLedger) -> None:
    imported(ledger, {"id": 7}, {}, {"id": 3}, {})
    assert [order(ledger, order_id).id for order_id in (3, 7, 8, 9)] == [3, 7, 8, 9]
    assert do(ledger.create, new_order(), ME).order.id == 10


def test_an_imported_order_lives_on_by_commands(ledger: OrderLedger) -> None:
    imported(ledger, line())
    shipped = do(ledger.change, ledger.uuid_of(7), c.ChangeStatus(status="shipped"), ME).order
    assert (shipped.status, shipped.version) == ("shipped", 6)


@pytest.mark.parametrize("kind", [[], {}, {"payment": 1}, ["payment"], None, 1.5, True, "paid"])
def test_an_entry_whose_type_is_none_is_named_and_the_other_lines_come_in(ledger: OrderLedger, kind: Any) -> None:
    result, rejected = imported(ledger, line(id=7, history=[PAID | {"type": kind}]), line(id=8))
    assert (result.imported, list(rejected)) == (1, [1])
    assert rejected[1].startswith("history[0].type: must be one of ")


def test_money_that_the_rules_do_not_give_comes_in_where_it_is_forced(ledger: OrderLedger) -> None:
    too_much = PAID | {"amount": "100.00"}
    _, rejected = imported(ledger, line(history=[too_much]))
    assert list(rejected) == [1]
    imported(ledger, line(history=[too_much | {"force": True}]))
    at = moment(PAID["at"])
    forced = Movement(
        kind="payment", amount=10000, provider="olist", reference="p-1", at=at, payment="p-1", forced=True
    )
    assert order(ledger, 7).payments == (forced,)


WITHDRAWN = {"HRK": "2023-01-01", "BGN": "2026-01-01", "ANG": "2025-04-01", "LTL": "2015-01-01", "DEM": "2002-03-01"}


def test_an_order_in_a_currency_of_its_time_comes_in_and_lives_on(ledger: OrderLedger) -> None:
    lines = [
        line(id=number, currency=code, created_at="2001-12-24T18:00:00Z", history=[])
        for number, code in enumerate([*WITHDRAWN, "ITL"], 1)
    ]
    lines[-1]["items"] = [{"unit_price": "19900"}]
    assert imported(ledger, *lines) == (ImportCounts(imported=6, events=12), {})
    assert [order(ledger, number).digits for number in range(1, 7)] == [2, 2, 2, 2, 2, 0]
    payment = c.ReceivePayment(amount=Amount("99.33"), provider="acme", reference="pi_1")
    assert do(ledger.change, ledger.uuid_of(1), payment, ME).order.totals.is_paid


@pytest.mark.parametrize(("currency", "withdrawn"), WITHDRAWN.items())
def test_an_entry_from_after_the_currency_was_withdrawn_comes_in_too(
    ledger: OrderLedger, currency: str, withdrawn: str
) -> None:
    given_back = GIVEN_BACK | {"at": f"{withdrawn}T09:00:00Z"}
    before = datetime.fromisoformat(f"{withdrawn}T00:00:00Z") - timedelta(seconds=1)
    paid = PAID | {"at": before.isoformat()}
    _, rejected = imported(ledger, line(currency=currency, created_at=before.isoformat(), history=[paid, given_back]))
    assert rejected == {}
    assert order(ledger, 7).received == 8933


@pytest.mark.parametrize(("currency", "withdrawn"), WITHDRAWN.items())
def test_no_order_begins_in_a_currency_that_was_withdrawn(ledger: OrderLedger, currency: str, withdrawn: str) -> None:
    since, now = line(currency=currency, created_at=f"{withdrawn}T00:00:00Z", history=[]), {"currency": currency}
    _, rejected = imported(ledger, since, now)
    why = f"currency: {currency} was withdrawn on {withdrawn}; no order is in it since."
    assert rejected == {1: why, 2: why}
    with pytest.raises(InvalidField, match=withdrawn):
        do(ledger.create, new_order(currency=currency), ME)


# --- a line that is there already ---


UUID_OF_7 = "a3d5c8e7-9b4f-4a2e-8c7d-1f3e5a6b9c0d"
THERE = line(key="k-7", uuid=UUID_OF_7)
_OF_7 = f"order 7 (key k-7, uuid {UUID_OF_7})"


def without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in names}


@pytest.mark.parametrize(
    "again",
    [
        THERE,
        without(THERE, "key", "uuid"),
        without(THERE, "id"),
        without(THERE, "id", "key"),
        without(THERE, "id") | {"uuid": UUID_OF_7.upper()},
        THERE
        | {
            "items": [{"unit_price": "99.3300", "quantity": 1}],
            "notes": None,
            "created_at": "2024-05-01T11:00:00+02:00",
        },
        json.dumps(THERE, indent=None, separators=(" ,", " : ")).encode(),
    ],
)
def test_an_order_that_is_there_by_all_that_its_line_names_and_says_is_skipped(
    ledger: OrderLedger, again: dict[str, Any] | bytes
) -> None:
    imported(ledger, THERE)
    do(ledger.change, ledger.uuid_of(7), c.ChangeOrder(notes="since"), ME)  # a later change is no part of the line
    head = ledger.head()
    assert imported(ledger, again) == (ImportCounts(skipped=1), {})
    assert ledger.head() == head


_CONFLICTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "its id with another key": (
        {"id": 7, "key": "k-9"},
        ["not of one order", f"its id 7 is that of {_OF_7}", "its key k-9 is nobody's"],
    ),
    "its key with another id": ({"id": 9, "key": "k-7"}, ["its id 9 is nobody's", f"its key k-7 is that of {_OF_7}"]),
    "its uuid with another id": ({"id": 9, "uuid": UUID_OF_7}, [f"its uuid {UUID_OF_7} is that of {_OF_7}"]),
    "another uuid": (
        {"id": 7, "uuid": "00000000-0000-4000-8000-000000000000"},
        ["its uuid 00000000-0000-4000-8000-000000000000 is nobody's"],
    ),
    "two orders": (
        {"id": 8, "key": "k-7"},
        ["its id 8 is that of order 8 (key k-8", f"its key k-7 is that of {_OF_7}"],
    ),
    "another currency": (
        THERE | {"currency": "EUR"},
        [f"{_OF_7} is there", 'currency is "BRL" there and "EUR" in this line'],
    ),
    "another price": (
        THERE | {"items": [{"unit_price": "120"}]},
        ['version 2, ItemAdded, unit_price is "99.33" there and "120.00" in this line'],
    ),
    "other notes": (THERE | {"notes": "n"}, ['personal.notes is null there and "n" in this line']),
    "a longer history": (
        THERE | {"history": [*THERE["history"], PROCESSING | {"at": "2024-05-04T10:00:00Z", "status": "shipped"}]},
        ["version 6, StatusChanged, stands in this line alone"],
    ),
    "a shorter history": (
        THERE | {"history": THERE["history"][:2]},
        ["version 5, PaymentRefunded, stands there alone"],
    ),
    "what would be refused": (THERE | {"items": [{"unit_price": "1.999"}]}, [f"{_OF_7} is there; this line: items[0]"]),
}


@pytest.mark.parametrize("in_one_file", [True, False])
@pytest.mark.parametrize("what", _CONFLICTS)
def test_a_line_that_is_another_order_or_says_something_else_is_told_with_both_sides(
    ledger: OrderLedger, what: str, in_one_file: bool
) -> None:
    conflicting, told = _CONFLICTS[what]
    there = [THERE, {"id": 8, "key": "k-8"}]
    if in_one_file:
        result, rejected = imported(ledger, *there, conflicting, {"id": 10})
    else:
        imported(ledger, *there)
        result, rejected = imported(ledger, *there, conflicting, {"id": 10})
    assert list(rejected) == [3]
    assert rejected[3].startswith("conflict: ")
    assert all(part in rejected[3] for part in told), rejected[3]
    assert (result.rejected, result.imported + result.skipped) == (1, 3)
    assert order(ledger, 10).id == 10
    with pytest.raises(OrderNotFound):
        ledger.uuid_of(9)


def test_a_line_whose_id_an_order_has_that_was_never_imported_is_a_conflict(ledger: OrderLedger) -> None:
    do(ledger.create, new_order(currency="EUR"), ME)
    _, rejected = imported(ledger, {"id": 1, "currency": "USD"})
    assert 'currency is "EUR" there and "USD" in this line' in rejected[1]


def test_an_order_imported_earlier_without_a_fingerprint_is_known_again(ledger: OrderLedger) -> None:
    do(ledger.import_batch, [(convert(THERE, c.ImportOrder), ledger.import_line(convert(THERE, c.ImportOrder)))], ME)
    assert ledger.log_of_events.claim("order-id", 7).fingerprint is None
    assert imported(ledger, THERE) == (ImportCounts(skipped=1), {})
    assert list(imported(ledger, THERE | {"notes": "n"})[1]) == [1]


def test_a_line_is_known_again_whose_order_was_changed_while_the_clock_was_behind(ledger: OrderLedger) -> None:
    first, other = (json.dumps(line(id=7), separators=separators).encode() for separators in ((",", ":"), (", ", ": ")))
    import_lines(ledger, io.BytesIO(first), provenance=Provenance("shop", "r1"), on_rejected=unexpected)
    notes = convert({"notes": "at the back door"}, c.ChangeOrder)
    do(ledger.change, order(ledger, 7).uuid, notes, Provenance("shop", "r2"))
    assert len({raw.recorded_at for raw in ledger.log_of_events.raw_records()}) == 1
    by = Provenance("shop", "r3")
    assert import_lines(ledger, io.BytesIO(other), provenance=by, on_rejected=unexpected).skipped == 1


def test_an_order_that_stands_twice_in_a_file_is_imported_once(ledger: OrderLedger) -> None:
    result, rejected = imported(ledger, {"id": 7}, {"id": 7}, {"id": 8})
    assert (result, rejected) == (ImportCounts(imported=2, events=2, skipped=1), {})


def test_a_file_that_is_there_is_decided_on_no_more(ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line(id=n, history=[PAID | {"reference": f"p-{n}"}]) for n in range(1, 30)]
    imported(ledger, *lines)
    monkeypatch.setattr(OrderLedger, "_decided", None)  # a call to `_decided` or `write` fails now
    monkeypatch.setattr(ledger, "write", None)
    assert imported(ledger, *lines) == (ImportCounts(skipped=29), {})


def test_a_line_that_another_import_records_while_it_is_looked_up_is_skipped(
    ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = line(key="W-7", uuid="7c2f1e7e-9a0b-4c34-8f8e-0d4c5b6a7988")
    begun = ledger.log_of_events.begun

    def late(uuids: Iterable[str]) -> list[str]:
        monkeypatch.undo()
        assert imported(ledger, whole)[0].imported == 1
        return begun(uuids)

    monkeypatch.setattr(ledger.log_of_events, "begun", late)
    assert imported(ledger, whole) == (ImportCounts(skipped=1), {})


def test_an_import_that_is_run_again_changes_nothing(ledger: OrderLedger) -> None:
    lines = [line(id=n, history=[PAID | {"reference": f"p-{n}"}, PROCESSING]) for n in range(1, 2 * BATCH_LINES_MAX)]
    assert imported(ledger, *lines[:150])[0] == ImportCounts(imported=150, events=600)
    assert imported(ledger, *lines)[0] == ImportCounts(imported=49, events=196, skipped=150)
    assert imported(ledger, *lines)[0] == ImportCounts(skipped=199)
    assert ledger.head() == 796


# --- a line that is rejected ---

WRONG: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "no JSON": (b'{"id": 7', "not JSON"),
    "no UTF-8": (b'{"notes": "\xff"}', "not UTF-8"),
    "a list": (b"[]", "object"),
    "a key twice": (b'{"id": 7, "id": 8}', "id: this key stands twice"),
    "100,000 brackets": (b"[" * 100_000, "nested deeper"),
    "an unknown field": (line(total="1"), "total: this field is not known"),
    "an id of nothing": (line(id=0), "id: "),
    "a naive time": (line(created_at="2024-05-01T09:00:00"), "created_at: "),
    "a time outside the calendar": (line(created_at="0001-01-01T00:00:00+14:00"), "created_at: "),
    "an order of the day after tomorrow": (
        line(created_at="2026-03-02T10:30:01Z", history=[]),
        "created_at: more than a day ahead",
    ),
    "a payment of another year": (line(history=[PAID | {"at": "2027-01-01T00:00:00Z"}]), "history[0].at: more than"),
    "an amount that the currency has not": (line(items=[{"unit_price": "1.999"}]), "items[0].unit_price: "),
    "a history before the order": (line(history=[PAID | {"at": "2024-05-01T08:59:59Z"}]), "history[0].at: earlier"),
    "a history newest first": (line(history=[PAID, PROCESSING | {"at": CREATED}]), "history[1].at: earlier"),
    "a history of something else": (line(history=[PAID | {"type": "gift"}]), "history[0].type: "),
    "a wrong amount in the history": (line(history=[PAID | {"amount": "1.999"}]), "history[0].amount: "),
    "an impossible status": (line(history=[PROCESSING | {"status": "shipped"}]), "history[0]: The order is new"),
    "too much paid": (line(history=[PAID, PAID | {"reference": "p-2"}]), "history[1]: The order takes no payment"),
    "too much refunded": (line(history=[PAID, GIVEN_BACK | {"amount": "99.34"}]), "history[1]: 99.34 BRL"),
    "a forced refund": (line(history=[PAID, GIVEN_BACK | {"force": True}]), "history[1].force: "),
    "a discount larger than its item": (
        line(items=[{"unit_price": "1", "shipping": "2", "discount_amount": "3.01"}]),
        "items[0].discount_amount: 3.01 BRL is too much",
    ),
    "a negative total": (line(voucher={"discount_amount": "99.34"}), "less than nothing"),
    "an address that its country has not": (
        line(billing_country={"code": "IR"}, billing_postal_code="12345"),
        "billing_postal_code: ",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_line_is_rejected_whole_with_its_number_and_reason_and_the_rest_go_on(
    ledger: OrderLedger, what: str
) -> None:
    wrong, reason = WRONG[what]
    result, rejected = imported(ledger, {"id": 1}, wrong, {"id": 2})
    assert result == ImportCounts(imported=2, events=2, rejected=1)
    assert list(rejected) == [2]
    assert reason in rejected[2]
    assert [event.originator_id for event in ledger.recorder.select_notifications(None, 10)] == [
        ledger.uuid_of(1),
        ledger.uuid_of(2),
    ]


def test_a_rejected_line_leaves_nothing_behind_that_a_right_one_would_miss(ledger: OrderLedger) -> None:
    impossible = PROCESSING | {"status": "deleted"}
    _, rejected = imported(ledger, line(key="k-7", history=[PAID, impossible]), line(key="k-7", history=[PAID]))
    assert list(rejected) == [1]
    assert order(ledger, 7).key == "k-7"


@pytest.mark.parametrize("in_one_file", [True, False])
def test_a_reference_that_another_order_has_is_rejected(ledger: OrderLedger, in_one_file: bool) -> None:
    lines = [line(), line(id=8), line(id=9, history=[PAID | {"provider": "other"}])]
    if in_one_file:
        result, rejected = imported(ledger, *lines)
    else:
        imported(ledger, lines[0])
        result, rejected = imported(ledger, *lines)
    assert list(rejected) == [2]
    assert "p-1" in rejected[2]
    assert result.rejected == 1
    assert order(ledger, 9).totals.paid == 9933


def test_empty_lines_count_for_nothing_but_their_numbers(ledger: OrderLedger) -> None:
    result, rejected = imported(ledger, b"", {"id": 1}, b"", b"  \t\r", b"wrong", b"", {"id": 2}, b"", b"")
    assert result == ImportCounts(imported=2, events=2, rejected=1)
    assert list(rejected) == [5]


@pytest.mark.parametrize("text", [b"", b"\n", b"\n\n \n"])
def test_a_file_of_nothing_imports_nothing(ledger: OrderLedger, text: bytes) -> None:
    assert imported(ledger, text) == (ImportCounts(), {})


def test_lines_may_end_as_windows_ends_them_and_the_last_may_not_end_at_all(ledger: OrderLedger) -> None:
    result = import_lines(ledger, io.BytesIO(b'{"id": 1}\r\n{"id": 2}'), on_rejected=unexpected)
    assert result == ImportCounts(imported=2, events=2)


@pytest.mark.parametrize("size", [LINE_BYTES_MAX + 1, LINE_BYTES_MAX + 2, 2 * LINE_BYTES_MAX + 2, 5 * LINE_BYTES_MAX])
def test_a_line_over_1_mib_is_rejected_and_counted_as_one(ledger: OrderLedger, size: int) -> None:
    long = b'{"notes": "' + b"x" * (size - 13) + b'"}'
    assert len(long) == size
    result, rejected = imported(ledger, {"id": 1}, long, b"wrong", {"id": 2}, long)
    assert (result.imported, sorted(rejected)) == (2, [2, 3, 5])
    assert str(LINE_BYTES_MAX) in rejected[2]


def test_a_long_line_that_begins_with_blanks_is_no_empty_line(ledger: OrderLedger) -> None:
    result, rejected = imported(ledger, b" " * (LINE_BYTES_MAX + 1) + b'{"id": 1}', {"id": 2})
    assert (result.imported, list(rejected)) == (1, [1])


def test_a_long_line_within_1_mib_is_taken(ledger: OrderLedger) -> None:
    items = [{"product": {"name": "x" * 1000}}] * 1000
    text = json.dumps({"id": 1, "items": items}).encode()
    assert LINE_BYTES_MAX * 0.97 < len(text) < LINE_BYTES_MAX
    assert imported(ledger, text)[0].imported == 1


TOO_MANY: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "80,000 items": (
        b'{"id": 7, "items": [' + b"{}," * 79_999 + b"{}]}",
        "items: must be a list of at most 1000, this has 80000",
    ),
    "100,000 entries": (
        b'{"id": 7, "history": [' + b"{}," * 99_999 + b"{}]}",
        "history: must be a list of at most 1000, this has 100000",
    ),
    "7,000 payments": (
        line(history=[PAID | {"reference": f"{n}", "amount": "0.01"} for n in range(7_000)]),
        "history: ",
    ),
}


@pytest.mark.parametrize("what", TOO_MANY)
def test_a_line_with_too_much_in_it_is_rejected_at_once_and_the_rest_go_on(ledger: OrderLedger, what: str) -> None:
    wrong, reason = TOO_MANY[what]
    began = time.process_time()
    result, rejected = imported(ledger, {"id": 1}, wrong, {"id": 2})
    assert time.process_time() - began < 1
    assert result == ImportCounts(imported=2, events=2, rejected=1)
    assert rejected[2].startswith(reason)


def test_a_line_is_decided_before_its_transaction_while_others_may_write(
    ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest line costs far more to decide than to record. Others wait for the transaction, so it only records."""
    steps: list[str] = []

    def told(step: str, of: Callable[..., Any]) -> Callable[..., Any]:
        def taken(*arguments: Any, **named: Any) -> Any:
            steps.append(step)
            came_to = of(*arguments, **named)
            steps.append("end")
            return came_to

        return taken

    monkeypatch.setattr(ledger, "import_batch", told("record", ledger.import_batch))
    monkeypatch.setattr("domain.ledger.import_order", told("decide", import_order))
    assert imported(ledger, line())[0].imported == 1
    assert steps == ["decide", "end", "record", "end"]


def test_rejections_are_told_in_the_order_of_their_lines_whatever_is_wrong_with_them(ledger: OrderLedger) -> None:
    payment = {"type": "payment", "at": "2024-01-02T00:00:00Z", "amount": "1", "reference": "r", "provider": "p"}
    unpayable = {"created_at": "2024-01-01T00:00:00Z", "history": [payment]}
    _, rejected = imported(ledger, unpayable, b"no JSON", unpayable, b"no JSON")
    assert list(rejected) == [1, 2, 3, 4]


def test_rejections_have_the_numbers_of_their_lines_also_in_later_batches(ledger: OrderLedger) -> None:
    lines = [b"wrong" if n % 60 == 0 else json.dumps({"id": n}).encode() for n in range(1, 3 * BATCH_LINES_MAX)]
    result, rejected = imported(ledger, *lines)
    assert list(rejected) == [60, 120, 180, 240]
    assert result.imported == 295


def test_how_far_in_the_file_an_import_is_is_told_to_its_end(ledger: OrderLedger) -> None:
    text = b"".join(b'{"id": %d}\n' % n for n in range(1, 251))
    told: list[int] = []
    import_lines(ledger, io.BytesIO(text), on_rejected=unexpected, on_bytes=told.append)
    assert told == sorted(told)
    assert len(told) == 3
    assert told[-1] == len(text)


def test_a_byte_order_mark_at_a_files_beginning_is_skipped(ledger: OrderLedger) -> None:
    first = b"\xef\xbb\xbf" + json.dumps(line(id=1, history=[])).encode()
    assert imported(ledger, first, {"id": 2}) == (ImportCounts(imported=2, events=3), {})
    assert imported(ledger, first, {"id": 2}) == (ImportCounts(skipped=2), {})
    assert list(imported(ledger, {"id": 3}, first)[1]) == [2]
    too_long = b"\xef\xbb\xbf" + json.dumps({"notes": "n" * LINE_BYTES_MAX}).encode()
    assert list(imported(ledger, too_long, {"id": 4})[1]) == [1]


def test_an_order_without_its_time_was_created_when_its_history_begins(ledger: OrderLedger) -> None:
    without = line()
    del without["created_at"]
    result, rejected = imported(ledger, without, without)
    assert (result.imported, result.skipped, rejected) == (1, 1, {})
    assert order(ledger, 7).created_at == datetime(2024, 5, 1, 9, 5, tzinfo=UTC)
    _, rejected = imported(ledger, without | {"id": 8, "history": [PAID | {"at": "2199-01-01T00:00:00Z"}]})
    assert rejected[1].startswith("history[0].at: more than a day ahead")


def test_every_fault_in_a_lines_fields_is_named_at_once(ledger: OrderLedger) -> None:
    wrong = PAID | {"amount": "1.999", "received_at": "2024-05-03T09:00:00Z"}
    details = {"type": "details", "at": GIVEN_BACK["at"], "billing_postal_code": "?"}
    history = [wrong, PROCESSING | {"at": CREATED}, details]
    _, rejected = imported(ledger, line(history=history), line(created_at="2199-01-01T00:00:00Z", currency="XXY"))
    faults = [fault.partition(":")[0] for fault in rejected[1].split("; ")]
    assert set(faults) >= {
        "history[0].amount",
        "history[0].received_at",
        "history[1].at",
        "history[2].billing_postal_code",
    }
    assert rejected[1].count("more than a day ahead of 2024-05-01T09:05:00Z") == 1
    assert [fault.partition(":")[0] for fault in rejected[2].split("; ")][:2] == ["created_at", "currency"]
    assert "history" not in rejected[2]
