"""Which file has the views, and did this program's code make it? Generations of the views' file, and the link to the
one in force.

The views are one SQLite file that can be deleted at any time. `views.db` is a symbolic link to the generation in force
(`views.db.<hex>`). A rebuild makes a new generation beside it and then turns the link, so readers never see a half-made
one.
"""

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.ledger import LOG
from domain.log.records import RawRecord
from domain.log.sqlite import connect, sqlite3, transaction
from projections.views.all import VIEWS
from projections.views.view import View, fingerprint, fingerprint_of

if TYPE_CHECKING:
    from sqlite_utils import Database

_SUFFIX: Final = re.compile(r"\.[0-9a-f]{8}")
# The name of the fold's fingerprint, beside the views' own: every view depends on how records are read and folded.
_FOLD: Final = "fold"
_FOLD_SOURCES: Final = (
    "domain/aggregate.py",
    "domain/log/mapper.py",
    "domain/log/records.py",
    "domain/topics.py",
    "projections/views/fold.py",
    "projections/views/generation.py",
)


# The number of last records that can be taken back.
RECENT_MAX: Final = 10_000


class ViewsUnavailable(Exception):
    """The views cannot be read now: they are missing or of another version, and are being made anew."""


@cache
def fingerprints() -> dict[str, str]:
    """This program's fingerprints: one for each view, by its name, and one for the fold."""
    return {_FOLD: fingerprint(*_FOLD_SOURCES), **{view.name: fingerprint_of(view) for view in VIEWS}}


class Generations:
    """The generations of one views' file. `path` is the link."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._link = os.fspath(path)  # read for every request; a Path takes twice as long

    def in_force(self) -> int:
        """The inode of the generation in force, which no other file has. Raises ViewsUnavailable."""
        try:
            return os.stat(self._link).st_ino
        except OSError:
            raise ViewsUnavailable("the views are being made anew") from None

    def file(self) -> Path:
        """The file of the generation in force."""
        return self.path.resolve()

    def opened(self) -> tuple[int, sqlite3.Connection]:
        """The inode of the generation in force, and a connection for queries of it. Raises ViewsUnavailable."""
        while True:
            in_force = self.in_force()
            reader = open_to_read(self.file())
            if self.in_force() == in_force:
                if reader is None:
                    raise ViewsUnavailable("the views are of another version of the program")
                return in_force, reader
            # The link was turned meanwhile: the next pass opens the new generation.
            if reader is not None:
                reader.close()

    def new_file(self) -> Path:
        """A file name for a new generation."""
        return self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")

    def put_in_force(self, file: Path) -> None:
        """Puts a generation in force, in one step."""
        link = self.path.with_name(f"{self.path.name}.link")
        link.unlink(missing_ok=True)
        link.symlink_to(file.name)
        os.replace(link, self.path)

    def retire(self) -> None:
        """Leaves no generation in force."""
        self.path.unlink(missing_ok=True)

    def sweep(self, in_force: Path) -> None:
        """Removes the generations that are not in force. A connection that has one open can still read it."""
        for file in self.path.parent.glob(f"{self.path.name}.*"):
            if file != in_force and _SUFFIX.fullmatch(file.suffix):
                remove(file)


def remove(file: Path) -> None:
    """Removes a generation's files."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def open_to_read(file: Path) -> sqlite3.Connection | None:
    """A connection for queries; None where other code than this program's made the file, or it cannot be read."""
    with suppress(sqlite3.DatabaseError):
        reader = connect(file, "NORMAL", must_exist=True)
        with suppress(sqlite3.DatabaseError):
            if _read_fingerprints(reader) == fingerprints():
                reader.execute("PRAGMA query_only = ON")
                return reader
        reader.close()
    return None


def stale(file: Path) -> list[View]:
    """The views in a generation that other code than this program's made; all of them where the file cannot be read."""
    made_by: dict[str, str] = {}
    with suppress(sqlite3.DatabaseError):
        reader = connect(file, "NORMAL", must_exist=True)
        with suppress(sqlite3.DatabaseError):
            made_by = _read_fingerprints(reader)
        reader.close()
    ours = fingerprints()
    if made_by.keys() != ours.keys() or made_by[_FOLD] != ours[_FOLD]:
        return list(VIEWS)
    return [view for view in VIEWS if made_by[view.name] != ours[view.name]]


def _read_fingerprints(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, fingerprint FROM made_by"))


def mark_erased(connection: sqlite3.Connection) -> None:
    """Marks, in the caller's transaction, that the generation may still hold erased data.

    SQLite overwrites deleted content with zeros, but earlier copies that it moved within a page can still stand between
    the rows.
    """
    connection.execute("PRAGMA user_version = 1")


def may_hold_erased(connection: sqlite3.Connection) -> bool:
    (mark,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(mark)


def copy_rows(old: Path, file: Path) -> None:
    """Copies the rows of a generation into a new one, as of one moment, without the bytes between them."""
    source = connect(old, "NORMAL", must_exist=True)
    try:
        source.execute("VACUUM INTO ?", (str(file),))
    finally:
        source.close()


def create(database: "Database") -> None:
    """Makes the tables of every view, and the tables of no view, in an empty file."""
    database.table("made_by").create({"name": str, "fingerprint": str}, pk="name", strict=True)
    database.table("positions").create({"log": str, "position": int}, pk="log", strict=True)
    # The UUIDs of the last records' histories, so that these records can be taken back.
    database.table("recent").create({"position": int, "uuid": str}, pk="position", strict=True)
    database.table("stopped").create({"uuid": str, "position": int, "reason": str}, pk="uuid", strict=True)
    for view in VIEWS:
        view.create(database)
    with transaction(database.conn):
        database.conn.execute("INSERT INTO positions VALUES (?, 0)", (LOG,))
    write_fingerprints(database.conn)


def create_indexed(database: "Database") -> None:
    """Makes all tables, indexes and triggers in an empty file."""
    create(database)
    for view in VIEWS:
        view.index(database)


def write_fingerprints(connection: sqlite3.Connection) -> None:
    """Records that this program's code has made the views."""
    with transaction(connection):
        connection.executemany("INSERT OR REPLACE INTO made_by VALUES (?, ?)", fingerprints().items())


def drop(database: "Database", views: Sequence[View]) -> None:
    """Drops the tables of these views."""
    for view in views:
        for table in view.tables:
            database.table(table).drop(ignore=True)


def position(connection: sqlite3.Connection) -> int:
    """The position of the log that a generation has reached."""
    (found,) = connection.execute("SELECT position FROM positions").fetchone()
    return int(found)


def set_position(connection: sqlite3.Connection, position: int) -> None:
    """Sets the position that a generation has reached."""
    connection.execute("UPDATE positions SET position = ? WHERE log = ?", (position, LOG))


def note_recent(connection: sqlite3.Connection, raws: Sequence[RawRecord]) -> None:
    """Records the UUIDs of the last records' histories."""
    connection.executemany("INSERT INTO recent VALUES (?, ?)", [(raw.position, raw.order) for raw in raws])
    connection.execute("DELETE FROM recent WHERE position <= ?", (raws[-1].position - RECENT_MAX,))


def recent(connection: sqlite3.Connection, after: int) -> dict[int, str]:
    """The UUIDs of the histories of the last records behind a position, by the records' positions."""
    return dict(connection.execute("SELECT position, uuid FROM recent WHERE position > ?", (after,)))


def forget_recent(connection: sqlite3.Connection, after: int) -> None:
    connection.execute("DELETE FROM recent WHERE position > ?", (after,))
