"""For data protection: a customer's personal data, a copy of them, and their erasure."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any, Final, Literal

import msgspec
from falcon.asgi import Request, Response
from msgspec import Meta

from api import access
from api.answers import ZIP, json_answer, set_download, set_position
from api.bodies import read_command_if_any
from api.commanding import Commanding
from api.conditions import is_trial, provenance
from api.orders import named_order
from api.parameters import FIELDS, Parameters, number_in
from api.settings import Settings
from api.under_way import under_way
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.log.sqlite import Busy
from domain.order.commands import Command
from domain.order.personal import PARTS
from domain.order.state import Order
from domain.privacy import erasing as e
from domain.privacy.accesses import Accesses
from domain.privacy.erasing import Erasing, Erasure
from domain.refusals import CustomerNotFound, PersonalDataPlain
from projections import privacy
from projections.customers.orders_of import orders_of
from projections.exports.person import export_person
from projections.views.views import Views, ViewsUnavailable

PATH: Final = "/api/v1/privacy"
READ: Final = "privacy:read"
WRITE: Final = "privacy:write"
_encode: Final = msgspec.json.Encoder().encode
# Characters of the names of cases and of laws' articles: no room for free text, which could be personal.
Token = Annotated[str, Meta(pattern=rf"^{e.NAME_PATTERN}\Z")]


class Erase(Command, frozen=True, kw_only=True):
    """The body of an erasure. Without a body both parts are erased."""

    parts: Annotated[tuple[Literal["contact", "invoice"], ...], Meta(min_length=1)] = PARTS
    basis: Token = "request"
    reference: Token | None = None
    force: bool = False


class PrivacyActions:
    """The reading and erasing that these resources share. `erasing` is None where the ledger has no data keys."""

    def __init__(self, commanding: Commanding, views: Views, erasing: Erasing | None, settings: Settings) -> None:
        self.commanding = commanding
        self.asking = commanding.asking
        self.views = views
        self._erasing = erasing
        self._orders_of = orders_of(views)
        self.keep = settings.keep
        self.uploads = under_way(settings)

    @property
    def ledger(self) -> OrderLedger:
        return self.commanding.ledger

    @property
    def erasing(self) -> Erasing:
        """The erasing of this ledger. Raises PersonalDataPlain where it has no data keys."""
        if self._erasing is None:
            raise PersonalDataPlain(
                "What is personal in this ledger is not sealed; `run.py seal` makes one where it is."
            )
        return self._erasing

    def orders(self, customer_id: int) -> list[Order]:
        """The orders of a customer. Raises CustomerNotFound."""
        found = privacy.orders(self.ledger, self._orders_of(customer_id))
        if not found:
            raise CustomerNotFound
        return found


class _Read:
    """A resource that is read. Its answers take long, so `_get` makes them in a thread, given the log's position before
    it reads and the path's parameters."""

    _get: Callable[..., None]
    parameters: frozenset[str] = frozenset({FIELDS})

    def __init__(self, actions: PrivacyActions) -> None:
        self._actions = actions

    async def on_get(self, req: Request, resp: Response, **named: str) -> None:
        access.require_scope(req, READ)
        await self._actions.asking.query_values(Parameters(req.params), self.parameters)
        await self._actions.asking.in_thread(lambda: self._answer(req, resp, **named))

    on_head = on_get

    def _answer(self, req: Request, resp: Response, **named: str) -> None:
        position = self._actions.ledger.head()
        set_position(resp, position)  # of a 404, too
        self._get(req, resp, position, **named)


def _customer(text: str) -> int:
    """The id of the customer that a path names. Raises CustomerNotFound."""
    if (number := number_in(text)) is None:
        raise CustomerNotFound
    return number


def _shown(resp: Response, position: int, found: Sequence[privacy.ErasureShown]) -> None:
    json_answer(resp, _encode({"erasures": found}), position)


class _Erasures(_Read):
    """The erasures of one customer, or of one guest's order. `_record` is given the path's parameters, too."""

    _record: Callable[..., Erasure]

    async def on_post(self, req: Request, resp: Response, **named: str) -> None:
        access.require_scope(req, WRITE)
        trial = is_trial(req)
        given, who = await read_command_if_any(req, Erase), provenance(req)
        request = e.ErasureRequest(tuple(dict.fromkeys(given.parts)), given.basis, given.reference, given.force, trial)
        made = await self._actions.asking.write_in_thread(lambda: self._erased(request, who, **named))
        json_answer(resp, _encode(_told(made, request)), made.position)
        self._actions.commanding.set_write_headers(resp, made.position, None if made.is_new else made.position)
        resp.status = 201 if made.is_new else 200

    def _erased(self, request: e.ErasureRequest, who: Provenance, **named: str) -> Erasure:
        """Records an erasure and renews the views. Where they cannot be renewed now, the next start does it."""
        made = self._record(request, who, **named)
        if request.is_trial:
            return made
        self._actions.uploads.forget_refused()
        with suppress(ViewsUnavailable, Busy):
            self._actions.views.renew()
        return made


def _told(made: Erasure, request: e.ErasureRequest) -> dict[str, Any]:
    return {
        "id": made.id,
        "subject": made.subject,
        "basis": request.basis,
        "reference": request.reference,
        "erased": made.parts,
        "orders": made.orders,
        "keys_destroyed": len(made.keys),
        "recorded": made.is_new,
        **({"dry_run": True} if request.is_trial else {}),
    }


class CustomerErasures(_Erasures):
    def _get(self, _req: Request, resp: Response, position: int, customer_id: str) -> None:
        uuids = [str(order.uuid) for order in self._actions.orders(_customer(customer_id))]
        _shown(resp, position, privacy.erasures(self._actions.ledger, uuids))

    def _record(self, request: e.ErasureRequest, who: Provenance, customer_id: str) -> Erasure:
        return self._actions.erasing.erase_customer(_customer(customer_id), request, who)


class OrderErasures(_Erasures):
    def _get(self, _req: Request, resp: Response, position: int, order_id: str) -> None:
        uuid = named_order(self._actions.ledger, order_id)
        self._actions.ledger.order(uuid)  # raises OrderNotFound
        _shown(resp, position, privacy.erasures(self._actions.ledger, [str(uuid)]))

    def _record(self, request: e.ErasureRequest, who: Provenance, order_id: str) -> Erasure:
        return self._actions.erasing.erase_guest(named_order(self._actions.ledger, order_id), request, who)


class AllErasures(_Read):
    """The erasures that have destroyed a data key."""

    def _get(self, _req: Request, resp: Response, position: int) -> None:
        _shown(resp, position, privacy.erasures(self._actions.ledger))


class Export(_Read):
    """A copy of a customer's data. Giving it is recorded in the log of accesses."""

    parameters = frozenset()

    def __init__(self, actions: PrivacyActions, accesses: Accesses) -> None:
        super().__init__(actions)
        self._accesses = accesses

    def _get(self, req: Request, resp: Response, position: int, customer_id: str) -> None:
        number = _customer(customer_id)
        ledger, orders = self._actions.ledger, self._actions.orders(number)
        content = export_person(ledger, self._actions.views, number, orders, self._actions.keep)
        self._accesses.note(
            actor=req.context.caller.actor,
            orders=[str(order.uuid) for order in orders],
            parts=PARTS,
            request_id=req.context.request_id,
            now=ledger.clock(),
        )
        resp.data = content
        set_download(resp, f"customer-{number}.zip", ZIP, position)


class Customer(_Read):
    """A customer's personal data: the parts kept and until when, and the erasures."""

    def _get(self, _req: Request, resp: Response, position: int, customer_id: str) -> None:
        number, ledger = _customer(customer_id), self._actions.ledger
        orders = self._actions.orders(number)
        body = {
            "id": number,
            "subject": f"customer:{number}",
            "orders": len(orders),
            "sealed": ledger.keys is not None,
            "kept": list(privacy.retained_parts(ledger, orders, self._actions.keep)),
            "erasures": privacy.erasures(ledger, [str(order.uuid) for order in orders]),
        }
        json_answer(resp, _encode(body), position)
