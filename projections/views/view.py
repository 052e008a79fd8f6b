"""What is a view? Its tables, how the log becomes their rows, and what code those rows depend on."""

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
# An import at the top of a module: the package of ours, and the names from it.
_IMPORT: Final = re.compile(
    rb"^(?:from ((?:domain|projections)[\w.]*) import (\w.*|\([^)]*\))|import ((?:domain|projections)[\w.]*))",
    re.MULTILINE,
)
# Between processes rows travel as MessagePack.
Row = Any


class View(ABC):
    """One read model: a pure function of the log's records."""

    name: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]
    # Of tables whose rows follow from other tables alone: the query that makes them.
    made_of: ClassVar[Mapping[str, str]] = {}
    # Of tables whose rows stand beside one of `orders`: by which columns.
    beside_orders: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def create(self, database: "Database") -> None:
        """Makes the tables in a file that does not have them."""

    @abstractmethod
    def index(self, database: "Database") -> None:
        """Makes indexes and the like; a rebuild does it last, when the rows are there."""

    @abstractmethod
    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Writes rows, over the same histories' rows of before."""

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """`put`, where these histories have no rows yet. A rebuild does it before `index`."""
        self.put(connection, rows)


class RecordView(View):
    """A view of the records as they are, whether or not their histories can be read."""

    @abstractmethod
    def of_records(self, raws: Sequence[RawRecord]) -> list[Row]:
        """The rows of the log's next records."""

    @abstractmethod
    def cut(self, connection: sqlite3.Connection, position: int) -> None:
        """Takes out the rows of the records behind a position."""


class History(msgspec.Struct):
    """Some of the records of one history, folded."""

    kind: Kind[Any]
    # The position of the first of the records.
    first: int
    # The state after the last of them.
    state: Any
    # The digest of the last of them, and its position.
    digest: bytes = b""
    last: int = 0
    # The rows of the events among them, by the name of the view.
    rows: dict[str, list[Row]] = {}


class HistoryView(View):
    """A view of each history of one kind."""

    kind: ClassVar[Kind[Any]]
    # A verification's reason where the rows are not those that the history's events make.
    differs: ClassVar[str] = "its rows in the views are not what its events make"

    @abstractmethod
    def of_history(self, history: History) -> list[Row]:
        """The rows that are new or other after the records of a history."""

    @abstractmethod
    def remove(self, connection: sqlite3.Connection, state: Any) -> None:
        """Takes out the rows of a history that cannot be read any more; `state` is its last one in the views."""

    @abstractmethod
    def shown(self, connection: sqlite3.Connection, states: Sequence[Any]) -> dict[UUID, list[Row]]:
        """The rows of whole histories that have these states, as `of_history` makes them; by the histories' UUIDs, of
        those that have any."""


class EventView(HistoryView):
    """A view with a row for each event of some shapes."""

    events: ClassVar[tuple[type[Event], ...]]

    @abstractmethod
    def of_event(self, raw: RawRecord, state: Any) -> Row:
        """The row of an event, from its record and the state after it.

        Raises ValueError where the record has something else in a field than what belongs there.
        """

    def of_history(self, history: History) -> list[Row]:
        return history.rows.get(self.name, [])


class StateView(HistoryView):
    """A view that keeps the state of each history, onto which the next records are folded."""

    @abstractmethod
    def state(self, connection: sqlite3.Connection, uuid: str) -> State | None:
        """The state of a history; None where the view has not got it, or what it has is damaged."""

    @abstractmethod
    def version(self, connection: sqlite3.Connection, uuid: str) -> int | None:
        """The version of a history's state; None where the view has not got it."""

    @abstractmethod
    def uuids(self, connection: sqlite3.Connection) -> Iterator[str]:
        """Every history that the view shows."""


def fingerprint_of(view: View) -> str:
    """Names the code that a view's rows depend on: a change of any of it may change a row, so it asks for new ones."""
    return fingerprint(*sources(type(view).__module__))


def fingerprint(*paths: str) -> str:
    """Names the content of source files, whose paths are relative to the program's folder."""
    files = [path.encode() + b"\0" + (_ROOT / path).read_bytes() for path in sorted(paths)]
    return hashlib.sha256(b"\0".join(files)).hexdigest()


@cache
def sources(module: str) -> frozenset[str]:
    """A module's source file and those of all modules of ours that it imports, and that these import."""
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
    """The file of a module of ours; None where there is none of this name."""
    path = module.replace(".", "/")
    return next((name for name in (f"{path}.py", f"{path}/__init__.py") if (_ROOT / name).is_file()), None)
