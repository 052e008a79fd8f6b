"""The tables of a log on SQLite, append-only by triggers, and the checks that a file is a log's and nothing else's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from eventsourcing.persistence import OperationalError

from domain.log.sqlite import LOCK_WAIT_SECONDS_MAX, sqlite3

APPLICATION_ID: Final = 0x4F4C4731  # "OLG1", in the file's header
SCHEMA_VERSION: Final = 1


def _stays(table: str, what: str) -> str:
    """The triggers that refuse to update or delete the rows of a table."""
    return f"""\
CREATE TRIGGER {table}_are_not_updated BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{what} is never updated'); END;
CREATE TRIGGER {table}_are_not_deleted BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{what} is never deleted'); END;"""


_SCHEMA: Final = f"""
CREATE TABLE events (
  position        INTEGER PRIMARY KEY AUTOINCREMENT,
  originator_id   TEXT NOT NULL,
  version         INTEGER NOT NULL,
  topic           TEXT NOT NULL,
  payload         TEXT NOT NULL,
  recorded_at     TEXT NOT NULL,
  actor           TEXT NOT NULL,
  request_id      TEXT,
  idempotency_key TEXT,
  digest          BLOB NOT NULL,
  UNIQUE (originator_id, version)
) STRICT;
CREATE TABLE claims (
  kind          TEXT NOT NULL,
  value         ANY NOT NULL,
  originator_id TEXT NOT NULL,
  version       INTEGER NOT NULL,
  fingerprint   BLOB,
  PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
  size    INTEGER PRIMARY KEY,
  note    TEXT NOT NULL,
  made_at TEXT NOT NULL
) STRICT;
CREATE TABLE access_keys (
  name        TEXT PRIMARY KEY,
  prefix      TEXT NOT NULL,
  hash        BLOB NOT NULL UNIQUE,
  customer_id INTEGER,
  scopes      TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  revoked_at  TEXT
) STRICT;
{_stays("events", "the log is append-only: an event")}
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
  OR EXISTS (SELECT 1 FROM events WHERE originator_id = NEW.originator_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: this position or version is taken'); END;
CREATE TRIGGER claims_are_not_updated BEFORE UPDATE ON claims
BEGIN SELECT RAISE(ABORT, 'a claim is never updated'); END;
CREATE TRIGGER claims_are_not_deleted BEFORE DELETE ON claims
BEGIN SELECT RAISE(ABORT, 'a claim is never given back'); END;
CREATE TRIGGER claims_are_not_replaced BEFORE INSERT ON claims
WHEN EXISTS (SELECT 1 FROM claims WHERE kind = NEW.kind AND value = NEW.value)
BEGIN SELECT RAISE(ABORT, 'this is claimed already'); END;
{_stays("checkpoints", "a checkpoint")}
"""
# This table and those below came later: opening an older ledger makes them. A file is kept in pieces, so that it is
# never whole in memory. Some ledgers without kept files already have the trigger on checkpoints, hence IF NOT EXISTS.
_KEPT_FILES: Final = f"""
CREATE TABLE kept_files (
  sha256  TEXT NOT NULL,
  piece   INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (sha256, piece)
) STRICT;
{_stays("kept_files", "a kept file")}
CREATE TRIGGER kept_files_are_not_replaced BEFORE INSERT ON kept_files
WHEN EXISTS (SELECT 1 FROM kept_files WHERE sha256 = NEW.sha256 AND piece = NEW.piece)
BEGIN SELECT RAISE(ABORT, 'this file is kept already'); END;
CREATE TRIGGER IF NOT EXISTS checkpoints_are_not_replaced BEFORE INSERT ON checkpoints
WHEN EXISTS (SELECT 1 FROM checkpoints WHERE size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'there is a checkpoint of this size already'); END;
"""
_CLOCKS: Final = f"""
CREATE TABLE clocks (
  number INTEGER PRIMARY KEY,
  boot   TEXT NOT NULL,
  uptime INTEGER NOT NULL,
  moment TEXT NOT NULL,
  why    TEXT NOT NULL
) STRICT;
{_stays("clocks", "what a clock showed")}
"""
_KEYRINGS: Final = f"""
CREATE TABLE keyrings (
  number  INTEGER PRIMARY KEY CHECK (number = 1),
  id      TEXT NOT NULL,
  since   INTEGER NOT NULL,
  made_at TEXT NOT NULL
) STRICT;
{_stays("keyrings", "a keyring")}
"""
_FORMER_KEYS: Final = """
ALTER TABLE access_keys ADD COLUMN expires_at TEXT;
ALTER TABLE access_keys ADD COLUMN origins TEXT NOT NULL DEFAULT '';
CREATE TABLE former_keys (
  hash       BLOB PRIMARY KEY,
  name       TEXT NOT NULL,
  prefix     TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;
"""
_HANDOVERS: Final = f"""
CREATE TABLE handovers (
  number  INTEGER PRIMARY KEY,
  size    INTEGER NOT NULL,
  note    TEXT NOT NULL,
  made_at TEXT NOT NULL
) STRICT;
{_stays("handovers", "a handover")}
CREATE TRIGGER handovers_are_not_replaced BEFORE INSERT ON handovers
WHEN EXISTS (SELECT 1 FROM handovers WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'this handover is kept already'); END;
"""
_OWN_TABLES: Final = {"events", "claims", "checkpoints", "access_keys"}


def make_tables(writer: sqlite3.Connection) -> None:
    """Makes the tables that are missing, inside the caller's transaction."""
    tables = _tables(writer)
    for missing, script in (
        ("events", _SCHEMA),
        ("kept_files", _KEPT_FILES),
        ("clocks", _CLOCKS),
        ("keyrings", _KEYRINGS),
        ("former_keys", _FORMER_KEYS),
        ("handovers", _HANDOVERS),
    ):
        if missing not in tables:
            for statement in _statements(script):
                writer.execute(statement)
    if writer.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        # A new file, or a file restored from an SQL dump, which does not carry these two settings.
        writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        writer.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def must_be_own(path: Path) -> None:
    """Checks a file before anything in it changes, even its journal mode.

    Raises OperationalError where the file is something else, or of a newer version of this program.
    """
    if not path.exists() or not path.stat().st_size:
        return
    stranger = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_SECONDS_MAX)
    try:
        (application,) = stranger.execute("PRAGMA application_id").fetchone()
        (version,) = stranger.execute("PRAGMA user_version").fetchone()
        tables = _tables(stranger)
    finally:
        stranger.close()
    if application == APPLICATION_ID and version > SCHEMA_VERSION:
        raise OperationalError(f"{path} was written by a newer version of this program.")
    if tables and not tables >= _OWN_TABLES:
        raise OperationalError(f"{path} is a database of something else, not a ledger.")


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one, since `executescript` would commit the caller's transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
