"""The claims that hold for a log on PostgreSQL alone: its lock, its round trips, its refusals."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path

import psycopg
import pytest
from eventsourcing.persistence import OperationalError, StoredEvent

from domain.interrupting import Interrupted, interruptible
from domain.ledger import OrderLedger, Outcome
from domain.log.keys import Keys
from domain.log.log import ClockReading, KeptCheckpoint, Log, LogAway, LogBusy, Transaction, WriteLost
from domain.log.opening import open_log, postgres_grants
from domain.log.postgres.connection import ANSWER_SECONDS_MAX, Connection, Row, Statement
from domain.log.postgres.reading import PIECE_BYTES_MAX
from domain.log.postgres.recorder import PostgresRecorder
from domain.log.records import Fault, NewClaim, Provenance
from domain.moments import instant
from domain.order.commands import CreateOrder, ReceivePayment
from domain.privacy.keyring import Hold
from domain.strict_json import convert
from projections.proof.signing import Checkpoints, create_key, public_key
from projections.views.views import Views
from projections.webhooks.store import Webhook, store_of
from tests.conftest import ME, do, new_order, writer_held
from tests.log.contract import NOW, ORDERS, LogContract, append, stored
from tests.postgres import Cluster
from tests.proxy import Proxy
from tests.waiting import until


@pytest.fixture(scope="module")
def new_log_on(cluster: Cluster) -> Callable[[], Log]:
    def make() -> Log:
        log = open_log(cluster.url(cluster.new_database()))
        log.create()
        return log

    return make


class TestPostgresLog(LogContract):
    @pytest.fixture(scope="class")
    @classmethod
    def new_log(cls, new_log_on: Callable[[], Log]) -> Callable[[], Log]:
        return new_log_on


@pytest.fixture
def log(cluster: Cluster, database: str) -> Iterator[Log]:
    """A log of six events of three orders."""
    made = open_log(cluster.url(database))
    made.create()
    append(made, *(stored(order, version) for order in ORDERS for version in (1, 2)))
    yield made
    made.close()


@pytest.fixture
def ledger(proxy: Proxy, database: str, log: Log) -> Iterator[OrderLedger]:
    """The ledger on that log, as a node has it that reaches PostgreSQL through the proxy."""
    made = OrderLedger(open_log(proxy.url(database)))
    yield made
    made.close()


@contextmanager
def standby_that_never_comes(cluster: Cluster) -> Iterator[None]:
    """Every commit waits for a standby meanwhile, and there is none."""

    def name_it(names: str) -> None:
        cluster.do(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        cluster.do("SELECT pg_reload_conf()")

    name_it("nobody")
    _until_commits_wait(cluster)  # the server applies the setting in its own time
    try:
        yield
    finally:
        name_it("")


def _until_commits_wait(cluster: Cluster) -> None:
    with ThreadPoolExecutor(1) as probing:
        while True:
            commit = probing.submit(cluster.do, "SELECT pg_logical_emit_message(true, 'probe', '')")
            while not commit.done():
                if cluster.do("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"):
                    commit.result()
                    return
                time.sleep(0.01)


def waiting_for_a_standby(cluster: Cluster, database: str) -> int:
    """The pid of the server process that waits for a standby. Raises AssertionError where none does so in time."""
    sql = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND wait_event = 'SyncRep'"
    return int(until(lambda: cluster.do(sql, database))[0][0])


# --- the database's own refusals ---

REWRITES = [
    "UPDATE events SET payload = '{}' WHERE position = 1",
    "DELETE FROM events WHERE position = 6",
    "TRUNCATE events",
    "TRUNCATE events CASCADE",
    "INSERT INTO events SELECT * FROM events WHERE position = 1 ON CONFLICT (position) DO UPDATE SET payload = '{}'",
    "UPDATE claims SET originator_id = 'x'",
    "DELETE FROM claims",
    "TRUNCATE claims",
    "UPDATE checkpoints SET note = 'x'",
    "DELETE FROM checkpoints",
    "DELETE FROM kept_files",
    "UPDATE clocks SET why = 'x'",
    "UPDATE handovers SET note = 'x'",
    "TRUNCATE handovers",
]


def fill(log: Log) -> None:
    """Puts a row into each table."""
    append(log, claims=[NewClaim("payment", "taken", ORDERS[0], 1), NewClaim("order-id", 7, ORDERS[0], 1)])
    with log.transaction() as t:
        t.keep_checkpoint(1, b"signed", NOW)
        t.keep_file("00", BytesIO(b"content"))
        t.keep_clock(ClockReading("boot", 1, instant(NOW), "first"))
        t.keep_handover(KeptCheckpoint(1, b"signed", instant(NOW)))


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("statement", REWRITES)
def test_the_database_refuses_to_rewrite_what_was_recorded_whoever_asks_and_however(
    log: Log, cluster: Cluster, database: str, statement: str, role: str
) -> None:
    fill(log)
    before = list(log.raw_records())
    with psycopg.connect(cluster.url(database), autocommit=True) as outside:
        outside.execute("SET search_path = order_ledger")
        outside.execute(f"SET session_replication_role = {role}")
        with pytest.raises(psycopg.IntegrityError, match="append-only"):
            outside.execute(statement)
    assert list(log.raw_records()) == before


OF_KEYS = ("DELETE FROM access_keys", "UPDATE access_keys SET customer_id = 7", "DELETE FROM former_keys")


def test_a_role_with_the_printed_grants_serves_and_alters_nothing(cluster: Cluster, database: str, log: Log) -> None:
    role = f"service of {database}"
    cluster.do(f'CREATE ROLE "{role}" LOGIN')
    with psycopg.connect(cluster.url(database), autocommit=True) as owner:
        owner.execute(postgres_grants(role))
    service = open_log(cluster.url(database, user=role.replace(" ", "%20")))
    service.create()
    fill(service)
    ledger = OrderLedger(service)
    order = do(ledger.create, new_order(), ME).order
    keys = Keys(service)
    key = ledger.write(keys.create, now=NOW, customer_id=1, name="a").result()
    ledger.write(keys.rotate, "a", keep_until=NOW + timedelta(days=1), now=NOW).result()
    ledger.write(keys.rotate, "a", now=NOW).result()
    ledger.write(keys.revoke, "a", now=NOW).result()
    assert (ledger.order(order.uuid), keys.caller(key)) == (order, None)
    with psycopg.connect(cluster.url(database, user=role.replace(" ", "%20")), autocommit=True) as outside:
        outside.execute("SET search_path = order_ledger")
        others = [
            "DROP TABLE events",
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
        ]
        for statement in (*REWRITES, *others, *OF_KEYS):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                outside.execute(statement)
    ledger.close()


def test_a_role_without_the_grants_of_an_upgrade_is_told(cluster: Cluster, database: str, log: Log) -> None:
    role = f"granted of {database}"
    cluster.do(f'CREATE ROLE "{role}" LOGIN')
    cluster.do(postgres_grants(role), database=database)
    with closing(open_log(cluster.url(database, user=role.replace(" ", "%20")))) as service:
        assert [warning for warning in service.warnings() if "rights" in warning] == []
        for table in ("order_ledger.webhooks", "order_ledger.handovers", "order_ledger_keys.holds"):
            cluster.do(f'REVOKE ALL ON {table} FROM "{role}"', database=database)
        (told,) = [warning for warning in service.warnings() if "rights" in warning]
        assert "no rights on handovers, holds, webhooks" in told


def test_a_database_of_another_encoding_or_with_something_else_in_the_schema_is_refused(cluster: Cluster) -> None:
    cluster.do("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with closing(open_log(cluster.url("latin"))) as latin, pytest.raises(OperationalError, match="needs one in UTF8"):
        latin.create()
    strange = cluster.new_database()
    for statement in ("CREATE SCHEMA order_ledger", "CREATE TABLE order_ledger.events (x int)"):
        cluster.do(statement, database=strange)
    with closing(open_log(cluster.url(strange))) as of_another, pytest.raises(OperationalError, match="something else"):
        of_another.create()


def test_no_node_serves_from_a_copy_that_a_subscription_feeds() -> None:
    """It takes writes as any other, and what was recorded there would end the replication."""
    logical = Cluster("wal_level=logical").start()
    try:
        origin, copy = logical.new_database(), logical.new_database()
        for database in (copy, origin):
            with closing(open_log(logical.url(database))) as log:
                log.create()
        with closing(open_log(logical.url(origin))) as log:
            append(log, stored(ORDERS[0], 1))
        logical.do("CREATE PUBLICATION ledger FOR TABLE order_ledger.events", database=origin)
        logical.do("SELECT pg_create_logical_replication_slot('ledger', 'pgoutput')", database=origin)
        connection = f"host=127.0.0.1 port={logical.port} user=postgres dbname={origin}"
        logical.do(
            f"CREATE SUBSCRIPTION ledger CONNECTION '{connection}' PUBLICATION ledger WITH (create_slot = false)",
            database=copy,
        )
        with closing(open_log(logical.url(copy))) as log:
            until(lambda: log.max_notification_id() == 1)  # it can be read, as by an auditor
            with pytest.raises(OperationalError, match=r"a subscription feeds.* drop the subscription first"):
                log.create()
            logical.do("DROP SUBSCRIPTION ledger", database=copy)
            log.create()
    finally:
        logical.remove()


def test_a_ledger_of_a_newer_version_is_refused(log: Log, cluster: Cluster, database: str) -> None:
    cluster.do("UPDATE order_ledger.logs SET schema_version = 2", database=database)
    with pytest.raises(OperationalError, match="newer version"):
        log.create()


def test_a_ledger_of_an_older_version_gets_the_columns_of_keys_when_it_is_opened(
    log: Log, cluster: Cluster, database: str
) -> None:
    key = OrderLedger(log).write(Keys(log).create, now=NOW, customer_id=1, name="a").result()
    with psycopg.connect(cluster.url(database), autocommit=True) as outside:
        outside.execute("SET search_path = order_ledger")
        outside.execute("DROP TABLE former_keys")
        outside.execute("ALTER TABLE access_keys DROP COLUMN expires_at, DROP COLUMN origins")
    newer = open_log(log.url)
    newer.create()
    assert (bool(Keys(newer).caller(key)), list(newer.faults())) == (True, [])
    newer.close()


def test_many_can_make_the_tables_at_once(cluster: Cluster) -> None:
    url = cluster.url(cluster.new_database())

    def make(_: int) -> list[Fault]:
        with closing(open_log(url)) as made:
            made.create()
            return list(made.faults())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(make, range(8))) == [[]] * 8


# --- durable, and never held up ---


def test_a_commit_is_durable_whatever_the_database_says(cluster: Cluster, database: str, log: Log) -> None:
    cluster.do(f"ALTER DATABASE {database} SET synchronous_commit = off")
    elsewhere = open_log(log.url)
    with elsewhere.transaction() as t:
        assert t._one("SELECT current_setting('synchronous_commit')") == b"on"
    elsewhere.close()


def test_records_are_as_they_were_written_whatever_the_database_takes_for_null(
    cluster: Cluster, database: str, log: Log
) -> None:
    cluster.do(f"ALTER DATABASE {database} SET array_nulls = off")
    with closing(open_log(log.url)) as elsewhere:
        fill(elsewhere)
        assert all(raw.digest_holds() for raw in elsewhere.raw_records())


def test_a_database_that_takes_no_writes_by_default_is_refused_by_a_word_on_that(
    cluster: Cluster, database: str, log: Log
) -> None:
    cluster.do(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with closing(open_log(log.url)) as elsewhere, pytest.raises(LogAway, match="default_transaction_read_only"):
        elsewhere.create()


@pytest.mark.parametrize(("seconds", "said"), [(3_600, "3600 s ahead of"), (-90, "90 s behind"), (30, None)])
def test_a_clock_that_differs_from_the_servers_is_told(
    seconds: int, said: str | None, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds + 0.5)
    told = [warning for warning in log.warnings() if "clock" in warning]
    assert [said in warning for warning in told if said] == [True] * (said is not None)
    assert bool(told) == (said is not None)


def test_a_commit_stays_durable_where_the_server_is_told_otherwise_meanwhile(cluster: Cluster, log: Log) -> None:
    try:
        cluster.do("ALTER SYSTEM SET synchronous_commit = off")
        cluster.do("SELECT pg_reload_conf()")
        until(lambda: cluster.do("SHOW synchronous_commit") == [("off",)])
        with log.transaction() as t:
            assert t._one("SELECT current_setting('synchronous_commit')") == b"on"
    finally:
        cluster.do("ALTER SYSTEM RESET synchronous_commit")
        cluster.do("SELECT pg_reload_conf()")


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_writer_that_has_waited_for_the_lock_writes_behind_at_any_isolation_level(
    cluster: Cluster, database: str, log: Log, isolation: str
) -> None:
    cluster.do(f"ALTER DATABASE {database} SET default_transaction_isolation = '{isolation}'")
    elsewhere = open_log(log.url)
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as threads:
        with log.transaction() as t:
            behind = threads.submit(append, elsewhere, stored(ORDERS[1], 3))
            until(lambda: cluster.do(waiting, database))
            t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW)
        assert behind.result() == range(8, 9)
    elsewhere.close()


def test_a_writer_that_stops_with_the_lock_holds_no_other_up_and_is_not_acknowledged(log: Log) -> None:
    stopped = open_log(log.url)

    def stop_for_a_while() -> None:
        with stopped.transaction() as t:
            t.append([stored(ORDERS[0], 3)], provenance=ME, now=NOW)
            began = time.monotonic()
            assert append(log, stored(ORDERS[1], 3)) == range(7, 8)
            assert time.monotonic() - began < 5

    with pytest.raises(WriteLost):
        stop_for_a_while()
    assert [raw.order for raw in log.raw_records(after=6)] == [str(ORDERS[1])]
    stopped.close()


def test_a_copy_that_is_stopped_does_not_keep_the_lock_for_ever(log: PostgresRecorder) -> None:
    with log.locked() as held:
        assert held._one("SELECT current_setting('idle_in_transaction_session_timeout')") == b"10min"


def test_a_writer_that_stops_amid_sending_is_ended_by_the_next_one_that_waits(cluster: Cluster, log: Log) -> None:
    """The server does not take such a client for idle: it waits for the rest while the connection stands."""
    stopped = psycopg.connect(log.url)
    stopped.pgconn.enter_pipeline_mode()
    for half in (b"BEGIN", b"SELECT 1 FROM order_ledger.logs FOR UPDATE"):
        stopped.pgconn.send_query_params(half, None)
    stopped.pgconn.send_flush_request()
    stopped.pgconn.flush()
    holding = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND query LIKE '%%UPDATE' AND wait_event = 'ClientRead'"
    until(lambda: cluster.do(holding, stopped.info.backend_pid))
    with pytest.raises(LogBusy):
        append(log, stored(ORDERS[0], 3))
    assert append(log, stored(ORDERS[0], 3)) == range(7, 8)
    stopped.close()


def test_a_writer_that_waits_for_a_lock_that_another_keeps_busy_is_told(
    log: Log, cluster: Cluster, database: str
) -> None:
    with psycopg.connect(cluster.url(database)) as outside:
        outside.execute("SELECT 1 FROM order_ledger.logs FOR UPDATE")
        began = time.monotonic()
        with pytest.raises(LogBusy):
            append(log, stored(ORDERS[0], 3))
        assert time.monotonic() - began < 3
    assert append(log, stored(ORDERS[0], 3)) == range(7, 8)


def test_commands_that_take_long_together_are_done_in_several_transactions(ledger: OrderLedger) -> None:
    """One transaction for all of it would keep the lock longer than the server allows a stopped client."""
    do(ledger.create, new_order(), ME)

    def create_slowly(t: Transaction, command: CreateOrder, who: Provenance) -> Outcome:
        time.sleep(0.15)
        return ledger.create(t, command, who)

    futures = [ledger.write(create_slowly, new_order(), ME) for _ in range(20)]
    assert [future.result(timeout=60).position for future in futures] == list(range(8, 28))


# --- round trips ---


@pytest.mark.parametrize("commands", [1, 40])
def test_a_batch_takes_two_round_trips_however_many_commands_share_it(
    ledger: OrderLedger, proxy: Proxy, commands: int
) -> None:
    orders = [do(ledger.create, new_order(items=[{"unit_price": "9"}]), ME).order for _ in range(4)]

    def give(n: int) -> "Future[Outcome]":
        who = Provenance("staff", None, f"key-{n}")
        if n % 3 == 0:
            return ledger.write(ledger.create, new_order(), who)
        payment = {"amount": "1", "reference": f"r-{n}", "provider": "p", "method": "card", "force": True}
        return ledger.write(ledger.change, orders[n % 4].uuid, convert(payment, ReceivePayment), who)

    with writer_held(ledger):
        waiting = [give(n) for n in range(commands)]
        before = proxy.round_trips
    assert [outcome.result().replayed for outcome in waiting] == [False] * commands
    assert proxy.round_trips - before == 1 + 2, "the first is the end of what held them up"


# --- a connection that is lost while a commit is under way ---


def cut_once(proxy: Proxy, sign: bytes, *, before: bool) -> None:
    """Cuts the next connection that sends `sign`, just before the bytes reach the server or just behind them."""
    is_open = [True]

    def cut(data: bytes) -> bool | None:
        return before if sign in data and is_open and is_open.pop() else None

    proxy.cut = cut


@pytest.mark.parametrize("before", [True, False], ids=["before the commit", "behind it"])
@pytest.mark.parametrize("key", [None, "key-1"])
def test_a_write_whose_connection_is_lost_at_the_commit_is_there_once(
    ledger: OrderLedger, proxy: Proxy, log: Log, before: bool, key: str | None
) -> None:
    do(ledger.create, new_order(), ME)
    lost_before = ledger.log_of_events.connection_losses
    cut_once(proxy, b"order.created", before=before)
    who = Provenance("staff", None, key)
    outcome = do(ledger.create, new_order(notes="once"), who)
    assert (outcome.replayed, ledger.log_of_events.connection_losses) == (False, lost_before + 1)
    assert [raw.position for raw in log.raw_records(after=6)] == [7, 8]
    assert log.raw_record(outcome.position).order == str(outcome.order.uuid)
    assert outcome.order.id == 2


@pytest.mark.parametrize("before", [True, False], ids=["before the commit", "behind it"])
def test_an_access_key_whose_connection_is_lost_at_the_commit_is_there_once(
    ledger: OrderLedger, proxy: Proxy, log: Log, before: bool
) -> None:
    do(ledger.create, new_order(), ME)
    lost_before = ledger.log_of_events.connection_losses
    cut_once(proxy, b"\x00\x00\x00\x04keys", before=before)  # goes with the commit
    key = ledger.write(Keys(ledger.log_of_events).create, now=NOW, customer_id=1, name="a").result()
    found = Keys(log).caller(key)
    assert (found and found.name, ledger.log_of_events.connection_losses) == ("a", lost_before + 1)
    assert len(log.access_keys()) == 1


@pytest.mark.parametrize("before", [True, False], ids=["before the commit", "behind it"])
@pytest.mark.parametrize("command", ["revoke", "change", "rotate"])
def test_a_change_of_an_access_key_whose_connection_is_lost_at_the_commit_is_there_once(
    ledger: OrderLedger, proxy: Proxy, log: Log, command: str, before: bool
) -> None:
    keys = Keys(ledger.log_of_events)
    ledger.write(keys.create, now=NOW, scopes=["orders:read"], name="a").result()
    (made,), events = log.access_keys(), log.max_notification_id()
    lost_before = ledger.log_of_events.connection_losses
    cut_once(proxy, b"\x00\x00\x00\x04keys", before=before)
    how = {"scopes": ["orders:write"]} if command == "change" else {}
    ledger.write(getattr(keys, command), "a", now=NOW, **how).result()
    assert ledger.log_of_events.connection_losses == lost_before + 1
    (changed,) = log.access_keys()
    assert (changed != made, log.max_notification_id()) == (True, events + 1)
    assert [former.hash for former in log.former_keys()] == [made.hash] * (command == "rotate")


def test_a_command_that_shared_a_lost_commit_with_a_revocation_is_written_again(
    ledger: OrderLedger, proxy: Proxy, log: Log
) -> None:
    keys = Keys(ledger.log_of_events)
    ledger.write(keys.create, now=NOW, customer_id=1, name="a").result()
    with writer_held(ledger):
        together = ledger.write(keys.revoke, "a", now=NOW), ledger.write(ledger.create, new_order(), ME)
        cut_once(proxy, b"\x00\x00\x00\x04keys", before=True)
    together[0].result()
    assert log.raw_record(position := together[1].result().position) is not None
    assert position == log.max_notification_id()


@pytest.mark.parametrize("is_first", [True, False], ids=["the first of its transaction", "behind another"])
def test_work_under_way_when_its_connection_is_lost_is_done_again_once(
    ledger: OrderLedger, proxy: Proxy, log: Log, is_first: bool
) -> None:
    do(ledger.create, new_order(), ME)
    with writer_held(ledger):
        others = [] if is_first else [ledger.write(ledger.create, new_order(), ME)]
        made = ledger.write(Keys(ledger.log_of_events).create, now=NOW, customer_id=1, name="a")
        lost_before = ledger.log_of_events.connection_losses
        cut_once(proxy, b"FROM access_keys", before=True)  # asked in the middle of a transaction
    assert Keys(log).caller(made.result())
    assert [other.result().position for other in others] == ([] if is_first else [8])
    assert (log.max_notification_id(), ledger.log_of_events.connection_losses > lost_before) == (8 + len(others), True)


def test_a_command_that_joins_a_transaction_whose_connection_is_lost_is_answered(
    ledger: OrderLedger, proxy: Proxy, log: Log
) -> None:
    with writer_held(ledger):
        joining = ledger.write(ledger.create, new_order(), ME)
        cut_once(proxy, b"max(number)", before=True)  # asks for the next id
    assert joining.result(timeout=10).position == log.max_notification_id() == 7
    assert ledger.log_of_events.connection_losses > 1


def test_a_handover_of_the_signing_key_whose_connection_is_lost_behind_the_commit_is_there_once(
    ledger: OrderLedger, proxy: Proxy, log: Log, tmp_path: Path
) -> None:
    do(ledger.create, new_order(), ME)
    create_key(key := tmp_path / "ledger.key")
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    sent: list[bytes] = []

    def cut(data: bytes) -> bool | None:
        """Cuts behind the commit, which is the second request from the INSERT on."""
        if b"INSERT INTO handovers" in data or sent:
            sent.append(data)
        return False if len(sent) == 2 else None

    proxy.cut = cut
    handed = Checkpoints(ledger, views, key=key, kept=tmp_path / "checkpoints.txt").hand_over()
    assert len(sent) > 2
    assert [kept.note for kept in log.handovers()] == [handed.note]
    assert public_key(key) == handed.next
    views.close()


def test_a_commit_that_was_told_not_to_wait_for_its_standby_is_not_acknowledged(
    cluster: Cluster, database: str, ledger: OrderLedger, log: Log
) -> None:
    do(ledger.create, new_order(), ME)
    who = Provenance("staff", None, "key-1")
    with standby_that_never_comes(cluster):
        future = ledger.write(ledger.create, new_order(), who)
        cluster.do("SELECT pg_cancel_backend(%s)", waiting_for_a_standby(cluster, database))
        with pytest.raises(LogAway):
            future.result(timeout=30)
        assert log.max_notification_id() == 8, "it stands on this server"
    assert do(ledger.create, new_order(), who).replayed
    assert log.max_notification_id() == 8


def test_a_commit_without_its_standby_is_not_acknowledged_where_warnings_are_hidden(
    cluster: Cluster, database: str, log: Log
) -> None:
    cluster.do(f"ALTER DATABASE {database} SET client_min_messages = error")
    assert_not_acknowledged(cluster, database)


def test_a_commit_without_its_standby_is_not_acknowledged_in_another_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    german = Cluster("lc_messages=C.UTF-8").start()
    try:
        with pytest.raises(psycopg.errors.DivisionByZero) as told:
            german.do("SELECT 1 / 0")
        if "division" in str(told.value):
            pytest.skip("this PostgreSQL speaks English alone")
        assert_not_acknowledged(german, german.new_database())
    finally:
        german.remove()


def assert_not_acknowledged(cluster: Cluster, database: str) -> None:
    """Asserts that a commit that did not wait for its standby raises LogAway."""
    with closing(OrderLedger(open_log(cluster.url(database)))) as ledger, standby_that_never_comes(cluster):
        future = ledger.write(ledger.create, new_order(), ME)
        cluster.do("SELECT pg_cancel_backend(%s)", waiting_for_a_standby(cluster, database))
        with pytest.raises(LogAway):
            future.result(timeout=30)


def test_a_commit_that_was_told_not_to_wait_is_acknowledged_once_a_later_one_has_waited(
    cluster: Cluster, database: str, ledger: OrderLedger, log: Log
) -> None:
    do(ledger.create, new_order(), ME)
    with standby_that_never_comes(cluster):
        future = ledger.write(ledger.create, new_order(), ME)
        cluster.do("SELECT pg_cancel_backend(%s)", waiting_for_a_standby(cluster, database))
        assert waiting_for_a_standby(cluster, database)
    assert future.result(timeout=30).position == log.max_notification_id() == 8


def test_holds_and_webhooks_are_not_acknowledged_before_the_standby_has_them(
    cluster: Cluster, database: str, log: Log, tmp_path: Path
) -> None:
    log.create()
    keys, hooks = log.key_store(tmp_path / "keys.db"), store_of(log, tmp_path / "webhooks.db")
    keys.create()
    hook = Webhook("wh", "https://example.com", (), b"s", None, None, b"p", 1, "2026-03-01T10:30:00Z", "staff")
    for work in (
        partial(keys.put_hold, Hold("customer:7", "court", "2026-03-01")),
        partial(hooks.add, hook, count_max=5),
    ):
        with ThreadPoolExecutor(1) as working, standby_that_never_comes(cluster):
            done = working.submit(work)
            cluster.do("SELECT pg_cancel_backend(%s)", waiting_for_a_standby(cluster, database))
            with pytest.raises(LogAway):
                done.result(timeout=30)
    with ThreadPoolExecutor(1) as working:
        with standby_that_never_comes(cluster):
            done = working.submit(keys.release, "customer:7")
            cluster.do("SELECT pg_cancel_backend(%s)", waiting_for_a_standby(cluster, database))
            assert waiting_for_a_standby(cluster, database)
        assert done.result(timeout=30)


def test_a_repeated_command_is_not_acknowledged_before_the_standby_has_it(
    cluster: Cluster, database: str, ledger: OrderLedger
) -> None:
    do(ledger.create, new_order(), ME)
    who = Provenance("staff", None, "key-1")
    with standby_that_never_comes(cluster):
        for _ in range(2):
            future = ledger.write(ledger.create, new_order(), who)
            while not future.done():
                cluster.do("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                time.sleep(0.02)
            assert isinstance(future.exception(), LogAway)
    assert do(ledger.create, new_order(), who).replayed


def test_a_repeated_command_whose_server_is_lost_is_asked_of_the_next_one(
    cluster: Cluster, database: str, ledger: OrderLedger
) -> None:
    """A repeated answer writes nothing, so its commit does not prove that the next server has the first answer."""
    do(ledger.create, new_order(), ME)
    who = Provenance("staff", None, "key-1")
    do(ledger.create, new_order(), who)

    def give_again() -> None:
        with ledger.log_of_events.transaction() as t:
            assert ledger.create(t, new_order(), who).replayed
            breaking.submit(lose_the_server, cluster, database)

    with standby_that_never_comes(cluster), ThreadPoolExecutor(1) as breaking, pytest.raises(WriteLost):
        give_again()
    assert do(ledger.create, new_order(), who).replayed


def test_no_head_is_signed_of_records_that_the_standby_has_not_got(
    cluster: Cluster, ledger: OrderLedger, log: Log, tmp_path: Path
) -> None:
    do(ledger.create, new_order(), ME)
    create_key(key := tmp_path / "ledger.key")
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    signing = Checkpoints(ledger, views, key=key, kept=tmp_path / "checkpoints.txt")
    with standby_that_never_comes(cluster), pytest.raises((LogAway, LogBusy)):
        signing.current()
    assert not signing.kept.exists()
    assert log.checkpoints() == []
    assert signing.current() == signing.kept.read_bytes() == log.checkpoints()[0]
    views.close()


@pytest.mark.parametrize("sign", [Checkpoints.current, Checkpoints.for_reader, Checkpoints.hand_over])
def test_no_head_is_signed_of_records_that_a_server_that_took_over_has_not_got(
    cluster: Cluster,
    database: str,
    log: Log,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sign: Callable[..., object],
) -> None:
    """The other server takes over just after the views were fed."""
    ledger = OrderLedger(open_log(log.url))
    create_key(key := tmp_path / "ledger.key")
    views = Views(ledger, tmp_path / "views.db")
    log.close()
    kept = cluster.keep(database)
    do(ledger.create, new_order(), ME)
    views.ensure()
    cluster.go_back(database, kept)
    monkeypatch.setattr(views, "catch_up", lambda: None)
    signing = Checkpoints(ledger, views, key=key, kept=tmp_path / "checkpoints.txt")
    with pytest.raises(LogAway):
        sign(signing)
    assert not signing.kept.exists()
    assert (log.checkpoints(), log.handovers()) == ([], [])
    views.close()
    ledger.close()


def lose_the_server(cluster: Cluster, database: str) -> None:
    """Cancels the wait of the commit for its standby, and ends the server process that then waits again."""
    cluster.do("SELECT pg_cancel_backend(%s)", pid := waiting_for_a_standby(cluster, database))
    while not cluster.do("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND query LIKE '%%COMMIT%%'", pid):
        time.sleep(0.01)
    cluster.do("ALTER SYSTEM SET synchronous_standby_names = ''")
    cluster.do("SELECT pg_terminate_backend(%s)", waiting_for_a_standby(cluster, database))
    cluster.do("SELECT pg_reload_conf()")


# --- news ---


def test_another_nodes_append_is_heard_of_at_once(log: Log) -> None:
    with closing(PostgresRecorder(log.url)) as follower:
        follower.node = "another"
        follower.wait_for_news(10)  # begins to listen
        later = threading.Timer(0.3, append, (log, stored(ORDERS[0], 3)))
        later.start()
        began = time.monotonic()
        assert follower.wait_for_news(10)
        assert 0.2 < time.monotonic() - began < 5


def test_an_append_of_the_same_node_is_no_news(log: Log) -> None:
    """The process that appends feeds the node's views itself."""
    with closing(PostgresRecorder(log.url)) as worker:
        worker.wait_for_news(10)  # begins to listen
        append(log, stored(ORDERS[0], 3))
        assert not worker.wait_for_news(10)
        with log.transaction() as t:
            Keys(log).create(t, now=NOW, customer_id=1, name="a")
        assert worker.wait_for_news(10)


def test_an_access_key_is_known_without_a_wait_until_it_is_revoked(log: Log) -> None:
    follower = open_log(log.url)
    keys, there = Keys(log), Keys(follower)
    made = []
    for name in ("a", "b"):
        with log.transaction() as t:
            made.append(keys.create(t, now=NOW, customer_id=1, name=name))
    assert there.caller(made[0])
    assert there.caller_nowait(made[0]) is None, "nobody would tell of a change"
    follower.wait_for_news(10)
    assert [there.caller_nowait(key) for key in made] == [keys.caller(key) for key in made]
    with log.transaction() as t:
        keys.revoke(t, "a", now=NOW)
        later = keys.create(t, now=NOW, customer_id=1, name="c")
    follower.wait_for_news(10)
    assert there.caller_nowait(made[0]) is there.caller(made[0]) is None
    assert None not in [there.caller_nowait(key) for key in (made[1], later)]
    follower.close()


def test_a_revoked_key_is_known_no_more_where_the_server_tells_nothing_any_longer(
    cluster: Cluster, database: str, log: Log
) -> None:
    """The listening connection stands and is silent: its server process is stopped, as if packets were dropped."""
    follower, keys = open_log(log.url), Keys(log)
    with log.transaction() as t:
        key = keys.create(t, now=NOW, customer_id=1, name="a")
    follower.wait_for_news(10)
    assert Keys(follower).caller_nowait(key)
    os.kill(pid := listening_to(cluster, database), signal.SIGSTOP)
    try:
        with log.transaction() as t:
            keys.revoke(t, "a", now=NOW)
        until(lambda: follower.wait_for_news(0.05) and Keys(follower).caller_nowait(key) is None)
    finally:
        os.kill(pid, signal.SIGCONT)
    follower.close()


def test_a_revoked_key_is_known_no_more_where_the_server_has_no_connection_left_to_tell_by(
    cluster: Cluster, proxy: Proxy, database: str, log: Log
) -> None:
    """The connection by which the node writes lives, and it gets no other."""
    node, keys = open_log(proxy.url(database)), Keys(log)
    append(node)
    with log.transaction() as t:
        key = keys.create(t, now=NOW, customer_id=1, name="a")
    node.wait_for_news(10)
    proxy.cut = lambda data: b"application_name" in data or None
    cluster.do("SELECT pg_terminate_backend(%s)", listening_to(cluster, database))
    with log.transaction() as t:
        keys.revoke(t, "a", now=NOW)
        later = keys.create(t, now=NOW, customer_id=1, name="b")
    told = node.keys_told
    until(lambda: not node.wait_for_news(0.05) and Keys(node).caller_nowait(key) is None)
    assert Keys(node).caller(key) is None
    assert Keys(node).caller_nowait(later)
    assert node.keys_told > told, "who was erased meanwhile is remembered no more"
    node.close()


def test_a_listener_listens_anew_where_another_connection_is_lost(cluster: Cluster, database: str, log: Log) -> None:
    follower = open_log(log.url)
    follower.wait_for_news(10)
    follower.max_notification_id()
    before = listening_to(cluster, database)
    cluster.do(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s", database, before
    )
    follower.max_notification_id()
    follower.wait_for_news(0.05)
    until(lambda: listening_to(cluster, database) != before)
    follower.close()


def test_a_listener_that_lost_its_connection_listens_anew_without_a_pause(
    cluster: Cluster, database: str, log: Log
) -> None:
    """A key that is revoked in a pause would be taken to its end."""
    follower, keys = open_log(log.url), Keys(log)
    with log.transaction() as t:
        key = keys.create(t, now=NOW, customer_id=1, name="a")
    follower.wait_for_news(10)
    cluster.do("SELECT pg_terminate_backend(%s)", listening_to(cluster, database))
    with log.transaction() as t:
        keys.revoke(t, "a", now=NOW)
    a_pause_that_is_never_waited_for = 3_600
    assert not follower.wait_for_news(a_pause_that_is_never_waited_for)
    assert follower.wait_for_news(a_pause_that_is_never_waited_for)
    assert Keys(follower).caller_nowait(key) is None
    follower.close()


def test_a_listener_hears_a_notification_that_comes_while_it_asks_something_else(
    cluster: Cluster, database: str
) -> None:
    """The notification comes with the answer to the other statement, and the driver looks only behind the answer."""
    url = cluster.url(database)
    with closing(Connection(url)) as listener, closing(Connection(url)) as teller:
        listener.execute(Statement("LISTEN news"))
        teller.execute(Statement("SELECT pg_notify('news', 'told')"))
        listener.execute(Statement("SELECT pg_sleep(0.2)"))
        assert listener.wait(0.2) == ["told"]


def listening_to(cluster: Cluster, database: str) -> int:
    """The pid of the server process with the newest connection that asked for the access keys."""
    asked = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND query LIKE %s ORDER BY backend_start DESC LIMIT 1"
    ((pid,),) = cluster.do(asked, database, "%former_keys%revoked_at IS NULL%")
    return int(pid)


# --- connections to read by ---


def test_connections_that_a_burst_of_reads_opened_are_closed_when_needed_no_more(
    cluster: Cluster, database: str, log: PostgresRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened() -> int:
        ((count,),) = cluster.do("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", database)
        return int(count)

    before = opened()
    slow = "SELECT pg_sleep(0.5)"
    with ThreadPoolExecutor(5) as burst:
        list(burst.map(log.rows, [slow] * 5))
    assert opened() > before
    log.max_notification_id()
    assert opened() > before, "another burst may come"
    monkeypatch.setattr("domain.log.postgres.connection.SPARE_SECONDS_MAX", -1.0)
    log.max_notification_id()
    until(lambda: opened() <= before)
    assert log.max_notification_id() == 6


# --- reads that were given up ---


def test_a_read_that_nobody_waits_for_any_more_ends_here_and_on_the_server_and_is_no_loss(
    cluster: Cluster, database: str, log: PostgresRecorder
) -> None:
    lost, given_up = log.connection_losses, threading.Event()

    def read() -> None:
        with interruptible(given_up.is_set):
            log.rows("SELECT pg_sleep(600)")

    with ThreadPoolExecutor() as threads:
        reading = threads.submit(read)
        until(lambda: asleep(cluster, database) == 1)
        given_up.set()
        with pytest.raises(Interrupted):
            reading.result()
    until(lambda: asleep(cluster, database) == 0)
    assert log.max_notification_id() == 6
    assert log.connection_losses == lost


def asleep(cluster: Cluster, database: str) -> int:
    """The number of the database's connections that run the read."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE 'SELECT pg_sleep%%'"
    with psycopg.connect(cluster.url(database)) as connection:
        ((count,),) = connection.execute(f"{asked} AND state = 'active'", (database,)).fetchall()
    return int(count)


def test_a_read_of_a_whole_table_may_take_as_long_as_the_table_is_large(log: Log, proxy: Proxy, database: str) -> None:
    append(log, claims=[NewClaim("payment", "taken", ORDERS[0], 1)])
    far = PostgresRecorder(proxy.url(database))
    of_operators = (
        far.census,
        far.dangling_claims,
        partial(far.raw_records_by_order, "", "~"),
        partial(far.raw_records_without_beginning, 6),
    )
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(far.rows, ["SELECT pg_sleep(1)"] * 5))  # each read has its own connection from here on
        proxy.delay_seconds = ANSWER_SECONDS_MAX / 2 + 0.2
        answers = [threads.submit(asked) for asked in (*of_operators, far.max_notification_id)]
        census, of_nothing, by_order, without_beginning = (answer.result() for answer in answers[:4])
        with pytest.raises(LogAway):
            answers[4].result()
    proxy.delay_seconds = 0
    assert (census.head, list(of_nothing), len(list(by_order)), list(without_beginning)) == (6, [], 6, [])
    far.close()


def test_a_span_is_waited_for_no_longer_than_anything_else(log: Log, proxy: Proxy, database: str) -> None:
    far = open_log(proxy.url(database))
    proxy.cut = lambda data: proxy.is_silent.set() if b"COPY (" in data else None
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(lambda: list(far.raw_records()))
        try:
            with pytest.raises(LogAway):
                reading.result(timeout=20)
        finally:
            proxy.is_silent.clear()
    assert len(list(far.raw_records(until=6, limit=10))) == 6
    far.close()


# --- auditors' reads ---


def test_large_records_come_few_at_a_time(log: PostgresRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"occurred_at": "2026-03-01T10:30:00Z", "notes": "n" * 1_000_000}).encode()
    append(log, *(StoredEvent(ORDERS[0], version, "order.notes_changed.v1", text) for version in range(3, 15)))
    pieces: list[int] = []
    ask = log._rows
    monkeypatch.setattr(log, "_rows", lambda *asked: watched(pieces, ask(*asked)))
    assert [raw.position for raw in log.raw_records(limit=1_000)] == list(range(1, 19))
    assert sum(pieces) == 18
    assert max(pieces) <= 6 + PIECE_BYTES_MAX // len(text) + 1


def watched(pieces: list[int], rows: list[Row]) -> list[Row]:
    pieces.append(len(rows))
    return rows


def test_triggers_and_tables_that_are_not_as_they_were_made_are_told(log: Log, cluster: Cluster, database: str) -> None:
    for statement in (
        "DROP TRIGGER claims_rows_stay ON order_ledger.claims",
        "ALTER TABLE order_ledger.events ENABLE TRIGGER events_rows_stay",
        "CREATE TABLE order_ledger.more (x int)",
        "DROP INDEX order_ledger.claims_of_number",
    ):
        cluster.do(statement, database=database)
    assert [fault.reason for fault in log.faults()] == [
        "the schema has what this program did not make: the table more",
        "the schema has no whole index claims_of_number",
        "the schema has no trigger claims_rows_stay",
        "the trigger events_rows_stay in the schema is not the one that this program makes",
    ]


def test_the_index_agrees_with_its_table_while_records_are_appended(log: Log) -> None:
    over = threading.Event()

    def record() -> None:
        with closing(open_log(log.url)) as other:
            for version in count(3):
                append(other, stored(ORDERS[0], version))
                if over.is_set():
                    return

    recording = threading.Thread(target=record)
    recording.start()
    try:
        assert [fault for _ in range(50) for fault in log.faults()] == []
    finally:
        over.set()
        recording.join()
