"""The data keys of a log on PostgreSQL, for all nodes, in a schema of their own beside the log's.

A transaction reads the data keys that it will need with its lock, and commits new keys with the records that they seal.
When keys are retired, destroyed or wrapped anew, a notification tells the other nodes at once; a writer also sees the
change under the lock.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.types.numeric import Int8

from domain.log.postgres.connection import Connection, Row, Statement, library_errors
from domain.privacy.keyring import CUSTOMER, GUEST, KEYS_AT_ONCE, DataOwner, Hold, KeyStore, StoredDataKey

if TYPE_CHECKING:
    from domain.log.postgres.recorder import PostgresRecorder
    from domain.log.postgres.transaction import PostgresTransaction

KEYS_SCHEMA: Final = "order_ledger_keys"
DATA_KEYS: Final = "data keys"  # the notification on the log's channel that data keys have changed
_SECONDS_MAX: Final = 600.0
_WRAPPED: Final = StoredDataKey._fields.index("wrapped")
_COLUMNS: Final = ", ".join(StoredDataKey._fields)
_KEYS: Final = f"SELECT {_COLUMNS} FROM {KEYS_SCHEMA}.data_keys"
KEYS_TABLES: Final = f"""
CREATE SCHEMA IF NOT EXISTS {KEYS_SCHEMA};
CREATE TABLE {KEYS_SCHEMA}.keyring (
  number bigint PRIMARY KEY CHECK (number = 1),
  id     text COLLATE "C" NOT NULL,
  change text COLLATE "C" NOT NULL
);
CREATE TABLE {KEYS_SCHEMA}.data_keys (
  id           text COLLATE "C" PRIMARY KEY,
  subject      text COLLATE "C" NOT NULL,
  part         text COLLATE "C" NOT NULL,
  year         bigint NOT NULL,
  master       text COLLATE "C" NOT NULL,
  wrapped      bytea,
  made_at      text COLLATE "C" NOT NULL,
  retired_at   text COLLATE "C",
  destroyed_at text COLLATE "C",
  erasure      text COLLATE "C",
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
CREATE INDEX data_keys_of_subject ON {KEYS_SCHEMA}.data_keys (subject, year, part);
CREATE UNIQUE INDEX data_keys_in_use ON {KEYS_SCHEMA}.data_keys (subject, part, year) WHERE retired_at IS NULL;
CREATE TABLE {KEYS_SCHEMA}.holds (
  subject   text COLLATE "C" PRIMARY KEY,
  reference text COLLATE "C" NOT NULL,
  since     text COLLATE "C" NOT NULL
);
CREATE TABLE {KEYS_SCHEMA}.aside (erasure text COLLATE "C" PRIMARY KEY);
CREATE FUNCTION {KEYS_SCHEMA}.stays() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
    MESSAGE = 'a destroyed key leaves its row, and never comes back';
END
$body$;
CREATE TRIGGER data_keys_stay BEFORE DELETE ON {KEYS_SCHEMA}.data_keys
  FOR EACH ROW EXECUTE FUNCTION {KEYS_SCHEMA}.stays();
CREATE TRIGGER data_keys_all_stay BEFORE TRUNCATE ON {KEYS_SCHEMA}.data_keys
  FOR EACH STATEMENT EXECUTE FUNCTION {KEYS_SCHEMA}.stays();
CREATE TRIGGER data_keys_stay_destroyed BEFORE UPDATE ON {KEYS_SCHEMA}.data_keys
  FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL AND (NEW.destroyed_at IS NULL OR NEW.wrapped IS NOT NULL))
  EXECUTE FUNCTION {KEYS_SCHEMA}.stays();
ALTER TABLE {KEYS_SCHEMA}.data_keys ENABLE ALWAYS TRIGGER data_keys_stay, ENABLE ALWAYS TRIGGER data_keys_all_stay,
  ENABLE ALWAYS TRIGGER data_keys_stay_destroyed
"""
KEYS_GRANTS: Final = f"""\
-- The data keys: no key can be deleted, and a destroyed one cannot come back.
GRANT USAGE ON SCHEMA {KEYS_SCHEMA} TO {{role}};
GRANT SELECT, INSERT, UPDATE (change) ON {KEYS_SCHEMA}.keyring TO {{role}};
GRANT SELECT, INSERT, UPDATE (master, wrapped, retired_at, destroyed_at, erasure)
  ON {KEYS_SCHEMA}.data_keys TO {{role}};
GRANT SELECT, INSERT, UPDATE, DELETE ON {KEYS_SCHEMA}.holds TO {{role}};
GRANT SELECT, INSERT ON {KEYS_SCHEMA}.aside TO {{role}};
"""
# Reads the keyring's `change`. It differs from an earlier reading wherever remembered data keys may be stale, even
# after a failover.
CHANGE: Final = Statement(f"SELECT change FROM {KEYS_SCHEMA}.keyring")
_OF_SUBJECTS: Final = f"{_KEYS} WHERE subject = ANY($1)"
# The data keys of the customers in these histories' first records, and of the histories' guests. The pattern also reads
# a damaged payload.
_OF_HISTORIES: Final = (
    f"{_KEYS} WHERE subject IN (SELECT '{GUEST}' || uuid FROM unnest($1::text[]) AS wanted (uuid) UNION ALL"
    f" SELECT '{CUSTOMER}' || substring(payload FROM '\"customer_id\":([0-9]+)') FROM events"
    " WHERE originator_id = ANY($1) AND version = 1 AND topic LIKE 'order.created.%')"
)
_ROWS: Final = (
    "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],"
    " $8::text[], $9::text[], $10::text[])"
)
_INSERT: Final = f"INSERT INTO {KEYS_SCHEMA}.data_keys {_ROWS} ON CONFLICT (id) DO NOTHING"
_TAKE_OVER: Final = (
    f"INSERT INTO {KEYS_SCHEMA}.data_keys AS there {_ROWS} ON CONFLICT (id) DO UPDATE SET master = excluded.master,"
    " wrapped = excluded.wrapped, retired_at = excluded.retired_at, destroyed_at = excluded.destroyed_at,"
    " erasure = excluded.erasure WHERE there.destroyed_at IS NULL"
)


class TransactionKeys:
    """The data keys that a transaction has read, and the new keys that it has to insert."""

    def __init__(self) -> None:
        self.by_id: dict[str, StoredDataKey] = {}
        # Every key of each subject that was asked for.
        self._of: dict[str, list[StoredDataKey]] = {}
        self._new: dict[tuple[DataOwner, str], StoredDataKey] = {}
        # New keys are committed even where the turn that made them is taken back: other turns may have sealed by them.
        self._unsent: list[StoredDataKey] = []

    def note(self, subjects: Iterable[str], rows: Sequence[Row]) -> None:
        for subject in subjects:
            self._of.setdefault(subject, [])
        for key in map(_key_of, rows):
            self.by_id[key.id] = key
            self._of.setdefault(key.subject, []).append(key)

    def knows(self, subject: str) -> bool:
        return subject in self._of

    def in_use(self, owner: DataOwner, part: str) -> StoredDataKey | None:
        new = self._new.get((owner, part))
        fits = (key for key in self._of.get(owner.subject, ()) if (key.part, key.year) == (part, owner.year))
        return new or next((key for key in fits if key.retired_at is None), None)

    def put(self, key: StoredDataKey) -> None:
        self._new[DataOwner(key.subject, key.year), key.part] = key
        self._unsent.append(key)

    def forget(self) -> None:
        """Forgets the keys that were read, since some were retired."""
        self.by_id, self._of, self._new = {}, {}, {}

    def inserting(self) -> list[Statement]:
        """The statement that inserts every new key, if there is one. The server skips the keys that were sent
        before."""
        return [Statement(_INSERT, _columns(self._unsent))] if self._unsent else []


def of_subjects(subjects: Collection[str]) -> Statement:
    return Statement(_OF_SUBJECTS, (list(subjects),))


def of_histories(uuids: Collection[str]) -> Statement:
    return Statement(_OF_HISTORIES, (list(uuids),))


class PostgresKeyStore:
    """Implements `keyring.KeyStore`."""

    file = None
    shown = f"the schema {KEYS_SCHEMA} of the ledger's database"

    def __init__(self, log: "PostgresRecorder") -> None:
        self._log = log
        self._rows = log.rows
        self._id: str | None = None
        # The keyring's `change` as this process last read it.
        self.change: bytes | None = None
        self._seen: tuple[int, int, bytes | None] | None = None

    # --- reading ---

    def exists(self) -> bool:
        return bool(self._rows(f"SELECT 1 FROM {KEYS_SCHEMA}.keyring"))

    @property
    def id(self) -> str:
        if self._id is None:
            ((found,),) = self._rows(f"SELECT id FROM {KEYS_SCHEMA}.keyring")
            self._id = found.decode()
        return self._id

    def has_changed(self) -> bool:
        # A transaction has read `change` under the lock, and a process that listens is notified.
        if self._log.under_way is None and not self._log.is_listening:
            ((self.change,),) = self._rows(*CHANGE)
        before, self._seen = self._seen, (self._log.connection_losses, self._log.keys_told, self.change)
        return before != self._seen

    def get(self, key_id: str) -> StoredDataKey | None:
        t = self._log.under_way
        if t is not None and t.keys is not None:
            known = t.keys.by_id.get(key_id)
            # Where a notification has come since the transaction has read it, the key may be destroyed by now.
            if known is not None and t.keys_told == self._log.keys_told:
                return known
        return next(iter(self.get_all([key_id])), None)

    def get_all(self, key_ids: Collection[str]) -> list[StoredDataKey]:
        return list(map(_key_of, self._rows(f"{_KEYS} WHERE id = ANY($1)", (list(key_ids),))))

    def in_use(self, owner: DataOwner, part: str) -> StoredDataKey | None:
        t, keys = self._under_way()
        if not keys.knows(owner.subject) and keys.in_use(owner, part) is None:
            if owner.subject.startswith(GUEST) and not t.has_read(owner.subject.removeprefix(GUEST)):
                return None  # the guest's order begins in this transaction, so it has no key yet
            t.ask_keys_of(owner.subject)
        return keys.in_use(owner, part)

    def any_alive(self) -> StoredDataKey | None:
        rows = self._rows(f"{_KEYS} WHERE wrapped IS NOT NULL LIMIT 1")
        return _key_of(rows[0]) if rows else None

    def of_subject(self, subject: str) -> list[StoredDataKey]:
        rows = self._rows(f"{_KEYS} WHERE subject = $1 ORDER BY year, part, made_at", (subject,))
        return list(map(_key_of, rows))

    def alive(self, key_ids: Collection[str]) -> list[str]:
        ids = list(key_ids)
        found: list[str] = []
        for first in range(0, len(ids), KEYS_AT_ONCE):
            some = ids[first : first + KEYS_AT_ONCE]
            asked = f"SELECT id FROM {KEYS_SCHEMA}.data_keys WHERE id = ANY($1) AND destroyed_at IS NULL"
            found += [key_id.decode() for (key_id,) in self._rows(asked, (some,))]
        return found

    def each(self) -> Iterator[StoredDataKey]:
        last = ""
        while rows := self._rows(f"{_KEYS} WHERE id > $1 ORDER BY id LIMIT $2", (last, KEYS_AT_ONCE)):
            found = list(map(_key_of, rows))
            yield from found
            last = found[-1].id

    def hold_on(self, subjects: Collection[str]) -> Hold | None:
        return next((hold for hold in self.holds() if hold.subject in subjects), None)

    def holds(self) -> list[Hold]:
        rows = self._rows(f"SELECT subject, reference, since FROM {KEYS_SCHEMA}.holds ORDER BY subject")
        return [Hold(*(text.decode() for text in row)) for row in rows]

    def aside(self) -> set[str]:
        return {erasure.decode() for (erasure,) in self._rows(f"SELECT erasure FROM {KEYS_SCHEMA}.aside")}

    # --- in the transaction that is under way ---

    def _under_way(self) -> "tuple[PostgresTransaction, TransactionKeys]":
        t = self._log.under_way
        assert t is not None
        assert t.keys is not None
        return t, t.keys

    def put(self, key: StoredDataKey) -> None:
        t, _ = self._under_way()
        t.put_data_key(key)

    def commit(self) -> None:
        """Does nothing: the log's commit commits new keys."""

    def rollback(self) -> None:
        """Does nothing: the log's transaction takes new keys back."""

    def retire(self, key_ids: Iterable[str], at: str) -> None:
        t, keys = self._under_way()
        retiring = f"UPDATE {KEYS_SCHEMA}.data_keys SET retired_at = $1 WHERE id = ANY($2) AND retired_at IS NULL"
        t.change_data_keys(*keys.inserting(), Statement(retiring, (at, list(key_ids))), _changed())
        keys.forget()

    # --- in a transaction of its own ---

    def create(self, keyring: str | None = None) -> None:
        self._do(
            Statement(
                f"INSERT INTO {KEYS_SCHEMA}.keyring VALUES (1, $1, '') ON CONFLICT (number) DO NOTHING",
                (keyring or token_hex(8),),
            )
        )

    def destroy(self, key_ids: Iterable[str], erasure: str, at: str) -> list[str]:
        destroying = (
            f"UPDATE {KEYS_SCHEMA}.data_keys SET wrapped = NULL, destroyed_at = $1, erasure = $2,"
            " retired_at = coalesce(retired_at, $1) WHERE id = ANY($3) AND destroyed_at IS NULL RETURNING id"
        )
        found = self._do(Statement(destroying, (at, erasure, list(key_ids))))
        return [key_id.decode() for (key_id,) in found]

    def put_hold(self, hold: Hold) -> None:
        self._do(
            Statement(
                f"INSERT INTO {KEYS_SCHEMA}.holds VALUES ($1, $2, $3) ON CONFLICT (subject) DO UPDATE SET"
                " reference = excluded.reference, since = excluded.since",
                hold,
            )
        )

    def release(self, subject: str) -> bool:
        releasing = f"DELETE FROM {KEYS_SCHEMA}.holds WHERE subject = $1 RETURNING subject"
        return bool(self._do(Statement(releasing, (subject,))))

    def put_aside(self, erasure: str) -> None:
        self._do(Statement(f"INSERT INTO {KEYS_SCHEMA}.aside VALUES ($1) ON CONFLICT (erasure) DO NOTHING", (erasure,)))

    def wrapped_anew(self, keys: Sequence[StoredDataKey]) -> None:
        wrapping = (
            f"UPDATE {KEYS_SCHEMA}.data_keys AS kept SET master = anew.master, wrapped = anew.wrapped"
            " FROM unnest($1::text[], $2::text[], $3::bytea[]) AS anew (id, master, wrapped)"
            " WHERE kept.id = anew.id AND destroyed_at IS NULL"
        )
        self._do(Statement(wrapping, [[getattr(key, name) for key in keys] for name in ("id", "master", "wrapped")]))

    def take_over(self, other: KeyStore) -> None:
        self.create(other.id)
        keys = list(other.each())
        for first in range(0, len(keys), KEYS_AT_ONCE):
            self._do(Statement(_TAKE_OVER, _columns(keys[first : first + KEYS_AT_ONCE])))
        for hold in other.holds():
            self.put_hold(hold)
        for erasure in other.aside():
            self.put_aside(erasure)

    def _do(self, statement: Statement) -> list[Row]:
        """Executes a statement in a transaction on a connection of its own, and notifies the other nodes; returns the
        rows."""
        with library_errors(), closing(Connection(self._log.url, durable=True)) as connection:
            whole = Statement("BEGIN"), statement, _changed(), notification(), Statement("COMMIT")
            _, rows, *_ = connection.execute(*whole, seconds=_SECONDS_MAX)
            connection.await_standby()
            # Removes a destroyed key's bytes from the table's files. Where the role does not own the table, the
            # server's autovacuum does so.
            with suppress(psycopg.Error):
                connection.execute(Statement(f"VACUUM {KEYS_SCHEMA}.data_keys"), seconds=_SECONDS_MAX)
            return rows

    def close(self) -> None:
        """Does nothing: the connections are the log's."""


def notification() -> Statement:
    return Statement("SELECT pg_notify('order_ledger', $1)", (DATA_KEYS,))


def _changed() -> Statement:
    return Statement(f"UPDATE {KEYS_SCHEMA}.keyring SET change = $1", (token_hex(8),))


def _key_of(row: Row) -> StoredDataKey:
    fields = (value.decode() if isinstance(value, bytes) and at != _WRAPPED else value for at, value in enumerate(row))
    return StoredDataKey._make(fields)


def _columns(keys: Sequence[StoredDataKey]) -> list[list[Any]]:
    columns = [list(column) for column in zip(*keys, strict=True)]
    columns[3] = list(map(Int8, columns[3]))
    return columns
