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
# No pattern: a position is opaque, and a client must not make one up.
_POSITION: Final = {"type": "string", "format": "ledger-position", "examples": ["orders:0"]}


def listed(one: str, example: str) -> dict[str, Any]:
    """A comma list; white space around the commas and empty parts do not count."""
    place = rf"\s*({one})?\s*"
    return {"type": "string", "pattern": f"^{place}(,{place})*$", "examples": [example]}


_IDS: Final = listed("[0-9]{1,15}", "1,2")


def _one_of(*choices: str) -> dict[str, Any]:
    return {"type": "string", "enum": [*choices, ""]}  # an empty parameter counts as not given


_BOOLEAN: Final = _one_of("true", "false", "1", "0")


def _ordering(fields: Any) -> dict[str, Any]:
    return listed(f"-?({'|'.join(fields)})", f"-{next(iter(fields))}")


# The schema and description of each parameter. `name@meaning` is a name with another meaning for some paths.
PARAMETERS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "limit": (
        _INTEGER,
        "The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum.",
    ),
    "offset": (_INTEGER, "The number of rows to skip."),
    "search": (_TEXT, "Words, quoted phrases kept; each must occur."),
    "ordering": (_ordering(ORDER_FIELDS), "Fields to sort by, - in front for descending."),
    "ordering@customers": (_ordering(CUSTOMER_FIELDS), "Fields to sort by, - in front for descending."),
    "status": (_one_of(*statuses.LISTED), "Orders of this status."),
    "status@storefront": (_one_of(*statuses.STOREFRONT), "Orders of this status."),
    "status@reconciliations": (_one_of(*RECONCILIATION_STATUSES), "Reconciliations of this status."),
    "status@deliveries": (_one_of(*DELIVERY_STATUSES), "Deliveries of this status."),
    "before": (_POSITION, "Deliveries of events before this position."),
    "status_in": (_TEXT, "Orders of one of these statuses; an unknown status matches nothing."),
    "id_in": (_IDS, "Orders with one of these ids."),
    "guest": (_BOOLEAN, "Orders of guests, or of customers."),
    "external_id": (
        {"type": "string", "pattern": "^[^:]+:.+$", "examples": ["shopify:6031234567890123456"]},
        "The order with this id in another system.",
    ),
    "has_notes": (_BOOLEAN, "Orders with notes, or without."),
    "id_min": (_INTEGER, "Orders from this id on."),
    "id_max": (_INTEGER, "Orders up to this id."),
    "currency": ({"type": "string", "examples": ["USD"]}, "Rows in this currency."),
    "customer": (_INTEGER, "Orders of this customer."),
    "key": (_TEXT, "The order with this key."),
    "is_paid": (_BOOLEAN, "Orders that are paid, or unpaid ones."),
    "is_payable": (_BOOLEAN, "Orders that can be paid, or those that cannot."),
    "min_position": (_POSITION, "The least position of the answer; the service waits up to 2 s for it."),
    "after_position": (_POSITION, "Orders with events behind this position, sorted by their last events."),
    "after": (_POSITION, "Rows behind this position."),
    "after@result": (_TEXT, "Results behind this one, as `next` gives it."),
    "personal": (_TEXT, f"The personal parts to be shown, of {', '.join(PARTS)}."),
    "order": (_TEXT, "An order by its id or its UUID."),
    "type": (_TEXT, "Events of this type, like PaymentReceived, or of this topic."),
    "actor": (_TEXT, "Events recorded for this key or token."),
    "from": (_DAY_OR_TIME, "From this day or time on."),
    "to": (_DAY_OR_TIME, "Up to this day or time, the end included."),
    "from@version": (_INTEGER, "The version to begin with."),
    "to@version": (_INTEGER, "The version to end with."),
    "as": (_one_of("staff", "shop", "storefront"), "The contract of the answer's object."),
    "version": (_INTEGER, "The order at this version."),
    "position": (_POSITION, "The order at this position of the log."),
    "at": ({"type": "string", "format": "date-time"}, "The order by the events recorded at this time."),
    "occurred_at": (
        {"type": "string", "format": "date-time"},
        "The order by the events that had occurred at this time, whenever they were recorded.",
    ),
    "since": (_INTEGER, "The size of an earlier signed head; the proof is that the log continues it."),
    "provider": (_TEXT, "Rows of this provider."),
    "method": (_TEXT, "Movements by this payment method."),
    "kind": (_one_of(*KINDS), "Movements of this kind."),
    "group_by": (_TEXT, f"The fields to group by, of {', '.join(GROUPINGS)}, with commas between."),
    "file": (_TEXT, "The file's name."),
    "rules": (_TEXT, "The text of the rules file."),
    "bom": (_BOOLEAN, "Whether CSV begins with a byte order mark, which some spreadsheets need."),
    "fields": (_TEXT, "The fields that the answer's objects have, with commas between; all of them by default."),
    "dry_run": (
        _BOOLEAN,
        "Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept.",
    ),
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
        "A request with the same key, caller and body is given the first answer, and records nothing.",
    ),
    "If-Match": (
        {"type": "string", "examples": ['"7"']},
        "The version that the order must have, as its ETag; else 412.",
    ),
    "If-None-Match": (
        {"type": "string", "examples": ['"7"']},
        "The version that the client has; where the order is at it, 304.",
    ),
    "Last-Event-ID": (_POSITION, "The last event that the client has seen; the stream begins behind it."),
    "Ledger-Act": ({"type": "string", "pattern": "^[!-.0-~]{1,100}$"}, "The person behind a staff key."),
}
