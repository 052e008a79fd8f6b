"""Limit-offset pages, as Django REST Framework gives them, and the links in them."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec
from falcon.asgi import Request

from api import forwarding
from api.errors import Problem, collect
from api.parameters import Parameters
from api.positions import position_token
from api.settings import HOST, Settings
from projections.orders.list import ChangedOrders, Page

LIMIT_MAX: Final = 100
AFTER: Final = "after_position"
_PAGE: Final = frozenset({"limit", "offset", AFTER})
_encode = msgspec.json.Encoder().encode
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PORT: Final = re.compile(r"[0-9]{1,5}")
_PORT_MAX: Final = 65_535
# Path segments of RFC 3986, without characters that would end a JSON text or a path.
_PREFIX: Final = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+){0,20}")
_HOST: Final = re.compile(rf"({HOST})(:[0-9]{{1,5}})?")


def base_url(req: Request, settings: Settings) -> str:
    """The URL that all links begin with: LEDGER_PUBLIC_URL, or the scheme, host and path prefix that the client used,
    by a trusted proxy's headers where there is one.

    Raises a 400 for a malformed Host, or one that LEDGER_ALLOWED_HOSTS does not list.
    """
    if settings.public_url and not settings.allowed_hosts:
        return settings.public_url
    host = req.get_header("Host") or req.netloc
    forwarded = forwarding.ForwardedAddress(scheme=req.scheme, host=host)
    if settings.trusted_proxies and settings.trusts(req.scope["client"][0]):
        outer = forwarding.forwarded_address(req, settings)
        forwarded = outer._replace(scheme=outer.scheme or req.scheme, host=outer.host or host)
    base = _base_url(forwarded, settings.allowed_hosts)
    return settings.public_url or base


@lru_cache(maxsize=256)
def _base_url(forwarded: forwarding.ForwardedAddress, allowed: frozenset[str]) -> str:
    scheme, found = (forwarded.scheme or "").lower(), _HOST.fullmatch(forwarded.host or "")
    if scheme not in _DEFAULT_PORTS or not found:
        raise Problem(400, "invalid-host", "The Host header, or what a proxy forwards of it, does not name a host.")
    if allowed and found[1].lower() not in allowed:
        raise Problem(400, "invalid-host", "This service is not known by the host that was asked for.")
    port = found[2] and int(found[2][1:])
    if forwarded.port:
        port = int(forwarded.port) if _PORT.fullmatch(forwarded.port) else None
        if not port or port > _PORT_MAX:
            raise Problem(400, "invalid-host", f"X-Forwarded-Port must be a port from 1 to {_PORT_MAX}.")
    shown = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{found[1]}{shown}{_path_prefix(forwarded.prefix or '')}"


def _path_prefix(forwarded: str) -> str:
    """The proxy's path prefix, without a slash at its end. Raises a 400 where it is no path."""
    prefix = "".join(f"/{segment}" for segment in forwarded.split("/") if segment)
    if not _PREFIX.fullmatch(prefix) or any(unquote(segment) in (".", "..") for segment in prefix.split("/")):
        raise Problem(400, "invalid-host", "X-Forwarded-Prefix must be a path like /shop.")
    return prefix


def window(parameters: Parameters, limit_default: int) -> tuple[int, int]:
    """Limit and offset. A limit of 0 means the default, a larger one than `LIMIT_MAX` means `LIMIT_MAX`."""
    limit, offset = collect(
        lambda: parameters.limit(limit_default, LIMIT_MAX), lambda: parameters.integer("offset") or 0
    )
    return limit, offset


def envelope(req: Request, url: str, page: Page, *, limit: int, offset: int) -> bytes:
    """A page as JSON: `count`, `next`, `previous` and `results`; its rows are JSON already."""
    after = _link(req, url, limit, page.end) if page.end < page.count else b"null"
    before = _link(req, url, limit, max(0, offset - limit)) if offset > 0 else b"null"
    return b'{"count":%d,"next":%b,"previous":%b,"results":[%b]}' % (page.count, after, before, page.rows)


def envelope_after(req: Request, url: str, found: ChangedOrders, *, limit: int) -> bytes:
    """A page of orders behind a position, as JSON: `next`, null at the end, and `results`."""
    after = b"null"
    if found.reached is not None:
        after = _encode(_moved(req, url, [(AFTER, position_token(found.reached)), ("limit", str(limit))]))
    return b'{"next":%b,"previous":null,"results":[%b]}' % (after, found.rows)


def _link(req: Request, url: str, limit: int, offset: int) -> bytes:
    """The URL of another page, as JSON."""
    if req.params.keys() <= _PAGE:  # the common case, without parsing the query string
        return _encode(f"{url}?limit={limit}&offset={offset}" if offset else f"{url}?limit={limit}")
    return _encode(_moved(req, url, [("limit", str(limit)), ("offset", str(offset))][: 2 if offset else 1]))


def _moved(req: Request, url: str, moved: list[tuple[str, str]]) -> str:
    """The URL with other parameters of the page. The remaining parameters are kept, and all are sorted by name."""
    kept = [pair for pair in parse_qsl(req.query_string, keep_blank_values=True) if pair[0] not in _PAGE]
    return f"{url}?{urlencode(sorted(kept + moved, key=lambda pair: pair[0]))}"
