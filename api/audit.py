"""For auditors: the log as a feed, any order at any moment, what changed, and the means to prove it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any, Final, NamedTuple

import msgspec
from falcon.asgi import Request, Response
from msgspec import Raw

from api import access, paging
from api.answers import JSON, ZIP, fit_rows, json_answer, set_download, set_position
from api.asking import Asking
from api.errors import Problem, collect, invalid_parameter
from api.orders import named_order
from api.parameters import FIELDS, Parameters
from api.positions import position_in, position_token
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.misfits import FAULTS_MAX
from domain.moments import instant, moment_of
from domain.order.personal import PARTS
from domain.privacy.accesses import Accesses
from domain.proof.checkpoint import parse
from projections import history
from projections.history import Entry, HistoryReader
from projections.orders.documents import BASE_URL
from projections.proof.evidence import evidence
from projections.proof.signing import Checkpoints, NoSigningKey
from projections.views.views import Views

PATH: Final = "/api/v1/audit"
SCOPE: Final = "audit:read"
PUBLIC_KEY_PATH: Final = "/.well-known/ledger-key"
PERSONAL_SCOPE: Final = "audit:personal"
_LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
# How much of the log one request searches for the events of its filters; `next` goes on from there.
SCAN_EVENTS_MAX: Final = 100_000
# Amounts that come as decimals are written as exact JSON numbers.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Auditing:
    """The reading of histories that all resources of auditors share.

    Sealed personal data are shown to a caller with the scope `audit:personal` that asks for them, and each such reading
    is recorded in the log of accesses.
    """

    def __init__(self, asking: Asking, ledger: OrderLedger, accesses: Accesses, settings: Settings) -> None:
        self.asking = asking
        self.ledger = ledger
        self.settings = settings
        self._accesses = accesses
        self._masked = HistoryReader(ledger)

    def reading(self, req: Request, parts: Sequence[str]) -> HistoryReader:
        """A reading that opens these personal parts. Raises a 403 where the caller may not see them."""
        if not parts:
            return self._masked
        access.require_scope(req, PERSONAL_SCOPE)
        if self.ledger.keys is not None:
            self.ledger.keys.refresh()  # another process may have erased data a moment ago
        return HistoryReader(self.ledger, parts)

    def note(self, req: Request, reading: HistoryReader) -> None:
        """Records, before the answer goes, the orders of which a reading has opened personal data."""
        self._accesses.note(
            actor=req.context.caller.actor,
            orders=reading.opened,
            parts=reading.opens,
            request_id=req.context.request_id,
            now=self.ledger.clock(),
        )


def _parts(parameters: Parameters) -> list[str]:
    """The personal parts that the parameter `personal` names. Raises a 400."""
    parts = parameters.listed("personal")
    if unknown := [part for part in parts if part not in PARTS]:
        none_of = f"there are {' and '.join(PARTS)}, and no {', '.join(unknown[:FAULTS_MAX])}"
        raise invalid_parameter("personal", none_of)
    return parts


class _Audited:
    """A resource for auditors. Its answers take long, so they are made in a thread: by `_get`, which is given the query
    string's values (`_query_values`) and the parameters of the path."""

    _get: Callable[..., None]
    parameters: frozenset[str] = frozenset()

    def __init__(self, auditing: Auditing) -> None:
        self._auditing = auditing
        self._ledger = auditing.ledger

    async def on_get(self, req: Request, resp: Response, **named: str) -> None:
        access.require_scope(req, SCOPE)
        parameters, asking = Parameters(req.params), self._auditing.asking
        (values,) = await asking.query_values(parameters, self.parameters, lambda: self._query_values(parameters))
        await asking.in_thread(lambda: self._answer(req, resp, values, **named))

    def _answer(self, req: Request, resp: Response, values: list[Any], **named: str) -> None:
        set_position(resp, self._ledger.head())  # of a 404; any other answer has its own position
        self._get(req, resp, values, **named)

    def _query_values(self, _parameters: Parameters) -> list[Any]:
        """The values of the query string. Raises a 400 that names all its faults."""
        return []

    on_head = on_get


class Events(_Audited):
    """The log, in the order of its positions. `next` is null where the log's head is reached; to go on later, a client
    asks again with the `Ledger-Position` of that answer."""

    parameters = frozenset({"after", "limit", "order", "type", "actor", "from", "to", "personal", FIELDS})

    def _query_values(self, parameters: Parameters) -> list[Any]:
        return collect(
            lambda: _page(parameters),
            lambda: _parts(parameters),
            lambda: _topics(parameters),
            lambda: _span(parameters, self._auditing.settings),
            lambda: parameters.text("order"),
            lambda: parameters.text("actor"),
        )

    def _get(self, req: Request, resp: Response, values: list[Any]) -> None:
        (after, limit), parts, topics, (since, before), order, actor = values
        reading = self._auditing.reading(req, parts)
        head = self._ledger.head()
        until = min(head, after + SCAN_EVENTS_MAX)
        coming = self._ledger.log_of_events.raw_records(
            after=after,
            until=until,
            limit=limit,
            originator_id=named_order(self._ledger, order) if order else None,
            topics=topics,
            actor=actor,
            since=since,
            before=before,
        )
        # An error of an unreadable event must not hold an unfinished query, which would keep this thread's snapshot of
        # the log.
        with closing(coming):
            page = fit_rows((raw.position, _encode(reading.audit_event(raw))) for raw in coming)
        self._auditing.note(req, reading)
        reached = page.reached or 0
        if page.is_whole and len(page.rows) < limit:
            reached = max(after, until)
        body = {"events": list(map(Raw, page.rows)), "next": position_token(reached) if reached < head else None}
        json_answer(resp, _encode(body), reached)


def _page(parameters: Parameters) -> tuple[int, int]:
    """The position behind which a page begins, and its largest number of events."""
    after, limit = collect(
        lambda: position_in(parameters, "after") or 0, lambda: parameters.limit(_LIMIT_DEFAULT, LIMIT_MAX)
    )
    return after, limit


def _topics(parameters: Parameters) -> list[str]:
    """The topics that the parameter `type` names, by an event's name or by a topic. Raises a 400."""
    given = parameters.text("type")
    if given is None:
        return []
    named = [topic for topic, name in history.EVENT_NAMES.items() if given in (topic, name)]
    if not named:
        raise invalid_parameter("type", f"must be one of {', '.join(dict.fromkeys(history.EVENT_NAMES.values()))}")
    return named


def _span(parameters: Parameters, settings: Settings) -> tuple[str | None, str | None]:
    """The parameters `from` and `to`, as the log writes instants."""
    since, before = parameters.span("from", "to", settings.timezone)
    low, high = (None if end is None else instant(moment_of(end)) for end in (since, before))
    return low, high


class OrderEvents(_Audited):
    """One order's events, all of them or a page."""

    parameters = frozenset({"after", "limit", "personal", FIELDS})

    def _query_values(self, parameters: Parameters) -> list[Any]:
        return collect(lambda: _page(parameters), lambda: _parts(parameters))

    def _get(self, req: Request, resp: Response, values: list[Any], order_id: str) -> None:
        (after, limit), parts = values
        reading = self._auditing.reading(req, parts)
        uuid = named_order(self._ledger, order_id)
        last = reading.first_and_last(uuid)[1].raw.position
        entries = reading.page(uuid, after, limit)
        page = fit_rows((entry.raw.position, _encode(reading.order_event(entry))) for entry in entries)
        self._auditing.note(req, reading)
        reached = page.reached or last
        body = {"events": list(map(Raw, page.rows)), "next": position_token(reached) if reached < last else None}
        json_answer(resp, _encode(body), reached)


class _Moment(NamedTuple):
    """A moment of an order's history: a version, a position of the log, or a time.

    `entries_up_to` takes the entries up to the moment out of the history, and reads no more of them than it must.
    """

    entries_up_to: Callable[[Iterator[Entry]], Iterator[Entry]]
    version: int | None = None
    position: int | None = None
    time: datetime | None = None


def _moment(parameters: Parameters) -> _Moment:
    """The moment that the query string names; the present where it names none. Raises a 400 for two."""
    version, position, known, occurred, _ = collect(
        lambda: parameters.integer("version"),
        lambda: position_in(parameters, "position"),
        lambda: parameters.moment("at"),
        lambda: parameters.moment("occurred_at"),
        lambda: _one_moment(parameters),
    )
    if version is not None:
        return _Moment(partial(takewhile, lambda entry: entry.raw.version <= version), version=version)
    if position is not None:
        return _Moment(partial(takewhile, lambda entry: entry.raw.position <= position), position=position)
    if known is not None:
        recorded = instant(known).encode()
        return _Moment(partial(takewhile, lambda entry: entry.raw.recorded_at <= recorded), time=known)
    if occurred is not None:
        return _Moment(partial(filter, lambda entry: entry.record.event.occurred_at <= occurred), time=occurred)
    return _Moment(lambda entries: entries)


def _one_moment(parameters: Parameters) -> None:
    given = [name for name in ("version", "position", "at", "occurred_at") if parameters.text(name) is not None]
    if len(given) > 1:
        raise invalid_parameter(given[1], f"cannot stand beside {given[0]}: name one moment")


class OrderAsOf(_Audited):
    """The order document at a moment, folded from the events alone.

    The moment is a `version`, a `position` of the log, a time `at` which the events were recorded, or a time by which
    they `occurred_at`. `as` gives the object of one of the two storefront contracts instead.
    """

    parameters = frozenset({"as", "version", "position", "at", "occurred_at", "personal", FIELDS})

    def _query_values(self, parameters: Parameters) -> list[Any]:
        return collect(
            lambda: parameters.choice("as", list(history.DOCUMENTS)) or "staff",
            lambda: _moment(parameters),
            lambda: _parts(parameters),
        )

    def _get(self, req: Request, resp: Response, values: list[Any], order_id: str) -> None:
        contract, moment, parts = values
        reading = self._auditing.reading(req, parts)
        uuid = named_order(self._ledger, order_id)
        ends = reading.first_and_last(uuid)
        is_past = self._is_past(moment, ends[1])
        found = history.as_of(moment.entries_up_to(reading.iter_entries(uuid))) if is_past else None
        if found is None:
            raise _not_then(*ends)
        self._auditing.note(req, reading)
        order, last = found
        base = paging.base_url(req, self._auditing.settings).encode()
        json_answer(resp, history.DOCUMENTS[contract](order).replace(BASE_URL, base), last.raw.position)
        resp.set_header("ETag", f'"{order.version}"')

    def _is_past(self, moment: _Moment, last: Entry) -> bool:
        """Whether the moment has come already."""
        return (
            (moment.version is None or moment.version <= last.raw.version)
            and (moment.position is None or moment.position <= self._ledger.head())
            and (moment.time is None or moment.time <= self._ledger.latest())
        )


def _not_then(first: Entry, last: Entry) -> Problem:
    began = instant(first.record.event.occurred_at)
    detail = (
        f"The order was not there, or not yet so far, at that moment. It began at {began}"
        f" (recorded {first.raw.recorded_at.decode()}, position {position_token(first.raw.position)})"
        f" and is at version {last.raw.version} now."
    )
    return Problem(
        404,
        "no-such-moment",
        detail,
        began_at=first.record.event.occurred_at,
        recorded_at=first.raw.recorded_at.decode(),
        position=position_token(first.raw.position),
        version=last.raw.version,
    )


class OrderChanges(_Audited):
    """The changes of each field `from` one version `to` another; the first and the last where none are named.

    An answer has at most `limit` versions; `next` is the version to go on from.
    """

    parameters = frozenset({"from", "to", "limit", "personal", FIELDS})

    def _query_values(self, parameters: Parameters) -> list[Any]:
        return collect(
            lambda: parameters.integer("from"),
            lambda: parameters.integer("to"),
            lambda: parameters.limit(LIMIT_MAX, LIMIT_MAX),
            lambda: _parts(parameters),
        )

    def _get(self, req: Request, resp: Response, values: list[Any], order_id: str) -> None:
        first, last, limit, parts = values
        reading = self._auditing.reading(req, parts)
        uuid = named_order(self._ledger, order_id)
        ends = reading.first_and_last(uuid)
        current = ends[1].raw.version
        if max(first or 0, last or 0) > current:
            raise _not_then(*ends)
        first, last = 1 if first is None else first, current if last is None else last
        if first > last:
            raise invalid_parameter("from", "must not be later than to")
        identity = reading.order_event(ends[0])
        until = min(last, first + limit)
        each = history.changes(reading, reading.iter_entries(uuid, until), first, until)
        # Each row is the JSON list of a version's changes, without its brackets.
        page = fit_rows((version, _encode(changes)[1:-1]) for version, changes in enumerate(each, first + 1))
        reached = first if page.reached is None else page.reached
        self._auditing.note(req, reading)
        body: dict[str, Any] = {
            "order": identity["order"],
            "order_id": identity["order_id"],
            "from": first,
            "to": last,
            "changes": Raw(b"[" + b",".join(filter(None, page.rows)) + b"]"),
        }
        if reached < last:
            body["next"] = reached
        json_answer(resp, _encode(body), self._ledger.log_of_events.position_of(uuid, max(1, reached)))


class SignedHead(_Audited):
    """The signed head of the log. `Accept: text/plain` gives the note alone, as it is kept."""

    parameters = frozenset({FIELDS})

    def __init__(self, auditing: Auditing, checkpoints: Checkpoints) -> None:
        super().__init__(auditing)
        self._checkpoints = checkpoints

    def _get(self, req: Request, resp: Response, _values: list[Any]) -> None:
        note = self._checkpoints.for_reader()
        read = parse(note)
        if req.client_prefers((JSON, "text/plain")) == "text/plain":
            resp.content_type = "text/plain; charset=utf-8"
            resp.data = note
            resp.set_header("Cache-Control", "no-store")
            set_position(resp, read.size)
            return
        body = {
            "origin": read.origin,
            "size": read.size,
            "root": read.root.hex(),
            "public_key": str(self._checkpoints.signers().signer(note)),
            "checkpoint": note.decode(),
        }
        json_answer(resp, _encode(body), read.size)


class PublicKey:
    """The public half of the signing key. It needs no access key, since auditors offline have none.

    The earlier signing keys follow, the latest first, each in a line.
    """

    public = True

    def __init__(self, asking: Asking, checkpoints: Checkpoints) -> None:
        self._asking = asking
        self._checkpoints = checkpoints

    async def on_get(self, _req: Request, resp: Response) -> None:
        try:
            signers = await self._asking.in_thread(self._checkpoints.signers)
        except NoSigningKey:
            raise Problem(404, "no-signing-key", "This ledger has no signing key yet.") from None
        resp.content_type = "text/plain; charset=utf-8"
        resp.text = "".join(f"{key}\n" for key in signers.keys)
        resp.set_header("Cache-Control", "no-cache")

    on_head = on_get


class Evidence(_Audited):
    """An order's history with its proofs, as a zip that is checked offline.

    The pack also proves that the log is a continuation of earlier signed heads: of the latest kept ones, or of the one
    whose size `since` names.
    """

    parameters = frozenset({"since", "personal"})

    def __init__(self, auditing: Auditing, views: Views, checkpoints: Checkpoints) -> None:
        super().__init__(auditing)
        self._views = views
        self._checkpoints = checkpoints

    def _query_values(self, parameters: Parameters) -> list[Any]:
        return collect(lambda: _parts(parameters), lambda: parameters.integer("since"))

    def _get(self, req: Request, resp: Response, values: list[Any], order_id: str) -> None:
        parts, since = values
        reading = self._auditing.reading(req, parts)
        uuid = named_order(self._ledger, order_id)
        found = evidence(self._ledger, self._views, reading, self._checkpoints, uuid, since=since)
        self._auditing.note(req, reading)
        resp.data = found.content
        set_download(resp, f"order-{found.order_id}-evidence.zip", ZIP, found.size)
