"""Do the views still say what the log says? And if they have run ahead of it, how do they go back?

A record is seen on a primary before its standby has it. Where the standby takes over, views may have what the log has
not, or has otherwise by now. What the views' tree has of each record, its digest, tells from where on.
"""

import logging
from typing import Final

from domain.ledger import OrderLedger
from domain.log.sqlite import sqlite3
from domain.topics import KINDS
from projections import tree
from projections.views import generation
from projections.views.all import KEEPER, OF_KIND, VIEWS
from projections.views.fold import fold, nothing, put, rows
from projections.views.view import RecordView

_PAGE: Final = 256
_log = logging.getLogger("order_ledger")


class TooFarAhead(Exception):
    """What the views have and the log has not is more than they can take back one by one."""


def agreed(ledger: OrderLedger, connection: sqlite3.Connection) -> int:
    """The last position up to which the views have what the log has; theirs, mostly."""
    position = generation.position(connection)
    while position:
        first = max(1, position - _PAGE + 1)
        theirs = tree.leaves(connection, first, position)
        log = {raw.position: raw.digest for raw in ledger.log_of_events.raw_records(after=first - 1, until=position)}
        if log.get(position) == theirs[-1]:
            return position
        # From the first on that is another; where that is the first of all that were looked at, before it.
        position = next(
            (at - 1 for at, leaf in enumerate(theirs, first) if log.get(at) != leaf),
            position,
        )
    return 0


def take_back(ledger: OrderLedger, connection: sqlite3.Connection, until: int) -> None:
    """Takes out what the views have behind a position, inside the caller's transaction. Raises TooFarAhead."""
    position = generation.position(connection)
    recent = generation.recent(connection, until)
    if len(recent) != position - until:
        raise TooFarAhead(f"{position - until} records")
    for uuid in set(recent.values()):
        _take_back_history(ledger, connection, uuid, until)
    for view in VIEWS:
        if isinstance(view, RecordView):
            view.cut(connection, until)
    generation.forget_recent(connection, until)
    generation.reach(connection, until)
    _log.error("the views were %d records ahead of the log, from position %d on", position - until, until + 1)


def _take_back_history(ledger: OrderLedger, connection: sqlite3.Connection, uuid: str, until: int) -> None:
    """Makes a history's rows anew as they were at a position."""
    connection.execute("DELETE FROM stopped WHERE uuid = ?", (uuid,))
    for kind in KINDS:
        if (state := KEEPER[kind].state(connection, uuid)) is not None:
            for view in OF_KIND[kind]:
                view.remove(connection, state)
    raws = [raw for raw in ledger.log_of_events.raw_records_of(uuid) if raw.position <= until]
    put(connection, rows([], fold(raws, nothing, ledger.mapper.read)), nothing)
