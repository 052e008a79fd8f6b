"""Faults of a ledger and attempts on it, each as often as asked: none does harm.

Each returns a sentence about its work, and fails where a claim does not hold. The table of all of them is in the
package's docstring.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import requests

from domain.ledger import OrderLedger
from domain.log.keys import SCOPES
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import ChangeOrder
from domain.strict_json import convert
from projections.views.views import Views
from tests.conftest import ME, ROOT, Client, Service, do, new_order
from tests.crash.processes import children
from tests.crash.test_contention import Hammer, log_of
from tests.privacy.conftest import keys_at
from tests.projections.rows import rows
from tests.torture.injecting import Shot, some
from tests.waiting import until

CLIENTS = 8
SECRET = "9e1f-what-no-other-customer-may-see"
# Signs of the program's inside, which no answer may show.
_INSIDE = re.compile(r"Traceback|sqlite3\.|OperationalError|no such (?:table|column)|near \\?\"|site-packages|psycopg")

# 503s that are due: a position not reached yet, and more large bodies at once than a worker has places for.
_DUE = ("position-not-reached", "too-many-uploads")


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@contextmanager
def serving(at: Path, **settings: str) -> Iterator[Service]:
    service = Service(at, **settings).start()
    try:
        yield service
    finally:
        service.kill()


def each_of_the_clients(work: Callable[[int], Any]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))


# --- power ---


def tear_wals(count: int) -> str:
    """Loses power: any sectors that were not yet synced are written or not.

    A commit is synced before it is acknowledged, so an acknowledged write is there. Each other write is there whole or
    not at all.
    """
    random = Random(292)
    with folder() as at:
        moments = _written(at / "ledger.db", random)
        for nth in range(count):
            before, after = random.choice([*pairwise(moments)])
            torn = _torn(before[1], after[1], random)
            with _ledger_of(at / f"torn-{nth}", (at / "main").read_bytes(), torn) as ledger:
                head = ledger.head()
                assert head in (before[0], after[0]), f"{before[0]} were acknowledged, {head} are there"
                assert list(ledger.log_of_events.faults()) == []
                for raw in list(ledger.log_of_events.raw_records()):
                    ledger.order(UUID(raw.order))
                assert do(ledger.create, new_order(), ME).position == head + 1
            shutil.rmtree(at / f"torn-{nth}")
    return f"{count} WALs torn, of {len(moments)} commits: nothing acknowledged was lost, nothing half was there"


def _written(path: Path, random: Random) -> list[tuple[int, bytes]]:
    """The log's head and the WAL's bytes after each of many commits of various sizes.

    Some commits overwrite frames that a checkpoint left.
    """
    ledger, wal = OrderLedger(SQLiteRecorder(path)), Path(f"{path}-wal")
    for _ in range(20):
        do(ledger.create, new_order(items=[{}] * 20), ME)
    ledger.log_of_events.writer.execute("PRAGMA wal_checkpoint(RESTART)")
    shutil.copy(path, path.with_name("main"))
    moments = [(ledger.head(), wal.read_bytes())]
    orders = []
    for _ in range(30):
        if orders and random.random() < 0.5:
            do(ledger.change, random.choice(orders), convert({"notes": "n" * random.randrange(9_000)}, ChangeOrder), ME)
        else:
            orders.append(do(ledger.create, new_order(items=[{}] * random.randrange(30)), ME).order.uuid)
        moments.append((ledger.head(), wal.read_bytes()))
    ledger.log_of_events.close()
    return moments


def _torn(before: bytes, after: bytes, random: Random) -> bytes:
    """The WAL before, with some sectors of the WAL after it. The file may have grown by sectors without content."""
    sector = random.choice((512, 4096))
    size = max(len(before), random.randrange(0, len(after) + 1))
    made = bytearray(before.ljust(size, b"\0"))
    for start in range(0, size, sector):
        if random.random() < 0.6:
            made[start : start + sector] = after[start : min(start + sector, size)]
    return bytes(made)


@contextmanager
def _ledger_of(at: Path, main: bytes, wal: bytes) -> Iterator[OrderLedger]:
    at.mkdir()
    (at / "ledger.db").write_bytes(main)
    (at / "ledger.db-wal").write_bytes(wal)
    ledger = OrderLedger(SQLiteRecorder(at / "ledger.db"))
    try:
        yield ledger
    finally:
        ledger.log_of_events.close()


# --- the disk ---


def fill_the_disk(lines: int) -> str:
    """Fills the disk in four ways: under the service, an import, a rebuild and a copy.

    Each says so, leaves nothing half done, and goes on when there is room again.
    """
    with folder() as at:
        service = Service(at)
        orders = b"".join(b'{"id": %d, "notes": "%b"}\n' % (n, b"n" * 900) for n in range(1, lines + 1))
        _with_no_room(service, lines * 400, "import", "-", stdin=orders)
        assert service.run("import", "-", stdin=orders).returncode == 0
        (at / "views.db").unlink()
        _with_no_room(service, 100_000, "rebuild")
        assert service.run("rebuild").returncode == 0
        _with_no_room(service, 100_000, "backup", str(at / "copy"))
        assert not (at / "copy" / "backup.json").exists(), "what is not whole is no backup"
        assert service.run("verify").returncode == 0
        service.start()
        try:
            staff = service.client(service.key("orders:read", "orders:write"))
            _no_room_while_serving(service, staff)
        finally:
            service.kill()
        ledger = OrderLedger(SQLiteRecorder(at / "ledger.db"), keys=keys_at(at))
        assert ledger.head() == lines + 1
        ledger.close()
    return "4 ways: an import, a rebuild, a backup and the service said so, and went on where they were"


def _with_no_room(service: Service, bytes_max: int, *arguments: str, stdin: bytes | None = None) -> None:
    """Asserts that a command that may write no larger file fails with a message."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *arguments],
        env=service.environment,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max)),
    )
    said = done.stderr.decode()
    assert done.returncode in (1, 2), f"{arguments}: {done.returncode} {said}"
    assert "Traceback" not in said, f"{arguments}: {said}"
    assert "error" in said, f"{arguments}: {said}"


def _no_room_while_serving(service: Service, staff: Client) -> None:
    assert service.process
    pids = children(service.process.pid)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    full = [staff.post("/api/v1/orders", json={"items": []}).status_code for _ in range(5)]
    assert set(full) == {507}, full
    assert staff.get("/api/v1/orders?limit=1").status_code == 200
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: staff.post("/api/v1/orders", json={"items": []}).status_code == 201)  # there is room again


# --- the same again, and many at once ---


def repeat(commands: int, times: int = 5) -> str:
    """Sends each of many commands several times at once, over several connections."""
    with folder() as at, serving(at) as service:
        key = service.key("orders:read", "orders:write")
        clients = [service.client(key) for _ in range(times)]
        order = clients[0].post("/api/v1/orders", json={"items": [{"unit_price": "1000000"}]}).json()
        path = f"/api/v1/orders/{order['id']}"

        def give(nth: int, client: Client) -> bytes:
            sent = (
                ("/payments", {"amount": "0.01", "provider": "p", "reference": f"r-{nth}"}),
                ("/items", {"unit_price": "1"}),
                ("/status", {"status": ("hold", "new")[nth // 3 % 2]}),
            )[nth % 3]
            answer = client.post(path + sent[0], json=sent[1], headers={"Idempotency-Key": f"k-{nth}"})
            assert answer.ok, answer.text
            return answer.content

        with ThreadPoolExecutor(times) as pool:
            for nth in range(commands):
                answers = list(pool.map(lambda client, nth=nth: give(nth, client), clients))
                assert len(set(answers)) == 1, answers
        keys = Counter(key for _, key in log_of(service, path))
        assert keys == {None: 2, **{f"k-{nth}": 1 for nth in range(commands)}}
    return f"{commands:,} commands {times} times each: recorded once, {times} times the one answer"


def hammer(commands: int) -> str:
    """Many clients change one order at once: its versions have no gaps, and each accepted command is there once."""
    with folder() as at, serving(at) as service:
        staff = service.client(service.key("orders:read", "orders:write"))
        order = staff.post("/api/v1/orders", json={"items": [{"unit_price": "1000000"}]}).json()
        path = f"/api/v1/orders/{order['id']}"
        key = staff.headers["Authorization"].split()[1]
        hammers = [Hammer(service.client(str(key)), path, number) for number in range(CLIENTS)]
        each_of_the_clients(lambda number: hammers[number].strike(commands))
        log = log_of(service, path)
        assert [version for version, _ in log] == list(range(1, len(log) + 1))
        assert {key: version for version, key in log[2:]} == {k: v for one in hammers for k, v in one.accepted.items()}
    return f"{CLIENTS} x {commands} on one order: {len(log) - 2:,} recorded, in versions without gaps"


# --- imports and their feeders ---


def kill_imports(kills: int) -> str:
    """Kills an import, or the process that feeds its views, at any moment, and runs it again to its end."""
    random = Random(100)
    with folder() as at:
        service, lines = Service(at).begin(), b""
        for nth in range(1, kills + 1):
            lines += b"".join(b'{"id": %d, "items": [{}, {}]}\n' % n for n in range(nth * 200, nth * 200 + 200))
            (at / "orders.jsonl").write_bytes(lines)
            import_ = service.popen("import", str(at / "orders.jsonl"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(random.uniform(0.2, 0.9))
            feeders = children(import_.pid)
            os.kill(random.choice([import_.pid, *feeders]), signal.SIGKILL)
            _, said = import_.communicate(timeout=60)
            assert b"Traceback" not in said, said.decode()
        assert service.run("import", str(at / "orders.jsonl")).returncode == 0
        assert service.run("verify").returncode == 0
        ledger = OrderLedger(SQLiteRecorder(at / "ledger.db"), keys=keys_at(at))
        asked = "SELECT count(*), count(DISTINCT originator_id || version) FROM events WHERE topic LIKE 'order.%'"
        assert ledger.log_of_events.reader.execute(asked).fetchone() == (kills * 600, kills * 600)
        left, anew = Views(ledger, at / "views.db"), Views(ledger, at / "anew.db")
        anew.rebuild()
        assert rows(left) == rows(anew)
        for each in (left, anew, ledger):
            each.close()
    return f"{kills} kills of feeders and imports: each of {kills * 200:,} orders there once, views as made anew"


# --- requests ---


def inject(count: int | None) -> str:
    """Sends texts with a meaning for a database, a shell, a browser or a parser, at each place of a request."""
    with folder() as at, serving(at) as service:
        staff, customer = _two(service)
        described = requests.get(f"{service.base}/openapi.json", timeout=10).json()
        sent = some(described, count)
        statuses: Counter[int] = Counter()
        lock = threading.Lock()

        def fire(number: int) -> None:
            clients = [service.client(str(one.headers["Authorization"]).split()[1]) for one in (staff, customer)]
            for nth in range(number, len(sent), CLIENTS):
                for client, may_see in zip(clients, (True, False), strict=True):
                    status = _hit(client, sent[nth], str(at), may_see=may_see)
                    with lock:
                        statuses[status] += 1

        each_of_the_clients(fire)
        assert "Traceback" not in service.log(), service.log()[-5_000:]
        assert requests.get(f"{service.base}/readyz", timeout=10).status_code == 200
    told = ", ".join(f"{status}: {times:,}" for status, times in sorted(statuses.items()))
    return f"{len(sent):,} injections, by staff and by a customer: no leak, no 5xx ({told})"


def _two(service: Service) -> tuple[Client, Client]:
    """A client with every scope and a customer's client, with an order of the customer and one of another customer."""
    staff, customer = service.client(service.key(*SCOPES)), service.client(service.key(customer=7))
    for number, notes in ((7, "own"), (8, SECRET)):
        order = {"customer": {"id": number}, "notes": notes, "items": [{"unit_price": "5"}]}
        assert staff.post("/api/v1/orders", json=order).status_code == 201
    return staff, customer


def _hit(client: Client, shot: Shot, inside: str, *, may_see: bool) -> int:
    path = shot.path.replace("{id}", "1" if may_see else "2")
    request = requests.Request(
        shot.method, client.base + path, params=shot.params, headers=shot.headers, data=shot.body
    )
    try:
        answer = client.send(client.prepare_request(request), timeout=60)
    except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
        return 0  # `requests` cannot send it
    text = answer.text
    assert answer.status_code < 500 or answer.json()["code"] in _DUE, (shot, text)
    assert may_see or SECRET not in text, (shot, text)
    assert inside not in text, (shot, text)
    assert not (_INSIDE.search(text) and answer.headers["Content-Type"] == "application/problem+json"), (shot, text)
    assert "X-Evil" not in answer.headers, shot
    return answer.status_code


def impersonate(count: int | None) -> str:
    """Sends forged and others' identities to every address: no caller sees more than its own."""
    with folder() as at, serving(at) as service:
        staff, customer = _two(service)
        keys = [str(one.headers["Authorization"]).split()[1] for one in (staff, customer)]
        described = requests.get(f"{service.base}/openapi.json", timeout=10).json()
        asked = [
            (method.upper(), re.sub(r"\{(\w+)\}", lambda found: "2" if found[1] == "order_id" else "x", path), headers)
            for path, operations in described["paths"].items()
            for method, operation in operations.items()
            if operation.get("security", described.get("security"))
            for headers in _wrong(*keys)
        ]
        asked = asked if count is None else Random(391).sample(asked, min(count, len(asked)))
        for method, path, headers in asked:
            answer = requests.request(method, service.base + path, headers=headers, timeout=30)
            assert answer.status_code in (400, 401), (method, path, headers, answer.text)
            assert SECRET not in answer.text
        own, others, none = (customer.get(f"/api/shop/customers/me/orders/{number}") for number in (1, 2, 3))
        assert (own.status_code, others.status_code, none.status_code) == (200, 404, 404)
        assert others.content == none.content
        assert staff.get("/api/v1/orders/2").json()["version"] == 2, "nothing was recorded"
    return f"{len(asked)} wrong identities: 401, and nothing seen or recorded"


def _wrong(staff: str, customer: str) -> Iterator[dict[str, str]]:
    for scheme in ("Token", "Bearer"):
        for key in (
            staff[:-1],
            staff + "x",
            staff.upper() + "A",
            staff[::-1],
            "",
            "null",
            "undefined",
            f"{staff} {customer}",
        ):
            yield {"Authorization": f"{scheme} {key}"}
    for text in (staff, f"Basic {staff}", f"Digest {staff}", f"Token={staff}", f'Bearer "{staff}"', f"Bearer\t{staff}"):
        yield {"Authorization": text}
    unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI4In0."
    yield {"Authorization": f"Bearer {unsigned}"}
    for name in ("X-Authorization", "X-Api-Key", "Cookie", "X-Forwarded-User", "X-Customer", "Proxy-Authorization"):
        yield {name: f"Bearer {staff}"}
    yield {"Ledger-Act": "admin"}


class Fault(NamedTuple):
    """A fault: `do` with the number of times, `small` in the suite and `full` at full size. None stands for all."""

    do: Callable[[Any], str]
    small: int
    full: int | None


FAULTS: dict[str, Fault] = {
    "WALs torn by a power loss": Fault(tear_wals, 40, 292),
    "a full disk": Fault(fill_the_disk, 1_000, 20_000),
    "commands five times each": Fault(repeat, 40, 1_000),
    "eight clients on one order": Fault(hammer, 20, 200),
    "feeders and imports killed": Fault(kill_imports, 3, 100),
    "injections": Fault(inject, 1_340, None),
    "wrong identities": Fault(impersonate, 391, None),
}
# Faults whose full size is in the suite, with their tests.
IN_THE_SUITE: dict[str, tuple[str, ...]] = {
    "fifty kills under load": ("tests/crash/test_kill.py",),
    "a clock thrown back, or ahead": ("tests/domain/test_clock.py",),
    "dump and restore": ("tests/log/test_sqlite.py", "tests/operating/test_backups.py"),
    "flipped bits of the table": ("tests/audit/test_tampering.py",),
    "index, claims, keys, schema": ("tests/audit/test_index.py", "tests/audit/test_claims.py", "tests/access"),
    "hostile settlement files": ("tests/settlement/test_hostile.py", "tests/settlement/test_bad_files.py"),
    "malformed requests": ("tests/crash/test_malformed.py",),
}


def of_the_suite(name: str) -> str:
    """The last line of the suite's output for a fault whose full size is in the suite."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *IN_THE_SUITE[name]]
    done = subprocess.run(pytest, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5_000:]
    return done.stdout.strip().rpartition("\n")[2]
