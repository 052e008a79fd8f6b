"""The decision to erase personal data of an order, and its conditions. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from domain.aggregate import Event, personal_parts
from domain.order import events as e
from domain.order.personal import FIELDS, PARTS
from domain.order.state import Order
from domain.order.statuses import OPEN
from domain.refusals import PersonalDataErased

_UNDER_WAY: Final = ("processing", "shipped")


class ErasureGrounds(msgspec.Struct, frozen=True):
    """The reason for an erasure, its id and the parts to erase. With `restricts` the other parts are kept, but not
    shown."""

    erasure: str
    basis: str
    parts: tuple[str, ...]
    restricts: bool
    reference: str | None = None


def erase(order: Order, why: ErasureGrounds, *, until: datetime, now: datetime) -> e.PersonalErased | None:
    """The event that erases these parts and restricts the others. None where the order has none left to erase or
    restrict. Restricted parts are kept until `until`."""
    erased = tuple(part for part in why.parts if part not in order.erased)
    kept = [part for part in PARTS if part not in why.parts] if why.restricts else []
    restricted = tuple(part for part in kept if part not in (*order.erased, *order.restricted))
    if not erased and not restricted:
        return None
    return e.PersonalErased(
        occurred_at=now,
        erasure=why.erasure,
        basis=why.basis,
        erased=erased,
        restricted=restricted,
        until=until if restricted else None,
        reference=why.reference,
    )


def is_in_work(order: Order) -> bool:
    """Whether the shop still needs the customer's data: the order is paid and not sent, or on its way."""
    return order.status in _UNDER_WAY or (order.status in OPEN and order.received > 0)


def must_take(order: Order, events: list[Event]) -> None:
    """Raises PersonalDataErased where an event would bring personal data of a part that the order has had erased or
    restricted."""
    gone = {*order.erased, *order.restricted}
    brought = (part for event in events for part in personal_parts(event, FIELDS.get(type(event), {}))) if gone else ()
    if again := sorted(gone.intersection(brought)):
        parts = " and ".join(again)
        raise PersonalDataErased(
            f"What is personal in this order ({parts}) was erased; it takes no such data any more."
        )
