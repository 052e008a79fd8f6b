"""What is a view? Its tables, the making of their rows from the log, and the code that the rows depend on."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

import msgspec

from domain.aggregate import Event, Kind, State
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3

if TYPE_CHECKING:
    from sqlite_utils import Database

_ROOT: Final = Path(__file__).parents[2]
# An import at the top of a module: the package of ours, and the names imported from it.
_IMPORT: Final = re.compile(
    rb"^(?:from ((?:domain|projections)[\w.]*) import (\w.*|\([^)]*\))|import ((?:domain|projections)[\w.]*))",
    re.MULTILINE,
)
# Rows travel between processes as MessagePack.
Row = Any


class View(ABC):
    """A read model: a pure function of the log's records."""

    name: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]
    # The query of each table that is made from other tables alone.
    made_of: ClassVar[Mapping[str, str]] = {}
    # For each table with rows beside those of `orders`: the condition that joins the two.
    beside_orders: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def create(self, database: "Database") -> None:
        """Makes the tables in a file that does not have them."""

    @abstractmethod
    def index(self, database: "Database") -> None:
        """Makes indexes and triggers. A rebuild does so last, when the rows are there."""

    @abstractmethod
    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Writes rows, over the same histories' earlier rows."""

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Writes rows of histories that have none yet. A rebuild does so before `index`."""
        self.put(connection, rows)


class RecordView(View):
    """A view of the records themselves, even of histories that cannot be read."""

    @abstractmethod
    def of_records(self, raws: Sequence[RawRecord]) -> list[Row]:
        """The rows of the log's next records."""

    @abstractmethod
    def cut(self, connection: sqlite3.Connection, position: int) -> None:
        """Deletes the rows of the records behind a position."""


class History(msgspec.Struct):
    """Some of the records of one history, folded."""

    kind: Kind[Any]
    # The position of the first of these records.
    first: int
    # The state after the last of these records.
    state: Any
    # The digest and the position of the last of these records.
    digest: bytes = b""
    last: int = 0
    # The rows of these records' events, by the name of the view.
    rows: dict[str, list[Row]] = {}


class HistoryView(View):
    """A view of each history of one kind."""

    kind: ClassVar[Kind[Any]]
    # A verification's reason where a history's rows differ from those that its events make.
    differs: ClassVar[str] = "its rows in the views are not what its events make"

    @abstractmethod
    def of_history(self, history: History) -> list[Row]:
        """The new and changed rows after the records of a history."""

    @abstractmethod
    def remove(self, connection: sqlite3.Connection, state: Any) -> None:
        """Deletes the rows of a history that cannot be read any more; `state` is its last state in the views."""

    @abstractmethod
    def shown(self, connection: sqlite3.Connection, states: Sequence[Any]) -> dict[UUID, list[Row]]:
        """The rows of whole histories with these states, as `of_history` makes them, by the histories' UUIDs; histories
        without rows are left out."""


class EventView(HistoryView):
    """A view with a row for each event of some shapes."""

    events: ClassVar[tuple[type[Event], ...]]

    @abstractmethod
    def of_event(self, raw: RawRecord, state: Any) -> Row:
        """The row of an event, from its record and the state after it.

        Raises ValueError where a field of the record has a wrong value.
        """

    def of_history(self, history: History) -> list[Row]:
        return history.rows.get(self.name, [])


class StateView(HistoryView):
    """A view that keeps the state of each history, onto which the next records are folded."""

    @abstractmethod
    def state(self, connection: sqlite3.Connection, uuid: str) -> State | None:
        """The state of a history; None where the view has none, or a damaged one."""

    @abstractmethod
    def version(self, connection: sqlite3.Connection, uuid: str) -> int | None:
        """The version of a history's state; None where the view does not have the history."""

    @abstractmethod
    def uuids(self, connection: sqlite3.Connection) -> Iterator[str]:
        """The UUIDs of all histories in the view."""


def fingerprint_of(view: View) -> str:
    """The fingerprint of the code that a view's rows depend on. A change of any of it may change a row, so the view is
    made anew."""
    return fingerprint(*sources(type(view).__module__))


def fingerprint(*paths: str) -> str:
    """The SHA-256 of source files; their paths are relative to the program's folder."""
    files = [path.encode() + b"\0" + (_ROOT / path).read_bytes() for path in sorted(paths)]
    return hashlib.sha256(b"\0".join(files)).hexdigest()


@cache
def sources(module: str) -> frozenset[str]:
    """The source files of a module and of all modules of ours that it imports, directly or through others."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = _source(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        for package, names, whole in _IMPORT.findall((_ROOT / path).read_bytes()):
            source = (package or whole).decode()
            waiting += [source, *(f"{source}.{name}" for name in re.findall(r"\w+", names.decode()))]
    return frozenset(found)


def _source(module: str) -> str | None:
    """The file of a module of ours; None where there is no such module."""
    path = module.replace(".", "/")
    return next((name for name in (f"{path}.py", f"{path}/__init__.py") if (_ROOT / name).is_file()), None)
