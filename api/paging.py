"""Limit-offset pages, as Django REST Framework gives them, and the addresses that stand in them."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from falcon.asgi import Request

from api import forwarding
from api.errors import Problem
from api.parameters import Parameters
from api.positions import position_token
from api.settings import HOST, Settings
from projections.orders.list import Page, Touched

LIMIT_MAX: Final = 100
AFTER: Final = "after_position"
_PAGE: Final = frozenset({"limit", "offset", AFTER})
_encode = msgspec.json.Encoder().encode
_HOST: Final = re.compile(rf"({HOST})(:[0-9]{{1,5}})?")


def base_url(req: Request, settings: Settings) -> str:
    """Scheme and host of this service as the client sees it; LEDGER_PUBLIC_URL, where that is set.

    Raises a 400 for a Host that is none, or none of those that are allowed.
    """
    if settings.public_url and not settings.allowed_hosts:
        return settings.public_url
    scheme: str | None = None
    host: str | None = None
    if settings.trusted_proxies and settings.trusts(req.scope["client"][0]):
        scheme, host = forwarding.outer(req, settings)
    asked = _base_url(scheme or req.scheme, host or req.get_header("Host") or req.netloc, settings.allowed_hosts)
    return settings.public_url or asked


@lru_cache(maxsize=256)
def _base_url(scheme: str, host: str, allowed: frozenset[str]) -> str:
    found = _HOST.fullmatch(host)
    if scheme.lower() not in ("http", "https") or not found:
        raise Problem(400, "invalid-host", "The Host header, or what a proxy forwards of it, does not name a host.")
    if allowed and found[1].lower() not in allowed:
        raise Problem(400, "invalid-host", "This service is not known by the host that was asked for.")
    return f"{scheme.lower()}://{host}"


def window(parameters: Parameters, limit_default: int) -> tuple[int, int]:
    """Limit and offset. A limit of 0 means the default, one over `LIMIT_MAX` means that."""
    limit = min(parameters.integer("limit") or limit_default, LIMIT_MAX)
    return limit, parameters.integer("offset") or 0


def envelope(req: Request, url: str, page: Page, *, limit: int, offset: int) -> bytes:
    """The page: `count`, `next`, `previous` and `results`, whose rows are JSON already."""
    after = _link(req, url, limit, page.end) if page.end < page.count else b"null"
    before = _link(req, url, limit, max(0, offset - limit)) if offset > 0 else b"null"
    return b'{"count":%d,"next":%b,"previous":%b,"results":[%b]}' % (page.count, after, before, page.rows)


def envelope_after(req: Request, url: str, found: Touched, *, limit: int) -> bytes:
    """A page of what is read on from position to position: `next`, null where nothing stands behind it, and
    `results`."""
    after = b"null"
    if found.reached is not None:
        after = _encode(_moved(req, url, [(AFTER, position_token(found.reached)), ("limit", str(limit))]))
    return b'{"next":%b,"previous":null,"results":[%b]}' % (after, found.rows)


def _link(req: Request, url: str, limit: int, offset: int) -> bytes:
    """The address of another page, as JSON."""
    if req.params.keys() <= _PAGE:  # as it mostly is
        return _encode(f"{url}?limit={limit}&offset={offset}" if offset else f"{url}?limit={limit}")
    return _encode(_moved(req, url, [("limit", str(limit)), ("offset", str(offset))][: 2 if offset else 1]))


def _moved(req: Request, url: str, moved: list[tuple[str, str]]) -> str:
    """The address with another window: every other parameter kept, all of them sorted by name."""
    kept = [pair for pair in parse_qsl(req.query_string, keep_blank_values=True) if pair[0] not in _PAGE]
    return f"{url}?{urlencode(sorted(kept + moved, key=lambda pair: pair[0]))}"
