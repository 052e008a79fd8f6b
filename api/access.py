"""Who is the caller of a request, and what may it do? Also the request's id, which the answer and the events carry."""

import asyncio
import re
from collections.abc import Set
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
from eventsourcing.persistence import PersistenceError
from falcon.asgi import Request, Response

from api import paging
from api.asking import CALLER, Asking
from api.errors import Problem, invalid_parameter, request_id_of
from api.parameters import Parameters
from api.rates import Rates
from api.settings import Settings
from domain.log.keys import Caller, Keys
from domain.log.log import LogAway
from projections.access.table import stored_as
from projections.access.uses import Uses

if TYPE_CHECKING:
    from api.tokens import Tokens

# An access key, or a JSON Web Token of three parts, which may be as long as a header.
_AUTHORIZATION: Final = re.compile(r"(?:token|bearer) +([A-Za-z0-9._~+/=-]{1,8000})", re.IGNORECASE)
# The person for whom the caller acts.
PERSON_HEADER: Final = "Ledger-Act"
# Visible ASCII without the slash, which separates key and person in an actor.
NAME: Final = re.compile(r"[\x21-\x2e\x30-\x7e]{1,100}")


class Access:
    """Middleware: gives every request an id, and a caller where its resource is not `public`."""

    def __init__(self, keys: Keys, uses: Uses, asking: Asking, settings: Settings) -> None:
        self._keys = keys
        self._uses = uses
        self._asking = asking
        self._settings = settings
        self._rates = Rates(settings.rate) if settings.rate else None
        self._tokens = None
        self._refreshing: asyncio.Future[None] | None = None
        if settings.provider:
            # Imported here: a service without an identity provider is spared the memory.
            from api.tokens import Tokens  # noqa: PLC0415

            self._tokens = Tokens(settings.provider)

    async def process_request(self, req: Request, resp: Response) -> None:
        request_id = request_id_of(req.get_header("X-Request-Id"))
        req.context.request_id = request_id
        resp.set_header("X-Request-Id", request_id)
        resp.set_header("X-Content-Type-Options", "nosniff")
        if not req.path.startswith("/"):  # the absolute form of RFC 9112, section 3.2.2
            req.path = urlsplit(req.path).path
        if (req.expect or "100-continue").lower() != "100-continue":
            raise Problem(417, "expectation-failed", "Only 'Expect: 100-continue' can be met.")

    async def process_resource(self, req: Request, resp: Response, resource: Any, _params: dict[str, Any]) -> None:
        if getattr(resource, "public", False) or is_preflight(req):
            return
        if self._settings.allowed_hosts:
            paging.base_url(req, self._settings)
        found = _AUTHORIZATION.fullmatch((req.get_header("Authorization") or "").strip())
        caller = await self._caller(found[1], req.get_header(PERSON_HEADER)) if found else None
        if caller is None:
            raise _not_authenticated(
                "Send a key that is in force: 'Authorization: Token <key>' or 'Authorization: Bearer <key>'."
            )
        if caller.origins and (origin := req.get_header("Origin")) is not None and origin not in caller.origins:
            raise Problem(403, "origin-not-allowed", "This key is not taken from pages of this origin.")
        if self._rates:
            self._rates.take(caller.name, resp)
        req.context.caller = caller
        req.context.is_in_force = partial(self._is_in_force, found[1] if found else "", caller)
        CALLER.set(caller.name)

    async def _caller(self, key: str, person: str | None) -> Caller | None:
        if self._tokens and key.count(".") == 2:
            return await self._bearer(self._tokens, key)
        caller = self._keys.caller_nowait(key) or await self._caller_by_log(key)
        if caller is not None:
            self._uses.note(caller.name)
        if caller is None or person is None or not caller.scopes:
            return caller
        if not NAME.fullmatch(person):
            raise invalid_parameter(PERSON_HEADER, "must be a name of 1 to 100 visible ASCII characters without '/'")
        return msgspec.structs.replace(caller, person=person)

    async def _caller_by_log(self, key: str) -> Caller | None:
        """The caller that a key belongs to, by the log; by the views while the log is out of reach.

        Raises LogAway where the views do not know the key, since it may be a new one.
        """
        try:
            return await self._asking.ask_log(lambda: self._keys.caller(key))
        except LogAway:
            known = await self._asking(lambda views: self._keys.caller_offline(key, partial(stored_as, views)))
            if known is None:
                raise
            return known

    async def _is_in_force(self, key: str, was: Caller) -> bool:
        """Whether a request's key or token is still in force with the same scopes and origins. While the log is out of
        reach, the answer is yes."""
        try:
            caller = await self._caller(key, None)
            return caller is not None and (caller.scopes, caller.origins) == (was.scopes, was.origins)
        except Problem:
            return False
        except PersistenceError:
            return True

    async def _bearer(self, tokens: "Tokens", token: str) -> Caller:
        from api.tokens import TokenMissigned, TokenRefused  # noqa: PLC0415  (as above)

        try:
            if tokens.must_refresh(token):
                await self._refreshed(tokens)
            try:
                return tokens.caller(token)
            except TokenMissigned:
                if not tokens.may_refresh():
                    raise
            await self._refreshed(tokens)
            return tokens.caller(token)
        except TokenRefused as refused:
            raise _not_authenticated(f"The token is not taken: {refused}.") from None

    async def _refreshed(self, tokens: "Tokens") -> None:
        """Fetches the provider's keys once for all requests that wait for them."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.ensure_future(self._asking.in_thread(tokens.refresh))
        await asyncio.shield(self._refreshing)


def is_preflight(req: Request) -> bool:
    """Whether the request is a preflight of CORS, which a browser sends without a key."""
    return req.method == "OPTIONS" and req.get_header("Access-Control-Request-Method") is not None


def _not_authenticated(detail: str) -> Problem:
    headers = {"WWW-Authenticate": 'Token realm="orders", Bearer realm="orders"'}
    return Problem(401, "not-authenticated", detail, headers=headers)


def customer_id_of(req: Request) -> int:
    """The id of the customer that the caller's key belongs to. Raises a 403 for a key of staff."""
    caller: Caller = req.context.caller
    if caller.customer_id is None:
        raise Problem(403, "not-allowed", "This address is for customers; this key is not a customer's.")
    return caller.customer_id


def require_scope(req: Request, needed: str) -> None:
    """Raises a 403 where the caller's key lacks the scope."""
    if not has_scope(req, needed):
        raise Problem(403, "not-allowed", f"This needs a key with the scope {needed}.")


def admit(req: Request, needed: str, known: Set[str] = frozenset()) -> None:
    """Raises a 403 without the scope, and a 400 for any unknown parameter, such as `dry_run` where there are no
    trials."""
    require_scope(req, needed)
    Parameters(req.params).refuse_others_than(known)


def has_scope(req: Request, needed: str) -> bool:
    caller: Caller = req.context.caller
    return needed in caller.scopes
