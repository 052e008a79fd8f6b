"""After a command: the views are brought to where it reached, and the answer says how far that is."""

import logging

from falcon import Response

from api.reading import json_answer, stamp
from domain.ledger import OrderLedger, Outcome
from projections.orders.documents import staff_document
from projections.views.views import Views

_log = logging.getLogger("order_ledger")


class Commanding:
    def __init__(self, ledger: OrderLedger, views: Views) -> None:
        self.ledger = ledger
        self._views = views

    def recorded(self, resp: Response, outcome: Outcome) -> None:
        """Sets the headers of a command."""
        if outcome.replayed:
            resp.set_header("Idempotency-Replayed", "true")
        self.moved(resp, outcome.position)

    def moved(self, resp: Response, position: int) -> None:
        """Brings the views to where a write has reached. Where they cannot be fed the write stands all the same, and
        the answer says `Ledger-Views: behind`."""
        stamp(resp, position)
        try:
            self._views.catch_up(position)
        except Exception:  # whatever it is, it must not turn a recorded write into an error
            _log.exception("the views could not be fed to position %s", position)
            resp.set_header("Ledger-Views", "behind")

    def document(self, resp: Response, outcome: Outcome, status: int = 200) -> None:
        """Answers with the order document, as the command left it."""
        self.recorded(resp, outcome)
        json_answer(resp, staff_document(outcome.order), outcome.position)
        resp.set_header("ETag", f'"{outcome.order.version}"')
        resp.status = status
