"""For finance: settlement files in, what they come to, and what people decide about it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import BoundedSemaphore
from typing import Annotated, Any, BinaryIO, Final
from uuid import UUID

import msgspec
from falcon import Request, Response
from gunicorn.http.errors import ParseException
from msgspec import Meta

from api import access
from api.commanding import Commanding
from api.errors import Problem, invalid_parameter, not_ready
from api.parameters import Parameters
from api.reading import (
    Patience,
    command,
    expected_versions,
    json_answer,
    position_in,
    position_token,
    provenance,
)
from domain.reconciliation.refusals import ReconciliationNotFound
from domain.reconciliation.report import OUTCOMES
from domain.reconciling import Given, Outcome, Reconciling
from projections.journal import Journal
from projections.reconciliations import shown, table
from projections.views.views import Views

READ: Final = "finance:read"
WRITE: Final = "finance:write"
FILE_BYTES_MAX: Final = 50 * 1024 * 1024
UPLOAD_SECONDS_MAX: Final = 120.0
_PIECE_BYTES: Final = 64 * 1024
_LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
PROVIDER_LENGTH_MAX: Final = 100
FILE_NAME_LENGTH_MAX: Final = 200
_TYPES: Final = (
    "text/csv",
    "application/xml",
    "text/xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
)
_Id = Annotated[str, Meta(min_length=1, max_length=40)]
_Ids = Annotated[list[_Id], Meta(min_length=1, max_length=1_000)]
_Reason = Annotated[str, Meta(min_length=1, max_length=1_000)]
_encode = msgspec.json.encode


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    results: _Ids


class Explain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    results: _Ids
    reason: _Reason


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Desk:
    """What the resources here share."""

    def __init__(self, commanding: Commanding, views: Views) -> None:
        self.ledger = commanding.ledger
        self.views = views
        self.reconciling = Reconciling(commanding.ledger, Journal(views))
        self._commanding = commanding

    def answer(self, req: Request, resp: Response, outcome: Outcome, *, reading: bool = False) -> None:
        """The whole of it as it is now; of the results those of the outcomes that `outcome` names, where it does."""
        one = shown.show(self.ledger, self.reconciling, outcome.reconciliation)
        body = _encode(shown.document(one, _outcomes(Parameters(req.params))))
        json_answer(resp, body, outcome.position)
        if not reading:
            self._commanding.moved(resp, outcome.position)
        resp.set_header("ETag", f'"{outcome.reconciliation.version}"')

    def one(self, reference: str) -> Outcome:
        """Raises ReconciliationNotFound."""
        state = self.reconciling.get(named(reference))
        return Outcome(state, self.ledger.log_of_events.position_of(state.uuid, state.version))


def named(reference: str) -> UUID:
    try:
        return UUID(reference)
    except ValueError:
        raise ReconciliationNotFound from None


def _outcomes(parameters: Parameters) -> frozenset[str] | None:
    """A comma list; its empty places are passed over."""
    names = [name for name in (parameters.text("outcome") or "").split(",") if name]
    if not set(names) <= set(OUTCOMES):
        raise invalid_parameter("outcome", f"must be of {', '.join(OUTCOMES)}, comma separated")
    return frozenset(names) or None


def _refuse_unknown(parameters: Parameters, known: set[str]) -> None:
    for name in parameters.names():
        if name not in known:
            raise invalid_parameter(name, f"is not known; known are {', '.join(sorted(known))}")


class Reconciliations:
    """The list, in the order of the log; and settlement files in.

    A file is the body itself. It goes to a temporary file piece by piece, so memory does not grow with it. Few uploads
    are taken at once, so that some threads are left for others.
    """

    def __init__(self, desk: Desk, patience: Patience, uploads_max: int) -> None:
        self._desk = desk
        self._patience = patience
        self._places = BoundedSemaphore(uploads_max)

    def on_get(self, req: Request, resp: Response) -> None:
        access.scope(req, READ)
        parameters = Parameters(req.params)
        _refuse_unknown(parameters, {"provider", "status", "after", "limit", "min_position"})
        status = parameters.choice("status", shown.STATUSES)
        after, limit = position_in(parameters, "after") or 0, parameters.integer("limit") or _LIMIT_DEFAULT
        self._patience.wait(parameters)
        page = table.page(
            self._desk.views.reader,
            provider=parameters.text("provider"),
            is_closed=None if status is None else status == "closed",
            after=after,
            limit=min(limit, LIMIT_MAX),
        )
        body = {
            "reconciliations": [shown.head(of) for _, of in page.found],
            "next": None if page.is_last else position_token(page.found[-1][0]),
        }
        json_answer(resp, _encode(body), page.position)

    on_head = on_get

    def on_post(self, req: Request, resp: Response) -> None:
        access.scope(req, WRITE)
        parameters = Parameters(req.params)
        _refuse_unknown(parameters, {"provider", "file", "rules", "outcome"})
        _outcomes(parameters)
        provider = _named_by(parameters, "provider", PROVIDER_LENGTH_MAX)
        if provider is None:
            raise invalid_parameter("provider", "must say whose settlement this is, like stripe")
        name = _named_by(parameters, "file", FILE_NAME_LENGTH_MAX) or "settlement"
        who = provenance(req)
        with self._place(), _uploaded(req) as file:
            outcome = self._desk.reconciling.start(file, name, provider, parameters.text("rules"), who)
        self._desk.answer(req, resp, outcome)
        resp.status = 201 if outcome.is_new else 200
        resp.location = f"{req.path}/{outcome.reconciliation.uuid}"

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise not_ready("too-many-uploads", "Other settlement files are being taken in; send this one in a moment.")
        try:
            yield
        finally:
            self._places.release()


def _named_by(parameters: Parameters, parameter: str, length_max: int) -> str | None:
    value = parameters.text(parameter)
    if value is not None and (len(value) > length_max or not value.isprintable()):
        raise invalid_parameter(parameter, f"must be at most {length_max} printable characters")
    return value


@contextmanager
def _uploaded(req: Request) -> Iterator[BinaryIO]:
    """The body as a temporary file. Raises a 413, a 415 or a 400."""
    given = (req.content_type or "").partition(";")[0].strip().lower()
    if given not in _TYPES:
        raise Problem(415, "unsupported-media-type", f"Send the file itself, as one of {', '.join(_TYPES)}.")
    length = req.content_length or 0
    if length > FILE_BYTES_MAX:
        megabytes = FILE_BYTES_MAX // 1024**2
        raise Problem(413, "body-too-large", f"A settlement file has at most {megabytes} MiB; in chunks, 1 MiB.")
    with TemporaryFile() as file:
        if _take_in(req, file) < length:
            raise Problem(400, "body-unreadable", "The body broke off, or took too long.")
        yield file


def _take_in(req: Request, file: BinaryIO) -> int:
    """How many bytes came in time."""
    deadline = time.monotonic() + UPLOAD_SECONDS_MAX
    taken = 0
    try:
        while piece := req.stream.read(_PIECE_BYTES):
            file.write(piece)
            taken += len(piece)
            if time.monotonic() > deadline or taken > FILE_BYTES_MAX:
                break
    except (ParseException, OSError):
        raise Problem(400, "body-unreadable", "The body broke off, or its chunks are malformed.") from None
    return taken


class OneReconciliation:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_get(self, req: Request, resp: Response, reconciliation: str) -> None:
        access.scope(req, READ)
        _refuse_unknown(Parameters(req.params), {"outcome"})
        self._desk.answer(req, resp, self._desk.one(reconciliation), reading=True)

    on_head = on_get


class KeptReport:
    """The report alone, byte for byte as it was made; its SHA-256 stands in the log."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_get(self, req: Request, resp: Response, reconciliation: str) -> None:
        access.scope(req, READ)
        state, position, _ = self._desk.one(reconciliation)
        json_answer(resp, self._desk.reconciling.kept_report(state.report_sha256), position)

    on_head = on_get


class Decisions:
    """What a person says of some results, all of it or nothing. To say the same again records nothing."""

    def __init__(self, desk: Desk, decision: str) -> None:
        self._desk = desk
        self._decision = decision

    def on_post(self, req: Request, resp: Response, reconciliation: str) -> None:
        access.scope(req, WRITE)
        _outcomes(Parameters(req.params))
        self._desk.answer(req, resp, self._decide(req, named(reconciliation)))

    def _decide(self, req: Request, uuid: UUID) -> Outcome:
        reconciling, given = self._desk.reconciling, Given(provenance(req), expected_versions(req))
        if self._decision == "confirm":
            return reconciling.confirm(uuid, command(req, Confirm).results, given)
        if self._decision in ("break", "explain"):
            why = command(req, Explain)
            decide: Any = reconciling.break_match if self._decision == "break" else reconciling.explain
            outcome: Outcome = decide(uuid, why.results, why.reason, given)
            return outcome
        command(req, Nothing)
        return reconciling.close(uuid, given) if self._decision == "close" else reconciling.run_again(uuid, given)


DECISIONS: Final = ("confirm", "break", "explain", "close", "run")
