"""The one shape of every error: RFC 9457 `application/problem+json`, and the one table from refusals to statuses."""

import http
import logging
import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import falcon
import msgspec
from eventsourcing.persistence import PersistenceError
from falcon.asgi import App, Request, Response
from gunicorn.asgi.protocol import _REASON_PHRASES

from domain import refusals as r
from domain.aggregate import BrokenHistory
from domain.log.clock import ClockJumped
from domain.log.log import LogFull
from domain.log.mapper import DamagedEvent, KeysMissing, UnknownTopic
from domain.log.sqlite import Busy, is_of_the_disk, sqlite3
from domain.misfits import FAULTS_MAX
from domain.privacy.keyring import KeyUnknown
from domain.privacy.masters import MasterUnknown
from domain.privacy.opening import SealedSince
from domain.reconciliation import refusals as reconciled
from domain.settlement.lines import SettlementRefused
from domain.strict_json import NotJSON
from projections.proof.evidence import NoEarlierHead
from projections.proof.signing import LogAltered, NoSigningKey
from projections.views.views import ViewsUnavailable

RETRY_AFTER_SECONDS: Final = "1"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_log = logging.getLogger("order_ledger")
# gunicorn has no reason phrase for these, or an outdated one.
_REASON_PHRASES.update({status: falcon.code_to_http_status(status)[4:] for status in (412, 413, 417, 507)})

_STATUS: Final[dict[type[r.Refusal], int]] = {
    NotJSON: 400,
    r.InvalidField: 422,
    r.OrderNotFound: 404,
    r.AccessKeyNotFound: 404,
    r.AccessKeyTaken: 409,
    r.AccessKeyIsRevoked: 409,
    r.ScopesBeyond: 403,
    r.ItemNotFound: 404,
    r.ChargeNotFound: 404,
    r.OrderMoved: 412,
    r.OrderNotChangeable: 409,
    r.OrderTooLong: 409,
    r.PersonalDataErased: 409,
    r.OrderInWork: 409,
    r.PersonalDataHeld: 409,
    r.PersonalDataPlain: 409,
    r.OrderOfCustomer: 409,
    r.FileErased: 410,
    r.CustomerNotFound: 404,
    r.StatusChangeNotAllowed: 409,
    r.DiscountExceedsItem: 409,
    r.TotalNegative: 409,
    r.AmountTooLarge: 409,
    r.OrderNotPayable: 409,
    r.PaymentExceedsOutstanding: 409,
    r.OrderKeyTaken: 409,
    r.ExternalIdTaken: 409,
    r.ImportConflict: 409,
    r.LineTooLong: 413,
    r.OrderHasCustomer: 409,
    r.PaymentReferenceTaken: 409,
    r.PaymentNotFound: 409,
    r.RefundExceedsReceived: 409,
    r.RefundReferenceTaken: 409,
    r.RefundExceedsSold: 409,
    r.RefundNotFound: 409,
    r.ChargebackNotFound: 409,
    r.ReferenceTaken: 409,
    r.AmountExceedsLeft: 409,
    r.PaymentNotVoidable: 409,
    r.IdempotencyKeyReused: 422,
    SettlementRefused: 422,
    reconciled.KeptFilesFull: 507,
    reconciled.ReconciliationNotFound: 404,
    reconciled.ReconciliationMoved: 412,
    reconciled.ResultNotFound: 404,
    reconciled.ReconciliationIsClosed: 409,
    reconciled.DecisionsRefused: 409,
    reconciled.ReconciliationIsOpen: 409,
    reconciled.ReconciliationInWork: 409,
    reconciled.ReconciliationIsWithdrawn: 409,
    reconciled.DecisionNotAllowed: 409,
}


class Problem(Exception):
    """An error as it is answered: status, code, headers and body."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.body = problem(status, code, detail, errors=errors, **more)


def problem(status: int, code: str, detail: str, *, errors: Sequence[tuple[str, str]] = (), **more: Any) -> bytes:
    """The body of an error. `errors` is pairs of field and message."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": falcon.code_to_http_status(status).partition(" ")[2],
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    if errors:
        document["errors"] = [{"field": field, "message": message} for field, message in errors]
    return msgspec.json.encode(document)


BODY_UNREADABLE: Final = ("body-unreadable", "The body broke off, or its chunks are malformed.")
_UNREADABLE: Final = {
    414: ("uri-too-long", "The address is too long."),
    431: ("headers-too-large", "The headers are too many or too large."),
    500: ("internal-error", "Something went wrong here."),
}


def unreadable_request(status: int, why: str, request: Any) -> bytes:
    """The whole answer, as bytes of HTTP, to a request that cannot be parsed. `request` is gunicorn's, where its head
    could be read."""
    if status not in _UNREADABLE:
        status = 400
    in_head = ("bad-request", f"This is not a request of HTTP/1.1 that can be answered: {why}")
    request_id = request_id_of(request and request.get_header("X-Request-Id"))
    body = problem(status, *_UNREADABLE.get(status, in_head if request is None else BODY_UNREADABLE))
    lines = (
        f"HTTP/1.1 {falcon.code_to_http_status(status)}",
        "Connection: close",
        f"X-Request-Id: {request_id}",
        "Content-Type: application/problem+json",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def request_id_of(given: str | None) -> str:
    """The client's id for its request, if it is a valid one; else a new id."""
    # An id guards nothing, so it needs no randomness of the system.
    return given if given and _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


class InvalidParameter(Problem):
    """A 400 for query parameters or headers at fault; `faults` has pairs of name and message."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        detail = "; ".join(f"{name}: {message}" for name, message in faults)
        super().__init__(400, "invalid-parameter", detail, errors=faults)
        self.faults = faults


def invalid_parameter(name: str, message: str) -> InvalidParameter:
    return InvalidParameter((name, message))


def collect(*parts: Callable[[], Any]) -> list[Any]:
    """The value of each part of a request. Raises a 400 that names the faults of all of them."""
    found: list[Any] = []
    faults: list[tuple[str, str]] = []
    for part in parts:
        try:
            found.append(part())
        except InvalidParameter as problem:
            faults += problem.faults
    if faults:
        raise InvalidParameter(*faults[:FAULTS_MAX])
    return found


def not_ready(code: str, detail: str) -> Problem:
    return Problem(503, code, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def too_many() -> Problem:
    detail = "Too much that takes long was asked with this key, and waits for its turn; ask again when it is answered."
    return Problem(429, "too-many-requests", detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _of_refusal(refusal: r.Refusal) -> Problem:
    status = _STATUS[type(refusal)]
    if isinstance(refusal, r.InvalidField):
        return Problem(status, refusal.code, refusal.detail, errors=refusal.faults)
    if isinstance(refusal, r.OrderMoved):
        etag = f'"{refusal.current_version}"'
        return Problem(status, refusal.code, refusal.detail, headers={"ETag": etag}, version=refusal.current_version)
    if isinstance(refusal, reconciled.DecisionsRefused):
        errors = [(f"decisions[{number - 1}]", why) for number, why in refusal.problems]
        return Problem(status, refusal.code, refusal.detail, errors=errors)
    if isinstance(refusal, SettlementRefused):
        file, row, column = refusal.file, refusal.row, refusal.column
        return Problem(status, refusal.code, refusal.detail, file=file, row=row, column=column)
    return Problem(status, refusal.code, refusal.detail)


_WORDS_OF_HTTP: Final = {
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take this method; the Allow header lists those it takes."),
}


def _of_http_error(error: falcon.HTTPError) -> Problem:
    """Falcon's own errors, which arise before a resource is reached."""
    code, words = _WORDS_OF_HTTP.get(
        error.status_code,
        (http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "-"), str(error.description or error.title)),
    )
    headers = error.headers if isinstance(error.headers, Mapping) else dict(error.headers or ())
    return Problem(error.status_code, code, words, headers=headers)


def _noted(status: int, code: str, detail: str) -> Callable[[Exception, str], Problem]:
    """Makes a function that answers an error with this status, code and detail, and logs the error. The detail may
    name `{error}` and `{request_id}`."""

    def answer(error: Exception, request_id: str) -> Problem:
        _log.error("request %s: %s", request_id, error)
        told = detail.format(error=error, request_id=request_id)
        return not_ready(code, told) if status == 503 else Problem(status, code, told)

    return answer


_unavailable = _noted(503, "ledger-unavailable", "The ledger cannot be reached just now; ask again in a moment.")
_full = _noted(
    507,
    "disk-full",
    "The disk is full: nothing can be recorded until there is room again. What is recorded can be read.",
)
_keys_missing = _noted(
    503, "keys-missing", "A key of what is personal here is not at hand; an operator has to bring it back."
)
_unreadable = _noted(
    500, "unreadable-event", "This order's history cannot be read. It is noted under request {request_id}."
)


def _of_system(error: OSError, request_id: str) -> Problem:
    return (_full if is_of_the_disk(error) else _internal)(error, request_id)


def _of_driver(error: sqlite3.OperationalError, request_id: str) -> Problem:
    """The answer to an error of SQLite, which only the views' connections raise: the log has errors of its own."""
    return (_full if is_of_the_disk(error) else _unavailable)(error, request_id)


def _internal(_error: Exception, request_id: str) -> Problem:
    _log.exception("request %s", request_id)
    detail = f"Something went wrong here. It is noted under request {request_id}."
    return Problem(500, "internal-error", detail)


# The answer to each exception, made from it and the request's id. The nearest class of an exception decides.
_PROBLEMS: Final[dict[type[Exception], Callable[[Any, str], Problem]]] = {
    Problem: lambda problem, _: problem,
    r.Refusal: lambda refusal, _: _of_refusal(refusal),
    falcon.HTTPError: lambda error, _: _of_http_error(error),
    ViewsUnavailable: lambda *_: not_ready(
        "views-unavailable", "The lists are being made anew; ask again in a moment."
    ),
    NoEarlierHead: lambda error, _: invalid_parameter(
        "since", f"must be the size of an earlier head; this one has {error.size}"
    ),
    NoSigningKey: lambda error, _: Problem(409, "no-signing-key", str(error)),
    LogAltered: _noted(500, "log-altered", "The log is not signed any more. {error}"),
    BrokenHistory: _unreadable,
    DamagedEvent: _unreadable,
    UnknownTopic: _unreadable,
    ClockJumped: _noted(
        503, "clock-jumped", "The ledger's clock has jumped ahead; an operator has to say whether it is right."
    ),
    SealedSince: _noted(
        503, "sealed-since", "This ledger has got keys for personal data; the service has to be restarted."
    ),
    KeysMissing: _keys_missing,
    KeyUnknown: _keys_missing,
    MasterUnknown: _keys_missing,
    Busy: _unavailable,
    LogFull: _full,
    sqlite3.OperationalError: _of_driver,
    OSError: _of_system,
    PersistenceError: _unavailable,
    Exception: _internal,
}


def problem_of(error: Exception, request_id: str) -> Problem:
    """The answer to an exception."""
    nearest = next(kind for kind in type(error).__mro__ if kind in _PROBLEMS)
    return _PROBLEMS[nearest](error, request_id)


def install(app: App[Request, Response]) -> None:
    """Has the application answer every exception in the one shape."""
    for kind, problem_of in _PROBLEMS.items():
        app.add_error_handler(kind, partial(_answer, problem_of))


async def _answer(
    problem_of: Callable[[Any, str], Problem], req: Request, resp: Response, error: Exception, _params: Any
) -> None:
    found = problem_of(error, getattr(req.context, "request_id", ""))
    req.context.code = found.code
    resp.status = found.status
    resp.content_type = "application/problem+json"
    resp.data = found.body
    resp.text = None
    resp.stream = None
    resp.set_header("Cache-Control", "no-store")
    for name, value in found.headers.items():
        resp.set_header(name, value)
