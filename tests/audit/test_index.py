"""Is a history never taken for whole where the index that leads to its records has lost some of them?"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from falcon.testing import Result

from domain.aggregate import IncompleteHistory
from domain.log.sqlite import sqlite3
from domain.order.commands import ChangeOrder
from projections.views import rebuilding
from tests.audit.conftest import AUDIT, Office
from tests.conftest import Service
from tests.tampering import tamper

ORDERS: Final = (1, 2, 3)
VERSIONS: Final = 5
FLIPS: Final = 120
PAGE: Final = 4096


@pytest.fixture
def folder(make_office: Callable[..., Office]) -> Path:
    """The folder of a ledger at rest: three orders of five versions each, side by side."""
    office = make_office()
    orders = [office.place(customer={"id": number}) for number in ORDERS]
    for version in range(2 + 1, VERSIONS + 1):
        orders = [office.give(order, ChangeOrder, notes=f"version {version}") for order in orders]
    assert {order.version for order in orders} == {VERSIONS}
    office.close()
    return office.folder


class Index:
    """The page on the disk with the index on order and version."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger.db"
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (root,) = connection.execute(
                "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_events_1'"
            ).fetchone()
            self.records = connection.execute("SELECT position, originator_id, version FROM events").fetchall()
        self._at = (root - 1) * PAGE
        self.whole = self._file.read_bytes()
        self.page = self.whole[self._at : self._at + PAGE]
        assert self.page[0] == 10, "a leaf, and the whole index"

    def entry(self, order: str, version: int) -> int:
        """The place in the page at which the index's key of a record begins."""
        return self.page.index(order.encode() + (bytes([version]) if version > 1 else b""))

    def entries(self) -> Iterator[int]:
        for _, order, version in self.records:
            yield self.entry(order, version)

    def flip(self, bit: int, folder: Path) -> None:
        """Flips one bit of the page, in the ledger of a folder."""
        damaged = bytearray(self.whole)
        damaged[self._at + bit // 8] ^= 1 << bit % 8
        (folder / "ledger.db").write_bytes(damaged)


def uuid_of(folder: Path, order: int) -> str:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        (uuid,) = connection.execute(
            "SELECT originator_id FROM claims WHERE kind = 'order-id' AND value = ?", (order,)
        ).fetchone()
    return str(uuid)


@pytest.fixture
def index(folder: Path) -> Index:
    return Index(folder)


def lose_version_2(folder: Path, index: Index) -> str:
    """Flips a bit of order 2's UUID in its index key of version 2; returns the UUID.

    The key is then a larger one, so a search for the order's records ends before it.
    """
    uuid = uuid_of(folder, 2)
    bit = next(bit for bit in range(8) if not ord(uuid[-1]) >> bit & 1)
    index.flip(8 * (index.entry(uuid, 2) + 35) + bit, folder)
    return uuid


def patch(office: Office, order: int) -> Result:
    return office.ask(
        f"/api/v1/orders/{order}", office.key("orders:read", "orders:write"), "PATCH", json={"notes": "later"}
    )


def is_unreadable(answer: Result) -> bool:
    return answer.status_code == 500 and answer.json["code"] == "unreadable-event"


def versions(folder: Path) -> list[tuple[Any, ...]]:
    """Every order and version, read from the table without the index."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return connection.execute("SELECT originator_id, version FROM events NOT INDEXED").fetchall()


def test_an_order_that_the_index_has_cut_short_is_not_shown_not_proven_and_takes_no_command(
    folder: Path, index: Index, caplog: pytest.LogCaptureFixture
) -> None:
    lose_version_2(folder, index)
    office = Office(folder)
    for path in ("", "/events", "/changes", "/evidence"):
        assert is_unreadable(office.ask(f"{AUDIT}/orders/2{path}")), path
    assert is_unreadable(patch(office, 2))
    assert "index on order and version" in caplog.text
    assert patch(office, 1).json["version"] == VERSIONS + 1
    found = office.ask("/api/v1/orders", office.key("orders:read")).json["results"]
    assert [order["id"] for order in found] == [3, 2, 1]
    office.close()
    assert len(versions(folder)) == len(set(versions(folder))) == 3 * VERSIONS + 1


def test_a_flipped_bit_of_the_index_cuts_no_history_short_and_doubles_no_version(
    folder: Path, index: Index, tmp_path: Path
) -> None:
    """A flip hits the keys, or the bytes before them that hold the keys' lengths and types."""
    random, places = Random(5), list(index.entries())
    for number in range(FLIPS):
        bit = random.choice(places) * 8 + random.randrange(-32, 8 * 38)
        damaged = shutil.copytree(folder, tmp_path / f"copy {number}", symlinks=True)
        index.flip(bit, damaged)
        office = Office(damaged)
        for order in ORDERS:
            events = office.ask(f"{AUDIT}/orders/{order}/events")
            assert events.status_code >= 500 or len(events.json["events"]) == VERSIONS, (bit, order)
            changed = patch(office, order)
            assert changed.status_code >= 500 or changed.json.get("version") == VERSIONS + 1, (bit, order)
        office.close()
        found = versions(damaged)
        assert len(found) == len(set(found)), bit
        shutil.rmtree(damaged)


def test_verify_names_the_record_that_the_index_has_lost_and_mends_the_index(folder: Path, index: Index) -> None:
    uuid = lose_version_2(folder, index)
    ((position,),) = [(at,) for at, order, version in index.records if (order, version) == (uuid, 2)]
    service = Service(folder)
    said = service.run("verify")
    told = said.stdout.decode().splitlines()
    assert said.returncode == 1, told
    assert any(
        line.startswith(f"also position {position}, order {uuid}: the index on order and version")
        or line.startswith(f"position {position}, order {uuid}: the index on order and version")
        for line in told
    ), told
    mended = service.run("verify", "--mend-index")
    told = mended.stdout.decode().splitlines()
    assert (mended.returncode, told[0], told[-1]) == (
        0,
        "the ledger's indexes were made anew from its tables",
        "everything holds",
    )
    office = Office(folder)
    assert office.ask(f"{AUDIT}/orders/2").json["version"] == VERSIONS
    assert patch(office, 2).json["version"] == VERSIONS + 1
    office.close()


def test_views_are_not_made_anew_of_histories_that_the_index_has_cut_short(
    folder: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the index leads from the beginning of a history to its part in a later part of the log."""
    monkeypatch.setattr(rebuilding, "PART_POSITIONS", 4)
    monkeypatch.setattr(rebuilding, "PROCESSES_PARTS_MIN", 100)
    lose_version_2(folder, index)
    office = Office(folder)
    with pytest.raises(IncompleteHistory, match="index on order and version does not lead to the records"):
        office.views.rebuild()
    assert office.audit("/orders/1")["version"] == VERSIONS
    office.close()


def test_a_version_that_was_recorded_twice_is_named_and_its_index_is_not_mended(folder: Path, index: Index) -> None:
    """Versions of this program that trusted the index alone recorded such versions."""
    uuid = lose_version_2(folder, index)
    tamper(
        folder / "ledger.db",
        "INSERT INTO events SELECT 16, ?, 2, topic, payload, recorded_at, actor, NULL, NULL, digest FROM events"
        " NOT INDEXED WHERE position = 15",
        uuid,
    )
    said = Service(folder).run("verify", "--mend-index")
    told = said.stdout.decode()
    assert said.returncode == 1
    assert "could not be made anew, and are as they were: UNIQUE constraint failed" in told
    assert f"position 16, order {uuid}: it has the version 2 that the record at position" in told


def test_verify_names_every_history_that_the_views_stopped_at(folder: Path, index: Index) -> None:
    office = Office(folder)
    uuids = [str(office.ledger.uuid_of(order)) for order in (1, 3)]
    office.close()
    last = "WHERE originator_id IN (?, ?) AND version = ?"
    tamper(folder / "ledger.db", f"UPDATE events SET actor = 'nobody' {last}", *uuids, VERSIONS)
    service = Service(folder)
    assert service.run("rebuild").returncode == 0
    told = service.run("verify").stdout.decode()
    for uuid in uuids:
        assert f"order {uuid}: the views stop here" in told
