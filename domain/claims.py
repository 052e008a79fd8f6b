"""Which values are unique in the whole ledger, and which event claims each?

An order's id and key; the ids that other systems have for the order; a movement's reference, unique among the
movements of its kind and provider; a data key that an erasure destroyed.
"""

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
from domain.refusals import ExternalIdTaken, Refusal, reference_taken

# The shapes of the events that erase personal data.
ERASING: Final = (e.PersonalErased, reconciliation.PersonalErased)
# The shapes of the events that claim a value.
CLAIMING: Final[tuple[type[Event], ...]] = (e.OrderCreated, e.ExternalIdsChanged, *KIND_OF, *ERASING)
# The kind of the claims on destroyed data keys. A claim is never given back, so a destroyed key stays known.
ERASED_KEY: Final = "erased-key"


def reference_value(provider: str, value: str, number: int = 1) -> str:
    """A provider and a value as one JSON text, so that no two pairs give the same; with the payment's number from 2
    on."""
    return msgspec.json.encode((provider, value) if number == 1 else (provider, value, number)).decode()


def claims_of(records: Iterable[Record]) -> list[NewClaim]:
    """The claims that records take on values unique in the whole ledger."""
    found = []
    for record in records:
        event, place = record.event, (record.originator_id, record.originator_version)
        if isinstance(event, e.OrderCreated):
            found += [NewClaim("order-id", event.id, *place), NewClaim("order-key", event.key, *place)]
        elif isinstance(event, e.ExternalIdsChanged):
            found += [NewClaim("external-id", reference_value(*given), *place) for given in event.given.items()]
        elif isinstance(event, e.Moved):
            value = reference_value(event.provider, event.reference, getattr(event, "number", 1))
            found.append(NewClaim(KIND_OF[type(event)], value, *place))
        elif isinstance(event, ERASING):
            found += [NewClaim(ERASED_KEY, key, *place) for key in event.keys]
    return found


class RecordedMovement(NamedTuple):
    """The claim of a command's movement, where the movement is already recorded; else the number that a new payment
    gets, which is 1 more than the number of void payments with its reference."""

    claim: Claim | None
    number: int = 1

    def numbered(self, event: Event) -> Event:
        return replace(event, number=self.number) if isinstance(event, e.PaymentReceived) else event


NOT_RECORDED: Final = RecordedMovement(None)


def recorded_movement(log: Reading, command: Move, uuid: UUID | None = None) -> RecordedMovement:
    """Looks up whether a movement of the command's kind, provider and reference is recorded, on any order. With `uuid`,
    a void counts only on the order with this UUID."""
    kind = MOVES[type(command)]
    if kind not in ("payment", "void"):
        return RecordedMovement(log.claim(kind, reference_value(command.provider, command.reference)))
    standing = void = None
    number = 1
    while payment := log.claim("payment", value := reference_value(command.provider, command.reference, number)):
        last = log.claim("void", value)
        if last is None:
            standing = payment
        elif uuid in (None, last.originator_id):
            void = last
        number += 1
    if kind == "payment":
        return RecordedMovement(standing, number)
    return RecordedMovement(None if standing else void)


def reference_taken_elsewhere(kind: str, provider: str, reference: str) -> Refusal:
    """The refusal of a movement whose reference another order has."""
    return reference_taken(kind, provider, reference, "on another order")


def external_id_taken(claim: NewClaim, whose: str) -> ExternalIdTaken:
    """The refusal of another system's id that `whose` has already."""
    system, external_id = msgspec.json.decode(str(claim.value))
    return ExternalIdTaken(f"The external id {system}:{external_id} is {whose}'s already.")
