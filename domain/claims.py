"""What is unique in the whole ledger, and which event takes it: an order's id and key, the ids that other systems have
for it, the reference of each movement of money among those of its kind and provider, a data key that was destroyed."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.aggregate import Event, Record
from domain.log.log import Reading
from domain.log.records import Claim, NewClaim
from domain.order import events as e
from domain.order.commands import MOVES, Move
from domain.order.movements import KIND_OF
from domain.reconciliation import events as reconciliation
from domain.refusals import ExternalIdTaken, PaymentReferenceTaken, ReferenceTaken, RefundReferenceTaken, Refusal

# The shapes of the events by which what is personal is erased.
ERASING: Final = (e.PersonalErased, reconciliation.PersonalErased)
# The shapes of the events that take something.
CLAIMING: Final[tuple[type[Event], ...]] = (e.OrderCreated, e.ExternalIdsChanged, *KIND_OF, *ERASING)
# A data key that an erasure has destroyed: its claim is never given back.
ERASED_KEY: Final = "erased-key"


def reference(provider: str, value: str, number: int = 1) -> str:
    """Both in one text, told apart whatever characters they hold; with the number of a payment behind the first."""
    return msgspec.json.encode((provider, value) if number == 1 else (provider, value, number)).decode()


def taken_by(records: Iterable[Record]) -> list[NewClaim]:
    """What events take of what is unique in the whole ledger."""
    found = []
    for record in records:
        event, place = record.event, (record.originator_id, record.originator_version)
        if isinstance(event, e.OrderCreated):
            found += [NewClaim("order-id", event.id, *place), NewClaim("order-key", event.key, *place)]
        elif isinstance(event, e.ExternalIdsChanged):
            found += [NewClaim("external-id", reference(*given), *place) for given in event.given.items()]
        elif isinstance(event, e.Moved):
            value = reference(event.provider, event.reference, getattr(event, "number", 1))
            found.append(NewClaim(KIND_OF[type(event)], value, *place))
        elif isinstance(event, ERASING):
            found += [NewClaim(ERASED_KEY, key, *place) for key in event.keys]
    return found


class Recorded(NamedTuple):
    """The claim of the movement that a command asks for, where that is recorded already; else the number that a new
    payment gets: it counts those that were recorded under its reference and are void."""

    claim: Claim | None
    number: int = 1

    def numbered(self, event: Event) -> Event:
        return replace(event, number=self.number) if isinstance(event, e.PaymentReceived) else event


NOT_RECORDED: Final = Recorded(None)


def recorded_before(log: Reading, command: Move, uuid: UUID | None = None) -> Recorded:
    """Looks whether a movement of this kind, provider and reference is recorded, on whatever order; a void only on the
    order with this UUID, where one is given."""
    kind = MOVES[type(command)]
    if kind not in ("payment", "void"):
        return Recorded(log.claim(kind, reference(command.provider, command.reference)))
    standing = void = None
    number = 1
    while payment := log.claim("payment", value := reference(command.provider, command.reference, number)):
        last = log.claim("void", value)
        if last is None:
            standing = payment
        elif uuid in (None, last.originator_id):
            void = last
        number += 1
    if kind == "payment":
        return Recorded(standing, number)
    return Recorded(None if standing else void)


def taken(kind: str, provider: str, reference: str) -> Refusal:
    """The refusal of a movement whose reference is another order's."""
    refusal = {"payment": PaymentReferenceTaken, "refund": RefundReferenceTaken}.get(kind, ReferenceTaken)
    return refusal(f"{provider} {kind.replace('_', ' ')} {reference} is recorded already, on another order.")


def external_id_taken(claim: NewClaim, whose: str) -> ExternalIdTaken:
    """The refusal of an id of another system that is another order's."""
    system, external_id = msgspec.json.decode(str(claim.value))
    return ExternalIdTaken(f"The external id {system}:{external_id} is {whose}'s already.")
