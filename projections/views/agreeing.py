"""Do the views still match the log? And how are they taken back where they are ahead of it?

Views can see a record on a primary before its standby has it. When the standby takes over, the views may have records
that the log lacks, or has replaced. The digests in the views' tree tell where the two part.
"""

import logging
from typing import Final

from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.sqlite import sqlite3
from domain.topics import KINDS
from projections import tree
from projections.views import generation
from projections.views.all import OF_KIND, STATE_VIEW, VIEWS
from projections.views.fold import fold, no_state, put, rows
from projections.views.view import RecordView

_PAGE: Final = 256
_log = logging.getLogger("order_ledger")


class TooFarAhead(Exception):
    """The views have more records that the log lacks than they can take back."""


def last_agreed(ledger: OrderLedger, connection: sqlite3.Connection) -> int:
    """The last position up to which the views have the log's records; mostly the views' own position."""
    position = generation.position(connection)
    while position:
        first = max(1, position - _PAGE + 1)
        theirs = tree.leaves(connection, first, position)
        log = {raw.position: raw.digest for raw in ledger.log_of_events.raw_records(after=first - 1, until=position)}
        if log.get(position) == theirs[-1]:
            return position
        # The position before the first that differs. Where that is the first of the page, an earlier page is compared
        # next.
        position = next((at - 1 for at, leaf in enumerate(theirs, first) if log.get(at) != leaf), position)
    return 0


def roll_back(ledger: OrderLedger, connection: sqlite3.Connection, until: int) -> None:
    """Takes the records behind a position out of the views, inside the caller's transaction. Raises TooFarAhead."""
    position = generation.position(connection)
    recent = generation.recent(connection, until)
    if len(recent) != position - until:
        raise TooFarAhead(counted(position - until, "record"))
    for uuid in set(recent.values()):
        _roll_back_history(ledger, connection, uuid, until)
    for view in VIEWS:
        if isinstance(view, RecordView):
            view.cut(connection, until)
    generation.forget_recent(connection, until)
    generation.set_position(connection, until)
    _log.error("the views were %d records ahead of the log, from position %d on", position - until, until + 1)


def _roll_back_history(ledger: OrderLedger, connection: sqlite3.Connection, uuid: str, until: int) -> None:
    """Makes a history's rows anew as of a position."""
    connection.execute("DELETE FROM stopped WHERE uuid = ?", (uuid,))
    for kind in KINDS:
        if (state := STATE_VIEW[kind].state(connection, uuid)) is not None:
            for view in OF_KIND[kind]:
                view.remove(connection, state)
    raws = [raw for raw in ledger.log_of_events.raw_records_of(uuid) if raw.position <= until]
    put(connection, rows([], fold(raws, no_state, ledger.mapper.read)), no_state)
