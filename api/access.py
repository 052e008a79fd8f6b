"""Who asks, and may they? Also the request's id, which the answer carries and the events of a write record."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from falcon.asgi import Request, Response

from api import paging
from api.asking import CALLER, Asking
from api.errors import Problem, request_id_of
from api.settings import Settings
from domain.log.keys import Caller, Keys

_AUTHORIZATION: Final = re.compile(r"(?:token|bearer) +([A-Za-z0-9._~+/=-]{1,256})", re.IGNORECASE)


class Access:
    """Middleware: every request gets an id, and every one that reaches a resource that is not `public` a caller."""

    def __init__(self, keys: Keys, asking: Asking, settings: Settings) -> None:
        self._keys = keys
        self._asking = asking
        self._settings = settings

    async def process_request(self, req: Request, resp: Response) -> None:
        request_id = request_id_of(req.get_header("X-Request-Id"))
        req.context.request_id = request_id
        resp.set_header("X-Request-Id", request_id)
        resp.set_header("X-Content-Type-Options", "nosniff")
        if not req.path.startswith("/"):  # it may be a whole address (RFC 9112, section 3.2.2)
            req.path = urlsplit(req.path).path
        if (req.expect or "100-continue").lower() != "100-continue":
            raise Problem(417, "expectation-failed", "Only 'Expect: 100-continue' can be met.")

    async def process_resource(self, req: Request, _resp: Response, resource: Any, _params: dict[str, Any]) -> None:
        if getattr(resource, "public", False):
            return
        if self._settings.allowed_hosts:
            paging.base_url(req, self._settings)
        found = _AUTHORIZATION.fullmatch((req.get_header("Authorization") or "").strip())
        caller = await self._caller(found[1]) if found else None
        if caller is None:
            raise Problem(
                401,
                "not-authenticated",
                "Send a key that is in force: 'Authorization: Token <key>' or 'Authorization: Bearer <key>'.",
                headers={"WWW-Authenticate": 'Token realm="orders", Bearer realm="orders"'},
            )
        req.context.caller = caller
        CALLER.set(caller.name)

    async def _caller(self, key: str) -> Caller | None:
        return self._keys.caller_at_hand(key) or await self._asking.of_log(lambda: self._keys.caller(key))


def customer(req: Request) -> int:
    """The customer whose key this is. Raises a 403."""
    caller: Caller = req.context.caller
    if caller.customer_id is None:
        raise Problem(403, "not-allowed", "This address is for customers; this key is not a customer's.")
    return caller.customer_id


def scope(req: Request, needed: str) -> None:
    """Raises a 403 where the key has not the scope."""
    if not has_scope(req, needed):
        raise Problem(403, "not-allowed", f"This needs a key with the scope {needed}.")


def has_scope(req: Request, needed: str) -> bool:
    caller: Caller = req.context.caller
    return needed in caller.scopes
