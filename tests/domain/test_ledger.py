"""Does a command come to what it should, once, whoever gives it, however often, and at whatever moment?"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from domain.ledger import OrderLedger, Outcome
from domain.log.recorder import side_by_side
from domain.log.records import Provenance
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
    PaymentExceedsOutstanding,
    PaymentReferenceTaken,
    RefundReferenceTaken,
    StatusChangeNotAllowed,
)
from domain.strict_json import shaped
from tests.conftest import ME, Clock, new_order

HOLD = c.ChangeStatus(status="hold")
TEN = {"items": [{"unit_price": "10"}]}


def with_key(key: str, actor: str = "tester") -> Provenance:
    return Provenance(actor, "request-1", key)


def pay(amount: str, reference: str = "pi_1", **fields: Any) -> c.ReceivePayment:
    return shaped({"amount": amount, "reference": reference, "provider": "stripe"} | fields, c.ReceivePayment)


def refund(amount: str, reference: str = "re_1", **fields: Any) -> c.RefundPayment:
    return shaped({"amount": amount, "reference": reference, "provider": "stripe"} | fields, c.RefundPayment)


def log(ledger: OrderLedger) -> list[tuple[UUID | str, int, str]]:
    """Every event: its order, version and topic."""
    events = ledger.recorder.select_notifications(None, 100_000)
    return [(event.originator_id, event.originator_version, event.topic) for event in events]


def replayed(outcome: Outcome) -> Outcome:
    return msgspec.structs.replace(outcome, replayed=True)


# --- creating ---


def test_a_new_order_has_the_next_integer_a_key_of_20_hex_digits_and_a_random_uuid(ledger: OrderLedger) -> None:
    one, two = (ledger.create(new_order(), ME).order for _ in range(2))
    assert (one.id, two.id) == (1, 2)
    for order in (one, two):
        assert len(bytes.fromhex(order.key)) == 10
        assert order.uuid.version == 4
    assert one.key != two.key
    assert one.currency == "USD"


def test_a_new_orders_events_are_one_append_and_its_outcome_says_how_far(ledger: OrderLedger) -> None:
    outcome = ledger.create(new_order(items=[{}, {}], voucher={}), ME)
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
        ledger.create(new_order(items=[{}, {"unit_price": "1.999"}]), ME)
    assert log(ledger) == []
    assert ledger.create(new_order(), ME).order.id == 1


def test_an_order_is_found_by_its_integer_and_as_it_was_at_a_version(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    ledger.change(order.uuid, HOLD, ME)
    assert ledger.uuid_of(order.id) == order.uuid
    assert ledger.order(order.uuid, order.version) == order


@pytest.mark.parametrize("look", [lambda of: of.order(uuid4()), lambda of: of.uuid_of(2), lambda of: of.uuid_of(0)])
def test_an_order_that_is_not_there_is_not_found(ledger: OrderLedger, look: Callable[[OrderLedger], object]) -> None:
    ledger.create(new_order(), ME)
    with pytest.raises(OrderNotFound):
        look(ledger)
    with pytest.raises(OrderNotFound):
        ledger.change(uuid4(), HOLD, ME)


def test_what_another_process_appends_is_seen_at_once(ledger: OrderLedger) -> None:
    elsewhere = OrderLedger(ledger.log_of_events.path)
    order = ledger.create(new_order(), ME).order
    assert elsewhere.change(order.uuid, HOLD, ME).order == ledger.order(order.uuid)
    assert ledger.change(order.uuid, c.ChangeStatus(status="new"), ME).order == elsewhere.order(order.uuid)
    elsewhere.log_of_events.close()


# --- changing ---


def test_a_change_is_answered_with_the_order_after_it_and_how_far_the_log_is(ledger: OrderLedger, clock: Clock) -> None:
    order = ledger.create(new_order(), ME).order
    at = clock.tick(hours=1)
    outcome = ledger.change(order.uuid, HOLD, ME)
    assert outcome.order == msgspec.structs.replace(order, version=2, status="hold", updated_at=at)
    assert (outcome.position, outcome.replayed) == (2, False)


def test_a_change_of_nothing_records_nothing_and_is_answered_with_the_order_as_it_is(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(), ME).order
    ledger.create(new_order(), ME)
    assert ledger.change(order.uuid, c.ChangeOrder(notes=None), ME) == Outcome(order, 1)
    assert ledger.head() == 2


def test_a_refused_change_records_nothing(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(), ME).order
    with pytest.raises(OrderNotPayable):
        ledger.change(order.uuid, pay("1"), ME)
    assert ledger.head() == 1
    assert ledger.order(order.uuid) == order
    assert ledger.log_of_events.claim("payment", '["stripe","pi_1"]') is None


def test_a_change_meant_for_another_version_is_refused_with_the_current_one(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(), ME).order
    ledger.change(order.uuid, HOLD, ME)
    for expected in ([1], [3], [], [1, 3]):
        with pytest.raises(OrderMoved) as refused:
            ledger.change(order.uuid, c.ChangeOrder(notes="n"), ME, expected_versions=expected)
        assert refused.value.current_version == 2
    assert ledger.head() == 2
    assert ledger.change(order.uuid, c.ChangeOrder(notes="n"), ME, expected_versions=[1, 2]).order.version == 3


def test_a_customer_changes_their_own_order_only_and_never_a_deleted_one(ledger: OrderLedger) -> None:
    own = ledger.create(new_order(customer={"id": 1}), ME).order
    guest = ledger.create(new_order(), ME).order
    for uuid, owner in ((own.uuid, 2), (guest.uuid, 1), (guest.uuid, 0)):
        with pytest.raises(OrderNotFound):
            ledger.change(uuid, HOLD, ME, owner_id=owner)
    delete = c.ChangeStatus(status="deleted")
    assert ledger.change(own.uuid, delete, ME, owner_id=1).order.status == "deleted"
    with pytest.raises(OrderNotFound):
        ledger.change(own.uuid, delete, ME, owner_id=1)


# --- idempotency ---


def test_a_creation_that_is_sent_again_gives_the_first_answer_though_the_order_has_moved_on(
    ledger: OrderLedger,
) -> None:
    first = ledger.create(new_order(**TEN), with_key("k"))
    ledger.change(first.order.uuid, HOLD, ME)
    ledger.create(new_order(), ME)
    assert ledger.create(new_order(items=[{"unit_price": "10.00"}]), with_key("k")) == replayed(first)
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
    order = ledger.create(new_order(**TEN), ME).order
    first = ledger.change(order.uuid, command, with_key("k"))
    ledger.change(order.uuid, c.ChangeOrder(notes="since"), ME)
    ledger.change(order.uuid, c.ChangeStatus(status="cancelled"), ME)
    head = ledger.head()
    assert ledger.change(order.uuid, command, with_key("k")) == replayed(first)
    assert ledger.head() == head


def test_a_command_is_replayed_by_another_process_and_before_its_version_is_looked_at(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(), ME).order
    first = ledger.change(order.uuid, HOLD, with_key("k"), expected_versions=[1])
    elsewhere = OrderLedger(ledger.log_of_events.path)
    assert elsewhere.change(order.uuid, HOLD, with_key("k"), expected_versions=[1]) == replayed(first)
    elsewhere.log_of_events.close()


@pytest.mark.parametrize("given_first", [HOLD, c.ChangeOrder(notes=None), pay("1")], ids=["a", "no", "paying"])
def test_a_key_that_is_sent_again_with_another_body_is_refused(ledger: OrderLedger, given_first: c.Command) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    other = ledger.create(new_order(**TEN), ME).order
    ledger.change(order.uuid, given_first, with_key("k"))
    head = ledger.head()
    for uuid, command in ((order.uuid, c.ChangeOrder(notes="n")), (order.uuid, pay("2")), (other.uuid, given_first)):
        with pytest.raises(IdempotencyKeyReused):
            ledger.change(uuid, command, with_key("k"))
    with pytest.raises(IdempotencyKeyReused):
        ledger.create(new_order(), with_key("k"))
    assert ledger.head() == head


def test_a_refused_command_leaves_no_key_behind(ledger: OrderLedger) -> None:
    with pytest.raises(InvalidField):
        ledger.create(new_order(currency="usd"), with_key("k"))
    order = ledger.create(new_order(**TEN), with_key("k")).order
    with pytest.raises(StatusChangeNotAllowed):
        ledger.change(order.uuid, c.ChangeStatus(status="shipped"), with_key("l"))
    assert not ledger.change(order.uuid, HOLD, with_key("l")).replayed


def test_the_same_key_of_another_caller_is_another_key(ledger: OrderLedger) -> None:
    one = ledger.create(new_order(), with_key("k", "one"))
    two = ledger.create(new_order(), with_key("k", "two"))
    assert (one.order.id, two.order.id, two.replayed) == (1, 2, False)
    assert ledger.change(one.order.uuid, HOLD, with_key("l", "one")).order.version == 2
    with pytest.raises(StatusChangeNotAllowed):
        ledger.change(one.order.uuid, HOLD, with_key("l", "two"))


@pytest.mark.parametrize("between", ["", " ", ":", "/", "\n", '","'])
def test_callers_and_keys_that_only_look_alike_when_joined_are_told_apart(ledger: OrderLedger, between: str) -> None:
    one = ledger.create(new_order(), with_key(f"b{between}c", actor="a"))
    two = ledger.create(new_order(), with_key("c", actor=f"a{between}b"))
    assert (one.order.id, two.order.id) == (1, 2)


def test_a_key_that_came_with_a_payment_known_already_is_remembered(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    first = ledger.change(order.uuid, pay("1"), ME)
    ledger.change(order.uuid, HOLD, ME)
    assert ledger.change(order.uuid, pay("1"), with_key("k")).order == first.order
    assert ledger.change(order.uuid, pay("1"), with_key("k")) == replayed(first)
    with pytest.raises(IdempotencyKeyReused):
        ledger.change(order.uuid, pay("2", "pi_2"), with_key("k"))


# --- references ---


def test_a_payment_that_is_told_again_is_answered_as_the_first_time_and_records_nothing(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    first = ledger.change(order.uuid, pay("4"), ME)
    ledger.change(order.uuid, pay("6", "pi_2"), ME)
    ledger.change(order.uuid, HOLD, ME)
    assert ledger.change(order.uuid, pay("4.00", method="another"), ME) == first
    assert ledger.head() == 5


def test_a_refund_that_is_told_again_is_answered_as_the_first_time_and_records_nothing(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    ledger.change(order.uuid, pay("4"), ME)
    first = ledger.change(order.uuid, refund("3"), ME)
    ledger.change(order.uuid, refund("1", "re_2"), ME)
    assert ledger.change(order.uuid, refund("3"), ME) == first
    assert ledger.head() == 5


def test_a_reference_is_unique_in_the_whole_ledger(ledger: OrderLedger) -> None:
    one, two = (ledger.create(new_order(**TEN), ME).order for _ in range(2))
    ledger.change(one.uuid, pay("4"), ME)
    ledger.change(one.uuid, refund("4"), ME)
    ledger.change(two.uuid, pay("5", "pi_2"), ME)
    head = ledger.head()
    for uuid, amount in ((two.uuid, "4"), (two.uuid, "5"), (one.uuid, "5")):
        with pytest.raises(PaymentReferenceTaken):
            ledger.change(uuid, pay(amount), ME)
        with pytest.raises(RefundReferenceTaken):
            ledger.change(uuid, refund(amount), ME)
    assert ledger.head() == head


def test_providers_and_kinds_have_references_of_their_own(ledger: OrderLedger) -> None:
    one, two = (ledger.create(new_order(**TEN), ME).order for _ in range(2))
    ledger.change(one.uuid, pay("4", "x"), ME)
    assert ledger.change(one.uuid, refund("4", "x"), ME).order.totals.paid == 0
    assert ledger.change(two.uuid, pay("4", "x", provider="paypal"), ME).order.totals.paid == 400


# --- at the same time ---


def at_once(work: Callable[[int], Any], ledger: OrderLedger, threads: int = 8) -> list[Any]:
    """What the work comes to on each of several threads."""

    def on_a_thread(n: int) -> Any:
        try:
            return work(n)
        finally:
            ledger.log_of_events.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(on_a_thread, range(threads)))


def test_eight_threads_that_hammer_one_order_store_every_command_once_without_gaps(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(items=[{"unit_price": "1000"}]), ME).order

    def hammer(thread: int) -> list[Outcome]:
        done = []
        for n in range(6):
            mark = f"{thread}-{n}"
            done.append(ledger.change(order.uuid, pay("1", mark), ME))
            done.append(ledger.change(order.uuid, shaped({"notes": mark}, c.ChangeOrder), ME))
            done.append(ledger.change(order.uuid, c.AddItem(), with_key(mark)))
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
    made = at_once(lambda _: [ledger.create(new_order(), ME).order.id for _ in range(5)], ledger)
    assert sorted(order_id for several in made for order_id in several) == list(range(1, 41))


def test_one_creation_sent_eight_times_at_once_is_one_order(ledger: OrderLedger) -> None:
    outcomes = at_once(lambda _: ledger.create(new_order(**TEN), with_key("k")), ledger)
    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * 7
    assert len({outcome.order.uuid for outcome in outcomes}) == 1
    assert ledger.head() == 2


@pytest.fixture
def meanwhile(ledger: OrderLedger) -> Iterator[Callable[..., Future[Outcome]]]:
    """Another process gives a command, once, just when this thread reads what has this in its SQL."""
    elsewhere = OrderLedger(ledger.log_of_events.path)

    with ThreadPoolExecutor(1) as other:

        def begin_at(statement_part: str, *command: Any, **options: Any) -> Future[Outcome]:
            answer: Future[Outcome] = Future()

            def change() -> None:
                try:
                    answer.set_result(elsewhere.change(*command, **options))
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
    order = ledger.create(new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, pay("4", "pi_2"), ME)
    assert ledger.change(order.uuid, pay("6"), ME).order.totals.paid == 600
    assert other.result().order.totals.paid == 1000


def test_a_command_that_another_has_made_impossible_is_refused_by_the_rule_and_not_as_a_conflict(
    ledger: OrderLedger, meanwhile: Meanwhile
) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, pay("10", "pi_2"), ME)
    ledger.change(order.uuid, pay("10"), ME)
    with pytest.raises(OrderNotPayable):
        other.result()
    assert ledger.head() == 3


def test_a_command_for_a_version_that_another_takes_at_the_same_moment_is_refused(
    ledger: OrderLedger, meanwhile: Meanwhile
) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, HOLD, ME, expected_versions=[2])
    ledger.change(order.uuid, pay("1"), ME, expected_versions=[2])
    with pytest.raises(OrderMoved):
        other.result()


def test_a_payment_that_is_told_twice_at_the_same_moment_is_recorded_once_and_answered_twice(
    ledger: OrderLedger, meanwhile: Meanwhile
) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    other = meanwhile("kind = 'payment'", order.uuid, pay("4"), ME)
    assert ledger.change(order.uuid, pay("4"), ME).order.totals.paid == 400
    assert other.result().order.totals.paid == 400
    assert ledger.head() == 3


@pytest.mark.parametrize("command", [HOLD, c.RemoveItem(item=1), pay("10")], ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("moment", ["FROM events", "kind = 'idempotency'"])
def test_a_command_that_is_sent_twice_at_the_same_moment_is_recorded_once_and_answered_twice(
    ledger: OrderLedger, meanwhile: Meanwhile, command: c.Command, moment: str
) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    other = meanwhile(moment, order.uuid, command, with_key("k"))
    first = ledger.change(order.uuid, command, with_key("k"))
    assert (first.order.version, first.replayed) == (3, False)
    assert other.result() == Outcome(first.order, first.position, replayed=True)
    assert ledger.head() == 3


# --- writers at once share a commit ---


def commits(ledger: OrderLedger) -> list[str]:
    """What the writer says from now on, of beginning and ending its transactions."""
    said: list[str] = []
    ledger.log_of_events.writer.set_trace_callback(
        lambda statement: said.append(statement) if statement in ("BEGIN IMMEDIATE", "COMMIT") else None
    )
    return said


def test_commands_that_come_while_another_is_written_share_the_next_commit(ledger: OrderLedger) -> None:
    orders = [ledger.create(new_order(**TEN), ME).order for _ in range(4)]
    said = commits(ledger)
    with ThreadPoolExecutor(4) as threads:
        with ledger.log_of_events.exclusive():
            answers = [threads.submit(ledger.change, order.uuid, pay("4", order.key), ME) for order in orders]
            while len(ledger.log_of_events._waiting) < 4:
                time.sleep(0.001)
        assert [answer.result().order.totals.paid for answer in answers] == [400] * 4
    assert said == ["BEGIN IMMEDIATE", "COMMIT"] * 2
    assert [ledger.order(order.uuid).totals.paid for order in orders] == [400] * 4


def test_commands_that_come_while_one_waits_for_the_file_share_its_commit(ledger: OrderLedger) -> None:
    orders = [ledger.create(new_order(**TEN), ME).order for _ in range(4)]
    said, waiting = commits(ledger), ledger.log_of_events._waiting
    with ThreadPoolExecutor(4) as threads:
        with transaction(sqlite3.connect(ledger.log_of_events.path, isolation_level=None)):
            answers = [threads.submit(ledger.change, orders[0].uuid, pay("4", orders[0].key), ME)]
            while "BEGIN IMMEDIATE" not in said:
                time.sleep(0.001)
            answers += [threads.submit(ledger.change, order.uuid, pay("4", order.key), ME) for order in orders[1:]]
            while len(waiting) < 3:
                time.sleep(0.001)
        assert [answer.result().order.totals.paid for answer in answers] == [400] * 4
    assert said.count("COMMIT") == 1


def test_commands_that_wait_too_long_for_the_file_are_all_told_so(
    ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.log.sqlite.LOCK_WAIT_SECONDS_MAX", 0.2)
    orders = [ledger.create(new_order(**TEN), ME).order for _ in range(2)]
    with (
        ThreadPoolExecutor(2) as threads,
        transaction(sqlite3.connect(ledger.log_of_events.path, isolation_level=None)),
    ):
        answers = [threads.submit(ledger.change, order.uuid, pay("4", order.key), ME) for order in orders]
        for answer in answers:
            with pytest.raises(OperationalError, match="kept its lock"):
                answer.result()
    assert [ledger.order(order.uuid).version for order in orders] == [2, 2]


def test_of_commands_that_share_a_commit_each_has_its_own_fate(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    head = ledger.head()
    with ThreadPoolExecutor(4) as threads:
        with ledger.log_of_events.exclusive():
            answers = []
            for reference in ("a", "b", "c"):
                answers.append(threads.submit(ledger.change, order.uuid, pay("6", reference), ME))
                while len(ledger.log_of_events._waiting) < len(answers):
                    time.sleep(0.001)
        assert answers[0].result().order.totals.paid == 600
        for refused in answers[1:]:
            with pytest.raises(PaymentExceedsOutstanding):
                refused.result()
    assert ledger.head() == head + 1


def test_jobs_that_go_side_by_side_share_a_commit(ledger: OrderLedger) -> None:
    orders = [ledger.create(new_order(**TEN), ME).order for _ in range(4)]
    said, paid = commits(ledger), []

    def job(order: Order) -> None:
        paid.append(ledger.change(order.uuid, pay("4", order.key), ME).order)

    side_by_side(partial(job, order) for order in orders)
    assert said == ["BEGIN IMMEDIATE", "COMMIT"]
    assert paid == [ledger.order(order.uuid) for order in orders]
    assert [order.totals.paid for order in paid] == [400] * 4


def test_a_job_that_comes_before_the_others_are_written_shares_their_commit(ledger: OrderLedger) -> None:
    said, keys = commits(ledger), iter("abc")
    came = [next(keys)]

    def job() -> None:
        came.extend(islice(keys, 1))  # another one comes while this is on its way
        ledger.create(new_order(**TEN), ME)

    side_by_side(job for _ in came)
    assert ledger.head() == 3 * 2
    assert said == ["BEGIN IMMEDIATE", "COMMIT"]


def test_of_jobs_that_go_side_by_side_each_comes_to_its_own_end(ledger: OrderLedger) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    ended = []

    def is_refused() -> None:
        with pytest.raises(PaymentExceedsOutstanding):
            ledger.change(order.uuid, pay("11", "too-much"), ME)
        ended.append("refused")

    def writes_nothing() -> None:
        ended.append("nothing")

    def writes_twice() -> None:
        for status in ("hold", "new"):
            ledger.change(order.uuid, c.ChangeStatus(status=status), ME)
        ended.append("twice")

    side_by_side([is_refused, writes_nothing, writes_twice])
    assert ended == ["nothing", "refused", "twice"]
    assert [ledger.order(order.uuid, version).status for version in (2, 3, 4)] == ["new", "hold", "new"]


def fail_at_the_commit(ledger: OrderLedger) -> None:
    """From now on an append breaks a constraint that is looked at when the transaction ends."""
    writer = ledger.log_of_events.writer
    writer.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT")
    writer.execute("CREATE TABLE children (id INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED) STRICT")
    writer.execute("CREATE TRIGGER late AFTER INSERT ON events BEGIN INSERT INTO children VALUES (7); END")


@pytest.mark.parametrize("of_one_order", [False, True])
def test_where_the_shared_commit_fails_nobody_is_told_of_success_nor_of_what_is_not_there(
    ledger: OrderLedger, *, of_one_order: bool
) -> None:
    """Of one order, the second payment is refused because of the first, which then is not there."""
    orders = [ledger.create(new_order(**TEN), ME).order for _ in range(2)]
    head = ledger.head()
    fail_at_the_commit(ledger)
    with ThreadPoolExecutor(2) as threads:
        with ledger.log_of_events.exclusive():
            answers = []
            for order in orders:
                target = orders[0] if of_one_order else order
                answers.append(threads.submit(ledger.change, target.uuid, pay("10", order.key), ME))
                while len(ledger.log_of_events._waiting) < len(answers):
                    time.sleep(0.001)
        for answer in answers:
            with pytest.raises(IntegrityError):
                answer.result()
    assert ledger.head() == head


# --- times ---


def test_an_event_keeps_when_it_occurred_beside_when_it_was_recorded(ledger: OrderLedger, clock: Clock) -> None:
    order = ledger.create(new_order(**TEN), ME).order
    earlier = clock.now - timedelta(days=3)
    clock.tick(hours=1)
    after = ledger.change(order.uuid, pay("1", received_at=earlier.isoformat()), ME).order
    assert after.payments[0].received_at == earlier  # type: ignore[union-attr]
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
    decided: Order = ledger.create(new_order(**body), ME).order
    assert ledger.order(decided.uuid) == decided
    for command in (
        c.ChangeOrder(payment_method=e.Method(), shipping_method=e.Method(image=e.Image()), notes=""),
        pay("1", received_at=datetime(2026, 1, 1, tzinfo=UTC).isoformat()),
        refund("1", payment_reference="pi_1", reason="broken"),
    ):
        decided = ledger.change(decided.uuid, command, ME).order
        assert ledger.order(decided.uuid) == decided
