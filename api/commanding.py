"""Gives commands to the ledger; answers say how far in the log they are, and whether the views have come as far."""

import asyncio
from typing import Any

from falcon.asgi import Response

from api.answers import json_answer, stamp
from domain.ledger import OrderLedger, Outcome
from projections.orders.documents import staff_document


class Commanding:
    def __init__(self, ledger: OrderLedger) -> None:
        self.ledger = ledger

    async def create(self, *arguments: Any) -> Outcome:
        return await asyncio.wrap_future(self.ledger.write(self.ledger.create, *arguments))

    async def give(self, *arguments: Any, **options: Any) -> Outcome:
        return await asyncio.wrap_future(self.ledger.write(self.ledger.change, *arguments, **options))

    def recorded(self, resp: Response, outcome: Outcome) -> None:
        """Sets the headers of a command."""
        if outcome.replayed:
            resp.set_header("Idempotency-Replayed", "true")
        self.moved(resp, outcome.position)

    def moved(self, resp: Response, position: int) -> None:
        """Sets the headers of a write. Where the views could not be fed, the write stands all the same."""
        stamp(resp, position)
        if self.ledger.fed_to < position:
            resp.set_header("Ledger-Views", "behind")

    def document(self, resp: Response, outcome: Outcome, status: int = 200) -> None:
        """Answers with the order document, as the command left it."""
        self.recorded(resp, outcome)
        json_answer(resp, staff_document(outcome.order), outcome.position)
        resp.set_header("ETag", f'"{outcome.order.version}"')
        resp.status = status
