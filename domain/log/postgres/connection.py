"""One connection to PostgreSQL: statements go out together and their answers come together, and no wait is endless.

This is the protocol's pipeline, by the driver's own calls of libpq: the driver's `pipeline()` sends a Flush behind its
last Sync, and the server never takes a client that has sent one for idle, so that
`idle_in_transaction_session_timeout` would not take the lock from a node that has stopped.
"""

import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import psycopg
from eventsourcing.persistence import IntegrityError, OperationalError
from psycopg import pq
from psycopg.abc import RV, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8
from psycopg.types.string import ByteaBinaryLoader

from domain.log.log import LogAway, LogBusy, LogForbidden, LogFull
from domain.wanted import Interrupted, must_be_wanted

SCHEMA: Final = "order_ledger"
LOCK_WAIT_SECONDS_MAX: Final = 2.5
# A node that stops while it has the lock holds up the others; after this the server takes it away.
IDLE_SECONDS_MAX: Final = 2.0
ANSWER_SECONDS_MAX: Final = 5.0
# Of what reads all of a table, for an operator's command: such a table may be as large as it likes.
WHOLE_SECONDS_MAX: Final = 3_600.0
# How often a thread that waits for what it reads looks whether anybody wants it still.
_LOOK_EVERY_SECONDS: Final = 0.05
_CONNECT: Final[dict[str, Any]] = {
    # Of seconds, the fewest that libpq takes.
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "target_session_attrs": "read-write",
    "application_name": "order_ledger",
}
_SETTINGS: Final = {
    "search_path": SCHEMA,
    "client_encoding": "UTF8",
    "lock_timeout": f"{LOCK_WAIT_SECONDS_MAX}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS_MAX}s",
    "statement_timeout": "0",
    "idle_session_timeout": "0",
    # What was written while one waited for the lock is to be seen behind it.
    "default_transaction_isolation": "read committed",
    # A COMMIT that did not wait for the standby says so in a warning.
    "client_min_messages": "warning",
    # The server finds out about a node that is gone as fast as a node about the server.
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
    # What a value may be is none of the database's business: a list of nulls alone is sent as text.
    "array_nulls": "on",
    # A plan is made once for each connection; none of our queries is of the kind that another plan would serve better.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
_VERSION_MIN: Final = 140_000
# Servers of this version and newer end what takes longer, also what holds the ledger while it is copied.
_VERSION_OF_TRANSACTION_TIMEOUT: Final = 170_000
# Set in any case: what a session has not set, the server changes when it reads its configuration again.
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply'"
    " THEN 'remote_apply' ELSE 'on' END, false)"
)
# Its COMMIT waits for the standby, as that of what only reads does not.
_A_WRITE: Final = "SELECT pg_logical_emit_message(true, 'order_ledger', '')"
# What the server says when it ends a connection, or a statement, for a reason that is no fault of what was asked.
_OVER: Final = ("08", "57", "25P03", "25006", "40", "53300")
_NO_PRIMARY: Final = (
    "the address should name the primary, alone or among its standbys, and neither its role nor its database may have"
    " default_transaction_read_only"
)
_NO_SESSIONS: Final = (
    "a pooler between gives no connection a session of its own; it should have pool_mode = session, or the address"
    " should name PostgreSQL itself"
)
_NO_RIGHT: Final = (
    "`run.py postgres grants ROLE` prints what a role needs to serve, and the owner of the tables does all else"
)
_FINE: Final = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)

Row = tuple[Any, ...]


class Statement(NamedTuple):
    """SQL with `$1` for its first value."""

    sql: str
    values: Sequence[Any] = ()


class Lost(Exception):
    """The connection is over, or the server did not answer in time. What was under way may be there, or not."""


class SessionsNotKept(OperationalError):
    """What one asks on a connection is answered by whichever session of the server is free: settings and locks of one
    are another's, and who listens hears nothing."""


class _Driver(psycopg.Connection[Row]):
    """The driver's own waits have an end, too: a proxy between may answer for a server that is gone."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = ANSWER_SECONDS_MAX) -> RV:
        return super().wait(gen, interval, timeout)


class Connection:
    """Raises Lost, and the driver's errors. One that only `reads` raises Interrupted where nobody wants what it reads
    any more, and is over then: the server ends a query whose connection is gone."""

    def __init__(self, url: str, *, durable: bool = False, decodes: bool = False, reads: bool = False) -> None:
        with _lost():
            self._driver = _Driver.connect(autocommit=True, **_CONNECT | conninfo_to_dict(url))
        if not decodes:
            # Text comes as its bytes: a damaged byte is then a damaged record, and no exception out of the driver.
            self._driver.adapters.register_loader("text", ByteaBinaryLoader)
        self._driver.add_notice_handler(self._note)
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._poll = select.poll()
        self._reads = reads
        # Whether a COMMIT was told not to wait for the standby any longer.
        self.is_unreplicated = False
        if (version := self._driver.info.server_version) < _VERSION_MIN:
            self.close()
            raise OperationalError(f"PostgreSQL {version // 10_000} is too old; a ledger needs version 14 or newer.")
        self.ask(*(Statement(f"SET {name} = '{value}'") for name, value in _SETTINGS.items()))
        if version >= _VERSION_OF_TRANSACTION_TIMEOUT:
            self.ask(Statement("SET transaction_timeout = 0"))
        if durable:
            self.ask(Statement(_DURABLE))

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        # Such a COMMIT says all is well but for this warning, in the server's language: its function is not translated.
        if notice.source_function == "SyncRepWaitForLSN":
            self.is_unreplicated = True

    @property
    def is_usable(self) -> bool:
        return not self._driver.closed and self._driver.info.transaction_status == pq.TransactionStatus.IDLE

    def close(self) -> None:
        self._driver.close()

    def ask(self, *statements: Statement, seconds: float = ANSWER_SECONDS_MAX) -> list[list[Row]]:
        """The rows of each statement; where one fails, none behind it is done. One round trip."""
        deadline = time.monotonic() + seconds
        pgconn = self._driver.pgconn
        try:
            with _lost():
                pgconn.enter_pipeline_mode()
                awaited = [self._send(statement) for statement in statements]
                pgconn.pipeline_sync()
                results = self._results(deadline)
                pgconn.exit_pipeline_mode()
            return self._rows(awaited, results)
        except (Lost, Interrupted):
            self.close()
            raise

    def await_standby(self) -> None:
        """Where a COMMIT was told not to wait for the standby, does so by another one behind it. Raises Lost where that
        has not waited either."""
        if self.is_unreplicated:
            self.is_unreplicated = False
            self.ask(Statement("BEGIN"), Statement(_A_WRITE), Statement("COMMIT"))
        if self.is_unreplicated:
            raise Lost("the standby does not say that it has what was written")

    def rows(self, sql: str, values: Sequence[Any] = (), *, seconds: float = ANSWER_SECONDS_MAX) -> list[Row]:
        return self.ask(Statement(sql, values), seconds=seconds)[0]

    def copied(self, sql: str) -> list[Row]:
        """The rows of a query for whole records that has no values, by COPY, which a pipeline cannot do."""
        must_be_wanted()
        with _lost(), self._driver.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "text", "int8", *["text"] * 6, "bytea"])
            try:
                return list(copy.rows())
            except psycopg.OperationalError:
                self.close()  # else the driver has the server cancel it, and waits for that
                raise

    def wait(self, seconds: float) -> list[str]:
        """The payloads of the notifications that come within this time; returns with the first."""
        with _lost():
            # The driver waits for more to come before it looks at those that came with an answer.
            came = list(iter(self._driver.pgconn.notifies, None))
            coming = () if came else self._driver.notifies(timeout=seconds, stop_after=1)
            return [notify.extra.decode() for notify in came] + [notify.payload for notify in coming]

    # --- the protocol ---

    def _send(self, statement: Statement) -> tuple[str, tuple[int, ...], bytes] | None:
        """Puts a statement into the pipeline; what is to be noted as prepared once that has succeeded."""
        sql, values = statement
        transformer = Transformer(self._driver)
        typed = [Int8(value) if type(value) is int else value for value in values]
        dumped = transformer.dump_sequence(typed, [PyFormat.BINARY] * len(typed))
        types = tuple(transformer.types or ())
        name, new = self._prepared.get((sql, types)), None
        pgconn = self._driver.pgconn
        if name is None:
            # A name is never given again, whatever became of the statement.
            self._names += 1
            name = b"ledger %d" % self._names
            pgconn.send_prepare(name, sql.encode(), types)
            new = (sql, types, name)
        pgconn.send_query_prepared(name, dumped, transformer.formats, pq.Format.BINARY)
        return new

    _names = 0

    def _results(self, deadline: float) -> "list[pq.abc.PGresult]":
        """All results up to the pipeline's end."""
        pgconn = self._driver.pgconn
        results: list[pq.abc.PGresult] = []
        while True:
            self._await(deadline)
            result = pgconn.get_result()
            if result is not None and result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            if result is not None:
                results.append(result)
            if pgconn.status == pq.ConnStatus.BAD:
                raise Lost(pgconn.get_error_message())

    def _await(self, deadline: float) -> None:
        """Waits until all is sent and a result is there."""
        pgconn = self._driver.pgconn
        while (is_unsent := pgconn.flush() == 1) or pgconn.is_busy():
            self._poll.register(pgconn.socket, select.POLLIN | (select.POLLOUT if is_unsent else 0))
            if (left := deadline - time.monotonic()) <= 0:
                raise Lost("the server does not answer")
            if self._reads:
                must_be_wanted()
            if self._poll.poll(min(left, _LOOK_EVERY_SECONDS) * 1_000):
                pgconn.consume_input()

    def _rows(
        self, awaited: Sequence[tuple[str, tuple[int, ...], bytes] | None], results: "list[pq.abc.PGresult]"
    ) -> list[list[Row]]:
        found: list[list[Row]] = []
        coming = iter(results)
        for new in awaited:
            if new is not None:
                self._must_be_fine(next(coming))
                self._prepared[new[:2]] = new[2]
            result = next(coming)
            self._must_be_fine(result)
            transformer = Transformer(self._driver)
            transformer.set_pgresult(result)
            found.append(transformer.load_rows(0, result.ntuples, tuple))
        return found

    def _must_be_fine(self, result: "pq.abc.PGresult") -> None:
        if result.status in _FINE:
            return
        error = psycopg.errors.error_from_result(result)
        if (error.sqlstate or "").startswith(_OVER):
            raise Lost(str(error)) from error
        raise error


def must_keep_sessions(one: Connection, other: Connection) -> None:
    """Raises SessionsNotKept where two connections, used in turns, are not each one session of the server."""
    first, between, again = (each.rows("SELECT pg_backend_pid()") for each in (one, other, one))
    if first != again or first == between:
        raise SessionsNotKept(_NO_SESSIONS)


@contextmanager
def _lost() -> Iterator[None]:
    """What the driver raises where a connection cannot be made, or breaks, as Lost."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Lost(str(error)) from error


class library_errors:  # noqa: N801  (used like a function, as SQLite's)
    """Raises what goes wrong as the eventsourcing library's errors."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, psycopg.IntegrityError):
            raise IntegrityError(str(error)) from error
        if isinstance(error, Lost):
            is_standby = "read-only" in str(error)
            raise LogAway(f"{error}; {_NO_PRIMARY}" if is_standby else str(error)) from error
        if isinstance(error, psycopg.errors.LockNotAvailable):
            raise LogBusy(f"another node kept the log's lock for {LOCK_WAIT_SECONDS_MAX} s") from error
        if isinstance(error, psycopg.errors.DiskFull):
            raise LogFull(str(error)) from error
        # What was prepared is there by somebody else, or not any more.
        if isinstance(error, psycopg.errors.DuplicatePreparedStatement | psycopg.errors.InvalidSqlStatementName):
            raise SessionsNotKept(_NO_SESSIONS) from error
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise LogForbidden(f"{error.diag.message_primary}; {_NO_RIGHT}") from error
        if isinstance(error, psycopg.Error):
            raise OperationalError(str(error)) from error


class Readers:
    """Connections for reading that nobody uses just now; there are as many as were ever used at one time.

    A connection does not live through a fork: whoever forks closes them before.
    """

    def __init__(self, url: str, on_loss: Callable[[], None]) -> None:
        self._url = url
        self._on_loss = on_loss
        self._idle: list[Connection] = []

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection that is one's own meanwhile."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(self._url, reads=True)
        try:
            yield connection
        finally:
            if connection.is_usable:
                self._idle.append(connection)
            else:
                connection.close()

    def rows(self, sql: str, values: Sequence[Any], seconds: float) -> list[Row]:
        """What a query finds."""
        return self._on_one_that_lives(lambda connection: connection.rows(sql, values, seconds=seconds))

    def copied(self, sql: str) -> list[Row]:
        """What a query without values finds, as many rows as it may be."""
        return self._on_one_that_lives(lambda connection: connection.copied(sql))

    def _on_one_that_lives(self, ask: Callable[[Connection], list[Row]]) -> list[Row]:
        """Where a connection turns out to be over, all are, and another is made."""
        while self._idle:
            try:
                with self.one() as connection:
                    return ask(connection)
            except Lost:
                self._on_loss()
        with self.one() as connection:
            return ask(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
