"""The one shape of every error: RFC 9457 `application/problem+json`, and the one table from refusals to statuses."""

import http
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import falcon
import msgspec
from eventsourcing.persistence import PersistenceError
from falcon import Request, Response

from domain import refusals as r
from domain.aggregate import BrokenHistory
from domain.log.mapper import DamagedEvent, UnknownTopic
from domain.log.sqlite import Busy, TookTooLong, in_haste, sqlite3
from domain.reconciliation import refusals as reconciled
from domain.settlement.lines import SettlementRefused
from domain.strict_json import NotJSON
from projections.proof.signing import LogAltered, NoSigningKey
from projections.views.views import ViewsUnavailable

RETRY_AFTER_SECONDS: Final = "1"
_log = logging.getLogger("order_ledger")

_STATUS: Final[dict[type[r.Refusal], int]] = {
    NotJSON: 400,
    r.InvalidField: 422,
    r.OrderNotFound: 404,
    r.ItemNotFound: 404,
    r.OrderMoved: 412,
    r.OrderNotChangeable: 409,
    r.OrderTooLong: 409,
    r.StatusChangeNotAllowed: 409,
    r.TotalNegative: 409,
    r.AmountTooLarge: 409,
    r.OrderNotPayable: 409,
    r.PaymentExceedsOutstanding: 409,
    r.PaymentReferenceTaken: 409,
    r.PaymentNotFound: 409,
    r.RefundExceedsReceived: 409,
    r.RefundReferenceTaken: 409,
    r.IdempotencyKeyReused: 422,
    SettlementRefused: 422,
    reconciled.ReconciliationNotFound: 404,
    reconciled.ReconciliationMoved: 412,
    reconciled.ResultNotFound: 404,
    reconciled.ReconciliationIsClosed: 409,
    reconciled.ReconciliationIsOpen: 409,
    reconciled.DecisionNotAllowed: 409,
}


class Problem(Exception):
    """An answer that is an error."""

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


def invalid_parameter(name: str, message: str) -> Problem:
    """A query parameter or header that cannot be understood."""
    return Problem(400, "invalid-parameter", f"{name}: {message}", errors=[(name, message)])


def not_ready(code: str, detail: str) -> Problem:
    return Problem(503, code, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _answer(resp: Response, found: Problem) -> None:
    resp.status = found.status
    resp.content_type = "application/problem+json"
    resp.data = found.body
    resp.text = None
    resp.stream = None
    for name, value in found.headers.items():
        resp.set_header(name, value)


def _of_refusal(refusal: r.Refusal) -> Problem:
    status = _STATUS[type(refusal)]
    if isinstance(refusal, r.InvalidField):
        return Problem(status, refusal.code, refusal.detail, errors=[(refusal.field, refusal.message)])
    if isinstance(refusal, r.OrderMoved):
        etag = f'"{refusal.current_version}"'
        return Problem(status, refusal.code, refusal.detail, headers={"ETag": etag}, version=refusal.current_version)
    if isinstance(refusal, SettlementRefused):
        file, row, column = refusal.file, refusal.row, refusal.column
        return Problem(status, refusal.code, refusal.detail, file=file, row=row, column=column)
    return Problem(status, refusal.code, refusal.detail)


_WORDS_OF_HTTP: Final = {
    404: ("not-found", "There is nothing at this address."),
    405: (
        "method-not-allowed",
        "This address does not take this method; the Allow header lists those it takes.",
    ),
}


def _of_http_error(error: falcon.HTTPError) -> Problem:
    """Falcon's own errors, which arise before a resource is reached."""
    code, words = _WORDS_OF_HTTP.get(
        error.status_code,
        (
            http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "-"),
            str(error.description or error.title),
        ),
    )
    headers = error.headers if isinstance(error.headers, Mapping) else dict(error.headers or ())
    return Problem(error.status_code, code, words, headers=headers)


def install(app: falcon.App[Request, Response]) -> None:
    """Makes the app answer every exception in the one shape."""

    def on_problem(_req: Request, resp: Response, error: Problem, _params: Any) -> None:
        _answer(resp, error)

    def on_refusal(_req: Request, resp: Response, error: r.Refusal, _params: Any) -> None:
        _answer(resp, _of_refusal(error))

    def on_http_error(_req: Request, resp: Response, error: falcon.HTTPError, _params: Any) -> None:
        _answer(resp, _of_http_error(error))

    def on_no_signing_key(_req: Request, resp: Response, error: NoSigningKey, _params: Any) -> None:
        _answer(resp, Problem(409, "no-signing-key", str(error)))

    def on_log_altered(req: Request, resp: Response, error: LogAltered, _params: Any) -> None:
        _log.error("request %s: %s", req.context.request_id, error)
        _answer(resp, Problem(500, "log-altered", f"The log is not signed any more. {error}"))

    def on_views_unavailable(_req: Request, resp: Response, _error: ViewsUnavailable, _params: Any) -> None:
        _answer(resp, not_ready("views-unavailable", "The lists are being made anew; ask again in a moment."))

    def on_busy(req: Request, resp: Response, error: Exception, _params: Any) -> None:
        _log.error("request %s: %s", req.context.request_id, error)
        _answer(
            resp,
            not_ready("ledger-unavailable", "The ledger cannot be reached just now; ask again in a moment."),
        )

    def on_unreadable(req: Request, resp: Response, error: Exception, _params: Any) -> None:
        _log.error("request %s: %s", req.context.request_id, error)
        detail = f"This order's history cannot be read. It is noted under request {req.context.request_id}."
        _answer(resp, Problem(500, "unreadable-event", detail))

    def on_exception(req: Request, resp: Response, _error: Exception, _params: Any) -> None:
        _log.exception("request %s", req.context.request_id)
        detail = f"Something went wrong here. It is noted under request {req.context.request_id}."
        _answer(resp, Problem(500, "internal-error", detail))

    def on_sqlite_error(req: Request, resp: Response, error: sqlite3.OperationalError, params: Any) -> None:
        if in_haste() and "interrupted" in str(error):
            raise TookTooLong
        on_exception(req, resp, error, params)

    app.add_error_handler(Exception, on_exception)
    app.add_error_handler(sqlite3.OperationalError, on_sqlite_error)
    app.add_error_handler(PersistenceError, on_busy)
    app.add_error_handler(Busy, on_busy)
    app.add_error_handler(UnknownTopic, on_unreadable)
    app.add_error_handler(DamagedEvent, on_unreadable)
    app.add_error_handler(BrokenHistory, on_unreadable)
    app.add_error_handler(NoSigningKey, on_no_signing_key)
    app.add_error_handler(LogAltered, on_log_altered)
    app.add_error_handler(ViewsUnavailable, on_views_unavailable)
    app.add_error_handler(falcon.HTTPError, on_http_error)
    app.add_error_handler(r.Refusal, on_refusal)
    app.add_error_handler(Problem, on_problem)
