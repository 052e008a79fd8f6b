"""What the service can be asked: each address with its method, who may ask, what it takes and what it answers."""

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
    streams,
    webhooks,
)
from api.answers import CSV, XLSX
from api.openapi import answers as a
from api.parameters import FIELDS
from domain.order import commands as c
from domain.reconciled import KEPT

_UPLOADS: Final = f"{finance.PATH}/reconciliations"
_PERIODS: Final = f"{finance.PATH}/periods"
_STREAM: Final = "text/event-stream"
_TABLES: Final = (CSV, XLSX)
# Statuses with which any address can answer that takes a key, a query, a command, or the name of something.
_KEYED: Final = (401, 403, 429, 503)
# With which any address answers whose query or headers are longer than any needs.
_TOO_LONG: Final = (414, 431)
_COMMAND: Final = (400, 409, 412, 413, 415, 422, 507)


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
        return tuple(sorted({*self.errors, *_TOO_LONG, *((*_KEYED, *of_body) if self.takes else ())}))


def _audited(resource: Any, *renamed: str) -> tuple[str, ...]:
    """The parameters of an auditors' address; some with a meaning of their own there."""
    own = {name.partition("@")[0]: name for name in renamed}
    return tuple(own.get(name, name) for name in sorted(resource.parameters | {"min_position"}))


def _reads(path: str, id_: str, summary: str, takes: str | None, answer: Any, **more: Any) -> Operation:
    if takes not in (None, "customer") and not isinstance(answer, str):
        more["parameters"] = tuple(dict.fromkeys((*more.get("parameters", ()), FIELDS)))
    return Operation("get", path, id_, summary, takes, answer, **more)


def _key(method: str, path: str, id_: str, summary: str, body: Any = None, **more: Any) -> Operation:
    return Operation(method, keys.PATH + path, id_, summary, keys.WRITE, body=body, **_KEYS_WRITE | more)


def _webhook(method: str, path: str, id_: str, summary: str, body: Any = None, **more: Any) -> Operation:
    of_body = {"parameters": ("min_position",), "errors": (404,), "answer": a.Webhook, **more}
    return Operation(method, webhooks.PATH + path, id_, summary, webhooks.WRITE, body=body, **of_body)


def _command(method: str, path: str, id_: str, summary: str, body: Any, **more: Any) -> Operation:
    usual = {"errors": (404,), "headers": ("Idempotency-Key", "If-Match", "Ledger-Act")}
    takes = more.pop("takes", "orders:write")
    usual["parameters"] = ("dry_run",)
    usual["more"] = (200,) if more.get("status") == 201 else ()
    return Operation(method, path, id_, summary, takes, a.OrderDocument, body=body, **{**usual, **more})


_LIST: Final = tuple(sorted(filters.NAMES))
_ORDER: Final = orders.ORDER
_AUDITED: Final = f"{audit.PATH}/orders/{{order_id}}"
_JOURNAL: Final = ("from", "to", "provider", "method", "currency", "kind", "order", "min_position")
_PERSON: Final = f"{privacy.PATH}/customers/{{customer_id}}"
_DECISIONS: Final = {
    "match": "Match lines with payments by hand",
    "decisions": "Decide of many results at once",
    "close": "Close a reconciliation on which nothing is open",
    "run": "Match again, with the payments recorded since",
    "withdraw": "Take a reconciliation back: it stays in the history, and nothing of it counts",
}
_NAMED: Final = "/{name}"
_KEYS_WRITE: Final[dict[str, Any]] = {"errors": (404,), "answer": a.Key}
_ONE: Final = "/{webhook_id}"
_WEBHOOK: Final = webhooks.PATH + _ONE
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
    _reads(shop.PATH, "listShopOrders", "A customer's orders (shop)", "customer", a.ShopOrders, parameters=_LIST),
    _reads(
        f"{shop.PATH}/{{order_id}}",
        "getShopOrder",
        "One of a customer's orders (shop)",
        "customer",
        a.ShopOrder,
        parameters=("min_position",),
        errors=(404,),
    ),
    _reads(
        storefront.PATH,
        "listStorefrontOrders",
        "A customer's orders (storefront)",
        "customer",
        a.StorefrontOrders,
        parameters=("status@storefront", "currency", "limit", "offset", "min_position"),
    ),
    _reads(
        f"{storefront.PATH}/{{order_id}}",
        "getStorefrontOrder",
        "One of a customer's orders (storefront)",
        "customer",
        a.StorefrontOrder,
        parameters=("min_position",),
        errors=(404,),
    ),
    Operation(
        "delete",
        f"{storefront.PATH}/{{order_id}}",
        "deleteStorefrontOrder",
        "A customer deletes an order on which nothing is paid",
        "customer",
        None,
        204,
        more=(200,),
        headers=("Idempotency-Key", "If-Match"),
        parameters=("dry_run",),
        errors=(404,),
    ),
    _reads(
        orders.PATH,
        "listOrders",
        "All customers' orders; by metadata, too: `metadata.utm_source=newsletter`",
        "orders:read",
        a.OrderDocuments,
        parameters=tuple(sorted(orders.NAMES)),
    ),
    _command("post", orders.PATH, "createOrder", "Create an order", c.NewOrder, status=201, errors=()),
    Operation(
        "post",
        batches.PATH,
        "createOrders",
        "Create many orders with their histories, from JSON Lines; each line is recorded or refused for itself",
        "orders:write",
        batches.NDJSON,
        answer_lines=a.BatchResult,
        body_lines=c.ImportOrder,
        parameters=("dry_run",),
        headers=("Idempotency-Key", "If-Match", "Ledger-Act"),
        body=batches.TYPES,
    ),
    _reads(
        _ORDER,
        "getOrder",
        "One order",
        "orders:read",
        a.OrderDocument,
        parameters=("min_position",),
        headers=("If-None-Match",),
        errors=(404, 500),
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
            "post",
            f"{_ORDER}/{name}",
            f"record{shape.__name__}",
            _MOVEMENTS[name],
            shape,
            status=201,
            takes="finance:write" if shape is c.VoidPayment else "orders:write",
        )
        for name, shape in orders.MOVEMENTS.items()
    ),
    _reads(
        customers.PATH,
        "listCustomers",
        "Each customer's sums ordered, paid and refunded, by currency",
        "orders:read",
        a.Customers,
        parameters=("limit", "offset", "search", "ordering@customers", "currency", "min_position"),
    ),
    _reads(
        f"{customers.PATH}/{{customer_id}}",
        "getCustomer",
        "One customer, with the sums of each currency",
        "orders:read",
        a.OneCustomer,
        parameters=("min_position",),
        errors=(404,),
    ),
    _reads(
        f"{audit.PATH}/events",
        "listEvents",
        "The log, in order",
        audit.SCOPE,
        a.AuditEvents,
        parameters=_audited(audit.Events),
        errors=(404, 500),
    ),
    _reads(
        streams.AUDIT_PATH,
        "followEvents",
        "The log as it grows, by server-sent events",
        audit.SCOPE,
        _STREAM,
        parameters=("after", "min_position"),
        headers=("Last-Event-ID",),
    ),
    _reads(
        streams.STOREFRONT_PATH,
        "followOwnOrders",
        "A customer's orders as they change, by server-sent events",
        "customer",
        _STREAM,
        parameters=("after", "min_position"),
        headers=("Last-Event-ID",),
    ),
    _reads(
        f"{audit.PATH}/checkpoint",
        "getCheckpoint",
        "The signed head of the log",
        audit.SCOPE,
        a.SignedHead,
        parameters=("min_position",),
        errors=(409, 500),
        forms=("text/plain",),
    ),
    _reads(
        _AUDITED,
        "getOrderThen",
        "An order as it stood at a moment, from the events alone",
        audit.SCOPE,
        a.OrderDocument,
        or_else=(a.ShopOrder, a.StorefrontOrder),
        parameters=_audited(audit.OrderThen),
        errors=(404, 500),
    ),
    _reads(
        f"{_AUDITED}/events",
        "listOrderEvents",
        "One order's events",
        audit.SCOPE,
        a.AuditEvents,
        parameters=_audited(audit.OrderEvents),
        errors=(404, 500),
    ),
    _reads(
        f"{_AUDITED}/changes",
        "listOrderChanges",
        "The changes of each field between two versions",
        audit.SCOPE,
        a.Changes,
        parameters=_audited(audit.OrderChanges, "from@version", "to@version"),
        errors=(404, 500),
    ),
    _reads(
        f"{_AUDITED}/evidence",
        "getEvidence",
        "An order's history with its proofs, to be checked offline",
        audit.SCOPE,
        "application/zip",
        parameters=_audited(audit.Evidence),
        errors=(404, 409, 500),
    ),
    _reads(
        audit.PUBLIC_KEY_PATH,
        "getPublicKey",
        "The public signing key, and the earlier ones",
        None,
        "text/plain",
        errors=(404,),
    ),
    _reads(
        f"{finance.PATH}/payments",
        "listPayments",
        "The payment journal; CSV and XLSX have all of it",
        finance.SCOPE,
        a.Payments,
        parameters=(*_JOURNAL, "after", "limit", "bom"),
        forms=_TABLES,
    ),
    _reads(
        f"{finance.PATH}/summary",
        "getSummary",
        "The sums of payments and refunds, by group",
        finance.SCOPE,
        a.Sums,
        parameters=(*_JOURNAL, "group_by", "bom"),
        forms=_TABLES,
    ),
    _reads(
        _PERIODS,
        "listPeriods",
        "The closed periods, sorted by month",
        reconciliations.READ,
        a.Periods,
        parameters=("provider", "min_position"),
    ),
    Operation(
        "post",
        _PERIODS,
        "closePeriod",
        "Close a provider's month, once and for ever",
        reconciliations.WRITE,
        a.Period,
        201,
        body=periods.Close,
        errors=(500,),
        more=(200,),
    ),
    _reads(
        f"{_PERIODS}/{{period}}",
        "getPeriodReport",
        "The report of a provider's month, as JSON or CSV; that of a closed month is the same for ever",
        reconciliations.READ,
        a.PeriodReport,
        parameters=("provider", "min_position"),
        forms=(CSV,),
    ),
    _reads(
        _UPLOADS,
        "listReconciliations",
        "The reconciliations of settlement files",
        reconciliations.READ,
        a.Reconciliations,
        parameters=("provider", "status@reconciliations", "after", "limit", "min_position"),
    ),
    Operation(
        "post",
        _UPLOADS,
        "createReconciliation",
        "Reconcile a settlement file with the journal; a large file is answered with 202 and the URL of its progress",
        reconciliations.WRITE,
        a.Reconciliation,
        201,
        parameters=("provider", "file", "rules", "outcome"),
        body=reconciliations.TYPES,
        more=(200, 202),
    ),
    _reads(
        f"{_UPLOADS}/{{reconciliation}}",
        "getReconciliation",
        "A reconciliation, with a page of its results",
        reconciliations.READ,
        a.Reconciliation,
        parameters=("outcome", "after@result", "limit", "bom"),
        errors=(404, 409, 413, 415, 422, 500, 507),
        more=(202,),
        forms=_TABLES,
    ),
    *(
        _reads(
            f"{_UPLOADS}/{{reconciliation}}/{what}",
            f"getReconciliation{what.title()}",
            f"The {what} of a reconciliation, byte for byte",
            reconciliations.READ,
            reconciliations.KEPT_TYPES[what],
            errors=(404, 410),
        )
        for what in KEPT
    ),
    _reads(
        f"{_UPLOADS}/{{reconciliation}}/evidence",
        "getReconciliationEvidence",
        "A reconciliation's history with its proofs, to be checked offline",
        reconciliations.READ,
        "application/zip",
        parameters=("since",),
        errors=(404, 409, 500),
    ),
    *(
        Operation(
            "post",
            f"{_UPLOADS}/{{reconciliation}}/{decision}",
            f"{decision}Reconciliation",
            _DECISIONS.get(decision, f"Decide: {decision}"),
            reconciliations.WRITE,
            a.Reconciliation,
            body=shape,
            body_or=(CSV,) if decision == "decisions" else (),
            headers=("If-Match",),
            errors=(404, 410),
        )
        for decision, shape in reconciliations.SHAPES.items()
    ),
    _reads(
        f"{_PERSON}",
        "getPrivacy",
        "A customer's personal data: the parts kept and until when, and the erasures",
        privacy.READ,
        a.Privacy,
        errors=(404,),
    ),
    *(
        operation
        for path, name in (
            (f"{_PERSON}/erasures", "Customer"),
            (f"{privacy.PATH}/orders/{{order_id}}/erasures", "Order"),
        )
        for operation in (
            _reads(path, f"list{name}Erasures", "The erasures", privacy.READ, a.Erasures, errors=(404,)),
            Operation(
                "post",
                path,
                f"erase{name}",
                "Erase personal data by destroying their keys; a repeat answers 200 and records nothing",
                privacy.WRITE,
                a.Erasure,
                201,
                body=privacy.Erase,
                needs_body=False,
                parameters=("dry_run",),
                errors=(404,),
                more=(200,),
            ),
        )
    ),
    _reads(
        f"{_PERSON}/export",
        "exportCustomer",
        "A copy of a customer's data, for the customer",
        privacy.READ,
        "application/zip",
        errors=(404,),
    ),
    _reads(f"{privacy.PATH}/erasures", "listErasures", "Every erasure", privacy.READ, a.Erasures),
    _reads(keys.PATH, "listKeys", "Every access key", keys.WRITE, a.AccessKeys, parameters=tuple(sorted(keys.NAMES))),
    _key("post", "", "createKey", "Make a key; its secret is shown only here", keys.MakeKey, status=201),
    _reads(f"{keys.PATH}{_NAMED}", "getKey", "One access key", keys.WRITE, a.Key, errors=(404,)),
    _key("patch", _NAMED, "changeKey", "Change a key's scopes, end or origins", keys.ChangeKey),
    _key("delete", _NAMED, "revokeKey", "Revoke a key", status=204, answer=None),
    _key(
        *("post", f"{_NAMED}/rotations", "rotateKey", "Give a key a new secret", keys.RotateKey),
        status=201,
        needs_body=False,
    ),
    _reads(webhooks.PATH, "listWebhooks", "Every webhook", webhooks.READ, a.Webhooks, parameters=("min_position",)),
    _webhook("post", "", "createWebhook", "Subscribe a URL to events", webhooks.NewWebhook, status=201),
    _reads(
        _WEBHOOK, "getWebhook", "One webhook", webhooks.READ, a.Webhook, parameters=("min_position",), errors=(404,)
    ),
    _webhook("patch", _ONE, "changeWebhook", "Change a webhook", webhooks.ChangedWebhook),
    _webhook("delete", _ONE, "deleteWebhook", "Remove a webhook", status=204, answer=None),
    _webhook(
        *("post", f"{_ONE}/rotate", "rotateWebhook", "Give a webhook a new secret", webhooks.Rotation),
        needs_body=False,
    ),
    _webhook("post", f"{_ONE}/enable", "enableWebhook", "Enable a webhook that was disabled"),
    _reads(
        f"{_WEBHOOK}/deliveries",
        "listDeliveries",
        "The deliveries of events to a webhook",
        webhooks.READ,
        a.Deliveries,
        parameters=("status@deliveries", "before", "limit", "min_position"),
        errors=(404,),
    ),
    _webhook(
        "post",
        f"{_ONE}/deliveries/{{delivery_id}}/replay",
        "replayDelivery",
        "Send an event again",
        status=202,
        answer=a.Delivery,
    ),
    _reads("/healthz", "getHealth", "Whether the process answers", None, a.Health),
    _reads("/readyz", "getReadiness", "Whether the service is fit to serve", None, a.Readiness, more=(503,)),
)
