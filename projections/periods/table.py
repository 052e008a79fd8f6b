"""Which periods are closed? The months of each provider, each with the head of the log that it was closed on."""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.period.state import PERIOD, Period
from projections.views.one_row import OneRowView, encode_state
from projections.views.view import History, Row

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {
    "uuid": str,
    "version": int,
    "provider": str,
    "month": str,
    "since": int,  # microseconds, both ends inclusive
    "until": int,
    "closed_on": int,  # the position of the log's head at the closing
    "state": bytes,
}
_STATES: Final = msgspec.json.Decoder(Period)


class Periods(OneRowView):
    """The closed periods."""

    name = "periods"
    tables = ("periods",)
    kind = PERIOD
    columns = _COLUMNS
    decoder = _STATES

    def index(self, database: "Database") -> None:
        """Indexes by provider: each row of the journal looks up the periods of its own provider, of which there are
        twelve a year."""
        database.table("periods").create_index(["provider"], index_name="periods_provider")

    def of_history(self, history: History) -> list[Row]:
        state: Period = history.state
        span = (microseconds(state.since), microseconds(state.until))
        told = (state.provider, state.month, *span, state.position, encode_state(state))
        return [(str(state.uuid), state.version, *told)]


def closed(connection: sqlite3.Connection, provider: str | None = None) -> list[Period]:
    """The closed periods, of one provider or of all, ordered by month."""
    rows = connection.execute(
        "SELECT state FROM periods WHERE ? IS NULL OR provider = ? ORDER BY month, provider", (provider, provider)
    )
    return [_STATES.decode(state) for (state,) in rows]
