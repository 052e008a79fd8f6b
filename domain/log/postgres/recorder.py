"""The log in one schema of a PostgreSQL database, written by any number of nodes: one transaction at a time.

A transaction locks the log's row before it reads, so positions follow the order of commits, without gaps. Where the
connection is lost during a COMMIT, another connection finds out whether it was committed: that connection first waits
for the lock, so the old transaction is over by then.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Any, Final

import psycopg

from domain.counted import counted
from domain.log.library import LibraryRecorder
from domain.log.log import LogAway, ReadHints, StoredKey, WriteLost
from domain.log.postgres.beside import PostgresBeside
from domain.log.postgres.checking import faults
from domain.log.postgres.connection import (
    ANSWER_SECONDS_MAX,
    IDLE_SECONDS_MAX,
    LOCK_WAIT_SECONDS_MAX,
    SCHEMA,
    Connection,
    ConnectionLost,
    ReaderPool,
    Row,
    Statement,
    library_errors,
    must_keep_sessions,
)
from domain.log.postgres.data_keys import DATA_KEYS, KEYS_SCHEMA, PostgresKeyStore
from domain.log.postgres.reading import COLUMNS, KEYS_BY_FORMER_SQL, KEYS_SQL, PostgresReading, key_of
from domain.log.postgres.schema import LOCK, make_tables
from domain.log.postgres.transaction import CHANNEL, KEYS, PostgresTransaction
from domain.log.records import Fault, RawRecord

_PAUSE_SECONDS: Final = 0.05
_KEYS_MAX: Final = 10_000
_NO_STANDBY: Final = (
    "PostgreSQL has no synchronous standby (synchronous_standby_names), so what is acknowledged is lost with its"
    " machine; docs/scaling.md says more."
)
# Ends the connection of a node that has the log's lock but stops sending its statements, or stops reading its rows. The
# server does not count such a node as idle, and would wait for as long as the connection stands.
_END_WHO_STOPPED: Final = Statement(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE granted"
    " AND relation = 'logs'::regclass AND mode = 'RowShareLock' AND state = 'active' AND wait_event_type = 'Client'"
    " AND state_change < clock_timestamp() - make_interval(secs => $1)",
    (IDLE_SECONDS_MAX,),
)
# The most connections that a worker with the usual four threads has at one time.
_CONNECTIONS_OF_A_WORKER: Final = 10
_CLOCKS_APART_SECONDS_MAX: Final = 60
_WHAT_IT_STANDS_ON: Final = (
    "SELECT current_setting('synchronous_standby_names'), current_setting('fsync'),"
    " current_setting('full_page_writes'),"
    " (SELECT least(current_setting('max_connections')::bigint, nullif(rolconnlimit, -1), nullif(datconnlimit, -1))"
    " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()),"
    " extract(epoch FROM clock_timestamp())::bigint,"
    " (SELECT string_agg(tablename, ', ' ORDER BY tablename) FROM pg_tables WHERE schemaname = ANY($1)"
    " AND NOT has_table_privilege(schemaname || '.' || tablename, 'SELECT'))"
)
_NOT_DURABLE: Final = "PostgreSQL has {} off, so what is acknowledged can be lost or damaged when its machine stops."


class PostgresRecorder(PostgresReading, LibraryRecorder):
    """Implements `log.Log`, and the library's ApplicationRecorder. `url` may name several hosts."""

    is_local = False
    # The id of this node, which the processes forked by this one inherit. The process that appends feeds its node's
    # views itself, so its notification is no news to the others: they would read the records only to come second.
    node = token_hex(4)

    def __init__(self, url: str) -> None:
        self.url = url
        # The number of lost connections, the start counted. After a loss every connection is made anew: the others may
        # lead to a server that is no longer the primary.
        self.connection_losses = 1
        self._readers = ReaderPool(url, self._note_loss)
        # One connection for all threads, since only one can write at a time.
        self._writer: Connection | None = None
        self._writing = Lock()
        self._listener: Connection | None = None
        self._listens_after = 0
        # The access keys by hash, while a thread listens for their changes; None where none listens.
        self._keys: dict[bytes, StoredKey] | None = None
        # The store of a sealed log's data keys; below, whether a thread listens for their changes, and how many came.
        self._data_keys: PostgresKeyStore | None = None
        self._beside: list[PostgresBeside] = []
        self.is_listening = False
        self.keys_told = 0
        self.under_way: PostgresTransaction | None = None
        # The head after this process's last commit. Where the head has moved since, other nodes write, too.
        self._head = 0

    def create(self) -> None:
        """Makes the missing tables in one transaction, so that several nodes may call this at once. Raises
        SessionsNotKept, and OperationalError as `make_tables` does."""
        with library_errors(), self._readers.one() as connection, self._readers.one() as other:
            must_keep_sessions(connection, other)
            make_tables(connection)

    def _rows(self, sql: str, values: Sequence[Any] = (), *, seconds: float = ANSWER_SECONDS_MAX) -> list[Row]:
        with library_errors():
            return self._readers.rows(sql, values, seconds)

    rows = _rows

    def _span(self, after: int, until: int) -> Iterator[RawRecord]:
        span = f"position > {after:d} AND position <= {until:d}"
        with library_errors():
            rows = self._readers.copied(f"SELECT {COLUMNS} FROM events WHERE {span} ORDER BY position")
        return map(RawRecord._make, rows)

    @contextmanager
    def transaction(self, wants: ReadHints = ReadHints()) -> Iterator[PostgresTransaction]:  # noqa: B008  (it is immutable)
        with self._writing, library_errors():
            self.under_way = t = self._begin(wants)
            try:
                yield t
                ending = t.commit_statements()
            except BaseException:
                self._roll_back()
                raise
            finally:
                self.under_way = None
            self._commit(t, ending)

    @contextmanager
    def locked(self) -> Iterator[PostgresTransaction]:
        with self.transaction() as t:
            t.keep_lock()
            yield t

    def _begin(self, wants: ReadHints) -> PostgresTransaction:
        """Begins a transaction. Takes a new connection where the old one is lost, since nothing is written yet. Raises
        ConnectionLost, and the driver's errors."""
        deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX
        while True:
            try:
                t = PostgresTransaction(self._connection(), self.node, is_sealed=self._data_keys is not None)
                t.keys_told = self.keys_told
                t.begin(wants)
            except ConnectionLost:
                self._discard()
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
            except psycopg.Error as error:
                self._roll_back()
                self._terminate_stopped(error)
                raise
            else:
                t.may_grow = t.head_before != self._head
                if self._data_keys is not None:
                    self._data_keys.change = t.keys_change
                return t

    def _commit(self, t: PostgresTransaction, ending: Sequence[Statement]) -> None:
        connection = self._connection()
        connection.is_unreplicated = False
        try:
            connection.execute(*ending)
        except ConnectionLost as error:
            self._discard()
            # A write without a proof may be done twice: the second finds out whether the first is there.
            if t.proof is None or not self._is_there(t.proof):
                raise WriteLost(str(error)) from error
        except psycopg.IntegrityError as error:
            self._roll_back()
            raise t.refused(error, self) from error
        except psycopg.Error:
            self._roll_back()
            raise
        # The commit stands on this server, and perhaps on no other.
        if connection.is_unreplicated and not self._is_there(t.proof):
            raise WriteLost("the standby has not got what was written")
        self._head = t.head

    def _is_there(self, proof: Statement | None) -> bool:
        """Whether a transaction's record is in the log, and on the standby, too.

        The check takes the log's lock. That is a write, so its commit waits for the standby behind all earlier writes.
        Without a proof the transaction has written no record: then True says that its reads are on the standby, and
        False that the connection was lost, since another server may answer now. Raises LogAway where no server answers
        in time, or the standby does not.
        """
        deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX
        while True:
            try:
                connection = self._connection()
                connection.is_unreplicated = False
                asked = proof or Statement("SELECT 1")
                *_, found, _ = connection.execute(Statement("BEGIN"), LOCK, asked, Statement("COMMIT"))
                if not connection.is_unreplicated:
                    return bool(found)
            except (ConnectionLost, psycopg.Error) as error:
                self._discard()
                self._terminate_stopped(error)
                if proof is None:
                    return False
                if time.monotonic() > deadline:
                    raise LogAway(f"the connection was lost, and nobody can say what was recorded: {error}") from error
            if time.monotonic() > deadline:
                raise LogAway("the standby does not say that it has what was written")
            time.sleep(_PAUSE_SECONDS)

    def _terminate_stopped(self, error: Exception) -> None:
        """Behind a wait for the lock that was too long: takes the lock from a node that has stopped, for the next
        try."""
        if isinstance(error, psycopg.errors.LockNotAvailable):
            with suppress(ConnectionLost, psycopg.Error):
                self._connection().execute(_END_WHO_STOPPED)

    def _connection(self) -> Connection:
        if self._writer is None:
            self._writer = Connection(self.url, durable=True)
        return self._writer

    def _note_loss(self) -> None:
        self.connection_losses += 1
        self._readers.close()

    def _discard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._note_loss()
        self._writer = None

    def _roll_back(self) -> None:
        """Rolls the transaction back, with the data keys that it made; else drops the connection."""
        self.keys_told += 1
        try:
            if self._writer is not None:
                self._writer.execute(Statement("ROLLBACK"))
        except (ConnectionLost, psycopg.Error):
            self._discard()

    def access_key(self, key_hash: bytes) -> StoredKey | None:
        keys = self._keys  # held here: a change of a key during the query puts a new dictionary in this one's place
        try:
            found = super().access_key(key_hash)
        except LogAway:
            if self._writer is None:
                raise
            with self.transaction() as t:  # the server may have no connection to spare but this one
                found = t.access_key(key_hash)
        if found is not None and keys is not None and len(keys) < _KEYS_MAX:
            keys[key_hash] = found
        return found

    def access_key_nowait(self, key_hash: bytes) -> StoredKey | None:
        """The access key with this hash, where the process has it in memory; else None. Holds also while the database
        is away, since no key can change then."""
        return self._keys.get(key_hash) if self._keys is not None else None

    def _keys_in_force(self, connection: Connection) -> dict[bytes, StoredKey]:
        """The newest `_KEYS_MAX` access keys in force, by hash. A key beyond them is read when it is used."""
        asked = f"SELECT * FROM ({KEYS_SQL} UNION ALL {KEYS_BY_FORMER_SQL}) AS secrets"
        rows = connection.rows(f"{asked} WHERE revoked_at IS NULL ORDER BY created_at DESC LIMIT {_KEYS_MAX}")
        return {key.hash: key for key in map(key_of, rows)}

    def wait_for_news(self, seconds: float, /) -> bool:
        """Implements `log.Log.wait_for_news`, on a connection of its own."""
        self.is_listening = True
        try:
            if self._listener is None or self._listens_after != self.connection_losses:
                self._listen()
                return True  # commits before the connection listened are news, too
            told = self._listener.wait(seconds)
            if not told:
                self._listener.execute(Statement("SELECT 1"))  # finds out whether the silence is a lost connection
            if KEYS in told:
                self._keys = self._keys_in_force(self._listener)
            if DATA_KEYS in told:
                self.keys_told += 1
            return any(each != self.node for each in told)
        except (ConnectionLost, psycopg.Error):
            if self._listener is not None:
                self._listener.close()
                self._listener = None
                self._note_loss()
                return False  # it listens anew at once: nobody tells of a revoked key meanwhile
            self._poll_keys()
            time.sleep(seconds)
            return False

    def _poll_keys(self) -> None:
        """Reads the access keys over the writing connection, if there is one, while no notification tells of changes by
        other nodes."""
        with self._writing:
            if self._writer is None:
                return
            try:
                self._keys = self._keys_in_force(self._writer)
                self.keys_told += 1
            except (ConnectionLost, psycopg.Error):
                self._discard()

    def _listen(self) -> None:
        """Listens on a new connection, since the old one may lead to a server that is no longer the primary."""
        if self._listener is not None:
            self._listener.close()
        self._listener, self._listens_after = None, self.connection_losses
        listener = Connection(self.url)
        try:
            listener.execute(Statement(f"LISTEN {CHANNEL}"))
            self._keys = self._keys_in_force(listener)
        except BaseException:
            listener.close()
            raise
        self._listener = listener

    def key_store(self, file: Path) -> PostgresKeyStore:  # noqa: ARG002  (for a log in a file)
        if self._data_keys is None:
            self._data_keys = PostgresKeyStore(self)
        return self._data_keys

    def beside(self, _file: Path, _tables: Sequence[str]) -> PostgresBeside:
        self._beside.append(PostgresBeside(self.url))
        return self._beside[-1]

    def faults(self) -> Iterator[Fault]:
        with library_errors(), self._readers.one() as connection:
            yield from faults(connection)

    def warnings(self, workers: int = 0) -> list[str]:
        ((standbys, fsync, pages, connections, there, withheld),) = self._rows(
            _WHAT_IT_STANDS_ON, ([SCHEMA, KEYS_SCHEMA],)
        )
        told = [] if standbys else [_NO_STANDBY]
        told += [
            _NOT_DURABLE.format(name) for name, on in (("fsync", fsync), ("full_page_writes", pages)) if on != b"on"
        ]
        if withheld is not None:
            told.append(
                f"this role has no rights on {withheld.decode()}, as behind an upgrade: `run.py postgres grants ROLE`"
                " prints those that it needs."
            )
        if connections < (needed := workers * _CONNECTIONS_OF_A_WORKER):
            told.append(
                f"PostgreSQL gives this role {counted(connections, 'connection')}, and the workers here may need"
                f" {needed}: what gets none is answered 503."
            )
        if abs(ahead := int(time.time()) - there) > _CLOCKS_APART_SECONDS_MAX:
            told.append(
                f"this machine's clock is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} PostgreSQL's; set the"
                " one that is wrong: what is recorded has its time for good, on every node."
            )
        return told

    def mend_indexes(self) -> None:
        with self.transaction() as t:
            t.mend_indexes()

    def close(self) -> None:
        """Closes all of the process's connections, which no other thread may be using. Their next use opens them
        again."""
        self._note_loss()
        for beside in self._beside:
            beside.close()
        with self._writing:
            for connection in (self._writer, self._listener):
                if connection is not None:
                    connection.close()
            self._writer = self._listener = self._keys = None
