"""Is a command on a long history decided as by the whole history, whatever state the views keep of the order?"""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aggregate import Record
from domain.ledger import FoldFirst, OrderLedger
from domain.log.mapper import DamagedEvent, EventMapper
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance
from domain.log.sqlite import connect, transaction
from domain.order.commands import ChangeOrder, ChangeStatus, ReceivePayment
from domain.order.events import ItemQuantityChanged
from domain.order.state import Order
from domain.refusals import PaymentExceedsOutstanding
from domain.strict_json import convert
from projections.orders import table
from projections.orders.kept import kept_states
from projections.proof.verification import verify
from projections.views.views import Views
from tests.conftest import ME, Clock, append_events, do, new_order
from tests.projections.histories import play
from tests.tampering import tamper

EVENTS = 400
PAID = {"amount": "9", "reference": "pi_1", "provider": "acme"}


@pytest.fixture
def order(ledger: OrderLedger, views: Views) -> Order:
    """An order of 20.00 with a long history, of which 9.00 are paid, with another order beside it."""
    fed_by(ledger, views)
    do(ledger.create, new_order(items=[{"unit_price": "5"}]), ME)
    first = do(ledger.create, new_order(items=[{"unit_price": "10"}, {"unit_price": "10"}]), ME).order
    do(ledger.change, first.uuid, convert(PAID, ReceivePayment), ME)
    lengthen(ledger, first, EVENTS)
    views.catch_up()
    return ledger.order(first.uuid)


def fed_by(ledger: OrderLedger, views: Views) -> None:
    ledger.feed = lambda written: views.catch_up(written=written)
    ledger.kept = kept_states(views)


def lengthen(ledger: OrderLedger, order: Order, events: int) -> None:
    """Appends this many events, which change an item's quantity to two and back again."""
    quantities = (2 - n % 2 for n in range(events))
    changes = (ItemQuantityChanged(occurred_at=ledger.clock(), item=1, quantity=units) for units in quantities)
    append_events(ledger, order.uuid, changes)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions of the records that are decoded during the test, filled as they are."""
    versions: list[int] = []
    decode = EventMapper._record

    def record(self: EventMapper, position: Any, uuid: Any, version: int, *rest: Any) -> Record:
        versions.append(version)
        return decode(self, position, uuid, version, *rest)

    monkeypatch.setattr(EventMapper, "_record", record)
    return versions


def test_a_command_on_a_long_history_reads_none_of_it(ledger: OrderLedger, order: Order, read: list[int]) -> None:
    outcome = do(ledger.change, order.uuid, ChangeOrder(notes="n"), ME)
    assert (outcome.order.version, outcome.order.notes) == (order.version + 1, "n")
    assert len(read) < 5
    assert ledger.order(order.uuid) == outcome.order


def test_a_command_on_a_long_history_reads_the_events_that_the_views_have_not_yet(
    ledger: OrderLedger, order: Order, read: list[int]
) -> None:
    ledger.feed = None
    for notes in ("a", "b", "c"):
        outcome = do(ledger.change, order.uuid, ChangeOrder(notes=notes), ME)
    assert read == [order.version + 1, *(order.version + n for n in (1, 2))]
    assert ledger.order(order.uuid) == outcome.order


def test_a_payment_that_is_sent_again_is_answered_as_it_was_then(
    ledger: OrderLedger, order: Order, read: list[int]
) -> None:
    """The client repeats it with its key, or the provider repeats it with another."""
    paid = convert(PAID | {"amount": "1", "reference": "pi_2"}, ReceivePayment)
    first = do(ledger.change, order.uuid, paid, Provenance("tester", None, "k"))
    for provenance in (Provenance("tester", None, "k"), ME):
        read.clear()
        again = do(ledger.change, order.uuid, paid, provenance)
        assert (again.order, again.position) == (first.order, first.position)
        assert len(read) < 5
    do(ledger.change, order.uuid, ChangeStatus(status="hold"), ME)
    for provenance in (Provenance("tester", None, "k"), ME):
        with pytest.raises(FoldFirst) as raised:
            do(ledger.change, order.uuid, paid, provenance)
        earlier = ledger.order(raised.value.uuid, raised.value.version)
        again = do(ledger.change, order.uuid, paid, provenance, earlier_order=earlier)
        assert (again.order, again.position) == (first.order, first.position)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_kept_state_and_the_events_since_make_the_order_as_its_whole_history_does(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    random, clock = Random(seed), Clock()
    folder = tmp_path_factory.mktemp("kept")
    ledger = OrderLedger(SQLiteRecorder(folder / "ledger.db"), clock=clock)
    views = Views(ledger, folder / "views.db")
    views.ensure()
    fed_by(ledger, views)
    feed, kept, used = ledger.feed, ledger.kept, []

    def note(uuid: Any) -> Any:
        used.append(kept(uuid))
        return used[-1]

    def compare() -> None:
        ledger.feed = random.choice((feed, None))
        for uuid in {event.originator_id for event in ledger.recorder.select_notifications(None, 10_000)}:
            whole = ledger.order(uuid)
            for version in {random.randint(1, whole.version), whole.version}:
                found = ledger.write(ledger._from_kept, uuid, version).result()
                assert found in (None, ledger.order(uuid, version))

    ledger.kept = note
    play(ledger, clock, random, 25, compare)
    assert any(found is not None for found in used)
    ledger.close()
    views.close()


# --- a kept state that is gone, damaged, or of another history ---


def alter(views: Views, sql: str, *values: Any) -> None:
    writer = connect(views.path.resolve(), "NORMAL", writes=True)
    with transaction(writer):
        assert writer.execute(sql, values).rowcount == 1
    writer.close()


def state_of(views: Views, uuid: Any) -> table.KeptState:
    found = table.kept_state(views.reader, str(uuid))
    assert found
    return found


def unpaid(views: Views, order: Order) -> bytes:
    """The order's state without its payment, by which 20.00 could be paid once more."""
    return msgspec.msgpack.encode(msgspec.structs.replace(order, payments=()))


def _gone(views: Views, _order: Order) -> None:
    views.path.resolve().unlink()


def _unlinked(views: Views, _order: Order) -> None:
    views.path.unlink()


def _without_state(views: Views, order: Order) -> None:
    alter(views, "DELETE FROM states WHERE id = ?", order.id)


def _another_state(views: Views, order: Order) -> None:
    alter(views, "UPDATE states SET state = ? WHERE id = ?", unpaid(views, order), order.id)


def _one_bit(views: Views, order: Order) -> None:
    state = bytearray(state_of(views, order.uuid).state)
    state[-3] ^= 1
    alter(views, "UPDATE states SET state = ? WHERE id = ?", bytes(state), order.id)


def _another_seal(views: Views, order: Order) -> None:
    alter(views, "UPDATE states SET seal = zeroblob(32) WHERE id = ?", order.id)


def _another_version(views: Views, order: Order) -> None:
    alter(views, "UPDATE states SET version = version - 1 WHERE id = ?", order.id)


def _a_version_to_come(views: Views, order: Order) -> None:
    alter(views, "UPDATE states SET version = version + 1 WHERE id = ?", order.id)


def _another_orders_state(views: Views, order: Order) -> None:
    alter(
        views,
        "UPDATE states SET (state, digest, seal) = (SELECT state, digest, seal FROM states WHERE id = 1) WHERE id = ?",
        order.id,
    )


def _no_database(views: Views, _order: Order) -> None:
    views.close()
    views.path.resolve().write_bytes(b"no database at all" * 1_000)


DAMAGES = (
    _gone,
    _unlinked,
    _without_state,
    _another_state,
    _one_bit,
    _another_seal,
    _another_version,
    _a_version_to_come,
    _another_orders_state,
    _no_database,
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_a_command_is_decided_by_the_log_whatever_became_of_the_kept_state(
    ledger: OrderLedger, views: Views, order: Order, damage: Callable[[Views, Order], None]
) -> None:
    damage(views, order)
    too_much = convert(PAID | {"amount": "21.01", "reference": "pi_2"}, ReceivePayment)
    with pytest.raises(PaymentExceedsOutstanding):
        do(ledger.change, order.uuid, too_much, ME)
    after = do(ledger.change, order.uuid, ChangeOrder(notes="n"), ME).order
    assert after == ledger.order(order.uuid)
    assert after.payments == order.payments


@pytest.mark.parametrize("damage", [_without_state, _another_state, _one_bit, _another_seal])
def test_nothing_is_folded_onto_a_damaged_state(
    ledger: OrderLedger, views: Views, order: Order, damage: Callable[[Views, Order], None]
) -> None:
    """Otherwise the views would seal the damaged state."""
    damage(views, order)
    after = do(ledger.change, order.uuid, ChangeOrder(notes="n"), ME).order
    found = state_of(views, order.uuid)
    assert found.order(found.digest) == after
    assert ledger.write(ledger._from_kept, order.uuid, after.version).result() == after


def test_a_state_that_somebody_made_and_sealed_is_found_by_a_verification(
    ledger: OrderLedger, views: Views, order: Order
) -> None:
    state = unpaid(views, order)
    seal = table._seal(state_of(views, order.uuid).digest, state)
    alter(views, "UPDATE states SET (state, seal) = (?, ?) WHERE id = ?", state, seal, order.id)
    assert complaints(ledger, views) == [str(order.uuid)]
    do(ledger.change, order.uuid, ChangeOrder(notes="n"), ME)
    assert complaints(ledger, views) == [str(order.uuid)]


def complaints(ledger: OrderLedger, views: Views) -> list[str | None]:
    """The orders that a verification finds a problem in."""
    found = verify(ledger.location, views.in_force(), checkpoints=(), key=None, progress=lambda _done, _total: None)
    return [problem.order for problem in found.problems]


def test_no_command_is_taken_where_the_last_record_was_altered(ledger: OrderLedger, order: Order) -> None:
    file, statement = ledger.log_of_events.path, "UPDATE events SET payload = replace(payload, 'item', 'itex')"
    tamper(file, f"{statement} WHERE position = ?", ledger.head())
    with pytest.raises(DamagedEvent):
        do(ledger.change, order.uuid, ChangeOrder(notes="n"), ME)
