"""Which settlement files were reconciled? A row for each reconciliation, and the list of them.

The reasons that people wrote stay out of the views: they are sealed in the log, and read there.
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.reconciliation.state import RECONCILIATION, STATUSES, Reconciliation, without_reasons
from projections.views.one_row import OneRowView, encode_state
from projections.views.reading import with_position
from projections.views.view import History, Row

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {
    "uuid": str,
    "started": int,  # the position of its first event
    "provider": str,
    "until": int,
    "status": int,  # its place in STATUSES
    "version": int,
    "state": bytes,
}
_STATES: Final = msgspec.json.Decoder(Reconciliation)


class Reconciliations(OneRowView):
    """The reconciliations as the list shows them, and their states."""

    name = "reconciliations"
    tables = ("reconciliations",)
    kind = RECONCILIATION
    columns = _COLUMNS
    fixed = frozenset({"started"})  # a reconciliation's start never changes
    decoder = _STATES

    def index(self, database: "Database") -> None:
        database.table("reconciliations").create_index(["started"], index_name="reconciliations_started", unique=True)

    def of_history(self, history: History) -> list[Row]:
        state: Reconciliation = history.state
        until = 0 if state.until is None else microseconds(state.until)
        told = (
            state.provider,
            until,
            STATUSES.index(state.status),
            state.version,
            encode_state(without_reasons(state)),
        )
        return [(str(state.uuid), history.first, *told)]


def every(connection: sqlite3.Connection) -> list[Reconciliation]:
    """The reconciliations of all providers, ordered by their start."""
    rows = connection.execute("SELECT state FROM reconciliations ORDER BY started")
    return [_STATES.decode(state) for (state,) in rows]


class Page(msgspec.Struct, frozen=True):
    """A part of the list as of one position of the log; `is_last` where no wanted reconciliation comes behind it."""

    position: int
    found: list[tuple[int, Reconciliation]]
    is_last: bool


def page(connection: sqlite3.Connection, *, provider: str | None, status: str | None, after: int, limit: int) -> Page:
    """The reconciliations started behind the position `after`, ordered by their start, at most `limit`."""
    wanted = None if status is None else STATUSES.index(status)
    position, rows = with_position(
        connection,
        "SELECT started, state FROM reconciliations WHERE started > ? AND (? IS NULL OR provider = ?)"
        " AND (? IS NULL OR status = ?) ORDER BY started LIMIT ?",
        (after, provider, provider, wanted, wanted, limit + 1),
    )
    return Page(position, [(started, _STATES.decode(state)) for started, state in rows[:limit]], len(rows) <= limit)
