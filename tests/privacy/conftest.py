"""A ledger with sealed personal data, and people who order: shared by the tests of privacy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.privacy.masters import MastersLocation
from domain.privacy.opening import KeysLocation, keys_of
from tests.conftest import Clock

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


def keys_at(folder: Path) -> KeysLocation:
    return KeysLocation(folder / "keys.db", MastersLocation(folder / "master.key"))


def sealed_ledger(folder: Path, clock: Clock) -> OrderLedger:
    """The ledger in a folder, sealed from its first event on."""
    log = SQLiteRecorder(folder / "ledger.db")
    return OrderLedger(log, clock=clock, keys=keys_of(log, keys_at(folder), clock()))


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
