"""Which data in an order are personal, and for how long are they needed? Two parts with two retention periods.

`contact` is needed while an order is under way: the people's names and how to reach them, notes and other free text.
`invoice` is required by law on an invoice, and kept for years. Country and state are in neither: they prove the place
of tax.
"""

from collections.abc import Iterable
from typing import Final

from domain.aggregate import Event, PersonalParts
from domain.order import events as e

CONTACT: Final = "contact"
INVOICE: Final = "invoice"
PARTS: Final = (CONTACT, INVOICE)

BILLING_INVOICE: Final = ("city", "address", "postal_code", "national_code", "first_name", "last_name")
BILLING_CONTACT: Final = ("mobile_number",)


CUSTOMER: Final = e.CustomerDetails.__struct_fields__


def _of(whole: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"personal.{whole}.{name}" for name in names)


# The fields of each event that belong to a part, by their paths. All other fields stay plain.
FIELDS: Final[dict[type[Event], PersonalParts]] = {
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
