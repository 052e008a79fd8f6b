"""One connection to PostgreSQL: it sends statements together, reads their answers together, and no wait is endless.

It uses the protocol's pipeline mode by libpq's calls, not by the driver's `pipeline()`. That one sends a Flush behind
its last Sync, and the server never counts a client that has sent a Flush as idle. So
`idle_in_transaction_session_timeout` would not take the lock from a node that has stopped.
"""

import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

import psycopg
from eventsourcing.persistence import IntegrityError, OperationalError
from psycopg import pq
from psycopg.abc import RV, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8
from psycopg.types.string import ByteaBinaryLoader

from domain.interrupting import Interrupted, raise_if_interrupted
from domain.log.log import LogAway, LogBusy, LogForbidden, LogFull

SCHEMA: Final = "order_ledger"
LOCK_WAIT_SECONDS_MAX: Final = 2.5
# A node that stops while it has the lock holds up the others; after this time the server takes the lock away.
IDLE_SECONDS_MAX: Final = 2.0
ANSWER_SECONDS_MAX: Final = 5.0
# The limit for reads of a whole table, of any size, by an operator's command.
WHOLE_SECONDS_MAX: Final = 3_600.0
# An idle connection for reading that nobody needed for this long is closed: a burst has opened it.
SPARE_SECONDS_MAX: Final = 60.0
# A thread that waits for rows looks at this interval whether its caller still wants them.
_LOOK_EVERY_SECONDS: Final = 0.05
_CONNECT: Final[dict[str, Any]] = {
    # The fewest seconds that libpq takes.
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
    # A statement behind the lock must see the commits that were made while the transaction waited for the lock.
    "default_transaction_isolation": "read committed",
    # A COMMIT that did not wait for the standby says so in a warning.
    "client_min_messages": "warning",
    # The server notices a node that is gone as fast as a node notices a server that is gone.
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
    # The driver sends a list of nulls alone as text, in which the server must read NULL as null.
    "array_nulls": "on",
    # The server plans each query once for a connection; no query here gains by a plan for its values.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
_VERSION_MIN: Final = 140_000
# Servers from this version on have transaction_timeout, which would also end the transaction that holds a log while it
# is copied.
_VERSION_OF_TRANSACTION_TIMEOUT: Final = 170_000
# Set even to its present value: the server changes a setting that a session has not set when it reloads its
# configuration.
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply'"
    " THEN 'remote_apply' ELSE 'on' END, false)"
)
# A write, so that its COMMIT waits for the standby; the COMMIT of a transaction that only reads does not wait.
_A_WRITE: Final = "SELECT pg_logical_emit_message(true, 'order_ledger', '')"
# The beginnings of SQLSTATEs by which the server ends a connection, or a statement, for a reason outside of it.
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
    """An SQL statement with `$1`, `$2` and so on for its values."""

    sql: str
    values: Sequence[Any] = ()


class ConnectionLost(Exception):
    """The connection is over, or the server did not answer in time. A write that was under way may be committed."""


class SessionsNotKept(OperationalError):
    """A pooler before the server gives each statement to any free session. So connections share settings and locks,
    and a connection that listens hears nothing."""


class _Driver(psycopg.Connection[Row]):
    """The driver's connection, with a limit on its own waits: a proxy before the server may keep a connection open
    after the server is gone."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = ANSWER_SECONDS_MAX) -> RV:
        return super().wait(gen, interval, timeout)


class Connection:
    """One connection to PostgreSQL. Its methods raise ConnectionLost and the driver's errors.

    A connection that only `reads` raises Interrupted once its caller no longer wants the rows, and closes: the server
    ends a query whose connection is gone.
    """

    def __init__(self, url: str, *, durable: bool = False, decodes: bool = False, reads: bool = False) -> None:
        with _lost():
            self._driver = _Driver.connect(autocommit=True, **_CONNECT | conninfo_to_dict(url))
        if not decodes:
            # Text is read as bytes, so that a damaged byte is a damaged record and not an exception out of the driver.
            self._driver.adapters.register_loader("text", ByteaBinaryLoader)
        self._driver.add_notice_handler(self._note)
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._poll = select.poll()
        self._reads = reads
        self.used_at = 0.0
        # Whether the server ended a COMMIT's wait for the standby early.
        self.is_unreplicated = False
        if (version := self._driver.info.server_version) < _VERSION_MIN:
            self.close()
            raise OperationalError(f"PostgreSQL {version // 10_000} is too old; a ledger needs version 14 or newer.")
        self.execute(*(Statement(f"SET {name} = '{value}'") for name, value in _SETTINGS.items()))
        if version >= _VERSION_OF_TRANSACTION_TIMEOUT:
            self.execute(Statement("SET transaction_timeout = 0"))
        if durable:
            self.execute(Statement(_DURABLE))

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        # Such a COMMIT succeeds, with a warning in the server's language. The name of the server's function in the
        # warning is not translated.
        if notice.source_function == "SyncRepWaitForLSN":
            self.is_unreplicated = True

    @property
    def is_usable(self) -> bool:
        return not self._driver.closed and self._driver.info.transaction_status == pq.TransactionStatus.IDLE

    def close(self) -> None:
        self._driver.close()

    def execute(self, *statements: Statement, seconds: float = ANSWER_SECONDS_MAX) -> list[list[Row]]:
        """Executes statements in one round trip; returns the rows of each. None behind a failed statement is done."""
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
        except (ConnectionLost, Interrupted):
            self.close()
            raise

    def await_standby(self) -> None:
        """Makes up for a COMMIT that did not wait for the standby, by a second COMMIT behind it. Raises ConnectionLost
        where the second has not waited either."""
        if self.is_unreplicated:
            self.is_unreplicated = False
            self.execute(Statement("BEGIN"), Statement(_A_WRITE), Statement("COMMIT"))
        if self.is_unreplicated:
            raise ConnectionLost("the standby does not say that it has what was written")

    def rows(self, sql: str, values: Sequence[Any] = (), *, seconds: float = ANSWER_SECONDS_MAX) -> list[Row]:
        return self.execute(Statement(sql, values), seconds=seconds)[0]

    def copied(self, sql: str) -> list[Row]:
        """The rows of a query for whole records, without values. Uses COPY, which a pipeline cannot do."""
        raise_if_interrupted()
        with _lost(), self._driver.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "text", "int8", *["text"] * 6, "bytea"])
            try:
                return list(copy.rows())
            except psycopg.OperationalError:
                self.close()  # else the driver asks the server to cancel the query, and waits for the answer
                raise

    def wait(self, seconds: float) -> list[str]:
        """Waits up to so many seconds for notifications; returns their payloads as soon as there is one."""
        with _lost():
            # The driver would wait for new notifications before it looks at those that came with an earlier answer.
            came = list(iter(self._driver.pgconn.notifies, None))
            coming = () if came else self._driver.notifies(timeout=seconds, stop_after=1)
            return [notify.extra.decode() for notify in came] + [notify.payload for notify in coming]

    # --- the protocol ---

    def _send(self, statement: Statement) -> tuple[str, tuple[int, ...], bytes] | None:
        """Puts a statement into the pipeline. Returns the statement's SQL, types and name where it is prepared for the
        first time, to be noted once the server has prepared it."""
        sql, values = statement
        transformer = Transformer(self._driver)
        typed = [Int8(value) if type(value) is int else value for value in values]
        dumped = transformer.dump_sequence(typed, [PyFormat.BINARY] * len(typed))
        types = tuple(transformer.types or ())
        name, new = self._prepared.get((sql, types)), None
        pgconn = self._driver.pgconn
        if name is None:
            # A name is never used again, even where preparing the statement failed.
            self._names += 1
            name = b"ledger %d" % self._names
            pgconn.send_prepare(name, sql.encode(), types)
            new = (sql, types, name)
        pgconn.send_query_prepared(name, dumped, transformer.formats, pq.Format.BINARY)
        return new

    _names = 0

    def _results(self, deadline: float) -> "list[pq.abc.PGresult]":
        """All results up to the pipeline's end. Raises ConnectionLost."""
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
                raise ConnectionLost(pgconn.get_error_message())

    def _await(self, deadline: float) -> None:
        """Waits until all statements are sent and a result is there. Raises ConnectionLost at the deadline, and
        Interrupted."""
        pgconn = self._driver.pgconn
        while (is_unsent := pgconn.flush() == 1) or pgconn.is_busy():
            self._poll.register(pgconn.socket, select.POLLIN | (select.POLLOUT if is_unsent else 0))
            if (left := deadline - time.monotonic()) <= 0:
                raise ConnectionLost("the server does not answer")
            if self._reads:
                raise_if_interrupted()
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
            raise ConnectionLost(str(error)) from error
        raise error


def must_keep_sessions(one: Connection, other: Connection) -> None:
    """Raises SessionsNotKept where two connections, used in turns, do not each keep a session of the server."""
    first, between, again = (each.rows("SELECT pg_backend_pid()") for each in (one, other, one))
    if first != again or first == between:
        raise SessionsNotKept(_NO_SESSIONS)


@contextmanager
def _lost() -> Iterator[None]:
    """Turns the driver's errors of a connection that cannot be made, or breaks, into ConnectionLost."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise ConnectionLost(str(error)) from error


class library_errors:  # noqa: N801  (used like a function, as SQLite's)
    """Turns ConnectionLost and the driver's errors into those of the eventsourcing library."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, psycopg.IntegrityError):
            raise IntegrityError(str(error)) from error
        if isinstance(error, ConnectionLost):
            is_standby = "read-only" in str(error)
            raise LogAway(f"{error}; {_NO_PRIMARY}" if is_standby else str(error)) from error
        if isinstance(error, psycopg.errors.LockNotAvailable):
            raise LogBusy(f"another node kept the log's lock for {LOCK_WAIT_SECONDS_MAX} s") from error
        if isinstance(error, psycopg.errors.DiskFull):
            raise LogFull(str(error)) from error
        # A pooler has given the connection another session: its prepared statements are another client's, or gone.
        if isinstance(error, psycopg.errors.DuplicatePreparedStatement | psycopg.errors.InvalidSqlStatementName):
            raise SessionsNotKept(_NO_SESSIONS) from error
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise LogForbidden(f"{error.diag.message_primary}; {_NO_RIGHT}") from error
        if isinstance(error, psycopg.Error):
            raise OperationalError(str(error)) from error


class ReaderPool:
    """The pool of idle connections for reading. It keeps as many as were in use at one time of late.

    A connection does not survive a fork, so a process must close the pool before it forks.
    """

    def __init__(self, url: str, on_loss: Callable[[], None]) -> None:
        self._url = url
        self._on_loss = on_loss
        self._idle: list[Connection] = []

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection for the caller alone, until the block ends."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(self._url, reads=True)
        try:
            yield connection
        finally:
            if connection.is_usable:
                connection.used_at = time.monotonic()
                self._idle.append(connection)
            else:
                connection.close()
            self._close_idle()

    def _close_idle(self) -> None:
        """Closes what was idle for long: the connection that came back last is used next, so a spare one stays idle."""
        with suppress(IndexError):  # other threads take some, too
            while self._idle[0].used_at < time.monotonic() - SPARE_SECONDS_MAX:
                self._idle.pop(0).close()

    def rows(self, sql: str, values: Sequence[Any], seconds: float) -> list[Row]:
        """The rows of a query, which has so many seconds."""
        return self._retried(lambda connection: connection.rows(sql, values, seconds=seconds))

    def copied(self, sql: str) -> list[Row]:
        """The rows of a query for whole records, without values."""
        return self._retried(lambda connection: connection.copied(sql))

    def _retried(self, ask: Callable[[Connection], list[Row]]) -> list[Row]:
        """Asks on an idle connection. Where it is lost, drops every idle connection and asks again on a new one."""
        while self._idle:
            try:
                with self.one() as connection:
                    return ask(connection)
            except ConnectionLost:
                self._on_loss()
        with self.one() as connection:
            return ask(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
