"""Tables beside the log in its PostgreSQL database, for all nodes. A lock of the server's says whose turn it is, and
goes with the connection that has it."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from threading import Lock
from typing import Any, Final

import psycopg

from domain.log.log import Changing, Holds
from domain.log.postgres.connection import LOCK_WAIT_SECONDS_MAX, Connection, Lost, Row, Statement, library_errors

_NUMBER: Final = Statement("SELECT pg_current_xact_id()::text")
_STATUS: Final = "SELECT pg_xact_status($1::text::xid8)"
_PAUSE_SECONDS: Final = 0.05
_TURN: Final = Statement("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", ("order_ledger webhooks",))


class PostgresBeside:
    """Implements `log.Beside`. The tables are made with the log's, by their owner."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._asking = Lock()

    def _open(self) -> Connection:
        if self._connection is None or not self._connection.is_usable:
            self._connection = Connection(self._url, durable=True, decodes=True)
        return self._connection

    def _asked(self, *statements: Statement) -> list[Row]:
        """The rows of the last of what changes nothing; on a new connection where the one that there was is lost."""
        with suppress(Lost):
            return self._open().ask(*statements)[-1]
        return self._open().ask(*statements)[-1]

    def close(self) -> None:
        """Closes the connection, which opens again when it is used."""
        with self._asking:
            if self._connection is not None:
                self._connection.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        with self._asking, library_errors():
            return self._asked(_statement(sql, values))

    @contextmanager
    def transaction(self) -> Iterator[Changing]:
        with self._asking, library_errors():
            ((number,),) = self._asked(Statement("BEGIN"), _NUMBER)
            assert self._connection is not None
            try:
                yield _OfDatabase(self._connection)
            except BaseException:
                self._connection.close()  # and with it what is not committed
                raise
            try:
                self._connection.ask(Statement("COMMIT"))
            except Lost:
                if not self._is_committed(number):
                    raise
                self._open().is_unreplicated = True  # whether it has waited nobody has heard
            self._open().await_standby()

    def _is_committed(self, number: str) -> bool:
        """What became of a transaction whose connection was lost at its end; False also where nobody knows it yet."""
        deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX
        with suppress(psycopg.Error):  # a server that took over may never have heard of it
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
        """Whether the connection that has the lock is still that to the server."""
        with self._asking, suppress(Lost, psycopg.Error):
            holding.ask(Statement("SELECT 1"))
            return self._connection is holding
        return False


class _OfDatabase:
    """Implements `log.Changing`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def do(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._connection.ask(_statement(sql, values))[0]

    def do_each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        if statements := [_statement(sql, values) for values in rows]:
            self._connection.ask(*statements)


def _statement(sql: str, values: Sequence[Any]) -> Statement:
    """With the values numbered. No text of PostgreSQL can hold a NUL, and the answer of a receiver may."""
    numbers = count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
    return Statement(numbered, [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values])
