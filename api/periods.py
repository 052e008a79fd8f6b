"""For finance: a provider's accounting periods, closed once and for ever, and their reports."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from falcon.asgi import Request, Response
from msgspec import Meta

from api import access
from api.answers import CSV, CSV_UTF_8, JSON, json_answer, preferred_type, set_download
from api.bodies import read_command
from api.commanding import Commanding
from api.conditions import provenance
from api.errors import invalid_parameter
from api.parameters import FIELDS, Parameters
from api.reconciliations import PROVIDER_LENGTH_MAX, READ, WRITE
from api.settings import Settings
from domain.period.months import month_named
from domain.period.state import Period
from domain.refusals import InvalidField
from projections.periods.closing import Periods as Closing
from projections.proof.signing import Checkpoints
from projections.views.views import Views

_HIDDEN: Final = frozenset({"uuid", "version", "month"})


class Close(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`period` is a month, like 2026-03."""

    period: Annotated[str, Meta(max_length=10)]
    provider: Annotated[str, Meta(min_length=1, max_length=PROVIDER_LENGTH_MAX)]


class _OfPeriods:
    def __init__(self, commanding: Commanding, views: Views, settings: Settings) -> None:
        self._closing = Closing(commanding.ledger, views)
        self._commanding = commanding
        self._asking = commanding.asking
        self._views = views
        self._settings = settings


class Periods(_OfPeriods):
    """The closed periods, sorted by month; and the closing of a period."""

    def __init__(self, commanding: Commanding, views: Views, checkpoints: Checkpoints, settings: Settings) -> None:
        super().__init__(commanding, views, settings)
        self._checkpoints = checkpoints

    async def on_get(self, req: Request, resp: Response) -> None:
        access.require_scope(req, READ)
        parameters = Parameters(req.params)
        await self._asking.query_values(parameters, {"provider", FIELDS})
        position = self._views.position()
        found = await self._asking.in_thread(partial(self._closing.closed, parameters.text("provider")))
        json_answer(resp, msgspec.json.encode({"periods": [_document(period) for period in found]}), position)

    on_head = on_get

    async def on_post(self, req: Request, resp: Response) -> None:
        access.admit(req, WRITE)
        who, wanted = provenance(req), await read_command(req, Close)
        month = month_named(wanted.period, self._settings.timezone)
        close = partial(self._closing.close, wanted.provider, month, self._checkpoints, who)
        period, is_new = await self._asking.write_in_thread(close)
        log = self._commanding.ledger.log_of_events
        position = await self._asking.ask_log(lambda: log.position_of(period.uuid, period.version))
        json_answer(resp, msgspec.json.encode(_document(period)), position)
        self._commanding.set_write_headers(resp, position)
        resp.status = 201 if is_new else 200


def _provider(parameters: Parameters) -> str:
    provider = parameters.text("provider")
    if provider is None:
        raise invalid_parameter("provider", "must say whose period this is, like stripe")
    return provider


class Report(_OfPeriods):
    """The report of a period. That of a closed period has the same bytes for ever."""

    async def on_get(self, req: Request, resp: Response, period: str) -> None:
        access.require_scope(req, READ)
        parameters = Parameters(req.params)
        (provider,) = await self._asking.query_values(parameters, {"provider", FIELDS}, lambda: _provider(parameters))
        form = "csv" if preferred_type(req, resp, (JSON, CSV)) == CSV else "json"
        try:
            month = month_named(period, self._settings.timezone)
            report = await self._asking.in_thread(partial(self._closing.report, provider, month, form))
        except InvalidField as refusal:
            raise invalid_parameter(refusal.field, refusal.message) from None
        position = self._views.position()
        if form == "csv":
            resp.data = report
            set_download(resp, f"period-{month.name}.csv", CSV_UTF_8, position)
        else:
            json_answer(resp, report, position)

    on_head = on_get


def _document(period: Period) -> dict[str, Any]:
    document = {name: value for name, value in msgspec.structs.asdict(period).items() if name not in _HIDDEN}
    return {"period": period.month, **document}
