"""Which state of an order do the views keep for a command's decision? With it a long history need not be read again."""

from collections.abc import Callable
from uuid import UUID

from domain.log.sqlite import sqlite3
from projections.orders import table
from projections.views.views import Views, ViewsUnavailable


def kept_states(views: Views) -> Callable[[UUID], table.KeptState | None]:
    """A function that returns the kept state of an order; None where there is none, or where the views cannot be
    read."""

    def kept(uuid: UUID) -> table.KeptState | None:
        try:
            return table.kept_state(views.reader, str(uuid))
        except (ViewsUnavailable, sqlite3.Error):
            return None

    return kept
