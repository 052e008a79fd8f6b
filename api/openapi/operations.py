"""What the service can be asked: each address with its method, who may ask, what it takes and what it answers."""

import re
from typing import Any, Final, NamedTuple, get_args, get_type_hints

import msgspec

from api import (
    audit,
    batches,
    customers,
    filters,
    finance,
    keys,
    orders,
    periods,
    privacy,
    reconciliations,
    shop,
    storefront,
    webhooks,
)
from api.answers import CSV, XLSX, ZIP
from api.openapi import answers as a
from api.parameters import FIELDS
from domain.order import commands as c
from domain.reconciled import KEPT

_STREAM: Final = "text/event-stream"
_TABLES: Final = (CSV, XLSX)
# Statuses with which any address can answer that takes a key, a query, a command, or the name of something.
_KEYED: Final = (401, 403, 429, 503)
# With which any address answers whose query or headers are longer than any needs.
_TOO_LONG: Final = (414, 431)
_COMMAND: Final = (400, 409, 412, 413, 415, 422, 507)
# Where a path names what may not be there; of a month there always is a report.
_NAMES: Final = re.compile(r"\{(?!period)")


class Operation(NamedTuple):
    """An operation of the API. `takes` is 'customer', a scope, or None where no key is needed; `answer` and `body` are
    shapes, or media types of bodies that are not JSON."""

    method: str
    path: str
    id: str
    summary: str
    takes: str | None
    answer: Any
    status: int = 200
    parameters: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: Any = None
    body_or: tuple[str, ...] = ()  # media types of what may stand for it
    needs_body: bool = True
    errors: tuple[int, ...] = ()
    more: tuple[int, ...] = ()  # other answers that are none of the errors
    # Of JSON Lines, the shape of each line.
    body_lines: Any = None
    answer_lines: Any = None
    forms: tuple[str, ...] = ()  # other media types in which it answers, where `Accept` asks for them
    or_else: tuple[Any, ...] = ()  # other shapes that it can answer with, where it is asked for them

    @property
    def can_be_narrowed(self) -> bool:
        return FIELDS in self.parameters

    @property
    def rows(self) -> tuple[str, ...]:
        """The fields of the answer that have its rows; empty where the answer is one object."""
        return a.ROWS.get(self.answer, ())

    @property
    def fields(self) -> list[str]:
        """The fields that the objects of the answer can have."""
        shapes = [self.answer, *self.or_else]
        if self.rows:
            kinds = get_type_hints(self.answer)
            shapes = [get_args(kinds[rows])[0] for rows in self.rows]
        return list(dict.fromkeys(field.encode_name for shape in shapes for field in msgspec.structs.fields(shape)))

    @property
    def can_be_tried(self) -> bool:
        """Whether a trial is answered in a shape of its own."""
        return "dry_run" in self.parameters and self.answer is not a.Erasure

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every status of a problem that it can answer with."""
        of_body = _COMMAND if self.method != "get" else (400,)
        of_name = (404,) if _NAMES.search(self.path) else ()
        return tuple(sorted({*self.errors, *_TOO_LONG, *of_name, *((*_KEYED, *of_body) if self.takes else ())}))


class _Room(NamedTuple):
    """The operations whose paths begin alike, with the scopes for reading and for writing there."""

    path: str
    read: str | None
    write: str | None = None

    def reads(self, path: str, id_: str, summary: str, answer: Any, parameters: str = "", **more: Any) -> Operation:
        """An operation that reads; `parameters` are names with blanks between."""
        names = parameters.split()
        if self.read not in (None, "customer") and not isinstance(answer, str) and FIELDS not in names:
            names.append(FIELDS)
        return Operation("get", self.path + path, id_, summary, self.read, answer, parameters=tuple(names), **more)

    def does(self, method: str, path: str, id_: str, summary: str, answer: Any, **more: Any) -> Operation:
        """An operation that changes something."""
        return Operation(method, self.path + path, id_, summary, self.write, answer, **more)


_SHOP: Final = _Room(shop.PATH, "customer")
_STOREFRONT: Final = _Room(storefront.PATH, "customer", "customer")
_ORDERS: Final = _Room(orders.PATH, "orders:read", "orders:write")
_CUSTOMERS: Final = _Room(customers.PATH, "orders:read")
_AUDIT: Final = _Room(audit.PATH, audit.SCOPE)
_FINANCE: Final = _Room(finance.PATH, finance.SCOPE)
_PERIODS: Final = _Room(f"{finance.PATH}/periods", reconciliations.READ, reconciliations.WRITE)
_UPLOADS: Final = _Room(f"{finance.PATH}/reconciliations", reconciliations.READ, reconciliations.WRITE)
_PRIVACY: Final = _Room(privacy.PATH, privacy.READ, privacy.WRITE)
_KEYS: Final = _Room(keys.PATH, keys.WRITE, keys.WRITE)
_WEBHOOKS: Final = _Room(webhooks.PATH, webhooks.READ, webhooks.WRITE)
_ANYBODY: Final = _Room("", None)


def _audited(resource: Any, *renamed: str) -> str:
    """The parameters of an auditors' address; some with a meaning of their own there."""
    own = {name.partition("@")[0]: name for name in renamed}
    return " ".join(own.get(name, name) for name in sorted(resource.parameters | {"min_position"}))


def _key(method: str, path: str, id_: str, summary: str, body: Any = None, **more: Any) -> Operation:
    return _KEYS.does(method, path, id_, summary, body=body, **{"answer": a.Key, **more})


def _webhook(method: str, path: str, id_: str, summary: str, body: Any = None, **more: Any) -> Operation:
    usual = {"answer": a.Webhook, "parameters": ("min_position",)}
    return _WEBHOOKS.does(method, path, id_, summary, body=body, **usual | more)


def _command(method: str, path: str, id_: str, summary: str, body: Any, **more: Any) -> Operation:
    given = Operation(method, orders.PATH + path, id_, summary, "orders:write", a.OrderDocument, body=body, **_GIVEN)
    return given._replace(more=(200,) if more.get("status") == 201 else (), **more)


_GIVEN: Final[dict[str, Any]] = {"headers": ("Idempotency-Key", "If-Match", "Ledger-Act"), "parameters": ("dry_run",)}
_LIST: Final = " ".join(sorted(filters.NAMES))
_JOURNAL: Final = "from to provider method currency kind order min_position"
_ORDER: Final = "/{order_id}"
_DECISIONS: Final = {
    "match": "Match lines with payments by hand",
    "decisions": "Decide of many results at once",
    "close": "Close a reconciliation on which nothing is open",
    "run": "Match again, with the payments recorded since",
    "withdraw": "Take a reconciliation back: it stays in the history, and nothing of it counts",
}
_MOVEMENTS: Final = {
    "payments": "A payment was received",
    "refunds": "Money was given back",
    "payment-failures": "A payment was pulled back",
    "refund-failures": "A refund did not arrive",
    "chargebacks": "A payment was charged back",
    "chargeback-reversals": "A chargeback was reversed",
    "voids": "A payment was recorded by mistake",
}

OPERATIONS: Final = (
    _SHOP.reads("", "listShopOrders", "A customer's orders (shop)", a.ShopOrders, _LIST),
    _SHOP.reads(_ORDER, "getShopOrder", "One of a customer's orders (shop)", a.ShopOrder, "min_position"),
    _STOREFRONT.reads(
        *("", "listStorefrontOrders", "A customer's orders (storefront)", a.StorefrontOrders),
        "status@storefront currency limit offset min_position",
    ),
    _STOREFRONT.reads(
        _ORDER, "getStorefrontOrder", "One of a customer's orders (storefront)", a.StorefrontOrder, "min_position"
    ),
    _STOREFRONT.does(
        *("delete", _ORDER, "deleteStorefrontOrder", "A customer deletes an order on which nothing is paid", None),
        status=204,
        more=(200,),
        headers=("Idempotency-Key", "If-Match"),
        parameters=("dry_run",),
    ),
    _ORDERS.reads(
        *("", "listOrders", "All customers' orders; by metadata, too: `metadata.utm_source=newsletter`"),
        *(a.OrderDocuments, " ".join(sorted(orders.NAMES))),
    ),
    _command("post", "", "createOrder", "Create an order", c.NewOrder, status=201),
    Operation(
        "post",
        batches.PATH,
        "createOrders",
        "Create many orders with their histories, from JSON Lines; each line is recorded or refused for itself",
        "orders:write",
        batches.NDJSON,
        answer_lines=a.BatchResult,
        body_lines=c.ImportOrder,
        body=batches.TYPES,
        **_GIVEN,
    ),
    _ORDERS.reads(
        *(_ORDER, "getOrder", "One order", a.OrderDocument, "min_position"),
        headers=("If-None-Match",),
        errors=(500,),
        more=(304,),
    ),
    _command("patch", _ORDER, "changeOrder", "Change an order's details", c.ChangeOrder),
    _command("post", f"{_ORDER}/items", "addItem", "Add an item", c.AddItem),
    _command("patch", f"{_ORDER}/items/{{item}}", "changeItem", "Change an item", c.ChangedItem),
    _command("delete", f"{_ORDER}/items/{{item}}", "removeItem", "Remove an item", None),
    _command("post", f"{_ORDER}/customer", "giveToCustomer", "Give a guest's order to a customer", c.GiveToCustomer),
    _command("put", f"{_ORDER}/charges", "setCharges", "Set all charges", c.SetCharges),
    _command("post", f"{_ORDER}/charges", "addCharge", "Add a charge", c.AddCharge),
    _command("patch", f"{_ORDER}/charges/{{charge}}", "changeCharge", "Change a charge", c.ChangedCharge),
    _command("delete", f"{_ORDER}/charges/{{charge}}", "removeCharge", "Remove a charge", None),
    _command("post", f"{_ORDER}/status", "changeStatus", "Change the status", c.ChangeStatus),
    *(
        _command(
            *("post", f"{_ORDER}/{name}", f"record{shape.__name__}", _MOVEMENTS[name], shape),
            status=201,
            takes="finance:write" if shape is c.VoidPayment else "orders:write",
        )
        for name, shape in orders.MOVEMENTS.items()
    ),
    _CUSTOMERS.reads(
        *("", "listCustomers", "Each customer's sums ordered, paid and refunded, by currency", a.Customers),
        "limit offset search ordering@customers currency min_position",
    ),
    _CUSTOMERS.reads(
        "/{customer_id}", "getCustomer", "One customer, with the sums of each currency", a.OneCustomer, "min_position"
    ),
    _AUDIT.reads(
        "/events", "listEvents", "The log, in order", a.AuditEvents, _audited(audit.Events), errors=(404, 500)
    ),
    _AUDIT.reads(
        *("/events/stream", "followEvents", "The log as it grows, by server-sent events", _STREAM),
        "after min_position",
        headers=("Last-Event-ID",),
    ),
    _STOREFRONT.reads(
        *("/stream", "followOwnOrders", "A customer's orders as they change, by server-sent events", _STREAM),
        "after min_position",
        headers=("Last-Event-ID",),
    ),
    _AUDIT.reads(
        *("/checkpoint", "getCheckpoint", "The signed head of the log", a.SignedHead, "min_position"),
        errors=(409, 500),
        forms=("text/plain",),
    ),
    _AUDIT.reads(
        *("/orders/{order_id}", "getOrderThen", "An order as it stood at a moment, from the events alone"),
        *(a.OrderDocument, _audited(audit.OrderAsOf)),
        or_else=(a.ShopOrder, a.StorefrontOrder),
        errors=(500,),
    ),
    _AUDIT.reads(
        *("/orders/{order_id}/events", "listOrderEvents", "One order's events", a.AuditEvents),
        _audited(audit.OrderEvents),
        errors=(500,),
    ),
    _AUDIT.reads(
        *("/orders/{order_id}/changes", "listOrderChanges", "The changes of each field between two versions"),
        *(a.Changes, _audited(audit.OrderChanges, "from@version", "to@version")),
        errors=(500,),
    ),
    _AUDIT.reads(
        *("/orders/{order_id}/evidence", "getEvidence", "An order's history with its proofs, to be checked offline"),
        *(ZIP, _audited(audit.Evidence)),
        errors=(409, 500),
    ),
    _ANYBODY.reads(
        *(audit.PUBLIC_KEY_PATH, "getPublicKey", "The public signing key, and the earlier ones", "text/plain"),
        errors=(404,),
    ),
    _FINANCE.reads(
        *("/payments", "listPayments", "The payment journal; CSV and XLSX have all of it", a.Payments),
        f"{_JOURNAL} after limit bom",
        forms=_TABLES,
    ),
    _FINANCE.reads(
        *("/summary", "getSummary", "The sums of payments and refunds, by group", a.Sums),
        f"{_JOURNAL} group_by bom",
        forms=_TABLES,
    ),
    _PERIODS.reads("", "listPeriods", "The closed periods, sorted by month", a.Periods, "provider min_position"),
    _PERIODS.does(
        *("post", "", "closePeriod", "Close a provider's month, once and for ever", a.Period),
        status=201,
        body=periods.Close,
        errors=(500,),
        more=(200,),
    ),
    _PERIODS.reads(
        *("/{period}", "getPeriodReport"),
        "The report of a provider's month, as JSON or CSV; that of a closed month is the same for ever",
        *(a.PeriodReport, "provider min_position"),
        forms=(CSV,),
    ),
    _UPLOADS.reads(
        *("", "listReconciliations", "The reconciliations of settlement files", a.Reconciliations),
        "provider status@reconciliations after limit min_position",
    ),
    _UPLOADS.does(
        *("post", "", "createReconciliation"),
        "Reconcile a settlement file with the journal; a large file is answered with 202 and the URL of its progress",
        a.Reconciliation,
        status=201,
        parameters=("provider", "file", "rules", "outcome"),
        body=reconciliations.TYPES,
        more=(200, 202),
    ),
    _UPLOADS.reads(
        *("/{reconciliation}", "getReconciliation", "A reconciliation, with a page of its results", a.Reconciliation),
        "outcome after@result limit bom min_position",
        errors=(409, 413, 415, 422, 500, 507),
        more=(202,),
        forms=_TABLES,
    ),
    *(
        _UPLOADS.reads(
            *(f"/{{reconciliation}}/{what}", f"getReconciliation{what.title()}"),
            *(f"The {what} of a reconciliation, byte for byte", reconciliations.KEPT_TYPES[what], "min_position"),
            errors=(410,),
        )
        for what in KEPT
    ),
    _UPLOADS.reads(
        *("/{reconciliation}/evidence", "getReconciliationEvidence"),
        *("A reconciliation's history with its proofs, to be checked offline", ZIP, "since min_position"),
        errors=(409, 500),
    ),
    *(
        _UPLOADS.does(
            *("post", f"/{{reconciliation}}/{decision}", f"{decision}Reconciliation"),
            *(_DECISIONS.get(decision, f"Decide: {decision}"), a.Reconciliation),
            body=shape,
            body_or=(CSV,) if decision == "decisions" else (),
            headers=("If-Match",),
            errors=(410,),
        )
        for decision, shape in reconciliations.SHAPES.items()
    ),
    _PRIVACY.reads(
        *(
            "/customers/{customer_id}",
            "getPrivacy",
            "A customer's personal data: the parts kept and until when, and the erasures",
        ),
        a.Privacy,
        "min_position",
    ),
    *(
        operation
        for path, name in (("/customers/{customer_id}/erasures", "Customer"), ("/orders/{order_id}/erasures", "Order"))
        for operation in (
            _PRIVACY.reads(path, f"list{name}Erasures", "The erasures", a.Erasures, "min_position"),
            _PRIVACY.does(
                *("post", path, f"erase{name}"),
                "Erase personal data by destroying their keys; a repeat answers 200 and records nothing",
                a.Erasure,
                status=201,
                body=privacy.Erase,
                needs_body=False,
                parameters=("dry_run",),
                more=(200,),
            ),
        )
    ),
    _PRIVACY.reads(
        *("/customers/{customer_id}/export", "exportCustomer"),
        *("A copy of a customer's data, for the customer", ZIP, "min_position"),
    ),
    _PRIVACY.reads("/erasures", "listErasures", "Every erasure", a.Erasures, "min_position"),
    _KEYS.reads("", "listKeys", "Every access key", a.AccessKeys, " ".join(sorted(keys.NAMES | {"min_position"}))),
    _key("post", "", "createKey", "Make a key; its secret is shown only here", keys.MakeKey, status=201),
    _KEYS.reads("/{name}", "getKey", "One access key", a.Key, "min_position"),
    _key("patch", "/{name}", "changeKey", "Change a key's scopes, end or origins", keys.ChangeKey),
    _key("delete", "/{name}", "revokeKey", "Revoke a key", answer=None, status=204),
    _key(
        *("post", "/{name}/rotations", "rotateKey", "Give a key a new secret", keys.RotateKey),
        status=201,
        needs_body=False,
    ),
    _WEBHOOKS.reads("", "listWebhooks", "Every webhook", a.Webhooks, "min_position"),
    _webhook("post", "", "createWebhook", "Subscribe a URL to events", webhooks.NewWebhook, status=201),
    _WEBHOOKS.reads("/{webhook_id}", "getWebhook", "One webhook", a.Webhook, "min_position"),
    _webhook("patch", "/{webhook_id}", "changeWebhook", "Change a webhook", webhooks.ChangedWebhook),
    _webhook("delete", "/{webhook_id}", "deleteWebhook", "Remove a webhook", answer=None, status=204),
    _webhook(
        *("post", "/{webhook_id}/rotate", "rotateWebhook", "Give a webhook a new secret", webhooks.Rotation),
        needs_body=False,
    ),
    _webhook("post", "/{webhook_id}/enable", "enableWebhook", "Enable a webhook that was disabled"),
    _WEBHOOKS.reads(
        *("/{webhook_id}/deliveries", "listDeliveries", "The deliveries of events to a webhook", a.Deliveries),
        "status@deliveries before limit min_position",
    ),
    _webhook(
        *("post", "/{webhook_id}/deliveries/{delivery_id}/replay", "replayDelivery", "Send an event again"),
        answer=a.Delivery,
        status=202,
    ),
    _ANYBODY.reads("/healthz", "getHealth", "Whether the process answers", a.Health),
    _ANYBODY.reads("/readyz", "getReadiness", "Whether the service is fit to serve", a.Readiness, more=(503,)),
)
