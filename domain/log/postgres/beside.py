"""Tables beside the log in its PostgreSQL database, for all nodes. An advisory lock of the server marks the turn; the
server frees the lock when the connection that holds it ends."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from threading import Lock
from typing import Any, Final

import psycopg

from domain.log.log import BesideTransaction, Holds
from domain.log.postgres.connection import (
    LOCK_WAIT_SECONDS_MAX,
    Connection,
    ConnectionLost,
    Row,
    Statement,
    library_errors,
)

_NUMBER: Final = Statement("SELECT pg_current_xact_id()::text")
_STATUS: Final = "SELECT pg_xact_status($1::text::xid8)"
_PAUSE_SECONDS: Final = 0.05
_TURN: Final = Statement("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", ("order_ledger webhooks",))


class PostgresBeside:
    """Implements `log.Beside`. The tables are in the log's schema (`schema.py`), made with the log's own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._asking = Lock()

    def _open(self) -> Connection:
        if self._connection is None or not self._connection.is_usable:
            self._connection = Connection(self._url, durable=True, decodes=True)
        return self._connection

    def _asked(self, *statements: Statement) -> list[Row]:
        """The rows of the last of these statements, which change nothing. Asks again on a new connection where the old
        one is lost."""
        with suppress(ConnectionLost):
            return self._open().execute(*statements)[-1]
        return self._open().execute(*statements)[-1]

    def close(self) -> None:
        """Closes the connection. Its next use opens it again."""
        with self._asking:
            if self._connection is not None:
                self._connection.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        with self._asking, library_errors():
            return self._asked(_statement(sql, values))

    @contextmanager
    def transaction(self) -> Iterator[BesideTransaction]:
        with self._asking, library_errors():
            ((number,),) = self._asked(Statement("BEGIN"), _NUMBER)
            assert self._connection is not None
            try:
                yield _OfDatabase(self._connection)
            except BaseException:
                self._connection.close()  # the server then rolls the transaction back
                raise
            try:
                self._connection.execute(Statement("COMMIT"))
            except ConnectionLost:
                if not self._is_committed(number):
                    raise
                self._open().is_unreplicated = True  # the answer is lost, so the COMMIT may not have waited
            self._open().await_standby()

    def _is_committed(self, number: str) -> bool:
        """Whether a transaction whose connection was lost at its COMMIT is committed; False also where the server
        cannot tell in time."""
        deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX
        with suppress(psycopg.Error):  # a standby that took over may not know the transaction
            while (found := self._asked(Statement(_STATUS, (number,)))) == [("in progress",)]:
                if time.monotonic() > deadline:
                    break
                time.sleep(_PAUSE_SECONDS)
            return found == [("committed",)]
        return False

    @contextmanager
    def turn(self) -> Iterator[Holds | None]:
        with self._asking, library_errors():
            ((is_ours,),) = self._asked(_TURN)
            holding = self._connection
        if not is_ours or holding is None:
            yield None
            return
        try:
            yield lambda: self._is_there(holding)
        finally:
            holding.close()

    def _is_there(self, holding: Connection) -> bool:
        """Whether the connection that holds the lock still reaches the server, and is still this object's own."""
        with self._asking, suppress(ConnectionLost, psycopg.Error):
            holding.execute(Statement("SELECT 1"))
            return self._connection is holding
        return False


class _OfDatabase:
    """Implements `log.BesideTransaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._connection.execute(_statement(sql, values))[0]

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        if statements := [_statement(sql, values) for values in rows]:
            self._connection.execute(*statements)


def _statement(sql: str, values: Sequence[Any]) -> Statement:
    """A statement with `$1`, `$2` and so on for each `?`. A NUL is replaced: PostgreSQL's text cannot hold one, and a
    webhook receiver's answer may."""
    numbers = count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
    return Statement(numbered, [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values])
