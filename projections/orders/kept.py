"""What do the views keep of an order, for a command to be decided on? So that a long history need not be read again."""

from collections.abc import Callable
from uuid import UUID

from domain.log.sqlite import sqlite3
from projections.orders import table
from projections.views.views import Views, ViewsUnavailable


def kept_in(views: Views) -> Callable[[UUID], table.Kept | None]:
    """Tells what the views keep of an order: nothing where they cannot be read, for whatever reason."""

    def kept(uuid: UUID) -> table.Kept | None:
        try:
            return table.kept(views.reader, str(uuid))
        except (ViewsUnavailable, sqlite3.Error):
            return None

    return kept
