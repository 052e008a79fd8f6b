"""For administrators of access: the list of access keys; making, changing, rotating and revoking them.

A caller gives no key a scope that it has not itself (`domain/log/keys.py`).
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Concatenate, Final, TypeVar

import msgspec
from falcon.asgi import Request, Response
from msgspec import UNSET, Meta, UnsetType

from api import access, paging
from api.answers import json_answer, set_position
from api.bodies import read_command, read_command_if_any
from api.commanding import Commanding
from api.conditions import provenance
from api.parameters import FIELDS, Parameters
from api.settings import Settings
from domain.log.keys import PREFIX_LENGTH, AccessKey, Keys, must_be_valid
from domain.log.log import Transaction
from domain.log.records import Provenance, RawRecord
from domain.order.commands import Command
from domain.refusals import AccessKeyIsRevoked
from domain.strict_json import Moment
from projections.access.uses import Uses
from projections.orders.list import Page

PATH: Final = "/api/v1/keys"
WRITE: Final = "keys:write"
NAMES: Final = frozenset({"limit", "offset", FIELDS})
_LIMIT_DEFAULT: Final = 100
_encode: Final = msgspec.json.Encoder().encode
_T = TypeVar("_T")


class MakeKey(Command, frozen=True, kw_only=True):
    name: str | None = None
    customer_id: Annotated[int, Meta(ge=0)] | None = None
    scopes: tuple[str, ...] = ()
    expires_at: Moment | None = None
    origins: tuple[str, ...] = ()


class ChangeKey(Command, frozen=True, kw_only=True):
    scopes: tuple[str, ...] | UnsetType = UNSET
    expires_at: Moment | None | UnsetType = UNSET
    origins: tuple[str, ...] | UnsetType = UNSET


class RotateKey(Command, frozen=True, kw_only=True):
    """The earlier secrets stay in force until `keep_until`; without it they end at once."""

    keep_until: Moment | None = None
    expires_at: Moment | None | UnsetType = UNSET


class KeyActions:
    """The work that the resources of access keys share."""

    def __init__(self, keys: Keys, uses: Uses, commanding: Commanding, settings: Settings) -> None:
        self.keys = keys
        self._uses = uses
        self.commanding = commanding
        self.asking = commanding.asking
        self.settings = settings

    async def write(
        self, req: Request, resp: Response, work: Callable[Concatenate[Transaction, ...], _T], *given: Any, **more: Any
    ) -> _T:
        """The result of `work` on the keys, written with the request's provenance. Sets the headers of a write."""
        ledger, who = self.commanding.ledger, provenance(req)
        # No idempotency key: the answer has a secret, which is not kept and so cannot be given again.
        by, now = Provenance(who.actor, who.request_id), ledger.clock()

        def recorded(t: Transaction) -> tuple[_T, Sequence[RawRecord]]:
            return work(t, *given, now=now, by=by, **more), t.written

        result, written = await self.commanding.in_time(ledger.write(recorded))
        if written:  # not the log's head, which other processes move, and which these views need not have reached
            self.commanding.set_write_headers(resp, written[-1].position)
        return result

    async def show(self, resp: Response, name: str, **more: Any) -> None:
        """Answers with a key's document. Raises AccessKeyNotFound."""
        head = await self.asking.ask_log(self.commanding.ledger.head)
        set_position(resp, head)  # of a 404, too
        key = await self.asking.in_thread(lambda: self.keys.get(name))
        (shown,) = self.documents([key])
        json_answer(resp, _encode(shown | more), head)
        if more:
            resp.set_header("Cache-Control", "no-store")

    def documents(self, keys: Sequence[AccessKey]) -> list[dict[str, Any]]:
        used = self._uses.all()
        return [msgspec.structs.asdict(key) | {"last_used_at": used.get(key.name)} for key in keys]


class _Resource:
    def __init__(self, actions: KeyActions) -> None:
        self._of = actions


class AllKeys(_Resource):
    """The access keys, the revoked ones included."""

    async def on_get(self, req: Request, resp: Response) -> None:
        access.require_scope(req, WRITE)
        parameters = Parameters(req.params)
        ((limit, offset),) = await self._of.asking.query_values(
            parameters, NAMES, lambda: paging.window(parameters, _LIMIT_DEFAULT)
        )
        url = paging.base_url(req, self._of.settings) + PATH
        head = await self._of.asking.ask_log(self._of.commanding.ledger.head)
        keys = await self._of.asking.in_thread(self._of.keys.list)
        rows = b",".join(map(_encode, self._of.documents(keys[offset : offset + limit])))
        page = Page(head, len(keys), rows, offset + limit)
        json_answer(resp, paging.envelope(req, url, page, limit=limit, offset=offset), head)

    on_head = on_get

    async def on_post(self, req: Request, resp: Response) -> None:
        access.admit(req, WRITE)
        given = await read_command(req, MakeKey, self._decide)
        url = paging.base_url(req, self._of.settings) + PATH
        terms = msgspec.structs.asdict(given)
        key = await self._of.write(req, resp, self._of.keys.create, within=req.context.caller.scopes, **terms)
        name = key[:PREFIX_LENGTH] if given.name is None else given.name
        await self._of.show(resp, name, key=key)
        resp.set_header("Location", f"{url}/{name}")
        resp.status = 201

    async def _decide(self, given: MakeKey) -> None:
        must_be_valid(*msgspec.structs.astuple(given), now=self._of.commanding.ledger.clock())


class OneKey(_Resource):
    async def on_get(self, req: Request, resp: Response, name: str) -> None:
        access.require_scope(req, WRITE)
        await self._of.asking.query_values(Parameters(req.params), {FIELDS})
        await self._of.show(resp, name)

    on_head = on_get

    async def on_patch(self, req: Request, resp: Response, name: str) -> None:
        access.admit(req, WRITE)
        given = await read_command(req, ChangeKey)
        terms = msgspec.structs.asdict(given)
        await self._of.write(req, resp, self._of.keys.change, name, within=req.context.caller.scopes, **terms)
        await self._of.show(resp, name)

    async def on_delete(self, req: Request, resp: Response, name: str) -> None:
        """Revokes the key. A key that is revoked already stays so."""
        access.admit(req, WRITE)
        try:
            await self._of.write(req, resp, self._of.keys.revoke, name)
        except AccessKeyIsRevoked:
            set_position(resp, await self._of.asking.ask_log(self._of.commanding.ledger.head))
        resp.status = 204


class Rotations(_Resource):
    async def on_post(self, req: Request, resp: Response, name: str) -> None:
        access.admit(req, WRITE)
        given = await read_command_if_any(req, RotateKey)
        terms = msgspec.structs.asdict(given)
        key = await self._of.write(req, resp, self._of.keys.rotate, name, within=req.context.caller.scopes, **terms)
        await self._of.show(resp, name, key=key)
        resp.status = 201
