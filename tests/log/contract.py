"""Every claim that holds for every log. The tests of each engine run this class over their log."""

import hashlib
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, OperationalError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.ledger import OrderLedger
from domain.log.log import ClockReading, FormerKey, KeptCheckpoint, Log, StoredKey, Transaction
from domain.log.mapper import UnknownTopic
from domain.log.opening import open_log
from domain.log.records import NewClaim, Provenance, RawRecord
from domain.moments import instant
from domain.order import commands as c
from tests.conftest import ME, Clock, do, new_order

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
ORDERS = [UUID(int=n) for n in range(1, 4)]
TOPICS = ["order.item_removed.v1", "order.notes_changed.v1", "order.status_changed.v1"]
SHAPE = [(order, version) for version in range(1, 8) for order in ORDERS]
COUNT = st.none() | st.integers(1, 25)
# Each engine runs the same test; Hypothesis objects to a test that several classes run.
ON_EACH_ENGINE = settings(deadline=None, suppress_health_check=[HealthCheck.differing_executors])


def stored(order: UUID, version: int, topic: str = "order.item_removed.v1") -> StoredEvent:
    payload = {"occurred_at": "2026-03-01T10:30:00Z", "item": version}
    return StoredEvent(order, version, topic, json.dumps(payload).encode())


def append(log: Log, *events: StoredEvent, **more: Any) -> Sequence[int]:
    with log.transaction() as t:
        return t.append(events, **{"provenance": ME, "now": NOW} | more)


def positions(log: Log) -> list[int]:
    return [raw.position for raw in log.raw_records()]


def places(events: Sequence[StoredEvent]) -> list[tuple[Any, int, str, bytes]]:
    return [(event.originator_id, event.originator_version, event.topic, bytes(event.state)) for event in events]


def fields(log: Log, *names: str) -> list[tuple[str | None, ...]]:
    """These fields of each record, as text."""
    found = ([getattr(raw, name) for name in names] for raw in log.raw_records())
    return [tuple(None if field is None else field.decode() for field in row) for row in found]


def leaf_hash(raw: RawRecord) -> bytes:
    """The digest as the documentation defines it: RFC 9162's leaf hash over the length and text of each field."""
    leaf = b""
    for field in raw[1:-1]:
        text = b"" if field is None else field if isinstance(field, bytes) else str(field).encode()
        leaf += (b"\xff" * 4 if field is None else len(text).to_bytes(4, "big")) + text
    return hashlib.sha256(b"\x00" + leaf).digest()


class LogContract:
    """The tests of an engine are a subclass that provides `new_log`."""

    @pytest.fixture(scope="class")
    @classmethod
    def new_log(cls) -> Callable[[], Log]:
        """A function that makes a log with its tables and no record."""
        raise NotImplementedError

    @pytest.fixture
    def empty(self, new_log: Callable[[], Log]) -> Iterator[Log]:
        made = new_log()
        yield made
        made.close()

    @pytest.fixture
    def log(self, empty: Log) -> Log:
        """A log of six events of three orders."""
        append(empty, *(stored(order, version) for order in ORDERS for version in (1, 2)))
        return empty

    @pytest.fixture
    def elsewhere(self, log: Log) -> Iterator[Log]:
        """The same log, opened a second time as another process would."""
        opened = open_log(log.url)
        opened.create()
        yield opened
        opened.close()

    @pytest.fixture
    def ledger(self, empty: Log, clock: Clock) -> Iterator[OrderLedger]:
        made = OrderLedger(empty, clock=clock)
        yield made
        made.close()

    # --- positions ---

    def test_positions_begin_with_1_and_follow_one_another(self, empty: Log) -> None:
        assert append(empty, *(stored(ORDERS[0], version) for version in (1, 2))) == range(1, 3)
        assert append(empty, stored(ORDERS[1], 1)) == range(3, 4)
        assert positions(empty) == [1, 2, 3]

    def test_a_write_that_failed_leaves_no_gap_among_positions(self, log: Log) -> None:
        with pytest.raises(IntegrityError):
            append(log, stored(ORDERS[0], 3), stored(ORDERS[0], 2))
        assert append(log, stored(ORDERS[0], 3)) == range(7, 8)
        assert (log.census().given, positions(log)) == (7, [1, 2, 3, 4, 5, 6, 7])

    def test_positions_follow_one_another_whoever_writes(self, log: Log, elsewhere: Log) -> None:
        assert append(elsewhere, stored(ORDERS[0], 3)) == range(7, 8)
        assert append(log, stored(ORDERS[0], 4)) == range(8, 9)
        assert positions(elsewhere) == list(range(1, 9))

    def test_the_head_of_an_empty_log_is_none_and_then_its_last_position(self, empty: Log) -> None:
        assert empty.max_notification_id() is None
        assert append(empty) == range(1, 1)
        append(empty, stored(ORDERS[0], 1), stored(ORDERS[0], 2))
        assert empty.max_notification_id() == 2

    def test_an_orders_events_are_read_with_their_positions(self, log: Log) -> None:
        assert [event.id for event in log.select_events(ORDERS[1])] == [3, 4]
        assert [log.position_of(ORDERS[1], version) for version in (0, 1, 2, 3)] == [0, 3, 4, 0]
        assert [log.version_of(order) for order in (ORDERS[1], UUID(int=9))] == [2, 0]

    def test_parts_of_the_log_are_numbered_by_the_records_in_them(self, log: Log, empty: Log) -> None:
        assert [log.parts(size) for size in (1, 4, 6, 100)] == [[0, 1, 2, 3, 4, 5], [0, 1], [0], [0]]

    # --- all or nothing ---

    def test_an_event_with_a_version_that_is_taken_is_refused_and_nothing_of_its_write_is_stored(
        self, log: Log
    ) -> None:
        new = uuid4()
        with pytest.raises(IntegrityError):
            append(log, stored(new, 1), stored(ORDERS[0], 2), claims=[NewClaim("order-key", "k", new, 1)])
        assert positions(log) == [1, 2, 3, 4, 5, 6]
        assert log.claim("order-key", "k") is None

    @pytest.mark.parametrize("version", [0, 1, 4])
    def test_an_event_that_does_not_follow_on_the_last_version_is_refused(self, log: Log, version: int) -> None:
        with pytest.raises(IntegrityError, match=r"append-only: .* does not follow on version 2"):
            append(log, stored(ORDERS[0], version))
        with pytest.raises(IntegrityError, match="does not follow on version 0"):
            append(log, stored(ORDERS[0], 3), stored(uuid4(), 2))
        assert positions(log) == [1, 2, 3, 4, 5, 6]

    def test_a_claim_that_is_taken_is_refused_and_nothing_of_its_write_is_stored(self, log: Log) -> None:
        first, second = uuid4(), uuid4()
        append(log, stored(first, 1), claims=[NewClaim("order-id", 7, first, 1)])
        with pytest.raises(IntegrityError):
            append(log, stored(second, 1), claims=[NewClaim("x", "y", second, 1), NewClaim("order-id", 7, second, 1)])
        assert log.claim("order-id", 7) == (first, 1, None)
        assert log.claim("x", "y") is None
        assert log.max_notification_id() == 7

    def test_every_write_inside_a_transaction_is_taken_back_where_it_fails(self, log: Log) -> None:
        def write_and_fail() -> None:
            with log.transaction() as t:
                t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW)
                assert t.max_notification_id() == 7
                raise KeyError

        with pytest.raises(KeyError):
            write_and_fail()
        assert log.max_notification_id() == 6
        assert append(log, stored(ORDERS[0], 3)) == range(7, 8)

    def test_the_writers_lock_is_free_again_after_a_failed_write(self, log: Log, elsewhere: Log) -> None:
        with pytest.raises(IntegrityError):
            append(log, stored(ORDERS[0], 1))
        assert append(elsewhere, stored(ORDERS[0], 3)) == range(7, 8)

    def test_writes_in_a_savepoint_that_fails_are_taken_back_alone(self, log: Log) -> None:
        def write_and_fail(t: Transaction) -> None:
            with t.savepoint():
                claim = NewClaim("order-id", 7, ORDERS[1], 3)
                t.append([stored(ORDERS[1], 3)], provenance=ME, now=NOW, claims=[claim])
                t.append([stored(ORDERS[2], 2)], provenance=ME, now=NOW)

        with log.transaction() as t:
            t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW)
            with pytest.raises(IntegrityError):
                write_and_fail(t)
            assert t.claim("order-id", 7) is None
            with t.savepoint():
                assert t.append([stored(ORDERS[2], 3)], provenance=ME, now=NOW) == range(8, 9)
            written = list(t.written)
        assert written == list(log.raw_records(after=6))
        assert [(raw.order, raw.position) for raw in written] == [(str(ORDERS[0]), 7), (str(ORDERS[2]), 8)]

    def test_a_savepoint_that_fails_leaves_no_trace_in_what_the_transaction_reads(self, log: Log) -> None:
        def write_and_fail(t: Transaction) -> None:
            with t.savepoint():
                t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW)
                t.keep_clock(ClockReading("a", 5, instant(NOW), "first"))
                raise KeyError

        with log.transaction() as t:
            with pytest.raises(KeyError):
                write_and_fail(t)
            assert (t.version_of(ORDERS[0]), t.clock_reading("a")) == (2, None)
            with t.savepoint():
                t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW)
        assert log.version_of(ORDERS[0]) == 3

    def test_a_transaction_reads_its_writes_and_nobody_else_does_before_it_ends(self, log: Log, elsewhere: Log) -> None:
        with log.transaction() as t:
            t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW, claims=[NewClaim("order-id", 7, ORDERS[0], 3)])
            assert [event.originator_version for event in t.select_events(ORDERS[0])] == [1, 2, 3]
            assert t.claim("order-id", 7) == (ORDERS[0], 3, None)
            assert [event.originator_version for event in elsewhere.select_events(ORDERS[0])] == [1, 2]
            assert elsewhere.claim("order-id", 7) is None
        assert [event.originator_version for event in elsewhere.select_events(ORDERS[0])] == [1, 2, 3]

    def test_reads_do_not_wait_for_a_writer(self, log: Log) -> None:
        def read() -> int | None:
            return log.max_notification_id()

        with ThreadPoolExecutor(1) as elsewhere, log.transaction() as t:
            t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW)
            assert elsewhere.submit(read).result(timeout=30) == 6

    def test_a_touch_of_the_log_changes_nothing_in_it(self, log: Log) -> None:
        before = list(log.raw_records())
        with log.transaction() as t:
            t.touch()
        assert list(log.raw_records()) == before

    def test_making_the_tables_again_changes_nothing(self, log: Log) -> None:
        before = list(log.raw_records())
        log.create()
        assert list(log.raw_records()) == before

    # --- claims ---

    def test_a_claims_kind_and_type_are_part_of_it(self, log: Log) -> None:
        claims: list[tuple[str, str | int]] = [("payment", "7"), ("refund", "7"), ("order-id", 7), ("order-id", "7")]
        append(log, claims=[NewClaim(kind, value, ORDERS[0], n) for n, (kind, value) in enumerate(claims)])
        assert [log.claim(*claim) for claim in claims] == [(ORDERS[0], n, None) for n in range(4)]

    def test_a_claim_has_its_fingerprint(self, log: Log) -> None:
        append(log, claims=[NewClaim("idempotency", "key", ORDERS[0], 2, b"\x00\xff")])
        assert log.claim("idempotency", "key") == (ORDERS[0], 2, b"\x00\xff")

    def test_claims_and_orders_that_are_there_are_told_among_many(self, log: Log) -> None:
        held: list[tuple[str, str | int]] = [("payment", '["a","b"]'), ("order-id", 7), ("order-key", "7"), ("x", "")]
        append(log, claims=[NewClaim(kind, value, ORDERS[0], n) for n, (kind, value) in enumerate(held)])
        others: list[tuple[str, str | int]] = [
            ("refund", '["a","b"]'),
            ("order-id", "7"),
            ("order-key", 7),
            ("x", "پ"),
        ]
        assert log.claimed(iter(others + held)) == {
            (kind, value): (kind, value, str(ORDERS[0]), n) for n, (kind, value) in enumerate(held)
        }
        assert log.claimed([]) == {}
        assert set(log.begun([*map(str, ORDERS), str(UUID(int=9)), ""])) == set(map(str, ORDERS))

    def test_the_largest_integer_that_is_claimed_of_a_kind_is_told(self, log: Log) -> None:
        append(log, claims=[NewClaim("order-id", n, ORDERS[0], 1) for n in (2, 10, 9)])
        append(log, claims=[NewClaim("another", 11, ORDERS[0], 1)])
        assert [log.claim_max(kind) for kind in ("order-id", "another", "none")] == [10, 11, 0]

    # --- the library's interface ---

    @pytest.fixture(scope="class")
    @classmethod
    def twins(cls, new_log: Callable[[], Log]) -> Iterator[tuple[ApplicationRecorder, ApplicationRecorder]]:
        """Our recorder and the library's own recorder, with the same events."""
        ours, theirs = new_log(), POPOApplicationRecorder()
        events = [stored(order, version, TOPICS[n % 3]) for n, (order, version) in enumerate(SHAPE)]
        assert append(ours, *events) == range(1, 22)
        theirs.insert_events(events)
        yield cast(ApplicationRecorder, ours), theirs
        ours.close()

    @ON_EACH_ENGINE
    @given(st.sampled_from([*ORDERS, UUID(int=9)]), COUNT, COUNT, st.booleans(), COUNT)
    def test_an_orders_events_are_selected_as_the_library_selects_them(
        self,
        twins: tuple[ApplicationRecorder, ApplicationRecorder],
        order: UUID,
        gt: int | None,
        lte: int | None,
        desc: bool,
        limit: int | None,
    ) -> None:
        ours, theirs = (twin.select_events(order, gt=gt, lte=lte, desc=desc, limit=limit) for twin in twins)
        assert places(ours) == places(theirs)

    @ON_EACH_ENGINE
    @given(COUNT, st.integers(1, 25), COUNT, st.lists(st.sampled_from([*TOPICS, "other"]), unique=True), st.booleans())
    def test_the_log_is_selected_as_the_library_selects_it(
        self,
        twins: tuple[ApplicationRecorder, ApplicationRecorder],
        start: int | None,
        limit: int,
        stop: int | None,
        topics: list[str],
        inclusive_of_start: bool,
    ) -> None:
        ours, theirs = (
            twin.select_notifications(start, limit, stop, topics, inclusive_of_start=inclusive_of_start)
            for twin in twins
        )
        assert places(ours) == places(theirs)
        assert [event.id for event in ours] == [event.id for event in theirs]

    # --- readers that meet unknown records ---

    @pytest.mark.parametrize("topic", ["order.created.v3", "order.erased.v1", "wave:open"])
    def test_a_topic_of_another_program_stops_the_reader_with_its_position_and_name(
        self, ledger: OrderLedger, topic: str
    ) -> None:
        order = do(ledger.create, new_order(items=[{}]), ME).order
        other = do(ledger.create, new_order(), ME).order
        append(ledger.log_of_events, StoredEvent(order.uuid, 3, topic, b"{}"))
        with pytest.raises(UnknownTopic, match="position 4") as stopped:
            ledger.order(order.uuid)
        assert (stopped.value.topic, stopped.value.position) == (topic, 4)
        with pytest.raises(UnknownTopic):
            do(ledger.change, order.uuid, c.ChangeStatus(status="hold"), ME)
        assert ledger.order(other.uuid) == other
        assert "wave" not in sys.modules

    # --- digests and times ---

    def test_a_records_digest_is_the_leaf_hash_of_all_else_that_is_stored_of_it_but_its_position(
        self, ledger: OrderLedger
    ) -> None:
        do(ledger.create, new_order(notes="ی ك 📦", items=[{}]), Provenance("staff", None, None))
        do(ledger.create, new_order(), Provenance("staff", "request-1", 'key "1"'))
        raws = list(ledger.log_of_events.raw_records())
        assert [raw.digest for raw in raws] == [leaf_hash(raw) for raw in raws]
        assert len({raw.digest for raw in raws}) == 3

    def test_recorded_at_never_goes_back_though_the_clock_does(self, ledger: OrderLedger, clock: Clock) -> None:
        for hours in (0, 1, -2, 0.5, 3):
            clock.tick(hours=hours)
            do(ledger.create, new_order(), ME)
        assert [recorded_at for (recorded_at,) in fields(ledger.log_of_events, "recorded_at")] == [
            "2026-03-01T10:30:00.000000Z",
            "2026-03-01T11:30:00.000000Z",
            "2026-03-01T11:30:00.000000Z",
            "2026-03-01T11:30:00.000000Z",
            "2026-03-01T13:00:00.000000Z",
        ]

    def test_recorded_at_is_utc_whatever_the_clocks_zone(self, log: Log) -> None:
        later = NOW + timedelta(minutes=1)
        append(log, stored(ORDERS[0], 3), now=later.astimezone())
        assert fields(log, "recorded_at")[-1] == ("2026-03-01T10:31:00.000000Z",)

    def test_an_events_actor_and_request_stand_beside_it(self, ledger: OrderLedger) -> None:
        order = do(ledger.create, new_order(), Provenance("backoffice", "request-7", "key-1")).order
        do(ledger.change, order.uuid, c.ChangeStatus(status="hold"), Provenance("cli"))
        assert fields(ledger.log_of_events, "actor", "request_id", "idempotency_key") == [
            ("backoffice", "request-7", "key-1"),
            ("cli", None, None),
        ]
        assert [ledger.log_of_events.actor_at(position) for position in (1, 2, 3)] == ["backoffice", "cli", None]

    def test_the_time_of_the_last_record_is_told(self, empty: Log) -> None:
        assert empty.last_recorded_at() is None
        append(empty, stored(ORDERS[0], 1))
        append(empty, stored(ORDERS[0], 2), now=NOW - timedelta(days=1))
        assert empty.last_recorded_at() == instant(NOW)

    def test_the_last_time_of_a_machines_clock_is_kept_for_each_of_its_starts(self, empty: Log, elsewhere: Log) -> None:
        assert empty.clock_reading("a") is None
        shown = [ClockReading(boot, up, instant(NOW), "why") for boot, up in (("a", 5), ("b", 9), ("a", 2**50))]
        for one in shown:
            with empty.transaction() as t:
                t.keep_clock(one)
        assert [elsewhere.clock_reading(boot) for boot in ("a", "b", "c")] == [shown[2], shown[1], None]

    # --- records by their places ---

    def test_records_are_selected_by_their_positions_and_their_fields(self, empty: Log) -> None:
        for n, (order, version) in enumerate(SHAPE):
            who = Provenance(f"actor-{n % 2}")
            now = NOW + timedelta(seconds=n)
            append(empty, stored(order, version, TOPICS[n % 3]), provenance=who, now=now)

        def found(**which: Any) -> list[int]:
            return [raw.position for raw in empty.raw_records(**which)]

        assert found() == list(range(1, 22))
        assert found(after=3, until=9, limit=4) == [4, 5, 6, 7]
        assert found(originator_id=ORDERS[1]) == [2, 5, 8, 11, 14, 17, 20]
        assert found(topics=TOPICS[:2], until=6) == [1, 2, 4, 5]
        assert found(actor="actor-1", until=6) == [2, 4, 6]
        assert found(actor="actor-1\0") == found(actor="پ") == []
        assert found(since=instant(NOW + timedelta(seconds=4)), before=instant(NOW + timedelta(seconds=6))) == [5, 6, 7]

    def test_histories_are_read_whole_wherever_their_records_stand(self, empty: Log) -> None:
        append(empty, *(stored(order, version) for order, version in SHAPE[:9]))
        one, two, three = map(str, ORDERS)
        assert [raw.version for raw in empty.raw_records_of(two)] == [1, 2, 3]
        spans = [{"gt": 0}, {"gt": 1}, {"lte": 2}, {"gt": 1, "lte": 2}, {"gt": 3}, {"lte": 0}]
        spans += [{"limit": 2}, {"gt": 1, "limit": 1}]
        found = [[raw.version for raw in empty.raw_records_of(two, **span)] for span in spans]
        assert found == [[1, 2, 3], [2, 3], [1, 2], [2], [], [], [1, 2], [2]]
        by_order = [(raw.order, raw.version) for raw in empty.raw_records_by_order(one, three)]
        assert by_order == [(order, version) for order in (one, two) for version in (1, 2, 3)]
        elsewhere = empty.raw_records_elsewhere([one, three], 1, 4, 8)
        assert [(raw.position, raw.order) for raw in elsewhere] == [(6, three), (7, one)]
        assert [raw.position for raw in empty.raw_records_elsewhere([three, one], 1, 4, 8, limit=1)] == [6]
        assert [raw and raw.version for raw in map(empty.raw_record, (9, 10))] == [3, None]

    def test_large_records_are_read_like_others(self, empty: Log) -> None:
        text = json.dumps({"occurred_at": "2026-03-01T10:30:00Z", "notes": "پ" * 1_000_000}).encode()
        for order, version in SHAPE[:9]:
            append(empty, StoredEvent(order, version, TOPICS[1], text))
        spans = [{"limit": 9}, {"limit": 5}, {"after": 3, "limit": 4}, {"until": 7, "limit": 9}]
        spans += [{"topics": (TOPICS[1],), "limit": 7}, {"topics": (TOPICS[0],), "limit": 7}]
        found = [[raw.position for raw in empty.raw_records(**span)] for span in spans]
        assert found == [[*range(1, 10)], [1, 2, 3, 4, 5], [4, 5, 6, 7], [*range(1, 8)], [*range(1, 8)], []]
        assert [raw.version for raw in empty.raw_records(originator_id=ORDERS[1], limit=2)] == [1, 2]
        assert [raw.version for raw in empty.raw_records(originator_id=ORDERS[1])] == [1, 2, 3]

    def test_the_last_version_and_the_bytes_of_an_originator_are_told(self, empty: Log) -> None:
        append(empty, *(stored(order, version) for order, version in SHAPE[:8]))
        told = [(empty.version_of(order), empty.payload_bytes(order)) for order in (*ORDERS, UUID(int=9))]
        size = len(stored(ORDERS[0], 1).state)
        assert told == [(3, 3 * size), (3, 3 * size), (2, 2 * size), (0, 0)]
        assert [empty.version_of(ORDERS[1], until) for until in (0, 1, 2, 4, 5, 8, 99)] == [0, 0, 1, 1, 2, 3, 3]
        longer = StoredEvent(ORDERS[0], 4, TOPICS[0], '{"é": "پ"}'.encode())
        with empty.transaction() as t:
            t.append([longer], provenance=ME, now=NOW)
            assert (t.version_of(ORDERS[0]), t.payload_bytes(ORDERS[0])) == (4, 3 * size + 12)

    def test_no_history_is_without_its_beginning(self, log: Log) -> None:
        assert list(log.raw_records_without_beginning(6)) == []

    # --- auditors' reads ---

    def test_a_census_tells_how_much_there_is(self, empty: Log) -> None:
        assert empty.census() == (0, 0, {})
        append(empty, stored(ORDERS[0], 1), claims=[NewClaim(kind, 7, ORDERS[0], 1) for kind in ("a", "b", "ü")])
        append(empty, claims=[NewClaim("a", 8, ORDERS[0], 1)])
        assert empty.census() == (1, 1, {"a": 2, "b": 1, "ü": 1})

    def test_every_claim_of_a_kind_is_told_and_which_name_a_version_that_is_not_there(self, log: Log) -> None:
        append(
            log,
            claims=[NewClaim("a", 7, ORDERS[0], 2), NewClaim("a", "x", ORDERS[0], 3), NewClaim("b", 1, UUID(int=9), 1)],
        )
        assert set(log.claims("a")) == {("a", 7, str(ORDERS[0]), 2), ("a", "x", str(ORDERS[0]), 3)}
        assert set(log.dangling_claims()) == {("a", "x", str(ORDERS[0]), 3), ("b", 1, str(UUID(int=9)), 1)}

    def test_a_log_that_nobody_touched_has_no_fault_also_once_its_indexes_were_made_anew(self, log: Log) -> None:
        before = list(log.raw_records())
        assert list(log.faults()) == []
        log.mend_indexes()
        assert list(log.faults()) == []
        assert list(log.raw_records()) == before

    # --- tables beside the events ---

    def test_a_kept_file_comes_back_as_it_was_and_is_kept_once(self, log: Log) -> None:
        content = b"payout;2026-03-01;\xff" * 200_000
        sha256 = hashlib.sha256(content).hexdigest()
        for _ in range(2):
            with log.transaction() as t:
                t.keep_file(sha256, BytesIO(content))
            assert b"".join(log.kept_file(sha256)) == content

    def test_the_size_of_all_kept_files_is_told(self, log: Log) -> None:
        assert log.kept_files_bytes() == 0
        for content in (random.Random(1).randbytes(3_000_000), b"x"):
            with log.transaction() as t:
                t.keep_file(hashlib.sha256(content).hexdigest(), BytesIO(content))
        assert 3_000_000 < log.kept_files_bytes() < 3_010_000, "what is random cannot be compressed"

    def test_a_file_that_is_not_kept_is_an_error(self, log: Log) -> None:
        with pytest.raises(OperationalError, match="is missing, or not what was kept"):
            list(log.kept_file("00" * 32))

    def test_a_file_of_a_transaction_that_fails_is_not_kept(self, log: Log) -> None:
        sha256 = hashlib.sha256(b"x").hexdigest()

        def keep_and_fail() -> None:
            with log.transaction() as t:
                t.keep_file(sha256, BytesIO(b"x"))
                raise KeyError

        with pytest.raises(KeyError):
            keep_and_fail()
        with pytest.raises(OperationalError, match="is missing"):
            list(log.kept_file(sha256))

    def test_checkpoints_are_kept_by_their_size_and_the_first_of_a_size_stays(self, log: Log) -> None:
        for size, note in ((2, b"two"), (10, b"ten"), (6, b"six"), (6, b"another")):
            with log.transaction() as t:
                t.keep_checkpoint(size, note, NOW)
        assert log.checkpoints() == [b"two", b"six", b"ten"]
        assert log.checkpoints(2) == [b"six", b"ten"]
        assert log.last_checkpoint() == KeptCheckpoint(10, b"ten", instant(NOW))

    def test_handovers_of_the_signing_key_are_kept_in_their_order_two_of_one_size_too(self, log: Log) -> None:
        assert log.handovers() == []
        handed = [KeptCheckpoint(size, b"note %d" % number, instant(NOW)) for number, size in enumerate((10, 10, 12))]
        for one in handed:
            with log.transaction() as t:
                t.keep_handover(one)
                assert t.handovers()[-1] == one
        assert log.handovers() == handed

    def test_access_keys_are_found_by_their_hash_and_listed_as_they_were_made(self, log: Log) -> None:
        assert log.last_checkpoint() is None
        later = instant(NOW + timedelta(minutes=1))
        staff = StoredKey("staff", "aaaa", b"\x01" * 32, None, "orders:read orders:write", later, None)
        customer = StoredKey("b", "bbbb", b"\x02" * 32, 7, "", instant(NOW), None)
        with log.transaction() as t:
            t.put_access_key(staff)
            t.put_access_key(customer)
            t.put_access_key(customer._replace(revoked_at=later))
        with log.transaction() as t:
            t.put_access_key(staff._replace(scopes="audit:read"))
        scoped, revoked = staff._replace(scopes="audit:read"), customer._replace(revoked_at=later)
        assert log.access_keys() == [revoked, scoped]
        assert [log.access_key(key.hash) for key in (staff, customer)] == [scoped, revoked]
        assert log.access_key(b"\x03" * 32) is None

    def test_a_key_is_found_by_its_former_secrets_with_their_ends(self, log: Log) -> None:
        early, late = instant(NOW), instant(NOW + timedelta(minutes=1))
        key = StoredKey("a", "aaaa", b"\x01" * 32, None, "orders:read", early, None, late, "https://shop.example.com")
        first, second = FormerKey(b"\x02" * 32, "a", "bbbb", late), FormerKey(b"\x03" * 32, "a", "cccc", late)
        with log.transaction() as t:
            t.put_access_key(key._replace(hash=b"\x09" * 32))
            t.put_access_key(key)
            t.put_former_key(first)
            t.put_former_key(second)
            t.put_former_key(first._replace(expires_at=early))
        assert log.access_keys() == [key]
        assert log.former_keys() == [first._replace(expires_at=early), second]
        assert log.access_key(key.hash) == key
        assert log.access_key(first.hash) == key._replace(prefix="bbbb", hash=first.hash, expires_at=early)
        assert log.access_key(b"\x09" * 32) is None
