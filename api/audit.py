"""For auditors: the log as a feed, any order at any moment, what changed, and the means to prove it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import takewhile
from typing import Any, Final

import msgspec
from falcon.asgi import Request, Response
from msgspec import Raw

from api import access, paging
from api.answers import download, fitting, json_answer, stamp
from api.asking import Asking
from api.errors import Problem, invalid_parameter
from api.orders import named_order
from api.parameters import FIELDS, Parameters
from api.positions import position_in, position_token
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.moments import instant, moment_of
from domain.order.personal import PARTS
from domain.privacy.accesses import Accesses
from domain.proof.checkpoint import parse
from projections import history
from projections.history import Entry, Reading
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
# How much of the log one request looks through for what its filters want; `next` goes on from there.
SCAN_EVENTS_MAX: Final = 100_000
_JSON: Final = "application/json"
# Amounts that come as decimals are written as exact JSON numbers.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Auditing:
    """Reads histories for auditors. What is personal in them and sealed is shown to a key with the scope
    `audit:personal` that asks for it, and each such reading is noted."""

    def __init__(self, ledger: OrderLedger, accesses: Accesses) -> None:
        self._ledger = ledger
        self._accesses = accesses
        self._masked = Reading(ledger)

    def reading(self, req: Request, parameters: Parameters) -> Reading:
        """A reading that opens the parts that the request names in `personal`. Raises a 400, a 403."""
        parts = parameters.listed("personal")
        if not parts:
            return self._masked
        if unknown := [part for part in parts if part not in PARTS]:
            raise invalid_parameter("personal", f"{unknown[0]} is no part; there are {', '.join(PARTS)}")
        access.scope(req, PERSONAL_SCOPE)
        if self._ledger.keys is not None:
            self._ledger.keys.look()  # what was erased a moment ago by another process is not shown
        return Reading(self._ledger, parts)

    def note(self, req: Request, reading: Reading) -> None:
        """Writes down, before it is answered, of which orders a reading has opened what is personal."""
        self._accesses.note(
            actor=req.context.caller.name,
            orders=reading.opened,
            parts=reading.opens,
            request_id=req.context.request_id,
            now=self._ledger.clock(),
        )


class _Audited:
    """What auditors ask takes its time: it is answered in a thread, by `_get`, which takes what `on_get` does."""

    _get: Callable[..., None]
    parameters: frozenset[str] = frozenset()

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def on_get(self, req: Request, resp: Response, **named: str) -> None:
        access.scope(req, SCOPE)
        parameters = Parameters(req.params)
        parameters.refuse_others_than(self.parameters | {"min_position"})
        await self._asking.reached(parameters)
        await self._asking.in_thread(lambda: self._get(req, resp, **named))

    on_head = on_get


class Events(_Audited):
    """The log, in the order of its positions. `next` is null where the log's head is reached; who wants to go on later
    asks again with the `Ledger-Position` of that answer."""

    parameters = frozenset({"after", "limit", "order", "type", "actor", "from", "to", "personal", FIELDS})

    def __init__(self, asking: Asking, ledger: OrderLedger, auditing: Auditing, settings: Settings) -> None:
        super().__init__(asking)
        self._ledger = ledger
        self._auditing = auditing
        self._settings = settings

    def _get(self, req: Request, resp: Response) -> None:
        parameters = Parameters(req.params)
        after, limit = position_in(parameters, "after") or 0, parameters.limit(_LIMIT_DEFAULT, LIMIT_MAX)
        reading = self._auditing.reading(req, parameters)
        order, (since, before) = parameters.text("order"), _span(parameters, self._settings)
        head = self._ledger.head()
        until = min(head, after + SCAN_EVENTS_MAX)
        coming = self._ledger.log_of_events.raw_records(
            after=after,
            until=until,
            limit=limit,
            originator_id=named_order(self._ledger, order) if order else None,
            topics=_topics(parameters),
            actor=parameters.text("actor"),
            since=since,
            before=before,
        )
        # Where one cannot be read, who holds the exception must not hold an unfinished query, and with it this thread's
        # view of the log.
        with closing(coming):
            page = fitting((raw.position, _encode(reading.tell(raw))) for raw in coming)
        self._auditing.note(req, reading)
        reached = page.reached or 0
        if page.is_whole and len(page.rows) < limit:
            reached = max(after, until)
        body = {"events": list(map(Raw, page.rows)), "next": position_token(reached) if reached < head else None}
        json_answer(resp, _encode(body), reached)


def _topics(parameters: Parameters) -> list[str]:
    """The topic that `type` names, by the event's name or by the topic itself."""
    given = parameters.text("type")
    if given is None:
        return []
    named = [topic for topic, name in history.NAMES.items() if given in (topic, name)]
    if not named:
        raise invalid_parameter("type", f"must be one of {', '.join(dict.fromkeys(history.NAMES.values()))}")
    return named


def _span(parameters: Parameters, settings: Settings) -> tuple[str | None, str | None]:
    """`from` and `to` as the log writes instants."""
    since, before = parameters.span("from", "to", settings.timezone)
    low, high = (None if end is None else instant(moment_of(end)) for end in (since, before))
    return low, high


class OrderEvents(_Audited):
    """One order's events, all of them or a page."""

    parameters = frozenset({"after", "limit", "personal", FIELDS})

    def __init__(self, asking: Asking, ledger: OrderLedger, auditing: Auditing) -> None:
        super().__init__(asking)
        self._ledger = ledger
        self._auditing = auditing

    def _get(self, req: Request, resp: Response, order_id: str) -> None:
        parameters = Parameters(req.params)
        after, limit = position_in(parameters, "after") or 0, parameters.limit(_LIMIT_DEFAULT, LIMIT_MAX)
        reading = self._auditing.reading(req, parameters)
        uuid = named_order(self._ledger, order_id)
        last = reading.ends(uuid)[1].raw.position
        entries = reading.page(uuid, after, limit)
        page = fitting((entry.raw.position, _encode(reading.describe(entry))) for entry in entries)
        self._auditing.note(req, reading)
        reached = page.reached or last
        body = {"events": list(map(Raw, page.rows)), "next": position_token(reached) if reached < last else None}
        json_answer(resp, _encode(body), reached)


class OrderThen(_Audited):
    """The order document as it stood, from the events alone.

    At a `version`; at a `position` of the log; `at` a time, as it was known then; or by what had `occurred_at` a time,
    whenever it was recorded. `as` gives the object of one of the two storefront contracts instead.
    """

    parameters = frozenset({"as", "version", "position", "at", "occurred_at", "personal", FIELDS})

    def __init__(self, asking: Asking, ledger: OrderLedger, auditing: Auditing, settings: Settings) -> None:
        super().__init__(asking)
        self._ledger = ledger
        self._auditing = auditing
        self._settings = settings

    def _get(self, req: Request, resp: Response, order_id: str) -> None:
        parameters = Parameters(req.params)
        contract = parameters.choice("as", list(history.DOCUMENTS)) or "staff"
        then, reading = self._moment(parameters), self._auditing.reading(req, parameters)
        uuid = named_order(self._ledger, order_id)
        ends = reading.ends(uuid)
        is_past = self._is_past(parameters, ends[1])
        found = history.as_of(then(reading.each(uuid))) if is_past else None
        if found is None:
            raise _not_then(*ends)
        self._auditing.note(req, reading)
        order, last = found
        base = paging.base_url(req, self._settings).encode()
        json_answer(resp, history.DOCUMENTS[contract](order).replace(BASE_URL, base), last.raw.position)
        resp.set_header("ETag", f'"{order.version}"')

    def _moment(self, parameters: Parameters) -> Callable[[Iterator[Entry]], Iterator[Entry]]:
        """Takes of an order's records those that belong to it then, and reads no more of them than it must.

        Raises a 400 where more than one moment is named.
        """
        given = [name for name in ("version", "position", "at", "occurred_at") if parameters.text(name) is not None]
        if len(given) > 1:
            raise invalid_parameter(given[1], f"cannot stand beside {given[0]}: name one moment")
        if (version := parameters.integer("version")) is not None:
            return partial(takewhile, lambda entry: entry.raw.version <= version)
        if (position := position_in(parameters, "position")) is not None:
            return partial(takewhile, lambda entry: entry.raw.position <= position)
        if (known := parameters.moment("at")) is not None:
            recorded = instant(known).encode()
            return partial(takewhile, lambda entry: entry.raw.recorded_at <= recorded)
        if (occurred := parameters.moment("occurred_at")) is not None:
            return partial(filter, lambda entry: entry.record.event.occurred_at <= occurred)
        return lambda entries: entries

    def _is_past(self, parameters: Parameters, last: Entry) -> bool:
        """Whether the moment has come already."""
        version, position = parameters.integer("version"), position_in(parameters, "position")
        moment = parameters.moment("at") or parameters.moment("occurred_at")
        return (
            (version is None or version <= last.raw.version)
            and (position is None or position <= self._ledger.head())
            and (moment is None or moment <= self._ledger.latest())
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
    """Field by field, what changed `from` a version `to` another; from the first to the last where none is named.

    At most `limit` versions at once: where there is more, `next` is the version to go on from.
    """

    parameters = frozenset({"from", "to", "limit", "personal", FIELDS})

    def __init__(self, asking: Asking, ledger: OrderLedger, auditing: Auditing) -> None:
        super().__init__(asking)
        self._ledger = ledger
        self._auditing = auditing

    def _get(self, req: Request, resp: Response, order_id: str) -> None:
        parameters = Parameters(req.params)
        first, last = parameters.integer("from"), parameters.integer("to")
        limit = parameters.limit(LIMIT_MAX, LIMIT_MAX)
        reading = self._auditing.reading(req, parameters)
        uuid = named_order(self._ledger, order_id)
        ends = reading.ends(uuid)
        current = ends[1].raw.version
        if max(first or 0, last or 0) > current:
            raise _not_then(*ends)
        first, last = 1 if first is None else first, current if last is None else last
        if first > last:
            raise invalid_parameter("from", "must not be later than to")
        identity = reading.describe(ends[0])
        until = min(last, first + limit)
        each = history.changes(reading, reading.each(uuid, until), first, until)
        # Of each version, its changes: as a list without the brackets.
        page = fitting((version, _encode(changes)[1:-1]) for version, changes in enumerate(each, first + 1))
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

    def __init__(self, asking: Asking, checkpoints: Checkpoints) -> None:
        super().__init__(asking)
        self._checkpoints = checkpoints

    def _get(self, req: Request, resp: Response) -> None:
        note = self._checkpoints.shown()
        read = parse(note)
        if req.client_prefers((_JSON, "text/plain")) == "text/plain":
            resp.content_type = "text/plain; charset=utf-8"
            resp.data = note
            resp.set_header("Cache-Control", "no-store")
            stamp(resp, read.size)
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
    """The public half of the key that signs, for everybody: evidence is checked by who has no key of this service.

    Behind it are the keys that signed before it, the last one first, each in a line.
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
    """Everything needed to prove an order's history offline, as a zip.

    It also proves that the log goes on from earlier signed heads: the latest that were kept, or the one of the size
    that `since` names, for who kept an older one.
    """

    parameters = frozenset({"since", "personal"})

    def __init__(
        self, asking: Asking, ledger: OrderLedger, views: Views, auditing: Auditing, checkpoints: Checkpoints
    ) -> None:
        super().__init__(asking)
        self._ledger = ledger
        self._views = views
        self._auditing = auditing
        self._checkpoints = checkpoints

    def _get(self, req: Request, resp: Response, order_id: str) -> None:
        parameters = Parameters(req.params)
        reading, since = self._auditing.reading(req, parameters), parameters.integer("since")
        uuid = named_order(self._ledger, order_id)
        found = evidence(self._ledger, self._views, reading, self._checkpoints, uuid, since=since)
        self._auditing.note(req, reading)
        resp.content_type = "application/zip"
        resp.data = found.content
        download(resp, f"order-{found.order_id}-evidence.zip", found.size)
