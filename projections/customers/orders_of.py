"""Which orders does a customer have? All of them, deleted ones too, up to the log's last commit."""

from collections.abc import Callable, Iterable
from uuid import UUID

from projections.views.views import Views


def orders_of(views: Views) -> Callable[[int], Iterable[UUID]]:
    """A function that returns a customer's orders by their UUIDs, ordered by id. It raises the errors of
    `Views.catch_up`."""

    def found(customer_id: int) -> list[UUID]:
        views.catch_up()
        rows = views.reader.execute("SELECT uuid FROM orders WHERE customer_id = ? ORDER BY id", (customer_id,))
        return [UUID(uuid) for (uuid,) in rows.fetchall()]

    return found
