"""An order as earlier versions wrote it, whose first event lacks the digits of its currency."""

import json
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent

from domain.ledger import OrderLedger
from domain.log.records import NewClaim
from domain.money import decimal_text, digits_in
from tests.conftest import ME, Clock


def recorded_in_the_first_version(ledger: OrderLedger, clock: Clock, currency: str, price: str) -> UUID:
    """The UUID of an order of one item, recorded as before an order's first event had the digits."""
    uuid, number = uuid4(), ledger.log_of_events.claim_max("order-id") + 1
    at, zero = clock.now.strftime("%Y-%m-%dT%H:%M:%SZ"), decimal_text(0, digits_in(price))
    created = {"occurred_at": at, "id": number, "key": uuid.hex, "currency": currency, "shipping_cost": zero}
    amounts = {"unit_price": price, "quantity": 2, "shipping": zero, "discount_amount": zero}
    events: list[tuple[str, dict[str, Any]]] = [
        ("order.created.v1", created),
        ("order.item_added.v1", {"occurred_at": at, "item": 1, **amounts}),
    ]
    stored = [
        StoredEvent(uuid, version, topic, json.dumps(payload, separators=(",", ":")).encode())
        for version, (topic, payload) in enumerate(events, 1)
    ]
    claims = [NewClaim("order-id", number, uuid, 1), NewClaim("order-key", uuid.hex, uuid, 1)]
    ledger.log_of_events.insert_events(stored, provenance=ME, now=clock.now, claims=claims)
    return uuid
