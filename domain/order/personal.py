"""What in an order is personal, and for how long is it needed? Two parts with two clocks.

`contact` is what is needed while an order is under way: how its people are called and reached, notes and other text
that is written freely. `invoice` is what the law wants of an invoice, and keeps for years. Country and state are in
neither: they prove the place of tax.
"""

from collections.abc import Iterable
from typing import Final

from domain.aggregate import Event, Parts
from domain.order import events as e

CONTACT: Final = "contact"
INVOICE: Final = "invoice"
PARTS: Final = (CONTACT, INVOICE)

BILLING_INVOICE: Final = ("city", "address", "postal_code", "national_code", "first_name", "last_name")
BILLING_CONTACT: Final = ("mobile_number",)


CUSTOMER: Final = e.CustomerDetails.__struct_fields__


def _of(whole: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"personal.{whole}.{name}" for name in names)


# The fields of each event, by their paths, that belong to a part. What is in none of them is plain.
FIELDS: Final[dict[type[Event], Parts]] = {
    e.OrderCreated: {
        CONTACT: ("personal.notes", *_of("customer", CUSTOMER), *_of("billing", BILLING_CONTACT)),
        INVOICE: _of("billing", BILLING_INVOICE),
    },
    e.CustomerChanged: {CONTACT: _of("customer", CUSTOMER)},
    e.BillingChanged: {CONTACT: _of("billing", BILLING_CONTACT), INVOICE: _of("billing", BILLING_INVOICE)},
    e.RecipientChanged: {CONTACT: _of("shipping", BILLING_CONTACT), INVOICE: _of("shipping", BILLING_INVOICE)},
    e.MetadataChanged: {CONTACT: ("personal.metadata", "personal.items")},
    e.NotesChanged: {CONTACT: ("personal.notes",)},
    e.StatusChanged: {CONTACT: ("reason",)},
    **{shape: {CONTACT: ("reason",)} for shape in e.Moved.__subclasses__() if "reason" in shape.__struct_fields__},
}
