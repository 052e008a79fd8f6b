"""For finance: the journal of payments and refunds, and their sums."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from falcon.asgi import Request, Response

from api import access
from api.answers import CSV, CSV_UTF_8, XLSX, json_answer, preferred_type, set_download
from api.asking import Asking
from api.errors import collect, invalid_parameter
from api.parameters import FIELDS, Parameters
from api.positions import position_in, position_token
from api.settings import Settings
from api.workbooks import workbook
from domain.money import two_digit_text
from projections import csv_text
from projections.exports.workbook import write_tables
from projections.payments import list as payments
from projections.payments.list import Filter, Movement
from projections.payments.sums import GROUPINGS, summary
from projections.payments.table import KINDS
from projections.views.views import Views

PATH: Final = "/api/v1/finance"
SCOPE: Final = "finance:read"
_LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
_FILTERS: Final = frozenset({"from", "to", "provider", "method", "currency", "kind", "order", "min_position"})
_COLUMNS: Final = tuple(name for name in Movement.__struct_fields__ if name != "digits")
# The columns of a sum behind those of its group; and the columns with amounts, of sums and of the journal.
_SUMS: Final = ("currency", "count", "received", "refunded", "net")
_AMOUNTS: Final = frozenset({"amount", "received", "refunded", "net"})
_ORDER_ID: Final = re.compile(r"[0-9]{1,15}")
_encode = msgspec.json.encode


class Payments:
    """The payment journal, in the order of the log. `next` is null where the journal ends; to go on later, a client
    asks again with the `Ledger-Position` of that answer as `after`.

    `Accept: text/csv` gives the whole journal behind `after` instead of a page, up to the head at the request. In CSV
    a text that spreadsheets take for a formula has an apostrophe in front (`projections/csv_text.py`). JSON is exact.
    """

    def __init__(self, asking: Asking, views: Views, settings: Settings) -> None:
        self._asking = asking
        self._views = views
        self._settings = settings

    async def on_get(self, req: Request, resp: Response) -> None:
        access.require_scope(req, SCOPE)
        parameters = Parameters(req.params)
        wanted, after, limit, marked = await self._asking.query_values(
            parameters,
            _FILTERS | {"after", "limit", "bom", FIELDS},
            lambda: _filter(parameters, self._settings.timezone),
            lambda: position_in(parameters, "after") or 0,
            lambda: parameters.limit(_LIMIT_DEFAULT, LIMIT_MAX),
            lambda: bool(parameters.boolean("bom")),
        )
        form = preferred_type(req, resp)
        if form == CSV:
            await self._stream(resp, wanted, after, for_spreadsheets=marked)
            return
        if form == XLSX:
            await self._workbook(resp, wanted, after)
            return
        page = await self._asking(lambda connection: payments.page(connection, wanted, after=after, limit=limit))
        body = {
            "payments": [_document(movement) for movement in page.movements],
            "next": None if page.is_last else position_token(page.movements[-1].position),
        }
        json_answer(resp, _encode(body), page.position)

    on_head = on_get

    async def _workbook(self, resp: Response, wanted: Filter, after: int) -> None:
        position = self._views.position()

        def write(path: Path) -> None:
            parts = payments.walk(lambda: self._views.reader, wanted, after=after, until=position)
            rows = (tuple(_document(movement).values()) for part in parts for movement in part)
            write_tables(path, {"Payments": (_COLUMNS, rows)}, _AMOUNTS)

        await workbook(resp, self._asking, "payments.xlsx", position, write)

    async def _stream(self, resp: Response, wanted: Filter, after: int, *, for_spreadsheets: bool) -> None:
        position = self._views.position()
        parts = payments.walk(lambda: self._views.reader, wanted, after=after, until=position)
        resp.stream = await self._asking.stream(_csv(parts, for_spreadsheets=for_spreadsheets))
        set_download(resp, "payments.csv", CSV_UTF_8, position)


class Summary:
    """The sums of payments and refunds: for each group and currency, and in total for each currency."""

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self._settings = settings

    async def on_get(self, req: Request, resp: Response) -> None:
        access.require_scope(req, SCOPE)
        parameters = Parameters(req.params)
        wanted, group_by, marked = await self._asking.query_values(
            parameters,
            _FILTERS | {"group_by", "bom", FIELDS},
            lambda: _filter(parameters, self._settings.timezone),
            lambda: _group_by(parameters),
            lambda: bool(parameters.boolean("bom")),
        )
        zone = self._settings.timezone
        found = await self._asking(lambda connection: summary(connection, wanted, group_by=group_by, zone=zone))
        rows, totals = [row.labels | row.document() for row in found.rows], [total.document() for total in found.totals]
        names = list(dict.fromkeys([*group_by, *_SUMS]))
        form = preferred_type(req, resp)
        if form == CSV:
            cells = ([csv_text.cell(row[name]) for name in names] for row in rows)
            resp.data = csv_text.header(names, marked=marked) + csv_text.lines(cells)
            set_download(resp, "summary.csv", CSV_UTF_8, found.position)
        elif form == XLSX:
            tables = {
                "Groups": (names, [[row[name] for name in names] for row in rows]),
                "Totals": (_SUMS, [[total[name] for name in _SUMS] for total in totals]),
            }
            await workbook(
                resp, self._asking, "summary.xlsx", found.position, lambda path: write_tables(path, tables, _AMOUNTS)
            )
        else:
            json_answer(resp, _encode({"rows": rows, "totals": totals}), found.position)

    on_head = on_get


def _filter(parameters: Parameters, zone: ZoneInfo) -> Filter:
    """The filter of the journal. Raises a 400 that names the parameters at fault."""
    (since, until), kind, order = collect(
        lambda: parameters.span("from", "to", zone),
        lambda: parameters.choice("kind", KINDS),
        lambda: _order(parameters),
    )
    return Filter(
        since=since,
        until=until,
        provider=parameters.text("provider"),
        method=parameters.text("method"),
        currency=parameters.currency(),
        kind=kind,
        order=order,
    )


def _order(parameters: Parameters) -> int | UUID | None:
    value = parameters.text("order")
    if value is None:
        return None
    if _ORDER_ID.fullmatch(value):
        return int(value)
    try:
        return UUID(value)
    except ValueError:
        raise invalid_parameter("order", "must be an order's integer id or its UUID") from None


def _group_by(parameters: Parameters) -> list[str]:
    names = parameters.listed("group_by")
    if not set(names) <= set(GROUPINGS):
        raise invalid_parameter("group_by", f"must be of {', '.join(GROUPINGS)}, comma separated")
    return names


def _document(movement: Movement) -> dict[str, Any]:
    document = {name: getattr(movement, name) for name in _COLUMNS}
    return document | {"amount": two_digit_text(movement.amount, movement.digits)}


def _csv(parts: Iterator[list[Movement]], *, for_spreadsheets: bool) -> Iterator[bytes]:
    defuse = csv_text.for_spreadsheets if for_spreadsheets else csv_text.harmless
    yield csv_text.header(_COLUMNS, marked=for_spreadsheets)
    for part in parts:
        documents = (_document(movement).values() for movement in part)
        yield csv_text.lines([[csv_text.cell(value, defuse) for value in document] for document in documents])
