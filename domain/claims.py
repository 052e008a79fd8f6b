"""What is unique in the whole ledger, and which event takes it: an order's id and key, a payment's and a refund's
reference."""

from collections.abc import Iterable
from typing import Final

import msgspec

from domain.aggregate import Event, Record
from domain.log.records import NewClaim
from domain.order import events as e

# The shapes of the events that take something.
CLAIMING: Final[tuple[type[Event], ...]] = (e.OrderCreated, e.PaymentReceived, e.PaymentRefunded)


def reference(provider: str, value: str) -> str:
    """Both in one text, told apart whatever characters they hold."""
    return msgspec.json.encode((provider, value)).decode()


def taken_by(records: Iterable[Record]) -> list[NewClaim]:
    """What events take of what is unique in the whole ledger."""
    found = []
    for record in records:
        event, place = record.event, (record.originator_id, record.originator_version)
        if isinstance(event, e.OrderCreated):
            found += [NewClaim("order-id", event.id, *place), NewClaim("order-key", event.key, *place)]
        elif isinstance(event, e.PaymentReceived):
            found.append(NewClaim("payment", reference(event.provider, event.reference), *place))
        elif isinstance(event, e.PaymentRefunded):
            found.append(NewClaim("refund", reference(event.provider, event.reference), *place))
    return found
