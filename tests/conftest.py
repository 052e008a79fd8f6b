"""The parts of most tests: a ledger on a real file, views beside it, and the real service under gunicorn."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import hypothesis
import pytest
import requests

from domain.aggregate import Event, Record
from domain.ledger import OrderLedger
from domain.log.log import StoredKey, Transaction
from domain.log.opening import open_log
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance
from domain.log.sqlite import sqlite3
from domain.moments import instant, utc_now
from domain.order.commands import CreateOrder, ImportOrder
from domain.order.erasure import ErasureGrounds, erase
from domain.order.personal import PARTS
from domain.order.state import Order
from domain.strict_json import convert
from projections.views.views import Views
from tests.ports import free_port
from tests.postgres import PROGRAM, Cluster, where_ledgers_are
from tests.proxy import Proxy

ROOT = Path(__file__).parent.parent
# The other work of a machine is no fault of the code under test.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")
ME = Provenance("tester", "request-1")


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **span: float) -> datetime:
        self.now += timedelta(**span or {"seconds": 1})
        return self.now


def new_order(**fields: Any) -> CreateOrder:
    """A CreateOrder from the body that a client would send."""
    return convert(fields, CreateOrder)


def old_key(
    t: Transaction, now: datetime, *scopes: str, customer_id: int | None = None, name: str | None = None
) -> str:
    """A new key as versions made it that recorded no keys: no event has it, so tests can count theirs."""
    key = secrets.token_hex(32)
    carries, made = " ".join(scopes), instant(now)
    t.put_access_key(
        StoredKey(name or key[:8], key[:8], sha256(key.encode()).digest(), customer_id, carries, made, None)
    )
    return key


def let_events_be_anything(ledger: sqlite3.Connection) -> None:
    """Changes the table of events so that it takes null and any type."""
    ledger.execute("PRAGMA writable_schema = ON")
    ledger.execute(
        "UPDATE sqlite_schema SET sql = replace(replace(sql, ' NOT NULL', ''), 'STRICT', '') WHERE name = 'events'"
    )
    ledger.execute("PRAGMA writable_schema = RESET")


def do(command: Any, *arguments: Any, **options: Any) -> Any:
    """Runs a command, a method of a ledger, on the writer's thread, and returns its outcome."""
    return command.__self__.write(command, *arguments, **options).result()


def bring(ledger: OrderLedger, **fields: Any) -> None:
    """Imports one line, whose fields these are."""
    line = convert(fields, ImportOrder)
    do(ledger.import_batch, [(line, ledger.import_line(line))], ME)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL cluster for the tests of a module."""
    made = Cluster()
    yield made.start()
    made.remove()


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The name of a new database on the cluster."""
    return cluster.new_database()


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """A proxy between a node and the cluster."""
    made = Proxy(cluster.port)
    yield made
    made.close()


def forget(ledger: OrderLedger, uuid: UUID, *parts: str) -> Order:
    """The order after an erasure of its personal data, recorded as an erasure does, without keys to destroy."""

    def record(t: Transaction) -> Order:
        order = ledger.order_in(t, uuid)
        why = ErasureGrounds(erasure=str(uuid4()), basis="request", parts=parts or PARTS, restricts=False)
        event = erase(order, why, until=ledger.clock(), now=ledger.clock())
        return order if event is None else ledger.record(t, order, [event], ME, ledger.clock()).order

    return ledger.write(record).result()


def append_events(ledger: OrderLedger, uuid: UUID, events: Iterable[Event]) -> None:
    """Appends events to an order that no command has decided."""
    records = [Record(uuid, version, event) for version, event in enumerate(events, ledger.order(uuid).version + 1)]
    stored = list(map(ledger.mapper.to_stored_event, records))
    with ledger.log_of_events.transaction() as t:
        t.append(stored, provenance=ME, now=ledger.clock())


@contextmanager
def writer_held(ledger: OrderLedger) -> Iterator[None]:
    """The writer is busy meanwhile, and takes all the work submitted inside as one batch at the end."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        begun.set()
        assert go_on.wait(10)

    held = ledger.write(hold)
    assert begun.wait(10)
    yield
    go_on.set()
    held.result()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[OrderLedger]:
    made = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), clock=clock)
    yield made
    made.close()


@pytest.fixture
def views(ledger: OrderLedger, tmp_path: Path) -> Iterator[Views]:
    made = Views(ledger, tmp_path / "views.db")
    made.ensure()
    yield made
    made.close()


class Service:
    """The real service in processes of its own, and clients for it."""

    def __init__(self, folder: Path, *, workers: int = 2, threads: int = 4, **environment: str) -> None:
        self.folder = folder
        self.workers, self.threads = workers, threads
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")},
            **where_ledgers_are(folder),
            **environment,
        }
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.program: tuple[str, ...] = (sys.executable,)

    @property
    def url(self) -> str:
        """The address of the service's ledger."""
        return self.environment["LEDGER_URL"]

    def run(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Runs `run.py` with these arguments to its end."""
        return subprocess.run(
            [*self.program, str(ROOT / "run.py"), *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def begin(self) -> "Service":
        """Makes the empty ledger. Returns the service."""
        assert self.run("import", "-", stdin=b"").returncode == 0
        return self

    def popen(self, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        """Starts `run.py` with these arguments in a process group of its own."""
        return subprocess.Popen(
            [*self.program, str(ROOT / PROGRAM), *arguments], env=self.environment, start_new_session=True, **streams
        )

    def begin_serving(self, *options: str) -> None:
        with (self.folder / "server.log").open("ab") as log:
            arguments = ["--port", self.port, "--workers", self.workers, "--threads", self.threads]
            self.process = self.popen("serve", *map(str, arguments), *options, stdout=log, stderr=log)

    def start(self, *options: str) -> "Service":
        self.begin_serving(*options)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if requests.get(self.base + "/readyz", timeout=5).status_code == 200:
                    return self
            except requests.ConnectionError:
                assert self.process
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
            time.sleep(0.02)
        raise AssertionError((self.folder / "server.log").read_text())

    def stop(self) -> int:
        """Sends SIGTERM to the master, and returns its exit status."""
        assert self.process
        self.process.terminate()
        return self.process.wait(timeout=10)

    def kill(self) -> None:
        """Sends SIGKILL to the master and every worker at once."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def key(self, *scopes: str, customer: int | None = None, name: str | None = None) -> str:
        """A new key that no event has (`old_key`), made without the half second that `run.py token create` takes."""
        with closing(open_log(self.url)) as log, log.transaction() as t:
            return old_key(t, utc_now(), *scopes, customer_id=customer, name=name)

    def client(self, key: str) -> "Client":
        return Client(self.base, key)

    def log(self) -> str:
        return (self.folder / "server.log").read_text()


# Less than the 15 s after which the service closes an idle connection: a request at that very moment gets no answer.
_IDLE_SECONDS_MAX = 10


class Client(requests.Session):
    """A client with one key. Addresses may be given without the host."""

    def __init__(self, base: str, key: str) -> None:
        super().__init__()
        self.base = base
        self.trust_env = False  # looking for proxies takes longer than a request
        self.headers["Authorization"] = f"Bearer {key}"
        self._asked_at = time.monotonic()

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", 30)
        before, self._asked_at = self._asked_at, time.monotonic()
        if self._asked_at > before + _IDLE_SECONDS_MAX:
            self.close()  # closes the connections, which the next request opens again
        return super().request(method, self.base + url if url.startswith("/") else url, *args, **kwargs)


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """A function that makes services, which are stopped when the test ends."""
    made: list[Service] = []

    def make(**options: Any) -> Service:
        service = Service(tmp_path, **options)
        made.append(service)
        return service.start()

    yield make
    for service in made:
        if service.process and service.process.poll() is None:
            service.kill()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for a module whose tests do not disturb each other."""
    running = Service(tmp_path_factory.mktemp("service")).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def staff(service: Service) -> Client:
    return service.client(service.key("orders:read", "orders:write", "finance:read", "finance:write"))
