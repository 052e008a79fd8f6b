"""How do the log's next records come into the views? One batch in one transaction, exactly once."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from eventsourcing.persistence import PersistenceError

from domain import aggregate
from domain.aggregate import BrokenHistory, Kind, State
from domain.claims import ERASING
from domain.ledger import OrderLedger
from domain.log.mapper import DamagedEvent
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.topics import TOPICS
from projections.views.all import STATE_VIEW
from projections.views.fold import fold, put, rows
from projections.views.generation import mark_erased, note_recent, position, set_position

BATCH_EVENTS_MAX: Final = 2_000
ERASING_TOPICS: Final = frozenset(name for name, topic in TOPICS.items() if topic.shape in ERASING)


class Fed(NamedTuple):
    """The position reached, and whether a fed record erased data."""

    position: int
    erased: bool = False


def feed(ledger: OrderLedger, connection: sqlite3.Connection, written: Sequence[RawRecord] = ()) -> Fed:
    """Folds the next records into the views, inside the caller's transaction.

    These are the records of `written`, which this process has just appended, where they follow on from the views'
    position; else they are read from the log.
    """
    reached = position(connection)
    read = ledger.mapper.read_unchecked  # this process made the digests of `written` itself
    raws = _following(written, reached)
    if not raws:
        read = ledger.mapper.read
        raws = list(ledger.log_of_events.raw_records(after=reached, limit=BATCH_EVENTS_MAX))
        ledger.mapper.prefetch_keys(raws)
    if not raws:
        return Fed(reached)
    stopped = [uuid for (uuid,) in connection.execute("SELECT uuid FROM stopped")]
    before = partial(_state, ledger, connection)
    put(connection, rows(raws, fold(raws, before, read, stopped)), before)
    if not ledger.log_of_events.is_local:
        note_recent(connection, raws)
    set_position(connection, raws[-1].position)
    erased = any(raw.topic in ERASING_TOPICS for raw in raws)
    if erased:
        mark_erased(connection)
    return Fed(raws[-1].position, erased)


def _following(written: Sequence[RawRecord], before: int) -> list[RawRecord]:
    """The records behind a position; none where there is a gap behind it."""
    behind = [raw for raw in written if raw.position > before]
    return behind if behind and behind[-1].position - before == len(behind) else []


def _state(ledger: OrderLedger, connection: sqlite3.Connection, kind: Kind[Any], uuid: str) -> State | None:
    """A history's state at the views' position: the views' own or, where they have none, folded from its records."""
    if (state := STATE_VIEW[kind].state(connection, uuid)) is not None:
        return state
    reached = position(connection)
    raws = (raw for raw in ledger.log_of_events.raw_records_of(uuid) if raw.position <= reached)
    with suppress(PersistenceError, DamagedEvent, BrokenHistory):
        return aggregate.fold(kind, None, map(ledger.mapper.read, raws))
    return None
