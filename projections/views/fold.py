"""From the log's records to the rows of the views: the same fold for the newest records and for the whole log."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby, product
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from domain.aggregate import BrokenHistory, Kind, Record, State, step
from domain.log.log import Log
from domain.log.mapper import DamagedEvent, SealDamaged, UnknownTopic
from domain.log.records import RawRecord, text_of
from domain.log.sqlite import sqlite3
from domain.topics import KINDS, kind_of
from projections.views.all import OF_EVENT, OF_KIND, VIEWS
from projections.views.view import History, RecordView, Row, View

# Returns the state that a history of a kind has before the folded records; None where it has none.
Before: TypeAlias = Callable[[Kind[Any], str], State | None]


class Folded(msgspec.Struct):
    """The histories of some of the log's records, by their UUIDs as text."""

    histories: dict[str, History] = {}
    # The histories that cannot be read further: the position and the reason of each.
    stopped: dict[str, tuple[int, str]] = {}


def fold(
    raws: Iterable[RawRecord], before: Before, read: Callable[[RawRecord], Record], stopped_before: Collection[str] = ()
) -> Folded:
    """Folds records, ordered by position, onto the states of their histories.

    A damaged record stops only its own history. Raises UnknownTopic and DamagedEvent where an undamaged record cannot
    be read: this program is then too old for the log.
    """
    found = Folded()
    out_of_order = set(stopped_before)
    # Neighbours are mostly of one history, so they are grouped.
    for originator, run in groupby(raws, key=attrgetter("originator_id")):
        uuid = text_of(originator)
        if uuid in out_of_order:
            continue
        history = found.histories.get(uuid)
        try:
            for raw in run:
                record = read(raw)
                if history is None:
                    kind = kind_of(record)
                    state = before(kind, uuid) if raw.version > 1 else None
                    history = found.histories[uuid] = History(kind, raw.position, state)
                history.state = step(history.kind, history.state, record)
                note_event(history, raw, record)
        except (UnknownTopic, DamagedEvent, BrokenHistory) as error:
            if not isinstance(error, BrokenHistory | SealDamaged) and raw.digest_holds():
                raise
            out_of_order.add(uuid)
            found.stopped[uuid] = (raw.position, str(error))
            found.histories.pop(uuid, None)
    return found


def note_event(history: History, raw: RawRecord, record: Record) -> None:
    """Notes the digest and position of a history's last event, and the rows that views make of it. Raises
    DamagedEvent."""
    history.digest, history.last = raw.digest, raw.position
    for view in OF_EVENT.get(type(record.event), ()):
        try:
            history.rows.setdefault(view.name, []).append(view.of_event(raw, history.state))
        except ValueError as error:
            raise DamagedEvent(raw.position, raw.order, raw.version, str(error)) from error


class Rows(msgspec.Struct):
    """The rows to write, by the name of the view; and the stopped histories with their positions and reasons."""

    of: dict[str, list[Row]]
    stopped: dict[str, tuple[int, str]] = {}


def rows(raws: Sequence[RawRecord], folded: Folded, views: Sequence[View] = VIEWS) -> Rows:
    """The rows of these views, made from the records themselves and from the folded histories."""
    made = {view.name: view.of_records(raws) if isinstance(view, RecordView) else [] for view in views}
    for history in folded.histories.values():
        for view in OF_KIND[history.kind]:
            if view in views:
                made[view.name] += view.of_history(history)
    return Rows(made, folded.stopped)


def put(connection: sqlite3.Connection, made: Rows, before: Before) -> None:
    """Writes the rows of every view, over the earlier rows of the same histories. Removes the rows of stopped
    histories."""
    for each in VIEWS:
        if of_view := made.of[each.name]:
            each.put(connection, of_view)
    note_stopped(connection, made.stopped)
    for uuid, kind in product(made.stopped, KINDS):
        if (state := before(kind, uuid)) is not None:
            for view in OF_KIND[kind]:
                view.remove(connection, state)


def note_stopped(connection: sqlite3.Connection, stopped: dict[str, tuple[int, str]]) -> None:
    """Records the histories that cannot be read further."""
    connection.executemany("INSERT INTO stopped VALUES (?, ?, ?)", [(uuid, *why) for uuid, why in stopped.items()])


def histories(log: Log, raws: Sequence[RawRecord], first: int, last: int, head: int) -> list[RawRecord]:
    """The whole histories, up to `head`, of the orders that begin in a span of positions.

    `raws` are the records of the span. All records are ordered by position.
    """
    begun = {raw.originator_id: raw.order for raw in raws if raw.version == 1}
    whole = [raw for raw in raws if raw.originator_id in begun]
    if elsewhere := list(log.raw_records_elsewhere(begun.values(), first, last, head)):
        whole = sorted(whole + elsewhere)
    return whole


def no_state(_kind: Kind[Any], _uuid: str) -> None:
    """Returns None: in a fold from the beginning no history has a state before its first record."""
