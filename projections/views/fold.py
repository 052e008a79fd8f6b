"""From the log's records to the rows of the views: the one fold, for what has just come and for the whole log alike."""

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from domain.aggregate import BrokenHistory, Record, step
from domain.log.mapper import DamagedEvent, EventMapper, UnknownTopic
from domain.log.recorder import SQLiteRecorder
from domain.log.records import RawRecord, text_of
from domain.log.sqlite import sqlite3
from domain.order.state import ORDER, Order
from domain.reconciliation.state import RECONCILIATION, Reconciliation
from domain.topics import kind_of
from projections.orders import table as orders
from projections.payments import table as payments
from projections.reconciliations import table as reconciliations

MAPPER: Final = EventMapper()

# A reconciliation, and the position where it started.
Started = tuple[int, Reconciliation]


class Folded(msgspec.Struct):
    """What some of the log's records come to; by UUIDs, as text."""

    # Each order that they touch, as it is then.
    orders: dict[str, Order] = {}
    # A row of the payment journal for each payment and refund among them.
    movements: list[payments.Row] = []
    reconciliations: dict[str, Started] = {}
    # Those whose history cannot be read further: where that is, and why.
    stopped: dict[str, tuple[int, str]] = {}


def fold(
    raws: Iterable[RawRecord],
    order_before: Callable[[str], Order | None],
    reconciliation_before: Callable[[str], Started | None],
    stopped_before: Iterable[str] = (),
    read: Callable[[RawRecord], Record] = MAPPER.read,
) -> Folded:
    """Folds records, in the order of their positions, onto what is known of orders and reconciliations before them.

    A damaged record stops its order and no other. Raises UnknownTopic and DamagedEvent where a record is as it was
    written and cannot be read all the same: then this program is too old for the log.
    """
    found = Folded()
    out_of_order = set(stopped_before)
    # Neighbours are mostly of one order, so they are taken together.
    for originator, run in groupby(raws, key=attrgetter("originator_id")):
        whose = text_of(originator)
        if whose in out_of_order:
            continue
        order = found.orders.get(whose)
        started = found.reconciliations.get(whose)
        try:
            for raw in run:
                record = read(raw)
                if kind_of(record) is ORDER:
                    if order is None and raw.version > 1:
                        order = order_before(whose)
                    order = step(ORDER, order, record)
                    if isinstance(record.event, payments.MOVEMENTS):
                        found.movements.append(payments.row(raw, order))
                else:
                    if started is None and raw.version > 1:
                        started = reconciliation_before(whose)
                    position, state = started or (raw.position, None)
                    started = (position, step(RECONCILIATION, state, record))
        except (UnknownTopic, DamagedEvent, BrokenHistory) as error:
            if not isinstance(error, BrokenHistory) and raw.digest_holds():
                raise
            out_of_order.add(whose)
            found.stopped[whose] = (raw.position, str(error))
            found.orders.pop(whose, None)
            found.reconciliations.pop(whose, None)
            found.movements = [row for row in found.movements if payments.whose(row) != whose]
            continue
        if order is not None:
            found.orders[whose] = order
        if started is not None:
            found.reconciliations[whose] = started
    return found


class Rows(msgspec.Struct):
    """The same as rows, which need no more than to be written."""

    orders: list[orders.Rows]
    movements: list[payments.Row]
    reconciliations: list[reconciliations.Row]
    stopped: dict[str, tuple[int, str]]


def rows(folded: Folded) -> Rows:
    return Rows(
        [orders.rows(order) for order in folded.orders.values()],
        folded.movements,
        [reconciliations.row(*started) for started in folded.reconciliations.values()],
        folded.stopped,
    )


def put(connection: sqlite3.Connection, made: Rows) -> None:
    """Writes the rows, over those that were there; takes out what is stopped."""
    orders.put(connection, made.orders)
    payments.put(connection, made.movements)
    reconciliations.put(connection, made.reconciliations)
    _note(connection, made.stopped)
    for uuid in made.stopped:
        reconciliations.remove(connection, uuid)
        orders.remove(connection, uuid)
        payments.remove(connection, uuid)


def put_new(connection: sqlite3.Connection, made: Rows) -> None:
    """`put`, where nothing of it was there and nothing comes of it again."""
    orders.insert(connection, made.orders)
    payments.put(connection, made.movements)
    reconciliations.put(connection, made.reconciliations)
    _note(connection, made.stopped)


def _note(connection: sqlite3.Connection, stopped: dict[str, tuple[int, str]]) -> None:
    connection.executemany("INSERT INTO stopped VALUES (?, ?, ?)", [(uuid, *why) for uuid, why in stopped.items()])


def processes() -> ProcessPoolExecutor:
    """Others to fold in, one for each core.

    What is folded by the thousand has no cycles to be collected, only a lot to be looked through for them.
    """
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=gc.disable)


class Part(msgspec.Struct):
    """A part of the log up to a position: the digests of its records, and the rows of the orders that began there."""

    until: int
    digests: list[bytes]
    rows: Rows


def part(ledger: Path, after: int, until: int, head: int) -> bytes:
    """The part between two positions, the first left out, of a log that ends at `head`, for `read_part`.

    Raises what `fold` does.
    """
    log = SQLiteRecorder(ledger)
    try:
        raws = list(log.raw_records(after=after, until=min(until, head)))
        whole = histories(log, raws, after + 1, until, head)
        return msgspec.msgpack.encode(Part(until, [raw.digest for raw in raws], rows(fold(whole, nothing, nothing))))
    finally:
        log.close()


def histories(log: SQLiteRecorder, raws: Sequence[RawRecord], first: int, last: int, head: int) -> list[RawRecord]:
    """The whole histories, up to `head`, of the orders that begin among the records from one position to another.

    `raws` are those records. All in the order of positions.
    """
    begun = {raw.originator_id: raw.order for raw in raws if raw.version == 1}
    whole = [raw for raw in raws if raw.originator_id in begun]
    if elsewhere := list(log.raw_records_elsewhere(begun.values(), first, last, head)):
        whole = sorted(whole + elsewhere)
    return whole


# From process to process as MessagePack: a quarter of what pickling takes.
read_part: Final = msgspec.msgpack.Decoder(Part).decode


def orphans(ledger: Path, head: int) -> Rows:
    """What is there of orders of which the log has no first version: each of them is stopped."""
    log = SQLiteRecorder(ledger)
    try:
        return rows(fold(log.raw_records_without_beginning(head), nothing, nothing))
    finally:
        log.close()


def nothing(_uuid: str) -> Any:
    """What is known of an order before its first record."""
    return None
