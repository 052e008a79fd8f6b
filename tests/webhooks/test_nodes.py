"""Do the nodes of a ledger share their webhooks, and deliver each event about once, whichever node dies?"""

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from domain.log.log import LogAway
from domain.log.opening import open_log
from projections.webhooks.store import Delivery, Store, Webhook, copy, store_of
from tests.conftest import Service
from tests.postgres import Cluster, files_in
from tests.proxy import Proxy
from tests.waiting import until
from tests.webhooks.conftest import ORDERS, WEBHOOKS, Message, Receiver

SUBSCRIBED = Webhook("wh", "https://example.com", (), b"s", None, None, b"p", 1, "2026-03-01T10:30:00Z", "staff")


@pytest.fixture
def nodes(cluster: Cluster, tmp_path: Path) -> Iterator[tuple[list[Service], Proxy]]:
    """Three nodes that share a master key, and the proxy between the first node and PostgreSQL."""
    proxy, database = Proxy(cluster.port), cluster.new_database()
    made = []
    for name, url in (("one", proxy.url(database)), ("two", cluster.url(database)), ("three", cluster.url(database))):
        (tmp_path / name).mkdir()
        own = files_in(tmp_path / name) | {"LEDGER_MASTER": str(tmp_path / "master.key")}
        made.append(
            Service(tmp_path / name, workers=1, LEDGER_URL=url, LEDGER_WEBHOOK_NETWORKS="127.0.0.1", **own).start()
        )
    yield made, proxy
    for node in made:
        if node.process and node.process.poll() is None:
            node.kill()
    proxy.close()


def place(node: Service, staff_key: str) -> str:
    answer = node.client(staff_key).post(ORDERS, json={"items": [{}]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uuid"])


def created(receiver: Receiver) -> list[str]:
    return [message.order for message in receiver.messages if message.json["type"] == "OrderCreated"]


def has_all(receiver: Receiver, placed: list[str]) -> bool:
    return set(created(receiver)) == set(placed)


def test_each_event_is_delivered_once_by_one_node_and_by_another_when_that_one_dies(
    nodes: tuple[list[Service], Proxy], receiver: Receiver
) -> None:
    services, _ = nodes
    key = services[0].key("orders:write", "webhooks:read", "webhooks:write")
    made = services[1].client(key).post(WEBHOOKS, json={"url": receiver.url, "event_types": ["OrderCreated"]})
    assert made.status_code == 201, made.text
    for node in services:
        assert node.client(key).get(f"{WEBHOOKS}/{made.json()['id']}").json()["url"] == receiver.url
    placed = [place(services[n % 3], key) for n in range(30)]
    until(lambda: len(created(receiver)) == 30)
    assert sorted(created(receiver)) == sorted(placed)
    for dying in services[:2]:
        time.sleep(0.6)  # events sent in the last quarter of a second before a death are sent again
        dying.kill()
        placed += [place(services[2], key) for _ in range(10)]
        until(partial(has_all, receiver, placed), 30)
    assert sorted(created(receiver)) == sorted(placed)
    shown = services[2].client(key).get(f"{WEBHOOKS}/{made.json()['id']}/deliveries?limit=1000").json()
    assert {each["status"] for each in shown["deliveries"]} == {"delivered"}


def test_a_node_that_is_cut_off_delivers_no_more_once_another_does(
    nodes: tuple[list[Service], Proxy], receiver: Receiver
) -> None:
    services, proxy = nodes
    for node in services[1:]:
        node.kill()
    key = services[0].key("orders:write", "webhooks:write")
    services[0].client(key).post(WEBHOOKS, json={"url": receiver.url, "event_types": ["OrderCreated"]})
    placed = [place(services[0], key)]
    until(lambda: created(receiver) == placed)
    services[1].start()
    proxy.cut = lambda _: True
    proxy.cut_all()
    placed += [place(services[1], key) for _ in range(10)]
    until(lambda: set(created(receiver)) == set(placed), 30)
    proxy.cut = lambda _: None
    placed += [place(services[1], key) for _ in range(10)]
    until(lambda: set(created(receiver)) == set(placed), 30)
    assert sorted(created(receiver)) == sorted(placed)


def test_a_webhook_is_not_disabled_because_the_ledger_cannot_be_read_for_a_moment(
    nodes: tuple[list[Service], Proxy], receiver: Receiver
) -> None:
    (node, *others), proxy = nodes
    for other in others:
        other.kill()
    key = node.key("orders:write", "webhooks:read", "webhooks:write")
    made = node.client(key).post(WEBHOOKS, json={"url": receiver.url, "event_types": ["OrderCreated"]}).json()
    times_cut: list[bytes] = []

    def cut(data: bytes) -> bool | None:
        """Cuts each query for the id of an event's order, which a message needs."""
        if b"position + 0" not in data or b"octet_length" not in data:
            return None
        times_cut.append(data)
        return True

    proxy.cut = cut
    placed = [place(node, key)]
    until(lambda: len(times_cut) >= 2)
    time.sleep(1)
    proxy.cut = lambda _: None
    until(lambda: has_all(receiver, placed))
    assert node.client(key).get(f"{WEBHOOKS}/{made['id']}").json()["status"] == "enabled"
    assert "is disabled" not in node.log()


def test_deliveries_under_way_when_the_turn_is_lost_end_quietly_and_come_again(
    nodes: tuple[list[Service], Proxy], receiver: Receiver
) -> None:
    (node, *others), proxy = nodes
    for other in others:
        other.kill()

    def slowly(_: Message) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.05)
        return 204, {}, b""

    receiver.answers = slowly
    key = node.key("orders:write", "webhooks:write")
    for _ in range(5):
        node.client(key).post(WEBHOOKS, json={"url": receiver.url, "event_types": ["OrderCreated"]})
    placed = [place(node, key) for _ in range(40)]
    for _ in range(5):
        proxy.cut_all()
        time.sleep(0.3)
    until(lambda: len({message.id for message in receiver.messages}) == 5 * 40)
    assert has_all(receiver, placed)
    assert "never retrieved" not in node.log()


def test_the_answer_of_a_receiver_is_noted_whatever_bytes_it_has(
    nodes: tuple[list[Service], Proxy], receiver: Receiver
) -> None:
    (node, *_), _ = nodes
    receiver.answers = lambda _: (200, {}, b"taken\0\xff")
    staff = node.client(key := node.key("orders:write", "webhooks:read", "webhooks:write"))
    made = staff.post(WEBHOOKS, json={"url": receiver.url, "event_types": ["OrderCreated"]}).json()
    place(node, key)
    noted = f"{WEBHOOKS}/{made['id']}/deliveries"
    until(lambda: [each["status"] for each in staff.get(noted).json()["deliveries"]] == ["delivered"])
    assert staff.get(noted).json()["deliveries"][0]["answer"] == "taken\ufffd\ufffd"
    assert len(receiver.messages) == 1
    assert staff.get(f"{WEBHOOKS}/%00/deliveries").status_code == 404


@pytest.mark.parametrize("is_there", [False, True], ids=["before it", "behind it"])
def test_a_subscription_whose_connection_is_lost_at_the_commit_is_there_once_or_refused(
    cluster: Cluster, database: str, proxy: Proxy, tmp_path: Path, is_there: bool
) -> None:
    """A client that gets a 503 subscribes again, and would have two subscriptions."""
    with closing(open_log(proxy.url(database))) as log:
        log.create()
        store = store_of(log, tmp_path / "none")
        store.remove("another")  # connects
        sent: list[bytes] = []

        def cut(data: bytes) -> bool | None:
            """Cuts at the commit, which is the second request from the INSERT on."""
            if b"INSERT" in data or sent:
                sent.append(data)
            return not is_there if len(sent) == 2 else None

        proxy.cut = cut
        if is_there:
            assert store.add(SUBSCRIBED, count_max=1)
        else:
            with pytest.raises(LogAway):
                store.add(SUBSCRIBED, count_max=1)
        assert len(sent) > 2
        assert len(store.all()) == is_there


def test_webhooks_go_along_where_a_ledger_is_moved(cluster: Cluster, tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "file").mkdir()
    file = Service(
        tmp_path / "file",
        LEDGER_URL=f"sqlite:///{tmp_path}/file/ledger.db",
        LEDGER_WEBHOOK_NETWORKS="127.0.0.1",
    ).start()
    key = file.key("orders:write", "webhooks:write")
    file.client(key).post(WEBHOOKS, json={"url": receiver.url})
    place(file, key)
    until(lambda: len(receiver.messages) == 2)
    file.stop()
    url = cluster.url(cluster.new_database())
    assert file.run("migrate", "--to", url).returncode == 0
    with closing(open_log(url)) as log:
        here = store_of(open_log(file.url), tmp_path / "file" / "webhooks.db")
        there = store_of(log, tmp_path / "none.db")
        assert there.all() == here.all() != []
        for webhook in here.all():
            assert there.every_delivery(webhook.id) == here.every_delivery(webhook.id) != []
        copy(there, back := store_of(open_log(file.url), tmp_path / "back.db"))
        assert back.all() == here.all()


def test_an_answer_with_a_nul_goes_along_too_as_far_as_postgresql_can_hold_it(cluster: Cluster, tmp_path: Path) -> None:
    here = store_of(open_log(f"sqlite:///{tmp_path}/ledger.db"), tmp_path / "webhooks.db")
    here.add(SUBSCRIBED, count_max=1)
    here.note("wh", 1, [delivery := Delivery(1, "order", "OrderCreated", "delivered", answer="a\0b")])
    with closing(open_log(cluster.url(cluster.new_database()))) as log:
        log.create()
        copy(here, there := store_of(log, tmp_path / "none.db"))
        assert there.every_delivery("wh") == [delivery._replace(answer="a\ufffdb")]


def test_a_change_of_a_webhook_on_postgresql_keeps_the_fields_that_it_leaves_out(
    cluster: Cluster, tmp_path: Path
) -> None:
    with closing(open_log(cluster.url(cluster.new_database()))) as log:
        log.create()
        store = store_of(log, tmp_path / "webhooks.db")
        store.add(SUBSCRIBED, count_max=1)
        store.change("wh", "https://other.example.com", None)
        store.change("wh", None, ["OrderCreated", "StatusChanged"])
        changed = store.one("wh")
        assert changed is not None
        assert (changed.url, changed.event_types) == ("https://other.example.com", ("OrderCreated", "StatusChanged"))
        store.change("wh", None, [])
        assert [webhook.event_types for webhook in store.all()] == [()]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Iterator[Store]:
    """The store of a ledger on each engine, with one webhook."""
    url = f"sqlite:///{tmp_path}/ledger.db" if request.param == "SQLite" else cluster.url(cluster.new_database())
    with closing(open_log(url)) as log:
        log.create()
        made = store_of(log, tmp_path / "webhooks.db")
        made.add(SUBSCRIBED, count_max=1)
        yield made


def test_a_replay_for_a_webhook_that_is_removed_meanwhile_is_for_nobody(store: Store) -> None:
    again = Delivery(1, "order", "OrderCreated", "waiting")
    assert store.replay("wh", again)
    assert store.remove("wh")
    assert not store.replay("wh", again)


def test_a_webhook_that_was_changed_is_not_disabled_or_noted_by_what_was_before(store: Store) -> None:
    asked, done = [Delivery(2, "order", "OrderCreated", status) for status in ("waiting", "delivered")]
    assert store.replay("wh", asked)
    store.note("wh", 2, [done], revision=1)
    assert store.every_delivery("wh") == [asked]
    assert not store.disable("wh", "2026-03-01T10:30:00Z", "it answered 410", revision=1)
    store.note("wh", 2, [done], revision=2)
    assert store.every_delivery("wh") == [done]
    assert store.disable("wh", "2026-03-01T10:30:00Z", "it answered 410", revision=2)
    store.enable("wh")
    assert store.disable("wh", "2026-03-01T10:30:00Z", "it was switched off")
    for _ in range(2):
        store.rotate("wh", b"new", 7)
    rotated = store.one("wh")
    assert rotated is not None
    assert (rotated.secret, rotated.old_secret, rotated.old_secret_until) == (b"new", b"s", 7)
