"""Is a command recorded once and as it should be, from any client, however often it is sent, at any moment?"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from domain.ledger import ORDER_BYTES_MAX, OrderLedger, Outcome
from domain.log.log import Transaction
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance, RawRecord
from domain.log.sqlite import sqlite3, transaction
from domain.order import commands as c
from domain.order import events as e
from domain.order.state import Order
from domain.refusals import (
    IdempotencyKeyReused,
    InvalidField,
    OrderMoved,
    OrderNotFound,
    OrderNotPayable,
    OrderTooLong,
    PaymentExceedsOutstanding,
    PaymentReferenceTaken,
    RefundReferenceTaken,
    StatusChangeNotAllowed,
)
from domain.strict_json import convert
from tests.conftest import ME, Clock, do, new_order, writer_held

HOLD = c.ChangeStatus(status="hold")
TEN = {"items": [{"unit_price": "10"}]}


def with_key(key: str, actor: str = "tester") -> Provenance:
    return Provenance(actor, "request-1", key)


def pay(amount: str, reference: str = "pi_1", **fields: Any) -> c.ReceivePayment:
    return convert({"amount": amount, "reference": reference, "provider": "stripe"} | fields, c.ReceivePayment)


def refund(amount: str, reference: str = "re_1", **fields: Any) -> c.RefundPayment:
    return convert({"amount": amount, "reference": reference, "provider": "stripe"} | fields, c.RefundPayment)


def log(ledger: OrderLedger) -> list[tuple[UUID | str, int, str]]:
    """The order, version and topic of every event."""
    events = ledger.recorder.select_notifications(None, 100_000)
    return [(event.originator_id, event.originator_version, event.topic) for event in events]


def replayed(outcome: Outcome) -> Outcome:
    return msgspec.structs.replace(outcome, replayed=True)


# --- creating ---


def test_a_new_order_has_the_next_integer_a_key_of_20_hex_digits_and_a_random_uuid(ledger: OrderLedger) -> None:
    one, two = (do(ledger.create, new_order(), ME).order for _ in range(2))
    assert (one.id, two.id) == (1, 2)
    for order in (one, two):
        assert len(bytes.fromhex(order.key)) == 10
        assert order.uuid.version == 4
    assert one.key != two.key
    assert one.currency == "USD"


def test_a_new_orders_events_are_one_append_and_its_outcome_says_how_far(ledger: OrderLedger) -> None:
    outcome = do(ledger.create, new_order(items=[{}, {}], voucher={}), ME)
    assert [topic for _, _, topic in log(ledger)] == [
        "order.created.v2",
        "order.item_added.v1",
        "order.item_added.v1",
        "order.voucher_applied.v1",
    ]
    assert (outcome.order.version, outcome.position, ledger.head()) == (4, 4, 4)
    assert ledger.order(outcome.order.uuid) == outcome.order


def test_a_refused_creation_records_nothing_and_takes_no_integer(ledger: OrderLedger) -> None:
    with pytest.raises(InvalidField):
        do(ledger.create, new_order(items=[{}, {"unit_price": "1.999"}]), ME)
    assert log(ledger) == []
    assert do(ledger.create, new_order(), ME).order.id == 1


def test_an_order_is_found_by_its_integer_and_as_it_was_at_a_version(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    do(ledger.change, order.uuid, HOLD, ME)
    assert ledger.uuid_of(order.id) == order.uuid
    assert ledger.order(order.uuid, order.version) == order


@pytest.mark.parametrize("look", [lambda of: of.order(uuid4()), lambda of: of.uuid_of(2), lambda of: of.uuid_of(0)])
def test_an_order_that_is_not_there_is_not_found(ledger: OrderLedger, look: Callable[[OrderLedger], object]) -> None:
    do(ledger.create, new_order(), ME)
    with pytest.raises(OrderNotFound):
        look(ledger)
    with pytest.raises(OrderNotFound):
        do(ledger.change, uuid4(), HOLD, ME)


def test_an_event_that_another_process_appends_is_seen_at_once(ledger: OrderLedger) -> None:
    elsewhere = OrderLedger(SQLiteRecorder(ledger.log_of_events.path))
    order = do(ledger.create, new_order(), ME).order
    assert do(elsewhere.change, order.uuid, HOLD, ME).order == ledger.order(order.uuid)
    assert do(ledger.change, order.uuid, c.ChangeStatus(status="new"), ME).order == elsewhere.order(order.uuid)
    elsewhere.log_of_events.close()


# --- changing ---


def test_a_change_is_answered_with_the_order_after_it_and_how_far_the_log_is(ledger: OrderLedger, clock: Clock) -> None:
    order = do(ledger.create, new_order(), ME).order
    at = clock.tick(hours=1)
    outcome = do(ledger.change, order.uuid, HOLD, ME)
    assert outcome.order == msgspec.structs.replace(order, version=2, status="hold", updated_at=at)
    assert (outcome.position, outcome.replayed) == (2, False)


def test_a_change_of_nothing_records_nothing_and_is_answered_with_the_order_as_it_is(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(), ME).order
    do(ledger.create, new_order(), ME)
    assert do(ledger.change, order.uuid, c.ChangeOrder(notes=None), ME) == Outcome(order, 1)
    assert ledger.head() == 2


def test_a_refused_change_records_nothing(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(), ME).order
    with pytest.raises(OrderNotPayable):
        do(ledger.change, order.uuid, pay("1"), ME)
    assert ledger.head() == 1
    assert ledger.order(order.uuid) == order
    assert ledger.log_of_events.claim("payment", '["stripe","pi_1"]') is None


def test_a_change_meant_for_another_version_is_refused_with_the_current_one(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(), ME).order
    do(ledger.change, order.uuid, HOLD, ME)
    for expected in ([1], [3], [], [1, 3]):
        with pytest.raises(OrderMoved) as refused:
            do(ledger.change, order.uuid, c.ChangeOrder(notes="n"), ME, expected_versions=expected)
        assert refused.value.current_version == 2
    assert ledger.head() == 2
    assert do(ledger.change, order.uuid, c.ChangeOrder(notes="n"), ME, expected_versions=[1, 2]).order.version == 3


def test_a_customer_changes_their_own_order_only_and_never_a_deleted_one(ledger: OrderLedger) -> None:
    own = do(ledger.create, new_order(customer={"id": 1}), ME).order
    guest = do(ledger.create, new_order(), ME).order
    for uuid, owner in ((own.uuid, 2), (guest.uuid, 1), (guest.uuid, 0)):
        with pytest.raises(OrderNotFound):
            do(ledger.change, uuid, HOLD, ME, owner_id=owner)
    delete = c.ChangeStatus(status="deleted")
    assert do(ledger.change, own.uuid, delete, ME, owner_id=1).order.status == "deleted"
    with pytest.raises(OrderNotFound):
        do(ledger.change, own.uuid, delete, ME, owner_id=1)


def test_the_events_of_an_order_come_to_at_most_2_mib(ledger: OrderLedger) -> None:
    large = {"product": {"name": "😀" * 10_000, "slug": "😀" * 10_000}}
    order = do(ledger.create, new_order(items=[large] * 10), ME).order
    add = convert(large, c.AddItem)
    for _ in range(16):
        order = do(ledger.change, order.uuid, add, ME).order
    size = ledger.log_of_events.payload_bytes(order.uuid)
    assert ORDER_BYTES_MAX - 80_200 < size <= ORDER_BYTES_MAX == 2 * 1024 * 1024
    for provenance in (ME, with_key("k")):
        with pytest.raises(OrderTooLong, match="2097152 bytes"):
            do(ledger.change, order.uuid, add, provenance)
    assert ledger.log_of_events.payload_bytes(order.uuid) == size
    assert do(ledger.change, order.uuid, HOLD, with_key("k")).order.status == "hold"


# --- idempotency ---


def test_a_creation_that_is_sent_again_gives_the_first_answer_though_the_order_has_moved_on(
    ledger: OrderLedger,
) -> None:
    first = do(ledger.create, new_order(**TEN), with_key("k"))
    do(ledger.change, first.order.uuid, HOLD, ME)
    do(ledger.create, new_order(), ME)
    assert do(ledger.create, new_order(items=[{"unit_price": "10.00"}]), with_key("k")) == replayed(first)
    assert len(log(ledger)) == 4


@pytest.mark.parametrize(
    "command",
    [
        c.AddItem(),
        c.ChangeItemQuantity(item=1, quantity=2),
        c.RemoveItem(item=1),
        c.ChangeOrder(notes="n", billing_first_name="John"),
        c.ChangeOrder(notes=None),
        HOLD,
        pay("1"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_command_that_is_sent_again_gives_the_first_answer_though_the_order_has_moved_on(
    ledger: OrderLedger, command: c.Command
) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    first = do(ledger.change, order.uuid, command, with_key("k"))
    do(ledger.change, order.uuid, c.ChangeOrder(notes="since"), ME)
    do(ledger.change, order.uuid, c.ChangeStatus(status="cancelled"), ME)
    head = ledger.head()
    assert do(ledger.change, order.uuid, command, with_key("k")) == replayed(first)
    assert ledger.head() == head


def test_a_command_is_replayed_by_another_process_and_before_its_version_is_looked_at(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(), ME).order
    first = do(ledger.change, order.uuid, HOLD, with_key("k"), expected_versions=[1])
    elsewhere = OrderLedger(SQLiteRecorder(ledger.log_of_events.path))
    assert do(elsewhere.change, order.uuid, HOLD, with_key("k"), expected_versions=[1]) == replayed(first)
    elsewhere.log_of_events.close()


@pytest.mark.parametrize("given_first", [HOLD, c.ChangeOrder(notes=None), pay("1")], ids=["a", "no", "paying"])
def test_a_key_that_is_sent_again_with_another_body_is_refused(ledger: OrderLedger, given_first: c.Command) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    other = do(ledger.create, new_order(**TEN), ME).order
    do(ledger.change, order.uuid, given_first, with_key("k"))
    head = ledger.head()
    for uuid, command in ((order.uuid, c.ChangeOrder(notes="n")), (order.uuid, pay("2")), (other.uuid, given_first)):
        with pytest.raises(IdempotencyKeyReused):
            do(ledger.change, uuid, command, with_key("k"))
    with pytest.raises(IdempotencyKeyReused):
        do(ledger.create, new_order(), with_key("k"))
    assert ledger.head() == head


def test_a_refused_command_leaves_no_key_behind(ledger: OrderLedger) -> None:
    with pytest.raises(InvalidField):
        do(ledger.create, new_order(currency="usd"), with_key("k"))
    order = do(ledger.create, new_order(**TEN), with_key("k")).order
    with pytest.raises(StatusChangeNotAllowed):
        do(ledger.change, order.uuid, c.ChangeStatus(status="shipped"), with_key("l"))
    assert not do(ledger.change, order.uuid, HOLD, with_key("l")).replayed


def test_the_same_key_of_another_caller_is_another_key(ledger: OrderLedger) -> None:
    one = do(ledger.create, new_order(), with_key("k", "one"))
    two = do(ledger.create, new_order(), with_key("k", "two"))
    assert (one.order.id, two.order.id, two.replayed) == (1, 2, False)
    assert do(ledger.change, one.order.uuid, HOLD, with_key("l", "one")).order.version == 2
    with pytest.raises(StatusChangeNotAllowed):
        do(ledger.change, one.order.uuid, HOLD, with_key("l", "two"))


@pytest.mark.parametrize("between", ["", " ", ":", "/", "\n", '","'])
def test_callers_and_keys_that_only_look_alike_when_joined_are_told_apart(ledger: OrderLedger, between: str) -> None:
    one = do(ledger.create, new_order(), with_key(f"b{between}c", actor="a"))
    two = do(ledger.create, new_order(), with_key("c", actor=f"a{between}b"))
    assert (one.order.id, two.order.id) == (1, 2)


def test_a_key_that_came_with_a_payment_known_already_is_remembered(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    first = do(ledger.change, order.uuid, pay("1"), ME)
    do(ledger.change, order.uuid, HOLD, ME)
    assert do(ledger.change, order.uuid, pay("1"), with_key("k")).order == first.order
    assert do(ledger.change, order.uuid, pay("1"), with_key("k")) == replayed(first)
    with pytest.raises(IdempotencyKeyReused):
        do(ledger.change, order.uuid, pay("2", "pi_2"), with_key("k"))


# --- references ---


def test_a_payment_that_is_told_again_is_answered_as_the_first_time_and_records_nothing(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    first = do(ledger.change, order.uuid, pay("4"), ME)
    do(ledger.change, order.uuid, pay("6", "pi_2"), ME)
    do(ledger.change, order.uuid, HOLD, ME)
    assert do(ledger.change, order.uuid, pay("4.00", method="another"), ME) == first
    assert ledger.head() == 5


def test_a_refund_that_is_told_again_is_answered_as_the_first_time_and_records_nothing(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    do(ledger.change, order.uuid, pay("4"), ME)
    first = do(ledger.change, order.uuid, refund("3"), ME)
    do(ledger.change, order.uuid, refund("1", "re_2"), ME)
    assert do(ledger.change, order.uuid, refund("3"), ME) == first
    assert ledger.head() == 5


def test_a_reference_is_unique_in_the_whole_ledger(ledger: OrderLedger) -> None:
    one, two = (do(ledger.create, new_order(**TEN), ME).order for _ in range(2))
    do(ledger.change, one.uuid, pay("4"), ME)
    do(ledger.change, one.uuid, refund("4"), ME)
    do(ledger.change, two.uuid, pay("5", "pi_2"), ME)
    head = ledger.head()
    for uuid, amount in ((two.uuid, "4"), (two.uuid, "5"), (one.uuid, "5")):
        with pytest.raises(PaymentReferenceTaken):
            do(ledger.change, uuid, pay(amount), ME)
        with pytest.raises(RefundReferenceTaken):
            do(ledger.change, uuid, refund(amount), ME)
    assert ledger.head() == head


def test_providers_and_kinds_have_references_of_their_own(ledger: OrderLedger) -> None:
    one, two = (do(ledger.create, new_order(**TEN), ME).order for _ in range(2))
    do(ledger.change, one.uuid, pay("4", "x"), ME)
    assert do(ledger.change, one.uuid, refund("4", "x"), ME).order.totals.paid == 0
    assert do(ledger.change, two.uuid, pay("4", "x", provider="paypal"), ME).order.totals.paid == 400


# --- at the same time ---


def at_once(work: Callable[[int], Any], ledger: OrderLedger, threads: int = 8) -> list[Any]:
    """The results of `work`, run on several threads at once."""

    def on_a_thread(n: int) -> Any:
        try:
            return work(n)
        finally:
            ledger.log_of_events.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(on_a_thread, range(threads)))


def test_eight_threads_that_hammer_one_order_store_every_command_once_without_gaps(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(items=[{"unit_price": "1000"}]), ME).order

    def hammer(thread: int) -> list[Outcome]:
        done = []
        for n in range(6):
            mark = f"{thread}-{n}"
            done.append(do(ledger.change, order.uuid, pay("1", mark), ME))
            done.append(do(ledger.change, order.uuid, convert({"notes": mark}, c.ChangeOrder), ME))
            done.append(do(ledger.change, order.uuid, c.AddItem(), with_key(mark)))
        return done

    outcomes = [outcome for several in at_once(hammer, ledger) for outcome in several]
    versions = [version for _, version, _ in log(ledger)]
    assert versions == list(range(1, 2 + 1 + 8 * 6 * 3))
    assert sorted(outcome.order.version for outcome in outcomes) == versions[2:]
    assert all(outcome.position == outcome.order.version for outcome in outcomes)
    final = ledger.order(order.uuid)
    assert sorted(payment.reference for payment in final.payments) == sorted(
        f"{thread}-{n}" for thread in range(8) for n in range(6)
    )
    assert [item.id for item in final.items] == list(range(1, 2 + 8 * 6))


def test_orders_that_are_created_at_once_have_integers_without_gaps(ledger: OrderLedger) -> None:
    made = at_once(lambda _: [do(ledger.create, new_order(), ME).order.id for _ in range(5)], ledger)
    assert sorted(order_id for several in made for order_id in several) == list(range(1, 41))


def test_one_creation_sent_eight_times_at_once_is_one_order(ledger: OrderLedger) -> None:
    outcomes = at_once(lambda _: do(ledger.create, new_order(**TEN), with_key("k")), ledger)
    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * 7
    assert len({outcome.order.uuid for outcome in outcomes}) == 1
    assert ledger.head() == 2


@pytest.fixture
def meanwhile(ledger: OrderLedger) -> Iterator[Callable[..., Future[Outcome]]]:
    """Another process gives a command once, just when this thread runs a statement with the given part in its SQL."""
    elsewhere = OrderLedger(SQLiteRecorder(ledger.log_of_events.path))

    with ThreadPoolExecutor(1) as other:

        def begin_at(statement_part: str, *command: Any, **options: Any) -> Future[Outcome]:
            answer: Future[Outcome] = Future()

            def change() -> None:
                try:
                    answer.set_result(do(elsewhere.change, *command, **options))
                except Exception as error:
                    answer.set_exception(error)

            def interrupt(statement: str) -> None:
                if statement_part in statement:
                    ledger.log_of_events.writer.set_trace_callback(None)
                    other.submit(change)
                    time.sleep(0.05)
                    assert not answer.done(), "it waits for this write"

            ledger.log_of_events.writer.set_trace_callback(interrupt)
            return answer

        yield begin_at
        other.submit(elsewhere.log_of_events.close)


Meanwhile = Callable[..., Future[Outcome]]


def test_a_command_that_meets_another_is_decided_on_the_new_state(ledger: OrderLedger, meanwhile: Meanwhile) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, pay("4", "pi_2"), ME)
    assert do(ledger.change, order.uuid, pay("6"), ME).order.totals.paid == 600
    assert other.result().order.totals.paid == 1000


def test_a_command_that_another_has_made_impossible_is_refused_by_the_rule_and_not_as_a_conflict(
    ledger: OrderLedger, meanwhile: Meanwhile
) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, pay("10", "pi_2"), ME)
    do(ledger.change, order.uuid, pay("10"), ME)
    with pytest.raises(OrderNotPayable):
        other.result()
    assert ledger.head() == 3


def test_a_trial_says_the_position_of_the_head_that_it_was_decided_at(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    with writer_held(ledger):
        paid = ledger.write(ledger.change, order.uuid, pay("4"), ME)
        tried = ledger.write(ledger.change, order.uuid, pay("6", "pi_2"), ME, is_trial=True)
    assert tried.result().order.totals.paid == 1000, "what the command before it in its transaction paid is in it"
    assert tried.result().position == paid.result().position == ledger.head()


def test_a_command_for_a_version_that_another_takes_at_the_same_moment_is_refused(
    ledger: OrderLedger, meanwhile: Meanwhile
) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, HOLD, ME, expected_versions=[2])
    do(ledger.change, order.uuid, pay("1"), ME, expected_versions=[2])
    with pytest.raises(OrderMoved):
        other.result()


def test_a_payment_that_is_told_twice_at_the_same_moment_is_recorded_once_and_answered_twice(
    ledger: OrderLedger, meanwhile: Meanwhile
) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, pay("4"), ME)
    assert do(ledger.change, order.uuid, pay("4"), ME).order.totals.paid == 400
    assert other.result().order.totals.paid == 400
    assert ledger.head() == 3


@pytest.mark.parametrize("command", [HOLD, c.RemoveItem(item=1), pay("10")], ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("moment", ["FROM events", "kind = 'idempotency'"])
def test_a_command_that_is_sent_twice_at_the_same_moment_is_recorded_once_and_answered_twice(
    ledger: OrderLedger, meanwhile: Meanwhile, command: c.Command, moment: str
) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    other = meanwhile(moment, order.uuid, command, with_key("k"))
    first = do(ledger.change, order.uuid, command, with_key("k"))
    assert (first.order.version, first.replayed) == (3, False)
    assert other.result() == Outcome(first.order, first.position, replayed=True)
    assert ledger.head() == 3


# --- writers at once share a commit ---


def commits(ledger: OrderLedger) -> list[str]:
    """The statements with which the writer begins and commits transactions during the test, filled as it runs them."""
    said: list[str] = []
    ledger.log_of_events.writer.set_trace_callback(
        lambda statement: said.append(statement) if statement in ("BEGIN IMMEDIATE", "COMMIT") else None
    )
    return said


def test_commands_that_come_while_another_is_written_share_the_next_commit(ledger: OrderLedger) -> None:
    orders = [do(ledger.create, new_order(**TEN), ME).order for _ in range(4)]
    said = commits(ledger)
    with ledger.log_of_events.transaction():
        answers = [ledger.write(ledger.change, order.uuid, pay("4", order.key), ME) for order in orders]
    assert [answer.result().order.totals.paid for answer in answers] == [400] * 4
    assert said == ["BEGIN IMMEDIATE", "COMMIT"] * 2
    assert [ledger.order(order.uuid).totals.paid for order in orders] == [400] * 4


def test_commands_that_come_while_one_waits_for_the_file_share_its_commit(ledger: OrderLedger) -> None:
    orders = [do(ledger.create, new_order(**TEN), ME).order for _ in range(4)]
    said = commits(ledger)
    with transaction(sqlite3.connect(ledger.log_of_events.path, isolation_level=None)):
        answers = [ledger.write(ledger.change, orders[0].uuid, pay("4", orders[0].key), ME)]
        while "BEGIN IMMEDIATE" not in said:
            time.sleep(0.001)
        answers += [ledger.write(ledger.change, order.uuid, pay("4", order.key), ME) for order in orders[1:]]
    assert [answer.result().order.totals.paid for answer in answers] == [400] * 4
    assert said.count("COMMIT") == 1


def test_a_command_that_comes_before_the_others_are_written_shares_their_commit(ledger: OrderLedger) -> None:
    said, came = commits(ledger), []

    def create_and_have_another_come(t: Transaction) -> Outcome:
        came.append(ledger.write(ledger.create, new_order(**TEN), ME))
        return ledger.create(t, new_order(**TEN), ME)

    first = ledger.write(create_and_have_another_come).result()
    assert [first.order.id, came[0].result().order.id] == [1, 2]
    assert said == ["BEGIN IMMEDIATE", "COMMIT"]


def test_commands_that_wait_too_long_for_the_file_are_all_told_so(
    ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.log.sqlite.LOCK_WAIT_SECONDS_MAX", 0.2)
    orders = [do(ledger.create, new_order(**TEN), ME).order for _ in range(2)]
    with transaction(sqlite3.connect(ledger.log_of_events.path, isolation_level=None)):
        answers = [ledger.write(ledger.change, order.uuid, pay("4", order.key), ME) for order in orders]
        for answer in answers:
            with pytest.raises(OperationalError, match="kept its lock"):
                answer.result()
    assert [ledger.order(order.uuid).version for order in orders] == [2, 2]


def test_each_command_of_a_shared_commit_has_its_own_fate(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    head = ledger.head()

    def hold_and_release(t: Transaction) -> None:
        for status in ("hold", "new"):
            ledger.change(t, order.uuid, c.ChangeStatus(status=status), ME)

    def pay_and_fail(t: Transaction) -> None:
        ledger.change(t, order.uuid, pay("1", "taken back"), ME)
        raise KeyError

    with ledger.log_of_events.transaction():
        paid, *refused = [ledger.write(ledger.change, order.uuid, pay("6", reference), ME) for reference in "abc"]
        nothing, failed, twice = map(ledger.write, (lambda _: "nothing", pay_and_fail, hold_and_release))
    assert paid.result().order.totals.paid == 600
    for one in refused:
        with pytest.raises(PaymentExceedsOutstanding):
            one.result()
    assert nothing.result() == "nothing"
    with pytest.raises(KeyError):
        failed.result()
    assert twice.result() is None
    assert ledger.head() == head + 3
    assert [ledger.order(order.uuid, version).status for version in (3, 4, 5)] == ["new", "hold", "new"]


def test_commands_behind_a_refused_one_of_their_commit_are_done(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    with ledger.log_of_events.transaction():
        refused = ledger.write(ledger.change, order.uuid, pay("11", "too much"), ME)
        done = [ledger.write(ledger.change, order.uuid, pay("1", reference), ME) for reference in "abc"]
    with pytest.raises(PaymentExceedsOutstanding):
        refused.result()
    assert [one.result().order.version for one in done] == [3, 4, 5]


def test_a_command_that_nobody_waits_for_any_more_is_not_begun(ledger: OrderLedger) -> None:
    with ledger.log_of_events.transaction():
        first = ledger.write(ledger.create, new_order(), ME)
        given_up = ledger.write(ledger.create, new_order(), ME)
        assert given_up.cancel()
    assert first.result().order.id == 1
    assert do(ledger.create, new_order(), ME).order.id == 2


def test_closing_a_ledger_waits_for_the_commands_that_were_given_to_it(ledger: OrderLedger) -> None:
    answers = [ledger.write(ledger.create, new_order(), ME) for _ in range(100)]
    ledger.close()
    assert [answer.done() for answer in answers] == [True] * 100
    assert do(ledger.create, new_order(), ME).order.id == 101


def test_the_views_are_fed_before_a_command_is_answered_and_a_write_stands_where_they_cannot_be(
    ledger: OrderLedger,
) -> None:
    fed: list[list[int]] = []

    def feed(written: Sequence[RawRecord]) -> int:
        fed.append([record.position for record in written])
        if len(fed) == 2:
            raise KeyError
        return written[-1].position

    ledger.feed = feed
    assert (do(ledger.create, new_order(items=[{}]), ME).position, ledger.fed_to) == (2, 2)
    assert (do(ledger.create, new_order(), ME).position, ledger.fed_to) == (3, 0)
    assert (do(ledger.create, new_order(), ME).position, ledger.fed_to) == (4, 4)
    assert fed == [[1, 2], [3], [4]]


def test_a_commit_hands_the_views_the_records_that_it_wrote(ledger: OrderLedger) -> None:
    handed: list[RawRecord] = []

    def feed(written: Sequence[RawRecord]) -> int:
        handed.extend(written)
        return written[-1].position

    ledger.feed = feed
    do(ledger.create, new_order(notes="ی 📦", items=[{}]), Provenance("staff", None, "key"))
    do(ledger.create, new_order(), Provenance("staff", "request-1"))
    assert handed == list(ledger.log_of_events.raw_records())


def fail_at_the_commit(ledger: OrderLedger) -> None:
    """Makes each later append break a constraint that SQLite checks at the commit."""
    writer = ledger.log_of_events.writer
    writer.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT")
    writer.execute("CREATE TABLE children (id INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED) STRICT")
    writer.execute("CREATE TRIGGER late AFTER INSERT ON events BEGIN INSERT INTO children VALUES (7); END")


@pytest.mark.parametrize("of_one_order", [False, True])
def test_commands_of_a_shared_commit_that_fails_are_all_told_of_the_failure(
    ledger: OrderLedger, *, of_one_order: bool
) -> None:
    """With one order, the second payment is refused because of the first, which the failed commit then loses."""
    orders = [do(ledger.create, new_order(**TEN), ME).order for _ in range(2)]
    head = ledger.head()
    fail_at_the_commit(ledger)
    with ledger.log_of_events.transaction():
        answers = []
        for order in orders:
            target = orders[0] if of_one_order else order
            answers.append(ledger.write(ledger.change, target.uuid, pay("10", order.key), ME))
    for answer in answers:
        with pytest.raises(IntegrityError):
            answer.result()
    assert ledger.head() == head


# --- times ---


def test_an_event_keeps_when_it_occurred_beside_when_it_was_recorded(ledger: OrderLedger, clock: Clock) -> None:
    order = do(ledger.create, new_order(**TEN), ME).order
    earlier = clock.now - timedelta(days=3)
    clock.tick(hours=1)
    after = do(ledger.change, order.uuid, pay("1", received_at=earlier.isoformat()), ME).order
    assert after.payments[0].at == earlier
    assert after.updated_at == clock.now


def test_an_orders_state_is_equal_whether_it_was_decided_or_read_back(ledger: OrderLedger) -> None:
    image = {"id": 8, "size": 808754, "thumbnails": [{"id": 1, "f": "/t"}, {}]}
    body = {
        "customer": {"id": 1, "first_name": "John"},
        "payment_method": {"image": image},
        "billing_country": {},
        "items": [{"product": {}, "unit_price": "10"}, {"variant": 0}],
        "voucher": {},
    }
    decided: Order = do(ledger.create, new_order(**body), ME).order
    assert ledger.order(decided.uuid) == decided
    for command in (
        c.ChangeOrder(payment_method=e.Method(), shipping_method=e.Method(image=e.Image()), notes=""),
        pay("1", received_at=datetime(2026, 1, 1, tzinfo=UTC).isoformat()),
        refund("1", payment_reference="pi_1", reason="broken"),
    ):
        decided = do(ledger.change, decided.uuid, command, ME).order
        assert ledger.order(decided.uuid) == decided
