"""Which orders has a customer? All of them, deleted ones too, as far as the log is committed."""

from collections.abc import Callable, Iterable
from uuid import UUID

from projections.views.views import Views


def orders_of(views: Views) -> Callable[[int], Iterable[UUID]]:
    """Tells a customer's orders by their UUIDs, in the order of their ids. It raises what `Views.catch_up` raises."""

    def found(customer_id: int) -> list[UUID]:
        views.catch_up()
        rows = views.reader.execute("SELECT uuid FROM orders WHERE customer_id = ? ORDER BY id", (customer_id,))
        return [UUID(uuid) for (uuid,) in rows.fetchall()]

    return found
