"""Query parameters and headers, each described once under its name."""

from typing import Any, Final

from api.webhooks import STATUSES as DELIVERY_STATUSES
from domain.order import statuses
from domain.order.personal import PARTS
from domain.reconciliation.state import STATUSES as RECONCILIATION_STATUSES
from projections.customers.list import ORDERING as CUSTOMER_FIELDS
from projections.orders.list import ORDERING as ORDER_FIELDS
from projections.payments.sums import GROUPINGS
from projections.payments.table import KINDS

_INTEGER: Final = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
_TEXT: Final = {"type": "string"}
_DAY: Final = {"type": "string", "format": "date"}
_DAY_OR_TIME: Final = {"type": "string", "examples": ["2024-05-31", "2024-05-31T12:00:00Z"]}
# No pattern: it is opaque, and whoever made one up would wait for a position that does not come.
_POSITION: Final = {"type": "string", "format": "ledger-position", "examples": ["orders:0"]}


def listed(one: str, example: str) -> dict[str, Any]:
    """A comma list; white space around the commas and empty parts do not count."""
    place = rf"\s*({one})?\s*"
    return {"type": "string", "pattern": f"^{place}(,{place})*$", "examples": [example]}


_IDS: Final = listed("[0-9]{1,15}", "1,2")


def _one_of(*choices: str) -> dict[str, Any]:
    return {"type": "string", "enum": [*choices, ""]}  # given empty, it is as if not given


_BOOLEAN: Final = _one_of("true", "false", "1", "0")


def _ordering(fields: Any) -> dict[str, Any]:
    return listed(f"-?({'|'.join(fields)})", f"-{next(iter(fields))}")


# A name, and its schema and meaning. Where an address gives a name another meaning, it says `name@meaning`.
PARAMETERS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "limit": (_INTEGER, "How many at most; more than the address allows counts as that, 0 as its default."),
    "offset": (_INTEGER, "How many to pass over."),
    "search": (_TEXT, "Words, quoted phrases kept; each must occur."),
    "ordering": (_ordering(ORDER_FIELDS), "Fields to sort by, - in front for descending."),
    "ordering@customers": (_ordering(CUSTOMER_FIELDS), "Fields to sort by, - in front for descending."),
    "status": (_one_of(*statuses.LISTED), "Orders of this status."),
    "status@storefront": (_one_of(*statuses.STOREFRONT), "Orders of this status."),
    "status@reconciliations": (_one_of(*RECONCILIATION_STATUSES), "Reconciliations of this status."),
    "status@deliveries": (_one_of(*DELIVERY_STATUSES), "Deliveries of this status."),
    "before": (_POSITION, "What stands before this position."),
    "status_in": (_TEXT, "Orders of one of these statuses; a name that is none matches nothing."),
    "id_in": (_IDS, "Orders with one of these ids."),
    "guest": (_BOOLEAN, "Orders of guests, or of customers."),
    "external_id": (
        {"type": "string", "pattern": "^[^:]+:.+$", "examples": ["shopify:6031234567890123456"]},
        "The order with this id in another system.",
    ),
    "has_notes": (_BOOLEAN, "Orders with notes, or without."),
    "id_min": (_INTEGER, "Orders from this id on."),
    "id_max": (_INTEGER, "Orders up to this id."),
    "currency": ({"type": "string", "examples": ["USD"]}, "Of this currency."),
    "customer": (_INTEGER, "Orders of this customer."),
    "key": (_TEXT, "The order with this key."),
    "is_paid": (_BOOLEAN, "Orders that are paid, or not."),
    "is_payable": (_BOOLEAN, "Orders that take a payment, or do not."),
    "min_position": (_POSITION, "Waits up to 2 s for this position of the log to be seen."),
    "after_position": (_POSITION, "Orders that the log touched since, by their last events."),
    "after": (_POSITION, "Goes on behind this position."),
    "after@result": (_TEXT, "Results behind this one."),
    "personal": (_TEXT, f"Parts of what is personal to be shown, of {', '.join(PARTS)}."),
    "order": (_TEXT, "An order by its id or its UUID."),
    "type": (_TEXT, "Events of this type, like PaymentReceived, or of this topic."),
    "actor": (_TEXT, "Events that this key or token wrote."),
    "from": (_DAY_OR_TIME, "From this day or time on."),
    "to": (_DAY_OR_TIME, "Up to this day or time, the end included."),
    "from@version": (_INTEGER, "The version to begin with."),
    "to@version": (_INTEGER, "The version to end with."),
    "as": (_one_of("staff", "shop", "storefront"), "Whose object to answer with."),
    "version": (_INTEGER, "As of this version."),
    "position": (_POSITION, "As of this position of the log."),
    "at": ({"type": "string", "format": "date-time"}, "As it was known at this time."),
    "occurred_at": ({"type": "string", "format": "date-time"}, "By what had happened at this time."),
    "since": (_INTEGER, "The size of an earlier signed head, to prove that the log goes on from it."),
    "provider": (_TEXT, "Of this provider."),
    "method": (_TEXT, "Of this method."),
    "kind": (_one_of(*KINDS), "Of this kind."),
    "group_by": (_TEXT, f"What to group by, of {', '.join(GROUPINGS)}."),
    "file": (_TEXT, "What the file is called."),
    "rules": (_TEXT, "The rules file's text."),
    "bom": (_BOOLEAN, "Whether CSV begins with a byte order mark, as some spreadsheets want it."),
    "fields": (_TEXT, "Names of fields, with commas between: the objects of the answer have these alone."),
    "dry_run": (_BOOLEAN, "Whether to say only what would be recorded; nothing is, and no key is kept."),
    "outcome": (_TEXT, "Results with one of these outcomes, with commas between."),
    **{
        f"{field}{suffix}": (schema, f"Orders with {'one of these' if suffix else 'this'} {field}.")
        for field in ("payment_method", "shipping_method", "billing_country", "billing_state", "billing_city")
        for suffix, schema in (("", _INTEGER), ("_in", _IDS))
    },
    **{f"{time}_date": (_DAY, f"Orders {time} on this day.") for time in ("created", "updated")},
    **{f"{time}_from": (_DAY_OR_TIME, f"Orders {time} from then on.") for time in ("created", "updated")},
    **{f"{time}_to": (_DAY_OR_TIME, f"Orders {time} until then.") for time in ("created", "updated")},
}

HEADERS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "Idempotency-Key": (
        {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "The same key, caller and body again gives the first answer and records nothing.",
    ),
    "If-Match": (
        {"type": "string", "examples": ['"7"']},
        "The version that the order must be at, as ETag gave it; else 412.",
    ),
    "If-None-Match": ({"type": "string", "examples": ['"7"']}, "The version that the client has; then 304."),
    "Last-Event-ID": (_POSITION, "The last event that was seen; the stream goes on behind it."),
    "Ledger-Act": ({"type": "string", "pattern": "^[!-.0-~]{1,100}$"}, "The person behind a staff key."),
}
