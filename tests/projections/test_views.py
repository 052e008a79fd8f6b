"""The views' contract: they are the log, folded once, however they were made and whatever happens to their file."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from domain.ledger import OrderLedger
from domain.log.mapper import UnknownTopic
from domain.log.recorder import SQLiteRecorder
from domain.log.records import digest_of
from domain.log.sqlite import connect, sqlite3
from domain.order import events as e
from projections.orders import list as orders
from projections.orders.documents import BASE_URL, render, staff_document
from projections.proof import verification
from projections.views import generation, rebuilding
from projections.views.views import Views, ViewsUnavailable
from tests.conftest import ME, ROOT, Client, Clock, Service, do, new_order
from tests.projections.histories import play
from tests.projections.rows import anew, rows
from tests.tampering import tamper

EVERYTHING = orders.Filter(
    statuses=(
        "new",
        "hold",
        "processing",
        "shipped",
        "completed",
        "failed",
        "cancelled",
    )
)


def program(folder: Path, body: str) -> list[str]:
    """The command line of a process that runs these lines, with the folder's `ledger` and `views` open."""
    opened = f"""
from pathlib import Path
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from projections.views.views import Views
from tests.conftest import ME, do, new_order
folder = Path({str(folder)!r})
ledger = OrderLedger(SQLiteRecorder(folder / "ledger.db"))
views = Views(ledger, folder / "views.db")
"""
    return [sys.executable, "-c", opened + body]


def in_another_process(folder: Path, body: str) -> None:
    subprocess.run(program(folder, body), cwd=ROOT, check=True, timeout=60)


@contextmanager
def file_of(views: Views) -> Iterator[sqlite3.Connection]:
    """A connection to the views' file in force, without this program's settings."""
    with closing(sqlite3.connect(views.path.resolve(), isolation_level=None, timeout=0)) as connection:
        yield connection


def everything(views: Views) -> orders.Page:
    return orders.page(views.reader, EVERYTHING, document="staff", limit=10_000, offset=0)


# --- fed as things happen, or made anew: the same rows ---


@pytest.mark.parametrize("seed", range(6))
def test_views_fed_as_things_happen_equal_views_made_anew(
    seed: int, ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path
) -> None:
    random = Random(seed)
    play(ledger, clock, random, 120, then=lambda: random.random() < 0.3 and views.catch_up())
    views.catch_up()
    assert views.position() == ledger.head()
    assert rows(views) == anew(ledger, tmp_path)


def test_every_document_of_an_order_is_what_its_events_render(ledger: OrderLedger, views: Views, clock: Clock) -> None:
    random = Random(7)
    play(ledger, clock, random, 800, then=lambda: random.random() < 0.3 and views.catch_up())
    views.catch_up()
    topics = {topic for (topic,) in ledger.log_of_events.reader.execute("SELECT topic FROM events")}
    uuids = views.reader.execute("SELECT uuid FROM orders ORDER BY id").fetchall()
    assert topics == set(e.TOPICS), "the histories hold every kind of event"
    assert len(uuids) == ledger.log_of_events.claim_max("order-id")
    for (uuid,) in uuids:
        order = ledger.order(uuid)
        documents = render(order, order.totals)
        expected = {"shop": documents.shop, "storefront": documents.storefront, "staff": staff_document(order)}
        for document, text in expected.items():
            found = orders.one(views.reader, document=document, uuid=uuid)
            assert (found.document, found.version) == (text, order.version)


def test_no_text_of_a_customer_is_taken_for_the_address_of_an_order(ledger: OrderLedger, views: Views) -> None:
    created = do(
        ledger.create, new_order(customer={"id": 1, "first_name": "/url/"}, items=[{"product": {"name": "/url/"}}]), ME
    )
    views.catch_up()
    document = orders.one(views.reader, document="storefront", uuid=created.order.uuid).document
    shown = msgspec.json.decode(document.replace(BASE_URL, b"https://shop.test"))
    assert shown["url"] == f"https://shop.test/api/v1/i/orders/{created.order.uuid}/"
    assert (shown["customer"]["first_name"], shown["items"][0]["product"]["name"]) == ("/url/", "/url/")


def test_feeding_again_changes_nothing(ledger: OrderLedger, views: Views, clock: Clock) -> None:
    play(ledger, clock, Random(1), 60)
    views.catch_up()
    with file_of(views) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        assert views.catch_up() == views.catch_up() == ledger.head()
        assert other.execute("PRAGMA data_version").fetchone() == before, "nothing was written"


def test_feeders_at_once_feed_each_event_once(ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path) -> None:
    appended = threading.Event()

    def feed(_: int) -> None:
        while not appended.is_set():
            views.catch_up()
        views.close()

    with ThreadPoolExecutor(4) as feeders:
        running = feeders.map(feed, range(4))
        try:
            play(ledger, clock, Random(3), 150)
        finally:
            appended.set()
        list(running)
    views.catch_up()
    assert rows(views) == anew(ledger, tmp_path)


# --- a record that cannot be read ---

UUID_OF_UNREADABLE = "9c7e3a3e-7a0b-4a8e-9d0f-0a1b2c3d4e5f"


def insert_unreadable(ledger: OrderLedger, *, as_written: bool) -> int:
    """Inserts a record of an unknown topic, written by a newer program or damaged. Returns its position."""
    stored = (UUID_OF_UNREADABLE, 1, "order.teleported.v9", "{}", "2099-01-01T00:00:00.000000Z", "a", None, None)
    with ledger.log_of_events.transaction():
        ledger.log_of_events.writer.execute(
            "INSERT INTO events (originator_id, version, topic, payload, recorded_at, actor, request_id,"
            " idempotency_key, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*stored, digest_of(*stored) if as_written else bytes(32)),
        )
    return ledger.head()


@pytest.fixture
def stopped(ledger: OrderLedger, views: Views) -> int:
    """The position of an unknown event. One order stands before it in the log and in the views, another behind it."""
    do(ledger.create, new_order(notes="before"), ME)
    views.catch_up()
    position = insert_unreadable(ledger, as_written=True)
    do(ledger.create, new_order(notes="behind"), ME)
    return position


def test_an_unknown_topic_stops_the_feeding_with_its_position_and_nothing_behind_it_is_shown(
    stopped: int, views: Views
) -> None:
    for _ in range(2):
        with pytest.raises(UnknownTopic, match=rf"position {stopped}: .*'order\.teleported\.v9'") as raised:
            views.catch_up()
        assert raised.value.position == stopped
    page = everything(views)
    assert (page.position, page.count) == (stopped - 1, 1)
    assert b'"notes":"before"' in page.rows


def test_an_unknown_topic_stops_a_rebuild_and_leaves_the_views_in_force(
    stopped: int, views: Views, tmp_path: Path
) -> None:
    before, files = rows(views), sorted(tmp_path.glob("views.db.????????"))
    with pytest.raises(UnknownTopic, match=f"position {stopped}"):
        views.rebuild()
    assert rows(views) == before
    assert sorted(tmp_path.glob("views.db.????????")) == files


def test_a_damaged_record_stops_its_order_and_no_other(ledger: OrderLedger, views: Views, tmp_path: Path) -> None:
    do(ledger.create, new_order(notes="before"), ME)
    position = insert_unreadable(ledger, as_written=False)
    do(ledger.create, new_order(notes="behind"), ME)
    assert views.catch_up() == ledger.head()
    assert everything(views).count == 2
    assert views.stopped().keys() == {UUID_OF_UNREADABLE}
    assert views.stopped()[UUID_OF_UNREADABLE][0] == position
    assert rows(views) == anew(ledger, tmp_path)


# --- made anew by several processes, part by part ---


@pytest.fixture
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets parts so small that several processes make them, and that histories go on in a later part."""
    monkeypatch.setattr(rebuilding, "PART_POSITIONS", 32)
    monkeypatch.setattr(rebuilding, "PROCESSES_PARTS_MIN", 2)


@pytest.mark.usefixtures("in_small_parts")
def test_views_made_by_several_processes_equal_views_fed_as_things_happen(
    ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path
) -> None:
    random = Random(8)
    play(ledger, clock, random, 120, then=lambda: random.random() < 0.3 and views.catch_up())
    views.catch_up()
    assert ledger.head() > 4 * 32
    assert rows(views) == anew(ledger, tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        "payload = payload || ' '",
        "originator_id = 'no UUID at all'",
        "originator_id = '3f0c2f1e-8d3b-4c5a-9b7d-2e1f0a9c8b7d'",
        "version = 0",
        "version = version + 1000",
        "topic = 'order.notes_changed.v1'",
        "recorded_at = CAST(x'ff' AS TEXT)",
    ],
)
@pytest.mark.parametrize("of_first_version", [True, False])
@pytest.mark.usefixtures("in_small_parts")
def test_damage_stops_the_same_orders_whether_views_are_fed_or_made_anew(
    damage: str, *, of_first_version: bool, ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(9), 60)
    comparison = "=" if of_first_version else ">"
    (damaged,) = ledger.log_of_events.reader.execute(
        f"SELECT position FROM events WHERE version {comparison} 1 ORDER BY position LIMIT 1 OFFSET 5"
    ).fetchone()
    tamper(ledger.log_of_events.path, f"UPDATE events SET {damage} WHERE position = ?", damaged)
    views.catch_up()
    assert views.stopped()
    assert rows(views) == anew(ledger, tmp_path)


@pytest.mark.usefixtures("in_small_parts")
def test_an_unknown_topic_stops_several_processes_too(ledger: OrderLedger, views: Views, clock: Clock) -> None:
    play(ledger, clock, Random(9), 60)
    position = insert_unreadable(ledger, as_written=True)
    with pytest.raises(UnknownTopic, match=rf"position {position}: .*'order\.teleported\.v9'"):
        views.rebuild()


# --- a feeder that dies between the fold and the commit ---


def test_a_feeder_that_fails_between_fold_and_commit_leaves_nothing_of_its_batch(
    ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(4), 40)
    views.catch_up()
    before = rows(views)
    play(ledger, clock, Random(5), 40)
    with file_of(views) as other:
        other.execute(
            "CREATE TRIGGER fails AFTER UPDATE ON positions BEGIN SELECT RAISE(ABORT, 'the rows are written'); END"
        )
        with pytest.raises(sqlite3.DatabaseError, match="the rows are written"):
            views.catch_up()
        other.execute("DROP TRIGGER fails")
    assert rows(views) == before
    views.catch_up()
    assert rows(views) == anew(ledger, tmp_path)


def test_a_feeder_that_is_killed_between_fold_and_commit_leaves_nothing_of_its_batch(
    ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(4), 40)
    views.catch_up()
    before = rows(views)
    play(ledger, clock, Random(5), 40)
    with file_of(views) as other:
        # The trigger runs when the batch's rows are written, and never ends.
        other.execute(
            "CREATE TRIGGER waits AFTER UPDATE ON positions BEGIN SELECT count(*) FROM"
            " (WITH RECURSIVE forever(n) AS (SELECT 1 UNION ALL SELECT 1 FROM forever) SELECT n FROM forever); END"
        )
        feeder = subprocess.Popen(program(tmp_path, "views.catch_up()"), cwd=ROOT)
        try:
            while not _is_locked(other):
                assert feeder.poll() is None
                time.sleep(0.01)
            time.sleep(0.2)
            assert _is_locked(other), "it is still in its transaction"
        finally:
            feeder.send_signal(signal.SIGKILL)
            feeder.wait()
        other.execute("DROP TRIGGER waits")
    assert rows(views) == before
    views.catch_up()
    assert rows(views) == anew(ledger, tmp_path)


def _is_locked(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    connection.execute("ROLLBACK")
    return False


# --- a page is of one moment ---


@pytest.fixture
def commit_elsewhere(views: Views, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """A function that makes another process create an order of one event and feed it to the views."""
    body = """
import sys
for _ in sys.stdin:
    do(ledger.create, new_order(), ME)
    views.catch_up()
    print(flush=True)
"""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen(program(tmp_path, body), cwd=ROOT, **pipes) as other:

        def commit() -> None:
            other.stdin.write("\n")
            other.stdout.readline()

        commit()
        yield commit
        other.stdin.close()


def page_with_a_commit(views: Views, commit: Callable[[], None], at_step: int) -> tuple[orders.Page, int]:
    """A page and the number of SQLite's steps for it. Another process commits before step `at_step`."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == at_step:
            commit()

    views.reader.set_progress_handler(step, 1)
    page = everything(views)
    views.reader.set_progress_handler(None, 1)
    return page, steps


def test_a_page_has_its_position_count_and_rows_from_one_moment_whenever_another_process_commits(
    views: Views, commit_elsewhere: Callable[[], None]
) -> None:
    _, steps = page_with_a_commit(views, commit_elsewhere, at_step=0)
    for at_step in range(1, steps, max(1, steps // 60)):
        before = views.position()
        page, _ = page_with_a_commit(views, commit_elsewhere, at_step)
        # Each order has one event here, so position, count and rows are the same number at every moment.
        assert page.position == page.count == len(msgspec.json.decode(b"[" + page.rows + b"]"))
        assert views.position() == before + 1, "the other has committed meanwhile"


# --- the file goes away, or is another program's ---


def _everything_of(views: Views) -> list[Path]:
    return list(views.path.parent.glob("views.db*"))


LOSSES: dict[str, Callable[[Views], list[Path]]] = {
    "the link": lambda views: [views.path],
    "the file behind the link": lambda views: [views.path.resolve()],
    "all but the -wal and -shm files": lambda views: [views.path, views.path.resolve()],
    "the -wal and -shm files": lambda views: [Path(f"{views.path.resolve()}{end}") for end in ("-wal", "-shm")],
    "everything": _everything_of,
}


@pytest.mark.parametrize("lost", LOSSES)
def test_views_that_were_deleted_come_back_at_the_next_start(
    lost: str, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(6), 60)
    # The process dies without closing, so that its -wal and -shm files stay behind.
    in_another_process(tmp_path, "import os\nviews.ensure()\nos._exit(0)")
    views = Views(ledger, tmp_path / "views.db")
    for file in LOSSES[lost](views):
        file.unlink()
    views.ensure()
    assert rows(views) == anew(ledger, tmp_path)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and then nothing of the kind", bytes(8192)])
def test_a_damaged_file_is_made_anew_at_the_next_start(
    content: bytes, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(6), 60)
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    views.close()
    views.path.resolve().write_bytes(content)
    views.ensure()
    assert rows(views) == anew(ledger, tmp_path)


def test_views_with_another_fingerprint_are_not_read_and_are_made_anew(
    ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(6), 60)
    with file_of(views) as other:
        other.execute("UPDATE made_by SET fingerprint = 'another program'")
        other.execute("DELETE FROM orders")
    started = Views(ledger, tmp_path / "views.db")
    with pytest.raises(ViewsUnavailable, match="another version"):
        _ = started.reader
    started.ensure()
    assert rows(started) == anew(ledger, tmp_path)
    assert rows(views) == rows(started), "who had the old ones open has changed over"


def test_the_views_never_take_the_ledgers_place(ledger: OrderLedger, tmp_path: Path) -> None:
    do(ledger.create, new_order(), ME)
    (tmp_path / "folder").symlink_to(tmp_path)
    service = Service(tmp_path, LEDGER_VIEWS=str(tmp_path / "folder" / "ledger.db"))
    done = service.run("rebuild")
    assert not (tmp_path / "ledger.db").is_symlink()
    assert ledger.head() == 1
    assert done.returncode == 2
    assert b"LEDGER_VIEWS" in done.stderr


# --- made anew while others read ---


def test_two_rebuilds_at_once_leave_one_whole_generation(ledger: OrderLedger, clock: Clock, tmp_path: Path) -> None:
    play(ledger, clock, Random(6), 60)
    service = Service(tmp_path)
    with ThreadPoolExecutor(2) as both:
        assert [done.returncode for done in both.map(lambda _: service.run("rebuild"), range(2))] == [0, 0]
    views = Views(ledger, tmp_path / "views.db")
    assert [file.name for file in tmp_path.glob("views.db.????????")] == [os.readlink(views.path)]
    assert rows(views) == anew(ledger, tmp_path)


def test_views_that_are_made_anew_are_always_found_meanwhile(ledger: OrderLedger, views: Views, tmp_path: Path) -> None:
    do(ledger.create, new_order(), ME)
    views.catch_up()
    rebuilder = subprocess.Popen(program(tmp_path, "for _ in range(40): views.rebuild()"), cwd=ROOT)
    try:
        while rebuilder.poll() is None:
            opened = Views(ledger, tmp_path / "views.db")
            assert opened.position() == 1
            opened.close()
    finally:
        rebuilder.kill()
        rebuilder.wait()
    assert rebuilder.returncode == 0
    assert len(list(tmp_path.glob("views.db.????????"))) == 1, "nobody left a file behind"


@pytest.fixture
def serving(make_service: Callable[..., Service], tmp_path: Path) -> tuple[Service, Client]:
    """A service with a thousand orders of customer 1, and a staff client."""
    lines = b"".join(b'{"id":%d,"customer":{"id":1},"items":[{"unit_price":"1"}]}\n' % n for n in range(1, 1001))
    assert Service(tmp_path).run("import", "-", stdin=lines).returncode == 0
    service = make_service()
    return service, service.client(service.key("orders:read", "orders:write"))


def test_a_rebuild_while_serving_gives_whole_answers_and_writers_read_their_writes(
    serving: tuple[Service, Client],
) -> None:
    service, staff = serving
    key, done = service.key(customer=1), threading.Event()

    def read() -> int:
        client, seen, answers = service.client(key), 1000, 0
        while not done.is_set():
            answer = client.get("/api/shop/customers/me/orders?limit=20")
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["results"]) == 20
            assert answer.json()["count"] >= seen, "the list never gets shorter"
            seen, answers = answer.json()["count"], answers + 1
        return answers

    def write() -> int:
        client, answers = service.client(key), 0
        while not done.is_set():
            created = staff.post("/api/v1/orders", json={"customer": {"id": 1}, "items": []})
            assert created.status_code == 201, created.text
            newest = client.get("/api/shop/customers/me/orders?limit=1").json()["results"]
            assert [order["id"] for order in newest] == [created.json()["id"]]
            answers += 1
        return answers

    with ThreadPoolExecutor(4) as clients:
        running = [clients.submit(read), clients.submit(read), clients.submit(write)]
        try:
            with ThreadPoolExecutor(2) as rebuilds:
                rebuilt = [run.returncode for run in rebuilds.map(lambda _: service.run("rebuild"), range(2))]
        finally:
            done.set()
        assert all(run.result() for run in running)
    assert rebuilt == [0, 0]


# Any SQLite file breaks when its -wal and -shm are taken from under a program that has them open, so no test does it.
@pytest.mark.parametrize("lost", [lost for lost in LOSSES if lost != "the -wal and -shm files"])
def test_deleting_the_views_while_serving_heals(lost: str, service: Service, staff: Client) -> None:
    path = service.folder / "views.db"
    for file in LOSSES[lost](Views(OrderLedger(SQLiteRecorder(service.folder / "ledger.db")), path)):
        file.unlink()
    created = staff.post("/api/v1/orders", json={"items": []})
    assert created.status_code == 201
    address = f"/api/v1/orders?limit=1&min_position={created.headers['Ledger-Position']}"
    deadline, whole = time.monotonic() + 20, 0
    while whole < 50:  # 50 answers in a row, so that every thread of every worker has answered
        answer = staff.get(address, headers={"Connection": "close"})
        assert answer.status_code == 200 or time.monotonic() < deadline, answer.text
        assert answer.status_code in (200, 503), answer.text
        whole = whole + 1 if answer.status_code == 200 else 0
        if answer.status_code == 200:
            assert answer.json()["count"] == answer.json()["results"][0]["id"] == created.json()["id"]
    assert path.exists()


@pytest.mark.parametrize("recent_max", [10_000, 3])
def test_views_that_are_ahead_of_a_ledger_that_was_put_back_go_back_with_it(
    tmp_path: Path,
    clock: Clock,
    recent_max: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(generation, "RECENT_MAX", recent_max)
    file, kept = tmp_path / "ledger.db", tmp_path / "kept.db"

    def opened() -> tuple[OrderLedger, Views]:
        ledger = OrderLedger(SQLiteRecorder(file), clock=clock)
        views = Views(ledger, tmp_path / "views.db")
        views.ensure()
        return ledger, views

    ledger, views = opened()
    play(ledger, clock, Random(3), 8, then=views.catch_up)
    views.close()
    ledger.close()
    with closing(connect(file, "NORMAL", writes=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(kept),))
    ledger, views = opened()
    play(ledger, clock, Random(4), 8, then=views.catch_up)
    views.close()
    ledger.close()
    for beside in ("ledger.db-wal", "ledger.db-shm"):
        (tmp_path / beside).unlink(missing_ok=True)
    kept.replace(file)
    caplog.clear()
    ledger, views = opened()
    assert views.position() == ledger.head()
    assert "that the log has not" in caplog.text
    play(ledger, clock, Random(5), 12, then=views.catch_up)
    found, made = rows(views), anew(ledger, tmp_path)
    del found["recent"], made["recent"]  # a rebuild leaves `recent` empty
    assert found == made
    views.close()
    ledger.close()


def test_a_verification_goes_on_while_the_views_are_made_anew(
    ledger: OrderLedger, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure does so."""
    monkeypatch.setattr(verification, "PART_RECORDS", 2)
    for number in range(60):
        do(ledger.create, new_order(items=[{"unit_price": "5.00"}], notes=str(number)), ME)
    views.catch_up()
    parts = count()

    def progress(_done: int, _head: int) -> None:
        if next(parts) < 3:
            views.rebuild()

    found = verification.verify(ledger.location, views.in_force(), checkpoints=(), key=None, progress=progress)
    assert found.problems == []
    assert found.orders == 60
