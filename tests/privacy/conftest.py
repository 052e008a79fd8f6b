"""A ledger with sealed personal data, people who order, and a service and a command line over it."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import sqlite3
from domain.order.personal import PARTS
from domain.privacy.erasing import Erasing, ErasureRequest
from domain.privacy.masters import MastersLocation
from domain.privacy.opening import KeysLocation, keys_of
from domain.privacy.periods import Period, RetentionPeriods
from tests.conftest import ME, Client, Clock, Service, do, new_order, writer_held

MINA: dict[str, Any] = {
    "customer": {
        "id": 7,
        "username": "minaweiss",
        "email": "mina@weissenberger.example",
        "first_name": "Mina",
        "last_name": "Weissenberger",
    },
    "notes": "ring at Schlossgarten",
    "billing_country": {"id": 1, "name": "Germany", "code": "DE"},
    "billing_city": {"id": 1, "name": "Tuebingenstadt"},
    "billing_address": "Neckarhalde 17",
    "billing_postal_code": "72070-7",
    "billing_national_code": "DE-4711-0815",
    "billing_mobile_number": "+4970717654321",
    "billing_first_name": "Wilhelmine",
    "billing_last_name": "Weissenberger",
    "items": [{"unit_price": "40.00", "product": {"id": 1, "name": "Lamp"}}],
}
# No file may hold these words after an erasure.
WORDS = [
    *(b"minaweiss", b"weissenberger", b"Weissenberger", b"Mina", b"Wilhelmine", b"Schlossgarten", b"Tuebingenstadt"),
    *(b"Neckarhalde", b"72070-7", b"DE-4711-0815", b"4970717654321"),
]
KEEP = RetentionPeriods(Period.parse("24m"), Period.parse("10y"), Period.parse("10y"))
PRIVACY = "/api/v1/privacy"
ORDERS = "/api/v1/orders"
AUDIT = "/api/v1/audit"
TOM = {
    **MINA,
    "customer": {
        "id": 8,
        "username": "tomtailor",
        "email": "tom@tailor.example",
        "first_name": "Tom",
        "last_name": "T",
    },
    "notes": "for Tom",
    "billing_address": "1 Tailor Street",
    "billing_city": {"id": 2, "name": "Anytown"},
    "billing_postal_code": "1234",
    "billing_national_code": None,
    "billing_mobile_number": None,
    "billing_first_name": "Tom",
    "billing_last_name": "T",
}


def keys_at(folder: Path) -> KeysLocation:
    return KeysLocation(folder / "keys.db", MastersLocation(folder / "master.key"))


def sealed_ledger(folder: Path, clock: Clock) -> OrderLedger:
    """The ledger in a folder, sealed from its first event on."""
    log = SQLiteRecorder(folder / "ledger.db")
    return OrderLedger(log, clock=clock, keys=keys_of(log, keys_at(folder), clock()))


def erase_amid_first_orders(ledger: OrderLedger, erasing: Erasing) -> None:
    """Erases customers 7 and 8 in the transaction that has their first orders, and in which their keys are made. Checks
    that nobody can open these orders' records, and that an order of customer 7 behind the erasure can be opened."""
    everything = ErasureRequest(PARTS, force=True)
    waiting = [Thread(target=erasing.erase_customer, args=(of, everything, ME)) for of in (7, 8)]
    with writer_held(ledger):
        first = [ledger.write(ledger.create, new_order(**body), ME) for body in (MINA, TOM)]
        for erased in waiting:
            erased.start()
            time.sleep(0.3)
        later = ledger.write(ledger.create, new_order(**MINA), ME)
    for erased in waiting:
        erased.join()
    assert ledger.keys is not None
    ledger.keys.forget()
    opened = [ledger.log_of_events.raw_records_of(str(made.result().order.uuid)) for made in (*first, later)]
    read = [b" ".join(msgspec.json.encode(ledger.mapper.read(raw).event) for raw in raws) for raws in opened]
    assert [word for event in read[:2] for word in (*WORDS, b"tomtailor", b"Tailor Street") if word in event] == []
    assert b"Neckarhalde" in read[2]
    keys = [key for of in ("customer:7", "customer:8") for key in ledger.keys.store.of_subject(of)]
    assert sorted((key.subject, key.destroyed_at is None) for key in keys) == [
        *[("customer:7", False)] * 2,
        *[("customer:7", True)] * 2,
        *[("customer:8", False)] * 2,
    ]


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[OrderLedger]:
    made = sealed_ledger(tmp_path, clock)
    yield made
    made.close()


def found_in(folder: Path, words: list[bytes]) -> dict[str, list[bytes]]:
    """The words that stand in plain in the files of a folder, by the file's name."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    held = {path.name: [word for word in words if word in path.read_bytes()] for path in files}
    return {name: of for name, of in held.items() if of}


def record_plain(folder: Path, clock: Clock, *bodies: dict[str, Any]) -> None:
    """Records orders in a ledger that is not sealed."""
    plain = OrderLedger(SQLiteRecorder(folder / "ledger.db"), clock=clock)
    for body in bodies:
        do(plain.create, new_order(**body), ME)
    plain.close()


class Shop:
    """A service for one test, and its clients."""

    def __init__(self, folder: Path) -> None:
        self.service = Service(folder).start()
        self.folder = folder
        self.staff = self.client("orders:read", "orders:write", "finance:write")
        self.officer = self.client("privacy:read", "privacy:write")
        self.auditor = self.client("audit:read")
        self.confidant = self.client("audit:read", "audit:personal")

    def client(self, *scopes: str) -> Client:
        return self.service.client(self.service.key(*scopes))

    def place(self, **fields: Any) -> dict[str, Any]:
        answer = self.staff.post(ORDERS, json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def erase(self, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
        answer = self.officer.post(f"{PRIVACY}/{path}/erasures", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def verify(self) -> str:
        done = self.service.run("verify")
        return done.stdout.decode() + done.stderr.decode()

    def still_held(self) -> dict[str, list[bytes]]:
        """The words that still stand in plain in the files, after readers have had time to let SQLite cut the WAL."""
        deadline = time.monotonic() + 3
        while (found := found_in(self.folder, WORDS)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.service.kill()


def back_up(source: Path, target: Path) -> None:
    """Copies a SQLite file with its WAL over the target, as `.backup` does."""
    for file in target.parent.glob(f"{target.name}*"):
        file.unlink()
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


class Desk:
    """The command line over a ledger in a file, which the first `bring` makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = Service(folder, LEDGER_URL=f"sqlite:///{folder}/ledger.db")

    def run(self, *arguments: str, status: int = 0, stdin: bytes | None = None) -> str:
        done = self.service.run(*arguments, stdin=stdin)
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == status, said
        return said

    def bring(self, *bodies: dict[str, Any]) -> None:
        lines = "".join(json.dumps(body) + "\n" for body in bodies)
        self.run("import", "-", stdin=lines.encode())

    def order(self, order_id: int) -> Any:
        ledger = OrderLedger(SQLiteRecorder(self.folder / "ledger.db"), keys=keys_at(self.folder))
        try:
            return ledger.order(ledger.uuid_of(order_id))
        finally:
            ledger.close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
