"""Which data does the ledger have of a person, until when are they kept, and which were erased? Read from the log, the
views and the data keys."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.claims import ERASED_KEY, ERASING
from domain.ledger import OrderLedger, subjects_of
from domain.log.mapper import EventMapper
from domain.log.records import RawRecord
from domain.order import events as e
from domain.order.erasure import is_in_work
from domain.order.personal import PARTS
from domain.order.state import ORDER, Order
from domain.privacy.periods import RetentionPeriods
from domain.reconciled import reconciliation
from domain.reconciliation.events import ReconciliationStarted
from domain.reconciliation.state import RECONCILIATION, SUBJECT, Reconciliation
from projections.views.all import STATE_VIEW
from projections.views.views import Views

_MASKED: Final = EventMapper(opens=())


class ErasureShown(msgspec.Struct, frozen=True):
    """An erasure, as one order or one reconciliation recorded it; the subject names the reconciliation."""

    id: str
    subject: str
    order: str | None
    at: datetime
    actor: str
    basis: str
    reference: str | None
    erased: tuple[str, ...]
    restricted: tuple[str, ...]
    until: datetime | None
    keys_destroyed: int
    position: int


def erasures(ledger: OrderLedger, uuids: Iterable[str] | None = None) -> list[ErasureShown]:
    """The erasures in these histories, ordered by position. Where `uuids` is None, those in every history of the log in
    which an erasure destroyed a key."""
    log = ledger.log_of_events
    if uuids is None:
        uuids = dict.fromkeys(claim.originator_id for claim in log.claims(ERASED_KEY))
    found: list[ErasureShown] = []
    for uuid in uuids:
        subject = ""
        for raw in list(log.raw_records_of(uuid)):
            record = _MASKED.read(raw)
            if isinstance(event := record.event, e.OrderCreated):
                subject = f"order:{uuid}" if event.customer_id is None else f"customer:{event.customer_id}"
            elif isinstance(event, e.CustomerChanged):
                subject = f"customer:{event.customer_id}"
            elif isinstance(event, ReconciliationStarted):
                subject = f"{SUBJECT}{uuid}"
            elif isinstance(event, ERASING):
                found.append(
                    ErasureShown(
                        id=event.erasure,
                        subject=subject,
                        order=uuid if isinstance(event, e.PersonalErased) else None,
                        at=event.occurred_at,
                        actor=raw.actor.decode(),
                        basis=event.basis,
                        reference=event.reference,
                        erased=event.erased,
                        restricted=getattr(event, "restricted", ()),
                        until=getattr(event, "until", None),
                        keys_destroyed=len(event.keys),
                        position=raw.position,
                    )
                )
    return sorted(found, key=lambda erasure: erasure.position)


def retained_parts(ledger: OrderLedger, orders: Sequence[Order], keep: RetentionPeriods) -> Iterator[dict[str, Any]]:
    """For each order and part: whether it is kept, restricted or erased, and until when it is kept."""
    for order in orders:
        for part in PARTS:
            state = "erased" if part in order.erased else "restricted" if part in order.restricted else "kept"
            yield {
                "order": order.id,
                "uuid": order.uuid,
                "part": part,
                "state": state,
                "until": None if state == "erased" else keep.until(part, order.retention_from),
                "in_work": is_in_work(order),
                "held": bool(ledger.keys and ledger.keys.store.hold_on(subjects_of([order]))),
            }


def decided_on(ledger: OrderLedger, views: Views, positions: set[int]) -> Iterator[RawRecord]:
    """The decisions in reconciliations that can have a reason, and are about payments at these positions alone."""
    for uuid in list(STATE_VIEW[RECONCILIATION].uuids(views.reader)):
        for raw in list(ledger.log_of_events.raw_records_of(uuid)):
            event = _MASKED.read(raw).event
            entries = getattr(event, "entries", ())
            if entries and hasattr(event, "reason") and positions.issuperset(entries):
                yield raw


def all_orders(ledger: OrderLedger, views: Views) -> Iterator[Order]:
    """Every order in the views."""
    for uuid in list(STATE_VIEW[ORDER].uuids(views.reader)):
        yield ledger.order(UUID(uuid))


def all_reconciliations(ledger: OrderLedger, views: Views) -> Iterator[Reconciliation]:
    """Every reconciliation in the views."""
    for uuid in list(STATE_VIEW[RECONCILIATION].uuids(views.reader)):
        yield reconciliation(ledger, UUID(uuid))


def orders(ledger: OrderLedger, uuids: Iterable[UUID]) -> list[Order]:
    """The orders with these UUIDs, folded from their events."""
    return [ledger.order(uuid) for uuid in uuids]
