"""Are the data keys of a ledger on PostgreSQL shared by its nodes, and as safe there as in a file?"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from domain.importing import import_lines
from domain.ledger import OrderLedger
from domain.log.log import Transaction
from domain.log.opening import open_log, postgres_grants
from domain.order.commands import ChangeOrder
from domain.order.personal import PARTS
from domain.privacy.erasing import Erasing, Erasure, ErasureRequest, destroy_leftovers
from domain.privacy.erasures import Erasures
from domain.privacy.masters import MasterUnknown
from domain.privacy.opening import WrongKeys, keys_of
from domain.strict_json import convert
from projections.views.all import VIEWS
from projections.views.rebuilding import make_part
from projections.views.views import Views
from tests.conftest import ME, Clock, do, new_order, writer_held
from tests.postgres import Cluster
from tests.privacy.conftest import KEEP, MINA, TOM, erase_amid_first_orders, keys_at
from tests.proxy import Proxy

NewNode = Callable[..., OrderLedger]


@pytest.fixture
def new_node(cluster: Cluster, database: str, tmp_path: Path, clock: Clock) -> Iterator[NewNode]:
    """A function that opens the ledger once more, as another node with the same master key does."""
    made: list[OrderLedger] = []

    def make(url: str | None = None) -> OrderLedger:
        log = open_log(url or cluster.url(database))
        made.append(OrderLedger(log, clock=clock, keys=keys_of(log, keys_at(tmp_path), clock())))
        return made[-1]

    yield make
    for ledger in made:
        ledger.close()


def erasing(ledger: OrderLedger, folder: Path) -> Erasing:
    def orders_of(_customer: int) -> Any:
        return [ledger.uuid_of(n) for n in range(1, ledger.log_of_events.claim_max("order-id") + 1)]

    assert ledger.keys is not None
    return Erasing(ledger, ledger.keys, orders_of, KEEP, Erasures(folder / "erasures.txt"))


def keys_in(cluster: Cluster, database: str) -> list[tuple[Any, ...]]:
    return cluster.do(
        "SELECT subject, part, retired_at IS NULL, wrapped IS NOT NULL FROM order_ledger_keys.data_keys"
        " ORDER BY subject, part, retired_at",
        database=database,
    )


def stored(ledger: OrderLedger) -> bytes:
    return b"".join(raw.payload for raw in ledger.log_of_events.raw_records())


def test_a_new_ledger_seals_and_its_nodes_share_the_keys(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    one, two = new_node(), new_node()
    first = do(one.create, new_order(**MINA), ME).order
    second = do(two.create, new_order(**MINA), ME).order
    changed = do(two.change, first.uuid, convert({"notes": "at Schlossgarten"}, ChangeOrder), ME).order
    assert b"Schlossgarten" not in stored(one)
    assert (one.order(first.uuid), one.order(second.uuid)) == (changed, second)
    assert keys_in(cluster, database) == [
        ("customer:7", "contact", True, True),
        ("customer:7", "invoice", True, True),
    ]
    assert not (tmp_path / "keys.db").exists()


def test_a_node_without_the_master_key_or_with_another_is_not_opened(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path, clock: Clock
) -> None:
    do(new_node().create, new_order(**MINA), ME)
    with closing(open_log(cluster.url(database))) as log:
        with pytest.raises(MasterUnknown, match="no master key at"):
            keys_of(log, keys_at(tmp_path / "elsewhere"), clock())
        keys_at(tmp_path / "elsewhere").masters.add()
        with pytest.raises(MasterUnknown, match="are wrapped by the master key"):
            keys_of(log, keys_at(tmp_path / "elsewhere"), clock())
        cluster.do("DROP SCHEMA order_ledger_keys CASCADE", database=database)
        with pytest.raises(WrongKeys, match="order_ledger_keys of the ledger's database is missing"):
            keys_of(log, keys_at(tmp_path), clock())


# --- round trips ---


def test_a_batch_takes_two_round_trips_with_sealing_too(
    new_node: NewNode, proxy: Proxy, database: str, clock: Clock
) -> None:
    elsewhere = new_node()
    orders = [do(elsewhere.create, new_order(**{**MINA, "customer": {"id": n}}), ME).order for n in range(10)]
    guest = do(elsewhere.create, new_order(**{**MINA, "customer": None}), ME).order
    node = new_node(proxy.url(database))
    do(node.create, new_order(), ME)  # connects
    assert node.keys is not None
    for _ in range(2):
        with writer_held(node):
            before = proxy.round_trips
            notes = convert({"notes": f"at {clock.tick()}"}, ChangeOrder)
            futures = [node.write(node.change, order.uuid, notes, ME) for order in (*orders, guest)]
            futures += [node.write(node.create, new_order(**{**MINA, "customer": {"id": n}}), ME) for n in range(40)]
            futures += [node.write(node.create, new_order(**{**MINA, "customer": None}), ME) for _ in range(10)]
        assert len({future.result().position for future in futures}) == len(futures)
        assert proxy.round_trips - before == 1 + 2, "the first is the end of what held them up"
        node.keys.forget()


def test_an_import_asks_for_its_keys_at_once(new_node: NewNode, proxy: Proxy, database: str) -> None:
    lines = b"".join(
        b'{"notes": "n", "customer": %s, "items": [{"unit_price": "1"}]}\n' % (b"null" if n % 3 else b'{"id": %d}' % n)
        for n in range(100)
    )
    node = new_node(proxy.url(database))
    do(node.create, new_order(**MINA), ME)
    before = proxy.round_trips
    assert import_lines(node, BytesIO(lines), on_rejected=print).imported == 100
    assert proxy.round_trips - before < 12


def test_views_that_are_made_anew_ask_for_the_keys_of_a_part_at_once(
    new_node: NewNode, proxy: Proxy, database: str, tmp_path: Path
) -> None:
    node = new_node(proxy.url(database))
    lines = b"".join(b'{"notes": "n", "customer": {"id": %d}, "items": [{}]}\n' % n for n in range(100))
    assert import_lines(node, BytesIO(lines), on_rejected=print).imported == 100
    before = proxy.round_trips
    make_part(node.location, 0, 1_000, node.head(), [view.name for view in VIEWS])
    assert proxy.round_trips - before < 20
    node.keys.forget() if node.keys else None
    views = Views(node, tmp_path / "views.db")
    views.ensure()
    before = proxy.round_trips
    assert import_lines(new_node(), BytesIO(lines.replace(b'"n"', b'"m"')), on_rejected=print).imported == 100
    views.catch_up()
    assert proxy.round_trips - before < 20
    views.close()


# --- retiring and destroying ---


def test_nothing_is_sealed_by_a_key_that_another_node_has_retired(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    one, two = new_node(), new_node()
    for node in (one, two):
        do(node.create, new_order(**MINA), ME)
    assert erasing(one, tmp_path).erase_customer(7, ErasureRequest(("contact", "invoice")), ME).is_new
    later = do(two.create, new_order(**MINA), ME).order
    assert two.order(later.uuid).billing.address == "Neckarhalde 17"
    for node in (one, two):
        assert node.order(node.uuid_of(1)).billing.address is None
    assert [row[2:] for row in keys_in(cluster, database)] == [(False, False), (True, True)] * 2


def test_an_order_that_shares_the_transaction_of_an_erasure_has_new_keys(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    node = new_node()
    do(node.create, new_order(**MINA), ME)
    erased = threading.Thread(
        target=erasing(node, tmp_path).erase_customer, args=(7, ErasureRequest(("contact", "invoice"), force=True), ME)
    )
    with writer_held(node):
        before = node.write(node.create, new_order(**MINA), ME)
        erased.start()
        time.sleep(0.3)
        after = node.write(node.create, new_order(**MINA), ME)
        tom = node.write(node.create, new_order(**TOM), ME)
    erased.join()
    addresses = [node.order(each.result().order.uuid).billing.address for each in (before, after, tom)]
    assert addresses == [None, "Neckarhalde 17", "1 Tailor Street"]


def test_an_erasure_in_the_transaction_of_its_customers_first_order_destroys_the_new_keys(
    new_node: NewNode, tmp_path: Path
) -> None:
    node = new_node()
    erase_amid_first_orders(node, erasing(node, tmp_path))


def test_two_erasures_of_a_customer_that_share_a_transaction_destroy_each_key_once(
    new_node: NewNode, tmp_path: Path
) -> None:
    node = new_node()
    uuid = do(node.create, new_order(**MINA), ME).order.uuid
    by, made = erasing(node, tmp_path), dict[int, Erasure]()

    def erase(number: int, *parts: str) -> None:
        made[number] = by.erase_customer(7, ErasureRequest(parts), ME)

    waiting = [threading.Thread(target=erase, args=(number, *PARTS[:number])) for number in (1, 2)]
    with writer_held(node):
        for erased in waiting:
            erased.start()
            time.sleep(0.3)
    for erased in waiting:
        erased.join()
    assert [len(made[number].keys) for number in (1, 2)] == [1, 1]
    assert node.order(uuid).erased == PARTS
    assert node.keys is not None
    assert all(key.destroyed_at for key in node.keys.store.of_subject("customer:7"))


def test_a_key_that_was_made_for_work_that_is_taken_back_is_there_for_others(new_node: NewNode) -> None:
    node = new_node()
    do(node.create, new_order(), ME)

    def refused(t: Transaction) -> None:
        node.create(t, new_order(**MINA), ME)
        raise ValueError("no")

    with writer_held(node):
        failing, made = node.write(refused), node.write(node.create, new_order(**MINA), ME)
    with pytest.raises(ValueError, match="no"):
        failing.result()
    node.keys.forget() if node.keys else None
    assert node.order(made.result().order.uuid).billing.address == "Neckarhalde 17"


@pytest.mark.parametrize("before", [True, False], ids=["before the commit", "behind it"])
def test_a_key_whose_connection_is_lost_at_the_commit_is_never_sealed_by_in_vain(
    new_node: NewNode, proxy: Proxy, database: str, before: bool
) -> None:
    node = new_node(proxy.url(database))
    do(node.create, new_order(), ME)
    is_open = [True]
    proxy.cut = lambda data: before if b"order.created" in data and is_open and is_open.pop() else None
    made = [do(node.create, new_order(**MINA), ME).order for _ in range(2)]
    assert not is_open
    reader = new_node()
    assert [reader.order(order.uuid).billing.address for order in made] == ["Neckarhalde 17"] * 2


def test_a_key_of_a_transaction_that_is_rolled_back_is_forgotten(new_node: NewNode) -> None:
    node = new_node()
    do(node.create, new_order(), ME)

    def refused(t: Transaction) -> None:
        node.create(t, new_order(**MINA), ME)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        node.write(refused).result()
    made = do(node.create, new_order(**MINA), ME).order
    assert new_node().order(made.uuid).billing.address == "Neckarhalde 17"


def test_a_destroyed_key_is_forgotten_by_other_nodes_within_a_quarter_of_a_second(
    new_node: NewNode, tmp_path: Path
) -> None:
    one, two = new_node(), new_node()
    order = do(one.create, new_order(**MINA), ME).order
    assert two.keys is not None
    listening = threading.Thread(target=lambda: [two.log_of_events.wait_for_news(0.5) for _ in range(8)], daemon=True)
    listening.start()
    time.sleep(0.5)
    two.order(order.uuid)
    two.keys.refresh()
    forgotten = threading.Event()
    two.keys.on_forgotten.append(forgotten.set)
    assert not forgotten.is_set()
    erasing(one, tmp_path).erase_customer(7, ErasureRequest(("contact", "invoice")), ME)
    deadline = time.monotonic() + 0.25
    while not forgotten.is_set() and time.monotonic() < deadline:
        two.keys.refresh()
        time.sleep(0.01)
    assert forgotten.is_set()
    assert two.order(order.uuid).billing.address is None
    listening.join()


def test_an_erasure_that_ended_before_the_keys_were_destroyed_is_finished_by_any_node(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = new_node()
    do(one.create, new_order(**MINA), ME)
    unfinished = erasing(one, tmp_path)
    monkeypatch.setattr(unfinished, "_finish", lambda made, _: made)
    unfinished.erase_customer(7, ErasureRequest(("contact", "invoice")), ME)
    assert [row[3] for row in keys_in(cluster, database)] == [True, True]
    two = new_node()
    assert two.keys is not None
    assert len(destroy_leftovers(two, two.keys, Erasures(tmp_path / "other.txt"))) == 2
    assert [row[3] for row in keys_in(cluster, database)] == [False, False]


def test_a_key_that_is_destroyed_during_a_transaction_that_has_read_it_is_forgotten(
    new_node: NewNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = new_node(), new_node()
    order = do(one.create, new_order(**MINA), ME).order
    unfinished = erasing(one, tmp_path)
    monkeypatch.setattr(unfinished, "_finish", lambda made, _: made)
    unfinished.erase_customer(7, ErasureRequest(("contact", "invoice"), force=True), ME)
    listening = threading.Thread(target=lambda: [two.log_of_events.wait_for_news(0.5) for _ in range(4)], daemon=True)
    listening.start()
    time.sleep(0.5)
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: Transaction, _order: UUID) -> None:
        begun.set()
        assert go_on.wait(10)

    def shows_it() -> bool:
        first = next(two.log_of_events.raw_records_of(str(order.uuid)))
        return b"Neckarhalde" in msgspec.json.encode(two.mapper.read(first).event)

    held = two.write(hold, order.uuid)  # the order's keys are read as the transaction begins
    assert begun.wait(10)
    assert shows_it()
    assert one.keys is not None
    assert len(destroy_leftovers(one, one.keys, Erasures(tmp_path / "other.txt"))) == 2
    time.sleep(0.25)
    meanwhile = shows_it()
    go_on.set()
    held.result()
    assert (meanwhile, shows_it()) == (False, False)
    listening.join()


# --- the database's own refusals ---


def test_a_destroyed_key_leaves_its_row_and_never_comes_back(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    node = new_node()
    do(node.create, new_order(**MINA), ME)
    erasing(node, tmp_path).erase_customer(7, ErasureRequest(("contact", "invoice")), ME)
    for statement in (
        "DELETE FROM order_ledger_keys.data_keys",
        "TRUNCATE order_ledger_keys.data_keys",
        "UPDATE order_ledger_keys.data_keys SET destroyed_at = NULL, wrapped = 'x'",
        "SET session_replication_role = replica; DELETE FROM order_ledger_keys.data_keys",
    ):
        with pytest.raises(psycopg.errors.IntegrityError, match="never comes back"):
            cluster.do(statement, database=database)


def test_the_role_that_serves_seals_and_erases_and_deletes_no_key(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    do(new_node().create, new_order(**MINA), ME)
    cluster.do("CREATE ROLE teller LOGIN")
    cluster.do(postgres_grants("teller"), database=database)
    node = new_node(cluster.url(database, "teller"))
    made = do(node.create, new_order(**TOM), ME).order
    assert erasing(node, tmp_path).erase_customer(7, ErasureRequest(("contact", "invoice")), ME).is_new
    assert node.order(node.uuid_of(1)).billing.address is None
    assert node.order(made.uuid).billing.address == "1 Tailor Street"
    assert node.keys is not None
    assert node.keys.wrap_anew() == 0
    with (
        psycopg.connect(cluster.url(database, "teller")) as teller,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        teller.execute("DELETE FROM order_ledger_keys.data_keys")


def test_no_dead_version_of_a_destroyed_key_is_left_in_the_table(
    new_node: NewNode, cluster: Cluster, database: str, tmp_path: Path
) -> None:
    node = new_node()
    do(node.create, new_order(**MINA), ME)
    erasing(node, tmp_path).erase_customer(7, ErasureRequest(("contact", "invoice")), ME)
    (told,) = cluster.do(
        "SELECT n_dead_tup, vacuum_count FROM pg_stat_all_tables WHERE relname = 'data_keys'", database=database
    )
    assert told[1] >= 1
