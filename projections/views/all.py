"""Which views are there? A new view is a file of its own, and a line here."""

from collections.abc import Mapping
from typing import Any, Final

from domain.aggregate import Event, Kind
from domain.topics import KINDS
from projections.access.table import AccessKeys
from projections.customers.table import Customers
from projections.orders.labels import Labels
from projections.orders.table import Orders
from projections.payments.table import Payments
from projections.periods.table import Periods
from projections.reconciliations.table import Reconciliations
from projections.tree import Tree
from projections.views.view import EventView, HistoryView, StateView, View

VIEWS: Final[tuple[View, ...]] = (
    Orders(),
    Labels(),
    Payments(),
    Customers(),
    Reconciliations(),
    AccessKeys(),
    Periods(),
    Tree(),
)
# The views of each kind of history, and the view that keeps the states of each kind.
OF_KIND: Final[Mapping[Kind[Any], list[HistoryView]]] = {
    kind: [view for view in VIEWS if isinstance(view, HistoryView) and view.kind is kind] for kind in KINDS
}
STATE_VIEW: Final[Mapping[Kind[Any], StateView]] = {view.kind: view for view in VIEWS if isinstance(view, StateView)}
# The views that have a row for an event, by its shape.
_EVENT_VIEWS: Final = [view for view in VIEWS if isinstance(view, EventView)]
OF_EVENT: Final[Mapping[type[Event], list[EventView]]] = {
    shape: [view for view in _EVENT_VIEWS if shape in view.events] for view in _EVENT_VIEWS for shape in view.events
}
